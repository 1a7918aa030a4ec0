"""What happens to launches reaches the server's event bus."""

import asyncio
from typing import Any

import pytest
from jupyter_events import EventLogger

from gavip_hub.domain.event import EventKind
from gavip_server_ext import GavipServerApp
from gavip_server_ext.bus import CONNECTION, LAUNCH, LinkState
from tests.support.launch_service import FakeLaunchService
from tests.support.launches import make_event, make_launch


class Ear:
    """Hears what the event bus tells about GAVIP."""

    def __init__(self, gavip: GavipServerApp) -> None:
        self.heard: list[tuple[str, dict[str, Any]]] = []
        self._gavip = gavip
        assert gavip.serverapp is not None
        logger = gavip.serverapp.event_logger
        assert logger is not None
        for schema in (LAUNCH, CONNECTION):
            logger.add_listener(schema_id=schema, listener=self._hear)

    async def _hear(
        self, logger: EventLogger, schema_id: str, data: dict[str, Any]
    ) -> None:
        del logger
        self.heard.append((schema_id, data))

    async def connected(self) -> None:
        """Wait until events flow."""
        await self._until(lambda: self._gavip.bus.status.state is LinkState.CONNECTED)

    async def launches(self, count: int) -> list[dict[str, Any]]:
        """Wait for so many launch events and return them."""
        await self._until(lambda: len(self._of(LAUNCH)) >= count)
        return self._of(LAUNCH)

    async def states(self, *wanted: LinkState) -> None:
        """Wait until the last states told are these."""

        def told() -> bool:
            states = [each["state"] for each in self._of(CONNECTION)]
            return states[-len(wanted) :] == list(wanted)

        await self._until(told)

    def _of(self, schema_id: str) -> list[dict[str, Any]]:
        return [data for schema, data in self.heard if schema == schema_id]

    async def _until(self, true: Any) -> None:
        async with asyncio.timeout(20):
            while not true():
                await asyncio.sleep(0.005)


@pytest.fixture
def ear(gavip: GavipServerApp) -> Ear:
    """Listen on the bus."""
    return Ear(gavip)


async def test_events_of_the_service_come_out_on_the_bus(
    ear: Ear, service: FakeLaunchService
) -> None:
    """Each event arrives whole, numbered without a gap."""
    await ear.connected()
    launch = make_launch(1)
    service.push(make_event(launch, 5, message="It has more time.", minutes_left=30))
    service.push(make_event(launch, 0, EventKind.USAGE))
    first, second = await ear.launches(2)
    assert first["message"] == "It has more time."
    assert first["detail"] == {"minutes_left": 30}
    assert first["launch"]["id"] == launch.id
    assert (second["kind"], second["sequence"]) == ("usage", 0)
    assert second["serial"] == first["serial"] + 1


async def test_outage_is_told_and_made_up_for(
    ear: Ear, service: FakeLaunchService
) -> None:
    """While the service is away the bus says so; then it goes on where it was."""
    await ear.connected()
    service.push(make_event(make_launch(1), 5))
    await ear.launches(1)
    await service.stop()
    await ear.states(LinkState.RECONNECTING)
    service.push(make_event(make_launch(1), 6))
    service.start()
    await ear.states(LinkState.RECONNECTING, LinkState.CONNECTED)
    told = await ear.launches(2)
    assert [event["sequence"] for event in told] == [5, 6]


async def test_refused_token_is_told(
    ear: Ear, service: FakeLaunchService, gavip: GavipServerApp
) -> None:
    """A token that expires while the session runs is said in the panel's words."""
    await ear.connected()
    assert gavip.client is not None
    gavip.client._transport._token = "expired"  # an expiry, seen from the client
    service.hang_up()
    await ear.states(LinkState.REFUSED)
    assert gavip.bus.status.detail == "This token is not known."
