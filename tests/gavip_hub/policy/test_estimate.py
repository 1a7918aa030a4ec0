"""What would become of a launch that is not there yet."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from gavip_hub.domain.resources import Resources
from gavip_hub.policy.decide import decide
from gavip_hub.policy.estimate import what_if
from gavip_hub.policy.plan import QueueState
from tests.support.queue import HOUR, NOON, amounts, ask, hold, node, queue
from tests.support.queue_strategies import queue_states, sizes


def test_room_now() -> None:
    """Where there is room, it would start at once."""
    estimate = what_if(
        queue([node(4, 4)]),
        owner="eve",
        resources=amounts(1, 1),
        walltime=HOUR,
        tier=0,
        now=NOON,
    )
    assert estimate.starts_now
    assert estimate.position == 0
    assert estimate.estimated_start == NOON


def test_no_room_now() -> None:
    """Where there is none, place, reason and time are told as for a real one."""
    state = queue([node(4, 4)], [], [hold(ask(1, amounts(4, 4)))])
    estimate = what_if(
        state, owner="eve", resources=amounts(4, 4), walltime=HOUR, tier=0, now=NOON
    )
    assert not estimate.starts_now
    assert estimate.position == 1
    assert estimate.reason.startswith("Waits for 4 cores and 4 GB of memory")
    assert estimate.estimated_start == NOON + HOUR


def test_never() -> None:
    """What fits nowhere has no time, and says why."""
    estimate = what_if(
        queue([node(4, 4)]),
        owner="eve",
        resources=amounts(5, 1),
        walltime=HOUR,
        tier=0,
        now=NOON,
    )
    assert estimate.estimated_start is None
    assert "No node is large enough" in estimate.reason


@given(queue_states(), sizes, st.integers(1, 12), st.integers(0, 1))
def test_it_is_what_the_decision_would_say(
    state: QueueState, resources: Resources, tens: int, tier: int
) -> None:
    """An estimate is what the same launch is told once it is asked for."""
    walltime = timedelta(minutes=10 * tens)
    estimate = what_if(
        state, owner="eve", resources=resources, walltime=walltime, tier=tier, now=NOON
    )
    real = ask(999, resources, walltime=walltime, tier=tier, owner="eve")
    plan = decide(replace(state, waiting=(*state.waiting, real)), NOON)
    if estimate.starts_now:
        assert real.id in {one.launch_id for one in plan.admissions}
        return
    (wait,) = [one for one in plan.waits if one.launch_id == real.id]
    assert estimate.position == wait.position
    assert estimate.reason == wait.reason
    assert estimate.estimated_start == wait.estimated_start
