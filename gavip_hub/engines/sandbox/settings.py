"""How the sandbox engine is set up."""

import sys
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from gavip_hub.domain.resources import Resources

__all__ = ["SandboxSettings"]


@dataclass(frozen=True, slots=True)
class SandboxSettings:
    """Where things lie, and which numbers the sandboxes' users get."""

    state_dir: Path
    """Folder of the engine's own records; made, and closed to others."""
    spaces_root: Path
    """Folder that holds all user-spaces; nothing but user-spaces lies in it."""
    environment: Path = field(default_factory=lambda: Path(sys.prefix))
    """Virtual environment that the sandboxes run, where the spec names none."""
    read_only: tuple[Path, ...] = ()
    """Further folders that every sandbox sees read-only at the same path."""
    bwrap: Path | None = None
    """The bubblewrap to use instead of the packaged one or the one on ``PATH``."""
    uid_base: int = 200_000
    """First host user number of sessions, where the engine runs as root."""
    uid_count: int = 60_000
    """How many host user numbers there are."""
    use_cgroups: bool = True
    """Whether control groups hold the limits, where they are writable."""
    capacity: Resources | None = None
    """What all sandboxes together may hold; None for what the machine has."""
    node_name: str = "local"
    """What its only node is called."""
    timeout: timedelta = timedelta(seconds=30)
    """Longest time that a call may take before the engine counts as away."""
