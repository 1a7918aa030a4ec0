"""When a wish would start, if it were asked for now."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from gavip_hub.domain.resources import Resources

__all__ = ["Estimate"]


@dataclass(frozen=True, slots=True)
class Estimate:
    """The answer to one wish."""

    resources: Resources
    walltime: timedelta
    fits: bool
    """False if it can never start."""
    position: int | None
    reason: str
    start: datetime | None
    """When it would start if everything runs to its limit."""
    asked_at: datetime

    @property
    def now(self) -> bool:
        """Whether it would start at once."""
        return self.start is not None and self.start <= self.asked_at
