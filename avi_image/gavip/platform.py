"""The platform's queue in a cell: ask, look, estimate, prolong, cancel."""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from typing_extensions import override

from gavip.amounts import (
    amount,
    show_cpu,
    show_duration,
    show_memory,
    show_moment,
    to_moment,
)
from gavip.errors import BadArgument, NoPlatform, PlatformUnavailable, plain_errors
from gavip.launches import WAITING, Launch, LaunchList
from gavip.service import LaunchService
from gavip.views import html_table, text_table

__all__ = ["Estimate", "active", "cancel", "estimate", "extend", "launch", "queue"]

_SERVER_NAME_CHARACTERS = 30
_LAUNCH_ID = re.compile(r"[0-9a-f]{16}")
_INTERACTIVE = frozenset({"notebook", "avi"})


class Estimate:
    """When a launch would start, if it were asked for now.

    Parameters
    ----------
    told
        The service's answer.
    """

    def __init__(self, told: Mapping[str, Any]) -> None:
        self.cpu: float = told["resources"]["cpu_milli"] / 1000
        self.memory_bytes: int = told["resources"]["memory_bytes"]
        self.walltime_s: int = told["walltime_s"]
        self.fits: bool = told["fits"]
        self.now: bool = told["now"]
        self.position: int | None = told["position"]
        self.reason: str = told["reason"]
        self.wait_s: int | None = told["wait_s"]
        self.estimated_start: datetime | None = to_moment(told["estimated_start"])

    def _rows(self) -> list[list[str]]:
        if not self.fits:
            start = "never"
        elif self.now:
            start = "at once"
        elif self.estimated_start is None:
            start = "not known yet"
        else:
            start = show_moment(self.estimated_start, datetime.now(UTC))
        asked = (
            f"{show_cpu(round(self.cpu * 1000))}, {show_memory(self.memory_bytes)}, "
            f"{show_duration(self.walltime_s)}"
        )
        rows = [["Asked", asked], ["Would start", start]]
        if self.position:
            rows.append(["Place in the queue", str(self.position)])
        return rows

    @override
    def __repr__(self) -> str:
        return text_table(self._rows(), note=self.reason)

    def _repr_html_(self) -> str:
        return html_table(self._rows(), note=self.reason)


@plain_errors
def queue() -> LaunchList:
    """Return your launches that wait, and how full the platform is.

    Outside a platform, or when its service does not answer, the list is empty and
    its note says so: a look never fails.

    Raises
    ------
    RequestRefused
        Raised if this session may not look.
    """
    try:
        service = LaunchService.of_this_session()
        waiting = [one for one in _live(service) if one.phase in WAITING]
        capacity = service.get("/capacity")
    except (NoPlatform, PlatformUnavailable) as error:
        return LaunchList([], str(error))
    waiting.reverse()
    free = capacity["free"]
    own = "" if waiting else "None of your launches waits. "
    return LaunchList(
        waiting,
        f"{own}On the platform {capacity['waiting']} wait and {capacity['running']} "
        f"run; {show_cpu(free['cpu_milli'])} and {show_memory(free['memory_bytes'])} "
        "are free.",
    )


@plain_errors
def active() -> LaunchList:
    """Return your launches that hold resources: starting, running or stopping.

    Outside a platform, or when its service does not answer, the list is empty and
    its note says so: a look never fails.

    Raises
    ------
    RequestRefused
        Raised if this session may not look.
    """
    try:
        live = _live(LaunchService.of_this_session())
    except (NoPlatform, PlatformUnavailable) as error:
        return LaunchList([], str(error))
    running = [one for one in live if one.phase not in WAITING]
    return LaunchList(running, "" if running else "None of your launches runs.")


