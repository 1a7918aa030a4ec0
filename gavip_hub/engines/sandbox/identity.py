"""Which host user number the sessions of a user run under, where root starts them."""

import fcntl
import json
import os
from pathlib import Path

from gavip_hub.domain.errors import BackendFault
from gavip_hub.engines.sandbox.private import open_private

__all__ = ["UserNumbers"]


class UserNumbers:
    """The durable list of numbers, one for each user, never used again.

    Parameters
    ----------
    path
        File that keeps the list, a line for each user.
    base
        First number.
    count
        How many there are.
    """

    def __init__(self, path: Path, base: int, count: int) -> None:
        self._path = path
        self._base = base
        self._count = count

    def number(self, owner: str) -> int:
        """Return a user's number, giving out the next one to somebody new.

        Raises
        ------
        BackendFault
            Raised if all numbers are given out.
        """
        with open_private(self._path, os.O_APPEND) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            known = _read(file.read())
            if owner in known:
                return known[owner]
            number = max(known.values(), default=self._base - 1) + 1
            if number >= self._base + self._count:
                raise BackendFault(
                    "All user numbers of the sandbox are given out; raise uid_count.",
                    transient=False,
                )
            # on a line of its own, whatever a crash has left before it
            file.write("\n" + json.dumps([owner, number]) + "\n")
            file.flush()
            os.fsync(file.fileno())
            return number


def _read(text: str) -> dict[str, int]:
    """Return the list; a last line that was cut short never got its number used."""
    known: dict[str, int] = {}
    for line in text.splitlines():
        try:
            owner, number = json.loads(line)
        except ValueError:
            continue
        known[owner] = number
    return known
