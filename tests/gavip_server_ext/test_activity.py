"""The session tells whether somebody or something works in it."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from traitlets.config import Config

from gavip_hub.api.models import Activity
from gavip_server_ext import GavipServerApp
from tests.support.launch_service import FakeLaunchService


@pytest.fixture
def jp_server_config(jp_server_config: Config) -> Config:
    """Bring terminals, too; their websocket checks in its own way who asks."""
    jp_server_config.ServerApp.jpserver_extensions["jupyter_server_terminals"] = True
    jp_server_config.ServerApp.allow_unauthenticated_access = True
    return jp_server_config


async def reported(
    service: FakeLaunchService, wanted: Callable[[Activity], bool]
) -> Activity:
    """Wait for a report like that, later than all before."""
    seen = len(service.activities)
    async with asyncio.timeout(30):
        while True:
            for word in service.activities[seen:]:
                if wanted(word):
                    return word
            await asyncio.sleep(0.01)


async def test_first_report_says_ready(
    gavip: GavipServerApp, service: FakeLaunchService
) -> None:
    """The platform learns at once that the session answers."""
    assert gavip.session is not None
    word = await reported(service, lambda word: word.ready)
    assert (word.busy, word.kernels) == (False, 0)
    path = f"/launches/{gavip.session.launch_id}/activity"
    assert path in {seen.path for seen in service.seen}


async def test_reports_go_on_while_nothing_happens(
    gavip: GavipServerApp, service: FakeLaunchService
) -> None:
    """Silence would look like a dead session."""
    first = await reported(service, lambda _: True)
    second = await reported(service, lambda _: True)
    assert second.last_activity == first.last_activity
    assert gavip.activity_interval == 1


async def test_report_is_repeated_after_an_outage(
    gavip: GavipServerApp, service: FakeLaunchService, caplog: pytest.LogCaptureFixture
) -> None:
    """Reports go on when the service is back, with one complaint in between."""
    await reported(service, lambda _: True)
    service.pages += [(503, ""), (503, "")]
    await reported(service, lambda _: True)
    complaints = [line for line in caplog.messages if "GAVIP activity" in line]
    assert len(complaints) <= 1
    assert gavip.client is not None


async def test_program_in_a_terminal_is_work(
    gavip: GavipServerApp, service: FakeLaunchService
) -> None:
    """A program that runs in a terminal keeps the session busy, a prompt does not."""
    serverapp: Any = gavip.serverapp
    manager = serverapp.web_app.settings["terminal_manager"]
    name = manager.create()["name"]
    terminal = manager.get_terminal(name)
    await reported(service, lambda word: not word.busy)
    terminal.ptyproc.write("sleep 3600\n")
    await reported(service, lambda word: word.busy)
    terminal.ptyproc.write("\x03")
    await reported(service, lambda word: not word.busy)
    await manager.terminate(name, force=True)


async def test_computing_kernel_is_work(
    gavip: GavipServerApp, service: FakeLaunchService
) -> None:
    """A kernel that computes keeps the session busy until it is done."""
    serverapp: Any = gavip.serverapp
    manager = serverapp.kernel_manager
    kernel_id = await manager.start_kernel()
    client = manager.get_kernel(kernel_id).client()
    client.start_channels()
    await client.wait_for_ready()
    client.execute("import time\nwhile True: time.sleep(0.1)")
    word = await reported(service, lambda word: word.busy)
    assert word.kernels == 1
    await manager.interrupt_kernel(kernel_id)
    later = await reported(service, lambda word: not word.busy)
    assert later.last_activity > word.last_activity
    client.stop_channels()
    await manager.shutdown_kernel(kernel_id, now=True)


async def test_saving_a_document_is_activity_and_looking_is_not(
    gavip: GavipServerApp, service: FakeLaunchService, jp_root_dir: Path
) -> None:
    """A tab that refreshes its file list by itself is nobody at work."""
    serverapp: Any = gavip.serverapp
    (jp_root_dir / "a.txt").write_text("a")
    before = await reported(service, lambda _: True)
    await serverapp.contents_manager.get("")
    same = await reported(service, lambda _: True)
    assert same.last_activity == before.last_activity
    model = {"type": "file", "format": "text", "content": "b"}
    await serverapp.contents_manager.save(model, "a.txt")
    later = await reported(service, lambda _: True)
    assert later.last_activity > before.last_activity
