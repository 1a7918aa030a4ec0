"""The only place where adapters meet use cases."""

import asyncio
import hashlib
import logging
import os
import socket
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from jupyterhub.services.auth import HubOAuth
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application

from gavip_hub.clock import SystemClock
from gavip_hub.domain.errors import FencedOut, StoreFault
from gavip_hub.engine_choice import make_engine
from gavip_hub.hubapi import HttpHubServers
from gavip_hub.portal.acts import PAUSE, Acts
from gavip_hub.portal.board import Board
from gavip_hub.portal.dispatcher import Dispatcher
from gavip_hub.portal.estimates import Estimates
from gavip_hub.portal.launches import Launches
from gavip_hub.portal.ledger import Ledger
from gavip_hub.portal.meter import Meter
from gavip_hub.portal.platform import Platform
from gavip_hub.portal.reconciler import Reconciler
from gavip_hub.portal.servers import Servers
from gavip_hub.portal.teller import Teller
from gavip_hub.portal.timekeeper import Timekeeper
from gavip_hub.portal.watch import Watch
from gavip_hub.ports import Clock, Engine, HubServers, LaunchStore
from gavip_hub.settings import Settings
from gavip_hub.specs import batch_spec
from gavip_hub.store.sql import SqlLaunchStore
from gavip_hub.web.app import make_app
from gavip_hub.web.base import MAX_BODY_BYTES
from gavip_hub.web.bodies import LONGEST_READ_BYTES, LimitedBodies
from gavip_hub.web.parts import Parts

__all__ = ["Factory", "Portal"]

log = logging.getLogger(__name__)

RECONCILE_EVERY = timedelta(seconds=1)
MEASURE_EVERY = timedelta(seconds=5)
IDLE_S = 120.0
"""How long a connection may wait for its next request, or in the middle of one [s]."""

BIND_TRIES = 50
"""Tries, a fifth of a second apart, while an older service lets go of the port."""


@dataclass(slots=True)
class Portal:
    """The use cases of one service, joined, with the loops that keep them going."""

    settings: Settings
    clock: Clock
    store: LaunchStore
    board: Board
    watch: Watch
    ledger: Ledger
    acts: Acts
    dispatcher: Dispatcher
    reconciler: Reconciler
    meter: Meter
    teller: Teller
    launches: Launches
    servers: Servers
    estimates: Estimates
    platform: Platform
    on_end: Callable[[BaseException | None], None]
    """Called with the cause when a loop ended and the service must end too."""
    _tasks: list[asyncio.Task[None]]

    async def start(self) -> None:
        """Take the lease, see what there is, and only then begin to decide."""
        holder = f"{socket.gethostname()}/{os.getpid()}"
        await self.store.acquire_lease(
            holder, self.settings.service.lease, self.clock.now(), force=True
        )
        self._begin(self._keep_lease())
        self._begin(self.teller.run())
        await self.reconciler.look()
        self._begin(self.reconciler.run(RECONCILE_EVERY))
        self._begin(self.dispatcher.run())
        self._begin(self.meter.run(MEASURE_EVERY))

    async def stop(self) -> None:
        """End the loops, cut off the listeners, and close the store."""
        self.watch.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.acts.close()
        await self.store.close()

    def _begin(self, loop: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(loop)
        task.add_done_callback(self._loop_ended)
        self._tasks.append(task)

    def _loop_ended(self, task: asyncio.Task[None]) -> None:
        if task.cancelled():
            return
        error = task.exception()
        if not isinstance(error, FencedOut):
            log.error("A loop of the service ended unexpectedly", exc_info=error)
        self.on_end(error)

    async def _keep_lease(self) -> None:
        lease = self.settings.service.lease
        while True:
            await asyncio.sleep(lease.total_seconds() / 3)
            try:
                await self.store.renew_lease(lease, self.clock.now())
            except FencedOut:
                raise
            except StoreFault as fault:
                log.warning("Cannot renew the lease: %s", fault.message)


class Factory:
    """Joins a service from its parts.

    Parameters
    ----------
    settings
        What to join.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def portal(
        self,
        *,
        store: LaunchStore,
        engine: Engine,
        hub: HubServers,
        hub_answers: Callable[[], Any],
        clock: Clock | None = None,
        pause: timedelta = PAUSE,
        on_end: Callable[[BaseException | None], None] = lambda _error: None,
    ) -> Portal:
        """Return the use cases on these adapters."""
        settings, rules = self.settings, self.settings.rules
        clock = clock or SystemClock()
        board, watch, ledger = Board(), Watch(), Ledger(store, clock)
        acts = Acts(
            ledger,
            board,
            engine,
            hub,
            rules,
            lambda one: batch_spec(one, settings),
            pause,
        )
        dispatcher = Dispatcher(
            ledger, board, watch, acts, rules, settings.service.interval
        )
        launches = Launches(ledger, board, dispatcher, engine, rules)
        timekeeper = Timekeeper(ledger, board, rules)
        return Portal(
            settings=settings,
            clock=clock,
            store=store,
            board=board,
            watch=watch,
            ledger=ledger,
            acts=acts,
            dispatcher=dispatcher,
            reconciler=Reconciler(ledger, board, engine, hub, acts, timekeeper, rules),
            meter=Meter(ledger, board, watch, engine),
            teller=Teller(ledger, board, watch),
            launches=launches,
            servers=Servers(ledger, board, launches, dispatcher, acts, engine),
            estimates=Estimates(ledger, dispatcher, rules),
            platform=Platform(ledger, board, engine, hub_answers),
            on_end=on_end,
            _tasks=[],
        )

    def service_portal(
        self, token: str, on_end: Callable[[BaseException | None], None]
    ) -> Portal:
        """Return the use cases on the real database, engine and hub."""
        hub = HttpHubServers(self.settings.service.hub_api_url, token)
        return self.portal(
            store=SqlLaunchStore.open(self.settings.service.database_url),
            engine=make_engine(self.settings.engine),
            hub=hub,
            hub_answers=hub.answers,
            on_end=on_end,
        )

    def application(self, portal: Portal, auth: HubOAuth, token: str) -> Application:
        """Return the web application in front of a portal."""
        parts = Parts(
            settings=self.settings,
            auth=auth,
            clock=portal.clock,
            launches=portal.launches,
            servers=portal.servers,
            estimates=portal.estimates,
            platform=portal.platform,
            watch=portal.watch,
        )
        return make_app(parts, hashlib.sha256(f"cookie:{token}".encode()).digest())

    async def listen(self, application: Application) -> HTTPServer:
        """Listen, waiting a little for an older service to let go of the port."""
        service = self.settings.service
        for _ in range(BIND_TRIES):
            with suppress(OSError):
                sockets = bind_sockets(service.port, service.host)
                break
            await asyncio.sleep(0.2)
        else:
            raise SystemExit(
                f"Port {service.port} of {service.host} is in use by another program; "
                "set c.Gavip.port to a free one."
            )
        server = self.server(application)
        server.add_sockets(sockets)
        return server

    @staticmethod
    def server(application: Application) -> HTTPServer:
        """Return the server of an application, which listens nowhere yet."""
        return HTTPServer(
            LimitedBodies(application, MAX_BODY_BYTES),
            max_body_size=LONGEST_READ_BYTES,
            idle_connection_timeout=IDLE_S,
            body_timeout=IDLE_S,
            xheaders=True,
        )
