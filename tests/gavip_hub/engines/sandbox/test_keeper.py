"""Sandboxes outlive who started them, and nothing outlives its keeper."""

# ruff: noqa: ASYNC221, ASYNC240 - short looks at files and processes may block

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from gavip_hub.domain.container import ContainerState
from gavip_hub.engines.sandbox.engine import SandboxEngine
from gavip_hub.engines.sandbox.records import Folder, Records
from gavip_hub.engines.sandbox.settings import SandboxSettings
from tests.support.engines import MIB, Dressed, ended, until

pytestmark = pytest.mark.asyncio


@pytest.fixture(params=["cgroups", "watched"])
def settings(request: pytest.FixtureRequest, open_folder: Path) -> SandboxSettings:
    """Return settings with and without control groups."""
    return SandboxSettings(
        state_dir=open_folder / "engine",
        spaces_root=open_folder / "spaces",
        use_cgroups=request.param == "cgroups",
    )


@pytest.fixture
def dressed(settings: SandboxSettings) -> Dressed:
    """Return an engine over those settings."""

    def make() -> SandboxEngine:
        return SandboxEngine(settings)

    return Dressed("sandbox", make(), make, settings.spaces_root)


def _folder(settings: SandboxSettings, name: str) -> Folder:
    return Records(settings.state_dir).folder(name)


