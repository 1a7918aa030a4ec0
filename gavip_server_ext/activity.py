"""The session's signs of life for the idle rule of the launch service."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from gavip_hub.api.models import Activity
from gavip_hub.client import ClientError, LaunchClient
from gavip_server_ext.pulse import Pulse

__all__ = ["ActivityReporter"]


class ActivityReporter:
    """Reports at once at the start, on every change, and regularly in between.

    Parameters
    ----------
    client
        Speaks to the launch service with the session's token.
    launch_id
        The launch that this session is.
    look
        Tells what goes on at this moment.
    log
        Takes what an operator should know.
    interval_s
        Longest time between two reports [s].
    look_s
        Time between two looks [s]; also the shortest between two reports.
    """

    def __init__(
        self,
        client: LaunchClient,
        launch_id: str,
        look: Callable[[], Awaitable[Pulse]],
        log: logging.Logger,
        *,
        interval_s: float,
        look_s: float,
    ) -> None:
        self._client = client
        self._launch_id = launch_id
        self._look = look
        self._log = log
        self._interval_s = interval_s
        self._look_s = look_s
        self._told: Pulse | None = None
        self._told_at_s = 0.0
        self._complaint = ""

    async def run(self) -> None:
        """Report until cancelled."""
        clock = asyncio.get_running_loop()
        while True:
            pulse = await self._look()
            if self._is_due(pulse, clock.time()) and await self._report(pulse):
                self._told, self._told_at_s = pulse, clock.time()
            await asyncio.sleep(self._look_s)

    def _is_due(self, pulse: Pulse, now_s: float) -> bool:
        told = self._told
        return (
            told is None
            or (told.busy, told.kernels) != (pulse.busy, pulse.kernels)
            or now_s - self._told_at_s >= self._interval_s
        )

    async def _report(self, pulse: Pulse) -> bool:
        """Return whether the service took it; a complaint is logged once."""
        word = Activity(
            busy=pulse.busy,
            last_activity=pulse.last_activity,
            kernels=pulse.kernels,
            ready=True,
        )
        try:
            await self._client.activity(self._launch_id, word)
        except ClientError as error:
            if error.detail != self._complaint:
                self._log.warning("GAVIP activity: %s (%s)", error.detail, error.code)
            self._complaint = error.detail
            return False
        self._complaint = ""
        return True
