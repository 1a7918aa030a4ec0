"""How the Docker engine is set up."""

import os
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from gavip_hub.domain.resources import Resources
from gavip_hub.engines.contract import SESSION_GID, SESSION_UID

__all__ = ["DockerSettings"]


@dataclass(frozen=True, slots=True)
class DockerSettings:
    """Which engine, and what is ours in it."""

    installation: str
    """Label that tells this installation's containers from others'."""
    image: str
    """Image of a session, where the spec names none."""
    spaces_root: Path
    """Folder that holds all user-spaces."""
    network: str = "gavip"
    """Bridge network of the sessions; made when it is missing."""
    base_url: str = ""
    """The engine's address; empty for ``DOCKER_HOST`` or the usual socket."""
    uid: int = field(default_factory=lambda: _number(os.geteuid(), SESSION_UID))
    """User number inside.

    Root gives user-spaces to the session's number. Another user cannot, so sessions
    run under the service's own number then, which owns the folders that it makes.
    """
    gid: int = field(default_factory=lambda: _number(os.getegid(), SESSION_GID))
    """Group number inside."""
    host_offset: int = 0
    """What an engine with ``userns-remap`` adds to every number."""
    capacity: Resources | None = None
    """What all containers together may hold; None for what the engine has."""
    node_name: str = "docker"
    """What its only node is called."""
    timeout: timedelta = timedelta(seconds=30)
    """Longest time that a call may take before the engine counts as away."""

    @property
    def user(self) -> str:
        """User and group inside, as Docker writes them."""
        return f"{self.uid}:{self.gid}"


def _number(own: int, as_root: int) -> int:
    return own if os.geteuid() != 0 else as_root