@plain_errors
def estimate(
    *,
    cpu: float | str | None = None,
    memory: int | str | None = None,
    walltime: float | str | timedelta | None = None,
    gpu: int | None = None,
    size: str | None = None,
) -> Estimate:
    """Return when a launch would start, if it were asked for now.

    Parameters
    ----------
    cpu
        Cores: ``4``, ``0.5``, ``"500m"``.
    memory
        Bytes, or text such as ``"16G"``.
    walltime
        Seconds, text such as ``"4h"``, or a timedelta.
    gpu
        Graphics processors.
    size
        Name of one of the platform's sizes; the others then only change it.

    Raises
    ------
    NoPlatform
        Raised if this is no session of a platform.
    RequestRefused
        Raised if the wish makes no sense; the field at fault is named.
    """
    wish = _wish(cpu=cpu, memory=memory, walltime=walltime, gpu=gpu, size=size)
    service = LaunchService.of_this_session()
    answer = service.post("/estimates", {"wishes": [wish]})
    return Estimate(answer["estimates"][0])


@plain_errors
def launch(
    *,
    cpu: float | str | None = None,
    memory: int | str | None = None,
    walltime: float | str | timedelta | None = None,
    gpu: int | None = None,
    size: str | None = None,
    name: str = "",
    kind: str = "notebook",
    options: Mapping[str, str] | None = None,
) -> Launch:
    """Ask the platform to run something; it starts when its turn comes.

    Parameters
    ----------
    cpu
        Cores: ``4``, ``0.5``, ``"500m"``.
    memory
        Bytes, or text such as ``"16G"``.
    walltime
        Seconds, text such as ``"4h"``, or a timedelta.
    gpu
        Graphics processors.
    size
        Name of one of the platform's sizes; the others then only change it.
    name
        What to call it.
    kind
        ``notebook``, ``avi``, ``pipeline`` or ``build``.
    options
        Further settings of the kind.

    Raises
    ------
    NoPlatform
        Raised if this is no session of a platform.
    RequestRefused
        Raised if the service refuses, and says why.

    Notes
    -----
    A connection that breaks is tried again with the same key, so one call never
    makes two launches.
    """
    body = _wish(cpu=cpu, memory=memory, walltime=walltime, gpu=gpu, size=size)
    body |= {"kind": kind, "display_name": name}
    if kind in _INTERACTIVE:
        body["server_name"] = _server_name(name, kind)
    if options:
        body["options"] = dict(options)
    service = LaunchService.of_this_session()
    return Launch(service.post("/launches", body, once=True))


@plain_errors
def cancel(launch: Launch | str) -> Launch:
    """Stop a launch, or take it out of the queue; doing so twice does no harm.

    Parameters
    ----------
    launch
        The launch or its id.

    Raises
    ------
    RequestRefused
        Raised if there is no such launch of yours.
    """
    path = f"/launches/{_id_of(launch)}/cancel"
    return Launch(LaunchService.of_this_session().post(path))


@plain_errors
def extend(launch: Launch | str, by: float | str | timedelta) -> Launch:
    """Ask for more time for a launch.

    Parameters
    ----------
    launch
        The launch or its id.
    by
        How much longer: seconds, text such as ``"1h"``, or a timedelta.

    Raises
    ------
    RequestRefused
        Raised if the queue does not allow it, or there is no such launch of yours.
    """
    path = f"/launches/{_id_of(launch)}/extend"
    body = {"by": amount("by", by)}
    return Launch(LaunchService.of_this_session().post(path, body))


def _live(service: LaunchService) -> list[Launch]:
    """Return all launches of the user that have not ended, newest first."""
    launches: list[Launch] = []
    before: dict[str, int] = {}
    while True:
        page = service.get("/launches", phase="live", limit=200, **before)
        launches += [Launch(told) for told in page["launches"]]
        if page["next"] is None:
            return launches
        before = {"before": page["next"]}


def _wish(**wanted: Any) -> dict[str, Any]:
    return {
        field: amount(field, value)
        for field, value in wanted.items()
        if value is not None
    }


def _id_of(launch: Launch | str) -> str:
    text = launch.id if isinstance(launch, Launch) else str(launch)
    if not _LAUNCH_ID.fullmatch(text):
        raise BadArgument(
            "launch", f"{text!r} is not the id of a launch; gavip.active() shows ids."
        )
    return text


def _server_name(name: str, kind: str) -> str:
    """Return a name for the server: what the hub allows, as near as can be."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", plain.lower())[:_SERVER_NAME_CHARACTERS]
    return slug.strip("-") or f"{kind}-{secrets.token_hex(3)}"
