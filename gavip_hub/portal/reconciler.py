"""Comparing the record with what the engine and the hub really have."""

import asyncio
import logging
from collections.abc import Coroutine, Mapping
from datetime import datetime, timedelta

from gavip_hub.domain.container import ContainerState, ContainerStatus
from gavip_hub.domain.errors import (
    BackendFault,
    FencedOut,
    GavipError,
    StoreConflict,
    StoreFault,
    UnknownLaunch,
)
from gavip_hub.domain.launch import Launch
from gavip_hub.domain.phase import HOLDING, Phase
from gavip_hub.portal import endings
from gavip_hub.portal.acts import Acts
from gavip_hub.portal.board import Board
from gavip_hub.portal.ledger import Ledger
from gavip_hub.portal.timekeeper import Timekeeper
from gavip_hub.ports import Engine, HubServers, ServerState
from gavip_hub.settings import Rules

__all__ = ["Reconciler"]

log = logging.getLogger(__name__)

NODES_EVERY = timedelta(seconds=30)
"""How often the engine is asked what it offers."""

HUB_EVERY = timedelta(seconds=10)
"""How often the hub is asked for its servers while none of ours is starting."""

HUB_FORGOT_AFTER = timedelta(seconds=20)
"""How long the hub may not know a running server before it is given up."""

HUB_DROPPED_AFTER = timedelta(seconds=5)
"""How long it may not know a starting server; shorter, since nobody uses it yet."""

