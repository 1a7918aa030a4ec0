"""What running launches use, measured at intervals."""

import asyncio
import logging
from datetime import timedelta

from gavip_hub.domain.container import Usage
from gavip_hub.domain.errors import BackendFault, StoreFault
from gavip_hub.domain.event import EventKind, LaunchEvent
from gavip_hub.domain.launch import Launch
from gavip_hub.domain.phase import Phase
from gavip_hub.portal.board import Board
from gavip_hub.portal.ledger import Ledger
from gavip_hub.portal.watch import Watch
from gavip_hub.ports import Engine

__all__ = ["Meter"]

log = logging.getLogger(__name__)

WORTH_KEEPING = 1.02
"""Growth of the peak from which it is written to the database again."""


class Meter:
    """Measures each running launch, shows it, and keeps the peak.

    Parameters
    ----------
    ledger, board, watch
        The record, the last look, and those who listen.
    engine
        What is asked.
    """

    def __init__(
        self, ledger: Ledger, board: Board, watch: Watch, engine: Engine
    ) -> None:
        self._ledger = ledger
        self._board = board
        self._watch = watch
        self._engine = engine

    async def run(self, interval: timedelta) -> None:
        """Measure for ever."""
        while True:
            try:
                await self.measure()
            except (BackendFault, StoreFault) as fault:
                log.debug("Cannot measure: %s", fault.message)
            await asyncio.sleep(interval.total_seconds())

    async def measure(self) -> None:
        """Measure everything that runs, once."""
        for launch in await self._ledger.store.holding():
            if launch.phase is Phase.RUNNING:
                usage = await self._engine.usage(launch.engine_name)
                if usage is not None:
                    await self._record(launch, usage)

    async def _record(self, launch: Launch, usage: Usage) -> None:
        self._board.usage[launch.id] = usage
        peak = max(usage.peak_memory_bytes or 0, usage.memory_bytes)
        if peak > WORTH_KEEPING * (launch.peak_memory_bytes or 0):
            await self._ledger.store.note_peak(launch.id, peak)
        event = LaunchEvent(
            sequence=0,
            launch_id=launch.id,
            owner=launch.request.owner,
            kind=EventKind.USAGE,
            phase=launch.phase,
            message="",
            at=self._ledger.clock.now(),
            detail={
                "cpu_milli": usage.cpu_milli,
                "memory_bytes": usage.memory_bytes,
                "pids": usage.pids,
            },
        )
        self._watch.publish(event, self._board.view(launch))
