"""The service's API behind real HTTP, with as much of a hub as it asks.

Every answer that a test gets is held against ``openapi.yaml`` first.
"""

import asyncio
import json
import re
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from tornado.httpclient import AsyncHTTPClient, HTTPRequest, HTTPResponse
from tornado.httpserver import HTTPServer
from tornado.web import RequestHandler

import gavip_hub
from gavip_hub.factory import Factory
from gavip_hub.web.callers import ADMIN, ADMIT, READ, WRITE
from gavip_hub.web.hub_auth import SharedHubAuth
from tests.support.portal import World

__all__ = ["BASE", "CANARY", "SPEC", "Api", "Stream", "callers", "operations", "served"]

BASE = "/services/gavip/api/v1"
SPEC: dict[str, Any] = yaml.safe_load(
    (Path(gavip_hub.__file__).parent / "api" / "openapi.yaml").read_text()
)

CANARY = "canary-"
"""Every secret begins with it; no answer may have it."""

VERBS = {"get", "post", "put", "delete", "patch"}


def callers() -> dict[str, dict[str, Any]]:
    """Return what the hub says of each token; the token's name says what it may."""

    def user(name: str, *scopes: str, kind: str = "user") -> dict[str, Any]:
        return {"name": name, "kind": kind, "groups": [], "scopes": list(scopes)}

    return {
        "ada-writes": user("ada", f"{WRITE}!user=ada", f"{READ}!user=ada"),
        "ada-reads": user("ada", f"{READ}!user=ada"),
        "ada-nothing": user("ada", "access:servers!user=ada"),
        "ada-as-bob": user("ada", f"{WRITE}!user=bob", f"{READ}!user=bob"),
        "bob-writes": user("bob", f"{WRITE}!user=bob", f"{READ}!user=bob"),
        "operator": user("olga", ADMIN, WRITE, READ),
        "spawner": user("gavip-spawner", ADMIT, kind="service"),
        "robot": user("robot", WRITE, READ, kind="service"),
    }


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield method, path and description of every operation of the contract."""
    for path, item in SPEC["paths"].items():
        for verb in VERBS & item.keys():
            yield verb.upper(), path, item[verb]


def check_answer(method: str, path: str, response: HTTPResponse) -> None:
    """Hold an answer against the contract."""
    item = next(
        (
            item
            for template, item in SPEC["paths"].items()
            if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path)
        ),
        None,
    )
    operation = (item or {}).get(method.lower())
    problem = SPEC["components"]["responses"]["Problem"]
    answers = operation["responses"] if operation else {"default": problem}
    answer = answers.get(str(response.code)) or answers["default"]
    while "$ref" in answer:
        answer = SPEC["components"]["responses"][answer["$ref"].rpartition("/")[2]]
    kind = response.headers["Content-Type"].partition(";")[0]
    assert kind in answer["content"], (method, path, response.code, kind)
    if kind != "text/event-stream":
        schema = {"components": SPEC["components"], **answer["content"][kind]["schema"]}
        Draft202012Validator(schema).validate(json.loads(response.body))


@dataclass
class Stream:
    """A connection that follows events."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    pending: str = ""

    async def text(self, until: str) -> str:
        """Return what comes up to a word, that included."""
        while until not in self.pending:
            piece = await asyncio.wait_for(self.reader.read(65_536), 20)
            if not piece:
                raise EOFError(self.pending)
            self.pending += piece.decode()
        head, _, self.pending = self.pending.partition(until)
        return head + until

    async def end(self) -> None:
        """Wait until the answer is complete."""
        await self.text("\r\n0\r\n\r\n")

    def close(self) -> None:
        """Go away."""
        self.writer.close()


