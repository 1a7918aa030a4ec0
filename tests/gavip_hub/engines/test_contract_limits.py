"""Limits that really hold, on every engine that really runs something."""

import pytest

from gavip_hub.domain.container import ContainerState
from gavip_hub.domain.resources import Resources
from tests.gavip_hub.engines.conftest import REAL
from tests.support.engines import MIB, Dressed, ended, until

pytestmark = [
    pytest.mark.asyncio,
    pytest.mark.parametrize("dressed", REAL, indirect=True),
]

BUSY = "while :; do :; done"
FORKS = """
my $made = 0;
for (1..200) { my $pid = fork; last unless defined $pid; if (!$pid) { sleep 20; exit }
  $made++ }
print "made $made\\n"; kill 9, -$$;
"""
WORTH_LOOKING_MS = 400


async def test_processes_beyond_the_limit_are_refused(dressed: Dressed) -> None:
    """A fork beyond the limit fails inside, and what is there goes on."""
    script = FORKS.replace("kill 9, -$$;", "")
    spec = dressed.spec(("perl", "-e", "$| = 1;" + script + "exit 0"), pids=20)
    await dressed.engine.create(spec)
    status = await ended(dressed.engine, spec.name)
    assert status.exit_code == 0
    text = (await dressed.engine.logs(spec.name)).decode()
    assert 10 <= int(text.split()[-1]) <= 20


async def test_a_fork_bomb_stays_inside(dressed: Dressed) -> None:
    """A program that forks without end is bounded, and can be stopped."""
    bomb = "while (1) { fork; select undef, undef, undef, 0.02 }"
    spec = dressed.spec(("perl", "-e", bomb), pids=40)
    await dressed.engine.create(spec)

    async def crowded() -> bool:
        usage = await dressed.engine.usage(spec.name)
        return usage is not None and usage.pids >= 35

    await until(crowded)
    usage = await dressed.engine.usage(spec.name)
    assert usage is not None
    assert usage.pids <= 41
    await dressed.engine.remove(spec.name)
    assert await dressed.engine.list() == []


async def test_processor_time_stays_within_the_limit(dressed: Dressed) -> None:
    """A busy loop on a quarter of a core gets about that much of the processor."""
    if "cpu" not in (await dressed.engine.facts()).enforced:
        pytest.skip("this engine says that it does not hold processor time here")
    limits = Resources(cpu_milli=250, memory_bytes=64 * MIB)
    spec = dressed.spec(("sh", "-c", BUSY), limits=limits)
    await dressed.engine.create(spec)
    await dressed.engine.usage(spec.name)
    loop = "perl -e '$e = time + 3; 1 while time < $e; print((times)[0])'"
    inner = dressed.spec(("sh", "-c", loop), limits=limits)
    await dressed.engine.create(inner)
    await ended(dressed.engine, inner.name)
    used_s = float((await dressed.engine.logs(inner.name)).decode())
    assert used_s < 0.25 * 3 * 1.6
    usage = await dressed.engine.usage(spec.name)
    assert usage is not None
    assert 0 < usage.cpu_milli < WORTH_LOOKING_MS


async def test_memory_that_grows_slowly_is_ended_at_the_limit(dressed: Dressed) -> None:
    """The peak of a program that grows step by step is about its limit."""
    grow = "while (1) { push @x, 'a' x 4194304; select undef, undef, undef, 0.02 }"
    status = await dressed.run(("perl", "-e", grow))
    assert status.out_of_memory
    assert status.exit_code == 137
    assert status.peak_memory_bytes is not None
    assert status.peak_memory_bytes <= 256 * MIB


async def test_a_child_out_of_memory_does_not_end_the_session(dressed: Dressed) -> None:
    """A kernel that uses too much dies alone: the session goes on and tells of it."""
    script = (
        "perl -e '$x = \"a\" x (600 << 20); sleep 30'; echo child ended $?; sleep 600"
    )
    spec = dressed.spec(("sh", "-c", script))
    await dressed.engine.create(spec)

    async def told() -> bool:
        return b"child ended 137" in await dressed.engine.logs(spec.name)

    await until(told)
    [status] = await dressed.engine.list()
    assert status.state is ContainerState.RUNNING
    usage = await dressed.engine.usage(spec.name)
    assert usage is not None


async def test_files_in_memory_count(dressed: Dressed) -> None:
    """Filling the temporary folder ends in an error, not in the host's memory."""
    text = await dressed.output(
        "head -c 300000000 /dev/zero > /tmp/big 2>/dev/null; echo wrote $?;"
        " df -m /tmp | tail -n 1"
    )
    status = (await dressed.engine.list())[-1]
    assert "wrote 1" in text or status.out_of_memory


async def test_a_flood_of_output_does_not_fill_the_disk(dressed: Dressed) -> None:
    """Only the end of what is printed is kept."""
    status = await dressed.run(
        ("sh", "-c", "yes 0123456789 | head -c 20000000; echo X")
    )
    assert status.exit_code == 0
    tail = await dressed.engine.logs(status.name, tail_bytes=1000)
    assert tail.endswith(b"X\n")
    assert len(tail) == 1000
    everything = await dressed.engine.logs(status.name, tail_bytes=1 << 30)
    assert len(everything) < 17_000_000
