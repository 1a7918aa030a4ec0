"""What is known of launches beside the database: places, use and activity.

All of it can be found out again, so none of it is kept.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from gavip_hub.domain.capacity import Node
from gavip_hub.domain.container import Usage
from gavip_hub.domain.launch import Launch
from gavip_hub.policy.plan import Wait

__all__ = ["Activity", "Board", "LaunchView"]


@dataclass(frozen=True, slots=True)
class Activity:
    """What a session last told of itself."""

    busy: bool
    """Whether a kernel or terminal was at work."""
    last_activity: datetime
    reported_at: datetime
    """When it told; old words are not believed."""


@dataclass(frozen=True, slots=True)
class LaunchView:
    """A launch with what the board knows of it."""

    launch: Launch
    wait: Wait | None = None
    usage: Usage | None = None

    @property
    def reason(self) -> str:
        """The policy's reason while it waits, else the recorded one."""
        return self.wait.reason if self.wait else self.launch.reason


@dataclass(slots=True)
class Board:
    """The last look at everything."""

    nodes: tuple[Node, ...] = ()
    """What the nodes offered at the last pass; none before the first."""
    waits: Mapping[str, Wait] = field(default_factory=dict)
    """By launch; what the last pass said of those who wait."""
    usage: dict[str, Usage] = field(default_factory=dict)
    """By launch; the last measurement."""
    activity: dict[str, Activity] = field(default_factory=dict)
    """By launch; the last report."""
    starting_in_hub: set[str] = field(default_factory=set)
    """Launches whose spawner waits for an answer at this moment."""
    engine_fault: str | None = None
    """Why the engine cannot be used at the moment, in words."""
    hub_fault: str | None = None
    """Why the hub cannot be asked at the moment, in words."""

    def view(self, launch: Launch) -> LaunchView:
        """Return a launch with what is known of it."""
        return LaunchView(launch, self.waits.get(launch.id), self.usage.get(launch.id))

    def forget(self, launch_id: str) -> None:
        """Drop what was known of a launch that ended."""
        self.usage.pop(launch_id, None)
        self.activity.pop(launch_id, None)
        self.starting_in_hub.discard(launch_id)
