"""What a sandbox prints, kept within bounds."""

import os
from pathlib import Path
from typing import Final

__all__ = ["BoundedLog", "tail"]

_HALF_BYTES: Final = 4 * 2**20


class BoundedLog:
    """Two files that take turns, so that a flood never fills the disk.

    Parameters
    ----------
    current
        File that is written.
    older
        Where it goes when it is full.
    """

    def __init__(self, current: Path, older: Path) -> None:
        self._current = current
        self._older = older
        self._open()

    def write(self, piece: bytes) -> None:
        """Keep a piece; on a full disk it is lost, and the sandbox goes on."""
        try:
            if self._size + len(piece) > _HALF_BYTES:
                os.close(self._fd)
                self._current.replace(self._older)
                self._open()
            self._size += os.write(self._fd, piece)
        except OSError:
            return

    def _open(self) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        self._fd = os.open(self._current, flags, 0o600)
        self._size = os.fstat(self._fd).st_size


def tail(current: Path, older: Path, tail_bytes: int) -> bytes:
    """Return the last bytes that were kept."""
    text = b""
    for path in (current, older):
        missing = tail_bytes - len(text)
        if missing > 0:
            text = _end_of(path, missing) + text
    return text


def _end_of(path: Path, count: int) -> bytes:
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - count))
            return file.read(count)
    except FileNotFoundError:
        return b""
