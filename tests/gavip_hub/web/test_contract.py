"""Routes and contract say the same, both ways."""

import json
import re

import pytest

from gavip_hub.web.app import API_ROUTES
from gavip_hub.web.base import ApiHandler
from tests.support.api import Api, operations
from tests.support.portal import World


def test_every_route_is_in_the_contract_and_the_other_way_round() -> None:
    """Neither has a verb that the other does not know."""
    served = {
        (verb, re.sub(r"\(.*?\)", "{launch_id}", route))
        for route, handler in API_ROUTES
        for verb in ("GET", "POST", "PUT", "DELETE", "PATCH")
        if getattr(handler, verb.lower()) is not getattr(ApiHandler, verb.lower())
    }
    assert served == {(verb, path) for verb, path, _ in operations()}


@pytest.mark.asyncio
async def test_every_operation_answers_as_the_contract_says(
    api: Api, world: World
) -> None:
    """Each of them, once, with what it is for; `Api.ask` checks every answer."""
    first = await api.submit("one", cpu=4, memory="8G", server_name="one")
    await world.step()
    waiting = await api.submit("two", server_name="two")
    await world.step()
    ident = first["id"]
    asked = [
        await api.ask("GET", "/info"),
        await api.ask("GET", "/capacity"),
        await api.ask("GET", "/health", None),
        await api.ask("POST", "/estimates", body={"wishes": [{"size": "S"}, {}]}),
        await api.ask("GET", "/launches?phase=live&limit=1"),
        await api.ask("GET", f"/launches/{waiting['id']}"),
        await api.ask("POST", f"/launches/{ident}/extend", body={"by": "30m"}),
        await api.ask("GET", "/events"),
        await api.ask("GET", f"/launches/{ident}/events?after=1"),
        await api.ask("POST", f"/launches/{waiting['id']}/cancel"),
        await api.ask(
            "POST",
            "/claims",
            "spawner",
            body={"owner": "bob", "server_name": "", "user_options": {}},
        ),
        await api.ask(
            "POST",
            f"/launches/{ident}/report",
            "spawner",
            body={"attempt": 1, "outcome": "started"},
        ),
        await api.ask(
            "PUT",
            f"/launches/{ident}/activity",
            body={"busy": True, "last_activity": "2026-11-23T09:00:00Z"},
        ),
    ]
    fine = [one.code for one in asked]
    # Somebody waits for the whole platform's end, so that it cannot be prolonged.
    assert fine.count(409) <= 1
    assert all(code in {200, 201, 409} for code in fine), fine


@pytest.mark.asyncio
async def test_what_is_wrong_is_told_in_health(api: Api, world: World) -> None:
    """The status says so too, for whoever only reads statuses."""
    world.fault(missing=True)
    await world.step()
    answer = await api.ask("GET", "/health", None)
    assert answer.code == 503
    assert b"degraded" in answer.body


@pytest.mark.asyncio
async def test_a_path_that_leads_nowhere_is_a_problem_document(api: Api) -> None:
    """Unknown paths, ids that cannot be and wrong verbs have the form of errors."""
    for method, path, status in [
        ("GET", "/nothing", 404),
        ("GET", "/launches/" + "f" * 16, 404),
        ("GET", "/launches/UPPER", 404),
        ("GET", "/launches/%2e%2e", 404),
        ("DELETE", "/launches", 405),
        ("PUT", "/info", 405),
    ]:
        problem = await api.problem(method, path)
        assert problem["status"] == status, path


@pytest.mark.asyncio
async def test_pages_of_launches_follow_each_other(api: Api) -> None:
    """`next` leads through all of them, newest first, without a double."""
    made = [(await api.submit(f"k{n}", server_name=f"s{n}"))["id"] for n in range(5)]
    found: list[str] = []
    path = "/launches?limit=2"
    while path:
        page = json.loads((await api.ask("GET", path)).body)
        found += [one["id"] for one in page["launches"]]
        path = f"/launches?limit=2&before={page['next']}" if page["next"] else ""
    assert found == made[::-1]
