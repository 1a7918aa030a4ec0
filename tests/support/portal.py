"""A whole portal on doubles, whose passes and whose time a test drives."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta

from gavip_hub.domain.container import ContainerState, ContainerStatus
from gavip_hub.domain.event import EventKind, LaunchEvent
from gavip_hub.domain.launch import Launch, LaunchKind, LaunchRequest
from gavip_hub.domain.phase import Phase
from gavip_hub.domain.resources import Resources
from gavip_hub.engines.fake.engine import FakeEngine
from gavip_hub.engines.fake.faults import Faults
from gavip_hub.factory import Factory, Portal
from gavip_hub.ports import LaunchStore
from gavip_hub.settings import EngineSettings, Rules, Settings
from gavip_hub.store.sql import SqlLaunchStore
from tests.support.clock import ManualClock
from tests.support.hub import FakeHub

__all__ = ["GB", "ROOM", "SETTINGS", "World", "opened_world"]

GB = 10**9
ROOM = Resources(4_000, 8 * GB)
"""What the fake engine offers: four of the smallest size."""

SETTINGS = Settings(engine=EngineSettings(name="fake", spaces_dir="/srv/spaces"))


@dataclass
class World:
    """Everything around one portal; it outlives the portals."""

    store: LaunchStore
    settings: Settings = SETTINGS
    clock: ManualClock = field(default_factory=ManualClock)
    hub: FakeHub = field(init=False)
    engine: FakeEngine = field(init=False)
    portal: Portal = field(init=False)

    def __post_init__(self) -> None:
        self.engine = FakeEngine(capacity=ROOM, now=self.clock.now)
        self.hub = FakeHub(self.settings, self.engine)
        self._keys = itertools.count()

    async def begin(self) -> None:
        """Start a service: take the lease and look, as `Portal.start` does."""
        self.portal = self.new_portal()
        self.hub.door = self.portal.servers
        await self.store.acquire_lease(
            "test", timedelta(seconds=15), self.clock.now(), force=True
        )
        await self.portal.reconciler.look()

    def new_portal(self) -> Portal:
        """Return use cases on the same store, engine and hub."""
        return Factory(self.settings).portal(
            store=self.store,
            engine=self.engine,
            hub=self.hub,
            hub_answers=self._hub_answers,
            clock=self.clock,
            pause=timedelta(0),
        )

    async def crash(self) -> None:
        """End the service as by SIGKILL: what it was doing stays half done."""
        self.hub.door = None
        await self.portal.acts.close()

    async def restart(self) -> None:
        """End the service in the middle and start another."""
        await self.crash()
        await self.begin()

    async def step(self, by: timedelta = timedelta(seconds=1)) -> None:
        """Let time pass, and each of the portal's loops come round once."""
        self.clock.tick(by)
        await self.portal.reconciler.look()
        await self.portal.dispatcher.settle()
        await self.acted()

    async def acted(self) -> None:
        """Wait until nothing is being done to any launch."""
        while tasks := [w.task for w in self.portal.acts._at_work.values()]:
            await asyncio.wait(tasks)

    async def submit(self, name: str = "lab", **changes: object) -> Launch:
        """Ask for one core and 2 GB for an hour, but for the changes."""
        key = f"test:{next(self._keys)}"
        view, _ = await self.portal.launches.submit(request(name, **changes), key)
        return view.launch

    async def get(self, launch: Launch) -> Launch:
        """Return a launch as it is now."""
        return await self.store.get(launch.id)

    async def until(self, launch: Launch, *phases: Phase, steps: int = 12) -> Launch:
        """Let time pass, second by second, until a launch is in one of the phases."""
        for _ in range(steps):
            now = await self.get(launch)
            if now.phase in phases:
                return now
            await self.step()
        now = await self.get(launch)
        if now.phase in phases:
            return now
        raise AssertionError(f"It is {now.phase}: {now.reason}")

    async def running(self, name: str = "lab", **changes: object) -> Launch:
        """Return a launch that runs."""
        return await self.until(await self.submit(name, **changes), Phase.RUNNING)

    async def containers(self, *, live: bool = True) -> list[ContainerStatus]:
        """Return what the engine has; with ``live`` what has not ended."""
        healthy, self.engine.faults = self.engine.faults, Faults()
        found = await self.engine.list()
        self.engine.faults = healthy
        return [s for s in found if not live or s.state is not ContainerState.EXITED]

    async def free(self) -> Resources:
        """Return what no launch holds."""
        return (await self.store.nodes())[0].free

    async def told(self, launch: Launch, kind: EventKind) -> list[LaunchEvent]:
        """Return the kept events of one kind about a launch."""
        events = await self.store.events_after(0, launch_id=launch.id)
        return [event for event in events if event.kind is kind]

    def fault(self, **words: object) -> None:
        """Order faults of the engine; none without words."""
        self.engine.faults = replace(Faults(), **words)  # type: ignore[arg-type]

    async def _hub_answers(self) -> bool:
        return not self.hub.down


@asynccontextmanager
async def opened_world(
    rules: Rules | None = None, url: str = "sqlite://"
) -> AsyncIterator[World]:
    """Give a portal that has begun, on a database of its own."""
    store = await asyncio.to_thread(SqlLaunchStore.open, url)
    settings = SETTINGS if rules is None else replace(SETTINGS, rules=rules)
    world = World(store, settings)
    await world.begin()
    try:
        yield world
    finally:
        await world.crash()
        await store.close()


def request(name: str = "lab", **changes: object) -> LaunchRequest:
    """Return an ask for one core and 2 GB for an hour, but for the changes."""
    plain = LaunchRequest(
        owner="ada",
        kind=LaunchKind.NOTEBOOK,
        server_name=name,
        resources=Resources(1_000, 2 * GB),
        walltime=timedelta(hours=1),
        display_name=name,
    )
    made = replace(plain, **changes)  # type: ignore[arg-type]
    return made if made.kind.interactive else replace(made, server_name="")
