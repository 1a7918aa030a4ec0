"""From the launch service's stream to the event bus, as long as the server lives."""

import asyncio
import logging
from contextlib import aclosing

from gavip_hub.client import ClientError, ConnectionState, LaunchClient
from gavip_server_ext.bus import Bus, LinkState

__all__ = ["Relay"]

_AWAY = (
    "The launch service does not answer at the moment. Your launches go on; what is "
    "shown here may be out of date until the connection is back."
)


class Relay:
    """Follows the service's events and passes them on.

    Parameters
    ----------
    client
        Speaks to the launch service with the session's token.
    bus
        Where the events go.
    log
        Takes what an operator should know.
    pause_after_refusal_s
        How long to wait before a refused token is tried again [s].
    """

    def __init__(
        self,
        client: LaunchClient,
        bus: Bus,
        log: logging.Logger,
        *,
        pause_after_refusal_s: float = 60.0,
    ) -> None:
        self._client = client
        self._bus = bus
        self._log = log
        self._pause_s = pause_after_refusal_s
        self._last: int | None = None

    async def run(self) -> None:
        """Follow until cancelled."""
        self._bus.connection(LinkState.CONNECTING)
        while True:
            try:
                await self._follow()
            except ClientError as error:
                self._log.warning("GAVIP events: %s (%s)", error.detail, error.code)
                self._bus.connection(LinkState.REFUSED, error.detail)
            await asyncio.sleep(self._pause_s)

    async def _follow(self) -> None:
        stream = self._client.events(self._last, on_state=self._told)
        async with aclosing(stream) as events:
            async for event in events:
                self._last = event.sequence or self._last
                self._bus.pass_on(event)

    def _told(self, state: ConnectionState) -> None:
        if state is ConnectionState.CONNECTED:
            self._bus.connection(LinkState.CONNECTED)
        else:
            self._bus.connection(LinkState.RECONNECTING, _AWAY)
