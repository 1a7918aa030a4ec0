"""What happened to launches, as an append-only story."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from gavip_hub.domain.phase import Phase

__all__ = ["EventKind", "LaunchEvent"]


class EventKind(StrEnum):
    """What an event tells."""

    PHASE = "phase"
    """The launch moved to another phase; kept in the database."""
    EXTENDED = "extended"
    """Its deadline moved; kept in the database."""
    WARNING = "warning"
    """Its end is near; kept in the database."""
    QUEUE = "queue"
    """Its position, reason or estimated start changed; sent, not kept."""
    USAGE = "usage"
    """What it uses at the moment; sent, not kept."""


@dataclass(frozen=True, slots=True)
class LaunchEvent:
    """One thing that happened to one launch."""

    sequence: int
    """Grows over all kept events; 0 for events that are not kept."""
    launch_id: str
    owner: str
    kind: EventKind
    phase: Phase
    """The phase after the event."""
    message: str
    """What happened, in plain words."""
    at: datetime
    detail: Mapping[str, int | str | None] = field(default_factory=dict)
    """Figures that belong to the kind of event."""
