"""The limits in force in this session."""

from __future__ import annotations

import os
import resource
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from typing_extensions import override

from gavip.amounts import show_cpu, show_memory, show_moment, to_moment
from gavip.errors import PlatformError, plain_errors
from gavip.service import LaunchService
from gavip.views import html_table, text_table

__all__ = ["Limits", "limits"]

_CGROUPS = Path("/sys/fs/cgroup")
_NO_LIMIT_BYTES = 1 << 60


@dataclass(frozen=True)
class Limits:
    """What this session may use."""

    cpu: float | None
    """Cores; `None` for no limit found."""

    memory_bytes: int | None
    """Memory [bytes]; `None` for no limit found."""

    processes: int | None
    """Processes and threads; `None` for no limit found."""

    until: datetime | None
    """When the session ends at the latest."""

    source: str
    """Who says so, in words."""

    notes: tuple[str, ...] = ()
    """What else there is to know, such as limits that are not enforced."""

    def _rows(self) -> list[list[str]]:
        none = "no limit found"
        cpu = none if self.cpu is None else show_cpu(round(self.cpu * 1000))
        memory = none if self.memory_bytes is None else show_memory(self.memory_bytes)
        rows = [["Processor", cpu], ["Memory", memory]]
        if self.processes is not None:
            rows.append(["Processes", f"{self.processes:,}"])
        if self.until is not None:
            moment = show_moment(self.until, datetime.now(UTC))
            rows.append(["Ends at the latest", moment])
        return rows

    def _note(self) -> str:
        return " ".join([f"Known from {self.source}.", *self.notes])

    @override
    def __repr__(self) -> str:
        return text_table(self._rows(), note=self._note())

    def _repr_html_(self) -> str:
        return html_table(self._rows(), note=self._note())


@plain_errors
def limits() -> Limits:
    """Return the limits in force in this session.

    The platform is asked first; without one, the kernel's control group, the
    environment and the machine tell what they know.
    """
    try:
        told = _from_platform(LaunchService.of_this_session())
    except PlatformError:
        told = None
    return told or limits_of_this_process()


def limits_of_this_process(cgroups: Path = _CGROUPS) -> Limits:
    """Return the limits that this process can see by itself.

    Parameters
    ----------
    cgroups
        Where the control groups are mounted.
    """
    memory, cpu, processes = _from_cgroup(cgroups)
    source = "the kernel's control group" if memory or cpu else ""
    if memory is None and (memory := _integer(os.environ.get("MEM_LIMIT"))):
        source = source or "the session's environment"
    if cpu is None and (cpu := _number(os.environ.get("CPU_LIMIT"))):
        source = source or "the session's environment"
    if memory is None and (memory := _from_rlimit()):
        source = source or "the process's own limits"
    machine_cpu = float(len(os.sched_getaffinity(0)))
    machine_bytes = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return Limits(
        cpu=min(cpu or machine_cpu, machine_cpu),
        memory_bytes=min(memory or machine_bytes, machine_bytes),
        processes=processes,
        until=None,
        source=source or "the machine itself: nothing limits this session",
    )


def _from_platform(service: LaunchService) -> Limits | None:
    page = service.get("/launches", phase="running", limit=200)
    own_id = os.environ.get("GAVIP_LAUNCH")
    own_server = os.environ.get("JUPYTERHUB_SERVER_NAME")
    for told in page["launches"]:
        own = told["id"] == own_id if own_id else told["server_name"] == own_server
        if own:
            info = service.get("/info")
            enforced = ", ".join(info["enforced"]) or "none"
            return Limits(
                cpu=told["resources"]["cpu_milli"] / 1000,
                memory_bytes=told["resources"]["memory_bytes"],
                processes=limits_of_this_process().processes,
                until=to_moment(told["deadline"]),
                source="the platform",
                notes=(f"The {info['engine']} engine enforces: {enforced}.",),
            )
    return None


def _from_cgroup(root: Path) -> tuple[int | None, float | None, int | None]:
    """Return memory [bytes], cores and processes of the control group, v2 or v1."""
    if (root / "cgroup.controllers").exists():
        quota = _read(root / "cpu.max").split()
        memory = _integer(_read(root / "memory.max"))
        processes = _integer(_read(root / "pids.max"))
    else:
        quota = [
            _read(root / "cpu" / "cpu.cfs_quota_us"),
            _read(root / "cpu" / "cpu.cfs_period_us"),
        ]
        memory = _integer(_read(root / "memory" / "memory.limit_in_bytes"))
        processes = _integer(_read(root / "pids" / "pids.max"))
    numbers = [_number(part) for part in quota]
    cores = None
    if len(numbers) > 1 and numbers[0] and numbers[1]:
        cores = numbers[0] / numbers[1]
    return (memory if memory and memory < _NO_LIMIT_BYTES else None), cores, processes


def _from_rlimit() -> int | None:
    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    return None if soft == resource.RLIM_INFINITY else soft


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""


def _integer(text: str | None) -> int | None:
    number = _number(text)
    return None if number is None else int(number)


def _number(text: str | None) -> float | None:
    """Return a positive number; ``max``, ``-1`` and nonsense mean no limit."""
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if 0 < number < float("inf") else None
