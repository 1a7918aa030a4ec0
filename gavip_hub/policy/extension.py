"""How much longer somebody may stay without delaying anybody who waits."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from gavip_hub.domain.amounts import format_clock, format_duration
from gavip_hub.domain.launch import Allocation, Launch
from gavip_hub.policy.plan import QueueState
from gavip_hub.policy.simulation import Simulation, Start

__all__ = ["Leeway", "longest_extension"]

_NO_TIME = timedelta(0)
_SECOND = timedelta(seconds=1)

_TRIES = 4
"""How often a shorter extension is tried before none is given."""


@dataclass(frozen=True, slots=True)
class Leeway:
    """How far a deadline may move."""

    longest: timedelta
    """At most this much, in whole seconds; zero if it may not move."""
    reason: str
    """What stands in the way of more, in plain words."""


def longest_extension(
    state: QueueState,
    launch: Launch,
    now: datetime,
    max_walltime: timedelta,
    *,
    wanted: timedelta = timedelta.max,
) -> Leeway:
    """Return how far a deadline may move without delaying anybody's estimated start.

    Parameters
    ----------
    state
        All that a decision may depend on; the launch is among those that hold.
    launch
        Whose deadline is to move.
    now
        The moment of the question.
    max_walltime
        The longest that a launch may run in all.
    wanted
        No more than this is looked for. What comes back is proven not to delay
        anybody; a part of it need not be, so ask again for a shorter time.
    """
    held = launch.allocation
    if held is None:
        return Leeway(
            _NO_TIME, "It holds nothing, so that there is nothing to prolong."
        )
    began = launch.running_at or held.held_since + state.start_grace
    allowed = began + max_walltime - held.until
    longest = min(allowed, wanted)
    reason = f"The longest walltime here is {format_duration(max_walltime)}."
    if longest < _SECOND:
        return Leeway(_NO_TIME, reason)
    before, starts = _look_ahead(state, now)
    needed = _first_need(starts, held, held.until - now)
    if needed is not None and needed - (held.until - now) < longest:
        longest = needed - (held.until - now)
        clock = format_clock(now + needed, now)
        reason = f"A launch that waits is to start in its place at {clock}."
    for _ in range(_TRIES):
        longest = longest // _SECOND * _SECOND
        if longest <= _NO_TIME:
            break
        if not _delays(state, launch, longest, now, before):
            return Leeway(longest, reason)
        reason = "More time would delay a launch that waits."
        longest /= 2
    return Leeway(_NO_TIME, reason)


def _look_ahead(
    state: QueueState, now: datetime
) -> tuple[dict[str, timedelta], list[Start]]:
    """Return when everybody starts who waits, by launch and in order of time."""
    simulation = Simulation(state, now)
    starts = [*simulation.start_what_fits(), *simulation.run()]
    return {one.candidate.launch.id: one.at for one in starts}, starts


def _first_need(
    starts: list[Start], held: Allocation, end: timedelta
) -> timedelta | None:
    """Return when somebody first starts on what the launch gives back at its end."""
    for start in starts:
        if (
            start.at >= end
            and start.place.node.name == held.node
            and not held.resources.fits_in(start.free_after)
        ):
            return start.at
    return None


def _delays(
    state: QueueState,
    launch: Launch,
    by: timedelta,
    now: datetime,
    before: dict[str, timedelta],
) -> bool:
    """Return whether anybody starts later if a launch stays longer."""
    holding = tuple(
        replace(
            one, allocation=replace(one.allocation, until=one.allocation.until + by)
        )
        if one.id == launch.id and one.allocation is not None
        else one
        for one in state.holding
    )
    after, _ = _look_ahead(replace(state, holding=holding), now)
    return any(
        launch_id not in after or after[launch_id] > at
        for launch_id, at in before.items()
    )
