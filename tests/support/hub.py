"""A hub of servers with faults to order.

It does what the hub and its spawner do together: it claims the launch of a server,
creates the container of the attempt, and tells what became of it.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from gavip_hub.domain.errors import (
    GavipError,
    HubRefused,
    HubUnavailable,
    ServerBusy,
)
from gavip_hub.domain.launch import Launch, LaunchKind, LaunchRequest
from gavip_hub.domain.phase import Phase
from gavip_hub.domain.resources import Resources
from gavip_hub.portal.board import LaunchView
from gavip_hub.ports import Engine, HubServers, ServerState
from gavip_hub.settings import Settings
from gavip_hub.specs import container_spec

__all__ = ["Door", "FakeHub", "Key"]

Key = tuple[str, str]
"""Owner and name of a server."""


class Door(Protocol):
    """Where the spawner asks for admission."""

    async def claim(self, request: LaunchRequest, key: str) -> LaunchView:
        """Let a server start, or tell what it waits for."""

    async def report(
        self, launch_id: str, attempt: int, outcome: str, message: str
    ) -> LaunchView:
        """Note what became of an attempt."""


@dataclass
class _Server:
    pending: str | None = "spawn"
    ready: bool = False
    launch: Launch | None = None
    stands: asyncio.Event = field(default_factory=asyncio.Event)
    """Set while its spawner stands where it was told to."""
    spawning: "asyncio.Task[None] | None" = None


@dataclass
class FakeHub(HubServers):
    """Servers that run nothing but what the engine runs for them."""

    settings: Settings = field(default_factory=Settings)
    engine: Engine | None = None
    door: Door | None = None
    """Who admits; None while nobody answers there."""
    queueless: bool = False
    """Whether it is a hub without a queue, whose servers just start."""
    down: bool = False
    """Whether it does not answer."""
    refuses: bool = False
    """Whether it answers that it will not."""
    deaf: bool = False
    """Whether it says that it stops servers, and does not."""
    holds_before: str = ""
    """``claim``, ``create`` or ``ready``: where its spawner stands until `go_on`."""
    servers: dict[Key, _Server] = field(default_factory=dict)
    starts: list[Key] = field(default_factory=list)
    """Every ask to start that came through, in order."""

    def __post_init__(self) -> None:
        self._may_go_on = asyncio.Event()
        self._asks = 0

    async def start(self, owner: str, server_name: str) -> None:
        """Start a server, as far as the ordered faults let it."""
        self._answer()
        if self.refuses:
            raise HubRefused("The hub answered 500: a hook failed.")
        if (owner, server_name) in self.servers:
            return
        self.starts.append((owner, server_name))
        await self.spawn(owner, server_name)

    async def spawn(
        self, owner: str, server_name: str, wish: LaunchRequest | None = None
    ) -> None:
        """Do what the hub does when somebody asks it, form or API."""
        server = _Server()
        self.servers[owner, server_name] = server
        request = wish or plain_request(owner, server_name)
        server.spawning = asyncio.ensure_future(self._spawn(server, request))
        standing = asyncio.ensure_future(server.stands.wait())
        await asyncio.wait(
            {server.spawning, standing}, return_when=asyncio.FIRST_COMPLETED
        )
        standing.cancel()

    async def come_to_rest(self) -> None:
        """Wait until no spawner is at work any more."""
        at_work = [one.spawning for one in self.servers.values() if one.spawning]
        if at_work:
            await asyncio.wait(at_work)

    async def stop(self, owner: str, server_name: str) -> None:
        """Stop a server, a pending one included."""
        self._answer()
        server = self.servers.get((owner, server_name))
        if server is None or self.deaf:
            return
        server.pending, server.ready = "stop", False
        if server.spawning is not None:
            server.spawning.cancel()
        if server.launch is not None:
            await self._report(server.launch, "stopping")
            if self.engine is not None:
                await self.engine.stop(server.launch.engine_name, timedelta(0))
        self.servers.pop((owner, server_name), None)

    async def state(self, owner: str, server_name: str) -> ServerState | None:
        """Return what it knows of a server."""
        self._answer()
        server = self.servers.get((owner, server_name))
        return None if server is None else _state(server)

    async def active(self) -> Mapping[Key, ServerState]:
        """Return all servers."""
        self._answer()
        return {key: _state(server) for key, server in self.servers.items()}

    def go_on(self) -> None:
        """Let the spawner go on from where it stands."""
        self.holds_before = ""
        self._may_go_on.set()

    def forget(self, owner: str, server_name: str) -> None:
        """Lose a server without telling anybody."""
        self.servers.pop((owner, server_name), None)

    def die(self) -> None:
        """End as by SIGKILL: what was pending is lost, what ran is known again."""
        for key, server in list(self.servers.items()):
            if server.spawning is not None:
                server.spawning.cancel()
            if not server.ready:
                del self.servers[key]
        self.holds_before = ""

    async def _spawn(self, server: _Server, request: LaunchRequest) -> None:
        key = request.owner, request.server_name
        try:
            await self._pass(server, "claim")
            if not self.queueless:
                server.launch = await self._claimed(request)
                await self._pass(server, "create")
                await self._create(server.launch)
            await self._pass(server, "ready")
        except GavipError as fault:
            if server.launch is not None:
                await self._report(server.launch, "failed", fault.message)
            self.servers.pop(key, None)
            return
        server.pending, server.ready = None, True

    async def _claimed(self, request: LaunchRequest) -> Launch:
        if self.door is None:
            raise HubUnavailable("The launch service cannot be reached.")
        self._asks += 1
        view = await self.door.claim(request, f"hub:{self._asks}")
        if view.launch.phase is not Phase.STARTING:
            raise ServerBusy("Your launch waits in the queue.")
        return view.launch

    async def _create(self, launch: Launch) -> None:
        if self.engine is not None:
            await self.engine.create(
                container_spec(launch, self.settings, argv=("lab",), env={}, port=54321)
            )

    async def _pass(self, server: _Server, step: str) -> None:
        if self.holds_before == step:
            self._may_go_on.clear()
            server.stands.set()
            await self._may_go_on.wait()
            server.stands.clear()

    async def _report(self, launch: Launch, outcome: str, message: str = "") -> None:
        if self.door is not None:
            try:
                await self.door.report(launch.id, launch.attempt, outcome, message)
            except GavipError:
                return

    def _answer(self) -> None:
        if self.down:
            raise HubUnavailable("The hub does not answer: it was told not to.")


def plain_request(owner: str, server_name: str) -> LaunchRequest:
    """Return what the spawn form asks for if nothing is chosen."""
    return LaunchRequest(
        owner=owner,
        kind=LaunchKind.NOTEBOOK,
        server_name=server_name,
        resources=Resources(1_000, 2 * 10**9),
        walltime=timedelta(hours=4),
        display_name=server_name or "Notebook",
    )


def _state(server: _Server) -> ServerState:
    return ServerState(ready=server.ready, pending=server.pending, stopped=False)
