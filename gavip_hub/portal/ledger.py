"""Writes to the store, and everybody who must hear of them woken."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TypeVar

from gavip_hub.domain.errors import StoreConflict
from gavip_hub.domain.event import EventKind
from gavip_hub.domain.launch import EndCode, Ending, Launch
from gavip_hub.domain.phase import HOLDING, Phase
from gavip_hub.ports import Change, Clock, LaunchStore, Submission

__all__ = ["Ledger", "final_phase", "on_what_is"]

T = TypeVar("T")

FRESH = timedelta(milliseconds=500)
"""How old the word on the lease may be; another service takes longer to begin."""

TRIES = 8
"""Times that somebody who was overtaken by another change looks again."""


async def on_what_is(act: Callable[[], Awaitable[T]]) -> T:
    """Do an act that reads a launch and changes it; again if it was overtaken.

    Raises
    ------
    StoreConflict
        Raised if others were quicker each time.
    """
    for _ in range(TRIES - 1):
        with suppress(StoreConflict):
            return await act()
    return await act()


def final_phase(launch: Launch, ending: Ending) -> Phase:
    """Return the final phase of an ending.

    Notes
    -----
    What its owner cancelled before it ever ran is ABORTED, as in UWS; what ran and was
    stopped has done its work and is COMPLETED.
    """
    if ending.code is EndCode.STOPPED and launch.running_at is None:
        return Phase.ABORTED
    return ending.code.phase


class Ledger:
    """The one way in which use cases change launches.

    Parameters
    ----------
    store
        The durable record.
    clock
        Where the time comes from.
    """

    def __init__(self, store: LaunchStore, clock: Clock) -> None:
        self.store = store
        self.clock = clock
        self.changed = asyncio.Event()
        """Set after every write; the teller clears it."""
        self.work = asyncio.Event()
        """Set when the dispatcher may have something to do; it clears it."""

    async def submit(self, submission: Submission) -> tuple[Launch, bool]:
        """Record a launch; see `LaunchStore.submit`."""
        launch, created = await self.store.submit(submission, self.clock.now())
        if created:
            self._wake()
        return launch, created

    async def admit(
        self, launch: Launch, node: str, now: datetime, until: datetime
    ) -> Launch:
        """Allocate; see `LaunchStore.admit`."""
        admitted = await self.store.admit(launch.id, launch.version, node, now, until)
        self._wake()
        return admitted

    async def move(
        self,
        launch: Launch,
        phase: Phase,
        reason: str,
        *,
        ending: Ending | None = None,
        deadline: datetime | None = None,
        new_attempt: bool = False,
    ) -> Launch:
        """Move a launch to another phase, durably."""
        moved = await self.store.move(
            Change(
                launch.id,
                launch.version,
                phase,
                reason,
                self.clock.now(),
                ending=ending,
                deadline=deadline,
                new_attempt=new_attempt,
            )
        )
        self._wake()
        return moved

    async def note(
        self,
        launch: Launch,
        kind: EventKind,
        message: str,
        *,
        deadline: datetime | None = None,
        detail: Mapping[str, int | str | None] | None = None,
    ) -> Launch:
        """Record something that leaves the phase as it is."""
        noted = await self.store.move(
            Change(
                launch.id,
                launch.version,
                launch.phase,
                launch.reason,
                self.clock.now(),
                deadline=deadline,
                event=kind,
                message=message,
                detail={**(detail or {})},
            )
        )
        self._wake()
        return noted

    async def end(self, launch: Launch, ending: Ending) -> Launch:
        """Decide the end of a launch.

        What waits ends at once. What holds resources moves to STOPPING and gives them
        back when the engine confirms that nothing is left.
        """
        phase = (
            Phase.STOPPING if launch.phase in HOLDING else final_phase(launch, ending)
        )
        return await self.move(launch, phase, ending.message, ending=ending)

    async def still_ours(self) -> None:
        """Return if this service is the one that decides, as of this moment.

        Raises
        ------
        FencedOut
            Raised if another service has taken over.

        Notes
        -----
        A service that was stopped between an intent and its act wakes up to a world
        that another one has gone on with. An answer that took long says nothing of
        now, so it is asked for again.
        """
        for _ in range(TRIES):
            asked = self.clock.now()
            await self.store.confirm_lease()
            if self.clock.now() - asked < FRESH:
                return

    def _wake(self) -> None:
        self.changed.set()
        self.work.set()
