"""An independent look at what the platform did, from the engine's own record."""

from collections.abc import Iterable
from dataclasses import dataclass

from gavip_hub.domain.resources import NOTHING, Resources
from gavip_hub.engines.fake.record import Entry

__all__ = ["Findings", "observe"]


@dataclass(frozen=True, slots=True)
class Findings:
    """What the record shows."""

    started: frozenset[str]
    """Launches of which a container was started."""
    double_starts: int
    """Starts of a launch while it ran already, or of an attempt for a second time."""
    over_allocated: int
    """Starts after which more was given away than there is."""
    most: Resources
    """Most that was given away at a time, each resource for itself."""


def observe(entries: Iterable[Entry], capacity: Resources) -> Findings:
    """Return what the entries show.

    Parameters
    ----------
    entries
        The record, in its order, which is the order of the acts.
    capacity
        What the engine has.
    """
    running: dict[str, tuple[str, Resources]] = {}
    names: set[str] = set()
    launches: set[str] = set()
    doubles = over = 0
    held = most = NOTHING
    for entry in entries:
        name = str(entry["name"])
        if entry["what"] in {"ended", "removed"} and name in running:
            held -= running.pop(name)[1]
        if entry["what"] != "created":
            continue
        launch = str(entry["launch_id"])
        doubles += name in names or launch in {one for one, _ in running.values()}
        amount = Resources(
            int(entry["cpu_milli"] or 0),
            int(entry["memory_bytes"] or 0),
            int(entry["gpu"] or 0),
        )
        running[name] = (launch, amount)
        names.add(name)
        launches.add(launch)
        held += amount
        over += not held.fits_in(capacity)
        most = Resources(
            max(most.cpu_milli, held.cpu_milli),
            max(most.memory_bytes, held.memory_bytes),
            max(most.gpu, held.gpu),
        )
    return Findings(frozenset(launches), doubles, over, most)
