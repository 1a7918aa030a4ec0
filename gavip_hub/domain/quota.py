"""How much one user may have at a time, and one launch may ask for."""

from dataclasses import dataclass
from datetime import timedelta

from gavip_hub.domain.resources import Resources

__all__ = ["Bounds", "Quota"]


@dataclass(frozen=True, slots=True)
class Quota:
    """Caps of one user; running and waiting are counted apart."""

    max_running: int
    """Launches that may hold resources at a time."""
    max_waiting: int
    """Launches that may wait at a time."""
    max_resources: Resources
    """All that the user's launches together may hold."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """The smallest and largest that one launch may ask for."""

    min_resources: Resources
    max_resources: Resources
    min_walltime: timedelta
    max_walltime: timedelta
