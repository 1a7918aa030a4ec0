"""When somebody may start, and why not now."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from gavip_hub.domain.launch import Launch, LaunchKind, LaunchRequest
from gavip_hub.domain.phase import Phase
from gavip_hub.domain.resources import Resources
from gavip_hub.policy import wording
from gavip_hub.policy.plan import QueueState
from gavip_hub.policy.simulation import Simulation

__all__ = ["Estimate", "estimated_starts", "explain", "what_if"]


@dataclass(frozen=True, slots=True)
class Estimate:
    """What would become of a launch that is only thought of."""

    starts_now: bool
    position: int
    """Place in the queue, from 1; 0 if it would start now."""
    reason: str
    """What it would wait for, in plain words."""
    estimated_start: datetime | None
    """Start if everything runs to its limit; None where nobody can tell."""


def what_if(
    state: QueueState,
    *,
    owner: str,
    resources: Resources,
    walltime: timedelta,
    tier: int,
    now: datetime,
) -> Estimate:
    """Return when a launch would start if it were asked for now."""
    wish = _wish(state, owner, resources, walltime, tier, now)
    simulation = Simulation(replace(state, waiting=(*state.waiting, wish)), now)
    if any(one.candidate.launch is wish for one in simulation.start_what_fits()):
        return Estimate(
            starts_now=True, position=0, reason="Starts at once.", estimated_start=now
        )
    position, reason = explain(simulation, state, now)[wish.id]
    later = (one.at for one in simulation.run() if one.candidate.launch is wish)
    return Estimate(
        starts_now=False,
        position=position,
        reason=reason,
        estimated_start=_moment(now, next(later, None)),
    )


def estimated_starts(
    simulation: Simulation, now: datetime
) -> dict[str, datetime | None]:
    """Return, by launch, the later starts of a simulation after its first pass."""
    return {one.candidate.launch.id: _moment(now, one.at) for one in simulation.run()}


def explain(
    simulation: Simulation, state: QueueState, now: datetime
) -> dict[str, tuple[int, str]]:
    """Return position and reason, by launch, of those whom the first pass left.

    Those who compete come first; those who cannot, since a cap of their own or the size
    of the nodes stands in the way, come after them, in the same order.
    """
    competing = simulation.competing
    told: dict[str, tuple[int, str]] = {}
    for index, candidate in enumerate(competing):
        if index:
            reason = wording.in_line(candidate, competing[0], index)
        else:
            reason = wording.first_in_line(candidate, simulation.reservation, now)
        told[candidate.launch.id] = (index + 1, reason)
    for candidate in simulation.kept_out:
        if candidate.possible:
            reason = wording.capped(candidate.share)
        else:
            reason = wording.impossible(candidate, state.nodes)
        told[candidate.launch.id] = (len(told) + 1, reason)
    return told


def _wish(
    state: QueueState,
    owner: str,
    resources: Resources,
    walltime: timedelta,
    tier: int,
    now: datetime,
) -> Launch:
    """Return a launch behind all others of its tier."""
    everybody = (*state.waiting, *state.holding)
    return Launch(
        id="wish",
        number=max((one.number for one in everybody), default=0) + 1,
        request=LaunchRequest(
            owner=owner,
            kind=LaunchKind.NOTEBOOK,
            server_name="",
            resources=resources,
            walltime=walltime,
            tier=tier,
        ),
        phase=Phase.QUEUED,
        version=0,
        reason="",
        created_at=now,
    )


def _moment(now: datetime, after: timedelta | None) -> datetime | None:
    """Return the time after a while, or None where the calendar ends before it."""
    if after is None or after > datetime.max.replace(tzinfo=now.tzinfo) - now:
        return None
    return now + after