Servers = Mapping[tuple[str, str], ServerState]
"""The hub's active servers, by owner and name."""


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
        self._hub_at: datetime | None = None
        self._unknown_to_hub: dict[str, datetime] = {}

    async def run(self, interval: timedelta) -> None:
        """Look for ever."""
        while True:
            try:
                await self.look()
            except FencedOut:
                raise
            except StoreFault as fault:
                log.warning("Cannot reconcile: %s", fault.message)
            await asyncio.sleep(interval.total_seconds())

    async def look(self) -> None:
        """Compare once, and write down each difference.

        The record is read first: what the engine and the hub tell is then newer, and
        whoever moved meanwhile is judged at the next look.
        """
        holding = await self._ledger.store.holding()
        found = await self._in_engine()
        servers = await self._in_hub(holding)
        for launch in holding:
            await self._settle(self._judge(launch, found, servers), launch)
        self._forget_ended(holding)
        if found is not None:
            await self._remove_strays(holding, found)

    async def _in_engine(self) -> dict[str, ContainerStatus] | None:
        """Return what the engine has, by name, or None if it does not answer."""
        try:
            await self._sync_nodes()
            found = {status.name: status for status in await self._engine.list()}
        except BackendFault as fault:
            self._engine_away(fault.message)
            return None
        if self._board.engine_fault is not None:
            self._board.engine_fault = None
            self._ledger.work.set()
        return found

    async def _in_hub(self, holding: list[Launch]) -> Servers | None:
        """Return the hub's servers, or None if it is not asked or does not answer."""
        ours = [one.phase for one in holding if one.request.kind.interactive]
        now = self._ledger.clock.now()
        due = self._hub_at is None or not (
            timedelta(0) <= now - self._hub_at < HUB_EVERY
        )
        if Phase.STARTING not in ours and not (due and Phase.RUNNING in ours):
            return None
        try:
            servers = await self._hub.active()
        except BackendFault as fault:
            self._board.hub_fault = fault.message
            return None
        self._board.hub_fault = None
        self._hub_at = now
        return servers

    def _engine_away(self, message: str) -> None:
        if self._board.engine_fault is None:
            log.warning("The engine does not answer: %s", message)
            self._ledger.work.set()
        self._board.engine_fault = message

    async def _sync_nodes(self) -> None:
        now = self._ledger.clock.now()
        if self._nodes_at is None or not (
            timedelta(0) <= now - self._nodes_at < NODES_EVERY
        ):
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
        except FencedOut:
            raise
        except GavipError as fault:
            log.warning("Launch %s: %s", launch.id, fault.message)

    async def _judge(
        self,
        launch: Launch,
        found: dict[str, ContainerStatus] | None,
        servers: Servers | None,
    ) -> None:
        if launch.phase is Phase.STARTING:
            if launch.request.kind.interactive:
                await self._judge_server(launch, found, servers)
            else:
                await self._judge_batch(launch, found)
        elif launch.phase is Phase.RUNNING:
            await self._judge_run(launch, found, servers)

    async def _judge_batch(
        self, launch: Launch, found: dict[str, ContainerStatus] | None
    ) -> None:
        """Note that a batch run has begun, even if it is over already."""
        if found and launch.engine_name in found and not self._acts.works_on(launch):
            await self._ledger.move(launch, Phase.RUNNING, "Running.")

    async def _judge_server(
        self,
        launch: Launch,
        found: dict[str, ContainerStatus] | None,
        servers: Servers | None,
    ) -> None:
        status = found.get(launch.engine_name) if found else None
        if status and status.state is ContainerState.EXITED:
            why = endings.told_by_engine(launch, status, self._rules.sizes).message
            await self._acts.start_failed(launch, why)
            return
        if servers is None or launch.id in self._board.starting_in_hub:
            return
        server = servers.get(_key(launch))
        if server and server.ready and status:
            await self._ledger.move(launch, Phase.RUNNING, "Running.")
        elif server is None and self._unknown_for(launch) >= HUB_DROPPED_AFTER:
            await self._acts.start_failed(launch, "the hub was interrupted")
        elif server is not None:
            self._unknown_to_hub.pop(launch.engine_name, None)
            begun = launch.started_at or launch.created_at
            late = self._ledger.clock.now() - begun > self._rules.start_timeout
            if late and server.pending is None:
                limit = int(self._rules.start_timeout.total_seconds())
                await self._acts.start_failed(
                    launch, f"it did not answer within {limit} seconds"
                )

    async def _judge_run(
        self,
        launch: Launch,
        found: dict[str, ContainerStatus] | None,
        servers: Servers | None,
    ) -> None:
        if found is not None:
            status = found.get(launch.engine_name)
            if status is None:
                ending = endings.lost("The engine no longer has it.")
                await self._ledger.end(launch, ending)
                return
            if status.state is ContainerState.EXITED:
                ending = endings.told_by_engine(launch, status, self._rules.sizes)
                await self._ledger.end(launch, ending)
                return
        if await self._timekeeper.ended(launch):
            return
        if servers is not None and launch.request.kind.interactive:
            await self._judge_hub(launch, servers)

    async def _judge_hub(self, launch: Launch, servers: Servers) -> None:
        """End a session that the hub no longer knows, since nobody can reach it."""
        if _key(launch) in servers:
            self._unknown_to_hub.pop(launch.engine_name, None)
        elif self._unknown_for(launch) >= HUB_FORGOT_AFTER:
            ending = endings.lost("The hub no longer knows this server.")
            await self._ledger.end(launch, ending)

    def _unknown_for(self, launch: Launch) -> timedelta:
        """Return since how long the hub has not known an attempt's server."""
        now = self._ledger.clock.now()
        return now - self._unknown_to_hub.setdefault(launch.engine_name, now)

    def _forget_ended(self, holding: list[Launch]) -> None:
        self._timekeeper.keep_only({launch.id for launch in holding})
        names = {launch.engine_name for launch in holding}
        self._unknown_to_hub = {
            name: since for name, since in self._unknown_to_hub.items() if name in names
        }

    async def _remove_strays(
        self, holding: list[Launch], found: dict[str, ContainerStatus]
    ) -> None:
        """Remove what runs for no launch: an ended one, or an earlier attempt."""
        expected = {launch.engine_name for launch in holding}
        for name, status in found.items():
            if name not in expected and await self._is_stray(status):
                log.info("Removing %s, which runs for no launch", name)
                try:
                    await self._engine.stop(name, timedelta(0))
                    await self._engine.remove(name)
                except BackendFault as fault:
                    log.warning("Cannot remove %s: %s", name, fault.message)

    async def _is_stray(self, status: ContainerStatus) -> bool:
        try:
            launch = await self._ledger.store.get(status.launch_id)
        except UnknownLaunch:
            return True
        if launch.phase not in HOLDING:
            return True
        return status.attempt < launch.attempt and launch.phase is Phase.RUNNING


def _key(launch: Launch) -> tuple[str, str]:
    return launch.request.owner, launch.request.server_name
