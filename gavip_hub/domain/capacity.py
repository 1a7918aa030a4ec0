"""What an engine offers, and what is left of it."""

from dataclasses import dataclass

from gavip_hub.domain.resources import Resources

__all__ = ["Node"]


@dataclass(frozen=True, slots=True)
class Node:
    """A machine, or a share of one, on which launches run."""

    name: str
    """Unique name, as the engine calls it."""
    capacity: Resources
    """All that launches together may hold."""
    free: Resources
    """What no allocation holds at this moment."""
    schedulable: bool = True
    """Whether new launches may be placed here; an operator drains a node with it."""
