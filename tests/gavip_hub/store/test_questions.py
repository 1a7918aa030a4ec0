"""What can be asked of the store."""

import pytest

from gavip_hub.domain.errors import UnknownLaunch
from gavip_hub.domain.launch import EndCode, Ending, Launch
from gavip_hub.domain.phase import Phase
from gavip_hub.ports import Change, LaunchFilter
from gavip_hub.store import SqlLaunchStore
from tests.support.submissions import NOW, submission

pytestmark = pytest.mark.asyncio


async def filed(store: SqlLaunchStore, *keys: str, owner: str = "ada") -> list[Launch]:
    """File launches, oldest first."""
    return [(await store.submit(submission(key, owner=owner), NOW))[0] for key in keys]


async def cancelled(store: SqlLaunchStore, launch: Launch) -> Launch:
    """Cancel a launch that waits."""
    ending = Ending(EndCode.STOPPED, "You cancelled it.")
    change = Change(launch.id, launch.version, Phase.ABORTED, "Over.", NOW, ending)
    return await store.move(change)


async def test_pages_go_back_in_time_without_gap_or_overlap(
    store: SqlLaunchStore,
) -> None:
    """Each page goes on where the one before ended, whatever phases are mixed."""
    launches = await filed(store, *"abcdefg")
    launches[2] = await cancelled(store, launches[2])
    launches[5] = await cancelled(store, launches[5])
    await filed(store, "x", owner="grace")
    seen: list[Launch] = []
    before = None
    while page := await store.find(LaunchFilter("ada", before=before, limit=3)):
        seen += page
        before = page[-1].number
    assert seen == launches[::-1]


async def test_filters_narrow_by_owner_and_phase(store: SqlLaunchStore) -> None:
    """Owners are told apart by case, and any set of phases can be asked for."""
    one, other = await filed(store, "a", "b")
    (stranger,) = await filed(store, "a", owner="Ada")
    one = await cancelled(store, one)
    assert await store.find(LaunchFilter()) == [stranger, other, one]
    ended = LaunchFilter(phases=frozenset({Phase.ABORTED, Phase.ERROR}))
    assert await store.find(ended) == [one]
    queued = LaunchFilter("ada", frozenset({Phase.QUEUED}))
    assert await store.find(queued) == [other]
    assert await store.find(LaunchFilter(limit=0)) == []


async def test_the_queue_is_in_the_order_of_acknowledgement(
    store: SqlLaunchStore,
) -> None:
    """Those that wait are listed oldest first, the held ones among them."""
    launches = await filed(store, "a", "b", "c")
    launches[1] = await store.move(
        Change(launches[1].id, 1, Phase.HELD, "Set aside.", NOW)
    )
    assert await store.waiting() == launches
    numbers = [launch.number for launch in launches]
    assert numbers == sorted(set(numbers))


async def test_the_live_launch_of_a_server_is_found(store: SqlLaunchStore) -> None:
    """The launch that has not ended is found by user and exact server name."""
    (old,) = await filed(store, "a")
    assert await store.live_server("ada", "a") == old
    assert await store.live_server("ada", "A") is None
    assert await store.live_server("Ada", "a") is None
    await cancelled(store, old)
    assert await store.live_server("ada", "a") is None


async def test_an_unknown_launch_is_an_error(store: SqlLaunchStore) -> None:
    """An id that nobody was given is refused."""
    with pytest.raises(UnknownLaunch):
        await store.get("0" * 16)


async def test_events_can_be_followed_from_any_point(store: SqlLaunchStore) -> None:
    """Who has seen an event gets all later ones, of one launch or owner if asked."""
    one, other = await filed(store, "a", "b")
    (stranger,) = await filed(store, "x", owner="grace")
    await cancelled(store, one)
    events = await store.events_after(0)
    assert [event.launch_id for event in events] == [
        one.id,
        other.id,
        stranger.id,
        one.id,
    ]
    assert await store.events_after(events[1].sequence) == events[2:]
    assert await store.events_after(0, limit=2) == events[:2]
    assert await store.events_after(0, launch_id=one.id) == [events[0], events[3]]
    assert await store.events_after(0, owner="grace") == [events[2]]
    assert await store.events_after(events[-1].sequence) == []
