"""The sources that the wheel of gavip is built from, and their copy to build in.

The wheel is built in a copy inside the state folder, so that a checkout that cannot
be written works, and a checkout that is worked in stays as it is.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

from .errors import SetupError
from .stamps import files_below

__all__ = ["PARTS", "copy_sources", "outputs", "parts", "version"]

PARTS = (
    "pyproject.toml",
    "README.md",
    "LICENSE",
    "gavip_hub",
    "gavip_server_ext",
    "labextension",
    "avi_image/gavip",
    "avi_image/start_session.py",
)
_OUTPUTS = ("gavip_server_ext/labextension", "labextension/lib")


def parts(checkout: Path) -> list[Path]:
    """Return what the wheel is built from."""
    return [checkout / part for part in PARTS]


def outputs(checkout: Path) -> list[Path]:
    """Return the folders below them that builds write."""
    return [checkout / output for output in _OUTPUTS]


def version(checkout: Path) -> str:
    """Return the version of gavip in a checkout.

    Raises
    ------
    SetupError
        Raised if the checkout is not whole.
    """
    path = checkout / "labextension" / "package.json"
    try:
        return str(json.loads(path.read_text())["version"])
    except (OSError, ValueError, KeyError) as error:
        raise SetupError(
            f"{path} cannot be read: the checkout is not whole",
            "get it anew with git clone, or mend it with git status",
        ) from error


def copy_sources(checkout: Path, target: Path) -> None:
    """Make a folder hold the sources, and of earlier builds only the node modules.

    Parameters
    ----------
    checkout
        Where the sources are.
    target
        Where the copy goes.
    """
    _empty(target, keep=("labextension", "node_modules"))
    skipped = outputs(checkout)
    for part in parts(checkout):
        for file in files_below(part, leave_out=skipped):
            copy = target / file.relative_to(checkout)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, copy)


def _empty(folder: Path, keep: Sequence[str]) -> None:
    """Delete what a folder holds, except one path below it."""
    if not folder.is_dir():
        return
    for child in folder.iterdir():
        if keep and child.name == keep[0]:
            if len(keep) > 1:
                _empty(child, keep[1:])
        elif child.is_dir() and not child.is_symlink():
            shutil.rmtree(child)
        else:
            child.unlink()
