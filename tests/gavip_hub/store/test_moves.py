"""Admission, moves, and what is held meanwhile."""

from datetime import UTC, datetime, timedelta

import pytest

from gavip_hub.domain.capacity import Node
from gavip_hub.domain.errors import IllegalTransition, StoreConflict, UnknownLaunch
from gavip_hub.domain.event import EventKind
from gavip_hub.domain.launch import EndCode, Ending, Launch
from gavip_hub.domain.phase import Phase
from gavip_hub.domain.resources import NOTHING, Resources
from gavip_hub.ports import Change
from gavip_hub.store import SqlLaunchStore
from tests.support.submissions import NOW, submission

pytestmark = pytest.mark.asyncio

MINUTE = timedelta(minutes=1)
SMALL = Resources(1000, 2 * 1024**3)
BIG = Resources(4000, 8 * 1024**3, 1)
UNTIL = NOW + timedelta(hours=1, minutes=5)
STOPPED = Ending(EndCode.STOPPED, "You stopped it.", exit_code=0)


def node(name: str = "n1", capacity: Resources = BIG, *, open_: bool = True) -> Node:
    """Return an offer of the engine; what it says of free is not asked."""
    return Node(name, capacity, NOTHING, open_)


async def admitted(store: SqlLaunchStore, key: str = "a") -> Launch:
    """File a launch and admit it to n1."""
    launch, _ = await store.submit(submission(key), NOW)
    return await store.admit(launch.id, launch.version, "n1", NOW, UNTIL)


async def step(
    store: SqlLaunchStore, launch: Launch, phase: Phase, at: datetime = NOW
) -> Launch:
    """Move a launch on, with nothing else."""
    return await store.move(Change(launch.id, launch.version, phase, "On.", at))


async def test_admission_holds_resources_on_the_node(store: SqlLaunchStore) -> None:
    """What a launch holds is missing from the node, and the launch says what it is."""
    await store.sync_nodes([node()])
    launch = await admitted(store)
    assert (launch.phase, launch.version, launch.attempt) == (Phase.ADMITTED, 2, 1)
    assert launch.admitted_at == NOW
    held = launch.allocation
    assert held is not None
    assert (held.node, held.attempt, held.resources) == ("n1", 1, SMALL)
    assert (held.held_since, held.until) == (NOW, UNTIL)
    assert await store.nodes() == [Node("n1", BIG, BIG - SMALL)]
    assert await store.holding() == [launch]
    assert await store.waiting() == []


async def test_a_node_never_gives_more_than_it_has(store: SqlLaunchStore) -> None:
    """The fifth launch of four that fit is refused, and stays as it was."""
    await store.sync_nodes([node()])
    for key in "abcd":
        await admitted(store, key)
    late, _ = await store.submit(submission("e"), NOW)
    with pytest.raises(StoreConflict, match="not enough"):
        await store.admit(late.id, 1, "n1", NOW, UNTIL)
    assert await store.get(late.id) == late
    assert (await store.nodes())[0].free == Resources(gpu=1)


async def test_only_open_nodes_that_exist_take_launches(store: SqlLaunchStore) -> None:
    """A closed node and an unknown one refuse alike."""
    await store.sync_nodes([node("shut", open_=False)])
    launch, _ = await store.submit(submission(), NOW)
    for name in ("shut", "nowhere"):
        with pytest.raises(StoreConflict, match="takes no launches"):
            await store.admit(launch.id, 1, name, NOW, UNTIL)


async def test_a_stale_version_changes_nothing(store: SqlLaunchStore) -> None:
    """Whoever decides on what was read too long ago is told to read again."""
    await store.sync_nodes([node()])
    launch = await admitted(store)
    with pytest.raises(StoreConflict, match="Read it again"):
        await store.move(Change(launch.id, 1, Phase.STARTING, "On.", NOW))
    with pytest.raises(StoreConflict, match="Read it again"):
        await store.admit(launch.id, 1, "n1", NOW, UNTIL)
    assert await store.get(launch.id) == launch


