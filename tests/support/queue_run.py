"""A whole run of the queue: launches arrive, start as decided, and end."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from gavip_hub.domain.capacity import Node
from gavip_hub.domain.launch import Launch
from gavip_hub.domain.quota import Quota
from gavip_hub.policy.decide import decide
from gavip_hub.policy.plan import Plan, QueueState
from tests.support.queue import NO_CAPS, NOON, hold, queue

__all__ = ["Arrival", "QueueRun"]


@dataclass(frozen=True)
class Arrival:
    """A launch, when it is asked for, and how long it really runs."""

    launch: Launch
    after: timedelta = timedelta(0)
    runtime: timedelta | None = None
    """None: up to its walltime."""


@dataclass
class QueueRun:
    """A platform whose time leaps from event to event."""

    nodes: Sequence[Node]
    arrivals: Sequence[Arrival]
    quota: Quota = NO_CAPS
    started: dict[str, datetime] = field(default_factory=dict)
    """Start of each launch, by its identifier."""

    def passes(self) -> Iterator[tuple[datetime, QueueState, Plan]]:
        """Yield each decision, after it has been carried out, until all is quiet."""
        coming = sorted(self.arrivals, key=lambda one: one.after)
        runtimes = {one.launch.id: one.runtime for one in coming}
        waiting: list[Launch] = []
        holding: list[Launch] = []
        ends: dict[str, datetime] = {}
        while coming or ends:
            moments = [*ends.values(), *(NOON + one.after for one in coming[:1])]
            now = min(moments)
            holding = [one for one in holding if ends[one.id] > now]
            ends = {one.id: ends[one.id] for one in holding}
            while coming and NOON + coming[0].after <= now:
                waiting.append(coming.pop(0).launch)
            state = queue(self.nodes, waiting, holding, quota=self.quota)
            plan = decide(state, now)
            chosen = {one.launch_id: one.node for one in plan.admissions}
            for launch in [one for one in waiting if one.id in chosen]:
                waiting.remove(launch)
                holding.append(hold(launch, chosen[launch.id], now))
                runtime = runtimes[launch.id] or launch.request.walltime
                ends[launch.id] = now + runtime
                self.started[launch.id] = now
            yield now, state, plan
