"""Between the published words and the nouns, in one place and once."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from unicodedata import category
from urllib.parse import quote

from gavip_hub.api import models
from gavip_hub.api.quantities import (
    parse_cpu,
    parse_gpu,
    parse_memory,
    parse_walltime,
)
from gavip_hub.domain.container import Usage
from gavip_hub.domain.errors import InvalidField
from gavip_hub.domain.estimate import Estimate
from gavip_hub.domain.event import LaunchEvent
from gavip_hub.domain.launch import Launch, LaunchRequest
from gavip_hub.domain.phase import HOLDING, WAITING, Phase, uws_phase
from gavip_hub.domain.resources import Resources
from gavip_hub.policy.plan import Wait
from gavip_hub.settings import Rules, Size

__all__ = [
    "from_form",
    "from_launch",
    "from_request",
    "from_wish",
    "soonest",
    "to_estimate",
    "to_event",
    "to_launch",
    "to_resources",
    "to_size",
]

FORM_FIELDS = frozenset({"size", "cpu", "memory", "gpu", "walltime", "display_name"})
"""What the spawn form and the hub's API may choose; nothing else is looked at."""

_OPTIONS = 16_000
"""Longest options, names and values together: each answer and event repeats them."""

_UNSEEN = frozenset({"Cc", "Zl", "Zp"})
"""Unicode's categories of control characters and of breaks of lines."""