async def test_a_life_leaves_its_stamps_and_its_story(store: SqlLaunchStore) -> None:
    """Each phase has its time and its event, and the end gives everything back."""
    await store.sync_nodes([node()])
    launch = await admitted(store)
    started = await step(store, launch, Phase.STARTING, NOW + MINUTE)
    deadline = NOW + timedelta(hours=2)
    running = await store.move(
        Change(
            launch.id,
            started.version,
            Phase.RUNNING,
            "It answers.",
            NOW + 2 * MINUTE,
            deadline=deadline,
        )
    )
    stopping = await store.move(
        Change(launch.id, running.version, Phase.STOPPING, "Ends.", NOW, STOPPED)
    )
    assert stopping.allocation is not None
    ended = await step(store, stopping, Phase.COMPLETED, NOW + 9 * MINUTE)
    assert (ended.started_at, ended.running_at, ended.ended_at) == (
        NOW + MINUTE,
        NOW + 2 * MINUTE,
        NOW + 9 * MINUTE,
    )
    assert (ended.deadline, ended.ending, ended.allocation) == (deadline, STOPPED, None)
    assert await store.nodes() == [Node("n1", BIG, BIG)]
    events = await store.events_after(0, launch_id=launch.id)
    assert [event.phase for event in events] == [
        Phase.QUEUED,
        Phase.ADMITTED,
        Phase.STARTING,
        Phase.RUNNING,
        Phase.STOPPING,
        Phase.COMPLETED,
    ]
    assert events[1].detail == {"node": "n1", "attempt": 1}
    assert events[-1].detail == {"code": "stopped", "exit_code": 0}
    assert events[3].message == "It answers."
    assert events[-1].at == NOW + 9 * MINUTE


async def test_a_retry_keeps_what_it_holds_under_a_new_name(
    store: SqlLaunchStore,
) -> None:
    """A further attempt counts up, in the launch and in its allocation."""
    await store.sync_nodes([node()])
    launch = await step(store, await admitted(store), Phase.STARTING)
    again = await store.move(
        Change(
            launch.id,
            launch.version,
            Phase.ADMITTED,
            "Once more.",
            NOW,
            None,
            None,
            True,
        )
    )
    assert (again.attempt, again.engine_name) == (2, f"gavip-{launch.id}-2")
    assert again.allocation is not None
    assert again.allocation.attempt == 2
    assert await store.nodes() == [Node("n1", BIG, BIG - SMALL)]


async def test_an_extension_moves_the_deadline_and_what_is_planned_with(
    store: SqlLaunchStore,
) -> None:
    """The allocation lasts until the new deadline, and one event tells of it."""
    await store.sync_nodes([node()])
    launch = await step(store, await admitted(store), Phase.STARTING)
    launch = await step(store, launch, Phase.RUNNING)
    later = NOW.astimezone(UTC) + timedelta(hours=5)
    change = Change(
        launch.id,
        launch.version,
        Phase.RUNNING,
        "Extended by an hour.",
        NOW,
        deadline=later,
        event=EventKind.EXTENDED,
    )
    extended = await store.move(change)
    assert extended.deadline == later
    assert extended.allocation is not None
    assert extended.allocation.until == later
    assert extended.running_at == launch.running_at
    last = (await store.events_after(0))[-1]
    assert (last.kind, last.detail) == (
        EventKind.EXTENDED,
        {"deadline": later.isoformat()},
    )


