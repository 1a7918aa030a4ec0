"""Open what lies beneath a folder without ever following a link out of it.

Paths that users can change are never checked as strings. The kernel resolves them,
beneath a folder that is held open, and refuses links on the way (``openat2``).
"""

import contextlib
import ctypes
import errno
import os
import struct
from pathlib import PurePosixPath
from typing import Final

from gavip_hub.domain.errors import BackendFault, InvalidField

__all__ = [
    "RESOLVE_BENEATH",
    "RESOLVE_NO_LINKS",
    "make_folder_beneath",
    "open_beneath",
    "open_without_links",
    "openat2",
]

_SYS_OPENAT2: Final = 437  # the same number on every architecture
_AT_FDCWD: Final = -100
_RETRIES: Final = 64

RESOLVE_NO_LINKS: Final = 0x02 | 0x04
"""Refuse symbolic and magic links anywhere in the path."""

RESOLVE_BENEATH: Final = 0x08 | RESOLVE_NO_LINKS
"""The same, and refuse whatever leads out of the folder that one starts from."""

_libc = ctypes.CDLL(None, use_errno=True)


def openat2(
    path: str | bytes, flags: int, *, dir_fd: int, resolve: int, mode: int = 0
) -> int:
    """Open a path under the kernel's own rules of resolution; return a descriptor.

    Parameters
    ----------
    path
        What to open, relative to ``dir_fd`` unless it is absolute.
    flags
        As for `os.open`; ``O_CLOEXEC`` is always added.
    dir_fd
        The folder to start from.
    resolve
        ``RESOLVE_BENEATH`` or ``RESOLVE_NO_LINKS``.
    mode
        Permission bits of a file that is created.

    Raises
    ------
    OSError
        Raised with ``ELOOP`` for a link, with ``EXDEV`` for a way out.
    """
    how = struct.pack("=QQQ", flags | os.O_CLOEXEC, mode, resolve)
    name = os.fsencode(path)
    for _ in range(_RETRIES):
        fd = int(_libc.syscall(_SYS_OPENAT2, dir_fd, name, how, len(how)))
        if fd >= 0:
            return fd
        code = ctypes.get_errno()
        if code not in {errno.EAGAIN, errno.EINTR}:
            break
    if code == errno.ENOSYS:
        raise BackendFault(
            "This kernel has no openat2, which user-spaces need; Linux 5.6 has it.",
            transient=False,
        )
    raise OSError(code, os.strerror(code), os.fsdecode(name))


def open_beneath(root_fd: int, path: str | bytes, flags: int, mode: int = 0) -> int:
    """Open a relative path beneath a folder that is held open.

    Raises
    ------
    OSError
        Raised with ``ELOOP`` for a link on the way, ``EXDEV`` for a way out.
    """
    return openat2(path, flags, dir_fd=root_fd, resolve=RESOLVE_BENEATH, mode=mode)


def open_without_links(path: str, flags: int, *, field: str = "path") -> int:
    """Open an absolute path that has no link anywhere in it.

    Raises
    ------
    InvalidField
        Raised if there is a link on the way, or nothing at its end.
    """
    try:
        return openat2(path, flags, dir_fd=_AT_FDCWD, resolve=RESOLVE_NO_LINKS)
    except OSError as error:
        raise InvalidField(
            f"{path} cannot be opened ({error.strerror}); "
            "it must exist and have no symbolic link in it.",
            field=field,
        ) from error


def make_folder_beneath(root_fd: int, path: str, mode: int = 0o700) -> int:
    """Open a folder beneath another, making what is missing of it.

    Returns
    -------
    int
        A readable descriptor of the folder.

    Raises
    ------
    OSError
        Raised with ``ELOOP`` for a link on the way, ``ENOTDIR`` for a file.
    """
    fd = os.dup(root_fd)
    try:
        for part in PurePosixPath(path).parts:
            below = _make_one(fd, part, mode)
            os.close(fd)
            fd = below
    except BaseException:
        os.close(fd)
        raise
    return fd


def _make_one(parent_fd: int, part: str, mode: int) -> int:
    flags = os.O_RDONLY | os.O_DIRECTORY
    try:
        return open_beneath(parent_fd, part, flags)
    except FileNotFoundError:
        with contextlib.suppress(FileExistsError):  # another was quicker: as good
            os.mkdir(part, mode, dir_fd=parent_fd)
        return open_beneath(parent_fd, part, flags)
