"""Numbers, logs, records and what is missing."""

import contextlib
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gavip_hub.domain.container import ContainerSpec, Mount
from gavip_hub.domain.errors import BackendFault, EngineUnavailable
from gavip_hub.domain.resources import Resources
from gavip_hub.engines.sandbox.engine import SandboxEngine
from gavip_hub.engines.sandbox.identity import UserNumbers
from gavip_hub.engines.sandbox.job import Job, decode_job, encode_job
from gavip_hub.engines.sandbox.logs import BoundedLog, tail
from gavip_hub.engines.sandbox.records import Outcome, Records
from gavip_hub.engines.sandbox.settings import SandboxSettings
from tests.support.engines import Dressed
from tests.support.small_disk import small_file_system


def test_numbers_are_given_once_and_kept(tmp_path: Path) -> None:
    """Users who come at the same time get different numbers, the same next time."""
    names = [f"user{number}" for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        given = list(
            pool.map(
                lambda one: UserNumbers(tmp_path / "n", 500, 50).number(one), names
            )
        )
    assert sorted(given) == list(range(500, 540))
    assert UserNumbers(tmp_path / "n", 500, 50).number("user7") == given[7]


def test_a_line_cut_short_is_nobody_s(tmp_path: Path) -> None:
    """A crash in the middle of a line costs nothing but that line."""
    numbers = UserNumbers(tmp_path / "n", 500, 50)
    numbers.number("alice")
    with (tmp_path / "n").open("a") as file:
        file.write('["bo')
    assert numbers.number("bob") == 501
    assert numbers.number("carol") == 502
    assert [numbers.number(one) for one in ("alice", "bob")] == [500, 501]


def test_too_many_users_are_refused(tmp_path: Path) -> None:
    """When all numbers are given out, the message says what to raise."""
    numbers = UserNumbers(tmp_path / "n", 500, 1)
    numbers.number("alice")
    with pytest.raises(BackendFault, match="uid_count"):
        numbers.number("bob")


def test_a_log_keeps_its_end_within_bounds(tmp_path: Path) -> None:
    """The log's files never grow beyond their bound, and the end is always there."""
    current, older = tmp_path / "log", tmp_path / "older"
    log = BoundedLog(current, older)
    for number in range(3000):
        log.write(b"%06d" % number + b"x" * 4090)
    assert current.stat().st_size + older.stat().st_size < 9 << 20
    text = tail(current, older, 5 << 20)
    assert len(text) == 5 << 20
    assert text[-4096:].startswith(b"002999")


def test_a_job_is_read_as_it_was_written() -> None:
    """Every value of a spec survives the way to the keeper, odd text included."""
    spec = ContainerSpec(
        name="n", launch_id="l", attempt=2, owner="é\udcff", kind="k",
        argv=("a", "\udc80"), env={"A": "\n✓"}, limits=Resources(1, 2, 3), pids=4,
        image="/i", home_source="/h", mounts=(Mount("/s", "/t", follow_host=True),),
        port=5, network=False, deadline=datetime(2026, 11, 23, tzinfo=UTC),
        labels={"epoch": "7"},
    )  # fmt: skip
    settings = SandboxSettings(Path("/state"), Path("/spaces"), read_only=(Path("/r"),))
    job = Job(spec, settings)
    assert decode_job(encode_job(job)) == job


def test_the_outcome_is_written_on_a_full_disk(tmp_path: Path) -> None:
    """How a sandbox ended is not lost for want of space."""
    with contextlib.ExitStack() as stack:
        disk = stack.enter_context(small_file_system(tmp_path))
        records = Records(disk.folder / "engine")
        records.prepare()
        folder = records.make("one")
        folder.reserve_outcome()
        disk.fill()
        outcome = Outcome(exit_code=3, peak_memory_bytes=5, oom_kills=1)
        folder.write_outcome(outcome)
        assert folder.read_outcome() == outcome


@pytest.mark.asyncio
async def test_a_full_disk_refuses_a_start_and_keeps_what_runs(tmp_path: Path) -> None:
    """A start on a full disk fails in words; what runs can be stopped all the same."""
    for one in (tmp_path, *tmp_path.parents[:-2]):
        one.chmod(0o755)
    with contextlib.ExitStack() as stack:
        disk = stack.enter_context(small_file_system(tmp_path))
        disk.folder.chmod(0o755)
        settings = SandboxSettings(disk.folder / "engine", disk.folder / "spaces")
        engine = SandboxEngine(settings)
        dressed = Dressed("sandbox", engine, lambda: engine, settings.spaces_root)
        runs = dressed.spec(("sleep", "600"))
        await engine.create(runs)
        disk.fill()
        late = dressed.spec(("sleep", "600"))
        with pytest.raises(EngineUnavailable, match="No space left"):
            await engine.create(late)
        await engine.stop(runs.name, timedelta(seconds=2))
        [status] = [one for one in await engine.list() if one.name == runs.name]
        assert status.exit_code == 143
        disk.relieve()
        await engine.create(late)
        await engine.remove(late.name)
        await engine.remove(runs.name)


@pytest.mark.asyncio
async def test_a_machine_without_sandboxes_says_what_to_change(tmp_path: Path) -> None:
    """A bubblewrap that fails makes the engine unavailable, with the mend."""
    broken = tmp_path / "bwrap"
    broken.write_text("#!/bin/sh\necho 'No permissions' >&2; exit 1\n")
    broken.chmod(0o755)
    engine = SandboxEngine(
        SandboxSettings(tmp_path / "engine", tmp_path / "spaces", bwrap=broken)
    )
    with pytest.raises(EngineUnavailable, match="max_user_namespaces") as caught:
        await engine.facts()
    assert not caught.value.transient
