"""Doing what was decided: starting what is admitted, ending what is to end.

Every act can be repeated. One task at a time works on a launch, so that a slow one
keeps nobody else waiting.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from gavip_hub.domain.container import ContainerSpec, ContainerStatus
from gavip_hub.domain.errors import (
    BackendFault,
    FencedOut,
    GavipError,
    HubRefused,
    HubUnavailable,
    StoreConflict,
)
from gavip_hub.domain.launch import Ending, Launch
from gavip_hub.domain.phase import Phase
from gavip_hub.portal import endings
from gavip_hub.portal.board import Board
from gavip_hub.portal.ledger import Ledger, final_phase
from gavip_hub.ports import Engine, HubServers
from gavip_hub.settings import Rules

__all__ = ["PAUSE", "Acts", "SpecMaker"]

log = logging.getLogger(__name__)

PAUSE = timedelta(seconds=2)
"""Pause after an act that failed, before it is tried again."""

ATTEMPTS = 2
"""Starts of a launch before it counts as failed."""

SpecMaker = Callable[[Launch], ContainerSpec]
"""Turns a launch that the service itself starts into what an engine runs."""


@dataclass(frozen=True, slots=True)
class _Work:
    """What is being done to a launch."""

    phase: Phase
    """The phase that called for it."""
    task: asyncio.Task[None]


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
    pause
        How long to wait before an act is tried again.
    """

    def __init__(
        self,
        ledger: Ledger,
        board: Board,
        engine: Engine,
        hub: HubServers,
        rules: Rules,
        make_spec: SpecMaker,
        pause: timedelta = PAUSE,
    ) -> None:
        self._ledger = ledger
        self._board = board
        self._engine = engine
        self._hub = hub
        self._rules = rules
        self._make_spec = make_spec
        self._pause_s = pause.total_seconds()
        self._at_work: dict[str, _Work] = {}
        self._refusals: dict[str, int] = {}
        self._asked_since: dict[str, datetime] = {}

    def look_at(self, holding: Iterable[Launch]) -> None:
        """Begin whatever these launches need and nobody works on yet."""
        for launch in holding:
            work = self._at_work.get(launch.id)
            if work is not None:
                self._hurry(launch, work)
            elif launch.phase is Phase.STOPPING:
                self._begin(launch, self._stop(launch))
            elif self._board.engine_fault is None:
                self._look_at_start(launch)

    def _look_at_start(self, launch: Launch) -> None:
        interactive = launch.request.kind.interactive
        if launch.phase is Phase.ADMITTED:
            if launch.id not in self._board.starting_in_hub:
                start = self._ask_hub if interactive else self._start
                self._begin(launch, start(launch))
        elif launch.phase is Phase.STARTING and not interactive:
            # An earlier service was ended between the intent and the act.
            self._begin(launch, self._create(launch))

    @staticmethod
    def _hurry(launch: Launch, work: _Work) -> None:
        """Let an end not wait for a start that only waits for the hub."""
        if (
            launch.phase is Phase.STOPPING
            and work.phase is not Phase.STOPPING
            and launch.request.kind.interactive
        ):
            work.task.cancel()

    def works_on(self, launch: Launch) -> bool:
        """Return whether something is being done to a launch."""
        return launch.id in self._at_work

    async def close(self) -> None:
        """Let go of all acts; they are begun again at the next start."""
        tasks = [work.task for work in self._at_work.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _begin(self, launch: Launch, act: Coroutine[None, None, None]) -> None:
        task = asyncio.ensure_future(self._guarded(launch, act))
        self._at_work[launch.id] = _Work(launch.phase, task)

    async def _guarded(self, launch: Launch, act: Coroutine[None, None, None]) -> None:
        try:
            await act
        except (StoreConflict, FencedOut):
            # Overtaken by another change, which the next pass sees; or by another
            # service, which the lease's own loop sees.
            pass
        except GavipError as fault:
            if isinstance(fault, HubUnavailable):
                self._board.hub_fault = fault.message
            log.warning("Launch %s: %s", launch.id, fault.message)
            await asyncio.sleep(self._pause_s)
        finally:
            self._at_work.pop(launch.id, None)
            self._ledger.work.set()

    async def _ask_hub(self, launch: Launch) -> None:
        await self.clear_earlier_attempts(launch)
        try:
            await self._hub.start(launch.request.owner, launch.request.server_name)
        except HubRefused as fault:
            await self._refused(launch, fault)
        except HubUnavailable:
            self._asked_since.pop(launch.engine_name, None)
            raise
        else:
            self._board.hub_fault = None
            self._refusals.pop(launch.id, None)
            await self._asked(launch)
        # The spawner's claim moves it on; until then, do not ask at every pass.
        await asyncio.sleep(self._pause_s)

    async def _asked(self, launch: Launch) -> None:
        """Give up on a hub that was asked and does not begin.

        Notes
        -----
        A hub that was interrupted in a start can believe that the server is up. Being
        asked to stop it first may bring it back to its senses.
        """
        now = self._ledger.clock.now()
        waited = now - self._asked_since.setdefault(launch.engine_name, now)
        current = await self._ledger.store.get(launch.id)
        if current.version != launch.version:
            del self._asked_since[launch.engine_name]
        elif waited > self._rules.start_timeout:
            del self._asked_since[launch.engine_name]
            seconds = int(self._rules.start_timeout.total_seconds())
            why = f"the hub did not begin to start it within {seconds} seconds"
            await self._ledger.end(launch, endings.failed_to_start(why))
        elif waited > self._rules.start_timeout / 2:
            await self._hub.stop(launch.request.owner, launch.request.server_name)

    async def _refused(self, launch: Launch, fault: HubRefused) -> None:
        """End a launch that the hub refuses to start again and again."""
        count = self._refusals.get(launch.id, 0) + 1
        self._refusals[launch.id] = count
        if count >= ATTEMPTS:
            self._refusals.pop(launch.id)
            await self._ledger.end(launch, endings.failed_to_start(fault.message))

    async def _start(self, launch: Launch) -> None:
        await self.clear_earlier_attempts(launch)
        deadline = self._ledger.clock.now() + launch.request.walltime
        starting = await self._ledger.move(
            launch, Phase.STARTING, "Starting.", deadline=deadline
        )
        await self._create(starting)

    async def _create(self, starting: Launch) -> None:
        await self._ledger.still_ours()
        try:
            await self._engine.create(self._make_spec(starting))
        except GavipError as fault:
            await self.start_failed(starting, fault.message)
            return
        await self._ledger.move(starting, Phase.RUNNING, "Running.")

    async def clear_earlier_attempts(self, launch: Launch) -> None:
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
            if launch.started_at is not None and launch.running_at is None:
                # Perhaps the hub has just interrupted the start: it takes a second
                # over that, and must not be asked to stop the same server in it.
                await asyncio.sleep(self._pause_s)
            with suppress(BackendFault):
                await self._hub.stop(launch.request.owner, launch.request.server_name)
        await self.clear_earlier_attempts(launch)
        await self._engine.stop(launch.engine_name, self._rules.stop_grace)
        status = await self._status(launch.engine_name)
        await self._engine.remove(launch.engine_name)
        ending = _with_peak(launch, status)
        await self._ledger.move(
            launch, final_phase(launch, ending), ending.message, ending=ending
        )
        self._board.forget(launch.id)
        self._asked_since.pop(launch.engine_name, None)

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
