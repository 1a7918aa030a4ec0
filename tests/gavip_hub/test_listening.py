"""A start is over when its server listens."""

import asyncio
import socket

import pytest

from gavip_hub.listening import until_it_listens

pytestmark = pytest.mark.asyncio


@pytest.mark.parametrize("as_url", [True, False])
async def test_a_start_ends_when_its_server_listens(as_url: bool) -> None:  # noqa: FBT001
    """It waits for a port that opens later, as url or as host and port."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        port = server.getsockname()[1]
        where = f"http://127.0.0.1:{port}" if as_url else ("127.0.0.1", port)
        waiting = asyncio.ensure_future(until_it_listens(where, 60))
        await asyncio.sleep(0.2)
        assert not waiting.done()
        server.listen()
        await waiting


async def test_a_server_that_never_listens_is_left_to_the_hub() -> None:
    """After its patience the start goes on, and the hub judges."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        await until_it_listens(f"http://127.0.0.1:{server.getsockname()[1]}", 0.2)
