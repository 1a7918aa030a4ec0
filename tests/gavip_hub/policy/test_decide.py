"""Who starts now, and where, in single decisions."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gavip_hub.domain.phase import Phase
from gavip_hub.domain.quota import Quota
from gavip_hub.policy.decide import decide
from gavip_hub.policy.plan import Plan, QueueState
from tests.support.queue import HOUR, NO_CAPS, NOON, amounts, ask, hold, node, queue

LONG = 10 * HOUR


def started(state: QueueState) -> list[int]:
    """Return the numbers of those who start."""
    return [int(one.launch_id, 16) for one in decide(state, NOON).admissions]


def positions(plan: Plan) -> dict[int, int]:
    """Return the positions of those who wait, by number."""
    return {int(one.launch_id, 16): one.position for one in plan.waits}


def test_an_empty_platform_starts_whatever_fits() -> None:
    """Everything that fits starts at once, in the order of the asks."""
    waiting = [ask(number, amounts(1, 1)) for number in (3, 1, 2)]
    plan = decide(queue([node(4, 4)], waiting), NOON)
    assert [int(one.launch_id, 16) for one in plan.admissions] == [1, 2, 3]
    assert plan.waits == ()


def test_a_higher_tier_goes_first() -> None:
    """A tier goes before an earlier ask; within a tier the earlier ask goes first."""
    waiting = [
        ask(1, amounts(4, 4)),
        ask(2, amounts(4, 4)),
        ask(3, amounts(4, 4), tier=1),
    ]
    plan = decide(queue([node(4, 4)], waiting), NOON)
    assert [int(one.launch_id, 16) for one in plan.admissions] == [3]
    assert positions(plan) == {1: 1, 2: 2}


def test_a_small_one_starts_beside_the_reservation() -> None:
    """What ends before the reservation, or fits beside it, starts at once."""
    running = hold(ask(1, amounts(3, 3), walltime=2 * HOUR))
    large = ask(2, amounts(4, 4))
    in_time = ask(3, amounts(1, 1), walltime=2 * HOUR)
    assert started(queue([node(4, 4)], [large, in_time], [running])) == [3]
    beside = ask(4, amounts(1, 1), walltime=LONG)
    smaller = ask(2, amounts(3, 3))
    running = hold(ask(1, amounts(2, 2), walltime=2 * HOUR))
    assert started(queue([node(4, 4)], [smaller, beside], [running])) == [4]


def test_a_small_one_that_would_delay_the_reservation_waits() -> None:
    """What would still run when the reservation starts, in its place, waits."""
    running = hold(ask(1, amounts(3, 3), walltime=2 * HOUR))
    waiting = [
        ask(2, amounts(4, 4)),
        ask(3, amounts(1, 1), walltime=2 * HOUR + timedelta(seconds=1)),
    ]
    plan = decide(queue([node(4, 4)], waiting, [running]), NOON)
    assert plan.admissions == ()
    assert positions(plan) == {2: 1, 3: 2}


def test_the_grace_of_a_start_counts_as_running() -> None:
    """A start in time to end before the reservation has to count its grace too."""
    running = hold(ask(1, amounts(3, 3), walltime=2 * HOUR))
    waiting = [ask(2, amounts(4, 4)), ask(3, amounts(1, 1), walltime=2 * HOUR)]
    state = queue([node(4, 4)], waiting, [running])
    assert started(state) == [3]
    assert started(replace(state, start_grace=timedelta(minutes=3))) == []


def test_best_fit_keeps_large_places_free() -> None:
    """A launch goes where it leaves least, so that larger ones find a place."""
    nodes = [node(8, 8, "big"), node(2, 2, "small")]
    plan = decide(queue(nodes, [ask(1, amounts(1, 1)), ask(2, amounts(8, 8))]), NOON)
    assert {one.launch_id[-1]: one.node for one in plan.admissions} == {
        "1": "small",
        "2": "big",
    }


def test_nodes_with_gpus_are_the_last_to_take_others() -> None:
    """What needs no GPU stays off a node with GPUs while another has room."""
    with_gpu = amounts(2, 2, gpu=1)
    gpu_node = replace(node(2, 2, "gpu"), capacity=with_gpu, free=with_gpu)
    plan = decide(queue([gpu_node, node(8, 8, "plain")], [ask(1, amounts(2, 2))]), NOON)
    assert plan.admissions[0].node == "plain"


def test_drained_nodes_take_nothing_new() -> None:
    """A node that an operator has closed takes nothing, neither now nor later."""
    nodes = [node(8, 8, "closed", schedulable=False), node(1, 1, "open")]
    plan = decide(queue(nodes, [ask(1, amounts(4, 4)), ask(2, amounts(1, 1))]), NOON)
    assert [one.node for one in plan.admissions] == ["open"]
    assert plan.waits[0].estimated_start is None
    assert "operator has closed" in plan.waits[0].reason


def test_a_capped_user_holds_nobody_up() -> None:
    """Who has reached an own cap has no reservation; those behind go on."""
    running = hold(ask(1, amounts(1, 1), owner="eve"))
    waiting = [
        ask(2, amounts(4, 4), owner="eve"),
        ask(3, amounts(3, 3), walltime=LONG),
    ]
    capped = replace(NO_CAPS, max_running=1)
    state = queue([node(4, 4)], waiting, [running], quotas={"eve": capped})
    plan = decide(state, NOON)
    assert [int(one.launch_id, 16) for one in plan.admissions] == [3]
    assert positions(plan) == {2: 1}
    assert plan.waits[0].estimated_start == NOON + LONG


def test_own_small_ones_do_not_use_up_the_cap_of_an_own_large_one() -> None:
    """A later launch of the same user never takes the last run from the head."""
    running = hold(ask(1, amounts(3, 3), owner="other"))
    waiting = [
        ask(2, amounts(4, 4), owner="eve"),
        ask(3, amounts(1, 1), owner="eve"),
        ask(4, amounts(1, 1)),
    ]
    one_each = Quota(1, 9, amounts(99, 99))
    assert started(queue([node(4, 4)], waiting, [running], quota=one_each)) == [4]


def test_caps_count_what_starts_in_the_same_decision() -> None:
    """Caps hold within one decision, by number and by amounts."""
    waiting = [ask(number, amounts(1, 1), owner="eve") for number in range(1, 6)]
    by_number = Quota(2, 9, amounts(99, 99))
    by_amount = Quota(99, 9, amounts(99, 3))
    assert started(queue([node(9, 9)], waiting, quota=by_number)) == [1, 2]
    assert started(queue([node(9, 9)], waiting, quota=by_amount)) == [1, 2, 3]


def test_a_held_launch_does_not_compete() -> None:
    """An operator's hold takes a launch out of the order until it is released."""
    waiting = [ask(1, amounts(4, 4), phase=Phase.HELD), ask(2, amounts(4, 4))]
    plan = decide(queue([node(4, 4)], waiting), NOON)
    assert [int(one.launch_id, 16) for one in plan.admissions] == [2]
    (wait,) = plan.waits
    assert (wait.position, wait.estimated_start) == (0, None)
    assert "operator" in wait.reason


