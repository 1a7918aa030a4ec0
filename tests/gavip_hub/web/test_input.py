"""Whatever is sent gets a clear answer, and leaves nothing behind."""

import asyncio
import json
from typing import Any

import pytest

from gavip_hub import factory
from tests.support.api import BASE, CANARY, Api, served
from tests.support.portal import World

pytestmark = pytest.mark.asyncio

KEY = {"Idempotency-Key": "key"}


async def test_a_repeat_with_the_same_key_is_the_same_launch(api: Api) -> None:
    """The second answer is 200 and the very launch; the first was 201."""
    answers = [
        await api.ask("POST", "/launches", body={"size": "S"}, headers=KEY)
        for _ in range(2)
    ]
    assert [one.code for one in answers] == [201, 200]
    first, second = (json.loads(one.body) for one in answers)
    assert first["id"] == second["id"]
    assert answers[0].headers["Location"] == f"{BASE}/launches/{first['id']}"


async def test_twenty_repeats_at_once_are_one_launch(api: Api) -> None:
    """However many arrive together, one launch exists."""
    answers = await asyncio.gather(
        *(api.ask("POST", "/launches", body={}, headers=KEY) for _ in range(20))
    )
    assert len({json.loads(one.body)["id"] for one in answers}) == 1
    assert sorted(one.code for one in answers) == [200] * 19 + [201]


async def test_a_key_belongs_to_its_request_and_its_owner(api: Api) -> None:
    """Another wish under it is refused; another user's same key is another launch."""
    mine = await api.submit("key", size="S")
    problem = await api.problem("POST", "/launches", body={"size": "M"}, headers=KEY)
    assert (problem["status"], problem["code"]) == (409, "idempotency_conflict")
    theirs = await api.ask(
        "POST", "/launches", "bob-writes", body={"size": "S"}, headers=KEY
    )
    assert json.loads(theirs.body)["id"] != mine["id"]


@pytest.mark.parametrize("key", [None, "", "x" * 129, "with space", "ümlaut"])
async def test_a_key_must_be_one(api: Api, key: str | None) -> None:
    """Without a usable key nothing is filed."""
    headers = {} if key is None else {"Idempotency-Key": key}
    problem = await api.problem("POST", "/launches", body={}, headers=headers)
    assert (problem["status"], problem["field"]) == (422, "Idempotency-Key")


ABSURD: list[tuple[str, Any]] = [
    (name, value)
    for name in ("cpu", "memory", "walltime")
    for value in (
        *(-1, 0, 1e30, "4X", "-4", "NaN", "inf", "٤", "4 ٤G", "9" * 400, True, []),
        *({}, "1e400", "0x10", "4G4G", "\0", "4\n"),
    )
] + [
    ("gpu", -1),
    ("gpu", 1.5),
    ("gpu", "many"),
    ("size", "XXL"),
    ("size", "S\0"),
    ("server_name", "a" * 31),
    ("server_name", "../up"),
    ("server_name", "Lab"),
    ("display_name", "x" * 121),
    ("display_name", 7),
    ("display_name", "two\nlines"),
    ("display_name", "\x1b[31mred"),
    ("display_name", "\u202egnp"),
    ("display_name", "two\u2028lines"),
    ("kind", "virus"),
    ("image", "evil:latest"),
    ("options", {"a": 1}),
    ("options", {str(n): "" for n in range(21)}),
    ("options", "text"),
    ("options", {"command": "x" * 16_001}),
    ("options", {"a" * 9_000: "", "command": "x" * 9_000}),
]


async def test_an_absurd_wish_is_refused_with_its_field(api: Api, world: World) -> None:
    """Each refusal names the field and says what would do."""
    for name, value in ABSURD:
        problem = await api.problem(
            "POST", "/launches", body={name: value}, headers=KEY
        )
        assert problem["status"] in {403, 422}, (name, value)
        assert (problem["field"] or "").startswith(name), (name, value)
        assert len(problem["detail"]) < 600, (name, value)
    assert await world.store.waiting() == []


NO_BODIES = [
    b"",
    b"not json",
    b"[]",
    b"null",
    b'{"cpu": NaN}',
    b'{"cpu": Infinity}',
    b'{"size": "\xff"}',
    b'{"size": "\\ud800"}',
    b"[" * 50_000,
    b'{"a":' * 20_000,
]


