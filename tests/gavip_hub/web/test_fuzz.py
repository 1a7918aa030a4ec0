"""The whole API under requests that nobody thought of."""

import asyncio
import threading
from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    response_schema_conformance,
    status_code_conformance,
)

from tests.support.api import BASE, CANARY, SPEC, Api
from tests.support.portal import opened_world

SCHEMA = schemathesis.openapi.from_dict(SPEC)
TOKENS = ("ada-writes", "spawner")


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Give the address of an API that runs in a thread of its own."""
    ready, done = threading.Event(), threading.Event()
    found: list[str] = []

    async def serve() -> None:
        async with opened_world() as world:
            api = Api(world)
            api.open()
            found.append(f"http://127.0.0.1:{api.port}{BASE}")
            ready.set()
            await asyncio.to_thread(done.wait)
            await api.close()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert ready.wait(30)
    yield found[0]
    done.set()
    thread.join(30)


@pytest.mark.parametrize("token", TOKENS)
@SCHEMA.parametrize()
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_request_gets_more_than_a_problem(
    case: schemathesis.Case, address: str, token: str
) -> None:
    """No fault of ours, no answer that the contract does not know, no secret."""
    response = case.call(
        base_url=address, headers={"Authorization": f"Bearer {CANARY}{token}"}
    )
    assert CANARY not in response.text
    assert "Traceback" not in response.text
    case.validate_response(
        response,
        checks=[
            not_a_server_error,
            response_schema_conformance,
            status_code_conformance,
        ],
    )
