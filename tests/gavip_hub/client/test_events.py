"""Following events across every way in which a connection breaks."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest
import pytest_asyncio

from gavip_hub.api import models
from gavip_hub.client import ClientError, ConnectionState, LaunchClient
from gavip_hub.domain.event import EventKind
from tests.support.launch_service import TOKEN, FakeLaunchService
from tests.support.launches import make_event, make_launch

pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture
async def service() -> AsyncIterator[FakeLaunchService]:
    """Run a service."""
    service = FakeLaunchService()
    service.start()
    yield service
    await service.stop()


class Follower:
    """Gathers what a client's stream brings."""

    def __init__(self, client: LaunchClient, after: int | None = None) -> None:
        self.events: list[models.Event] = []
        self.states: list[ConnectionState] = []
        self._client, self._after = client, after
        self.task = asyncio.ensure_future(self._run())

    async def _run(self) -> None:
        stream = self._client.events(self._after, on_state=self.states.append)
        async with aclosing(stream) as events:
            async for event in events:
                self.events.append(event)

    async def until(self, *, events: int = 0, states: int = 0) -> None:
        """Wait until so much has arrived."""
        async with asyncio.timeout(20):
            while len(self.events) < events or len(self.states) < states:
                if self.task.done():
                    self.task.result()
                await asyncio.sleep(0.005)

    async def end(self) -> None:
        """Stop following."""
        self.task.cancel()
        await asyncio.wait([self.task])


@pytest_asyncio.fixture
async def follower(service: FakeLaunchService) -> AsyncIterator[Follower]:
    """Follow the service with short pauses."""
    client = LaunchClient(service.url, TOKEN, silence_s=5, longest_pause_s=0.05)
    follower = Follower(client)
    yield follower
    await follower.end()


async def test_events_arrive_as_they_are_pushed(
    service: FakeLaunchService, follower: Follower
) -> None:
    """Kept and unkept events come in their order, with the launch as it is."""
    await follower.until(states=1)
    pushed = [
        make_event(make_launch(1), 7),
        make_event(make_launch(1), 0, EventKind.USAGE),
    ]
    for event in pushed:
        service.push(event)
    await follower.until(events=2)
    assert follower.events == pushed
    assert follower.states == [ConnectionState.CONNECTED]


async def test_nothing_kept_is_missed_over_a_restart(
    service: FakeLaunchService, follower: Follower
) -> None:
    """After a break the stream goes on behind the last kept event, none twice."""
    await follower.until(states=1)
    service.push(make_event(make_launch(1), 7))
    await follower.until(events=1)
    await service.stop()
    service.push(make_event(make_launch(1), 8))
    await follower.until(states=2)
    service.start()
    await follower.until(events=2)
    assert [event.sequence for event in follower.events] == [7, 8]
    assert follower.states[1] is ConnectionState.RECONNECTING
    assert follower.states[-1] is ConnectionState.CONNECTED


async def test_stream_begins_after_a_number(service: FakeLaunchService) -> None:
    """Whoever knows the last number gets what came since."""
    service.push(make_event(make_launch(1), 3))
    service.push(make_event(make_launch(1), 4))
    follower = Follower(LaunchClient(service.url, TOKEN), after=3)
    await follower.until(events=1)
    await follower.end()
    assert [event.sequence for event in follower.events] == [4]


async def test_silent_connection_counts_as_broken(service: FakeLaunchService) -> None:
    """A connection without a sign of life is given up for a new one."""
    client = LaunchClient(service.url, TOKEN, silence_s=0.1, longest_pause_s=0.05)
    follower = Follower(client)
    await follower.until(states=3)
    await follower.end()
    assert follower.states[:3] == [
        ConnectionState.CONNECTED,
        ConnectionState.RECONNECTING,
        ConnectionState.CONNECTED,
    ]


async def test_sign_of_life_is_no_event(
    service: FakeLaunchService, follower: Follower
) -> None:
    """Comments keep the stream open and show nothing."""
    await follower.until(states=1)
    service.whisper()
    service.push(make_event(make_launch(1), 1))
    await follower.until(events=1)
    assert [event.sequence for event in follower.events] == [1]


async def test_page_of_a_proxy_is_tried_again(service: FakeLaunchService) -> None:
    """A proxy that answers for a service in restart does not end the following."""
    service.pages += [(503, "<h1>Down</h1>"), (502, "")]
    client = LaunchClient(service.url, TOKEN, longest_pause_s=0.05)
    follower = Follower(client)
    await follower.until(states=3)
    await follower.end()
    assert follower.states == [
        ConnectionState.RECONNECTING,
        ConnectionState.RECONNECTING,
        ConnectionState.CONNECTED,
    ]


async def test_refused_token_ends_the_following(service: FakeLaunchService) -> None:
    """Trying again with an expired token would help nobody."""
    follower = Follower(LaunchClient(service.url, "expired"))
    with pytest.raises(ClientError) as caught:
        await follower.until(events=1)
    assert caught.value.code == "not_signed_in"


async def test_leaving_closes_the_connection(
    service: FakeLaunchService, follower: Follower
) -> None:
    """Whoever stops following leaves no open connection behind."""
    await follower.until(states=1)
    await follower.end()
    async with asyncio.timeout(10):
        while service.followers:
            await asyncio.sleep(0.005)
