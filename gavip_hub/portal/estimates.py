"""When would it start? For a form that is being filled in, and for cells."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from gavip_hub.domain.errors import RequestRejected
from gavip_hub.domain.estimate import Estimate
from gavip_hub.domain.phase import HOLDING
from gavip_hub.domain.resources import NOTHING, Resources
from gavip_hub.policy.eligibility import check_request, largest_possible
from gavip_hub.policy.estimate import what_if
from gavip_hub.policy.plan import QueueState
from gavip_hub.portal.dispatcher import Dispatcher
from gavip_hub.portal.ledger import Ledger
from gavip_hub.ports import LaunchFilter
from gavip_hub.settings import Rules

__all__ = ["Estimates", "Room"]


@dataclass(frozen=True, slots=True)
class Room:
    """What there is, and how it is used."""

    total: Resources
    free: Resources
    largest_free: Resources
    """The most that one node has free, resource by resource."""
    waiting: int
    running: int


class Estimates:
    """Looks ahead without changing anything.

    Parameters
    ----------
    ledger
        The record.
    dispatcher
        Knows what a decision depends on.
    rules
        Bounds and quotas.
    """

    def __init__(self, ledger: Ledger, dispatcher: Dispatcher, rules: Rules) -> None:
        self._ledger = ledger
        self._dispatcher = dispatcher
        self._rules = rules

    async def estimate(
        self,
        owner: str,
        wishes: Sequence[tuple[Resources, timedelta]],
        *,
        instead_of: str | None = None,
    ) -> list[Estimate]:
        """Return when each wish would start, if it alone were asked for now.

        Parameters
        ----------
        owner
            Who would ask.
        wishes
            Amounts and walltime of each.
        instead_of
            A launch that would be given up for it.
        """
        state = await self._dispatcher.state()
        if instead_of is not None:
            others = tuple(one for one in state.waiting if one.id != instead_of)
            state = replace(state, waiting=others)
        now = self._ledger.clock.now()
        return [
            self._answer(state, owner, resources, walltime, now)
            for resources, walltime in wishes
        ]

    def _answer(
        self,
        state: QueueState,
        owner: str,
        resources: Resources,
        walltime: timedelta,
        now: datetime,
    ) -> Estimate:
        try:
            check_request(
                resources,
                walltime,
                nodes=state.nodes,
                quota=state.quota_of(owner),
                bounds=self._rules.bounds,
            )
        except RequestRejected as refusal:
            return Estimate(
                resources, walltime, False, None, refusal.message, None, now
            )
        found = what_if(
            state, owner=owner, resources=resources, walltime=walltime, tier=0, now=now
        )
        return Estimate(
            resources,
            walltime,
            True,
            found.position,
            found.reason,
            found.estimated_start,
            now,
        )

    async def room(self) -> Room:
        """Return what there is in all and what is free."""
        store = self._ledger.store
        nodes = [node for node in await store.nodes() if node.schedulable]
        total = sum((node.capacity for node in nodes), NOTHING)
        free = sum((node.free for node in nodes), NOTHING)
        largest = Resources(
            max((node.free.cpu_milli for node in nodes), default=0),
            max((node.free.memory_bytes for node in nodes), default=0),
            max((node.free.gpu for node in nodes), default=0),
        )
        return Room(
            total,
            free,
            largest,
            waiting=len(await store.waiting()),
            running=len(await store.holding()),
        )

    async def used_by(self, owner: str) -> Resources:
        """Return what a user's launches hold now."""
        held = await self._ledger.store.find(
            LaunchFilter(owner=owner, phases=HOLDING, limit=1_000)
        )
        return sum((launch.request.resources for launch in held), NOTHING)

    async def largest_for(self, owner: str) -> Resources:
        """Return the largest that could ever start for a user."""
        quota = self._rules.quotas.get(owner, self._rules.default_quota)
        return largest_possible(
            await self._ledger.store.nodes(), quota, self._rules.bounds
        )
