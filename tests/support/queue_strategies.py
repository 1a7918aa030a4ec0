"""Queues that hypothesis makes up."""

from collections.abc import Callable
from datetime import timedelta

from hypothesis import strategies as st

from gavip_hub.domain.capacity import Node
from gavip_hub.domain.launch import Launch
from gavip_hub.domain.phase import Phase
from gavip_hub.domain.quota import Quota
from gavip_hub.domain.resources import Resources
from gavip_hub.policy.plan import QueueState
from tests.support.queue import NO_CAPS, amounts, ask, hold, node, queue
from tests.support.queue_run import Arrival

__all__ = ["arrivals", "launches", "node_lists", "queue_states", "sizes"]

sizes: st.SearchStrategy[Resources] = st.builds(
    amounts, st.integers(1, 8), st.integers(1, 8)
)
_walltimes = st.integers(1, 12).map(lambda tens: timedelta(minutes=10 * tens))
_owners = st.sampled_from(["eve", "joe", "ann"])
_quotas = st.builds(
    Quota,
    max_running=st.integers(0, 4),
    max_waiting=st.just(99),
    max_resources=sizes,
)


@st.composite
def node_lists(draw: st.DrawFn, *, drained: bool = True) -> list[Node]:
    """Draw one to three empty nodes."""
    opened = st.sampled_from([True, True, True, False]) if drained else st.just(True)
    return [
        node(
            draw(st.integers(2, 10)),
            draw(st.integers(2, 10)),
            f"n{index}",
            schedulable=draw(opened),
        )
        for index in range(draw(st.integers(1, 3)))
    ]


@st.composite
def launches(draw: st.DrawFn, number: int, *, held: bool = True) -> Launch:
    """Draw a launch that waits."""
    phase = draw(st.sampled_from([Phase.QUEUED] * 7 + [Phase.HELD]))
    return ask(
        number,
        draw(sizes),
        walltime=draw(_walltimes),
        owner=draw(_owners),
        tier=draw(st.sampled_from([0, 0, 0, 1])),
        phase=phase if held else Phase.QUEUED,
    )


@st.composite
def queue_states(
    draw: st.DrawFn, *, caps: bool = True, most_waiting: int = 10
) -> QueueState:
    """Draw a state in which no node holds more than it has."""
    nodes = draw(node_lists())
    free = {one.name: one.capacity for one in nodes}
    holding = []
    for number in range(draw(st.integers(0, 6))):
        launch = draw(launches(number, held=False))
        name = draw(st.sampled_from(sorted(free)))
        if launch.request.resources.fits_in(free[name]):
            free[name] -= launch.request.resources
            holding.append(hold(launch, name))
    waiting = [
        draw(launches(100 + index))
        for index in range(draw(st.integers(0, most_waiting)))
    ]
    quota = draw(_quotas | st.just(NO_CAPS)) if caps else NO_CAPS
    return queue(nodes, waiting, holding, quota=quota)


@st.composite
def arrivals(
    draw: st.DrawFn,
    *,
    at_once: bool = False,
    to_the_limit: bool = False,
    fitting: Callable[[Resources], bool] = lambda _: True,
    tiers: bool = True,
) -> list[Arrival]:
    """Draw launches with their times of asking and their true run times."""
    drawn = []
    minutes = 0
    for number in range(1, draw(st.integers(1, 14)) + 1):
        launch = ask(
            number,
            draw(sizes.filter(fitting)),
            walltime=draw(_walltimes),
            owner=draw(_owners),
            tier=draw(st.integers(0, 1)) if tiers else 0,
        )
        minutes += 0 if at_once or number == 1 else draw(st.integers(0, 30))
        share = 1.0 if to_the_limit else draw(st.floats(0.05, 1.0))
        runtime = launch.request.walltime * share
        drawn.append(Arrival(launch, timedelta(minutes=minutes), runtime))
    return drawn
