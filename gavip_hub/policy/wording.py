"""Why somebody waits, in plain words that never name another user."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from gavip_hub.domain.amounts import (
    format_clock,
    format_resources,
)
from gavip_hub.domain.capacity import Node
from gavip_hub.domain.launch import Launch, LaunchKind
from gavip_hub.domain.resources import Resources
from gavip_hub.policy.eligibility import Share, can_ever_hold
from gavip_hub.policy.placement import Holder
from gavip_hub.policy.reservation import Reservation
from gavip_hub.policy.simulation import Candidate

__all__ = ["HELD", "capped", "first_in_line", "impossible", "in_line"]

HELD = "Set aside by an operator; it waits until it is released."
"""Reason of a launch that does not compete."""

_KINDS = {
    LaunchKind.NOTEBOOK: "notebook",
    LaunchKind.AVI: "AVI",
    LaunchKind.PIPELINE: "pipeline",
    LaunchKind.BUILD: "build",
}

_NAMES_TOLD = 3


def first_in_line(
    candidate: Candidate, reservation: Reservation | None, now: datetime
) -> str:
    """Return what the first in line waits for, and who holds it until when."""
    if reservation is None:
        told = format_resources(candidate.resources, up=True)
        return f"Waits until one node has {told} free."
    missing = reservation.missing
    blockers = [
        holder
        for holder in reservation.blockers
        if _shares_any(holder.resources, missing)
    ]
    told = format_resources(missing, up=True)
    return f"Waits for {told} that {_who_holds(blockers, candidate.launch, now)}."


def in_line(candidate: Candidate, first: Candidate, number: int) -> str:
    """Return how many go first, of whom one is the first in line."""
    why = "asked earlier"
    if first.launch.request.tier > candidate.launch.request.tier:
        why = "asked earlier or have priority" if number > 1 else "has priority"
    if number == 1:
        return f"Waits for its turn: 1 launch that {why} goes first."
    return f"Waits for its turn: {number} launches that {why} go first."


def capped(share: Share) -> str:
    """Return which of the user's own caps holds a launch back, and by what."""
    quota = share.quota
    own = _names([holder.launch for holder in share.holders.values()])
    if share.full:
        return (
            f"Your limit: you may run {_launches(quota.max_running)} at a time and "
            f"run {len(share.holders)} ({own}). It can start when one of yours ends."
        )
    held = quota.max_resources - share.left
    return (
        f"Your limit: your launches may hold {format_resources(quota.max_resources)} "
        f"together and hold {format_resources(held, up=True)} ({own}). "
        "It can start when enough of yours has ended."
    )


def impossible(candidate: Candidate, nodes: Iterable[Node]) -> str:
    """Return why a launch cannot start even on an empty platform."""
    share, resources = candidate.share, candidate.resources
    told = format_resources(resources, up=True)
    if not share.could_ever_hold(resources):
        if share.quota.max_running < 1:
            return "Your limit: you may not run launches at present."
        most = format_resources(share.quota.max_resources)
        return (
            f"Your limit: you may hold {most} at the most, and this asks for {told}. "
            "Cancel it and ask for less."
        )
    if can_ever_hold(resources, nodes):
        return (
            f"Waits for a node with {told}: an operator has closed those that are "
            "large enough."
        )
    return (
        f"No node is large enough any more for {told}. Cancel it and ask for less, or "
        "wait until a larger node comes back."
    )


def _who_holds(blockers: Sequence[Holder], launch: Launch, now: datetime) -> str:
    """Return who holds what is missing, and until when, without others' names."""
    owner = launch.request.owner
    first = blockers[0]
    if len(blockers) == 1:
        who = _own_or_others(first.launch, owner)
        if first.overdue:
            return f"{who} still holds; its limit has passed and it ends any moment"
        return f"{who} holds until {format_clock(now + first.end, now)} at the latest"
    own = [one.launch for one in blockers if one.launch.request.owner == owner]
    if not own:
        who = f"{len(blockers)} others hold"
    elif len(own) == len(blockers):
        who = f"{len(blockers)} of your own hold ({_names(own)})"
    else:
        who = f"{len(blockers)} launches hold, of yours {_names(own)}"
    if first.overdue:
        return f"{who}; the first ends any moment"
    return (
        f"{who}; the first ends at {format_clock(now + first.end, now)} at the latest"
    )


def _own_or_others(launch: Launch, owner: str) -> str:
    """Return "your notebook "M31"" or "another user's notebook"."""
    kind = _KINDS[launch.request.kind]
    if launch.request.owner != owner:
        return f"another user's {kind}"
    name = launch.request.display_name
    return f'your {kind} "{name}"' if name else f"your {kind}"


def _names(launches: Sequence[Launch]) -> str:
    """Return the names of some launches of one user, the first few in full."""
    told = [
        f'"{one.request.display_name}"'
        if one.request.display_name
        else f"a {_KINDS[one.request.kind]}"
        for one in launches[:_NAMES_TOLD]
    ]
    rest = len(launches) - len(told)
    if rest:
        told.append(f"{rest} more")
    return " and ".join(filter(None, (", ".join(told[:-1]), told[-1])))


def _launches(number: int) -> str:
    """Return "1 launch", "2 launches"."""
    return "1 launch" if number == 1 else f"{number} launches"


def _shares_any(held: Resources, missing: Resources) -> bool:
    """Return whether any of what is missing is held."""
    return bool(
        (held.cpu_milli and missing.cpu_milli)
        or (held.memory_bytes and missing.memory_bytes)
        or (held.gpu and missing.gpu)
    )
