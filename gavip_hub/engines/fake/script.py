"""What the fake takes a command to do."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from gavip_hub.domain.container import ContainerSpec

__all__ = ["Script", "script_of"]

_KILLED: Final = 137


@dataclass(frozen=True, slots=True)
class Script:
    """How a command goes."""

    run_s: float | None = 0.0
    """How long it runs; None for until it is stopped."""
    exit_code: int = 0
    memory_bytes: int = 0
    """How much it uses; more than its limit ends it at once."""
    output: str = ""


def script_of(spec: ContainerSpec, unknown_run_s: float | None) -> Script:
    """Return how a spec's command goes.

    ``sleep SECONDS``, ``exit CODE``, ``allocate BYTES`` and ``print WORD...`` are
    understood; whatever else runs as long as unknown commands do.
    """
    first, *rest = spec.argv
    known: dict[str, Callable[[], Script]] = {
        "sleep": lambda: Script(run_s=float(rest[0])),
        "exit": lambda: Script(exit_code=int(rest[0])),
        "allocate": lambda: _allocate(int(rest[0]), spec),
        "print": lambda: Script(output=" ".join(rest) + "\n"),
    }
    make = known.get(first.rpartition("/")[2])
    try:
        return make() if make else Script(run_s=unknown_run_s)
    except (ValueError, IndexError):
        return Script(exit_code=2, output="no such figure\n")


def _allocate(wanted_bytes: int, spec: ContainerSpec) -> Script:
    limit = spec.limits.memory_bytes
    code = _KILLED if wanted_bytes > limit else 0
    return Script(exit_code=code, memory_bytes=wanted_bytes)