def test_what_fits_nowhere_blocks_nobody() -> None:
    """A launch that no node can hold any more waits without a place in the way."""
    waiting = [ask(1, amounts(64, 64)), ask(2, amounts(4, 4)), ask(3, amounts(1, 1))]
    plan = decide(queue([node(4, 4)], waiting), NOON)
    assert [int(one.launch_id, 16) for one in plan.admissions] == [2]
    assert positions(plan) == {3: 1, 1: 2}
    assert plan.waits[1].estimated_start is None
    assert "No node is large enough" in plan.waits[1].reason


@pytest.mark.parametrize("back", [timedelta(hours=-3), timedelta(days=-400)])
def test_a_clock_that_steps_back_does_no_harm(back: timedelta) -> None:
    """With the clock set back, decisions are still made and estimates still given."""
    running = hold(ask(1, amounts(4, 4)))
    state = queue([node(4, 4)], [ask(2, amounts(4, 4))], [running])
    plan = decide(state, NOON + back)
    assert plan.admissions == ()
    assert plan.waits[0].estimated_start == NOON + HOUR


def test_whoever_is_past_the_limit_ends_any_moment() -> None:
    """A holder past its limit is expected to be gone within a minute."""
    running = hold(ask(1, amounts(4, 4)))
    state = queue([node(4, 4)], [ask(2, amounts(4, 4))], [running])
    late = NOON + 2 * HOUR
    (wait,) = decide(state, late).waits
    assert wait.estimated_start == late + timedelta(minutes=1)
    assert "ends any moment" in wait.reason


def test_without_nodes_everything_waits() -> None:
    """An engine that offers nothing leaves all waiting, with a reason."""
    plan = decide(queue([], [ask(1, amounts(1, 1))]), NOON)
    assert plan.admissions == ()
    assert plan.waits[0].estimated_start is None
    assert plan.waits[0].reason


def test_holders_on_a_lost_node_count_for_their_owner_only() -> None:
    """What hangs on a node that is gone still counts against its owner's caps."""
    running = hold(ask(1, amounts(1, 1), owner="eve"), "gone")
    waiting = [ask(2, amounts(1, 1), owner="eve"), ask(3, amounts(1, 1))]
    one_each = Quota(1, 9, amounts(99, 99))
    state = queue([node(4, 4)], waiting, [running], quota=one_each)
    assert started(state) == [3]


def test_a_wait_beyond_the_calendar_has_no_estimate() -> None:
    """Absurdly long waits have no estimate rather than an error."""
    waiting = [
        ask(number, amounts(4, 4), walltime=timedelta(days=2_000_000))
        for number in range(1, 5)
    ]
    plan = decide(queue([node(4, 4)], waiting), NOON)
    assert [one.estimated_start is None for one in plan.waits] == [False, True, True]