def _keeper_of(folder: Folder) -> int:
    """Return the process that keeps a sandbox."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if os.fsencode(folder.path) in words:
            return int(process.name)
    raise AssertionError("there is no keeper")


async def _gone(pid: int) -> bool:
    return not Path(f"/proc/{pid}").exists()


async def test_a_killed_keeper_takes_the_sandbox_along(
    dressed: Dressed, settings: SandboxSettings
) -> None:
    """After SIGKILL of the keeper nothing runs on, and the sandbox counts as lost."""
    spec = dressed.spec(("sh", "-c", "sleep 600 & sleep 600"))
    await dressed.engine.create(spec)
    folder = _folder(settings, spec.name)
    started = folder.read_started()
    assert started is not None
    os.kill(_keeper_of(folder), signal.SIGKILL)
    status = await ended(dressed.engine, spec.name)
    assert status.lost
    assert status.exit_code is None
    await until(lambda: _gone(started.init_pid))
    await until(lambda: _gone(started.command_pid))
    for group in started.cgroups.values():
        assert not Path(group).exists()
    await dressed.engine.remove(spec.name)


async def test_a_killed_bubblewrap_is_a_loss_too(
    dressed: Dressed, settings: SandboxSettings
) -> None:
    """When somebody outside kills the sandbox, it is not taken for a crash inside."""
    spec = dressed.spec(("sleep", "600"))
    await dressed.engine.create(spec)
    started = _folder(settings, spec.name).read_started()
    assert started is not None
    status = Path(f"/proc/{started.init_pid}/status").read_text()
    monitor = int(status.partition("PPid:")[2].split()[0])
    os.kill(monitor, signal.SIGKILL)
    assert (await ended(dressed.engine, spec.name)).lost
    await dressed.engine.remove(spec.name)


async def test_a_keeper_that_is_asked_to_end_ends_the_sandbox(
    dressed: Dressed, settings: SandboxSettings
) -> None:
    """When the machine goes down, sandboxes are ended politely and recorded as lost."""
    spec = dressed.spec(
        ("sh", "-c", "trap 'echo bye; exit 0' TERM; while :; do :; done")
    )
    await dressed.engine.create(spec)
    os.kill(_keeper_of(_folder(settings, spec.name)), signal.SIGTERM)
    status = await ended(dressed.engine, spec.name)
    assert status.lost
    await dressed.engine.remove(spec.name)


async def test_it_outlives_the_process_that_started_it(
    dressed: Dressed, settings: SandboxSettings
) -> None:
    """Killing whoever created a sandbox changes nothing for it."""
    script = f"""
        import asyncio, os, signal
        from pathlib import Path
        from gavip_hub.engines.sandbox.engine import SandboxEngine
        from gavip_hub.engines.sandbox.settings import SandboxSettings
        from tests.support.engines import Dressed
        settings = SandboxSettings(
            state_dir=Path({str(settings.state_dir)!r}),
            spaces_root=Path({str(settings.spaces_root)!r}),
            use_cgroups={settings.use_cgroups},
        )
        engine = SandboxEngine(settings)
        spec = Dressed("x", engine, None, settings.spaces_root).spec(
            ("sh", "-c", "sleep 1; exit 9"))
        asyncio.run(engine.create(spec))
        os.killpg(0, signal.SIGKILL)
    """
    subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        check=False,
        start_new_session=True,
    )
    [status] = await dressed.engine.list()
    assert status.state is ContainerState.RUNNING
    assert (await ended(dressed.engine, status.name)).exit_code == 9
    await dressed.engine.remove(status.name)


async def test_a_create_that_was_cut_short_is_done_again(
    dressed: Dressed, settings: SandboxSettings
) -> None:
    """A folder without a keeper, left by a crash, is taken up by the next create."""
    spec = dressed.spec(("sh", "-c", "exit 6"))
    records = Records(settings.state_dir)
    records.prepare()
    records.make(spec.name)
    assert await dressed.engine.list() == []
    await dressed.engine.create(spec)
    assert (await ended(dressed.engine, spec.name)).exit_code == 6
    await dressed.engine.remove(spec.name)


async def test_memory_is_held_either_way(dressed: Dressed) -> None:
    """With and without control groups a memory bomb ends, and the host goes on."""
    status = await dressed.run(("perl", "-e", "push @x, 'a' x (8 << 20) while 1"))
    assert status.exit_code != 0
    assert status.peak_memory_bytes is not None
    assert status.peak_memory_bytes < 2048 * MIB
    await dressed.engine.remove(status.name)


async def test_a_child_beyond_the_limit_dies_alone(dressed: Dressed) -> None:
    """The largest process goes first; the session goes on and tells of it."""
    bomb = "perl -e '$x = \"a\" x (400 << 20); sleep 30'; echo child $?; sleep 600"
    spec = dressed.spec(("sh", "-c", bomb))
    await dressed.engine.create(spec)

    async def told() -> bool:
        return b"child 137" in await dressed.engine.logs(spec.name)

    await until(told)
    [status] = await dressed.engine.list()
    assert status.state is ContainerState.RUNNING
    await dressed.engine.stop(spec.name, timedelta(seconds=2))
    status = await ended(dressed.engine, spec.name)
    assert status.oom_kills == 1
    assert not status.out_of_memory
    await dressed.engine.remove(spec.name)


async def test_processor_time_is_measured_either_way(dressed: Dressed) -> None:
    """A busy loop shows as busy."""
    spec = dressed.spec(("sh", "-c", "while :; do :; done"))
    await dressed.engine.create(spec)
    await dressed.engine.usage(spec.name)

    async def busy() -> bool:
        usage = await dressed.engine.usage(spec.name)
        return usage is not None and usage.cpu_milli > 200

    await until(busy)
    await dressed.engine.remove(spec.name)


async def test_a_deaf_command_is_killed_after_the_grace(dressed: Dressed) -> None:
    """A command that ignores the polite request is ended when the grace is over."""
    spec = dressed.spec(("sh", "-c", "trap '' TERM; while :; do sleep 1; done"))
    await dressed.engine.create(spec)
    await dressed.engine.stop(spec.name, timedelta(seconds=1))
    status = await ended(dressed.engine, spec.name)
    assert status.exit_code == 137
    assert not status.out_of_memory
    assert not status.lost
    await dressed.engine.remove(spec.name)


async def test_the_records_are_closed_to_others(
    dressed: Dressed, settings: SandboxSettings
) -> None:
    """Tokens lie in files that nobody but the platform's user can read."""
    spec = dressed.spec(("sleep", "600"), env={"TOKEN": "s3cret"})
    await dressed.engine.create(spec)
    folder = _folder(settings, spec.name).path
    assert settings.state_dir.stat().st_mode & 0o077 == 0
    assert folder.stat().st_mode & 0o077 == 0
    for file in folder.iterdir():
        assert file.name == "keeper.txt" or file.stat().st_mode & 0o077 == 0, file
    await dressed.engine.remove(spec.name)
    assert not folder.exists()


async def test_engines_in_two_processes_remove_the_same(
    dressed: Dressed, settings: SandboxSettings
) -> None:
    """Removing at the same time from two sides is one removal."""
    spec = dressed.spec(("sleep", "600"))
    await dressed.engine.create(spec)
    other = SandboxEngine(replace(settings))
    await asyncio.gather(
        dressed.engine.remove(spec.name),
        other.remove(spec.name),
        dressed.engine.remove(spec.name),
    )
    assert await other.list() == []
