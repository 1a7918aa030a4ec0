"""Processes, as the kernel's table shows them."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

__all__ = ["children", "command_line", "end_all"]

_PROC = Path("/proc")
_GRACE_S = 10.0
_POLL_S = 0.1


def children(parent: int) -> list[int]:
    """Return the processes that a process started or adopted, dead ones left out."""
    found = []
    for folder in _PROC.iterdir():
        if folder.name.isdigit():
            state, ppid = _state_and_parent(folder)
            if ppid == parent and state != "Z":
                found.append(int(folder.name))
    return found


def command_line(pid: int) -> str:
    """Return a process's command line; empty if it is gone."""
    try:
        raw = (_PROC / str(pid) / "cmdline").read_bytes()
    except OSError:
        return ""
    return raw.replace(b"\0", b" ").decode(errors="replace").strip()


def end_all(left: Callable[[], Sequence[int]]) -> None:
    """End processes: asked first, then made to.

    Parameters
    ----------
    left
        Says which are left; asked again and again, as ending one may orphan others.
    """
    for number in (signal.SIGTERM, signal.SIGKILL):
        deadline = time.monotonic() + _GRACE_S
        asked: set[int] = set()
        while pids := left():
            for pid in set(pids) - asked:
                with suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, number)
            asked.update(pids)
            _reap()
            if time.monotonic() > deadline:
                break
            time.sleep(_POLL_S)
    _reap()


def _reap() -> None:
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _state_and_parent(folder: Path) -> tuple[str, int]:
    try:
        words = (folder / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return "Z", 0
    return words[0], int(words[1])
