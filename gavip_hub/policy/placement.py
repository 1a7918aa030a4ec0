"""Which node takes a launch: the one that it fits best."""

from bisect import insort
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from gavip_hub.domain.capacity import Node
from gavip_hub.domain.launch import Launch
from gavip_hub.domain.resources import Resources

__all__ = ["Holder", "Place", "best_place", "fitting_places", "most_free", "places_of"]


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody who holds resources, and until when at the latest."""

    end: timedelta
    """From the moment of the decision."""
    serial: int
    """Tells apart those that end together."""
    launch: Launch
    resources: Resources
    overdue: bool = False
    """Whether its limit has passed and it ends any moment."""


@dataclass(slots=True)
class Place:
    """A node while a decision is thought through."""

    node: Node
    free: Resources
    holders: list[Holder] = field(default_factory=list)
    """Whoever holds something here, the first to end first."""

    def take(self, holder: Holder) -> None:
        """Let somebody hold resources that were free."""
        self.free -= holder.resources
        self.attach(holder)

    def attach(self, holder: Holder) -> None:
        """Note somebody whose resources are not counted as free already."""
        insort(self.holders, holder, key=lambda one: (one.end, one.serial))

    def give_back(self, holder: Holder) -> None:
        """Free what somebody held."""
        self.holders.remove(holder)
        self.free += holder.resources


def places_of(nodes: Iterable[Node]) -> list[Place]:
    """Return the nodes in the order of their names, ready to be thought through."""
    ordered = sorted(nodes, key=lambda node: node.name)
    return [Place(node, node.free) for node in ordered]


def most_free(places: Iterable[Place]) -> Resources:
    """Return the most of each resource that is free on any node, not on one node."""
    frees = [place.free for place in places if place.node.schedulable]
    return Resources(
        max((free.cpu_milli for free in frees), default=0),
        max((free.memory_bytes for free in frees), default=0),
        max((free.gpu for free in frees), default=0),
    )


def fitting_places(resources: Resources, places: Iterable[Place]) -> list[Place]:
    """Return the places that have enough free.

    The amounts are compared here rather than with `Resources.fits_in`, since this is
    what a pass spends its time on.
    """
    cpu_milli, memory_bytes = resources.cpu_milli, resources.memory_bytes
    return [
        place
        for place in places
        if memory_bytes <= (free := place.free).memory_bytes
        and cpu_milli <= free.cpu_milli
        and resources.gpu <= free.gpu
        and place.node.schedulable
    ]


def best_place(resources: Resources, fitting: Iterable[Place]) -> Place | None:
    """Return the place that has least left afterwards, or None if there is none.

    What needs no GPU stays away from nodes that have some, as long as others do.
    """
    return min(fitting, key=lambda place: _left_over(resources, place), default=None)


def _left_over(resources: Resources, place: Place) -> tuple[bool, float, str]:
    """Return what counts against a place, the least being the best."""
    left = place.free - resources
    capacity = place.node.capacity
    wastes_gpu = capacity.gpu > 0 and resources.gpu == 0
    share = max(
        left.cpu_milli / max(1, capacity.cpu_milli),
        left.memory_bytes / max(1, capacity.memory_bytes),
    )
    return wastes_gpu, share, place.node.name