async def test_news_of_the_queue_changes_the_reason_and_is_not_kept(
    store: SqlLaunchStore,
) -> None:
    """What is sent but not kept leaves no event."""
    launch, _ = await store.submit(submission(), NOW)
    change = Change(
        launch.id, 1, Phase.QUEUED, "Third in line.", NOW, event=EventKind.QUEUE
    )
    assert (await store.move(change)).reason == "Third in line."
    assert len(await store.events_after(0)) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"phase": Phase.RUNNING},
        {"phase": Phase.QUEUED},
        {"phase": Phase.ADMITTED},
        {"phase": Phase.HELD, "new_attempt": True},
        {"phase": Phase.ABORTED},
    ],
    ids=["skips", "stays", "holds nothing", "no retry", "unexplained"],
)
async def test_moves_that_make_no_sense_are_refused(
    store: SqlLaunchStore, change: dict[str, object]
) -> None:
    """The table of moves is kept, and nobody holds nothing or ends without a word."""
    launch, _ = await store.submit(submission(), NOW)
    rest = {"launch_id": launch.id, "version": 1, "reason": "On.", "at": NOW}
    with pytest.raises(IllegalTransition):
        await store.move(Change(**rest, **change))
    assert await store.get(launch.id) == launch
    assert len(await store.events_after(0)) == 1


async def test_what_has_ended_stays_as_it_is(store: SqlLaunchStore) -> None:
    """After the end there is no move, no warning and no extension."""
    launch, _ = await store.submit(submission(), NOW)
    ended = await store.move(Change(launch.id, 1, Phase.ABORTED, "Over.", NOW, STOPPED))
    for kind in EventKind:
        with pytest.raises(IllegalTransition):
            await store.move(
                Change(launch.id, 2, Phase.ABORTED, "More.", NOW, event=kind)
            )
    assert await store.get(launch.id) == ended


async def test_the_peak_only_grows(store: SqlLaunchStore) -> None:
    """The most memory seen counts, whoever saw it, and no version moves for it."""
    launch, _ = await store.submit(submission(), NOW)
    for seen in (5, 9, 7):
        await store.note_peak(launch.id, seen)
    noted = await store.get(launch.id)
    assert (noted.peak_memory_bytes, noted.version) == (9, 1)
    ending = Ending(EndCode.OUT_OF_MEMORY, "Too much.", 137, peak_memory_bytes=8)
    ended = await store.move(Change(launch.id, 1, Phase.ERROR, "Over.", NOW, ending))
    assert ended.ending is not None
    assert ended.peak_memory_bytes == ended.ending.peak_memory_bytes == 9
    with pytest.raises(UnknownLaunch):
        await store.note_peak("0" * 16, 1)


async def test_nodes_follow_the_engine_without_losing_what_is_held(
    store: SqlLaunchStore,
) -> None:
    """A node in use keeps what it holds, and leaves when nothing holds it."""
    await store.sync_nodes([node("n1"), node("n2")])
    launch = await admitted(store)
    await store.sync_nodes([node("n1", Resources(500, 1024))])
    assert await store.nodes() == [Node("n1", SMALL, NOTHING)]
    await store.sync_nodes([])
    assert await store.nodes() == [Node("n1", SMALL, NOTHING, schedulable=False)]
    launch = await step(store, launch, Phase.STARTING)
    launch = await store.move(
        Change(launch.id, launch.version, Phase.STOPPING, "Ends.", NOW, STOPPED)
    )
    await step(store, launch, Phase.COMPLETED)
    assert await store.nodes() == [Node("n1", NOTHING, NOTHING, schedulable=False)]
    await store.sync_nodes([])
    assert await store.nodes() == []


async def test_a_node_that_shrank_gives_back_only_what_it_still_offers(
    store: SqlLaunchStore,
) -> None:
    """An end on a node that has become smaller makes no room that is not there."""
    await store.sync_nodes([node()])
    one, other = await admitted(store, "a"), await admitted(store, "b")
    offered = Resources(1500, 3 * 1024**3)
    await store.sync_nodes([node("n1", offered)])
    assert (await store.nodes())[0].capacity == SMALL + SMALL
    for launch in (one, other):
        moved = await store.move(
            Change(launch.id, launch.version, Phase.STOPPING, "Ends.", NOW, STOPPED)
        )
        await step(store, moved, Phase.COMPLETED)
        free = (await store.nodes())[0].free
        assert free.fits_in(offered)
    assert free == offered
