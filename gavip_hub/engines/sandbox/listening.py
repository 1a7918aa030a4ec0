"""Who listens on a port of the machine, which all sandboxes share.

A port is chosen before the session binds it. Another session that binds it first would
get what the hub and its proxy mean for somebody else; so the hub asks here before it
sends anybody there.
"""

import contextlib
import os
from enum import Enum
from pathlib import Path
from typing import Final

from gavip_hub.engines.sandbox.processes import children_of
from gavip_hub.engines.sandbox.records import Folder

__all__ = ["Listener", "listener"]

_LISTENING: Final = "0A"


class Listener(Enum):
    """Who listens on a port."""

    NOBODY = "nobody"
    SANDBOX = "sandbox"
    SOMEBODY_ELSE = "somebody else"


def listener(containers: Path, name: str, port: int) -> Listener:
    """Return who listens on a port of the loopback interface.

    Parameters
    ----------
    containers
        Folder of the sandboxes' records.
    name
        The sandbox that should.
    port
        The port.
    """
    sockets = _listening(port)
    if not sockets:
        return Listener.NOBODY
    started = Folder(containers / name).read_started()
    own = _sockets_below(started.init_pid) if started else set()
    return Listener.SANDBOX if sockets <= own else Listener.SOMEBODY_ELSE


def _listening(port: int) -> set[str]:
    """Return the sockets that listen on a port, by inode, on whichever address."""
    found = set()
    for table in ("tcp", "tcp6"):
        with contextlib.suppress(FileNotFoundError):
            lines = Path("/proc/net", table).read_text().splitlines()[1:]
            for fields in map(str.split, lines):
                here = int(fields[1].rpartition(":")[2], 16) == port
                if here and fields[3] == _LISTENING:
                    found.add(fields[9])
    return found


def _sockets_below(pid: int) -> set[str]:
    """Return the sockets that a process and its descendants have open, by inode."""
    found, queue = set(), [pid]
    while queue:
        one = queue.pop()
        queue += children_of(one)
        folder = f"/proc/{one}/fd"
        with contextlib.suppress(OSError):
            for name in os.listdir(folder):  # noqa: PTH208  numbers, not paths
                with contextlib.suppress(OSError):
                    target = os.readlink(f"{folder}/{name}")  # noqa: PTH115  no path
                    if target.startswith("socket:["):
                        found.add(target[8:-1])
    return found
