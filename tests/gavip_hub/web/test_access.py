"""Who may do what: tokens, scopes, other people's launches, cookies."""

from typing import Any

import pytest

from gavip_hub.domain.phase import Phase
from tests.support.api import Api
from tests.support.portal import World

pytestmark = pytest.mark.asyncio

WISH = {"wishes": [{"size": "S"}]}
CLAIM = {"owner": "ada", "server_name": "claimed", "user_options": {}}
ACTIVITY = {"busy": False, "last_activity": "2026-11-23T09:00:00Z"}
REPORT = {"attempt": 1, "outcome": "started"}
KEY = {"Idempotency-Key": "key"}

ASKS: dict[str, tuple[str, str, Any]] = {
    "info": ("GET", "/info", None),
    "capacity": ("GET", "/capacity", None),
    "estimate": ("POST", "/estimates", WISH),
    "list": ("GET", "/launches", None),
    "submit": ("POST", "/launches", {}),
    "get": ("GET", "/launches/ID", None),
    "events": ("GET", "/launches/ID/events", None),
    "all events": ("GET", "/events", None),
    "activity": ("PUT", "/launches/ID/activity", ACTIVITY),
    "extend": ("POST", "/launches/ID/extend", {"by": "5m"}),
    "report": ("POST", "/launches/ID/report", REPORT),
    "claim": ("POST", "/claims", CLAIM),
    "cancel": ("POST", "/launches/ID/cancel", None),
}
"""Everything that can be asked, the harmless first."""

LOOK = {"info", "capacity", "estimate", "list", "get", "events", "all events"}
OWN = LOOK | {"submit", "activity", "extend", "cancel"}

MAY = {
    "ada-writes": OWN,
    "ada-reads": LOOK,
    "ada-nothing": set(),
    "ada-as-bob": set(),
    "operator": (OWN - {"activity"}),
    "spawner": {"info", "capacity", "estimate", "list", "all events", "report"}
    | {"claim"},
    "robot": {"info", "capacity", "estimate", "list", "all events"},
}
"""What each token may do to a launch of ada."""


@pytest.mark.parametrize("token", MAY)
async def test_a_token_does_what_its_scopes_say(
    api: Api, world: World, token: str
) -> None:
    """Each act is allowed or refused with 403, or 404 for somebody else's launch."""
    launch = await world.running()
    done = set()
    for name, (method, path, body) in ASKS.items():
        answer = await api.ask(
            method,
            path.replace("ID", launch.id),
            token,
            body=body,
            headers=KEY if name == "submit" else {},
        )
        if answer.code in {200, 201}:
            done.add(name)
        else:
            assert answer.code in {403, 404}, (name, answer.code, answer.body)
    assert done == MAY[token]


async def test_somebody_elses_launch_is_not_there(api: Api, world: World) -> None:
    """Every verb says that there is none, so that ids tell nothing."""
    launch = await world.running()
    for name, (method, path, body) in ASKS.items():
        if "ID" in path and name != "report":
            problem = await api.problem(
                method, path.replace("ID", launch.id), "bob-writes", body=body
            )
            assert (problem["status"], problem["code"]) == (404, "unknown_launch")
    assert (await world.get(launch)).phase is Phase.RUNNING


@pytest.mark.parametrize("token", [None, "expired", "", "x" * 5_000, "a b"])
async def test_without_a_current_token_nothing_is_told(
    api: Api, token: str | None
) -> None:
    """All but health is 401, with the way to sign in."""
    for method, path, body in ASKS.values():
        problem = await api.problem(
            method, path.replace("ID", "0" * 16), token, body=body
        )
        assert (problem["status"], problem["code"]) == (401, "not_signed_in")


async def test_nobody_is_signed_in_while_the_hub_is_away(api: Api) -> None:
    """The answer says that it is the hub, not the token."""
    api.hub_fails = True
    problem = await api.problem("GET", "/info")
    assert (problem["status"], problem["code"]) == (503, "hub_unavailable")


@pytest.mark.parametrize("path", ["/info?owner=bob", "/launches?owner=bob"])
async def test_only_operators_ask_for_others(api: Api, path: str) -> None:
    """A scientist is refused with the field named; an operator is answered."""
    problem = await api.problem("GET", path)
    assert problem["status"] == 403
    assert (await api.ask("GET", path, "operator")).code == 200


async def test_an_operator_sees_everybody(api: Api, world: World) -> None:
    """Star is everybody, and nobody else may use it."""
    await world.submit(owner="ada")
    await world.submit(owner="bob")
    answer = await api.ask("GET", "/launches?owner=*", "operator")
    assert answer.body.count(b'"owner"') == 2
    assert (await api.problem("GET", "/launches?owner=*"))["status"] == 403


async def test_an_operators_cancel_says_so(api: Api, world: World) -> None:
    """The owner is told who it was."""
    launch = await world.running()
    await api.ask("POST", f"/launches/{launch.id}/cancel", "operator")
    ending = (await world.get(launch)).ending
    assert ending is not None
    assert "operator" in ending.message


async def test_a_service_has_no_launches_of_its_own(api: Api) -> None:
    """Only a user can ask for one."""
    problem = await api.problem("POST", "/launches", "robot", body={}, headers=KEY)
    assert problem["status"] == 403


async def test_a_cookie_alone_changes_nothing(api: Api, world: World) -> None:
    """Whatever a browser sends by itself is no sign that its owner wants it."""
    launch = await world.running()
    for cookie in ("service-gavip=2|1:0|x", "jupyterhub-session-id=x"):
        problem = await api.problem(
            "POST", f"/launches/{launch.id}/cancel", None, headers={"Cookie": cookie}
        )
        assert problem["status"] in {401, 403}
    assert (await world.get(launch)).phase is Phase.RUNNING


async def test_answers_are_not_for_caches_or_frames(api: Api) -> None:
    """Every answer carries the headers that say so."""
    answer = await api.ask("GET", "/info")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
