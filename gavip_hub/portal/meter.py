"""What running launches use, measured at intervals."""

import asyncio
import logging
from datetime import timedelta

from gavip_hub.domain.amounts import format_memory
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

AT_ONCE = 8
"""Measurements under way at a time."""

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
        self._oom_kills: dict[str, int] = {}

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
        running = [
            launch
            for launch in await self._ledger.store.holding()
            if launch.phase is Phase.RUNNING
        ]
        at_once = asyncio.Semaphore(AT_ONCE)
        await asyncio.gather(*(self._measure(launch, at_once) for launch in running))
        names = {launch.engine_name for launch in running}
        self._oom_kills = {
            name: kills for name, kills in self._oom_kills.items() if name in names
        }

    async def _measure(self, launch: Launch, at_once: asyncio.Semaphore) -> None:
        """Measure one; what cannot be measured now is measured the next time."""
        async with at_once:
            try:
                usage = await self._engine.usage(launch.engine_name)
                if usage is not None:
                    await self._record(launch, usage)
                    await self._tell_of_kills(launch, usage)
            except (BackendFault, StoreFault) as fault:
                log.debug("Cannot measure %s: %s", launch.id, fault.message)

    async def _tell_of_kills(self, launch: Launch, usage: Usage) -> None:
        """Say why a kernel vanished while its session goes on.

        Notes
        -----
        The first look after a start of the service only counts: what it sees may have
        been told before.
        """
        kills = usage.oom_kills
        before = self._oom_kills.setdefault(launch.engine_name, kills)
        if kills <= before:
            return
        limit = format_memory(launch.request.resources.memory_bytes)
        await self._ledger.note(
            launch,
            EventKind.WARNING,
            f"Memory ran out at its limit of {limit}: a process in it, most likely a "
            "notebook's kernel, was ended. Use less, or start again with more memory.",
            detail={"cause": "out_of_memory", "kills": kills},
        )
        self._oom_kills[launch.engine_name] = kills

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
