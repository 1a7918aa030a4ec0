"""Doing what was decided: starting what is admitted, ending what is to end.

Every act can be repeated. One task at a time works on a launch, so that a slow one
keeps nobody else waiting.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from gavip_hub.domain.container import ContainerSpec, ContainerStatus
from gavip_hub.domain.errors import (
    BackendFault,
    GavipError,
    HubUnavailable,
    StoreConflict,
    StoreFault,
)
from gavip_hub.domain.launch import Ending, Launch
from gavip_hub.domain.phase import Phase
from gavip_hub.portal import endings
from gavip_hub.portal.board import Board
from gavip_hub.portal.ledger import Ledger, final_phase
from gavip_hub.ports import Engine, HubServers
from gavip_hub.settings import Rules

__all__ = ["Acts", "SpecMaker"]

log = logging.getLogger(__name__)

PAUSE_S = 2.0
"""Pause after an act that failed, before it is tried again [s]."""

ATTEMPTS = 2
"""Starts of one launch before it is given up."""

SpecMaker = Callable[[Launch], ContainerSpec]
"""Turns a launch that the service itself starts into what an engine runs."""


class Acts:
    """Starts and ends launches through the hub or the engine.

    Parameters
    ----------
    ledger, board
        The record and the last look.
    engine, hub
        Those who are asked.
    rules
        Times of grace.
    make_spec
        For kinds that the hub does not start.
    """

    def __init__(
        self,
        ledger: Ledger,
        board: Board,
        engine: Engine,
        hub: HubServers,
        rules: Rules,
        make_spec: SpecMaker,
    ) -> None:
        self._ledger = ledger
        self._board = board
        self._engine = engine
        self._hub = hub
        self._rules = rules
        self._make_spec = make_spec
        self._at_work: dict[str, asyncio.Task[None]] = {}

    def look_at(self, holding: Iterable[Launch]) -> None:
        """Begin whatever these launches need and nobody works on yet."""
        for launch in holding:
            if launch.id in self._at_work:
                continue
            if launch.phase is Phase.ADMITTED:
                if launch.id not in self._board.starting_in_hub:
                    self._begin(launch, self._start(launch))
            elif launch.phase is Phase.STOPPING:
                self._begin(launch, self._stop(launch))

    async def close(self) -> None:
        """Let go of all acts; they are begun again at the next start."""
        for task in self._at_work.values():
            task.cancel()
        await asyncio.gather(*self._at_work.values(), return_exceptions=True)

    def _begin(self, launch: Launch, act: Coroutine[None, None, None]) -> None:
        task = asyncio.ensure_future(self._guarded(launch, act))
        self._at_work[launch.id] = task

    async def _guarded(self, launch: Launch, act: Coroutine[None, None, None]) -> None:
        try:
            await act
        except StoreConflict:
            self._ledger.work.set()
        except HubUnavailable as fault:
            self._board.hub_fault = fault.message
            await asyncio.sleep(PAUSE_S)
        except (BackendFault, StoreFault) as fault:
            log.warning("Launch %s: %s", launch.id, fault.message)
            await asyncio.sleep(PAUSE_S)
        finally:
            self._at_work.pop(launch.id, None)
            self._ledger.work.set()

    async def _start(self, launch: Launch) -> None:
        await self._clear_earlier_attempts(launch)
        if launch.request.kind.interactive:
            await self._hub.start(launch.request.owner, launch.request.server_name)
            self._board.hub_fault = None
            # The spawner's claim moves it on; until then, do not ask at every pass.
            await asyncio.sleep(PAUSE_S)
            return
        now = self._ledger.clock.now()
        starting = await self._ledger.move(
            launch,
            Phase.STARTING,
            "Starting.",
            deadline=now + launch.request.walltime,
        )
        try:
            await self._engine.create(self._make_spec(starting))
        except GavipError as fault:
            await self.start_failed(starting, fault.message)
            return
        await self._ledger.move(starting, Phase.RUNNING, "Running.")

    async def _clear_earlier_attempts(self, launch: Launch) -> None:
        """Make sure that attempt n is gone before attempt n+1 exists."""
        for attempt in range(1, launch.attempt):
            earlier = replace(launch, attempt=attempt).engine_name
            await self._engine.stop(earlier, timedelta(0))
            await self._engine.remove(earlier)

    async def start_failed(self, launch: Launch, why: str) -> Launch:
        """Try a start once more, or explain why there is none."""
        if launch.attempt < ATTEMPTS:
            return await self._ledger.move(
                launch,
                Phase.ADMITTED,
                f"The first start failed ({why}); it is tried once more.",
                new_attempt=True,
            )
        return await self._ledger.end(launch, endings.failed_to_start(why))

    async def _stop(self, launch: Launch) -> None:
        if launch.request.kind.interactive:
            with suppress(HubUnavailable):
                await self._hub.stop(launch.request.owner, launch.request.server_name)
        await self._clear_earlier_attempts(launch)
        await self._engine.stop(launch.engine_name, self._rules.stop_grace)
        status = await self._status(launch.engine_name)
        await self._engine.remove(launch.engine_name)
        ending = _with_peak(launch, status)
        await self._ledger.move(
            launch, final_phase(launch, ending), ending.message, ending=ending
        )
        self._board.forget(launch.id)

    async def _status(self, name: str) -> ContainerStatus | None:
        return next((s for s in await self._engine.list() if s.name == name), None)


def _with_peak(launch: Launch, status: ContainerStatus | None) -> Ending:
    """Return the decided ending, completed by what the engine measured."""
    ending = launch.ending or endings.lost("Its end was not recorded.")
    if ending.peak_memory_bytes is not None:
        return ending
    seen = [launch.peak_memory_bytes, status.peak_memory_bytes if status else None]
    peaks = [peak for peak in seen if peak is not None]
    return replace(ending, peak_memory_bytes=max(peaks)) if peaks else ending
