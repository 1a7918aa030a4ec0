"""The fake engine's own record: every act, in order, added to and never changed.

The one in a file is shared by several processes and outlives all of them.
"""

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol, TypeAlias

__all__ = ["Entry", "FileRecord", "MemoryRecord", "Record", "read_entries"]

Entry: TypeAlias = dict[str, str | int | float | bool | None]
"""One act: ``what`` was done, ``at`` which time, to the container ``name``."""


class Record(Protocol):
    """Where acts are written down."""

    def held(self) -> contextlib.AbstractContextManager[list[Entry]]:
        """Keep others out; yields the entries that were added since the last look."""

    def add(self, entry: Entry) -> None:
        """Add an act, while it is held."""


class MemoryRecord:
    """A record that ends with its process."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self._news: list[Entry] = []

    @contextlib.contextmanager
    def held(self) -> Iterator[list[Entry]]:
        """Yield nothing new, since nobody else writes."""
        news, self._news = self._news, []
        yield news

    def reopened(self) -> "MemoryRecord":
        """Return the record as a process that starts anew would find it."""
        other = MemoryRecord()
        other.entries = self.entries
        other._news = list(self.entries)
        return other

    def add(self, entry: Entry) -> None:
        """Add an act."""
        self.entries.append(entry)


class FileRecord:
    """A record in a file, a line for each act.

    Parameters
    ----------
    path
        The file; made when it is missing.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        self._fd = os.open(path, flags, 0o600)
        self._read_up_to = 0

    @contextlib.contextmanager
    def held(self) -> Iterator[list[Entry]]:
        """Yield what other processes have added."""
        fcntl.flock(self._fd, fcntl.LOCK_EX)
        try:
            size = os.fstat(self._fd).st_size
            text = os.pread(self._fd, size - self._read_up_to, self._read_up_to)
            self._read_up_to = size
            yield _parse(text)
        finally:
            fcntl.flock(self._fd, fcntl.LOCK_UN)

    def add(self, entry: Entry) -> None:
        """Add an act; a line that a killed process left unfinished stays apart."""
        line = b"\n" + json.dumps(entry).encode() + b"\n"
        os.write(self._fd, line)
        self._read_up_to += len(line)


def read_entries(path: Path) -> list[Entry]:
    """Return all entries of a record in a file, for an observer."""
    return _parse(path.read_bytes()) if path.exists() else []


def _parse(text: bytes) -> list[Entry]:
    entries: list[Entry] = []
    for line in text.splitlines():
        with contextlib.suppress(ValueError):
            entries.append(json.loads(line))
    return entries
