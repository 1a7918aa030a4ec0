"""What every engine does with a container from its creation to its removal."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from gavip_hub.domain.container import ContainerState
from gavip_hub.domain.errors import InvalidField
from tests.gavip_hub.engines.conftest import WITH_FAKE
from tests.support.engines import MIB, Dressed, ended, until

pytestmark = [
    pytest.mark.asyncio,
    pytest.mark.parametrize("dressed", WITH_FAKE, indirect=True),
]

NOW = timedelta(0)


async def test_it_says_what_it_enforces(dressed: Dressed) -> None:
    """An engine names itself, its version and the limits that it holds."""
    facts = await dressed.engine.facts()
    assert facts.name == dressed.kind.split("-")[0]
    assert facts.version
    assert {"memory", "cpu", "pids"} <= facts.enforced or facts.notes


async def test_it_offers_a_node(dressed: Dressed) -> None:
    """An engine offers at least one node with something on it."""
    nodes = await dressed.engine.nodes()
    assert nodes
    assert nodes[0].capacity.cpu_milli >= 1000
    assert nodes[0].capacity.memory_bytes >= 512 * MIB


async def test_a_created_container_runs_and_is_listed(dressed: Dressed) -> None:
    """What was created is listed with all that the dispatcher needs to adopt it."""
    spec = dressed.spec(dressed.programs.sleep(30))
    await dressed.engine.create(spec)
    [status] = await dressed.engine.list()
    assert status.state is ContainerState.RUNNING
    assert (status.name, status.launch_id) == (spec.name, spec.launch_id)
    assert (status.attempt, status.owner) == (1, spec.owner)
    assert status.limits == spec.limits
    assert status.exit_code is None


@pytest.mark.parametrize("code", [0, 3, 77])
async def test_the_exit_status_is_kept(dressed: Dressed, code: int) -> None:
    """A command's own exit status is what the engine tells."""
    status = await dressed.run(dressed.programs.end_with(code))
    assert status.exit_code == code
    assert not status.out_of_memory
    assert not status.walltime_reached
    assert not status.lost


async def test_the_same_name_starts_once(dressed: Dressed) -> None:
    """However often a name is created, and whoever does it, one container runs."""
    spec = dressed.spec(dressed.programs.sleep(30))
    other = dressed.reopen()
    await asyncio.gather(
        *(dressed.engine.create(spec) for _ in range(3)),
        *(other.create(spec) for _ in range(3)),
    )
    assert [one.name for one in await dressed.engine.list()] == [spec.name]


async def test_an_ended_name_is_not_started_again(dressed: Dressed) -> None:
    """A repeated create after the end changes nothing."""
    spec = dressed.spec(dressed.programs.end_with(5))
    await dressed.engine.create(spec)
    await ended(dressed.engine, spec.name)
    await dressed.engine.create(spec)
    [status] = await dressed.engine.list()
    assert status.state is ContainerState.EXITED
    assert status.exit_code == 5


async def test_stop_ends_it_and_may_be_repeated(dressed: Dressed) -> None:
    """Stopping ends a container; stopping again, or a stranger, does nothing."""
    spec = dressed.spec(dressed.programs.sleep(600))
    await dressed.engine.create(spec)
    await dressed.engine.stop(spec.name, timedelta(seconds=5))
    status = await ended(dressed.engine, spec.name)
    assert status.exit_code != 0
    assert not status.out_of_memory
    await dressed.engine.stop(spec.name, NOW)
    await dressed.engine.stop("gavip-nobody-1", NOW)


async def test_remove_forgets_it_and_may_be_repeated(dressed: Dressed) -> None:
    """Removing ends a running container too; removing again does nothing."""
    spec = dressed.spec(dressed.programs.sleep(600))
    await dressed.engine.create(spec)
    await dressed.engine.remove(spec.name)
    assert await dressed.engine.list() == []
    await dressed.engine.remove(spec.name)
    assert await dressed.engine.usage(spec.name) is None
    assert await dressed.engine.logs(spec.name) == b""


