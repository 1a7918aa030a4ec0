"""The JupyterLab extension's build, with the package manager that builders share."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from .commands import Commands

__all__ = ["BUILT", "build_extension"]

BUILT = {"HATCH_JUPYTER_BUILDER_SKIP_NPM": "1"}
"""Tells the wheel's build that the extension is built already."""


def build_extension(
    commands: Commands, folder: Path, jlpm: Path, env: Mapping[str, str]
) -> None:
    """Fetch what the extension needs, exactly as locked, and build it.

    Parameters
    ----------
    commands
        Runs the commands.
    folder
        The extension's sources; the result goes where their package.json says.
    jlpm
        The package manager.
    env
        What is added to the environment; its PATH leads to node.
    """
    env = {**env, "YARN_ENABLE_TELEMETRY": "0"}
    for words, doing in (
        (("install", "--immutable"), "fetching the parts of the JupyterLab extension"),
        (("build:prod",), "building the JupyterLab extension"),
    ):
        commands.run([jlpm, *words], doing=doing, cwd=folder, env=env)
