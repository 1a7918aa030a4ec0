"""When the engine, the hub or the service itself goes away."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from gavip_hub.domain.container import ContainerSpec
from gavip_hub.domain.errors import FencedOut
from gavip_hub.domain.launch import LaunchKind
from gavip_hub.domain.phase import Phase
from gavip_hub.domain.resources import Resources
from gavip_hub.factory import Factory
from gavip_hub.portal.dispatcher import ENGINE_AWAY
from gavip_hub.settings import ServiceSettings
from gavip_hub.store.sql import SqlLaunchStore
from tests.support.portal import GB, ROOM, SETTINGS, World, opened_world

pytestmark = pytest.mark.asyncio


async def test_without_an_engine_nobody_is_admitted(world: World) -> None:
    """Waiting launches say so, and start when it is back."""
    world.fault(missing=True)
    launch = await world.submit()
    await world.step()
    view = await world.portal.launches.get(launch.id, "ada")
    assert view.launch.phase is Phase.QUEUED
    assert view.reason == ENGINE_AWAY
    health = await world.portal.platform.health()
    assert "away" in health["engine"]
    world.fault()
    await world.until(launch, Phase.RUNNING)
    assert (await world.portal.platform.health())["engine"] == "ok"


async def test_an_engine_that_hangs_is_an_engine_that_is_away(world: World) -> None:
    """Its bounded silence has the same words."""
    world.fault(hangs=True, timeout_s=0.01)
    launch = await world.submit()
    await world.step()
    view = await world.portal.launches.get(launch.id, "ada")
    assert view.reason == ENGINE_AWAY


async def test_what_was_admitted_keeps_its_place(world: World) -> None:
    """An engine that goes away between admission and start costs no attempt."""
    world.hub.down = True
    launch = await world.submit()
    await world.until(launch, Phase.ADMITTED)
    world.fault(missing=True)
    await world.step()
    world.hub.down = False
    await world.step()
    assert (await world.get(launch)).phase is Phase.ADMITTED
    world.fault()
    running = await world.until(launch, Phase.RUNNING)
    assert running.attempt == 1


async def test_what_runs_is_not_given_up_with_the_engine(world: World) -> None:
    """An engine that does not answer says nothing about what it runs."""
    launch = await world.running()
    world.fault(missing=True)
    await world.step(timedelta(minutes=5))
    assert (await world.get(launch)).phase is Phase.RUNNING
    world.fault()
    await world.step()
    assert (await world.get(launch)).phase is Phase.RUNNING


async def test_without_the_hub_admitted_launches_wait_for_it(world: World) -> None:
    """They keep what they hold, and start when it is back."""
    world.hub.down = True
    launch = await world.submit()
    for _ in range(5):
        await world.step(timedelta(minutes=5))
    assert (await world.get(launch)).phase is Phase.ADMITTED
    world.hub.down = False
    running = await world.until(launch, Phase.RUNNING)
    assert running.attempt == 1


async def test_what_runs_goes_on_without_the_hub(world: World) -> None:
    """A hub that is away for an hour ends nobody."""
    launch = await world.running(walltime=timedelta(hours=3))
    world.hub.down = True
    await world.step(timedelta(minutes=30))
    await world.step(timedelta(minutes=30))
    world.hub.down = False
    await world.step()
    assert (await world.get(launch)).phase is Phase.RUNNING


async def test_an_end_does_not_need_the_hub(world: World) -> None:
    """Stopping goes on at the engine; the hub finds out by itself."""
    launch = await world.running()
    world.hub.down = True
    await world.portal.launches.cancel(launch.id, "ada")
    await world.until(launch, Phase.COMPLETED)
    assert await world.containers(live=False) == []


async def test_containers_of_no_launch_are_removed(world: World) -> None:
    """Neither unknown nor ended launches may have containers."""
    launch = await world.running()
    await world.portal.launches.cancel(launch.id, "ada")
    await world.until(launch, Phase.COMPLETED)
    for launch_id in (launch.id, "f" * 16):
        await world.engine.create(a_container(launch_id))
    kept = await world.running("kept")
    await world.step()
    assert [one.launch_id for one in await world.containers(live=False)] == [kept.id]


async def test_a_new_container_of_a_start_is_no_stray(world: World) -> None:
    """What the spawner has just made for a starting launch stays."""
    world.hub.holds_before = "ready"
    launch = await world.submit()
    await world.until(launch, Phase.STARTING)
    for _ in range(3):
        await world.step()
    assert [one.launch_id for one in await world.containers()] == [launch.id]


async def test_a_run_that_begins_during_a_look_is_not_lost(world: World) -> None:
    """The engine's list is not held against what started after it was read."""
    launch = await world.submit(kind=LaunchKind.PIPELINE, options={"command": "x"})
    listing = world.engine.list

    async def slow_list() -> object:
        found = await listing()
        await world.portal.dispatcher.settle()
        await world.acted()
        return found

    world.engine.list = slow_list  # type: ignore[assignment,method-assign]
    await world.portal.reconciler.look()
    await world.portal.reconciler.look()
    world.engine.list = listing  # type: ignore[method-assign]
    assert (await world.get(launch)).phase is Phase.RUNNING


