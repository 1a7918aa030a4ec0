"""The loop that lets the policy decide and writes down what it decided."""

import asyncio
import logging
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from gavip_hub.domain.errors import FencedOut, StoreConflict, StoreFault
from gavip_hub.domain.event import EventKind, LaunchEvent
from gavip_hub.domain.launch import Launch
from gavip_hub.policy.decide import decide
from gavip_hub.policy.plan import Plan, QueueState, Wait
from gavip_hub.portal.acts import Acts
from gavip_hub.portal.board import Board
from gavip_hub.portal.ledger import Ledger
from gavip_hub.portal.watch import Watch
from gavip_hub.settings import Rules

__all__ = ["Dispatcher"]

log = logging.getLogger(__name__)

ENGINE_AWAY = (
    "The engine that runs sessions does not answer at the moment; your launch is kept "
    "and starts when it is back."
)


class Dispatcher:
    """Turns waiting launches into admitted ones, one pass at a time.

    Parameters
    ----------
    ledger, board, watch
        The record, the last look, and those who listen.
    acts
        Does what was decided.
    rules
        Quotas and times.
    interval
        How often to look, even if nothing woke the loop.
    """

    def __init__(
        self,
        ledger: Ledger,
        board: Board,
        watch: Watch,
        acts: Acts,
        rules: Rules,
        interval: timedelta,
    ) -> None:
        self._ledger = ledger
        self._board = board
        self._watch = watch
        self._acts = acts
        self._rules = rules
        self._interval_s = interval.total_seconds()
        self._turn = asyncio.Lock()
        self._settled: asyncio.Future[None] | None = None

    async def state(self) -> QueueState:
        """Return everything that a decision depends on."""
        store = self._ledger.store
        return QueueState(
            nodes=tuple(await store.nodes()),
            waiting=tuple(await store.waiting()),
            holding=tuple(await store.holding()),
            default_quota=self._rules.default_quota,
            quotas=self._rules.quotas,
            start_grace=self._rules.start_timeout,
        )

    async def run(self) -> None:
        """Decide for ever, on every change and at least once an interval."""
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ledger.work.wait(), self._interval_s)
            try:
                await self.settle()
            except FencedOut:
                raise
            except StoreFault as fault:
                log.warning("The queue stands still: %s", fault.message)
                await asyncio.sleep(self._interval_s)

    async def settle(self) -> None:
        """Return after a pass that began after this call.

        Callers that come while a pass runs share the next one.
        """
        if self._settled is None:
            self._settled = asyncio.ensure_future(self._next_pass())
        await asyncio.shield(self._settled)

    async def _next_pass(self) -> None:
        async with self._turn:
            self._settled = None
            self._ledger.work.clear()
            await self._pass()

    async def _pass(self) -> None:
        now = self._ledger.clock.now()
        state = await self.state()
        self._board.nodes = state.nodes
        plan = decide(state, now)
        if self._board.engine_fault is None:
            await self._admit(state, plan)
        else:
            plan = _standing_still(state, plan)
        self._show(state, plan)
        self._acts.look_at(await self._ledger.store.holding())

    async def _admit(self, state: QueueState, plan: Plan) -> None:
        by_id = {launch.id: launch for launch in state.waiting}
        now = self._ledger.clock.now()
        for admission in plan.admissions:
            launch = by_id[admission.launch_id]
            until = now + launch.request.walltime + self._rules.start_timeout
            try:
                await self._ledger.admit(launch, admission.node, now, until)
            except StoreConflict:
                # Cancelled or changed since the snapshot: the next pass sees it anew.
                self._ledger.work.set()

    def _show(self, state: QueueState, plan: Plan) -> None:
        old = self._board.waits
        self._board.waits = {wait.launch_id: wait for wait in plan.waits}
        by_id = {launch.id: launch for launch in state.waiting}
        for wait in plan.waits:
            if _differs(old.get(wait.launch_id), wait):
                self._tell(by_id[wait.launch_id], wait)

    def _tell(self, launch: Launch, wait: Wait) -> None:
        start = wait.estimated_start
        event = LaunchEvent(
            sequence=0,
            launch_id=launch.id,
            owner=launch.request.owner,
            kind=EventKind.QUEUE,
            phase=launch.phase,
            message=wait.reason,
            at=self._ledger.clock.now(),
            detail={
                "position": wait.position,
                "estimated_start": start.isoformat() if start else None,
            },
        )
        self._watch.publish(event, self._board.view(launch))


def _differs(old: Wait | None, new: Wait) -> bool:
    """Return whether a person would notice the difference."""
    if old is None or (old.position, old.reason) != (new.position, new.reason):
        return True
    if old.estimated_start is None or new.estimated_start is None:
        return old.estimated_start != new.estimated_start
    return abs(old.estimated_start - new.estimated_start) >= timedelta(seconds=30)


def _standing_still(state: QueueState, plan: Plan) -> Plan:
    """Return a plan in which nobody starts, because the engine does not answer."""
    known = {wait.launch_id: wait for wait in plan.waits}
    ordered = sorted(
        state.waiting, key=lambda launch: (-launch.request.tier, launch.number)
    )
    waits = [
        replace(
            known.get(launch.id, Wait(launch.id, position, "", None)),
            position=position,
            reason=ENGINE_AWAY,
            estimated_start=None,
        )
        for position, launch in enumerate(ordered, start=1)
    ]
    return Plan((), tuple(waits))
