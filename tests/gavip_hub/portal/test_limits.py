"""Time limits, their warnings, the idle rule, and more time on request."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from gavip_hub.domain.container import Usage
from gavip_hub.domain.errors import (
    EngineUnavailable,
    ExtensionRefused,
    IllegalTransition,
    InvalidField,
)
from gavip_hub.domain.event import EventKind
from gavip_hub.domain.launch import EndCode, Launch
from gavip_hub.domain.phase import ENDED, Phase
from gavip_hub.settings import Rules
from tests.support.portal import ROOM, World, opened_world

pytestmark = pytest.mark.asyncio

MINUTE = timedelta(minutes=1)
LONG_AGO = datetime(2026, 11, 1, tzinfo=UTC)
QUIET = Usage(cpu_milli=5, memory_bytes=10**8, pids=3)
BUSY = Usage(cpu_milli=900, memory_bytes=10**8, pids=3)


async def warnings(world: World, launch: Launch) -> list[str]:
    """Return what was announced."""
    return [one.message for one in await world.told(launch, EventKind.WARNING)]


async def pass_time(world: World, minutes: int) -> None:
    """Let minutes go by, with a look in each."""
    for _ in range(minutes):
        await world.step(MINUTE)


async def test_the_end_is_announced_three_times(world: World) -> None:
    """At 30, 10 and 1 minutes before the end, once each."""
    launch = await world.running()
    await pass_time(world, 59)
    told = await warnings(world, launch)
    assert [text.split(":")[0] for text in told] == [
        "Ends in 30 min",
        "Ends in 10 min",
        "Ends in 1 min",
    ]


async def test_a_restart_announces_nothing_twice(world: World) -> None:
    """Which warnings were given is known from the record."""
    launch = await world.running()
    await pass_time(world, 35)
    await world.restart()
    await pass_time(world, 5)
    assert len(await warnings(world, launch)) == 1


async def test_a_moved_end_is_announced_again(world: World) -> None:
    """The warnings belong to the deadline, not to the launch."""
    launch = await world.running()
    await pass_time(world, 31)
    await world.portal.launches.extend(launch.id, "ada", timedelta(hours=1))
    await pass_time(world, 10)
    assert len(await warnings(world, launch)) == 1
    await pass_time(world, 50)
    assert len(await warnings(world, launch)) == 2


async def test_more_time_moves_the_deadline_everywhere(world: World) -> None:
    """Record, allocation and engine all know the later end, and it is told."""
    launch = await world.running()
    view = await world.portal.launches.extend(launch.id, "ada", timedelta(hours=1))
    assert launch.deadline is not None
    assert view.launch.deadline == launch.deadline + timedelta(hours=1)
    assert view.launch.allocation is not None
    assert view.launch.allocation.until == view.launch.deadline
    assert len(await world.told(launch, EventKind.EXTENDED)) == 1
    await world.step(timedelta(minutes=90))
    assert (await world.get(launch)).phase is Phase.RUNNING
    assert len(await world.containers()) == 1


async def test_no_more_time_while_somebody_waits_for_the_place(world: World) -> None:
    """The refusal says why."""
    launch = await world.running(resources=ROOM)
    await world.submit("next", owner="bob", resources=ROOM)
    await world.step()
    with pytest.raises(ExtensionRefused, match="waits"):
        await world.portal.launches.extend(launch.id, "ada", timedelta(hours=1))


async def test_no_more_time_than_the_longest_walltime(world: World) -> None:
    """The refusal says what is possible, and that is then granted."""
    launch = await world.running()
    with pytest.raises(ExtensionRefused, match="It can be extended by 23 h"):
        await world.portal.launches.extend(launch.id, "ada", timedelta(hours=30))
    view = await world.portal.launches.extend(launch.id, "ada", timedelta(hours=23))
    assert view.launch.phase is Phase.RUNNING


async def test_only_what_runs_can_have_more_time(world: World) -> None:
    """A waiting launch has no deadline yet."""
    await world.running("first", resources=ROOM, owner="bob")
    waiting = await world.submit()
    with pytest.raises(IllegalTransition, match="queued"):
        await world.portal.launches.extend(waiting.id, "ada", timedelta(hours=1))


@pytest.mark.parametrize("by", [timedelta(0), timedelta(seconds=-5), MINUTE / 2])
async def test_no_time_is_no_extension(world: World, by: timedelta) -> None:
    """Less than a minute, nothing and negative times name the field."""
    launch = await world.running()
    with pytest.raises(InvalidField) as refusal:
        await world.portal.launches.extend(launch.id, "ada", by)
    assert refusal.value.field == "by"


async def test_a_promise_is_not_given_if_the_engine_cannot_keep_it(
    world: World,
) -> None:
    """An engine that does not answer would end it at the old time; nothing moves."""
    launch = await world.running()
    world.fault(missing=True)
    with pytest.raises(EngineUnavailable):
        await world.portal.launches.extend(launch.id, "ada", timedelta(hours=1))
    assert (await world.get(launch)).deadline == launch.deadline


@pytest_asyncio.fixture
async def strict() -> AsyncIterator[World]:
    """Give a world that ends a session after half an hour without anything."""
    rules = replace(Rules(), idle_timeout=timedelta(minutes=30))
    async with opened_world(rules) as world:
        yield world


async def pass_quietly(
    world: World,
    launch: Launch,
    minutes: int,
    *,
    busy: bool = False,
    usage: Usage = QUIET,
) -> None:
    """Let minutes go by, with a report and a look every two."""
    for _ in range(0, minutes, 2):
        world.portal.board.usage[launch.id] = usage
        await world.portal.launches.told_activity(
            launch.id, "ada", busy=busy, last_activity=LONG_AGO, ready=True
        )
        await world.step(2 * MINUTE)


async def test_an_idle_session_is_warned_and_ended(strict: World) -> None:
    """It is told ten minutes before, and its end says how long nothing happened."""
    launch = await strict.running(walltime=timedelta(hours=12))
    await pass_quietly(strict, launch, 26)
    (told,) = await warnings(strict, launch)
    assert "nothing runs in it" in told
    await pass_quietly(strict, launch, 8)
    ended = await strict.until(launch, *ENDED)
    assert ended.ending is not None
    assert ended.ending.code is EndCode.IDLE
    assert "30 min" in ended.ending.message


@pytest.mark.parametrize(
    ("busy", "usage"),
    [(True, QUIET), (False, BUSY)],
    ids=["busy kernel", "processor in use"],
)
async def test_work_is_never_idleness(
    strict: World, *, busy: bool, usage: Usage
) -> None:
    """A busy kernel and a used processor keep a session, whatever was clicked last."""
    launch = await strict.running(walltime=timedelta(hours=12))
    await pass_quietly(strict, launch, 50, busy=busy, usage=usage)
    assert (await strict.get(launch)).phase is Phase.RUNNING
    assert await warnings(strict, launch) == []


async def test_silence_is_never_idleness(strict: World) -> None:
    """A session that says nothing may be computing."""
    launch = await strict.running(walltime=timedelta(hours=12))
    await pass_quietly(strict, launch, 4)
    for _ in range(20):
        await strict.step(5 * MINUTE)
    assert (await strict.get(launch)).phase is Phase.RUNNING


async def test_what_is_not_measured_is_not_idle(strict: World) -> None:
    """Without a word on its processor nobody knows."""
    launch = await strict.running(walltime=timedelta(hours=12))
    for _ in range(25):
        await strict.portal.launches.told_activity(
            launch.id, "ada", busy=False, last_activity=LONG_AGO, ready=True
        )
        await strict.step(2 * MINUTE)
    assert (await strict.get(launch)).phase is Phase.RUNNING


async def test_a_pause_in_a_long_computation_is_not_idleness(strict: World) -> None:
    """The time counts from the last work that was seen, not from the last click."""
    launch = await strict.running(walltime=timedelta(hours=12))
    await pass_quietly(strict, launch, 40, usage=BUSY)
    await pass_quietly(strict, launch, 4, usage=QUIET)
    assert (await strict.get(launch)).phase is Phase.RUNNING


async def test_a_restart_of_the_service_ends_nobody_for_idleness(
    strict: World,
) -> None:
    """What was not seen cannot be judged: the time counts from the new look."""
    launch = await strict.running(walltime=timedelta(hours=12))
    strict.clock.tick(timedelta(hours=5))
    await strict.restart()
    await pass_quietly(strict, launch, 4)
    assert (await strict.get(launch)).phase is Phase.RUNNING


async def test_the_idle_rule_can_be_switched_off() -> None:
    """Without a rule nobody is ended for idleness."""
    async with opened_world(replace(Rules(), idle_timeout=None)) as world:
        launch = await world.running(walltime=timedelta(hours=12))
        await pass_quietly(world, launch, 40)
        assert (await world.get(launch)).phase is Phase.RUNNING


async def test_a_clock_that_steps_back_ends_and_loses_nothing(world: World) -> None:
    """An hour back, and launches wait, start, run and end as before."""
    running = await world.running()
    world.clock.tick(timedelta(hours=-1))
    other = await world.running("other")
    await world.restart()
    assert (await world.get(running)).phase is Phase.RUNNING
    await world.portal.launches.cancel(other.id, "ada")
    await world.until(other, *ENDED)
    world.clock.tick(timedelta(hours=1))
    await world.step()
    assert (await world.get(running)).phase is Phase.RUNNING


async def test_a_kernel_that_ran_out_of_memory_is_told(world: World) -> None:
    """The session goes on, and its owner reads why the kernel is gone; once."""
    launch = await world.running()
    world.engine.usage = lambda _name: usage(0)  # type: ignore[method-assign]

    async def usage(kills: int) -> Usage:
        return Usage(10, 10**8, 3, oom_kills=kills)

    await world.portal.meter.measure()
    world.engine.usage = lambda _name: usage(1)  # type: ignore[method-assign]
    await world.portal.meter.measure()
    await world.portal.meter.measure()
    (told,) = await warnings(world, launch)
    assert "kernel" in told
    assert (await world.get(launch)).phase is Phase.RUNNING
