"""Files that nobody else may read."""

import os
from pathlib import Path
from typing import TextIO

__all__ = ["open_private"]


def open_private(path: Path, flags: int) -> TextIO:
    """Open a text file for reading and writing; a new one is for its owner only.

    Parameters
    ----------
    path
        The file.
    flags
        Further flags as for `os.open`, such as ``O_TRUNC`` or ``O_APPEND``.
    """
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | flags, 0o600)
    return os.fdopen(fd, "a+" if flags & os.O_APPEND else "r+", encoding="utf-8")