@dataclass
class Api:
    """A running service, with the hub's word on tokens in the test's hands."""

    world: World
    tokens: dict[str, dict[str, Any]] = field(default_factory=callers)
    port: int = 0
    hub_fails: bool = False
    """Whether the hub answers with an error when it is asked about a token."""
    _server: HTTPServer | None = None
    _auth: SharedHubAuth | None = None

    def forget(self) -> None:
        """Let time pass, so that the hub is asked anew about every token."""
        assert self._auth is not None
        self._auth.cache.clear()

    def open(self) -> None:
        """Listen on a free port."""
        listening = socket.create_server(("127.0.0.1", 0), backlog=64)
        listening.setblocking(False)
        self.port = listening.getsockname()[1]
        auth = self._auth = SharedHubAuth(
            api_token=f"{CANARY}service",
            api_url=f"http://127.0.0.1:{self.port}/hub/api",
            base_url="/services/gavip/",
            cache_max_age=0,
            hub_prefix="/hub/",
        )
        factory = Factory(self.world.settings)
        application = factory.application(self.world.portal, auth, f"{CANARY}cookie")
        application.add_handlers(r".*", [(r"/hub/api/user", _User, {"api": self})])
        self._server = factory.server(application)
        self._server.add_socket(listening)

    async def close(self) -> None:
        """End, as the service does when it is told to."""
        assert self._server is not None
        self._server.stop()
        self.world.portal.watch.close()
        await self._server.close_all_connections()

    async def ask(
        self,
        method: str,
        path: str,
        caller: str | None = "ada-writes",
        *,
        body: object = None,
        raw: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> HTTPResponse:
        """Send a request; its answer is what the contract says, or the test fails."""
        sent = dict(headers or {})
        if caller is not None:
            sent["Authorization"] = f"Bearer {CANARY}{caller}"
        content = raw if body is None else json.dumps(body).encode()
        if content is None and method in {"POST", "PUT"}:
            content = b""
        response = await AsyncHTTPClient().fetch(
            HTTPRequest(
                f"http://127.0.0.1:{self.port}{BASE}{path}",
                method=method,
                headers=sent,
                body=content,
                allow_nonstandard_methods=True,
                request_timeout=20,
            ),
            raise_error=False,
        )
        if response.code == 599:
            raise AssertionError(f"no answer to {method} {path}")
        check_answer(method, path.partition("?")[0], response)
        assert CANARY.encode() not in response.body
        return response

    async def problem(self, *asked: Any, **words: Any) -> dict[str, Any]:
        """Send a request that is refused, and return the problem."""
        response = await self.ask(*asked, **words)
        assert response.code >= 400, response.body
        found: dict[str, Any] = json.loads(response.body)
        assert found["status"] == response.code
        assert "Traceback" not in found["detail"]
        return found

    async def submit(self, key: str = "key", **wish: Any) -> dict[str, Any]:
        """Ask for a launch, which is acknowledged, and return it."""
        response = await self.ask(
            "POST", "/launches", body=wish, headers={"Idempotency-Key": key}
        )
        assert response.code in {200, 201}, response.body
        return dict(json.loads(response.body))

    async def follow(
        self, path: str = "/events", caller: str = "ada-writes", **headers: str
    ) -> Stream:
        """Open an event stream."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        lines = [
            f"GET {BASE}{path} HTTP/1.1",
            "Host: localhost",
            "Accept: text/event-stream",
            f"Authorization: token {CANARY}{caller}",
            *(f"{name.replace('_', '-')}: {text}" for name, text in headers.items()),
        ]
        writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        stream = Stream(reader, writer)
        head = await stream.text("retry: 2000\n\n")
        assert "200 OK" in head
        return stream


class _User(RequestHandler):
    def initialize(self, api: Api) -> None:
        self.api = api

    def get(self) -> None:
        if self.api.hub_fails:
            self.send_error(503)
            return
        token = self.request.headers["Authorization"].split()[-1]
        token = token.removeprefix(CANARY)
        if token in self.api.tokens:
            self.finish(self.api.tokens[token])
        else:
            self.send_error(403)


@asynccontextmanager
async def served(world: World) -> AsyncIterator[Api]:
    """Serve a world's API."""
    api = Api(world)
    api.open()
    try:
        yield api
    finally:
        await api.close()
