"""What a page tells of one launch: where it stands, and what one can do next."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote, urlencode

from gavip_hub.api import models
from gavip_hub.domain.amounts import (
    format_about,
    format_clock,
    format_cpu,
    format_duration,
    format_gpu,
    format_memory,
)
from gavip_hub.domain.event import LaunchEvent
from gavip_hub.domain.launch import EndCode
from gavip_hub.domain.phase import ENDED, WAITING, Phase

__all__ = [
    "Most",
    "Next",
    "Story",
    "amounts",
    "form_link",
    "log",
    "next_steps",
    "ran",
    "tell",
    "waited",
]

SOON = timedelta(seconds=45)
"""An estimate nearer than this is told as "any moment"."""

ENDS = {
    EndCode.FINISHED: "Finished",
    EndCode.STOPPED: "Stopped",
    EndCode.WALLTIME: "Reached its time limit",
    EndCode.IDLE: "Ended because nothing happened in it",
    EndCode.OUT_OF_MEMORY: "Ran out of memory",
    EndCode.CRASHED: "Ended with an error",
    EndCode.FAILED_TO_START: "Could not be started",
    EndCode.NODE_LOST: "Was lost by its machine",
    EndCode.OPERATOR: "Cancelled by an operator",
}
"""Heading of each end."""

STATES = {
    Phase.QUEUED: "waiting",
    Phase.HELD: "waiting",
    Phase.ADMITTED: "starting",
    Phase.STARTING: "starting",
    Phase.RUNNING: "running",
    Phase.STOPPING: "stopping",
}
"""Phases as a page groups them; all others are ``ended``."""


@dataclass(frozen=True, slots=True)
class Next:
    """Something that a person can do about an ended launch."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Most:
    """The largest that the launch's owner may ask for."""

    memory_bytes: int
    walltime_s: int


@dataclass(frozen=True, slots=True)
class Story:
    """A launch in words."""

    state: str
    """``waiting``, ``starting``, ``running``, ``stopping`` or ``ended``."""
    title: str
    """For the browser's tab: the news first."""
    place: str
    """The place in line or the end, large."""
    headline: str
    reason: str


def tell(launch: models.Launch, now: datetime) -> Story:
    """Return a launch in words.

    Parameters
    ----------
    launch
        As the service knows it.
    now
        The time from which durations are counted.
    """
    state = STATES.get(launch.phase, "ended")
    name = launch.display_name
    if state == "waiting":
        place, headline = _waiting(launch, now)
        return Story(state, f"{place} · {name}", place, headline, launch.reason)
    if state == "starting":
        headline = "Its turn has come: it is being started."
        return Story(state, f"Starting · {name}", "Starting", headline, launch.reason)
    if state == "running":
        headline = _time_left(launch, now)
        return Story(state, f"Running · {name}", "Running", headline, "")
    end = ENDS[launch.ending.code] if launch.ending else "Ended"
    if end == ENDS[EndCode.STOPPED] and launch.running_at is None:
        end = "Cancelled"
    why = launch.ending.message if launch.ending else launch.reason
    if state == "stopping":
        headline = "It is just being ended."
        return Story(state, f"Stopping · {name}", "Stopping", headline, why)
    return Story(state, f"{end} · {name}", end, "", why)


def amounts(launch: models.Launch) -> str:
    """Return what was asked for, as "2 cores, 8 GB"."""
    parts = [
        format_cpu(launch.resources.cpu_milli),
        format_memory(launch.resources.memory_bytes),
    ]
    if launch.resources.gpu:
        parts.append(format_gpu(launch.resources.gpu))
    return ", ".join(parts)


