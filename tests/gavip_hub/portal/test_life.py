"""The way of a launch from the ask to its end."""

import asyncio
from datetime import timedelta

import pytest

from gavip_hub.domain.errors import IdempotencyConflict, NeverFits, UnknownLaunch
from gavip_hub.domain.event import EventKind
from gavip_hub.domain.launch import EndCode, LaunchKind
from gavip_hub.domain.phase import ENDED, Phase
from gavip_hub.domain.resources import NOTHING, Resources
from tests.support.portal import GB, ROOM, World, request

pytestmark = pytest.mark.asyncio

ALL = ROOM
"""A launch that leaves nothing for others."""


async def test_a_notebook_passes_through_every_phase(world: World) -> None:
    """Each phase is told once, in order, with words."""
    launch = await world.running()
    await world.portal.launches.cancel(launch.id, "ada")
    await world.until(launch, *ENDED)
    told = await world.told(launch, EventKind.PHASE)
    assert [event.phase for event in told] == [
        Phase.QUEUED,
        Phase.ADMITTED,
        Phase.STARTING,
        Phase.RUNNING,
        Phase.STOPPING,
        Phase.COMPLETED,
    ]
    assert all(event.message for event in told)


async def test_the_hub_starts_notebooks(world: World) -> None:
    """The service asks the hub once, and the spawner's claim does the rest."""
    launch = await world.running()
    assert world.hub.starts == [("ada", "lab")]
    assert [one.name for one in await world.containers()] == [launch.engine_name]


@pytest.mark.parametrize("kind", [LaunchKind.PIPELINE, LaunchKind.BUILD])
async def test_batch_kinds_run_without_the_hub(world: World, kind: LaunchKind) -> None:
    """A pipeline and a build are started by the service and finish by themselves."""
    launch = await world.submit(kind=kind, options={"command": "sleep 30"})
    await world.until(launch, Phase.RUNNING)
    await world.step(timedelta(seconds=30))
    ended = await world.until(launch, *ENDED)
    assert world.hub.starts == []
    assert ended.phase is Phase.COMPLETED
    assert ended.ending is not None
    assert ended.ending.code is EndCode.FINISHED


async def test_a_batch_run_that_is_over_at_once_runs_once(world: World) -> None:
    """A command that ends before anybody looks is finished, and not started again."""
    launch = await world.submit(kind=LaunchKind.PIPELINE, options={"command": "exit 0"})
    ended = await world.until(launch, *ENDED)
    assert ended.ending is not None
    assert (ended.ending.code, ended.attempt) == (EndCode.FINISHED, 1)


async def test_what_cannot_be_run_says_so(world: World) -> None:
    """A pipeline without a command ends with the field to mend in its words."""
    launch = await world.submit(kind=LaunchKind.PIPELINE)
    ended = await world.until(launch, *ENDED)
    assert ended.ending is not None
    assert ended.ending.code is EndCode.FAILED_TO_START
    assert "options.command" in ended.ending.message


async def test_what_does_not_fit_waits_and_goes_next(world: World) -> None:
    """The second waits with a place and a reason, and starts when the first ends."""
    first = await world.running("first", resources=ALL)
    second = await world.submit("second", resources=ALL, owner="bob")
    await world.step()
    view = await world.portal.launches.get(second.id, "bob")
    assert view.wait is not None
    assert view.wait.position == 1
    assert "waits" in view.reason.lower()
    await world.portal.launches.cancel(first.id, "ada")
    await world.until(second, Phase.RUNNING)


async def test_nothing_is_given_back_before_it_is_gone(world: World) -> None:
    """An ended container frees its share together with the end, never before."""
    first = await world.running("first", resources=ALL)
    world.fault(missing=True)
    await world.portal.launches.cancel(first.id, "ada")
    await world.step()
    assert (await world.get(first)).phase is Phase.STOPPING
    assert await world.free() == NOTHING
    world.fault()
    await world.until(first, Phase.COMPLETED)
    assert await world.free() == ROOM


