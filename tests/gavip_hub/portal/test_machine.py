"""The whole portal against arbitrary stories of people, crashes and faults."""

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from datetime import timedelta
from typing import TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import Phase as Stage
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
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
WHICH = st.integers(0, 9)
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

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.acknowledged: list[str] = []

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

    @rule(name=SERVERS, owner=OWNERS, amount=AMOUNTS)
    def submit_notebook(self, name: str, owner: str, amount: Resources) -> None:
        """Ask for a session through the API."""
        self.submitted(name, owner=owner, resources=amount)

    @rule(owner=OWNERS, amount=AMOUNTS, command=COMMANDS)
    def submit_batch(self, owner: str, amount: Resources, command: str) -> None:
        """Ask for a batch run."""
        self.submitted(
            "run",
            owner=owner,
            resources=amount,
            kind=LaunchKind.PIPELINE,
            options={"command": command},
        )

    @rule(name=SERVERS, owner=OWNERS, amount=AMOUNTS)
    def spawn_in_hub(self, name: str, owner: str, amount: Resources) -> None:
        """Press Start in the hub."""
        if self.world.hub.down or (owner, name) in self.world.hub.servers:
            return
        wish = request(name, owner=owner, resources=amount)
        with suppress(GavipError):
            self.do(self.world.hub.spawn(owner, name, wish))
        found = self.do(self.world.store.live_server(owner, name))
        if found is not None and found.id not in self.acknowledged:
            self.acknowledged.append(found.id)

    @rule(which=WHICH)
    def cancel(self, which: int) -> None:
        """Cancel a launch, whatever became of it."""
        for launch_id in self.one_of_them(which):
            self.do(self.world.portal.launches.cancel(launch_id, None))

    @rule(which=WHICH, minutes=st.integers(1, 90))
    def extend(self, which: int, minutes: int) -> None:
        """Ask for more time, allowed or not."""
        by = timedelta(minutes=minutes)
        for launch_id in self.one_of_them(which):
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

    @rule(which=WHICH)
    def comes_to_an_end(self, which: int) -> None:
        """With all parts well, a cancelled launch ends and leaves nothing."""
        self.mend()
        for launch_id in self.one_of_them(which):
            self.come_to_an_end(launch_id)

    def come_to_an_end(self, launch_id: str) -> None:
        """Cancel a launch and wait for its end."""
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
        self.do(self.world.acted())
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
        # Longer than two starts may take, and than a hub may hold on to a ghost.
        for seconds in [1] * 25 + [30] * 25:
            self.do(self.world.step(timedelta(seconds=seconds)))
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

    def submitted(self, name: str, **changes: object) -> None:
        """Ask for a launch, and note it if it was not refused."""
        with suppress(GavipError):
            launch = self.do(self.world.submit(name, **changes))
            self.acknowledged.append(launch.id)

    def one_of_them(self, which: int) -> list[str]:
        """Return one of the launches so far, the newest for 0, if there is one.

        What is drawn does not depend on how many there are: that may differ from run
        to run with the turns that threads take.
        """
        known = self.acknowledged[::-1]
        return [known[which % len(known)]] if known else []


PortalMachine.TestCase.settings = settings(
    max_examples=25,
    stateful_step_count=30,
    deadline=None,
    # Threads take their turns as they like, so that a smaller story is another one.
    phases=(Stage.explicit, Stage.reuse, Stage.generate),
    suppress_health_check=list(HealthCheck),
)
TestPortal = PortalMachine.TestCase
