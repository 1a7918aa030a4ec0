"""What a launch may use, in whole numbers."""

from dataclasses import dataclass

__all__ = ["NOTHING", "Resources"]


@dataclass(frozen=True, slots=True, order=False)
class Resources:
    """An amount of each resource; integers, so that the ledger never drifts."""

    cpu_milli: int = 0
    """Processor time [milli-cores]; 1000 is one core."""
    memory_bytes: int = 0
    """Memory [bytes]."""
    gpu: int = 0
    """Whole graphics processors."""

    def __add__(self, other: "Resources") -> "Resources":
        return Resources(
            self.cpu_milli + other.cpu_milli,
            self.memory_bytes + other.memory_bytes,
            self.gpu + other.gpu,
        )

    def __sub__(self, other: "Resources") -> "Resources":
        return Resources(
            self.cpu_milli - other.cpu_milli,
            self.memory_bytes - other.memory_bytes,
            self.gpu - other.gpu,
        )

    def fits_in(self, free: "Resources") -> bool:
        """Return whether each amount is at most what is free."""
        return (
            self.cpu_milli <= free.cpu_milli
            and self.memory_bytes <= free.memory_bytes
            and self.gpu <= free.gpu
        )

    def shortfall(self, free: "Resources") -> "Resources":
        """Return how much more than ``free`` this would need, never negative."""
        return Resources(
            max(0, self.cpu_milli - free.cpu_milli),
            max(0, self.memory_bytes - free.memory_bytes),
            max(0, self.gpu - free.gpu),
        )


NOTHING = Resources()
"""The empty amount."""
