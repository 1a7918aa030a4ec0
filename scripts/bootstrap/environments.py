"""Virtual environments: made with what this Python brings, filled by pip."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from .commands import Commands
from .errors import CommandFailed, SetupError

__all__ = ["Environments", "identity", "site_packages"]

_OPTIONS = ("--disable-pip-version-check", "--no-input")
_PARTS = ("bin", "include", "lib", "lib64", "share", "etc", "pyvenv.cfg")
_BYTES_NEEDED = 3 * 1024**3


def identity() -> str:
    """Return what an environment depends on of the Python that made it."""
    version = ".".join(str(part) for part in sys.version_info[:2])
    return f"{sys.implementation.name} {version} {sys.base_prefix}"


def site_packages(environment: Path) -> Path:
    """Return where an environment of this Python keeps its packages."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return environment / "lib" / version / "site-packages"


def _install_hint() -> str:
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    for tool, words in (
        ("apt-get", f"sudo apt install python{version}-venv"),
        ("dnf", "sudo dnf install python3-pip"),
        ("zypper", "sudo zypper install python3-pip"),
        ("apk", "sudo apk add py3-pip"),
        ("pacman", "sudo pacman -S python-pip"),
    ):
        if shutil.which(tool):
            return f"`{words}`"
    return "the Python modules venv and ensurepip (or pip), from your distribution"


def missing_parts() -> SetupError | None:
    """Return what this Python lacks to make environments; None if it has enough."""
    if importlib.util.find_spec("venv") is None:
        return SetupError(
            "this Python has no venv module", f"install {_install_hint()}"
        )
    if any(importlib.util.find_spec(name) for name in ("ensurepip", "pip")):
        return None
    return SetupError(
        "this Python has neither ensurepip nor pip, so no package can be installed",
        f"install {_install_hint()}, then run make run again",
    )


def check_space(folder: Path) -> None:
    """Make sure that the packages fit.

    Raises
    ------
    SetupError
        Raised if the disk has less free than they need.
    """
    free = shutil.disk_usage(folder).free
    if free < _BYTES_NEEDED:
        raise SetupError(
            f"the disk of {folder} has {free / 1024**3:.1f} GB free, and the packages "
            f"need {_BYTES_NEEDED / 1024**3:.0f} GB",
            "free some, or put the state on another disk with GAVIP_STATE=FOLDER",
        )


def _clear(folder: Path) -> None:
    """Delete an environment, and leave what else its folder holds."""
    for name in _PARTS:
        path = folder / name
        if path.is_symlink() or path.is_file():
            path.unlink()
        elif path.exists():
            shutil.rmtree(path)


class Environments:
    """Makes and fills virtual environments.

    Parameters
    ----------
    commands
        Runs pip.
    """

    def __init__(self, commands: Commands) -> None:
        self._commands = commands

    def make(self, folder: Path) -> None:
        """Make an empty environment with pip in it, in place of what is there.

        Raises
        ------
        SetupError
            Raised if this Python cannot; names the package to install.
        """
        fault = missing_parts()
        if fault is not None:
            raise fault
        _clear(folder)
        if importlib.util.find_spec("ensurepip") is not None:
            try:
                self._commands.attempt([sys.executable, "-m", "venv", folder])
            except CommandFailed as failed:
                raise SetupError(
                    f"a virtual environment could not be made in {folder}",
                    f"install {_install_hint()}, and look at the lines above",
                    tail=failed.tail,
                ) from failed
            return
        self._commands.run(
            [sys.executable, "-m", "venv", "--without-pip", folder],
            doing="making a virtual environment",
        )
        self._commands.run(
            [
                *(sys.executable, "-m", "pip", "--python", folder / "bin" / "python"),
                *("install", *_OPTIONS, "pip"),
            ],
            doing="putting pip into the virtual environment",
        )

    def install(
        self, folder: Path, arguments: Sequence[str | Path], *, doing: str
    ) -> None:
        """Let an environment's pip install something."""
        python = folder / "bin" / "python"
        self._commands.run(
            [python, "-m", "pip", "install", *_OPTIONS, *arguments], doing=doing
        )