def form_link(
    hub: str, launch: models.Launch, sizes: list[models.Size], **changes: str
) -> str:
    """Return the spawn form of a launch's server, filled in.

    The wish stands behind ``#``: the hub starts a server straight away when it finds
    one in the query, and a form is there to be looked at first.
    """
    wish = {"display_name": launch.display_name, "walltime": _hours(launch.walltime_s)}
    equal = next((one for one in sizes if one.resources == launch.resources), None)
    if "size" not in changes and equal is not None:
        wish["size"] = equal.name
    elif "size" not in changes:
        wish["cpu"] = _decimal(launch.resources.cpu_milli, 1_000)
        wish["memory"] = _decimal(launch.resources.memory_bytes, 10**9)
    wish |= changes
    path = "/".join(
        quote(part, safe="@~") for part in (launch.owner, launch.server_name) if part
    )
    return f"{hub}spawn/{path}#{urlencode(wish, quote_via=quote)}"


def next_steps(
    launch: models.Launch, hub: str, sizes: list[models.Size], most: Most
) -> list[Next]:
    """Return what to offer after an end, the best first."""
    if launch.phase not in ENDED or not launch.kind.interactive:
        return []
    again = Next("Start it again", form_link(hub, launch, sizes))
    code = launch.ending.code if launch.ending else None
    if code is EndCode.OUT_OF_MEMORY:
        has = launch.resources.memory_bytes
        for size in sizes:
            if has < size.resources.memory_bytes <= most.memory_bytes:
                told = format_memory(size.resources.memory_bytes)
                url = form_link(hub, launch, sizes, size=size.name)
                return [Next(f"Start it again with {told}", url), again]
    if code is EndCode.WALLTIME and launch.walltime_s < most.walltime_s:
        longer = min(2 * launch.walltime_s, most.walltime_s)
        url = form_link(hub, launch, sizes, walltime=_hours(longer))
        told = format_duration(timedelta(seconds=longer))
        return [Next(f"Start it again for up to {told}", url), again]
    return [again]


def _waiting(launch: models.Launch, now: datetime) -> tuple[str, str]:
    wait = launch.wait
    if launch.phase is Phase.HELD:
        return "Set aside", "An operator has set it aside."
    if wait is None:
        return "In line", "Its place is being worked out."
    place = f"Number {wait.position} in line"
    start = wait.estimated_start
    if start is None:
        return place, "Nobody can tell yet when it starts."
    if start - now < SOON:
        return place, "Starts any moment."
    when = f"Starts in {format_about(start - now)}, at {format_clock(start, now)}"
    return place, f"{when}; sooner if others end early."


def _time_left(launch: models.Launch, now: datetime) -> str:
    if launch.deadline is None:
        return "It has no time limit."
    left = launch.deadline - now
    if left <= timedelta(0):
        return "Its time is up; it is being ended."
    minutes = timedelta(minutes=max(1, left // timedelta(minutes=1)))
    return (
        f"{format_duration(minutes)} left, until {format_clock(launch.deadline, now)}."
    )


def _hours(seconds: int) -> str:
    return _decimal(seconds, 3_600)


def _decimal(amount: int, unit: int) -> str:
    return f"{amount / unit:.3f}".rstrip("0").rstrip(".")


def log(events: Sequence[LaunchEvent], now: datetime) -> list[tuple[str, str, str]]:
    """Return time (machine's and people's) and words of each event that adds any."""
    told: list[tuple[str, str, str]] = []
    for event in events:
        if told and told[-1][2] == event.message:
            continue
        day = "" if event.at.date() == now.date() else f"{event.at:%d %b} "
        told.append((event.at.isoformat(), f"{day}{event.at:%H:%M:%S}", event.message))
    return told


def waited(launch: models.Launch, now: datetime) -> str:
    """Return how long a launch waited, or has waited so far."""
    until = launch.admitted_at or launch.ended_at or now
    whole = timedelta(
        seconds=max(0, round((until - launch.created_at).total_seconds()))
    )
    if launch.phase in WAITING and whole >= timedelta(minutes=2):
        whole -= whole % timedelta(minutes=1)
    return format_duration(whole)


def ran(launch: models.Launch) -> str | None:
    """Return how long an ended launch ran, or None if it never did."""
    if launch.running_at is None or launch.ended_at is None:
        return None
    return format_duration(
        timedelta(seconds=round((launch.ended_at - launch.running_at).total_seconds()))
    )
