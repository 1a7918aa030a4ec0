"""Which steps are done: each leaves a stamp of what it was made from.

A step's stamp is taken away before it starts and written after it ended, so an
interrupted step is done again, and a finished one only when its inputs change.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

__all__ = ["Stamps", "files_below", "fingerprint"]

_LEFT_BEHIND = frozenset({".pyc", ".tsbuildinfo"})
_NEVER = frozenset({"__pycache__", "node_modules", ".yarn", ".git"})


def files_below(path: Path, *, leave_out: Iterable[Path] = ()) -> Iterator[Path]:
    """Yield a file, or a folder's files, sorted, without what tools leave behind.

    Parameters
    ----------
    path
        A file or folder; a missing one yields nothing.
    leave_out
        Folders below it that are results rather than sources.
    """
    skipped = set(leave_out)
    if path.is_file():
        yield path
    elif path.is_dir() and path not in skipped:
        for child in sorted(path.iterdir()):
            if child.name not in _NEVER and child.suffix not in _LEFT_BEHIND:
                yield from files_below(child, leave_out=skipped)


def fingerprint(
    paths: Iterable[Path],
    *words: str,
    base: Path,
    leave_out: Iterable[Path] = (),
) -> str:
    """Return a hash over names and contents of files, and over some words.

    Parameters
    ----------
    paths
        Files and folders.
    words
        Other inputs: versions, options.
    base
        Names are taken relative to it, so that a moved checkout is the same.
    leave_out
        Folders that are results rather than sources.
    """
    total = hashlib.sha256()
    for word in words:
        total.update(f"word {len(word)} {word}\n".encode())
    skipped = list(leave_out)
    for path in paths:
        for file in files_below(path, leave_out=skipped):
            content = hashlib.sha256(file.read_bytes()).hexdigest()
            total.update(f"file {file.relative_to(base)} {content}\n".encode())
    return total.hexdigest()


class Stamps:
    """The stamps of one state folder.

    Parameters
    ----------
    folder
        Where they lie, one file a step.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def is_fresh(self, step: str, digest: str, *products: Path) -> bool:
        """Return whether a step was finished from these inputs and its products last.

        Parameters
        ----------
        step
            The step's name.
        digest
            The fingerprint of its inputs.
        products
            What it made.
        """
        try:
            kept = (self._folder / step).read_text().strip()
        except OSError:
            return False
        return kept == digest and all(product.exists() for product in products)

    def clear(self, step: str) -> None:
        """Take the stamp away, before a step starts."""
        (self._folder / step).unlink(missing_ok=True)

    def put(self, step: str, digest: str) -> None:
        """Write the stamp, after a step ended."""
        scratch = self._folder / f".{step}.{os.getpid()}"
        scratch.write_text(f"{digest}\n")
        scratch.replace(self._folder / step)
