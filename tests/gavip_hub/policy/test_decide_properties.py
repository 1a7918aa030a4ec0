"""What every decision keeps to, whatever the queue looks like."""

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from gavip_hub.domain.phase import Phase
from gavip_hub.domain.resources import NOTHING
from gavip_hub.policy.decide import decide
from gavip_hub.policy.plan import QueueState
from tests.support.queue import NOON
from tests.support.queue_oracle import naive_starts
from tests.support.queue_strategies import queue_states

moments = st.integers(-60, 9).map(lambda minutes: NOON + timedelta(minutes=minutes))


@given(queue_states(), moments)
def test_it_decides_as_the_rules_say(state: QueueState, now: datetime) -> None:
    """The decision is the one that the rules give without any short cuts."""
    plan = decide(state, now)
    assert {one.launch_id: one.node for one in plan.admissions} == naive_starts(
        state, now
    )


@given(queue_states(), moments)
def test_no_node_is_given_more_than_it_has(state: QueueState, now: datetime) -> None:
    """What starts fits in what is free, on nodes that take launches."""
    wanted = {one.id: one.request.resources for one in state.waiting}
    nodes = {one.name: one for one in state.nodes}
    given_away = dict.fromkeys(nodes, NOTHING)
    for admission in decide(state, now).admissions:
        assert nodes[admission.node].schedulable
        given_away[admission.node] += wanted[admission.launch_id]
    for name, amount in given_away.items():
        assert amount.fits_in(nodes[name].free)


@given(queue_states(), moments)
def test_no_user_passes_the_caps(state: QueueState, now: datetime) -> None:
    """With what starts, nobody runs more launches or amounts than the caps allow."""
    chosen = {one.launch_id for one in decide(state, now).admissions}
    starting = [one for one in state.waiting if one.id in chosen]
    for owner in {one.request.owner for one in starting}:
        mine = [
            one.request
            for one in (*state.holding, *starting)
            if one.request.owner == owner
        ]
        quota = state.quota_of(owner)
        assert len(mine) <= quota.max_running
        total = sum((one.resources for one in mine), NOTHING)
        assert total.fits_in(quota.max_resources)


@given(queue_states(), moments)
def test_everybody_is_answered_once(state: QueueState, now: datetime) -> None:
    """Each launch starts or waits, with a reason, and with a place of its own."""
    plan = decide(state, now)
    answered = Counter(
        [one.launch_id for one in plan.admissions]
        + [one.launch_id for one in plan.waits]
    )
    assert answered == Counter(one.id for one in state.waiting)
    held = {one.id for one in state.waiting if one.phase is Phase.HELD}
    places = sorted(one.position for one in plan.waits if one.launch_id not in held)
    assert places == list(range(1, len(places) + 1))
    for wait in plan.waits:
        assert wait.reason.endswith(".")
        assert (wait.position == 0) == (wait.launch_id in held)
        assert wait.estimated_start is None or wait.estimated_start > now
    assert not held & {one.launch_id for one in plan.admissions}


@given(queue_states(), moments)
def test_reasons_name_no_other_user(state: QueueState, now: datetime) -> None:
    """No reason holds the name of anybody, nor of somebody else's launch."""
    named = replace(
        state,
        holding=tuple(
            replace(
                one,
                request=replace(
                    one.request, display_name=f"<{one.request.owner}'s own>"
                ),
            )
            for one in state.holding
        ),
    )
    owner_of = {one.id: one.request.owner for one in state.waiting}
    for wait in decide(named, now).waits:
        told = wait.reason.replace(f"<{owner_of[wait.launch_id]}'s own>", "")
        assert not any(name in told for name in ("<", "eve", "joe", "ann"))


@given(queue_states(), moments, st.randoms(use_true_random=False))
def test_the_order_of_the_input_does_not_matter(
    state: QueueState,
    now: datetime,
    random: Random,
) -> None:
    """The same queue in another order gives the same plan."""
    shuffled = QueueState(
        nodes=tuple(random.sample(state.nodes, len(state.nodes))),
        waiting=tuple(random.sample(state.waiting, len(state.waiting))),
        holding=tuple(random.sample(state.holding, len(state.holding))),
        default_quota=state.default_quota,
        quotas=state.quotas,
    )
    assert decide(shuffled, now) == decide(state, now)


@given(queue_states())
def test_an_empty_platform_always_starts_somebody(state: QueueState) -> None:
    """If nothing runs, somebody who can starts; the others who can have estimates."""
    nodes = tuple(replace(one, free=one.capacity) for one in state.nodes)
    empty = replace(state, nodes=nodes, holding=())
    plan = decide(empty, NOON)
    quota = state.default_quota
    able = {
        one.id
        for one in state.waiting
        if one.phase is not Phase.HELD
        and one.request.resources.fits_in(quota.max_resources)
        and quota.max_running > 0
        and any(
            one.request.resources.fits_in(node.capacity)
            for node in nodes
            if node.schedulable
        )
    }
    assert bool(plan.admissions) == bool(able)
    estimated = {one.launch_id for one in plan.waits if one.estimated_start is not None}
    assert estimated == able - {one.launch_id for one in plan.admissions}
