"""How much one user may have at a time."""

from dataclasses import dataclass

from gavip_hub.domain.resources import Resources

__all__ = ["Quota"]


@dataclass(frozen=True, slots=True)
class Quota:
    """Caps of one user; running and waiting are counted apart."""

    max_running: int
    """Launches that may hold resources at a time."""
    max_waiting: int
    """Launches that may wait at a time."""
    max_resources: Resources
    """All that the user's launches together may hold."""
