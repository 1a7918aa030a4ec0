"""What people can do with launches: ask, look, cancel, prolong."""

import hashlib
import json
from dataclasses import asdict, fields
from datetime import datetime, timedelta

from gavip_hub.domain.amounts import format_clock, format_duration
from gavip_hub.domain.errors import (
    ExtensionRefused,
    IllegalTransition,
    InvalidField,
    UnknownLaunch,
)
from gavip_hub.domain.event import EventKind, LaunchEvent
from gavip_hub.domain.launch import Ending, Launch, LaunchRequest
from gavip_hub.domain.phase import ENDED, HOLDING, Phase
from gavip_hub.policy.eligibility import check_request
from gavip_hub.policy.extension import longest_extension
from gavip_hub.portal import endings
from gavip_hub.portal.board import Activity, Board, LaunchView
from gavip_hub.portal.dispatcher import Dispatcher
from gavip_hub.portal.ledger import Ledger, on_what_is
from gavip_hub.ports import Engine, LaunchFilter, Submission
from gavip_hub.settings import Rules

__all__ = ["Launches"]

SHORTEST_EXTENSION = timedelta(minutes=1)
"""Less than this is not worth moving a deadline for."""


class Launches:
    """The use cases of the launch queue.

    Parameters
    ----------
    ledger, board
        The record and the last look.
    dispatcher
        Decides; asked to settle when somebody waits for the answer.
    engine
        Told of a deadline that moves.
    rules
        Bounds and quotas.
    """

    def __init__(
        self,
        ledger: Ledger,
        board: Board,
        dispatcher: Dispatcher,
        engine: Engine,
        rules: Rules,
    ) -> None:
        self._ledger = ledger
        self._board = board
        self._dispatcher = dispatcher
        self._engine = engine
        self._rules = rules

    async def submit(self, request: LaunchRequest, key: str) -> tuple[LaunchView, bool]:
        """Acknowledge a launch durably; return it and whether it is new.

        Raises
        ------
        InvalidField
            Raised if an amount is outside the platform's bounds.
        NeverFits, QuotaExceeded
            Raised if it could never start; the message says what could.
        QueueFull
            Raised if the owner has too many launches waiting.
        IdempotencyConflict
            Raised if the key was used with another request.
        """
        await self._check(request)
        quota = self._rules.quotas.get(request.owner, self._rules.default_quota)
        launch, created = await self._ledger.submit(
            Submission(request, key, fingerprint(request), quota.max_waiting)
        )
        return self._board.view(launch), created

    async def get(self, launch_id: str, owner: str | None) -> LaunchView:
        """Return a launch; one of somebody else does not exist for ``owner``."""
        return self._board.view(await self._owned(launch_id, owner))

    async def find(self, wanted: LaunchFilter) -> list[LaunchView]:
        """Return launches, newest first."""
        found = await self._ledger.store.find(wanted)
        return [self._board.view(launch) for launch in found]

    async def events(
        self, after: int, *, launch_id: str | None, owner: str | None
    ) -> list[LaunchEvent]:
        """Return kept events later than a sequence number, oldest first."""
        return await self._ledger.store.events_after(
            after, launch_id=launch_id, owner=owner
        )

    async def cancel(
        self, launch_id: str, owner: str | None, *, by_operator: bool = False
    ) -> LaunchView:
        """End a launch, wherever it stands; repeating does no harm."""

        async def act() -> Launch:
            launch = await self._owned(launch_id, owner)
            if launch.phase in ENDED or launch.phase is Phase.STOPPING:
                return launch
            ending = (
                endings.operator(launch)
                if by_operator
                else endings.stopped(launch, "its owner")
            )
            return await self.end(launch, ending)

        return self._board.view(await on_what_is(act))

    async def end(self, launch: Launch, ending: Ending) -> Launch:
        """Decide the end of a launch."""
        ended = await self._ledger.end(launch, ending)
        self._board.waits = {
            key: wait for key, wait in self._board.waits.items() if key != launch.id
        }
        return ended

    async def extend(
        self, launch_id: str, owner: str | None, by: timedelta
    ) -> LaunchView:
        """Move a running launch's deadline, if nobody's start moves with it.

        Raises
        ------
        IllegalTransition
            Raised if the launch does not run.
        ExtensionRefused
            Raised if somebody waits for its place, or the walltime would grow past
            the longest; the message says how much can be given.
        """
        if by < SHORTEST_EXTENSION:
            raise InvalidField(
                "by must be at least one minute, such as '30m'.", field="by"
            )

        async def act() -> Launch:
            return await self._extend(await self._owned(launch_id, owner), by)

        return self._board.view(await on_what_is(act))

    async def _extend(self, launch: Launch, by: timedelta) -> Launch:
        if launch.phase is not Phase.RUNNING or launch.deadline is None:
            raise IllegalTransition(
                f"Only a running launch can be extended; this one is {launch.phase}."
            )
        now = self._ledger.clock.now()
        leeway = longest_extension(
            await self._dispatcher.state(),
            launch,
            now,
            self._rules.bounds.max_walltime,
            wanted=by,
        )
        if by > leeway.longest:
            offer = (
                f" It can be extended by {format_duration(leeway.longest)}."
                if leeway.longest >= SHORTEST_EXTENSION
                else ""
            )
            raise ExtensionRefused(f"{leeway.reason}{offer}", field="by")
        deadline = launch.deadline + by
        # The engine first: what it allows too long, the record's deadline still ends;
        # what it ended too early would break a promise.
        await self._engine.set_deadline(launch.engine_name, deadline)
        clock = format_clock(deadline, now)
        return await self._ledger.note(
            launch,
            EventKind.EXTENDED,
            f"Extended by {format_duration(by)}: ends at {clock}.",
            deadline=deadline,
            detail={"deadline": deadline.isoformat()},
        )

    async def told_activity(
        self,
        launch_id: str,
        owner: str,
        busy: bool,  # noqa: FBT001 (a fact that travels, not a switch)
        last_activity: datetime,
        *,
        ready: bool,
    ) -> LaunchView:
        """Note what a session says of itself; a first word means that it runs."""

        async def act() -> Launch:
            launch = await self._owned(launch_id, owner)
            if launch.phase not in HOLDING:
                return launch
            now = self._ledger.clock.now()
            self._board.activity[launch.id] = Activity(busy, last_activity, now)
            if ready and launch.phase is Phase.STARTING:
                return await self._ledger.move(launch, Phase.RUNNING, "Running.")
            return launch

        return self._board.view(await on_what_is(act))

    async def _check(self, request: LaunchRequest) -> None:
        quota = self._rules.quotas.get(request.owner, self._rules.default_quota)
        check_request(
            request.resources,
            request.walltime,
            nodes=self._board.nodes or await self._ledger.store.nodes(),
            quota=quota,
            bounds=self._rules.bounds,
        )

    async def _owned(self, launch_id: str, owner: str | None) -> Launch:
        launch = await self._ledger.store.get(launch_id)
        if owner is not None and launch.request.owner != owner:
            raise UnknownLaunch(f"You have no launch {launch_id}.")
        return launch


def fingerprint(request: LaunchRequest) -> str:
    """Return a digest that two equal requests share."""
    words = {field.name: getattr(request, field.name) for field in fields(request)}
    words |= {
        "resources": asdict(request.resources),
        "walltime": request.walltime.total_seconds(),
        "options": dict(request.options),
    }
    text = json.dumps(words, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
