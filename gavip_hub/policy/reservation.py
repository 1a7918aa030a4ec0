"""The place kept for whoever is first to wait, so that small ones never starve it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from gavip_hub.domain.resources import Resources
from gavip_hub.policy.placement import Holder, Place

__all__ = ["Reservation", "reserve"]


@dataclass(slots=True)
class Reservation:
    """A promise: from this time on, this much of this place is somebody's."""

    turn: int
    """Whose it is."""
    place: Place
    start: timedelta
    """From the moment of the decision; when the limits of the holders end them."""
    spare: Resources
    """What is left on the place at that time, for those who run on past it."""

    missing: Resources
    """What the place lacked when the promise was made."""
    blockers: tuple[Holder, ...]
    """Those who held it then and end in time, the first to end first."""

    def allows(self, resources: Resources, end: timedelta, place: Place) -> bool:
        """Return whether somebody may start on a place without breaking the promise."""
        return (
            place is not self.place
            or end <= self.start
            or resources.fits_in(self.spare)
        )

    def note(self, resources: Resources, end: timedelta, place: Place) -> None:
        """Count somebody who starts now and may run on past the promised time."""
        if place is self.place and end > self.start:
            self.spare -= resources


def reserve(
    turn: int, resources: Resources, places: Iterable[Place]
) -> Reservation | None:
    """Return the earliest time at which a place has enough, and the place.

    Returns
    -------
    Reservation or None
        None if no place has enough even when all its holders are gone.
    """
    best: Reservation | None = None
    for place in places:
        if not place.node.schedulable or not resources.fits_in(place.node.capacity):
            continue
        free = place.free
        start: timedelta | None = None
        ended = 0
        for holder in place.holders:
            if start is None and best is not None and holder.end >= best.start:
                break
            if start is not None and holder.end > start:
                break
            ended += 1
            free += holder.resources
            if start is None and resources.fits_in(free):
                start = holder.end
        if start is not None:
            best = Reservation(
                turn,
                place,
                start,
                free - resources,
                resources.shortfall(place.free),
                tuple(place.holders[:ended]),
            )
    return best
