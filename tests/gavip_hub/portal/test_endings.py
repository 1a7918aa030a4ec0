"""Every end says why in words that help."""

from datetime import timedelta

import pytest

from gavip_hub.domain.container import Usage
from gavip_hub.domain.launch import EndCode, Ending, Launch, LaunchKind
from gavip_hub.domain.phase import ENDED, Phase
from gavip_hub.portal.servers import BY_HUB
from tests.support.portal import GB, ROOM, World

pytestmark = pytest.mark.asyncio


async def end_of(world: World, launch: Launch) -> Ending:
    """Return the end that a launch comes to."""
    ended = await world.until(launch, *ENDED)
    assert ended.ending is not None
    assert ended.reason == ended.ending.message
    assert await world.containers(live=False) == []
    assert await world.free() == ROOM
    return ended.ending


async def test_finished(world: World) -> None:
    """A session that ends by itself without a fault is finished."""
    launch = await world.running()
    world.engine.end(launch.engine_name, exit_code=0)
    ending = await end_of(world, launch)
    assert (ending.code, ending.exit_code) == (EndCode.FINISHED, 0)


async def test_crashed(world: World) -> None:
    """An error status is told, with a word on where to read on."""
    launch = await world.running()
    world.engine.end(launch.engine_name, exit_code=3)
    ending = await end_of(world, launch)
    assert (ending.code, ending.exit_code) == (EndCode.CRASHED, 3)
    assert "exit status 3" in ending.message


async def test_ended_with_the_hub(world: World) -> None:
    """A session that the hub took along at its own end was stopped, not broken."""
    launch = await world.running()
    world.engine.end(launch.engine_name, exit_code=143)
    ending = await end_of(world, launch)
    assert ending.code is EndCode.STOPPED
    assert "the hub or the machine" in ending.message


async def test_out_of_memory_tells_the_peak_and_the_next_size(world: World) -> None:
    """The owner reads limit and peak, and which size would have been enough."""
    launch = await world.running()
    await world.store.note_peak(launch.id, 1_900_000_000)
    world.engine.end(launch.engine_name, exit_code=137, out_of_memory=True)
    ending = await end_of(world, launch)
    assert ending.code is EndCode.OUT_OF_MEMORY
    assert ending.peak_memory_bytes == 1_900_000_000
    assert "2 GB" in ending.message
    assert "1.9 GB" in ending.message
    assert "size M" in ending.message


async def test_a_batch_run_that_wants_more_than_its_limit(world: World) -> None:
    """A run that is ended for its memory says so, not that it did not start."""
    launch = await world.submit(
        kind=LaunchKind.PIPELINE, options={"command": f"allocate {3 * GB}"}
    )
    ending = await end_of(world, launch)
    assert ending.code is EndCode.OUT_OF_MEMORY
    assert ending.peak_memory_bytes == 2 * GB


async def test_lost_by_the_machine(world: World) -> None:
    """A container that vanished with its machine is lost, and files are kept."""
    launch = await world.running()
    world.engine.end(launch.engine_name, lost=True)
    ending = await end_of(world, launch)
    assert ending.code is EndCode.NODE_LOST
    assert "kept" in ending.message


async def test_no_longer_in_the_engine(world: World) -> None:
    """A container that somebody removed by hand is lost as well."""
    launch = await world.running()
    await world.engine.remove(launch.engine_name)
    ending = await end_of(world, launch)
    assert ending.code is EndCode.NODE_LOST


async def test_walltime_by_the_service(world: World) -> None:
    """At its deadline a launch ends, with its limit in words and the mend."""
    launch = await world.running()
    await world.engine.set_deadline(
        launch.engine_name, world.clock.now() + timedelta(days=2)
    )
    await world.step(timedelta(hours=1))
    ending = await end_of(world, launch)
    assert ending.code is EndCode.WALLTIME
    assert "1 h" in ending.message


async def test_walltime_by_the_engine(world: World) -> None:
    """The engine ends it even while no service runs; the reason is the same."""
    launch = await world.running()
    await world.crash()
    world.clock.tick(timedelta(hours=2))
    assert await world.containers() == []
    await world.begin()
    ending = await end_of(world, launch)
    assert ending.code is EndCode.WALLTIME


async def test_failed_to_start_after_one_retry(world: World) -> None:
    """A start is tried twice, each attempt under a name of its own."""
    world.fault(fail_every=1)
    launch = await world.submit()
    ended = await world.until(launch, *ENDED)
    assert ended.ending is not None
    assert ended.ending.code is EndCode.FAILED_TO_START
    assert ended.attempt == 2
    assert "told not to start" in ended.ending.message


async def test_one_failed_start_is_forgiven(world: World) -> None:
    """The retry runs as if nothing had been."""
    world.fault(fail_every=1)
    launch = await world.submit()
    await world.portal.dispatcher.settle()
    while (await world.get(launch)).attempt < 2:
        await world.portal.dispatcher.settle()
    world.fault()
    again = await world.until(launch, Phase.RUNNING)
    assert again.attempt == 2
    assert [one.attempt for one in await world.containers()] == [2]


