"""The routes below /gavip, over real HTTP on both sides."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tornado.httpclient import HTTPClientError, HTTPResponse

from gavip_hub.api import models
from gavip_hub.domain.phase import Phase
from gavip_server_ext import GavipServerApp
from gavip_server_ext.handlers import ROUTES
from tests.support.launch_service import TOKEN, FakeLaunchService

Fetch = Callable[..., Awaitable[HTTPResponse]]
ID = "0000000000000001"
VERBS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD")
PATHS = [path.replace("([0-9a-f]{16})", ID) for path, _ in ROUTES]


async def refused(fetch: Awaitable[HTTPResponse]) -> tuple[int, dict[str, Any]]:
    """Return status and body of an answer that says no."""
    with pytest.raises(HTTPClientError) as caught:
        await fetch
    response = caught.value.response
    assert response is not None
    body = response.body
    return caught.value.code, json.loads(body) if body else {}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("verb", VERBS)
async def test_nobody_gets_in_without_a_token(
    service: FakeLaunchService,
    call: Fetch,
    path: str,
    verb: str,
) -> None:
    """Every verb of every route refuses a caller without a token."""
    before = [seen for seen in service.seen if seen.method != "PUT"]
    body = "{}" if verb in {"POST", "PUT", "PATCH"} else None
    status, _ = await refused(
        call(path, method=verb, body=body, headers={"Authorization": ""})
    )
    assert status == 403
    asked = [seen.path for seen in service.seen if seen.method != "PUT"]
    assert set(asked) <= {seen.path for seen in before} | {"/events"}


async def test_list_passes_the_filter_on(
    service: FakeLaunchService, call: Fetch
) -> None:
    """Phases, limit and cursor reach the service; the page comes back as it is."""
    query = [("phase", "live"), ("phase", "error"), ("limit", "7"), ("before", "9")]
    answer = await call("gavip", "launches", params=query)
    page = models.LaunchPage.model_validate_json(answer.body)
    assert [launch.number for launch in page.launches] == [2, 1]
    asked = [seen for seen in service.seen if seen.path == "/launches"]
    assert asked[-1].query == {
        "phase": ["live", "error"],
        "limit": ["7"],
        "before": ["9"],
    }


@pytest.mark.parametrize("limit", ["-1", "ten", "٣", "1e3", "9" * 40, ""])
async def test_limit_must_be_a_number(call: Fetch, limit: str) -> None:
    """A limit that is no number is an error that names it."""
    answer = call("gavip", "launches", params={"limit": limit})
    status, problem = await refused(answer)
    assert (status, problem["code"], problem["field"]) == (
        422,
        "invalid_field",
        "limit",
    )


async def test_submit_hands_the_key_on(service: FakeLaunchService, call: Fetch) -> None:
    """A repeat of the same ask is the same launch."""
    asks = [
        await call(
            "gavip",
            "launches",
            method="POST",
            body='{"size": "S"}',
            headers={"Idempotency-Key": "k1"},
        )
        for _ in range(2)
    ]
    ids = {models.Launch.model_validate_json(ask.body).id for ask in asks}
    assert len(ids) == 1
    assert set(service.keys) == {"k1"}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ('{"memry": "2G"}', "memry"),
        ('{"cpu": true}', "cpu.float"),
        ("not json", None),
        ("", None),
    ],
)
async def test_bad_body_names_the_field(
    call: Fetch, body: str, field: str | None
) -> None:
    """A field that the contract does not know is named, and nothing is asked."""
    ask = call("gavip", "launches", method="POST", body=body)
    status, problem = await refused(ask)
    assert (status, problem["code"], problem["field"]) == (422, "invalid_field", field)


async def test_long_body_is_refused(call: Fetch) -> None:
    """Ten megabytes are no request."""
    ask = call("gavip", "launches", method="POST", body="x" * 10_000_000)
    status, problem = await refused(ask)
    assert (status, problem["code"]) == (413, "too_large")


async def test_refusal_of_the_service_comes_through(
    service: FakeLaunchService, call: Fetch
) -> None:
    """Status, code and words are the service's own."""
    problem = models.Problem(
        type="about:blank",
        title="No more time can be given",
        status=409,
        detail="Another user's notebook is to start at 14:20.",
        code="extension_refused",
    )

    async def ask() -> HTTPResponse:
        service.refusals.append(problem)
        path = ("gavip", "launches", ID, "extend")
        return await call(*path, method="POST", body='{"by": "1h"}')

    await settled(service)
    status, body = await refused(ask())
    assert status == 409
    assert models.Problem.model_validate(body) == problem


async def settled(service: FakeLaunchService) -> None:
    """Wait until the first report and the stream are through."""
    async with asyncio.timeout(20):
        while not service.activities or not service.followers:
            await asyncio.sleep(0.01)


async def test_stop_and_look(
    call: Fetch,
) -> None:
    """Stopping answers the launch on its way out."""
    answer = await call("gavip", "launches", ID, "cancel", method="POST", body="")
    assert models.Launch.model_validate_json(answer.body).phase is Phase.STOPPING
    answer = await call("gavip", "launches", ID)
    assert models.Launch.model_validate_json(answer.body).phase is Phase.STOPPING


async def test_platform_questions(call: Fetch) -> None:
    """Rules, capacity and estimates come from the service."""
    info = await call("gavip", "info")
    assert models.Info.model_validate_json(info.body).default_size == "S"
    capacity = await call("gavip", "capacity")
    assert models.Capacity.model_validate_json(capacity.body).running == 5
    wishes = '{"wishes": [{"size": "S"}, {"cpu": 2}]}'
    answer = await call("gavip", "estimates", method="POST", body=wishes)
    assert len(models.EstimateList.model_validate_json(answer.body).estimates) == 2


async def test_service_that_is_away_is_a_clear_error(
    service: FakeLaunchService, call: Fetch
) -> None:
    """While the service restarts, a call says so."""
    await service.stop()
    status, problem = await refused(call("gavip", "info"))
    assert (status, problem["code"]) == (503, "service_unreachable")
    service.start()


async def test_outside_a_platform_calls_explain_themselves(
    lonely: GavipServerApp, jp_fetch: Fetch
) -> None:
    """The extension loads anywhere, and says why there is nothing to show."""
    answer = await jp_fetch("gavip", "status")
    status = json.loads(answer.body)
    assert status["state"] == "absent"
    assert "not started by a GAVIP platform" in status["detail"]
    assert lonely.client is None
    code, problem = await refused(jp_fetch("gavip", "launches"))
    assert (code, problem["code"]) == (503, "no_platform")


async def test_token_stays_inside(
    call: Fetch, caplog: pytest.LogCaptureFixture
) -> None:
    """No answer and no log shows the session's hub token."""
    caplog.set_level("DEBUG")
    asked = ("status", "info", "launches")
    answers = [await call("gavip", path) for path in asked]
    shown = b"".join(answer.body for answer in answers).decode()
    assert TOKEN not in shown + caplog.text
