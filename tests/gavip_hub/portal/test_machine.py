"""The whole portal against arbitrary stories of people, crashes and faults."""

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from datetime import timedelta
from typing import TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
)

from gavip_hub.domain.errors import GavipError
from gavip_hub.domain.launch import LaunchKind
from gavip_hub.domain.phase import ENDED, HOLDING, Phase
from gavip_hub.domain.resources import NOTHING, Resources
from gavip_hub.store.sql import SqlLaunchStore
from tests.support.portal import GB, ROOM, World, request

T = TypeVar("T")

SERVERS = st.sampled_from(["", "lab", "other"])
OWNERS = st.sampled_from(["ada", "bob"])
AMOUNTS = st.sampled_from(
    [Resources(500, GB), Resources(2_000, 3 * GB), Resources(4_000, 8 * GB)]
)
COMMANDS = st.sampled_from(["sleep 20", "exit 0", "exit 1", f"allocate {9 * GB}"])
FAULTS = st.sampled_from(
    [
        {"missing": True},
        {"fail_every": 2},
        {"time_out_every": 2},
        {"fail_every": 1},
        {"dies_after_s": 30.0},
    ]
)


class PortalMachine(RuleBasedStateMachine):
    """People ask and cancel, parts fail and come back; the promises hold throughout."""

    launches: Bundle[str] = Bundle("launches")

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.acknowledged: set[str] = set()

    def do(self, act: Awaitable[T]) -> T:
        """Do something on the loop."""
        return self.loop.run_until_complete(act)

    @initialize()
    def begin(self) -> None:
        """Begin with an empty platform."""

        async def build() -> World:
            return World(SqlLaunchStore.open("sqlite://"))

        self.world = self.do(build())
        self.do(self.world.begin())

    @rule(target=launches, name=SERVERS, owner=OWNERS, amount=AMOUNTS)
    def submit_notebook(self, name: str, owner: str, amount: Resources) -> object:
        """Ask for a session through the API."""
        return self.submitted(name, owner=owner, resources=amount)

    @rule(target=launches, owner=OWNERS, amount=AMOUNTS, command=COMMANDS)
    def submit_batch(self, owner: str, amount: Resources, command: str) -> object:
        """Ask for a batch run."""
        return self.submitted(
            "run",
            owner=owner,
            resources=amount,
            kind=LaunchKind.PIPELINE,
            options={"command": command},
        )

    @rule(target=launches, name=SERVERS, owner=OWNERS, amount=AMOUNTS)
    def spawn_in_hub(self, name: str, owner: str, amount: Resources) -> object:
        """Press Start in the hub."""
        if self.world.hub.down or (owner, name) in self.world.hub.servers:
            return multiple()
        wish = request(name, owner=owner, resources=amount)
        with suppress(GavipError):
            self.do(self.world.hub.spawn(owner, name, wish))
        found = self.do(self.world.store.live_server(owner, name))
        if found is None:
            return multiple()
        self.acknowledged.add(found.id)
        return found.id

    @rule(launch_id=launches)
    def cancel(self, launch_id: str) -> None:
        """Cancel, whatever became of it."""
        self.do(self.world.portal.launches.cancel(launch_id, None))

    @rule(launch_id=launches, minutes=st.integers(1, 90))
    def extend(self, launch_id: str, minutes: int) -> None:
        """Ask for more time, allowed or not."""
        by = timedelta(minutes=minutes)
        with suppress(GavipError):
            self.do(self.world.portal.launches.extend(launch_id, None, by))

    @rule(name=SERVERS, owner=OWNERS)
    def stop_in_hub(self, name: str, owner: str) -> None:
        """Press Stop in the hub."""
        with suppress(GavipError):
            self.do(self.world.hub.stop(owner, name))

    @rule(seconds=st.integers(1, 1_500))
    def tick(self, seconds: int) -> None:
        """Let time pass, and every loop come round."""
        self.do(self.world.step(timedelta(seconds=seconds)))

    @rule(hours=st.sampled_from([-1, 1]))
    def clock_steps(self, hours: int) -> None:
        """Somebody sets the machine's clock."""
        self.world.clock.tick(timedelta(hours=hours))

    @rule(turns=st.integers(0, 40))
    def kill_service(self, turns: int) -> None:
        """Kill the service somewhere in a pass, and start another."""

        async def killed() -> None:
            task = asyncio.ensure_future(self.world.step())
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await self.world.restart()

        self.do(killed())

    @rule()
    def kill_hub(self) -> None:
        """Kill the hub; what was pending in it is gone."""
        self.world.hub.die()

    @rule(where=st.sampled_from(["claim", "create", "ready", ""]))
    def hold_spawner(self, where: str) -> None:
        """Let the hub's spawners be slow somewhere, or go on."""
        if where:
            self.world.hub.holds_before = where
        else:
            self.world.hub.go_on()

    @rule(down=st.booleans())
    def hub_away(self, *, down: bool) -> None:
        """Take the hub away, or bring it back."""
        self.world.hub.down = down

    @rule(fault=FAULTS)
    def engine_fault(self, fault: dict[str, object]) -> None:
        """Give the engine a fault."""
        self.world.fault(**fault)

    @rule()
    def engine_well(self) -> None:
        """Make the engine well again."""
        self.world.fault()

    @rule(launch_id=consumes(launches))
    def comes_to_an_end(self, launch_id: str) -> None:
        """With all parts well, a cancelled launch ends and leaves nothing."""
        self.mend()
        self.do(self.world.portal.launches.cancel(launch_id, None))
        for _ in range(6):
            self.do(self.world.step())
        launch = self.do(self.world.store.get(launch_id))
        assert launch.phase in ENDED
        assert launch.allocation is None
        assert launch_id not in {
            one.launch_id for one in self.do(self.world.containers())
        }

    @invariant()
    def nothing_is_given_twice(self) -> None:
        """Hold that free and held are the whole."""
        held = self.do(self.world.store.holding())
        taken = sum((one.request.resources for one in held), NOTHING)
        free = self.do(self.world.free())
        assert taken + free == ROOM
        assert NOTHING.fits_in(free)
        assert all(one.phase in HOLDING and one.allocation for one in held)

    @invariant()
    def one_container_a_launch(self) -> None:
        """Hold that no launch has two that live, and all fit the machine."""
        live = self.do(self.world.containers())
        assert len({one.launch_id for one in live}) == len(live)
        assert sum((one.limits for one in live), NOTHING).fits_in(ROOM)

    @invariant()
    def nothing_acknowledged_is_lost(self) -> None:
        """Hold that every launch is on record, and what ended says why."""
        for launch_id in self.acknowledged:
            launch = self.do(self.world.store.get(launch_id))
            assert (launch.phase in ENDED) == (launch.ended_at is not None)
            assert launch.phase not in ENDED or launch.ending is not None

    def teardown(self) -> None:
        """Mend all parts, and see that everything starts or ends."""
        if not hasattr(self, "world"):
            return
        self.mend()
        for _ in range(25):
            self.do(self.world.step())
        for launch_id in self.acknowledged:
            phase = self.do(self.world.store.get(launch_id)).phase
            assert phase in {Phase.QUEUED, Phase.RUNNING} | ENDED
        self.do(self.world.crash())
        self.do(self.world.store.close())
        self.loop.close()

    def mend(self) -> None:
        """Make all parts well."""
        self.world.fault()
        self.world.hub.down = False
        self.world.hub.go_on()

    def submitted(self, name: str, **changes: object) -> object:
        """Return the launch of an ask, if it was not refused."""
        try:
            launch = self.do(self.world.submit(name, **changes))
        except GavipError:
            return multiple()
        self.acknowledged.add(launch.id)
        return launch.id


PortalMachine.TestCase.settings = settings(
    max_examples=25,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestPortal = PortalMachine.TestCase
