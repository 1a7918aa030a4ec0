"""The words in which the policy is asked and answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from gavip_hub.domain.capacity import Node
from gavip_hub.domain.launch import Launch
from gavip_hub.domain.quota import Quota

__all__ = ["Admission", "Plan", "QueueState", "Wait"]


@dataclass(frozen=True, slots=True)
class QueueState:
    """All that a decision may depend on, besides the time."""

    nodes: tuple[Node, ...]
    waiting: tuple[Launch, ...]
    """Launches in QUEUED or HELD, in any order."""
    holding: tuple[Launch, ...]
    """Launches that hold an allocation."""
    default_quota: Quota
    quotas: Mapping[str, Quota] = field(default_factory=dict)
    """Caps of users that differ from the default, by user name."""
    start_grace: timedelta = timedelta(0)
    """What an allocation adds to the walltime, so that plans end when holders do."""

    def quota_of(self, owner: str) -> Quota:
        """Return the caps of a user."""
        return self.quotas.get(owner, self.default_quota)


@dataclass(frozen=True, slots=True)
class Admission:
    """A launch that starts now, and where."""

    launch_id: str
    node: str


@dataclass(frozen=True, slots=True)
class Wait:
    """Why a launch does not start now, and when it may."""

    launch_id: str
    position: int
    """Place in the queue, from 1; 0 where it does not compete (held)."""
    reason: str
    """What it waits for, in plain words, without other users' names."""
    estimated_start: datetime | None
    """Start if everything runs to its limit; None where nobody can tell."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What should happen now; somebody else acts on it."""

    admissions: tuple[Admission, ...]
    waits: tuple[Wait, ...]
