"""Ports: which are free, which to take, and who holds one."""

from __future__ import annotations

import errno
import socket
from collections.abc import Collection, Iterable
from pathlib import Path

from .errors import SetupError

__all__ = ["check_public", "choose", "holder", "is_free", "is_served"]

_LISTENING = "0A"
_LOCAL_COLUMN, _STATE_COLUMN, _INODE_COLUMN = 1, 3, 9


def _try_bind(bind: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in bind else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((bind, port))


def is_free(bind: str, port: int) -> bool:
    """Return whether a program of ours could listen there now."""
    try:
        _try_bind(bind, port)
    except OSError:
        return False
    return True


def choose(wishes: Iterable[int], taken: Collection[int], bind: str) -> int:
    """Return the first free port of some wishes, else any free one.

    Parameters
    ----------
    wishes
        Ports by preference; those of the last run first, so that sessions that went
        on find the hub again.
    taken
        Ports promised to something else.
    bind
        The address to listen on.
    """
    for port in wishes:
        if port not in taken and is_free(bind, port):
            return port
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as sock:
            sock.bind((bind, 0))
            port = int(sock.getsockname()[1])
        if port not in taken:
            return port


def check_public(bind: str, port: int) -> None:
    """Make sure that the public port can be had.

    Raises
    ------
    SetupError
        Raised if it cannot; names who holds it, as far as this user may see.
    """
    try:
        _try_bind(bind, port)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise SetupError(
                f"port {port} is in use by {holder(port) or 'another program'}",
                "end that program, or choose another port: "
                f"make run GAVIP_PORT={_near(bind, port)}",
            ) from error
        if error.errno == errno.EACCES:
            raise SetupError(
                f"only root may listen on port {port}",
                "choose one from 1024 on: make run GAVIP_PORT=8000",
            ) from error
        raise SetupError(
            f"GAVIP_BIND={bind} is no address of this machine ({error.strerror})",
            "use 127.0.0.1 for this machine only, or 0.0.0.0 for every network",
        ) from error


def _near(bind: str, port: int) -> int:
    return choose(range(port + 1, min(port + 20, 65535)), (), bind)


def is_served(port: int, proc: Path = Path("/proc")) -> bool:
    """Return whether anybody listens on a port, on whichever address.

    Parameters
    ----------
    port
        The port.
    proc
        Where the kernel shows its tables.
    """
    return bool(_listeners(port, proc))


def holder(port: int, proc: Path = Path("/proc")) -> str | None:
    """Return who listens on a port, as "NAME (process N)"; None where not visible.

    Parameters
    ----------
    port
        The port.
    proc
        Where the kernel shows its tables.
    """
    inodes = _listeners(port, proc)
    if not inodes:
        return None
    wanted = {f"socket:[{inode}]" for inode in inodes}
    for folder in proc.iterdir():
        if folder.name.isdigit() and _holds(folder, wanted):
            return f"{_name(folder)} (process {folder.name})"
    return None


def _listeners(port: int, proc: Path) -> set[str]:
    inodes = set()
    for table in ("tcp", "tcp6"):
        for line in _word(proc / "net" / table).splitlines()[1:]:
            columns = line.split()
            local = columns[_LOCAL_COLUMN].rpartition(":")[2]
            if columns[_STATE_COLUMN] == _LISTENING and int(local, 16) == port:
                inodes.add(columns[_INODE_COLUMN])
    return inodes


def _holds(folder: Path, wanted: set[str]) -> bool:
    try:
        return any(str(fd.readlink()) in wanted for fd in (folder / "fd").iterdir())
    except OSError:
        return False


def _name(folder: Path) -> str:
    """Return a program's name, with the script that an interpreter runs."""
    words = _word(folder / "cmdline").split("\0")
    script = [word for word in words[1:2] if word and not word.startswith("-")]
    names = [Path(word).name for word in (*words[:1], *script)]
    return " ".join(names) or "a program"


def _word(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
