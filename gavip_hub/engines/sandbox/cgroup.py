"""One sandbox's control group: its limits, its use, and its end."""

import contextlib
import os
import signal
import time
from pathlib import Path
from typing import Final

from gavip_hub.domain.resources import Resources
from gavip_hub.engines.sandbox.cgroups import CgroupRoom

__all__ = ["Cgroup"]

_PERIOD_US: Final = 100_000
_MIN_QUOTA_US: Final = 1_000  # the kernel's own lower bound
_INIT_PIDS: Final = 1  # bubblewrap's process 1 inside counts too


class Cgroup:
    """The control group of one sandbox.

    Parameters
    ----------
    version
        1 or 2.
    folders
        Its folder in each controller.
    """

    def __init__(self, version: int, folders: dict[str, Path]) -> None:
        self._version = version
        self._folders = folders

    @classmethod
    def make(
        cls, room: CgroupRoom, name: str, limits: Resources, pids: int
    ) -> "Cgroup":
        """Make it, with its limits.

        Raises
        ------
        OSError
            Raised if the kernel refuses a limit.
        """
        folders = {key: path / name for key, path in room.folders.items()}
        group = cls(room.version, folders)
        for folder in set(folders.values()):
            folder.mkdir(exist_ok=True)
        if room.version == 1:
            group._limit_version_1(limits, pids)
        else:
            group._limit_version_2(limits, pids)
        return group

    @classmethod
    def recorded(cls, folders: dict[str, str]) -> "Cgroup":
        """Return the control group that a record names."""
        paths = {key: Path(value) for key, value in folders.items()}
        version = 1 if (paths["memory"] / "memory.oom_control").exists() else 2
        return cls(version, paths)

    @property
    def folders(self) -> dict[str, str]:
        """Its folder in each controller, as they are recorded."""
        return {key: str(path) for key, path in self._folders.items()}

    def add(self, pid: int) -> None:
        """Move a process in."""
        for folder in set(self._folders.values()):
            (folder / "cgroup.procs").write_text(str(pid))

    def memory_bytes(self) -> int:
        """Return the memory that counts, without the page cache [bytes]."""
        stat = _table(self._folders["memory"] / "memory.stat")
        if self._version == 1:
            return stat.get("total_rss", 0) + stat.get("total_shmem", 0)
        return stat.get("anon", 0) + stat.get("shmem", 0)

    def cpu_ns(self) -> int:
        """Return the processor time used so far [nanoseconds]."""
        if self._version == 1:
            folder = self._folders.get("cpuacct")
            return _number(folder / "cpuacct.usage") if folder else 0
        return _table(self._folders["cpu"] / "cpu.stat").get("usage_usec", 0) * 1000

    def pids(self) -> int:
        """Return how many processes and threads there are."""
        return max(0, _number(self._folders["pids"] / "pids.current") - _INIT_PIDS)

    def oom_kills(self) -> int:
        """Return how many processes the kernel ended for the memory limit."""
        name = "memory.oom_control" if self._version == 1 else "memory.events"
        return _table(self._folders["memory"] / name).get("oom_kill", 0)

    def remove(self, patience_s: float = 5.0) -> None:
        """End whatever is left in it, and take it away."""
        until = time.monotonic() + patience_s
        while any(folder.exists() for folder in self._folders.values()):
            self._kill()
            for folder in self._folders.values():
                with contextlib.suppress(OSError):
                    folder.rmdir()
            if time.monotonic() > until:
                return
            time.sleep(0.01)

    def _kill(self) -> None:
        for folder in set(self._folders.values()):
            with contextlib.suppress(OSError):
                members = (folder / "cgroup.procs").read_text().split()
                for pid in map(int, members):
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)

    def _limit_version_1(self, limits: Resources, pids: int) -> None:
        memory, cpu = self._folders["memory"], self._folders["cpu"]
        swap = memory / "memory.memsw.limit_in_bytes"
        with contextlib.suppress(OSError):  # from an earlier try, where it was higher
            (memory / "memory.limit_in_bytes").write_text("-1")
        (memory / "memory.limit_in_bytes").write_text(str(limits.memory_bytes))
        if swap.exists():
            swap.write_text(str(limits.memory_bytes))
        (self._folders["pids"] / "pids.max").write_text(str(pids + _INIT_PIDS))
        (cpu / "cpu.cfs_period_us").write_text(str(_PERIOD_US))
        (cpu / "cpu.cfs_quota_us").write_text(str(_quota_us(limits)))

    def _limit_version_2(self, limits: Resources, pids: int) -> None:
        folder = self._folders["memory"]
        (folder / "memory.max").write_text(str(limits.memory_bytes))
        swap = folder / "memory.swap.max"
        if swap.exists():
            swap.write_text("0")
        (folder / "pids.max").write_text(str(pids + _INIT_PIDS))
        (folder / "cpu.max").write_text(f"{_quota_us(limits)} {_PERIOD_US}")


def _quota_us(limits: Resources) -> int:
    return max(_MIN_QUOTA_US, limits.cpu_milli * _PERIOD_US // 1000)


def _table(path: Path) -> dict[str, int]:
    try:
        rows = [line.split() for line in path.read_text().splitlines()]
    except OSError:
        return {}
    return {row[0]: int(row[1]) for row in rows if len(row) > 1 and row[1].isdigit()}


def _number(path: Path) -> int:
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return 0