async def test_a_body_that_is_none_is_refused(api: Api) -> None:
    """Neither depth nor bytes nor constants get further than the door."""
    for raw in NO_BODIES:
        problem = await api.problem("POST", "/launches", raw=raw, headers=KEY)
        assert problem["status"] == 422, raw[:20]


@pytest.mark.parametrize("chunked", [False, True])
async def test_ten_megabytes_are_too_much(api: Api, *, chunked: bool) -> None:
    """The answer is a problem document, however the body is sent."""
    reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
    how = "Transfer-Encoding: chunked" if chunked else "Content-Length: 10000000"
    head = (
        f"POST {BASE}/launches HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        f"Authorization: token {CANARY}ada-writes\r\nIdempotency-Key: k\r\n"
        f"{how}\r\n\r\n"
    )
    writer.write(head.encode())
    for _ in range(10):
        piece = b"x" * 1_000_000
        writer.write(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
        await writer.drain()
    writer.write(b"0\r\n\r\n" if chunked else b"")
    answer = await asyncio.wait_for(reader.read(), 20)
    writer.close()
    assert answer.startswith(b"HTTP/1.1 413 ")
    problem = json.loads(answer.partition(b"\r\n\r\n")[2])
    assert (problem["code"], problem["field"]) == ("body_too_large", "body")


QUESTIONS = [
    *("limit=0", "limit=201", "limit=x", "limit=%D9%A4", "before=0", "before=-1"),
    *("phase=nowhere", f"before={'9' * 30}"),
]


async def test_a_question_out_of_bounds_is_refused(api: Api) -> None:
    """The refusal names the parameter."""
    for query in QUESTIONS:
        problem = await api.problem("GET", f"/launches?{query}")
        assert (problem["status"], problem["field"]) == (422, query.partition("=")[0])


async def test_a_wrong_place_in_the_story_is_refused(api: Api) -> None:
    """A sequence number is a number."""
    for after in ("-1", "x", "9" * 30, "%D9%A4"):
        problem = await api.problem("GET", f"/events?after={after}")
        assert (problem["status"], problem["field"]) == (422, "after")


async def test_an_absurd_extension_is_refused(api: Api, world: World) -> None:
    """The deadline stays, and the refusal names the field."""
    launch = await world.running()
    path = f"/launches/{launch.id}/extend"
    for by in (0, -60, "4X", 1e30, "", "59s", None, {}):
        problem = await api.problem("POST", path, body={"by": by})
        assert problem["status"] in {409, 422}, by
        assert problem["field"] == "by", by
    assert (await world.get(launch)).deadline == launch.deadline


async def test_too_many_waiting_launches_are_refused(api: Api) -> None:
    """The eleventh hears how many wait and what to do."""
    for number in range(10):
        await api.submit(f"k{number}", server_name=f"s{number}")
    problem = await api.problem(
        "POST", "/launches", body={"server_name": "x"}, headers={"Idempotency-Key": "x"}
    )
    assert (problem["status"], problem["code"]) == (429, "queue_full")


async def test_too_many_wishes_are_refused(api: Api) -> None:
    """Twenty at a time are the most, one the least."""
    for wishes in ([], [{}] * 21):
        problem = await api.problem("POST", "/estimates", body={"wishes": wishes})
        assert (problem["status"], problem["field"]) == (422, "wishes")


async def test_what_never_fits_is_told_with_what_could(api: Api) -> None:
    """The refusal has a code for programs and an amount for people."""
    problem = await api.problem("POST", "/launches", body={"memory": "9G"}, headers=KEY)
    assert (problem["code"], problem["field"]) == ("never_fits", "memory")
    assert "8 GB" in problem["detail"]


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"GET /services/gavip/api/v1/info HTTP/1.1\r\nX-Slow:",
        b"POST /services/gavip/api/v1/launches HTTP/1.1\r\nContent-Length: 9\r\n\r\n{",
    ],
    ids=["nothing", "half a header", "half a body"],
)
async def test_a_connection_that_says_no_more_is_closed(
    world: World, monkeypatch: pytest.MonkeyPatch, said: bytes
) -> None:
    """Whoever opens connections and falls silent does not keep them."""
    monkeypatch.setattr(factory, "IDLE_S", 0.05)
    async with served(world) as api:
        reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
        writer.write(said)
        await asyncio.wait_for(reader.read(), 20)
        writer.close()
