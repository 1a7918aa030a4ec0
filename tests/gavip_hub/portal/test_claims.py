"""The spawner at the door: whoever asks for a server meets the queue."""

import asyncio
from datetime import timedelta

import pytest

from gavip_hub.domain.errors import (
    GavipError,
    IllegalTransition,
    ServerBusy,
    StoreConflict,
)
from gavip_hub.domain.phase import ENDED, Phase
from tests.support.portal import ROOM, World, request

pytestmark = pytest.mark.asyncio


async def test_a_server_starts_at_once_if_there_is_room(world: World) -> None:
    """The hub's own form files a launch and goes on with it in one breath."""
    await world.hub.spawn("ada", "lab", request())
    launch = await world.store.live_server("ada", "lab")
    assert launch is not None
    assert launch.phase is Phase.STARTING
    assert launch.deadline == world.clock.now() + timedelta(hours=1)
    await world.until(launch, Phase.RUNNING)


async def test_a_server_waits_if_there_is_none_and_starts_by_itself(
    world: World,
) -> None:
    """The claim tells that it waits; later the service asks the hub."""
    first = await world.running("first", owner="bob", resources=ROOM)
    view = await world.portal.servers.claim(request(), "hub:1")
    assert view.launch.phase is Phase.QUEUED
    assert view.wait is not None
    await world.portal.launches.cancel(first.id, "bob")
    await world.until(view.launch, Phase.RUNNING)
    assert world.hub.starts == [("bob", "first"), ("ada", "lab")]


async def test_a_repeated_claim_of_a_waiting_server_files_nothing(
    world: World,
) -> None:
    """Pressing Start again leads to the launch that waits already."""
    await world.running("first", owner="bob", resources=ROOM)
    one = await world.portal.servers.claim(request(), "hub:1")
    two = await world.portal.servers.claim(request(), "hub:2")
    assert one.launch.id == two.launch.id


async def test_two_claims_at_once_start_one_server(world: World) -> None:
    """One goes on; the other gets the same launch or hears that it was too late."""
    answers = await asyncio.gather(
        world.portal.servers.claim(request(), "hub:1"),
        world.portal.servers.claim(request(), "hub:2"),
        return_exceptions=True,
    )
    faults = [one for one in answers if isinstance(one, BaseException)]
    assert all(isinstance(fault, GavipError) for fault in faults)
    launch = await world.store.live_server("ada", "lab")
    assert launch is not None
    assert launch.phase is Phase.STARTING
    assert len(await world.store.holding()) == 1


async def test_a_claim_whose_answer_was_lost_is_repeated_safely(world: World) -> None:
    """The same ask again goes on with a fresh attempt, not with a second launch."""
    one = await world.portal.servers.claim(request(), "hub:1")
    two = await world.portal.servers.claim(request(), "hub:1")
    assert one.launch.id == two.launch.id
    assert (one.launch.attempt, two.launch.attempt) == (1, 2)


async def test_a_hub_that_died_in_a_start_begins_anew(world: World) -> None:
    """What the interrupted start left is gone before the new attempt exists."""
    world.hub.holds_before = "ready"
    await world.hub.spawn("ada", "lab", request())
    world.hub.die()
    assert len(await world.containers()) == 1
    view = await world.portal.servers.claim(request(), "hub:9")
    assert (view.launch.phase, view.launch.attempt) == (Phase.STARTING, 2)
    assert await world.containers(live=False) == []


async def test_a_start_that_the_hub_dropped_is_tried_again_soon(world: World) -> None:
    """Nobody has to come back and press Start."""
    world.hub.holds_before = "create"
    launch = await world.submit()
    await world.until(launch, Phase.STARTING)
    world.hub.die()
    again = await world.until(launch, Phase.RUNNING, steps=12)
    assert again.attempt == 2


async def test_an_earlier_attempt_is_gone_before_a_claim_goes_on(world: World) -> None:
    """A start that timed out but was done is removed by whoever comes first."""
    world.fault(time_out_every=1)
    world.hub.holds_before = "create"
    await world.hub.spawn("ada", "lab", request())
    world.hub.go_on()
    await world.hub.come_to_rest()
    world.fault()
    assert [one.attempt for one in await world.containers()] == [1]
    view = await world.portal.servers.claim(request(), "hub:9")
    assert (view.launch.phase, view.launch.attempt) == (Phase.STARTING, 2)
    assert await world.containers(live=False) == []


async def test_what_still_runs_is_ended_before_a_new_run(world: World) -> None:
    """The hub lost a running server: it says to wait, and a moment later starts."""
    launch = await world.running()
    world.hub.forget("ada", "lab")
    with pytest.raises(ServerBusy, match="few seconds"):
        await world.portal.servers.claim(request(), "hub:8")
    await world.until(launch, *ENDED)
    view = await world.portal.servers.claim(request(), "hub:9")
    assert view.launch.phase is Phase.STARTING
    assert view.launch.id != launch.id


async def test_a_claim_while_the_earlier_run_ends_asks_to_wait(world: World) -> None:
    """One server is never two containers."""
    launch = await world.running()
    await world.portal.launches.cancel(launch.id, "ada")
    with pytest.raises(ServerBusy):
        await world.portal.servers.claim(request(), "hub:8")


async def test_a_launch_that_is_cancelled_under_a_claim_does_not_start(
    world: World,
) -> None:
    """Cancelling wins over a start that had not begun."""
    launch = await world.submit()
    answers = await asyncio.gather(
        world.portal.servers.claim(request(), "hub:1"),
        world.portal.launches.cancel(launch.id, "ada"),
        return_exceptions=True,
    )
    assert not isinstance(answers[1], BaseException)
    if isinstance(answers[0], BaseException):
        assert isinstance(answers[0], StoreConflict | ServerBusy)
    await world.until(launch, *ENDED)
    assert await world.containers(live=False) == []
    assert await world.free() == ROOM


async def test_words_about_an_earlier_attempt_are_refused(world: World) -> None:
    """A late report cannot end the attempt that runs."""
    await world.portal.servers.claim(request(), "hub:1")
    view = await world.portal.servers.claim(request(), "hub:1")
    with pytest.raises(IllegalTransition, match="Attempt 1 is over"):
        await world.portal.servers.report(view.launch.id, 1, "failed", "late")


async def test_words_about_what_ended_change_nothing(world: World) -> None:
    """A report that comes late is answered with the launch as it is."""
    launch = await world.running()
    await world.portal.launches.cancel(launch.id, "ada")
    ended = await world.until(launch, *ENDED)
    for outcome in ("failed", "stopping", "stopped", "started"):
        view = await world.portal.servers.report(launch.id, 1, outcome, "late")
        assert view.launch == ended


async def test_a_session_that_reports_makes_itself_running(world: World) -> None:
    """The first word of a session counts, even before the hub's."""
    world.hub.holds_before = "ready"
    launch = await world.submit()
    await world.until(launch, Phase.STARTING)
    view = await world.portal.launches.told_activity(
        launch.id, "ada", busy=False, last_activity=world.clock.now(), ready=True
    )
    assert view.launch.phase is Phase.RUNNING


async def test_the_hub_cancels_a_pending_start(world: World) -> None:
    """Stop on the hub's pending page ends the launch and what it may have made."""
    world.hub.holds_before = "create"
    launch = await world.submit()
    await world.until(launch, Phase.STARTING)
    await world.hub.stop("ada", "lab")
    await world.until(launch, Phase.ABORTED)
    assert await world.free() == ROOM
