"""What the use cases need of the world, as protocols.

The adapters stand in ``store``, ``engines`` and ``hubapi``; ``factory`` joins them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from gavip_hub.domain.capacity import Node
from gavip_hub.domain.container import ContainerSpec, ContainerStatus, Usage
from gavip_hub.domain.event import EventKind, LaunchEvent
from gavip_hub.domain.launch import Ending, Launch, LaunchRequest
from gavip_hub.domain.phase import Phase

__all__ = [
    "Change",
    "Clock",
    "Engine",
    "EngineFacts",
    "HubServers",
    "LaunchFilter",
    "LaunchStore",
    "ServerState",
    "Submission",
]


class Clock(Protocol):
    """Where the time comes from."""

    def now(self) -> datetime:
        """Return the time, aware, in UTC."""


@dataclass(frozen=True, slots=True)
class Submission:
    """A request with what makes it repeatable."""

    request: LaunchRequest
    idempotency_key: str
    """Chosen by the caller, unique per owner; a repeat yields the same launch."""
    fingerprint: str
    """Digest of the request; the same key with another one is a conflict."""
    max_waiting: int
    """Cap on the owner's waiting launches, checked in the same transaction."""


@dataclass(frozen=True, slots=True)
class LaunchFilter:
    """Which launches are wanted."""

    owner: str | None = None
    phases: frozenset[Phase] = frozenset()
    """Empty means all."""
    before: int | None = None
    """Only launches whose number is smaller; the cursor of a page."""
    limit: int = 50


@dataclass(frozen=True, slots=True)
class Change:
    """A move of one launch, with the event that tells of it."""

    launch_id: str
    version: int
    """The version that the writer has read."""
    phase: Phase
    reason: str
    at: datetime
    ending: Ending | None = None
    deadline: datetime | None = None
    """New deadline, where it moves."""
    new_attempt: bool = False
    """Whether this is a further attempt, which gets a new engine name."""
    event: EventKind = EventKind.PHASE
    """Other kinds than PHASE leave the phase as it is."""
    message: str = ""
    """The event's words, where they differ from the reason."""
    detail: Mapping[str, int | str | None] = field(default_factory=dict)
    """Figures for the event."""


class LaunchStore(Protocol):
    """The durable record of launches, allocations, nodes and events.

    Every write is one transaction, carries the writer's epoch, and is refused with
    `FencedOut` when a newer one exists. What returned without an error is on disk.
    """

    async def acquire_lease(
        self, holder: str, ttl: timedelta, now: datetime, *, force: bool = False
    ) -> int:
        """Take the writer's lease and return its epoch; the older epochs are dead.

        Raises
        ------
        StoreConflict
            Raised if somebody else's lease is alive and ``force`` is not set.
        """

    async def renew_lease(self, ttl: timedelta, now: datetime) -> None:
        """Prolong the lease; raises `FencedOut` if it was taken over."""

    async def confirm_lease(self) -> None:
        """Return if nobody has taken the lease over; else raise `FencedOut`."""

    async def submit(
        self, submission: Submission, now: datetime
    ) -> tuple[Launch, bool]:
        """Record a launch as QUEUED; return it and whether it is new."""

    async def get(self, launch_id: str) -> Launch:
        """Return a launch; raises `UnknownLaunch`."""

    async def live_server(self, owner: str, server_name: str) -> Launch | None:
        """Return the launch of a hub's server that has not ended, if there is one."""

    async def find(self, wanted: LaunchFilter) -> list[Launch]:
        """Return launches, newest first."""

    async def waiting(self) -> list[Launch]:
        """Return all launches that wait, oldest first."""

    async def holding(self) -> list[Launch]:
        """Return all launches that hold an allocation, oldest first."""

    async def nodes(self) -> list[Node]:
        """Return the nodes with what is free of each."""

    async def sync_nodes(self, nodes: Sequence[Node]) -> None:
        """Make the ledger's nodes those that the engine offers.

        A node that is in use is never removed, and never shrinks below what it holds.
        """

    async def admit(
        self, launch_id: str, version: int, node: str, now: datetime, until: datetime
    ) -> Launch:
        """Allocate and move to ADMITTED in one transaction.

        Raises
        ------
        StoreConflict
            Raised if the launch moved meanwhile, or the node has not enough free.
        """

    async def move(self, change: Change) -> Launch:
        """Apply a change; a move into an ended phase frees the allocation with it."""

    async def note_peak(self, launch_id: str, peak_memory_bytes: int) -> None:
        """Record the most memory seen, if it is more than what is recorded."""

    async def events_after(
        self,
        sequence: int,
        *,
        launch_id: str | None = None,
        owner: str | None = None,
        limit: int = 500,
    ) -> list[LaunchEvent]:
        """Return kept events later than a sequence number, oldest first."""

    async def last_sequence(self) -> int:
        """Return the sequence number of the newest kept event, or 0."""

    async def close(self) -> None:
        """Finish writing and let go of the database."""


@dataclass(frozen=True, slots=True)
class EngineFacts:
    """What an engine is and what it promises."""

    name: str
    """``docker``, ``sandbox`` or ``fake``."""
    version: str
    enforced: frozenset[str] = field(default_factory=frozenset)
    """Which of ``cpu``, ``memory``, ``pids``, ``walltime``, ``network`` it enforces."""
    notes: tuple[str, ...] = ()
    """What people should know, in plain words, such as a limit that is only watched."""


class Engine(Protocol):
    """Where containers run.

    Every call ends within a bounded time or raises `EngineUnavailable`.
    """

    async def facts(self) -> EngineFacts:
        """Return what the engine is; raises `EngineUnavailable` if it is not there."""

    async def nodes(self) -> list[Node]:
        """Return what it offers."""

    async def create(self, spec: ContainerSpec) -> None:
        """Create and start; does nothing if a container of that name exists."""

    async def list(self) -> list[ContainerStatus]:
        """Return every container of this installation, ended ones included."""

    async def stop(self, name: str, grace: timedelta) -> None:
        """End it, politely first; does nothing if it is gone or ended."""

    async def remove(self, name: str) -> None:
        """Forget it with all that belongs to it; does nothing if it is gone."""

    async def usage(self, name: str) -> Usage | None:
        """Return what it uses now, or None if it does not run."""

    async def logs(self, name: str, *, tail_bytes: int = 65_536) -> bytes:
        """Return the end of what it printed."""

    async def set_deadline(self, name: str, deadline: datetime) -> None:
        """Move the time at which the engine ends it by itself, where it can."""


@dataclass(frozen=True, slots=True)
class ServerState:
    """What the hub says of one of its servers."""

    ready: bool
    pending: str | None
    """``spawn``, ``stop``, ``check`` or None."""
    stopped: bool
    url: str | None = None


class HubServers(Protocol):
    """The hub's servers, as far as the queue needs them."""

    async def start(self, owner: str, server_name: str) -> None:
        """Ask the hub to start a server; the spawner then claims its launch.

        Does nothing if it is up or coming up already.

        Raises
        ------
        HubUnavailable
            Raised if the hub does not answer within a bounded time.
        HubRefused
            Raised if it answers that it does not do it.
        """

    async def stop(self, owner: str, server_name: str) -> None:
        """Ask the hub to stop a server; does nothing if it does not run."""

    async def state(self, owner: str, server_name: str) -> ServerState | None:
        """Return what the hub knows of a server, or None if it knows none."""

    async def active(self) -> Mapping[tuple[str, str], ServerState]:
        """Return all servers that are up, coming up or going down.

        The keys are owner and name of the server.
        """
