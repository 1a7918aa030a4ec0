"""Short words for making states of the queue."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from gavip_hub.domain.capacity import Node
from gavip_hub.domain.launch import Allocation, Launch, LaunchKind, LaunchRequest
from gavip_hub.domain.phase import Phase
from gavip_hub.domain.quota import Quota
from gavip_hub.domain.resources import Resources
from gavip_hub.policy.plan import QueueState

__all__ = [
    "GB",
    "HOUR",
    "NOON",
    "NO_CAPS",
    "amounts",
    "ask",
    "hold",
    "node",
    "queue",
]

GB = 10**9
HOUR = timedelta(hours=1)
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
NO_CAPS = Quota(10**6, 10**6, Resources(10**12, 10**18, 10**6))


def amounts(cores: float = 1, gigabytes: float = 1, gpu: int = 0) -> Resources:
    """Return resources from cores and gigabytes."""
    return Resources(round(cores * 1_000), round(gigabytes * GB), gpu)


def node(
    cores: float, gigabytes: float, name: str = "n1", *, schedulable: bool = True
) -> Node:
    """Return an empty node."""
    capacity = amounts(cores, gigabytes)
    return Node(name, capacity, capacity, schedulable)


def ask(
    number: int,
    resources: Resources,
    *,
    walltime: timedelta = HOUR,
    owner: str = "",
    tier: int = 0,
    name: str = "",
    phase: Phase = Phase.QUEUED,
) -> Launch:
    """Return a launch that waits, of an owner of its own unless one is given."""
    request = LaunchRequest(
        owner=owner or f"user{number}",
        kind=LaunchKind.NOTEBOOK,
        server_name="",
        resources=resources,
        walltime=walltime,
        tier=tier,
        display_name=name,
    )
    return Launch(
        id=f"{number:016x}",
        number=number,
        request=request,
        phase=phase,
        version=1,
        reason="",
        created_at=NOON,
    )


def hold(launch: Launch, node_name: str = "n1", since: datetime = NOON) -> Launch:
    """Return the launch running on a node until its walltime is over."""
    allocation = Allocation(
        launch_id=launch.id,
        attempt=1,
        node=node_name,
        resources=launch.request.resources,
        held_since=since,
        until=since + launch.request.walltime,
    )
    return replace(launch, phase=Phase.RUNNING, attempt=1, allocation=allocation)


def queue(
    nodes: Sequence[Node],
    waiting: Sequence[Launch] = (),
    holding: Sequence[Launch] = (),
    *,
    quota: Quota = NO_CAPS,
    quotas: dict[str, Quota] | None = None,
) -> QueueState:
    """Return a state whose nodes have free what nobody holds."""
    charged = []
    for one in nodes:
        free = one.capacity
        for launch in holding:
            if launch.allocation is not None and launch.allocation.node == one.name:
                free -= launch.allocation.resources
        charged.append(replace(one, free=free))
    return QueueState(
        nodes=tuple(charged),
        waiting=tuple(waiting),
        holding=tuple(holding),
        default_quota=quota,
        quotas=quotas or {},
    )
