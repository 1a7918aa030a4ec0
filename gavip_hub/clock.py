"""The time, protected from clocks that step back."""

import time
from datetime import UTC, datetime, timedelta

from typing_extensions import override

from gavip_hub.ports import Clock

__all__ = ["SystemClock"]


class SystemClock(Clock):
    """The system's time, which never runs backwards within one process.

    Notes
    -----
    The wall clock is followed forwards. When it steps back, time goes on at the
    pace of the monotonic clock until the wall has caught up: deadlines neither
    freeze nor come twice, and leases do not seem to last longer.
    """

    def __init__(self) -> None:
        self._wall = datetime.now(UTC)
        self._monotonic = time.monotonic()

    @override
    def now(self) -> datetime:
        elapsed = timedelta(seconds=time.monotonic() - self._monotonic)
        paced = self._wall + elapsed
        wall = datetime.now(UTC)
        if wall > paced:
            self._wall, self._monotonic = wall, time.monotonic()
            return wall
        return paced
