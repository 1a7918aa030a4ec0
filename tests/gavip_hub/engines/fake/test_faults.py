"""Faults to order, and an observer that nobody fools."""

# ruff: noqa: ASYNC221 - short looks at files and processes may block

import asyncio
import json
import signal
import subprocess
import sys
import textwrap
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gavip_hub.domain.container import ContainerState
from gavip_hub.domain.errors import BackendFault, EngineUnavailable, InvalidField
from gavip_hub.domain.resources import Resources
from gavip_hub.engines.fake.engine import FakeEngine
from gavip_hub.engines.fake.faults import Faults, faults_from_words
from gavip_hub.engines.fake.observer import observe
from gavip_hub.engines.fake.record import FileRecord, MemoryRecord, read_entries
from tests.support.engines import Dressed, FakePrograms

pytestmark = pytest.mark.asyncio

START = datetime(2026, 11, 23, 12, tzinfo=UTC)


class Clock:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.time = START

    def __call__(self) -> datetime:
        """Return the time."""
        return self.time


def _dressed(engine: FakeEngine) -> Dressed:
    return Dressed("fake", engine, lambda: engine, Path("/spaces"), FakePrograms())


async def test_a_missing_engine_is_unavailable() -> None:
    """Every call says that there is none."""
    engine = FakeEngine(faults=Faults(missing=True))
    with pytest.raises(EngineUnavailable):
        await engine.list()


async def test_a_hanging_engine_is_given_up() -> None:
    """Every call ends after the engine's time-out."""
    engine = FakeEngine(faults=Faults(hangs=True, timeout_s=0.05))
    with pytest.raises(EngineUnavailable):
        await asyncio.wait_for(engine.list(), 10)


async def test_each_second_start_fails_and_leaves_nothing() -> None:
    """A failed start is no container, and counts for the next one's turn."""
    engine = FakeEngine(faults=Faults(fail_every=2))
    dressed = _dressed(engine)
    await engine.create(dressed.spec(("sleep", "9")))
    refused = dressed.spec(("sleep", "9"))
    with pytest.raises(BackendFault):
        await engine.create(refused)
    assert len(await engine.list()) == 1
    await engine.create(refused)
    assert len(await engine.list()) == 2


async def test_a_start_that_timed_out_happened_all_the_same() -> None:
    """Who is told of a time-out finds the container when looking again."""
    engine = FakeEngine(faults=Faults(time_out_every=1))
    spec = _dressed(engine).spec(("sleep", "9"))
    with pytest.raises(EngineUnavailable):
        await engine.create(spec)
    assert [one.name for one in await engine.list()] == [spec.name]
    await engine.create(spec)


async def test_it_dies_later_when_told_to() -> None:
    """A container runs, and then is found dead with an error."""
    clock = Clock()
    engine = FakeEngine(faults=Faults(dies_after_s=5), now=clock)
    await engine.create(_dressed(engine).spec(("serve",)))
    assert (await engine.list())[0].state is ContainerState.RUNNING
    clock.time += timedelta(seconds=6)
    [status] = await engine.list()
    assert status.exit_code == 1


async def test_what_ran_before_a_restart_can_be_lost() -> None:
    """After a restart with that fault, the containers have vanished without an end."""
    record = MemoryRecord()
    engine = FakeEngine(record)
    await engine.create(_dressed(engine).spec(("serve",)))
    kept = FakeEngine(record.reopened())
    assert (await kept.list())[0].state is ContainerState.RUNNING
    anew = FakeEngine(record.reopened(), Faults(lost_on_restart=True))
    [status] = await anew.list()
    assert status.lost
    assert status.exit_code is None


async def test_the_clock_decides_what_comes_first() -> None:
    """An own end before the deadline counts; a later one does not."""
    clock = Clock()
    engine = FakeEngine(now=clock)
    dressed = _dressed(engine)
    early = dressed.spec(("sleep", "10"), deadline=START + timedelta(seconds=20))
    late = dressed.spec(("sleep", "30"), deadline=START + timedelta(seconds=20))
    await engine.create(early)
    await engine.create(late)
    clock.time += timedelta(seconds=60)
    found = {one.name: one for one in await engine.list()}
    assert not found[early.name].walltime_reached
    assert found[late.name].walltime_reached


