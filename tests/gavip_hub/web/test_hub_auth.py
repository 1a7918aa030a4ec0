"""Look-ups of tokens at the hub."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler
from typing_extensions import override

from gavip_hub.web.hub_auth import SharedHubAuth

pytestmark = pytest.mark.asyncio

seen: list[str] = []


class _User(RequestHandler):
    @override
    async def get(self) -> None:
        seen.append(self.request.headers["Authorization"])
        await asyncio.sleep(0.05)
        self.write({"kind": "user", "name": "ada", "scopes": []})


@pytest_asyncio.fixture
async def auth() -> AsyncIterator[SharedHubAuth]:
    """Give the hub's word, with a hub that takes a while."""
    seen.clear()
    sockets = bind_sockets(0, "127.0.0.1")
    server = HTTPServer(Application([(r"/hub/api/user", _User)]))
    server.add_sockets(sockets)
    port = sockets[0].getsockname()[1]
    yield SharedHubAuth(
        api_token="the-service",
        api_url=f"http://127.0.0.1:{port}/hub/api",
        cache_max_age=30,
    )
    server.stop()
    await server.close_all_connections()


async def test_requests_that_come_together_share_one_look_up(
    auth: SharedHubAuth,
) -> None:
    """Many requests with a token cost one question, and each gets the answer."""
    answers = await asyncio.gather(
        *(auth.user_for_token("one", sync=False) for _ in range(20)),
        auth.user_for_token("other", sync=False),
    )
    assert {one["name"] for one in answers} == {"ada"}
    assert sorted(seen) == ["token one", "token other"]


async def test_somebody_who_leaves_does_not_take_the_answer_along(
    auth: SharedHubAuth,
) -> None:
    """The first asker's connection may break while others wait."""
    first = asyncio.ensure_future(auth.user_for_token("one", sync=False))
    second = asyncio.ensure_future(auth.user_for_token("one", sync=False))
    await asyncio.sleep(0)
    first.cancel()
    assert (await second)["name"] == "ada"
    assert seen == ["token one"]
