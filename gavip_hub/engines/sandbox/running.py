"""How this package's own programs are started: with a clean environment."""

import os
import sys
from pathlib import Path

import gavip_hub

__all__ = ["own_command", "own_environment"]


def own_command(module: str) -> list[str]:
    """Return the start of the command that runs one of our modules."""
    return [sys.executable, "-P", "-m", f"gavip_hub.engines.sandbox.{module}"]


def own_environment() -> dict[str, str]:
    """Return an environment without the secrets of the service or the hub."""
    package_root = Path(gavip_hub.__file__).parent.parent
    return {"PYTHONPATH": str(package_root), "PATH": os.defpath}
