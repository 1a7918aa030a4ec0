"""Make a user-space's folder ready: there, and owned by who will write in it.

The folder is reached from the root of all user-spaces by descriptors only, so that
nothing planted in it leads anywhere else.
"""

import os
import stat
from pathlib import Path, PurePosixPath
from typing import Final

from gavip_hub.beneath import make_folder_beneath, open_beneath
from gavip_hub.domain.errors import BackendFault, InvalidField

__all__ = ["home_inside", "open_home", "prepare_home"]

_MAX_DEPTH: Final = 512


def home_inside(home_source: str, spaces_root: Path) -> str:
    """Return where a user-space lies, relative to the root of all user-spaces.

    Raises
    ------
    InvalidField
        Raised if it does not lie beneath it.
    """
    path = PurePosixPath(home_source)
    if not path.is_relative_to(spaces_root) or path == PurePosixPath(spaces_root):
        raise InvalidField(
            f"The user-space {home_source} does not lie beneath {spaces_root}.",
            field="home_source",
        )
    return str(path.relative_to(spaces_root))


def open_home(home_source: str, spaces_root: Path, uid: int, gid: int) -> int:
    """Make the folder if it is missing, give it its owner, and open it.

    Where it belonged to another number before (another engine ran on it), the files
    of that number below it change hands too.

    Parameters
    ----------
    home_source
        The user-space, an absolute path beneath ``spaces_root``.
    spaces_root
        Folder that holds all user-spaces; only operators can change it.
    uid
        Who shall own it; only root can give it to somebody else than itself.
    gid
        Its group.

    Raises
    ------
    InvalidField
        Raised if a link lies on the way, or something else than a folder at its end.
    """
    relative = home_inside(home_source, spaces_root)
    root_fd = os.open(spaces_root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fd = make_folder_beneath(root_fd, relative)
    except OSError as error:
        raise InvalidField(
            f"The user-space {home_source} cannot be opened ({error.strerror}): it "
            "must be a folder that is reached without symbolic links.",
            field="home_source",
        ) from error
    finally:
        os.close(root_fd)
    try:
        _give(fd, home_source, uid, gid)
    except BaseException:
        os.close(fd)
        raise
    return fd


def prepare_home(home_source: str, spaces_root: Path, uid: int, gid: int) -> None:
    """Make the folder ready, as `open_home` does, and let go of it."""
    os.close(open_home(home_source, spaces_root, uid, gid))


def _give(fd: int, home_source: str, uid: int, gid: int) -> None:
    before = os.fstat(fd).st_uid
    if before == uid:
        return
    if os.geteuid() != 0:
        raise BackendFault(
            f"The user-space {home_source} belongs to user number {before}, and only "
            f"root could give it to {uid}; change its owner.",
            transient=False,
        )
    if before != 0:
        _give_below(fd, before, uid, gid, 0)
    os.fchown(fd, uid, gid)


def _give_below(fd: int, before: int, uid: int, gid: int, depth: int) -> None:
    """Change the owner of what ``before`` owns, never following a link.

    Only files that the former owner owned itself change hands, so a hard link to
    somebody else's file stays theirs.
    """
    if depth > _MAX_DEPTH:
        raise BackendFault("Folders are nested too deep to change their owner.")
    with os.scandir(fd) as entries:
        names = [entry.name for entry in entries]
    for name in names:
        facts = os.stat(name, dir_fd=fd, follow_symlinks=False)
        if stat.S_ISDIR(facts.st_mode):
            below = open_beneath(fd, name, os.O_RDONLY | os.O_DIRECTORY)
            try:
                _give_below(below, before, uid, gid, depth + 1)
            finally:
                os.close(below)
        if facts.st_uid == before:
            os.chown(name, uid, gid, dir_fd=fd, follow_symlinks=False)