async def test_the_record_survives_a_killed_process(tmp_path: Path) -> None:
    """What a killed process has started is in the record, and runs on."""
    path = tmp_path / "record.jsonl"
    script = f"""
        import asyncio, os, signal
        from pathlib import Path
        from gavip_hub.engines.fake.engine import FakeEngine
        from gavip_hub.engines.fake.record import FileRecord
        from tests.support.engines import Dressed
        engine = FakeEngine(FileRecord(Path({str(path)!r})))
        for _ in range(3):
            spec = Dressed("x", engine, None, Path("/s")).spec(("serve",))
            asyncio.run(engine.create(spec))
        os.kill(os.getpid(), signal.SIGKILL)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], check=False)
    assert done.returncode == -signal.SIGKILL
    with path.open("a") as file:
        file.write('{"what": "crea')  # cut short in the middle of a line
    engine = FakeEngine(FileRecord(path))
    found = await engine.list()
    assert [one.state for one in found] == [ContainerState.RUNNING] * 3
    engine.end(found[0].name, exit_code=1)
    assert len(observe(read_entries(path), Resources(3000, 1 << 40)).started) == 3


async def test_two_engines_share_a_record(tmp_path: Path) -> None:
    """The hub's and the service's engine see one another's acts."""
    one = FakeEngine(FileRecord(tmp_path / "r"))
    other = FakeEngine(FileRecord(tmp_path / "r"))
    spec = _dressed(one).spec(("serve",))
    await one.create(spec)
    await other.create(spec)
    await other.stop(spec.name, timedelta(0))
    assert (await one.list())[0].exit_code == 143
    entries = [one["what"] for one in read_entries(tmp_path / "r")]
    assert entries == ["created", "ended"]


async def test_the_observer_counts_what_must_not_happen() -> None:
    """A launch that runs twice at a time, and more than there is, are both seen."""
    record = MemoryRecord()
    engine = FakeEngine(record)
    dressed = _dressed(engine)
    first = dressed.spec(("serve",))
    await engine.create(first)
    twin = dressed.spec(
        ("serve",), launch_id=first.launch_id, attempt=2, name=f"{first.name}x"
    )
    findings = observe(record.entries, Resources(1000, 1 << 40))
    assert (findings.double_starts, findings.over_allocated) == (0, 0)
    await engine.create(twin)
    findings = observe(record.entries, Resources(1000, 1 << 40))
    assert (findings.double_starts, findings.over_allocated) == (1, 1)
    assert findings.most.cpu_milli == 2000
    assert findings.started == {first.launch_id}


async def test_a_second_attempt_after_the_first_is_fine() -> None:
    """A retry is no double start; the same attempt again is one."""
    record = MemoryRecord()
    engine = FakeEngine(record)
    spec = _dressed(engine).spec(("serve",))
    await engine.create(spec)
    await engine.remove(spec.name)
    plenty = Resources(10_000, 1 << 40)
    assert observe(record.entries, plenty).double_starts == 0
    await engine.create(spec)
    assert observe(record.entries, plenty).double_starts == 1


async def test_faults_are_read_from_words() -> None:
    """Configuration is text; what is no fault or no figure is refused by name."""
    words = {"fail_every": "3", "start_delay_s": "0.5", "hangs": "true"}
    faults = faults_from_words(words)
    assert faults == Faults(fail_every=3, start_delay_s=0.5, hangs=True)
    for wrong in ({"burns": "1"}, {"hangs": "maybe"}, {"fail_every": "x"}):
        with pytest.raises(InvalidField) as caught:
            faults_from_words(wrong)
        assert next(iter(wrong)) in caught.value.message


async def test_the_record_is_plain_lines(tmp_path: Path) -> None:
    """Any tool can read the record."""
    engine = FakeEngine.in_folder(tmp_path, {}, None)
    await engine.create(_dressed(engine).spec(("serve",)))
    lines = (tmp_path / "record.jsonl").read_text().split()
    assert json.loads(" ".join(lines))["what"] == "created"
    assert (tmp_path / "record.jsonl").stat().st_mode & 0o077 == 0
