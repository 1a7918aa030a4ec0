"""The processes of a sandbox as the host sees them, without control groups."""

import contextlib
import os
import signal
from pathlib import Path
from typing import Final

__all__ = [
    "TreeGauge",
    "boot_id",
    "children_of",
    "kill_if_same",
    "process_memory_bytes",
    "start_ticks",
]

_PAGE: Final = os.sysconf("SC_PAGE_SIZE")
_TICK_NS: Final = 1_000_000_000 // os.sysconf("SC_CLK_TCK")


def boot_id() -> str:
    """Return what tells this run of the machine from every other."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def start_ticks(pid: int) -> int | None:
    """Return when a process started, in ticks since the boot, or None if it is gone."""
    fields = _stat(pid)
    return None if fields is None else int(fields[19])


def kill_if_same(pid: int, ticks: int) -> None:
    """End a process, unless the number has gone to another one meanwhile."""
    with contextlib.suppress(ProcessLookupError):
        fd = os.pidfd_open(pid)
        try:
            if start_ticks(pid) == ticks:
                signal.pidfd_send_signal(fd, signal.SIGKILL)
        finally:
            os.close(fd)


class TreeGauge:
    """What a tree of processes uses.

    Orphans inside a sandbox become children of its process 1, so that its descendants
    are all that there is.

    Parameters
    ----------
    init_pid
        Process 1 of the sandbox, as the host numbers it.
    memory_folders
        Folders inside that live in memory, whose content counts.
    """

    def __init__(self, init_pid: int, memory_folders: tuple[str, ...] = ()) -> None:
        self._init_pid = init_pid
        self._folders = memory_folders

    def members(self) -> list[int]:
        """Return the processes below process 1."""
        found: list[int] = []
        queue = [self._init_pid]
        while queue:
            children = children_of(queue.pop())
            found += children
            queue += children
        return found

    def memory_bytes(self) -> int:
        """Return the memory in use, shared pages counted once [bytes]."""
        shares = [_shares(pid) for pid in self.members()]
        files = 0
        for folder in self._folders:
            with contextlib.suppress(OSError):
                facts = os.statvfs(f"/proc/{self._init_pid}/root{folder}")
                files += (facts.f_blocks - facts.f_bfree) * facts.f_frsize
        private = sum(one for one, _ in shares)
        return private + max(files, sum(one for _, one in shares))

    def cpu_ns(self) -> int:
        """Return the processor time used so far [nanoseconds]."""
        ticks = 0
        for pid in (self._init_pid, *self.members()):
            fields = _stat(pid)
            if fields is not None:
                ticks += sum(int(value) for value in fields[11:15])
        return ticks * _TICK_NS

    def pids(self) -> int:
        """Return how many processes and threads there are."""
        total = 0
        for pid in self.members():
            fields = _stat(pid)
            total += int(fields[17]) if fields is not None else 0
        return total

    def oom_kills(self) -> int:
        """Return 0: without control groups the kernel ends nothing for a limit."""
        return 0

    def largest(self) -> int | None:
        """Return the process that uses most memory."""
        members = self.members()
        return max(members, key=process_memory_bytes) if members else None


def process_memory_bytes(pid: int) -> int:
    """Return what a process uses, shared pages in proportion; files do not count."""
    anonymous, shared = _shares(pid)
    return anonymous + shared


def _shares(pid: int) -> tuple[int, int]:
    """Return its private and its shared memory, or all that is resident as private."""
    try:
        rows = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
        table = {row.split()[0]: int(row.split()[1]) * 1024 for row in rows}
        return table["Pss_Anon:"], table["Pss_Shmem:"]
    except (OSError, KeyError, ValueError, IndexError):
        fields = _stat(pid)
    return (int(fields[21]) * _PAGE if fields is not None else 0), 0


def children_of(pid: int) -> list[int]:
    """Return the processes that a process has started and not yet buried."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            found += map(int, (thread / "children").read_text().split())
    return found


def _stat(pid: int) -> list[str] | None:
    """Return the fields of ``/proc/PID/stat`` from the third on."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    return text.rpartition(")")[2].split()
