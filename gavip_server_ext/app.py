"""The server extension: what it brings into a user's Jupyter server."""

import asyncio
import os
from collections.abc import Coroutine
from typing import Any, cast

from jupyter_events import EventLogger
from jupyter_server.extension.application import ExtensionApp
from jupyter_server.serverapp import ServerApp
from traitlets import Float
from typing_extensions import override

from gavip_hub.client import LaunchClient
from gavip_hub.domain.errors import InvalidField
from gavip_server_ext.activity import ActivityReporter
from gavip_server_ext.bus import Bus, LinkState
from gavip_server_ext.handlers import ROUTES
from gavip_server_ext.pulse import PulseWatch
from gavip_server_ext.relay import Relay
from gavip_server_ext.session import Session

__all__ = ["GavipServerApp"]


class GavipServerApp(ExtensionApp):
    """Bring the launch service into this server, if a platform started it."""

    name = "gavip"
    load_other_extensions = True

    activity_interval = Float(
        30.0,
        min=1.0,
        help="""
        Longest time between two reports of activity to the launch service, in seconds.

        The platform's idle rule counts in tens of minutes, so 30 s is exact enough. A
        longer interval saves requests and delays the moment at which work is noticed.
        """,
    ).tag(config=True)

    activity_look = Float(
        2.0,
        min=0.05,
        help="""
        Time between two looks at kernels and terminals, in seconds.

        A change is reported with the next look. Looking costs no request.
        """,
    ).tag(config=True)

    event_silence = Float(
        45.0,
        min=0.1,
        help="""
        After how long without a sign of life the stream of events counts as broken, in
        seconds.

        The service gives a sign every 15 s. A shorter time notices a broken connection
        earlier and gives up a slow one too soon.
        """,
    ).tag(config=True)

    event_pause = Float(
        30.0,
        min=0.01,
        help="""
        Longest pause between two tries to reach the launch service, in seconds.

        The pauses grow from 1 s. A longer one spares a service that restarts, and
        leaves the panel out of date for longer.
        """,
    ).tag(config=True)

    session: Session | None
    """Who this server is on the platform; None outside one."""
    client: LaunchClient | None
    """Speaks to the launch service; None outside a platform."""
    bus: Bus
    pulse: PulseWatch

    @override
    def initialize_settings(self) -> None:
        """Prepare the event bus and the watch over kernels and terminals."""
        serverapp = cast("ServerApp", self.serverapp)
        logger = cast("EventLogger", serverapp.event_logger)
        self.session = session = Session.from_environment(os.environ)
        self.bus = Bus(
            logger,
            launch_id=session.launch_id if session else "",
            user=session.user if session else "",
        )
        self.pulse = PulseWatch(serverapp, logger)
        self.client = self._client_of(session) if session else None
        self._tasks: list[asyncio.Task[None]] = []

    def _client_of(self, session: Session) -> LaunchClient | None:
        try:
            return LaunchClient(
                session.api_url,
                session.token,
                silence_s=self.event_silence,
                longest_pause_s=self.event_pause,
            )
        except InvalidField as error:
            self.bus.connection(LinkState.REFUSED, f"GAVIP_API_URL: {error.message}")
            return None

    @override
    def initialize_handlers(self) -> None:
        """Add the routes below ``/gavip``."""
        self.handlers.extend(ROUTES)

    @override
    async def _start_jupyter_server_extension(self, serverapp: ServerApp) -> None:
        """Start to follow events and to report activity."""
        session, client = self.session, self.client
        if session is None or client is None:
            return
        self._begin("events", Relay(client, self.bus, self.log).run())
        if session.launch_id:
            reporter = ActivityReporter(
                client,
                session.launch_id,
                self.pulse.look,
                self.log,
                interval_s=self.activity_interval,
                look_s=self.activity_look,
            )
            self._begin("activity", reporter.run())

    @override
    async def stop_extension(self) -> None:
        """Stop what runs in the background, and let go of the connections."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self.client is not None:
            self.client.close()

    def _begin(self, what: str, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work, name=f"gavip-{what}")
        task.add_done_callback(self._ended)
        self._tasks.append(task)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        """Say it if background work ended by a fault of ours."""
        if not task.cancelled() and task.exception() is not None:
            self.log.error("%s ended", task.get_name(), exc_info=task.exception())
            detail = "An inner fault; restart this server to see live figures again."
            self.bus.connection(LinkState.REFUSED, detail)
