"""A deadline may move as far as nobody who waits starts later for it."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from gavip_hub.policy.decide import decide
from gavip_hub.policy.extension import longest_extension
from gavip_hub.policy.plan import QueueState
from tests.support.queue import HOUR, NOON, amounts, ask, hold, node, queue
from tests.support.queue_strategies import queue_states

DAY = timedelta(days=1)


def test_nobody_waits() -> None:
    """Without a queue only the platform's longest walltime stands in the way."""
    running = hold(ask(1, amounts(4, 4)))
    leeway = longest_extension(queue([node(4, 4)], [], [running]), running, NOON, DAY)
    assert leeway.longest == 23 * HOUR
    assert leeway.reason == "The longest walltime here is 1 d."


def test_somebody_waits_for_the_place() -> None:
    """If somebody is to start at its end, the deadline may not move."""
    running = hold(ask(1, amounts(4, 4)))
    state = queue([node(4, 4)], [ask(2, amounts(4, 4))], [running])
    leeway = longest_extension(state, running, NOON, DAY)
    assert leeway.longest == timedelta(0)
    assert leeway.reason == "A launch that waits is to start in its place at 13:00 UTC."


def test_somebody_waits_for_a_longer_one() -> None:
    """If whoever waits has to wait for another anyway, there is time until then."""
    short = hold(ask(1, amounts(2, 2)))
    long = hold(ask(2, amounts(2, 2), walltime=3 * HOUR))
    state = queue([node(4, 4)], [ask(3, amounts(4, 4))], [short, long])
    assert longest_extension(state, short, NOON, DAY).longest == 2 * HOUR
    assert longest_extension(state, long, NOON, DAY).longest == timedelta(0)


def test_those_who_wait_need_another_node() -> None:
    """Who waits for another node stands in nobody's way here."""
    here = hold(ask(1, amounts(1, 1)), "small")
    there = hold(ask(2, amounts(8, 8)), "large")
    nodes = [node(8, 8, "large"), node(1, 1, "small")]
    state = queue(nodes, [ask(3, amounts(8, 8))], [here, there])
    assert longest_extension(state, here, NOON, DAY).longest == 23 * HOUR


def test_an_own_launch_that_waits_counts_too() -> None:
    """A user's own launch that waits for the cap is not put off either."""
    running = hold(ask(1, amounts(1, 1), owner="eve"))
    state = queue([node(8, 8)], [ask(2, amounts(1, 1), owner="eve")], [running])
    state = replace(state, default_quota=replace(state.default_quota, max_running=1))
    assert longest_extension(state, running, NOON, DAY).longest == timedelta(0)


def test_no_more_than_wanted() -> None:
    """A wish is answered as far as it goes, within the longest walltime."""
    running = hold(ask(1, amounts(4, 4)))
    state = queue([node(4, 4)], [], [running])
    for wanted, given_back in ((HOUR, HOUR), (2 * DAY, 23 * HOUR)):
        leeway = longest_extension(state, running, NOON, DAY, wanted=wanted)
        assert leeway.longest == given_back
    at_the_limit = longest_extension(state, running, NOON, HOUR)
    assert at_the_limit.longest == timedelta(0)


def test_the_grace_of_a_start_is_no_walltime() -> None:
    """The grace that an allocation adds is not taken off the longest walltime."""
    grace = timedelta(minutes=3)
    running = hold(ask(1, amounts(4, 4), walltime=HOUR + grace))
    state = replace(queue([node(4, 4)], [], [running]), start_grace=grace)
    assert longest_extension(state, running, NOON, DAY).longest == 23 * HOUR


def test_the_walltime_counts_from_when_it_ran() -> None:
    """A start that took a while is not taken off the longest walltime either."""
    running = hold(ask(1, amounts(4, 4)))
    running = replace(running, running_at=NOON + timedelta(minutes=2))
    state = replace(
        queue([node(4, 4)], [], [running]), start_grace=timedelta(minutes=3)
    )
    leeway = longest_extension(state, running, NOON, DAY)
    assert leeway.longest == 23 * HOUR + timedelta(minutes=2)


def test_what_waits_holds_nothing_to_prolong() -> None:
    """A launch that waits has no deadline to move."""
    waiting = ask(1, amounts(1, 1))
    leeway = longest_extension(queue([node(4, 4)], [waiting]), waiting, NOON, DAY)
    assert leeway.longest == timedelta(0)


@settings(deadline=None)
@given(queue_states(), st.data(), st.integers(1, 300) | st.none())
def test_nobody_starts_later_for_an_extension(
    state: QueueState, data: st.DataObject, minutes: int | None
) -> None:
    """With the deadline moved as far as allowed, every estimate stays or improves."""
    if not state.holding:
        return
    launch = data.draw(st.sampled_from(state.holding))
    wanted = timedelta.max if minutes is None else timedelta(minutes=minutes)
    leeway = longest_extension(state, launch, NOON, DAY, wanted=wanted)
    assert timedelta(0) <= leeway.longest <= min(wanted, DAY)
    assert leeway.reason.endswith(".")
    assert launch.allocation is not None
    until = launch.allocation.until + leeway.longest
    longer = replace(launch, allocation=replace(launch.allocation, until=until))
    others = tuple(one for one in state.holding if one is not launch)
    before, after = (
        {one.launch_id: one.estimated_start for one in decide(at, NOON).waits}
        for at in (state, replace(state, holding=(*others, longer)))
    )
    for launch_id, start in before.items():
        if start is not None:
            later = after.get(launch_id, NOON)
            assert later is not None
            assert later <= start