async def test_another_engine_sees_the_same(dressed: Dressed) -> None:
    """An engine made anew, as after a restart, finds what runs and what ended."""
    running = dressed.spec(dressed.programs.sleep(600))
    over = dressed.spec(dressed.programs.end_with(4))
    await dressed.engine.create(running)
    await dressed.engine.create(over)
    await ended(dressed.engine, over.name)
    found = {one.name: one for one in await dressed.reopen().list()}
    assert found[running.name].state is ContainerState.RUNNING
    assert found[over.name].exit_code == 4


async def test_more_memory_than_the_limit_ends_it(dressed: Dressed) -> None:
    """A command that uses too much is ended, and the reason and its peak are told."""
    status = await dressed.run(dressed.programs.allocate(600 * MIB))
    assert status.out_of_memory
    assert status.oom_kills >= 1
    assert status.peak_memory_bytes is not None
    assert status.peak_memory_bytes >= 100 * MIB


async def test_the_end_of_the_log_is_kept(dressed: Dressed) -> None:
    """What it printed can be read after its end, as much of its end as is wanted."""
    status = await dressed.run(dressed.programs.say("first words and last words"))
    assert await dressed.engine.logs(status.name) == b"first words and last words\n"
    tail = await dressed.engine.logs(status.name, tail_bytes=6)
    assert tail == b"words\n"


async def test_usage_is_told_while_it_runs(dressed: Dressed) -> None:
    """A running container's use is told, an ended one's is not."""
    spec = dressed.spec(dressed.programs.sleep(600))
    await dressed.engine.create(spec)
    usage = await dressed.engine.usage(spec.name)
    assert usage is not None
    assert usage.memory_bytes < spec.limits.memory_bytes
    assert usage.pids >= 1
    await dressed.engine.stop(spec.name, NOW)
    assert await dressed.engine.usage(spec.name) is None


async def test_the_deadline_ends_it_where_the_engine_keeps_time(
    dressed: Dressed,
) -> None:
    """Where an engine keeps the time limit, it ends a container by itself."""
    if "walltime" not in (await dressed.engine.facts()).enforced:
        pytest.skip("the dispatcher keeps the time of this engine")
    deadline = datetime.now(UTC) + timedelta(seconds=1)
    status = await dressed.run(dressed.programs.sleep(600), deadline=deadline)
    assert status.walltime_reached
    assert not status.out_of_memory


async def test_a_moved_deadline_counts(dressed: Dressed) -> None:
    """A deadline can be moved while it runs."""
    if "walltime" not in (await dressed.engine.facts()).enforced:
        pytest.skip("the dispatcher keeps the time of this engine")
    far = datetime.now(UTC) + timedelta(hours=1)
    spec = dressed.spec(dressed.programs.sleep(600), deadline=far)
    await dressed.engine.create(spec)
    await dressed.engine.set_deadline(spec.name, datetime.now(UTC))
    assert (await ended(dressed.engine, spec.name)).walltime_reached


async def test_an_unsafe_spec_is_refused_and_leaves_nothing(dressed: Dressed) -> None:
    """What the contract refuses is never handed to the engine."""
    spec = dressed.spec(dressed.programs.sleep(1), name="../escape")
    dressed.made.clear()
    with pytest.raises(InvalidField):
        await dressed.engine.create(spec)
    assert await dressed.engine.list() == []


async def test_a_stopped_polite_end_is_waited_for(dressed: Dressed) -> None:
    """After stop returns, the container has ended."""
    spec = dressed.spec(dressed.programs.sleep(600))
    await dressed.engine.create(spec)
    await dressed.engine.stop(spec.name, timedelta(seconds=2))

    async def over() -> bool:
        [status] = await dressed.engine.list()
        return status.state is ContainerState.EXITED

    await until(over)
