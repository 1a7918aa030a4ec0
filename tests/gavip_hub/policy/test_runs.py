"""What the policy promises over whole runs, pass after pass."""

from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from gavip_hub.domain.capacity import Node
from gavip_hub.domain.quota import Quota
from gavip_hub.domain.resources import NOTHING
from tests.support.queue import HOUR, NOON, amounts, ask, node
from tests.support.queue_run import Arrival, QueueRun
from tests.support.queue_strategies import arrivals, node_lists

wide = [node(8, 8, "n0"), node(8, 8, "n1")]
one_user = Quota(2, 99, amounts(9, 9))


@settings(max_examples=60, deadline=None)
@given(node_lists(drained=False), arrivals(tiers=False))
def test_the_first_in_line_is_never_put_off(
    nodes: list[Node], coming: list[Arrival]
) -> None:
    """While limits hold, no later pass moves the start of the first in line back."""
    promised: dict[str, datetime] = {}
    run = QueueRun(nodes, coming)
    for _, _, plan in run.passes():
        first = [one for one in plan.waits if one.position == 1]
        for wait in first:
            if wait.estimated_start is None:
                continue
            latest = promised.get(wait.launch_id, wait.estimated_start)
            assert wait.estimated_start <= latest
            promised[wait.launch_id] = wait.estimated_start
    for launch_id, latest in promised.items():
        assert run.started[launch_id] <= latest


@settings(max_examples=60, deadline=None)
@given(node_lists(drained=False), arrivals(at_once=True, to_the_limit=True))
def test_estimates_are_exact_if_all_run_to_the_limit(
    nodes: list[Node], coming: list[Arrival]
) -> None:
    """If nobody else asks and all use up their time, each starts when told."""
    run = QueueRun(nodes, coming, quota=one_user)
    plans = [plan for _, _, plan in run.passes()]
    for wait in plans[0].waits:
        assert wait.estimated_start == run.started.get(wait.launch_id)


@settings(max_examples=60, deadline=None)
@given(node_lists(drained=False), arrivals())
def test_a_run_never_overfills_and_comes_to_an_end(
    nodes: list[Node], coming: list[Arrival]
) -> None:
    """Over a whole run nodes and caps are kept, and all who could start did."""
    run = QueueRun(nodes, coming, quota=one_user)
    for _, state, _ in run.passes():
        for one in state.nodes:
            assert NOTHING.fits_in(one.free)
        for owner in ("eve", "joe", "ann"):
            mine = [one for one in state.holding if one.request.owner == owner]
            assert len(mine) <= one_user.max_running
    able = {
        one.launch.id
        for one in coming
        if one.launch.request.resources.fits_in(one_user.max_resources)
        and any(one.launch.request.resources.fits_in(n.capacity) for n in nodes)
    }
    assert set(run.started) == able


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 8), st.integers(1, 8))
def test_a_large_one_is_not_starved_by_small_ones(gigabytes: int, share: int) -> None:
    """However many small ones keep coming, the large one starts in its time."""
    large = Arrival(ask(8, amounts(8, gigabytes)), timedelta(minutes=1))
    small = [
        Arrival(
            ask(number, amounts(1, 1)),
            timedelta(minutes=number // 8),
            HOUR * share / 8,
        )
        for number in range(300)
        if number != 8
    ]
    run = QueueRun([node(8, 8)], [large, *small])
    for _ in run.passes():
        if large.launch.id in run.started:
            break
    assert run.started[large.launch.id] <= NOON + HOUR
