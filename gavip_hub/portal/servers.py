"""The hub's spawner at the door: may a server start, and what became of it."""

from datetime import timedelta

from gavip_hub.domain.errors import (
    IllegalTransition,
    ServerBusy,
    StoreConflict,
)
from gavip_hub.domain.launch import Launch, LaunchRequest
from gavip_hub.domain.phase import ENDED, HOLDING, WAITING, Phase
from gavip_hub.portal import endings
from gavip_hub.portal.acts import Acts
from gavip_hub.portal.board import Board, LaunchView
from gavip_hub.portal.dispatcher import Dispatcher
from gavip_hub.portal.launches import Launches
from gavip_hub.portal.ledger import Ledger, on_what_is
from gavip_hub.ports import Engine

__all__ = ["Servers"]

BY_HUB = "the hub, at its owner's or an administrator's word"


class Servers:
    """Admission for the hub's servers.

    Parameters
    ----------
    ledger, board
        The record and the last look.
    launches
        Files a launch for a server that has none.
    dispatcher
        Decides at once, so that an uncontended start simply goes on.
    acts
        Knows what a failed start leads to.
    engine
        Asked to remove what an interrupted start left behind.
    """

    def __init__(
        self,
        ledger: Ledger,
        board: Board,
        launches: Launches,
        dispatcher: Dispatcher,
        acts: Acts,
        engine: Engine,
    ) -> None:
        self._ledger = ledger
        self._board = board
        self._launches = launches
        self._dispatcher = dispatcher
        self._acts = acts
        self._engine = engine

    async def live(self, owner: str, server_name: str) -> Launch | None:
        """Return the launch of a server that has not ended, if there is one."""
        return await self._ledger.store.live_server(owner, server_name)

    async def claim(self, request: LaunchRequest, key: str) -> LaunchView:
        """Let a server start, or tell what it waits for.

        Parameters
        ----------
        request
            What to file if the server has no live launch.
        key
            Names this ask, so that a repeat files nothing new.

        Raises
        ------
        ServerBusy
            Raised if an earlier run of the server has not quite ended.
        """
        launch = await self.live(request.owner, request.server_name)
        if launch is None:
            view, _ = await self._launches.submit(request, key)
            launch = view.launch
        if launch.phase in WAITING:
            self._board.starting_in_hub.add(launch.id)
            try:
                await self._dispatcher.settle()
                launch = await self._ledger.store.get(launch.id)
                if launch.phase is Phase.ADMITTED:
                    launch = await self._go(launch)
            finally:
                self._board.starting_in_hub.discard(launch.id)
        elif launch.phase is Phase.ADMITTED:
            launch = await self._go(launch)
        elif launch.phase is Phase.STARTING:
            launch = await self._go_again(launch)
        elif launch.phase in HOLDING:
            launch = await self._leave(launch)
        if launch.phase in ENDED:
            raise StoreConflict("The launch ended while it was being started.")
        return self._board.view(launch)

    async def report(
        self, launch_id: str, attempt: int, outcome: str, message: str
    ) -> LaunchView:
        """Note what the spawner says became of an attempt."""

        async def act() -> Launch:
            launch = await self._ledger.store.get(launch_id)
            if launch.attempt != attempt:
                raise IllegalTransition(
                    f"Attempt {attempt} is over; "
                    f"the launch is at attempt {launch.attempt}."
                )
            return await self._reported(launch, outcome, message)

        return self._board.view(await on_what_is(act))

    async def _reported(self, launch: Launch, outcome: str, message: str) -> Launch:
        if launch.phase is Phase.STARTING and outcome == "failed":
            return await self._acts.start_failed(launch, message)
        if outcome in {"stopping", "stopped"} and launch.phase in {
            Phase.STARTING,
            Phase.RUNNING,
        }:
            return await self._ledger.end(launch, endings.stopped(launch, BY_HUB))
        return launch

    async def _go(self, launch: Launch) -> Launch:
        await self._acts.clear_earlier_attempts(launch)
        deadline = self._ledger.clock.now() + launch.request.walltime
        return await self._ledger.move(
            launch, Phase.STARTING, "Starting.", deadline=deadline
        )

    async def _go_again(self, launch: Launch) -> Launch:
        """Start anew what a hub that died in the middle of a start left behind."""
        await self._engine.stop(launch.engine_name, timedelta(0))
        await self._engine.remove(launch.engine_name)
        again = await self._ledger.move(
            launch,
            Phase.ADMITTED,
            "The hub was interrupted while it started this; it is started again.",
            new_attempt=True,
        )
        return await self._go(again)

    async def _leave(self, launch: Launch) -> Launch:
        """End what still runs though the hub has no server for it, and ask to wait."""
        if launch.phase is not Phase.STOPPING:
            await self._ledger.end(
                launch, endings.lost("The hub lost touch with this server.")
            )
        raise ServerBusy(
            "The earlier run of this server is just being ended. "
            "Try again in a few seconds.",
            field="server_name",
        )