async def test_a_start_that_timed_out_leaves_no_second_container(world: World) -> None:
    """What was created although it seemed to fail is gone before the retry."""
    world.fault(time_out_every=1)
    launch = await world.submit()
    await world.portal.dispatcher.settle()
    while (await world.get(launch)).attempt < 2:
        await world.portal.dispatcher.settle()
    world.fault()
    await world.until(launch, Phase.RUNNING)
    assert [one.attempt for one in await world.containers(live=False)] == [2]


async def test_a_server_that_never_answers_fails(world: World) -> None:
    """After the start's time is over twice, the end says how long that is."""
    world.hub.holds_before = "ready"
    launch = await world.submit()
    await world.until(launch, Phase.STARTING)
    for server in world.hub.servers.values():
        server.pending = None
    await world.step(timedelta(minutes=4))
    await world.until(launch, Phase.STARTING, Phase.ADMITTED)
    world.hub.die()
    world.hub.holds_before = "ready"
    again = await world.until(launch, Phase.STARTING)
    assert again.attempt == 2
    for server in world.hub.servers.values():
        server.pending = None
    await world.step(timedelta(minutes=4))
    ended = await world.until(launch, *ENDED)
    assert ended.ending is not None
    assert "180 seconds" in ended.ending.message


async def test_a_start_is_not_given_up_while_the_hub_is_at_it(world: World) -> None:
    """A spawner that is still busy keeps its attempt, however long it takes."""
    world.hub.holds_before = "ready"
    launch = await world.submit()
    await world.until(launch, Phase.STARTING)
    await world.step(timedelta(minutes=20))
    now = await world.get(launch)
    assert (now.phase, now.attempt) == (Phase.STARTING, 1)
    world.hub.go_on()
    await world.until(launch, Phase.RUNNING)


async def test_a_session_that_dies_while_it_starts_is_tried_again(world: World) -> None:
    """The container's own end is noticed at once, not after the start's time."""
    world.hub.holds_before = "ready"
    launch = await world.submit()
    starting = await world.until(launch, Phase.STARTING)
    world.engine.end(starting.engine_name, exit_code=1)
    world.hub.die()
    again = await world.until(launch, Phase.RUNNING)
    assert again.attempt == 2


async def test_stopped_at_the_hub(world: World) -> None:
    """Stopping the server in the hub is an end of the owner's own."""
    launch = await world.running()
    await world.hub.stop("ada", "lab")
    ending = await end_of(world, launch)
    assert ending.code is EndCode.STOPPED
    assert BY_HUB in ending.message


async def test_the_hub_refuses_for_good(world: World) -> None:
    """What the hub will not start does not hold resources for ever."""
    world.hub.refuses = True
    launch = await world.submit()
    ending = await end_of(world, launch)
    assert ending.code is EndCode.FAILED_TO_START
    assert "a hook failed" in ending.message


async def test_the_hub_no_longer_knows_a_server(world: World) -> None:
    """A session that nobody can reach ends, after some patience."""
    launch = await world.running()
    world.hub.forget("ada", "lab")
    await world.step(timedelta(seconds=15))
    assert (await world.get(launch)).phase is Phase.RUNNING
    await world.step(timedelta(seconds=15))
    await world.step(timedelta(seconds=15))
    ending = await end_of(world, launch)
    assert ending.code is EndCode.NODE_LOST
    assert "hub" in ending.message


async def test_the_peak_is_part_of_every_end(world: World) -> None:
    """What was measured is kept, whatever the reason for the end."""
    launch = await world.running()
    world.portal.board.usage[launch.id] = Usage(0, 0, 1)
    await world.store.note_peak(launch.id, 123_456)
    await world.portal.launches.cancel(launch.id, "ada")
    ending = await end_of(world, launch)
    assert ending.peak_memory_bytes == 123_456


async def test_a_hub_that_believes_a_server_is_up_does_not_hold_its_place(
    world: World,
) -> None:
    """What the hub calls up though nothing runs ends with words, not never."""
    await ghost(world)
    world.hub.deaf = True
    launch = await world.submit()
    await world.until(launch, Phase.ADMITTED)
    for _ in range(6):
        await world.step(timedelta(minutes=1))
    ending = await end_of(world, launch)
    assert ending.code is EndCode.FAILED_TO_START
    assert "did not begin" in ending.message


async def test_a_hub_is_brought_back_to_its_senses(world: World) -> None:
    """A server that is up for the hub alone is stopped there, and then starts."""
    await ghost(world)
    launch = await world.submit()
    await world.until(launch, Phase.ADMITTED)
    for _ in range(3):
        await world.step(timedelta(minutes=1))
    await world.until(launch, Phase.RUNNING)


async def ghost(world: World) -> None:
    """Make the hub believe in a server that never started."""
    world.hub.queueless = True
    await world.hub.spawn("ada", "lab")
    world.hub.queueless = False
