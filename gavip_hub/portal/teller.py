"""Reads the kept events as they are written and tells them to the watch."""

import asyncio

from gavip_hub.domain.errors import StoreFault
from gavip_hub.domain.event import LaunchEvent
from gavip_hub.portal.board import Board
from gavip_hub.portal.ledger import Ledger
from gavip_hub.portal.watch import Watch

__all__ = ["Teller"]

PAGE = 500
"""Events read at a time."""

RETRY_S = 1.0
"""Pause after the database refused to be read [s]."""


class Teller:
    """Follows the event table, so that readers get what is on disk, in its order.

    Parameters
    ----------
    ledger
        Whose writes are told.
    board
        Completes each launch with its place and use.
    watch
        Where the readers are.
    """

    def __init__(self, ledger: Ledger, board: Board, watch: Watch) -> None:
        self._ledger = ledger
        self._board = board
        self._watch = watch
        self._told = 0

    async def run(self) -> None:
        """Tell for ever; starts with what is written after this call."""
        await self._skip_the_past()
        while True:
            await self._ledger.changed.wait()
            self._ledger.changed.clear()
            try:
                await self._tell_new()
            except StoreFault:
                self._ledger.changed.set()
                await asyncio.sleep(RETRY_S)

    async def _skip_the_past(self) -> None:
        self._told = await self._ledger.store.last_sequence()

    async def _tell_new(self) -> None:
        while events := await self._ledger.store.events_after(self._told, limit=PAGE):
            for event in events:
                self._told = event.sequence
                await self._tell(event)

    async def _tell(self, event: LaunchEvent) -> None:
        if self._watch.wanted(event):
            launch = await self._ledger.store.get(event.launch_id)
            self._watch.publish(event, self._board.view(launch))
