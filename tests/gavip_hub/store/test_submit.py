"""Filing a launch."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from gavip_hub.domain.errors import (
    IdempotencyConflict,
    InvalidField,
    QueueFull,
    ServerBusy,
)
from gavip_hub.domain.launch import EndCode, Ending, LaunchKind
from gavip_hub.domain.phase import Phase
from gavip_hub.domain.resources import Resources
from gavip_hub.ports import Change
from gavip_hub.store import SqlLaunchStore
from tests.support.submissions import NOW, submission

pytestmark = pytest.mark.asyncio


async def test_a_launch_comes_back_as_it_was_filed(store: SqlLaunchStore) -> None:
    """Every field survives, to the microsecond and the last character."""
    wanted = submission("a")
    filed, new = await store.submit(wanted, NOW)
    assert new
    assert filed.request == wanted.request
    assert (filed.phase, filed.version, filed.attempt) == (Phase.QUEUED, 1, 0)
    assert filed.created_at == NOW
    assert len(bytes.fromhex(filed.id)) == 8
    assert await store.get(filed.id) == filed


async def test_the_same_key_yields_the_same_launch(store: SqlLaunchStore) -> None:
    """A repeat is answered with the launch as it is now, and files nothing."""
    first, _ = await store.submit(submission("a"), NOW)
    held = await store.move(Change(first.id, 1, Phase.HELD, "Set aside.", NOW))
    again, new = await store.submit(submission("a"), NOW + timedelta(hours=1))
    assert (again, new) == (held, False)
    assert await store.waiting() == [held]


async def test_the_same_key_with_another_request_is_a_conflict(
    store: SqlLaunchStore,
) -> None:
    """The key of another request is refused, and the field is named."""
    await store.submit(submission("a"), NOW)
    with pytest.raises(IdempotencyConflict) as refusal:
        await store.submit(submission("a", fingerprint="other"), NOW)
    assert refusal.value.field == "idempotency_key"


async def test_keys_belong_to_their_owner(store: SqlLaunchStore) -> None:
    """Two users may choose the same key, also if their names differ by case alone."""
    one, _ = await store.submit(submission("a", owner="ada"), NOW)
    other, new = await store.submit(submission("a", owner="Ada"), NOW)
    assert new
    assert one.id != other.id


async def test_the_cap_on_waiting_launches_names_the_numbers(
    store: SqlLaunchStore,
) -> None:
    """The third waiting launch of two is refused; another user's is not."""
    for key in ("a", "b"):
        await store.submit(submission(key, max_waiting=2), NOW)
    with pytest.raises(QueueFull, match="2 of your launches wait already, and 2 may"):
        await store.submit(submission("c", max_waiting=2), NOW)
    await store.submit(submission("c", owner="grace", max_waiting=2), NOW)
    again, new = await store.submit(submission("b", max_waiting=2), NOW)
    assert not new
    assert again.request.server_name == "b"


async def test_a_server_has_one_live_launch(store: SqlLaunchStore) -> None:
    """While a server has a launch, another is refused with the id of the first."""
    first, _ = await store.submit(submission("a", server_name="x"), NOW)
    second = submission("b", server_name="x", kind=LaunchKind.AVI)
    with pytest.raises(ServerBusy, match=first.id) as refusal:
        await store.submit(second, NOW)
    assert refusal.value.field == "server_name"
    await store.submit(submission("c", server_name="X"), NOW)
    ending = Ending(EndCode.STOPPED, "You cancelled it.")
    await store.move(Change(first.id, 1, Phase.ABORTED, "Over.", NOW, ending))
    _, new = await store.submit(second, NOW)
    assert new


async def test_batch_launches_have_no_server(store: SqlLaunchStore) -> None:
    """Any number of pipelines may live side by side."""
    for key in "abc":
        await store.submit(submission(key, kind=LaunchKind.PIPELINE), NOW)
    assert len(await store.waiting()) == 3
    assert await store.live_server("ada", "") is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("owner", "nul\0"),
        ("server_name", "half \ud800"),
        ("options", {"key": "nul\0"}),
        ("resources", Resources(memory_bytes=2**63)),
        ("resources", Resources(gpu=-1)),
    ],
)
async def test_what_no_database_can_hold_is_refused(
    store: SqlLaunchStore, field: str, value: object
) -> None:
    """Every database refuses the same values, with the field named."""
    good = submission("a")
    bad = replace(good, request=replace(good.request, **{field: value}))
    with pytest.raises(InvalidField):
        await store.submit(bad, NOW)
    assert await store.waiting() == []


async def test_a_burst_is_acknowledged_once_each(store: SqlLaunchStore) -> None:
    """Of 500 launches by 100 users at once, each asked for twice, none is doubled."""
    asks = [
        submission(f"{number}", owner=f"user{user}")
        for user in range(100)
        for number in range(5)
    ]
    answers = await asyncio.gather(
        *(store.submit(each, NOW) for each in asks + asks[::-1])
    )
    assert len({launch.id for launch, _ in answers}) == 500
    assert sum(new for _, new in answers) == 500
    assert len(await store.waiting()) == 500
    assert len(await store.events_after(0, limit=10_000)) == 500


async def test_a_refusal_does_not_disturb_its_neighbours(store: SqlLaunchStore) -> None:
    """Of asks that share a commit, the good ones are kept and the bad ones told why."""
    asks = [submission(f"{number}", max_waiting=5) for number in range(20)]
    answers = await asyncio.gather(
        *(store.submit(each, NOW) for each in asks), return_exceptions=True
    )
    assert [type(answer) for answer in answers] == [tuple] * 5 + [QueueFull] * 15
    assert [launch.request.server_name for launch in await store.waiting()] == [
        "0",
        "1",
        "2",
        "3",
        "4",
    ]


async def test_an_asker_who_goes_away_harms_nobody(store: SqlLaunchStore) -> None:
    """A cancelled ask is either not done or done whole; the others are answered."""
    tasks = [
        asyncio.ensure_future(store.submit(submission(f"{number}"), NOW))
        for number in range(40)
    ]
    await asyncio.sleep(0)
    for task in tasks[::2]:
        task.cancel()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    acknowledged = {answer[0].id for answer in answers if isinstance(answer, tuple)}
    there = {launch.id for launch in await store.waiting()}
    assert len(acknowledged) >= 20
    assert acknowledged <= there
    assert len(await store.events_after(0)) == len(there)
