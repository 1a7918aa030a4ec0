"""The spawn form: what one may use, what is free, and how long each size would wait.

The hub shows it and reads it; it needs no script and no answer of the service, though
both make it say more.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from gavip_hub.api import models, translate
from gavip_hub.api.quantities import parse_cpu, parse_memory, parse_walltime
from gavip_hub.domain.amounts import (
    format_about,
    format_cpu,
    format_duration,
    format_gpu,
    format_memory,
)
from gavip_hub.domain.errors import InvalidField
from gavip_hub.settings import Settings

__all__ = ["FIELDS", "read_form", "render_form"]

FIELDS = ("size", "cpu", "memory", "walltime", "display_name")
"""Names of the form's fields, as they are posted."""

UNITS = {"memory": "G", "walltime": "h"}
"""What a bare number in a field of the form means, as it stands beside the field."""

LONGEST_TEXT = 200
"""Longest value that the form hands on; every field is far shorter."""

TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "share" / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True, slots=True)
class SizeCard:
    """A size as the form shows it."""

    name: str
    title: str
    amount: str
    walltime: str
    when: str
    """``now``, ``later``, ``never`` or ``unknown``."""
    told: str
    """The same in words."""
    why: str
    """The reason, where it does not start at once."""
    cpu: str
    memory: str


@dataclass(frozen=True, slots=True)
class Field:
    """A number that a person may choose, in the unit that stands beside it."""

    value: str
    least: str
    most: str
    bounds: str


def render_form(
    info: models.Info | None,
    capacity: models.Capacity | None,
    estimates: Sequence[models.Estimate] | None,
    last: Mapping[str, str],
    *,
    settings: Settings,
    error_field: str | None = None,
    error_message: str = "",
) -> Markup:
    """Return the form's HTML, every value escaped.

    Parameters
    ----------
    info, capacity, estimates
        What the service says; None where it did not answer. The estimates are those
        of the sizes, in the order of the settings.
    last
        The last choice, or what was just refused, by field.
    settings
        Sizes and bounds, which the form has even without the service.
    error_field, error_message
        Which field was refused, and why.
    """
    rules = settings.rules
    sizes = [translate.to_size(size) for size in rules.sizes]
    least, most = _bounds(info, settings)
    cards = _cards(sizes, estimates)
    return Markup(  # noqa: S704 (rendered with autoescape on)
        TEMPLATES.get_template("gavip_spawn_form.html").render(
            service=settings.service.prefix,
            cards=cards,
            chosen=_chosen(cards, last, rules.default_size),
            cpu=_cpu_field(last, least, most),
            memory=_memory_field(last, least, most),
            walltime=_walltime_field(last, info, settings),
            name=last.get("display_name", ""),
            error_field=error_field if error_field in FIELDS else None,
            error_message=error_message,
            free=_free(capacity),
            waiting=capacity.waiting if capacity else 0,
            used=_used(info),
            notes=info.notes if info else [],
            away=info is None or capacity is None or estimates is None,
        )
    )


def read_form(posted: Mapping[str, Sequence[object]]) -> dict[str, str]:
    """Return the choice that a posted form stands for, as text with units.

    A ready-made size brings its own cores and memory, so numbers that were left in
    the fields of the free choice do not count beside it.
    """
    words: dict[str, str] = {}
    for name in FIELDS:
        values = posted.get(name, ())
        text = str(values[0]).strip()[:LONGEST_TEXT] if len(values) == 1 else ""
        if text:
            words[name] = _with_unit(name, text)
    if "size" in words:
        words.pop("cpu", None)
        words.pop("memory", None)
    return words


def _with_unit(name: str, text: str) -> str:
    bare = text.replace(".", "", 1)
    return text + UNITS.get(name, "") if bare.isascii() and bare.isdigit() else text


def _bounds(
    info: models.Info | None, settings: Settings
) -> tuple[models.Resources, models.Resources]:
    if info is not None:
        return info.min_resources, info.max_resources
    bounds = settings.rules.bounds
    return (
        translate.to_resources(bounds.min_resources),
        translate.to_resources(bounds.max_resources),
    )


def _chosen(
    cards: Sequence[SizeCard], last: Mapping[str, str], default_size: str
) -> str:
    """Return the size to begin with; empty for the amounts of one's own."""
    possible = [card.name for card in cards if card.when != "never"]
    if last.get("cpu") or last.get("memory") or not possible:
        return ""
    wanted = (last.get("size"), default_size, possible[0])
    return next(name for name in wanted if name in possible)


