"""A clock that stands still until a test moves it, back as well as forward."""

from datetime import UTC, datetime, timedelta

from gavip_hub.ports import Clock

__all__ = ["ManualClock"]

NINE = datetime(2026, 11, 23, 9, tzinfo=UTC)


class ManualClock(Clock):
    """The time that the test says it is."""

    def __init__(self, start: datetime = NINE) -> None:
        self._now = start

    def now(self) -> datetime:
        """Return the time."""
        return self._now

    def tick(self, by: timedelta = timedelta(seconds=1)) -> None:
        """Let time pass; a negative time steps back."""
        self._now += by