_TURNED = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""What makes the text round it read in another order."""


def from_wish(
    wish: models.Wish | models.LaunchRequest, rules: Rules
) -> tuple[Resources, timedelta]:
    """Return the amounts that a wish stands for; the size fills what is left out.

    Raises
    ------
    InvalidField
        Raised if an amount cannot be read, or there is no such size.
    """
    size = _size(wish.size, rules)
    resources = Resources(
        size.resources.cpu_milli if wish.cpu is None else parse_cpu(wish.cpu),
        size.resources.memory_bytes
        if wish.memory is None
        else parse_memory(wish.memory),
        size.resources.gpu if wish.gpu is None else parse_gpu(wish.gpu),
    )
    walltime = size.walltime if wish.walltime is None else parse_walltime(wish.walltime)
    return resources, walltime


def from_request(
    owner: str, asked: models.LaunchRequest, rules: Rules
) -> LaunchRequest:
    """Return the launch that somebody asks for.

    Raises
    ------
    InvalidField
        Raised if a value cannot be used.
    """
    resources, walltime = from_wish(asked, rules)
    _check_name(asked.display_name)
    if sum(len(name) + len(word) for name, word in asked.options.items()) > _OPTIONS:
        raise InvalidField(
            f"options may have {_OPTIONS:,} characters together; put what is longer "
            "into a file of your user-space and name that.",
            field="options",
        )
    return LaunchRequest(
        owner=owner,
        kind=asked.kind,
        server_name=asked.server_name,
        resources=resources,
        walltime=walltime,
        display_name=asked.display_name or _default_name(asked),
        options=asked.options,
    )


def _check_name(name: str) -> None:
    """Refuse a name that would not stay in its place in a log or on a page."""
    if any(category(one) in _UNSEEN or one in _TURNED for one in name):
        raise InvalidField(
            "display_name is one line of visible text; leave out line breaks, tabs "
            "and control characters.",
            field="display_name",
        )


def from_form(
    owner: str, server_name: str, options: Mapping[str, object], rules: Rules
) -> LaunchRequest:
    """Return the launch that the hub's form or API asks for.

    Notes
    -----
    Options that are not ours, such as another extension's, are left alone: they
    choose nothing here. A value of ours that cannot be read is an error.
    """
    ours = {
        name: value
        for name, value in options.items()
        if name in FORM_FIELDS and value not in (None, "", [])
    }
    words = {name: _scalar(name, value) for name, value in ours.items()}
    name = words.pop("display_name", "")
    size = words.pop("size", None)
    asked = models.LaunchRequest.model_construct(
        server_name=server_name,
        display_name=str(name)[:120],
        size=None if size is None else str(size),
        cpu=words.get("cpu"),
        memory=words.get("memory"),
        gpu=words.get("gpu"),
        walltime=words.get("walltime"),
        options={},
    )
    return from_request(owner, asked, rules)


def from_launch(told: models.Launch) -> Launch:
    """Return the launch that the service tells of, for one who starts it."""
    return Launch(
        id=told.id,
        number=told.number,
        request=LaunchRequest(
            owner=told.owner,
            kind=told.kind,
            server_name=told.server_name,
            resources=Resources(
                told.resources.cpu_milli,
                told.resources.memory_bytes,
                told.resources.gpu,
            ),
            walltime=timedelta(seconds=told.walltime_s),
            display_name=told.display_name,
            options=told.options,
        ),
        phase=told.phase,
        version=told.version,
        reason=told.reason,
        created_at=told.created_at,
        admitted_at=told.admitted_at,
        started_at=told.started_at,
        running_at=told.running_at,
        ended_at=told.ended_at,
        deadline=told.deadline,
        attempt=told.attempt,
    )


def to_resources(resources: Resources) -> models.Resources:
    """Return the published form of an amount."""
    return models.Resources(
        cpu_milli=resources.cpu_milli,
        memory_bytes=resources.memory_bytes,
        gpu=resources.gpu,
    )


def to_size(size: Size) -> models.Size:
    """Return the published form of a size."""
    return models.Size(
        name=size.name,
        title=size.title,
        resources=to_resources(size.resources),
        walltime_s=_seconds(size.walltime),
    )


def to_launch(
    launch: Launch, wait: Wait | None, usage: Usage | None, prefixes: tuple[str, str]
) -> models.Launch:
    """Return the published form of a launch.

    Parameters
    ----------
    launch, wait, usage
        The launch and what the board knows of it.
    prefixes
        Path prefixes of the hub (``/``) and of the service (``/services/gavip/``).
    """
    base, service = prefixes
    request = launch.request
    waiting = wait is not None and launch.phase in WAITING
    return models.Launch(
        id=launch.id,
        number=launch.number,
        owner=request.owner,
        kind=request.kind,
        server_name=request.server_name,
        display_name=request.display_name,
        resources=to_resources(request.resources),
        walltime_s=_seconds(request.walltime),
        phase=launch.phase,
        uws_phase=uws_phase(launch.phase),  # type: ignore[arg-type]
        version=launch.version,
        reason=wait.reason if wait is not None and waiting else launch.reason,
        created_at=launch.created_at,
        admitted_at=launch.admitted_at,
        started_at=launch.started_at,
        running_at=launch.running_at,
        ended_at=launch.ended_at,
        deadline=launch.deadline,
        attempt=launch.attempt,
        engine_name=launch.engine_name,
        allocation=_allocation(launch),
        wait=_wait(wait) if waiting else None,
        usage=_usage(usage) if launch.phase in HOLDING else None,
        ending=_ending(launch),
        peak_memory_bytes=launch.peak_memory_bytes,
        url=_server_url(launch, base),
        wait_url=f"{service}launches/{launch.id}",
        options=dict(request.options),
    )


def to_event(event: LaunchEvent, launch: models.Launch | None) -> models.Event:
    """Return the published form of an event."""
    return models.Event(
        sequence=event.sequence,
        launch_id=event.launch_id,
        kind=event.kind,
        phase=event.phase,
        message=event.message,
        at=event.at,
        detail=dict(event.detail),
        launch=launch,
    )


def to_estimate(estimate: Estimate) -> models.Estimate:
    """Return the published form of an estimate."""
    start = estimate.start
    return models.Estimate(
        resources=to_resources(estimate.resources),
        walltime_s=_seconds(estimate.walltime),
        fits=estimate.fits,
        now=estimate.now,
        position=estimate.position,
        reason=estimate.reason,
        estimated_start=start,
        wait_s=soonest(start, estimate.asked_at),
    )


def _size(name: str | None, rules: Rules) -> Size:
    wanted = rules.default_size if name is None else name
    for size in rules.sizes:
        if size.name == wanted:
            return size
    known = ", ".join(size.name for size in rules.sizes)
    raise InvalidField(f"There is no such size; choose one of {known}.", field="size")


def _default_name(asked: models.LaunchRequest) -> str:
    return asked.server_name or str(asked.kind).capitalize()


def _scalar(name: str, value: object) -> object:
    """Return the one value of a form field, which a form sends as a list of one."""
    if isinstance(value, list):
        if len(value) != 1:
            raise InvalidField(f"{name} must be given once.", field=name)
        return value[0]
    return value


def _seconds(duration: timedelta) -> int:
    return round(duration.total_seconds())


def _allocation(launch: Launch) -> models.Allocation | None:
    held = launch.allocation
    if held is None:
        return None
    return models.Allocation(
        attempt=held.attempt,
        node=held.node,
        resources=to_resources(held.resources),
        held_since=held.held_since,
        until=held.until,
    )


def _wait(wait: Wait | None) -> models.Wait | None:
    if wait is None:
        return None
    return models.Wait(
        position=wait.position,
        ahead=max(0, wait.position - 1),
        estimated_start=wait.estimated_start,
    )


def _usage(usage: Usage | None) -> models.Usage | None:
    if usage is None:
        return None
    return models.Usage(
        cpu_milli=usage.cpu_milli, memory_bytes=usage.memory_bytes, pids=usage.pids
    )


def _ending(launch: Launch) -> models.Ending | None:
    ending = launch.ending
    if ending is None:
        return None
    return models.Ending(
        code=ending.code,
        message=ending.message,
        exit_code=ending.exit_code,
        peak_memory_bytes=ending.peak_memory_bytes,
    )


def _server_url(launch: Launch, base: str) -> str | None:
    if launch.phase is not Phase.RUNNING or not launch.request.kind.interactive:
        return None
    owner = quote(launch.request.owner, safe="@~")
    name = launch.request.server_name
    return f"{base}user/{owner}/{name}/" if name else f"{base}user/{owner}/"


def soonest(moment: datetime | None, now: datetime) -> int | None:
    """Return the seconds from now to a moment, never negative."""
    return None if moment is None else max(0, round((moment - now).total_seconds()))