def _cards(
    sizes: Sequence[models.Size], estimates: Sequence[models.Estimate] | None
) -> list[SizeCard]:
    told = list(estimates or ())
    matched = told if len(told) == len(sizes) else [None] * len(sizes)
    return [_card(size, one) for size, one in zip(sizes, matched, strict=True)]


def _card(size: models.Size, estimate: models.Estimate | None) -> SizeCard:
    amount = size.resources
    parts = [format_cpu(amount.cpu_milli), format_memory(amount.memory_bytes)]
    if amount.gpu:
        parts.append(format_gpu(amount.gpu))
    when, told = _when(estimate)
    return SizeCard(
        name=size.name,
        title=size.title,
        amount=", ".join(parts),
        walltime=format_duration(timedelta(seconds=size.walltime_s)),
        when=when,
        told=told,
        why=estimate.reason if estimate and when in {"never", "later"} else "",
        cpu=_number(amount.cpu_milli, 1_000),
        memory=_number(amount.memory_bytes, 10**9),
    )


def _when(estimate: models.Estimate | None) -> tuple[str, str]:
    if estimate is None:
        return "unknown", ""
    if not estimate.fits:
        return "never", "Not possible"
    if estimate.now:
        return "now", "Starts now"
    if estimate.wait_s is None:
        return "later", "Waits; nobody can tell how long"
    wait = format_about(timedelta(seconds=estimate.wait_s))
    return "later", f"Starts in {wait}"


def _cpu_field(
    last: Mapping[str, str], least: models.Resources, most: models.Resources
) -> Field:
    low, high = least.cpu_milli, most.cpu_milli
    return Field(
        _refined(last.get("cpu", ""), parse_cpu, 1_000),
        _number(low, 1_000),
        _number(high, 1_000),
        f"From {format_cpu(low)} to {format_cpu(high)}.",
    )


def _memory_field(
    last: Mapping[str, str], least: models.Resources, most: models.Resources
) -> Field:
    low, high = least.memory_bytes, most.memory_bytes
    return Field(
        _refined(last.get("memory", ""), parse_memory, 10**9),
        _number(low, 10**9),
        _number(high, 10**9),
        f"From {format_memory(low)} to {format_memory(high)}.",
    )


def _walltime_field(
    last: Mapping[str, str], info: models.Info | None, settings: Settings
) -> Field:
    bounds = settings.rules.bounds
    low = timedelta(seconds=info.min_walltime_s) if info else bounds.min_walltime
    high = timedelta(seconds=info.max_walltime_s) if info else bounds.max_walltime
    text = last.get("walltime", "")
    most = _number(round(high.total_seconds()), 3_600)
    return Field(
        _refined(text, lambda word: round(parse_walltime(word).total_seconds()), 3_600),
        _number(round(low.total_seconds()), 3_600),
        most,
        f"From {format_duration(low)} to {most} h.",
    )


def _refined(text: str, parse: Callable[[str], int], unit: int) -> str:
    """Return an amount as a number of the field's unit; what is no amount stays."""
    try:
        return _number(parse(text), unit) if text else ""
    except InvalidField:
        return text


def _number(amount: int, unit: int) -> str:
    return f"{amount / unit:.3f}".rstrip("0").rstrip(".")


def _free(capacity: models.Capacity | None) -> list[str]:
    if capacity is None:
        return []
    free, total = capacity.free, capacity.total
    told = [
        f"{_number(free.cpu_milli, 1_000)} of {format_cpu(total.cpu_milli)}",
        f"{format_memory(free.memory_bytes)} of {format_memory(total.memory_bytes)}",
    ]
    if total.gpu:
        told.append(f"{free.gpu} of {format_gpu(total.gpu)}")
    return told


def _used(info: models.Info | None) -> str:
    if info is None or not (info.used.cpu_milli or info.used.memory_bytes):
        return ""
    used, cap = info.used, info.quota.max_resources
    return (
        f"{_number(used.cpu_milli, 1_000)} of {format_cpu(cap.cpu_milli)}, "
        f"{format_memory(used.memory_bytes)} of {format_memory(cap.memory_bytes)}"
    )
