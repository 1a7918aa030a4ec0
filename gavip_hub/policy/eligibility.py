"""Who may compete: caps of users, and what could never start."""

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta

from gavip_hub.domain.amounts import (
    format_cpu,
    format_duration,
    format_gpu,
    format_memory,
    format_resources,
)
from gavip_hub.domain.capacity import Node
from gavip_hub.domain.errors import InvalidField, NeverFits, QuotaExceeded
from gavip_hub.domain.quota import Bounds, Quota
from gavip_hub.domain.resources import Resources
from gavip_hub.policy.placement import Holder

__all__ = ["Share", "can_ever_hold", "check_request", "largest_possible"]


class Share:
    """What one user holds, against the user's caps.

    Parameters
    ----------
    quota
        The caps.
    """

    __slots__ = ("full", "holders", "left", "parked", "quota")

    def __init__(self, quota: Quota) -> None:
        self.quota = quota
        self.holders: dict[int, Holder] = {}
        """The user's own, by serial."""
        self.left = quota.max_resources
        """What the user may hold besides."""
        self.parked: list[int] = []
        """Turns of the user's launches that a cap keeps out, in order."""
        self.full = quota.max_running < 1
        """Whether the user runs as many launches as allowed."""

    def take(self, holder: Holder) -> None:
        """Count one more."""
        self.holders[holder.serial] = holder
        self.left -= holder.resources
        self.full = len(self.holders) >= self.quota.max_running

    def give_back(self, holder: Holder) -> None:
        """Count one less."""
        del self.holders[holder.serial]
        self.left += holder.resources
        self.full = len(self.holders) >= self.quota.max_running

    def has_room_for(self, wanted: Resources) -> bool:
        """Return whether the caps allow this to run besides what runs."""
        return not self.full and wanted.fits_in(self.left)

    def has_room_for_both(self, one: Resources, other: Resources) -> bool:
        """Return whether the caps allow two to run besides what runs."""
        if len(self.holders) + 2 > self.quota.max_running:
            return False
        return (one + other).fits_in(self.left)

    def could_ever_hold(self, wanted: Resources) -> bool:
        """Return whether the caps allow this to run if nothing else of the user did."""
        return self.quota.max_running > 0 and wanted.fits_in(self.quota.max_resources)


def can_ever_hold(resources: Resources, nodes: Iterable[Node]) -> bool:
    """Return whether one of the nodes could hold this if nothing else ran there."""
    return any(resources.fits_in(node.capacity) for node in nodes)


def largest_possible(nodes: Sequence[Node], quota: Quota, bounds: Bounds) -> Resources:
    """Return the most of each resource that could ever start for somebody.

    Where the engine offers no node at the moment, bounds and quota alone count.
    """
    return _least(_largest_here(nodes, bounds), quota.max_resources)


def check_request(
    resources: Resources,
    walltime: timedelta,
    *,
    nodes: Sequence[Node],
    quota: Quota,
    bounds: Bounds,
) -> None:
    """Refuse at once what could never start, however long one waits.

    Nodes that are drained count, since they come back; where the engine offers no node
    at all at the moment, only the bounds and the quota are looked at.

    Raises
    ------
    InvalidField
        Raised if an amount is below the least, or the walltime out of bounds.
    NeverFits
        Raised if no node could hold it, or the platform allows less.
    QuotaExceeded
        Raised if the user may never hold as much.
    """
    _check_walltime(walltime, bounds)
    for field_name, amount_of, tell in _FIELDS:
        amount = amount_of(resources)
        least = amount_of(bounds.min_resources)
        if amount < least:
            raise InvalidField(
                f"{tell(amount)} is too little; ask for {tell(least)} or more.",
                field=field_name,
            )
        _check_most(field_name, amount, amount_of, tell, nodes, quota, bounds)
    if nodes and not can_ever_hold(resources, nodes):
        raise NeverFits(
            f"No node has all of it at once: {_offers(nodes)}. Ask for less.",
            field="cpu",
        )
    if quota.max_running < 1:
        raise QuotaExceeded(
            "Your quota allows no running launches. Ask an operator to raise it."
        )


def _check_walltime(walltime: timedelta, bounds: Bounds) -> None:
    """Refuse a walltime out of bounds."""
    if walltime < bounds.min_walltime:
        raise InvalidField(
            f"{format_duration(walltime)} is too short; "
            f"ask for {format_duration(bounds.min_walltime)} or longer.",
            field="walltime",
        )
    if walltime > bounds.max_walltime:
        raise InvalidField(
            f"{format_duration(walltime)} is too long; the longest walltime here is "
            f"{format_duration(bounds.max_walltime)}.",
            field="walltime",
        )


def _check_most(
    field_name: str,
    amount: int,
    amount_of: Callable[[Resources], int],
    tell: Callable[[int], str],
    nodes: Sequence[Node],
    quota: Quota,
    bounds: Bounds,
) -> None:
    """Refuse an amount of one resource that is more than could ever be given."""
    most_here = amount_of(_largest_here(nodes, bounds))
    most_yours = amount_of(quota.max_resources)
    most = tell(min(most_here, most_yours))
    asked = format_memory(amount, up=True) if field_name == "memory" else tell(amount)
    if amount > most_here:
        raise NeverFits(
            f"{asked} is more than one launch can ever have here; "
            f"the most that could start for you is {most}.",
            field=field_name,
        )
    if amount > most_yours:
        raise QuotaExceeded(
            f"{asked} is more than your quota; "
            f"the most that could start for you is {most}.",
            field=field_name,
        )


def _largest_here(nodes: Sequence[Node], bounds: Bounds) -> Resources:
    """Return the most of each resource that one launch may get on any node."""
    if not nodes:
        return bounds.max_resources
    largest = Resources(
        max(node.capacity.cpu_milli for node in nodes),
        max(node.capacity.memory_bytes for node in nodes),
        max(node.capacity.gpu for node in nodes),
    )
    return _least(largest, bounds.max_resources)


def _least(one: Resources, other: Resources) -> Resources:
    """Return the lesser of two amounts of each resource."""
    return Resources(
        min(one.cpu_milli, other.cpu_milli),
        min(one.memory_bytes, other.memory_bytes),
        min(one.gpu, other.gpu),
    )


def _offers(nodes: Sequence[Node]) -> str:
    """Return the capacities that no other node tops, as "the largest offers …"."""
    capacities = {node.capacity for node in nodes}
    largest = [
        one
        for one in capacities
        if not any(one != other and one.fits_in(other) for other in capacities)
    ]
    largest.sort(key=lambda one: (one.cpu_milli, one.memory_bytes), reverse=True)
    told = [format_resources(one) for one in largest[:_OFFERS_TOLD]]
    return f"the largest offers {', another '.join(told)}"


_OFFERS_TOLD = 3

_FIELDS: tuple[tuple[str, Callable[[Resources], int], Callable[[int], str]], ...] = (
    ("cpu", lambda amounts: amounts.cpu_milli, format_cpu),
    ("memory", lambda amounts: amounts.memory_bytes, format_memory),
    ("gpu", lambda amounts: amounts.gpu, format_gpu),
)
