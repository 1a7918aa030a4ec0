"""A real Jupyter server with the extension, beside a launch service over HTTP."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from jupyter_server.serverapp import ServerApp
from pytest_jupyter.jupyter_server import *  # noqa: F403 - the plugin's fixtures
from tornado.httpclient import HTTPResponse
from traitlets.config import Config

from gavip_server_ext import GavipServerApp
from tests.support.launch_service import TOKEN, FakeLaunchService
from tests.support.launches import make_launch

LAUNCH = "0000000000000001"
Fetch = Callable[..., Awaitable[HTTPResponse]]


@pytest.fixture
def service(jp_asyncio_loop: asyncio.AbstractEventLoop) -> Iterator[FakeLaunchService]:
    """Run a launch service with the launch of this session and a waiting one."""
    service = FakeLaunchService()
    service.add(make_launch(1), make_launch(2))

    async def start() -> None:
        service.start()

    jp_asyncio_loop.run_until_complete(start())
    yield service
    jp_asyncio_loop.run_until_complete(service.stop())


@pytest.fixture
def jp_server_config() -> Config:  # type: ignore[no-redef]
    """Load the extension, let nobody in without a token, and keep pauses short."""
    return Config(
        {
            "ServerApp": {
                "jpserver_extensions": {
                    "gavip_server_ext": True,
                    "jupyter_server_terminals": False,
                },
                "allow_unauthenticated_access": False,
            },
            "GavipServerApp": {
                "activity_interval": 1.0,
                "activity_look": 0.05,
                "event_silence": 5.0,
                "event_pause": 0.05,
            },
        }
    )


@pytest.fixture
def gavip(
    service: FakeLaunchService,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> GavipServerApp:
    """Return the extension of a server that a platform started."""
    monkeypatch.setenv("GAVIP_API_URL", service.url)
    monkeypatch.setenv("GAVIP_LAUNCH", LAUNCH)
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", TOKEN)
    monkeypatch.setenv("JUPYTERHUB_USER", "stella")
    serverapp = request.getfixturevalue("jp_serverapp")
    starting = serverapp.extension_manager.start_all_extensions()
    request.getfixturevalue("jp_asyncio_loop").run_until_complete(starting)
    return extension_of(serverapp)


@pytest.fixture
def call(gavip: GavipServerApp, jp_fetch: Fetch) -> Fetch:
    """Return a way to call the server that a platform started."""
    assert gavip.client is not None
    return jp_fetch


@pytest.fixture
def lonely(
    monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> GavipServerApp:
    """Return the extension of a server that nobody's platform started."""
    for name in ("GAVIP_API_URL", "GAVIP_LAUNCH", "JUPYTERHUB_API_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    return extension_of(request.getfixturevalue("jp_serverapp"))


def extension_of(serverapp: ServerApp) -> GavipServerApp:
    """Return the loaded extension of a server."""
    found: Any = serverapp.extension_manager.extension_points["gavip"].app
    assert isinstance(found, GavipServerApp)
    return found
