"""What Docker says of a container, in our words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from gavip_hub.domain.container import ContainerState, ContainerStatus
from gavip_hub.domain.resources import Resources
from gavip_hub.engines.contract import (
    LABEL_ATTEMPT,
    LABEL_CPU_MILLI,
    LABEL_GPU,
    LABEL_LAUNCH,
    LABEL_MEMORY_BYTES,
    LABEL_OWNER,
)

__all__ = ["Reading", "reading_of", "status_of"]

_KILLED: Final = 137
_VANISHED: Final = 255
_STATES: Final = {
    "created": ContainerState.CREATED,
    "running": ContainerState.RUNNING,
    "paused": ContainerState.RUNNING,
    "restarting": ContainerState.RUNNING,
}


@dataclass(frozen=True, slots=True)
class Reading:
    """A look at a container's gauges."""

    cpu_ns: int
    memory_bytes: int
    pids: int


def status_of(
    summary: Mapping[str, Any],
    state: Mapping[str, Any] | None,
    peak_memory_bytes: int | None,
) -> ContainerStatus:
    """Return the status of a container.

    Parameters
    ----------
    summary
        Its row in the list of containers.
    state
        ``State`` of its inspection, for one that has ended.
    peak_memory_bytes
        Most memory that was seen, if it was looked at.

    Notes
    -----
    An engine that finds a container dead when it comes up writes down 255, since
    nobody saw how it ended. A program that ends with 255 by itself looks the same.
    """
    labels = summary["Labels"]
    limits = Resources(
        int(labels[LABEL_CPU_MILLI]),
        int(labels[LABEL_MEMORY_BYTES]),
        int(labels[LABEL_GPU]),
    )
    found = _STATES.get(summary["State"], ContainerState.EXITED)
    ended = state if found is ContainerState.EXITED else None
    code = int(ended["ExitCode"]) if ended else None
    by_memory = bool(ended and ended["OOMKilled"] and code == _KILLED)
    return ContainerStatus(
        name=summary["Names"][0].removeprefix("/"),
        launch_id=labels[LABEL_LAUNCH],
        attempt=int(labels[LABEL_ATTEMPT]),
        owner=labels[LABEL_OWNER],
        state=found,
        limits=limits,
        exit_code=code,
        out_of_memory=by_memory,
        lost=code == _VANISHED and not by_memory,
        peak_memory_bytes=limits.memory_bytes if by_memory else peak_memory_bytes,
        oom_kills=int(bool(ended and ended["OOMKilled"])),
    )


def reading_of(stats: Mapping[str, Any]) -> Reading | None:
    """Return the gauges from Docker's statistics, or None if it does not run.

    The page cache does not count, files in memory do. Control groups of version 1
    write it as ``total_cache``, those of version 2 as ``file``.
    """
    memory = stats.get("memory_stats") or {}
    if "usage" not in memory:
        return None
    table = memory.get("stats") or {}
    cache = table.get("total_cache", table.get("file", 0))
    shared = table.get("total_shmem", table.get("shmem", 0))
    return Reading(
        cpu_ns=int(stats["cpu_stats"]["cpu_usage"]["total_usage"]),
        memory_bytes=max(0, int(memory["usage"]) - cache + shared),
        pids=max(0, int((stats.get("pids_stats") or {}).get("current") or 0) - 1),
    )
