"""Time limits: warning before the end, ending at it, and the idle rule."""

from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta

from gavip_hub.domain.amounts import format_duration
from gavip_hub.domain.event import EventKind
from gavip_hub.domain.launch import Launch
from gavip_hub.portal import endings
from gavip_hub.portal.board import Board
from gavip_hub.portal.ledger import Ledger
from gavip_hub.settings import Rules

__all__ = ["Timekeeper"]

FRESH = timedelta(minutes=3)
"""How old a session's word about itself may be; older words end nobody."""

QUIET_CPU_MILLI = 50
"""Processor time below which nothing is being computed [milli-cores]."""

IDLE_NOTICE = timedelta(minutes=10)
"""How long before an idle end it is announced, at most half of the rule's time."""


class Timekeeper:
    """Knows when launches must end by the clock.

    Parameters
    ----------
    ledger, board
        The record, and what sessions told of themselves.
    rules
        Warnings and the idle rule.
    """

    def __init__(self, ledger: Ledger, board: Board, rules: Rules) -> None:
        self._ledger = ledger
        self._board = board
        self._rules = rules
        self._warned: dict[str, set[str]] = {}
        self._at_work: dict[str, datetime] = {}

    async def ended(self, launch: Launch) -> bool:
        """End a running launch whose time is up, or warn it; return whether it ends."""
        now = self._ledger.clock.now()
        idle_since = self._idle_since(launch, now)
        rule = self._rules.idle_timeout
        if launch.deadline is not None and now >= launch.deadline:
            await self._ledger.end(launch, endings.walltime(launch))
        elif rule and idle_since and now - idle_since >= rule:
            await self._ledger.end(launch, endings.idle(rule))
        else:
            await self._warn(launch, now, idle_since)
            return False
        return True

    def keep_only(self, launch_ids: AbstractSet[str]) -> None:
        """Drop what was known of all other launches."""
        for launch_id in self._warned.keys() - launch_ids:
            del self._warned[launch_id]
        for launch_id in self._at_work.keys() - launch_ids:
            del self._at_work[launch_id]

    def _idle_since(self, launch: Launch, now: datetime) -> datetime | None:
        """Return since when nothing happens, or None if it cannot be said.

        Notes
        -----
        Silence is never taken for idleness: a kernel that computes may keep the
        server from answering. What used the processor, or was busy, was not idle
        until then; what was before this service's first look at it counts as work.
        """
        told = self._board.activity.get(launch.id)
        usage = self._board.usage.get(launch.id)
        since = self._at_work.setdefault(launch.id, now)
        fresh = told is not None and now - told.reported_at <= FRESH
        computes = usage is not None and usage.cpu_milli > QUIET_CPU_MILLI
        if computes or (fresh and told and told.busy):
            self._at_work[launch.id] = now
            return None
        if not fresh or told is None or usage is None:
            return None
        return max(told.last_activity, since, launch.running_at or since)

    async def _warn(
        self, launch: Launch, now: datetime, idle_since: datetime | None
    ) -> None:
        if launch.deadline is not None:
            left = launch.deadline - now
            due = [before for before in self._rules.end_warnings if left <= before]
            if due:
                nearest = min(due)
                await self._warn_once(
                    launch,
                    f"{launch.deadline.isoformat()}/{nearest.total_seconds():.0f}",
                    f"Ends in {format_duration(_rounded(left, nearest))}: its time "
                    "limit. Extend it, or save your work.",
                    {"ends_at": launch.deadline.isoformat(), "cause": "walltime"},
                )
        rule = self._rules.idle_timeout
        if rule is not None and idle_since is not None:
            ends_at = idle_since + rule
            if ends_at - now <= min(IDLE_NOTICE, rule / 2):
                words = format_duration(_rounded(ends_at - now, None))
                await self._warn_once(
                    launch,
                    f"idle/{idle_since.isoformat()}",
                    f"Ends in {words}, because nothing runs in it. Use it to keep it.",
                    {"ends_at": ends_at.isoformat(), "cause": "idle"},
                )

    async def _warn_once(
        self,
        launch: Launch,
        mark: str,
        message: str,
        detail: dict[str, int | str | None],
    ) -> None:
        marks = self._warned.get(launch.id)
        if marks is None:
            marks = self._warned[launch.id] = await self._marks_on_record(launch)
        if mark in marks:
            return
        await self._ledger.note(
            launch, EventKind.WARNING, message, detail={**detail, "mark": mark}
        )
        marks.add(mark)

    async def _marks_on_record(self, launch: Launch) -> set[str]:
        """Return which warnings were given before this process started."""
        events = await self._ledger.store.events_after(0, launch_id=launch.id)
        return {
            str(event.detail["mark"])
            for event in events
            if event.kind is EventKind.WARNING and "mark" in event.detail
        }


def _rounded(left: timedelta, nearest: timedelta | None) -> timedelta:
    """Return the time left as one says it: the announced step, or whole minutes."""
    if nearest is not None and nearest - left < timedelta(seconds=30):
        return nearest
    minutes = max(1, round(left.total_seconds() / 60))
    return timedelta(minutes=minutes)
