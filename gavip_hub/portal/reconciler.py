"""Comparing the record with what the engine and the hub really have."""

import asyncio
import logging
from collections.abc import Coroutine
from datetime import datetime, timedelta

from gavip_hub.domain.container import ContainerState, ContainerStatus
from gavip_hub.domain.errors import (
    EngineUnavailable,
    GavipError,
    HubUnavailable,
    StoreConflict,
    StoreFault,
)
from gavip_hub.domain.launch import Launch
from gavip_hub.domain.phase import HOLDING, Phase
from gavip_hub.portal import endings
from gavip_hub.portal.acts import Acts
from gavip_hub.portal.board import Board
from gavip_hub.portal.ledger import Ledger
from gavip_hub.portal.timekeeper import Timekeeper
from gavip_hub.ports import Engine, HubServers
from gavip_hub.settings import Rules

__all__ = ["Reconciler"]

log = logging.getLogger(__name__)

NODES_EVERY = timedelta(seconds=30)
"""How often the engine is asked what it offers."""

HUB_FORGOT_AFTER = timedelta(seconds=20)
"""How long the hub may not know a running server before it is given up."""


class Reconciler:
    """Finds what ended, vanished, or should not be there; and says so.

    Parameters
    ----------
    ledger, board
        The record and the last look.
    engine, hub
        What really is.
    acts
        Knows what a failed start leads to.
    timekeeper
        Ends what is over its time.
    rules
        Times and sizes.
    """

    def __init__(
        self,
        ledger: Ledger,
        board: Board,
        engine: Engine,
        hub: HubServers,
        acts: Acts,
        timekeeper: Timekeeper,
        rules: Rules,
    ) -> None:
        self._ledger = ledger
        self._board = board
        self._engine = engine
        self._hub = hub
        self._acts = acts
        self._timekeeper = timekeeper
        self._rules = rules
        self._nodes_at: datetime | None = None
        self._unknown_to_hub: dict[str, datetime] = {}

    async def run(self, interval: timedelta) -> None:
        """Look for ever."""
        while True:
            try:
                await self.look()
            except StoreFault as fault:
                log.warning("Cannot reconcile: %s", fault.message)
            await asyncio.sleep(interval.total_seconds())

    async def look(self) -> None:
        """Compare once, and write down each difference."""
        try:
            await self._sync_nodes()
            found = {status.name: status for status in await self._engine.list()}
        except EngineUnavailable as fault:
            self._engine_away(fault.message)
            found = None
        else:
            if self._board.engine_fault is not None:
                self._board.engine_fault = None
                self._ledger.work.set()
        holding = await self._ledger.store.holding()
        for launch in holding:
            await self._settle(self._judge(launch, found), launch)
        if found is not None:
            await self._remove_strays(found)

    def _engine_away(self, message: str) -> None:
        if self._board.engine_fault is None:
            log.warning("The engine does not answer: %s", message)
            self._ledger.work.set()
        self._board.engine_fault = message

    async def _sync_nodes(self) -> None:
        now = self._ledger.clock.now()
        if self._nodes_at is None or now - self._nodes_at >= NODES_EVERY:
            await self._ledger.store.sync_nodes(await self._engine.nodes())
            self._nodes_at = now
            self._ledger.work.set()

    async def _settle(
        self, judging: Coroutine[None, None, None], launch: Launch
    ) -> None:
        try:
            await judging
        except StoreConflict:
            self._ledger.work.set()
        except HubUnavailable as fault:
            self._board.hub_fault = fault.message
        except GavipError as fault:
            log.warning("Launch %s: %s", launch.id, fault.message)

    async def _judge(
        self, launch: Launch, found: dict[str, ContainerStatus] | None
    ) -> None:
        if launch.phase is Phase.STARTING:
            await self._judge_start(launch, found)
        elif launch.phase is Phase.RUNNING:
            await self._judge_run(launch, found)

    async def _judge_start(
        self, launch: Launch, found: dict[str, ContainerStatus] | None
    ) -> None:
        status = found.get(launch.engine_name) if found else None
        if status and status.state is ContainerState.EXITED:
            why = endings.told_by_engine(launch, status, self._rules.sizes).message
            await self._acts.start_failed(launch, why)
            return
        server = (
            await self._hub.state(launch.request.owner, launch.request.server_name)
            if launch.request.kind.interactive
            else None
        )
        if server and server.ready and status:
            await self._ledger.move(launch, Phase.RUNNING, "Running.")
            return
        begun = launch.started_at or launch.created_at
        late = self._ledger.clock.now() - begun > self._rules.start_timeout
        starting = server is not None and server.pending is not None
        if late and not starting and launch.id not in self._board.starting_in_hub:
            limit = int(self._rules.start_timeout.total_seconds())
            await self._acts.start_failed(
                launch, f"it did not answer within {limit} seconds"
            )

    async def _judge_run(
        self, launch: Launch, found: dict[str, ContainerStatus] | None
    ) -> None:
        if found is not None:
            status = found.get(launch.engine_name)
            if status is None:
                await self._ledger.end(
                    launch, endings.lost("The engine no longer has it.")
                )
                return
            if status.state is ContainerState.EXITED:
                await self._ledger.end(
                    launch, endings.told_by_engine(launch, status, self._rules.sizes)
                )
                return
        if await self._timekeeper.ended(launch):
            return
        if launch.request.kind.interactive:
            await self._judge_hub(launch)

    async def _judge_hub(self, launch: Launch) -> None:
        """End a session that the hub no longer knows, since nobody can reach it."""
        server = await self._hub.state(launch.request.owner, launch.request.server_name)
        self._board.hub_fault = None
        if server is not None and not server.stopped:
            self._unknown_to_hub.pop(launch.id, None)
            return
        now = self._ledger.clock.now()
        since = self._unknown_to_hub.setdefault(launch.id, now)
        if now - since >= HUB_FORGOT_AFTER:
            self._unknown_to_hub.pop(launch.id, None)
            await self._ledger.end(
                launch, endings.lost("The hub no longer knows this server.")
            )

    async def _remove_strays(self, found: dict[str, ContainerStatus]) -> None:
        """Remove what runs for no launch: an ended one, or an earlier attempt."""
        for name, status in found.items():
            if await self._is_stray(status):
                log.info("Removing %s, which runs for no launch", name)
                await self._engine.stop(name, timedelta(0))
                await self._engine.remove(name)

    async def _is_stray(self, status: ContainerStatus) -> bool:
        try:
            launch = await self._ledger.store.get(status.launch_id)
        except GavipError:
            return True
        if launch.phase not in HOLDING:
            return True
        return status.name != launch.engine_name and launch.phase is Phase.RUNNING
