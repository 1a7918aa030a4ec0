"""The story of launches, live."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from gavip_hub.domain.errors import StoreUnavailable
from gavip_hub.domain.phase import Phase
from gavip_hub.portal import teller, watch
from gavip_hub.portal.teller import Teller
from gavip_hub.web.callers import READ
from gavip_hub.web.handlers import events
from tests.support.api import Api, Stream
from tests.support.portal import World

pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture(autouse=True)
async def _telling(world: World) -> AsyncIterator[None]:
    """Let the portal tell what is written."""
    await world.portal.teller._skip_the_past()
    task = asyncio.ensure_future(world.portal.teller.run())
    yield
    task.cancel()


async def message(stream: Stream) -> dict[str, str]:
    """Return the fields of the next message, comments left out."""
    while True:
        text = await stream.text("\n\n")
        # Chunks of the transfer stand between the lines.
        fields = dict(
            line.split(": ", 1)
            for line in text.splitlines()
            if line.split(": ", 1)[0] in {"id", "event", "data"}
        )
        if fields:
            return fields


async def test_what_happens_is_told_at_once_and_in_order(
    api: Api, world: World
) -> None:
    """Each kept event has its number, its kind and the launch as it is after it."""
    stream = await api.follow()
    launch = await world.submit()
    first = await message(stream)
    assert (first["event"], first["id"]) == ("phase", "1")
    told = json.loads(first["data"])
    assert told["launch_id"] == told["launch"]["id"] == launch.id
    await world.until(launch, Phase.RUNNING)
    kinds = [await message(stream) for _ in range(3)]
    numbers = [int(one["id"]) for one in kinds if "id" in one]
    assert numbers == sorted(numbers)
    stream.close()


async def test_places_in_the_queue_are_told_but_not_kept(
    api: Api, world: World
) -> None:
    """They have no number, so that a reconnect goes on after what is kept."""
    await world.running(owner="bob", resources=(await world.store.nodes())[0].capacity)
    stream = await api.follow()
    await world.submit()
    await world.step()
    seen = [await message(stream) for _ in range(2)]
    queue = next(one for one in seen if one["event"] == "queue")
    assert "id" not in queue
    assert json.loads(queue["data"])["detail"]["position"] == 1
    stream.close()


async def test_nobody_hears_of_others(api: Api, world: World) -> None:
    """One's own stream has one's own launches only."""
    stream = await api.follow(caller="bob-writes")
    await world.submit(owner="ada")
    await world.submit(owner="bob")
    told = json.loads((await message(stream))["data"])
    assert told["launch"]["owner"] == "bob"
    stream.close()


async def test_a_reconnect_goes_on_where_it_broke(api: Api, world: World) -> None:
    """Nothing is missing and nothing comes twice."""
    launch = await world.running()
    before = await world.store.events_after(0, launch_id=launch.id)
    stream = await api.follow(Last_Event_ID=str(before[1].sequence))
    caught_up = [await message(stream) for _ in before[2:]]
    assert [int(one["id"]) for one in caught_up] == [e.sequence for e in before[2:]]
    await world.portal.launches.cancel(launch.id, "ada")
    after = await message(stream)
    assert int(after["id"]) == before[-1].sequence + 1
    stream.close()


async def test_one_launch_can_be_followed(api: Api, world: World) -> None:
    """Its stream has nothing of the others."""
    launch = await world.submit()
    stream = await api.follow(f"/launches/{launch.id}/events")
    await world.submit("other")
    await world.portal.launches.cancel(launch.id, "ada")
    told = json.loads((await message(stream))["data"])
    assert (told["launch_id"], told["phase"]) == (launch.id, "aborted")
    stream.close()


async def test_silence_is_broken_by_a_sign_of_life(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A comment keeps proxies from closing the connection."""
    monkeypatch.setattr(events, "HEARTBEAT_S", 0.05)
    stream = await api.follow()
    await stream.text(": still here\n\n")
    await stream.text(": still here\n\n")
    stream.close()


