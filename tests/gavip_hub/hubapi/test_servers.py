"""What the queue asks of the hub, of a real one and of the tests' double alike."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from traitlets.config import Config

from gavip_hub.domain.errors import HubRefused, HubUnavailable
from gavip_hub.hubapi import HttpHubServers
from gavip_hub.installation import SERVICE, install_on
from gavip_hub.ports import HubServers
from tests.support.hub import FakeHub
from tests.support.plain_hub import PlainHub

pytestmark = pytest.mark.asyncio


def scopes_of_service(folder: Path) -> list[str]:
    """Return what `install` gives to the service's token."""
    c = Config()
    c.Gavip.state_dir = str(folder)
    install_on(c)
    (role,) = [r for r in c.JupyterHub.load_roles if r.get("services") == [SERVICE]]
    return list(role["scopes"])


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlainHub]:
    """Give a real hub with just the scopes that the service has."""
    folder = tmp_path_factory.mktemp("hub")
    made = PlainHub(folder, scopes_of_service(folder / "state"))
    for name in ("ada", "bob", "eve"):
        made.add_user(name)
    try:
        yield made
    finally:
        made.stop()


@pytest_asyncio.fixture(params=["fake", "real"])
async def servers(request: pytest.FixtureRequest) -> AsyncIterator[HubServers]:
    """Give one of the two."""
    if request.param == "fake":
        yield FakeHub(queueless=True)
    else:
        plain: PlainHub = request.getfixturevalue("hub")
        made = HttpHubServers(plain.api_url, plain.token)
        yield made
        for owner, name in await made.active():
            await made.stop(owner, name)


async def until(check: Callable[[], Awaitable[object]]) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(30):
        while not await check():
            await asyncio.sleep(0.05)


async def is_ready(servers: HubServers, owner: str, name: str) -> bool:
    """Return whether a server is up."""
    state = await servers.state(owner, name)
    return state is not None and state.ready


async def test_a_server_is_started_once(servers: HubServers) -> None:
    """Asking again while it comes up or is up does nothing."""
    await servers.start("ada", "lab")
    await servers.start("ada", "lab")
    await until(lambda: is_ready(servers, "ada", "lab"))
    await servers.start("ada", "lab")
    active = await servers.active()
    assert list(active) == [("ada", "lab")]
    assert active["ada", "lab"].ready
    assert active["ada", "lab"].pending is None


async def test_the_default_server_is_one_like_others(servers: HubServers) -> None:
    """Its name is empty; owners are kept apart."""
    await servers.start("ada", "")
    await servers.start("bob", "")
    await until(lambda: is_ready(servers, "bob", ""))
    await until(lambda: is_ready(servers, "ada", ""))
    assert set(await servers.active()) == {("ada", ""), ("bob", "")}


async def test_stopping_twice_does_no_harm(servers: HubServers) -> None:
    """A stopped server is not active, and can be started again."""
    await servers.start("ada", "lab")
    await until(lambda: is_ready(servers, "ada", "lab"))
    await servers.stop("ada", "lab")
    await servers.stop("ada", "lab")

    async def gone() -> bool:
        return ("ada", "lab") not in await servers.active()

    await until(gone)
    state = await servers.state("ada", "lab")
    assert state is None or state.stopped
    await servers.start("ada", "lab")
    await until(lambda: is_ready(servers, "ada", "lab"))


async def test_what_is_not_known_is_none(servers: HubServers) -> None:
    """Neither unknown servers nor unknown users are an error to look at or stop."""
    assert await servers.state("ada", "never") is None
    assert await servers.state("nobody", "") is None
    await servers.stop("ada", "never")
    await servers.stop("nobody", "")


async def test_a_user_whom_the_hub_does_not_know_is_refused(hub: PlainHub) -> None:
    """That is no silence: asking again would not help."""
    servers = HttpHubServers(hub.api_url, hub.token)
    with pytest.raises(HubRefused, match="404"):
        await servers.start("nobody", "lab")


async def test_a_token_that_is_not_enough_is_refused(hub: PlainHub) -> None:
    """The words say what was asked, and not with which token."""
    servers = HttpHubServers(hub.api_url, "canary-token")
    with pytest.raises(HubRefused) as refusal:
        await servers.active()
    assert "403" in refusal.value.message
    assert "canary" not in refusal.value.message


async def test_no_hub_is_said_at_once() -> None:
    """A closed port is an answer."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    servers = HttpHubServers(f"http://127.0.0.1:{port}/hub/api", "token")
    with pytest.raises(HubUnavailable):
        await servers.start("ada", "lab")
    assert not await servers.answers()


async def test_a_hub_that_hangs_is_given_up() -> None:
    """A hub that takes the request and never answers holds nobody for ever."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        servers = HttpHubServers(
            f"http://127.0.0.1:{port}/hub/api", "token", answer_s=0.3
        )
        with pytest.raises(HubUnavailable):
            await servers.active()


async def test_the_double_can_be_away() -> None:
    """The fake hub that is down says the same as a real one."""
    servers = FakeHub(queueless=True, down=True)
    with pytest.raises(HubUnavailable):
        await servers.start("ada", "lab")
    with pytest.raises(HubUnavailable):
        await servers.active()
