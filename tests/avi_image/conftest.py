"""The ground of the cells' tests: no platform around, a real archive at hand."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest

import gavip
from tests.support.launch_service import TOKEN, FakeLaunchService
from tests.support.tap import TapService


@pytest.fixture(autouse=True)
def _outside(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Start each test outside of any platform and with the default archive."""
    for name in (
        *("GAVIP_API_URL", "GAVIP_LAUNCH", "GAVIP_TAP_URL", "GAVIP_DATA"),
        *("JUPYTERHUB_API_TOKEN", "JUPYTERHUB_SERVER_NAME", "CPU_LIMIT", "MEM_LIMIT"),
    ):
        monkeypatch.delenv(name, raising=False)
    gavip.tap.configure(None)
    yield
    gavip.tap.configure(None)


@pytest.fixture
def archive_url(tap_service: TapService) -> str:
    """Return the address of the TAP server with the Gaia stars."""
    return tap_service.url


@pytest.fixture
def archive(archive_url: str) -> str:
    """Configure the TAP server for the test and return its address."""
    return gavip.tap.configure(archive_url)


@pytest.fixture
def platform(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeLaunchService]:
    """Stand inside a session of a platform whose service runs in another thread."""
    service = FakeLaunchService()
    loop = asyncio.new_event_loop()
    ready = threading.Event()

    async def start() -> None:
        service.start()
        ready.set()

    def run() -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(start())
        loop.run_forever()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert ready.wait(10)
    monkeypatch.setenv("GAVIP_API_URL", service.url)
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", TOKEN)
    yield service
    asyncio.run_coroutine_threadsafe(service.stop(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    loop.close()