async def test_one_question_to_the_hub_answers_for_all(world: World) -> None:
    """However many sessions run, a look asks the hub once, and not at every look."""
    asked = 0
    active = world.hub.active

    async def counted() -> object:
        nonlocal asked
        asked += 1
        return await active()

    for number in range(3):
        await world.running(f"lab-{number}", resources=Resources(500, GB))
    world.hub.active = counted  # type: ignore[assignment,method-assign]
    for _ in range(10):
        await world.step()
    assert asked == 1


async def test_a_newer_service_fences_the_older_one_out(tmp_path: Path) -> None:
    """The older one stops by itself and writes nothing any more."""
    url = f"sqlite:///{tmp_path / 'gavip.sqlite'}"
    async with opened_world(url=url) as world:
        launch = await world.running()
        cause: asyncio.Queue[BaseException | None] = asyncio.Queue()
        quick = ServiceSettings(lease=timedelta(seconds=0.3))
        older = Factory(replace(SETTINGS, service=quick)).portal(
            store=await asyncio.to_thread(SqlLaunchStore.open, url),
            engine=world.engine,
            hub=world.hub,
            hub_answers=world._hub_answers,
            clock=world.clock,
            on_end=cause.put_nowait,
        )
        await older.start()
        await world.begin()
        with pytest.raises(FencedOut):
            await older.launches.cancel(launch.id, "ada")
        assert isinstance(await asyncio.wait_for(cause.get(), 20), FencedOut)
        await older.stop()
        assert (await world.get(launch)).phase is Phase.RUNNING


@pytest.mark.parametrize("steps", range(6))
async def test_a_service_that_is_killed_goes_on(world: World, steps: int) -> None:
    """Wherever the service was, the next one neither doubles nor loses a launch."""
    notebook = await world.submit()
    batch = await world.submit(kind=LaunchKind.PIPELINE, options={"command": "x"})
    task = asyncio.ensure_future(world.step())
    for _ in range(steps * 8):
        await asyncio.sleep(0.0005)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await world.restart()
    for launch in (notebook, batch):
        await world.until(launch, Phase.RUNNING)
    live = [one.launch_id for one in await world.containers()]
    assert sorted(live) == sorted([notebook.id, batch.id])
    assert await world.free() == ROOM - Resources(2_000, 4 * GB)


def a_container(launch_id: str) -> ContainerSpec:
    """Return a container of a launch that has none."""
    return ContainerSpec(
        name=f"gavip-{launch_id}-1",
        launch_id=launch_id,
        attempt=1,
        owner="ada",
        kind="notebook",
        argv=("lab",),
        env={},
        limits=Resources(1_000, GB),
        pids=10,
    )
