"""Reasons say in plain words what somebody waits for, and never who else is there."""

from dataclasses import replace
from datetime import timedelta

from gavip_hub.domain.quota import Quota
from gavip_hub.policy.decide import decide
from gavip_hub.policy.plan import QueueState
from tests.support.queue import HOUR, NO_CAPS, NOON, amounts, ask, hold, node, queue


def reasons(state: QueueState) -> list[str]:
    """Return the reasons of those who wait, in the plan's order."""
    return [one.reason for one in decide(state, NOON).waits]


def test_one_other_holder() -> None:
    """The first in line learns what is missing, and until when at the latest."""
    running = hold(ask(1, amounts(1, 6), owner="bob", name="Secret"))
    waiting = ask(2, amounts(1, 6), owner="eve")
    assert reasons(queue([node(8, 8)], [waiting], [running])) == [
        (
            "Waits for 4 GB of memory that another user's notebook holds until 13:00 "
            "UTC at the latest."
        )
    ]


def test_one_own_holder() -> None:
    """What the own launch holds is called by its name."""
    running = hold(ask(1, amounts(4, 1), owner="eve", name="M31"))
    waiting = ask(2, amounts(1, 1), owner="eve")
    assert reasons(queue([node(4, 8)], [waiting], [running])) == [
        'Waits for 1 core that your notebook "M31" holds until 13:00 UTC at the latest.'
    ]


def test_several_holders() -> None:
    """Several holders are summed up, with the own ones named."""
    others = [
        hold(ask(number, amounts(1, 2), walltime=number * HOUR)) for number in (1, 2, 3)
    ]
    own = hold(ask(4, amounts(1, 2), walltime=4 * HOUR, owner="eve", name="M31"))
    waiting = ask(9, amounts(1, 6), owner="eve")
    assert reasons(queue([node(8, 6)], [waiting], others)) == [
        (
            "Waits for 6 GB of memory that 3 others hold; the first ends at 13:00 UTC "
            "at the latest."
        )
    ]
    larger = ask(9, amounts(1, 8), owner="eve")
    assert reasons(queue([node(8, 8)], [larger], [*others, own])) == [
        (
            'Waits for 8 GB of memory that 4 launches hold, of yours "M31"; the first '
            "ends at 13:00 UTC at the latest."
        )
    ]


def test_a_turn() -> None:
    """Those behind learn how many go first, and whether by time or by tier."""
    running = hold(ask(1, amounts(4, 4)))
    waiting = [
        ask(2, amounts(4, 4)),
        ask(3, amounts(4, 4)),
        ask(4, amounts(4, 4)),
    ]
    state = queue([node(4, 4)], waiting, [running])
    assert reasons(state)[1:] == [
        "Waits for its turn: 1 launch that asked earlier goes first.",
        "Waits for its turn: 2 launches that asked earlier go first.",
    ]
    urgent = replace(waiting[2], request=replace(waiting[2].request, tier=1))
    state = replace(state, waiting=(*waiting[:2], urgent))
    assert reasons(state)[1:] == [
        "Waits for its turn: 1 launch that has priority goes first.",
        "Waits for its turn: 2 launches that asked earlier or have priority go first.",
    ]


def test_the_own_limit_by_number() -> None:
    """A cap on running launches is called the user's own, with what fills it."""
    running = [
        hold(ask(1, amounts(1, 1), owner="eve", name="M31")),
        hold(ask(2, amounts(1, 1), owner="eve")),
    ]
    state = queue(
        [node(8, 8)],
        [ask(3, amounts(1, 1), owner="eve")],
        running,
        quota=Quota(2, 9, amounts(99, 99)),
    )
    assert reasons(state) == [
        (
            'Your limit: you may run 2 launches at a time and run 2 ("M31" and a '
            "notebook). It can start when one of yours ends."
        )
    ]


def test_the_own_limit_by_amount() -> None:
    """A cap on amounts is called the user's own, with what fills it."""
    state = queue(
        [node(8, 8)],
        [ask(3, amounts(1, 2), owner="eve")],
        [hold(ask(1, amounts(1, 3), owner="eve", name="M31"))],
        quota=Quota(9, 9, amounts(4, 4)),
    )
    assert reasons(state) == [
        (
            "Your limit: your launches may hold 4 cores and 4 GB of memory together "
            'and hold 1 core and 3 GB of memory ("M31"). It can start when enough of '
            "yours has ended."
        )
    ]


def test_a_quota_that_shrank() -> None:
    """What a smaller quota no longer allows at all says so, without an estimate."""
    waiting = [ask(1, amounts(2, 8), owner="eve"), ask(2, amounts(1, 1), owner="joe")]
    quotas = {
        "eve": replace(NO_CAPS, max_resources=amounts(2, 4)),
        "joe": replace(NO_CAPS, max_running=0),
    }
    plan = decide(queue([node(9, 9)], waiting, quotas=quotas), NOON)
    assert [one.reason for one in plan.waits] == [
        (
            "Your limit: you may hold 2 cores and 4 GB of memory at the most, and this "
            "asks for 2 cores and 8 GB of memory. Cancel it and ask for less."
        ),
        "Your limit: you may not run launches at present.",
    ]
    assert [one.estimated_start for one in plan.waits] == [None, None]


def test_reasons_stand_still_while_nothing_happens() -> None:
    """The same queue a little later gives the same words and estimates."""
    running = hold(ask(1, amounts(4, 4)))
    waiting = [ask(number, amounts(2, 2)) for number in range(2, 9)]
    state = queue([node(4, 4)], waiting, [running])
    assert decide(state, NOON) == decide(state, NOON + timedelta(seconds=30))