async def test_a_service_that_ends_lets_its_readers_go(api: Api, world: World) -> None:
    """Their connections end cleanly, so that they reconnect."""
    stream = await api.follow()
    world.portal.watch.close()
    await stream.end()


async def test_a_reader_who_falls_behind_is_let_go(
    api: Api, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever reads nothing does not fill the service's memory."""
    monkeypatch.setattr(events, "SLOW_S", 0.3)
    monkeypatch.setattr(watch, "BACKLOG", 10)
    stream = await api.follow()
    stream.reader._transport.pause_reading()  # type: ignore[attr-defined]
    launch = await world.submit()
    view = await world.portal.launches.get(launch.id, "ada")
    (event,) = await world.store.events_after(0)
    subscriptions = world.portal.watch._subscriptions
    for _ in range(500):
        for _ in range(20):
            world.portal.watch.publish(event, view)
        await asyncio.sleep(0.005)
        if not subscriptions:
            break
    assert not subscriptions
    stream.close()


async def test_a_reader_that_leaves_is_forgotten(
    api: Api, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is collected for somebody who is gone."""
    monkeypatch.setattr(events, "HEARTBEAT_S", 0.02)
    stream = await api.follow()
    stream.close()
    for _ in range(200):
        await asyncio.sleep(0.02)
        if not world.portal.watch._subscriptions:
            break
    assert not world.portal.watch._subscriptions


async def test_a_database_that_fails_for_a_moment_loses_no_event(
    api: Api, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The teller reads again, from where it was."""
    monkeypatch.setattr(teller, "RETRY_S", 0.01)
    tell_new, failures = Teller._tell_new, iter([True, True])

    async def failing(self: Teller) -> None:
        if next(failures, False):
            raise StoreUnavailable("The disk is full.")
        await tell_new(self)

    monkeypatch.setattr(Teller, "_tell_new", failing)
    stream = await api.follow()
    launch = await world.submit()
    told = json.loads((await message(stream))["data"])
    assert told["launch_id"] == launch.id
    stream.close()


async def test_nobody_takes_all_connections(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One more stream than one may have is refused; others still get theirs."""
    monkeypatch.setattr(watch, "MOST_STREAMS", 3)
    streams = [await api.follow() for _ in range(3)]
    problem = await api.problem(
        "GET", "/events", headers={"Accept": "text/event-stream"}
    )
    assert (problem["status"], problem["code"]) == (429, "too_many_streams")
    streams.append(await api.follow(caller="bob-writes"))
    for stream in streams:
        stream.close()


@pytest.mark.parametrize("gone", ["ada-writes", "operator"])
async def test_a_stream_ends_with_the_sign_in(
    api: Api, world: World, monkeypatch: pytest.MonkeyPatch, gone: str
) -> None:
    """A token that was revoked, or lost its role, hears nothing more."""
    monkeypatch.setattr(events, "HEARTBEAT_S", 0.02)
    monkeypatch.setattr(events, "RECHECK_S", 0.0)
    launch = await world.submit()
    stream = await api.follow(f"/launches/{launch.id}/events", caller=gone)
    await stream.text(": still here")
    if gone == "operator":
        api.tokens[gone] = {**api.tokens[gone], "scopes": [READ]}
    else:
        del api.tokens[gone]
    api.forget()
    await asyncio.wait_for(stream.end(), 20)


async def test_a_stream_outlives_a_hub_that_is_away(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether the sign-in holds is then not known, and nothing is cut."""
    monkeypatch.setattr(events, "HEARTBEAT_S", 0.02)
    monkeypatch.setattr(events, "RECHECK_S", 0.0)
    stream = await api.follow()
    api.hub_fails = True
    api.forget()
    for _ in range(3):
        await stream.text(": still here")
    stream.close()