async def test_a_repeated_ask_yields_the_same_launch(world: World) -> None:
    """The same key and request is the same launch; another request is refused."""
    one, created = await world.portal.launches.submit(request(), "k")
    again, twice = await world.portal.launches.submit(request(), "k")
    assert (one.launch.id, created, twice) == (again.launch.id, True, False)
    with pytest.raises(IdempotencyConflict):
        await world.portal.launches.submit(request(resources=Resources(2_000, GB)), "k")


async def test_what_never_fits_is_refused_with_what_could(world: World) -> None:
    """The refusal names the field and the most that could start."""
    with pytest.raises(NeverFits) as refusal:
        await world.submit(resources=Resources(1_000, 9 * GB))
    assert refusal.value.field == "memory"
    assert "8 GB" in refusal.value.message


async def test_somebody_elses_launch_does_not_exist(world: World) -> None:
    """Looking, cancelling and extending all say the same."""
    launch = await world.running()
    launches = world.portal.launches
    with pytest.raises(UnknownLaunch):
        await launches.get(launch.id, "bob")
    with pytest.raises(UnknownLaunch):
        await launches.cancel(launch.id, "bob")
    with pytest.raises(UnknownLaunch):
        await launches.extend(launch.id, "bob", timedelta(hours=1))
    assert (await world.get(launch)).phase is Phase.RUNNING


@pytest.mark.parametrize(
    "phase", [Phase.QUEUED, Phase.ADMITTED, Phase.STARTING, Phase.RUNNING]
)
async def test_cancel_ends_a_launch_in_every_phase(world: World, phase: Phase) -> None:
    """Wherever it stands it ends, leaves no container, and frees what it held."""
    blocker = None
    if phase is Phase.QUEUED:
        blocker = await world.running("blocker", resources=ALL, owner="bob")
    if phase is Phase.ADMITTED:
        world.hub.down = True
    if phase is Phase.STARTING:
        world.hub.holds_before = "create"
    launch = await world.submit()
    await world.until(launch, phase)
    await world.portal.launches.cancel(launch.id, "ada")
    await world.portal.launches.cancel(launch.id, "ada")
    world.hub.down = False
    ended = await world.until(launch, *ENDED)
    ran = phase is Phase.RUNNING
    assert ended.phase is (Phase.COMPLETED if ran else Phase.ABORTED)
    assert ended.ending is not None
    assert ended.ending.code is EndCode.STOPPED
    assert "its owner" in ended.ending.message
    assert [one.launch_id for one in await world.containers()] == (
        [blocker.id] if blocker else []
    )
    assert await world.free() == (NOTHING if blocker else ROOM)


async def test_cancel_right_after_admission_needs_no_patience(world: World) -> None:
    """An end does not wait for a start that waits for the hub."""
    world.portal.acts._pause_s = 3600
    launch = await world.submit()
    world.hub.holds_before = "claim"
    await world.portal.dispatcher.settle()
    while not world.hub.servers:
        await world.portal.dispatcher.settle()
    await world.portal.launches.cancel(launch.id, "ada")
    for _ in range(200):
        await world.portal.dispatcher.settle()
    assert (await world.get(launch)).phase is Phase.ABORTED


async def test_cancelling_an_ended_launch_changes_nothing(world: World) -> None:
    """The end keeps its words."""
    launch = await world.running()
    world.engine.end(launch.engine_name, exit_code=3)
    ended = await world.until(launch, *ENDED)
    view = await world.portal.launches.cancel(launch.id, "ada")
    assert view.launch == ended


async def test_an_operator_cancels_in_other_words(world: World) -> None:
    """The owner reads who did it."""
    launch = await world.running()
    await world.portal.launches.cancel(launch.id, None, by_operator=True)
    ended = await world.until(launch, *ENDED)
    assert ended.phase is Phase.ABORTED
    assert ended.ending is not None
    assert ended.ending.code is EndCode.OPERATOR
    assert "operator" in ended.ending.message


async def test_a_cancel_that_is_overtaken_looks_again(world: World) -> None:
    """Whoever cancels while the queue admits is not told to try again."""
    launches = [await world.submit(f"lab-{n}") for n in range(4)]
    await asyncio.gather(
        world.portal.dispatcher.settle(),
        *(world.portal.launches.cancel(one.id, "ada") for one in launches),
    )
    for one in launches:
        await world.until(one, *ENDED)
    assert await world.free() == ROOM
