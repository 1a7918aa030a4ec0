"""The decision as the rules say it, with no thought of speed."""

from dataclasses import dataclass, field
from datetime import datetime

from gavip_hub.domain.launch import Launch
from gavip_hub.domain.phase import Phase
from gavip_hub.domain.resources import NOTHING, Resources
from gavip_hub.policy.plan import QueueState

__all__ = ["naive_starts"]


def naive_starts(state: QueueState, now: datetime) -> dict[str, str]:
    """Return who starts now and on which node, for nodes without GPUs."""
    return _Naive(state, now).starts()


@dataclass
class _Naive:
    state: QueueState
    now: datetime
    held: list[tuple[str, str, datetime, Resources]] = field(default_factory=list)
    """Owner, node, end and amounts of whoever runs."""

    def starts(self) -> dict[str, str]:
        for one in self.state.holding:
            if (own := one.allocation) is not None:
                owner = one.request.owner
                self.held.append((owner, own.node, own.until, own.resources))
        promise: tuple[Launch, datetime, str] | None = None
        started = {}
        for launch in sorted(
            self.state.waiting, key=lambda one: (-one.request.tier, one.number)
        ):
            wanted, owner = launch.request.resources, launch.request.owner
            if not self.may_compete(launch):
                continue
            end = self.now + launch.request.walltime
            fits = [name for name in self.names if wanted.fits_in(self.free(name))]
            if promise is not None:
                fits = [one for one in fits if self.keeps(promise, one, end, wanted)]
                head = promise[0].request
                if head.owner == owner and not self.room(owner, wanted, head.resources):
                    continue
            if fits:
                name = min(fits, key=lambda one: self.left(one, wanted))
                self.held.append((owner, name, end, wanted))
                started[launch.id] = name
            elif promise is None:
                promise = (launch, *self.earliest(wanted))
        return started

    @property
    def names(self) -> list[str]:
        return sorted(node.name for node in self.state.nodes if node.schedulable)

    def capacity(self, name: str) -> Resources:
        return next(one.capacity for one in self.state.nodes if one.name == name)

    def free(self, name: str, at: datetime | None = None) -> Resources:
        still = [
            amounts
            for _, where, end, amounts in self.held
            if where == name and (at is None or end > at)
        ]
        return self.capacity(name) - sum(still, NOTHING)

    def may_compete(self, launch: Launch) -> bool:
        wanted = launch.request.resources
        return (
            launch.phase is not Phase.HELD
            and any(wanted.fits_in(self.capacity(name)) for name in self.names)
            and self.room(launch.request.owner, wanted)
        )

    def room(self, owner: str, *wanted: Resources) -> bool:
        quota = self.state.quota_of(owner)
        mine = [amounts for whose, _, _, amounts in self.held if whose == owner]
        total = sum([*mine, *wanted], NOTHING)
        few = len(mine) + len(wanted) <= quota.max_running
        return few and total.fits_in(quota.max_resources)

    def earliest(self, wanted: Resources) -> tuple[datetime, str]:
        ends = {(end, name) for _, name, end, _ in self.held if name in self.names}
        return min(
            (end, name) for end, name in ends if wanted.fits_in(self.free(name, end))
        )

    def keeps(
        self,
        promise: tuple[Launch, datetime, str],
        name: str,
        end: datetime,
        wanted: Resources,
    ) -> bool:
        head, start, promised = promise
        spare = self.free(promised, start) - head.request.resources
        return name != promised or end <= start or wanted.fits_in(spare)

    def left(self, name: str, wanted: Resources) -> tuple[float, str]:
        left, whole = self.free(name) - wanted, self.capacity(name)
        cpu = left.cpu_milli / whole.cpu_milli
        return max(cpu, left.memory_bytes / whole.memory_bytes), name
