"""A launch service of canned launches behind real HTTP, faithful to the contract.

Every answer goes through the models of the contract. It can be made to refuse, to drop
connections, to fall silent, and to come back on the same port.
"""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel
from tornado.httpserver import HTTPServer
from tornado.iostream import StreamClosedError
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler
from typing_extensions import override

from gavip_hub.api import models
from gavip_hub.api.sse import KEEP_ALIVE, Message
from gavip_hub.domain.phase import ENDED, Phase
from tests.support.launches import make_capacity, make_info, make_launch

__all__ = ["TOKEN", "FakeLaunchService", "Seen"]

TOKEN = "canary-0123456789"
"""The one token that is accepted; no log or error may ever show it."""

_BASE = "/services/gavip/api/v1"


@dataclass(frozen=True, slots=True)
class Seen:
    """A request as it arrived."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes


@dataclass
class FakeLaunchService:
    """Hold launches, answer for them, and push what happens to them."""

    launches: dict[str, models.Launch] = field(default_factory=dict)
    kept: list[models.Event] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    activities: list[models.Activity] = field(default_factory=list)
    keys: dict[str, str] = field(default_factory=dict)
    refusals: list[models.Problem] = field(default_factory=list)
    """Answered to the next requests, one each; signs of life go through."""
    pages: list[tuple[int, str]] = field(default_factory=list)
    """The same, as the pages of a proxy."""
    drops: int = 0
    """So many next connections are cut after the request arrived."""
    hung: bool = False
    """Whether requests stay without an answer."""
    estimate: Callable[[models.Wish], models.Estimate] | None = None
    info: models.Info = field(default_factory=make_info)
    port: int = 0
    followers: "list[asyncio.Queue[bytes | None]]" = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where its API stands."""
        return f"http://127.0.0.1:{self.port}{_BASE}"

    def start(self) -> None:
        """Listen on a free port, or on the old one again."""
        sockets = bind_sockets(self.port, "127.0.0.1")
        self.port = sockets[0].getsockname()[1]
        self._server = HTTPServer(
            Application(
                [(rf"{_BASE}(/.*)", _Handler, {"service": self})],
                log_function=_quiet,
            )
        )
        self._server.add_sockets(sockets)

    async def stop(self) -> None:
        """Go away, and take every connection along."""
        self._server.stop()
        self.hang_up()
        await asyncio.sleep(0)
        await self._server.close_all_connections()

    def forget(self) -> None:
        """Begin anew, without launches, events and faults."""
        for told in (self.launches, self.keys):
            told.clear()
        for list_ in (self.kept, self.seen, self.activities, self.refusals):
            list_.clear()
        self.estimate = None

    def add(self, *launches: models.Launch) -> None:
        """Hold these launches, in place of older states of them."""
        self.launches |= {launch.id: launch for launch in launches}

    def push(self, event: models.Event) -> None:
        """Tell every follower, and keep what has a sequence number."""
        if event.launch is not None:
            self.add(event.launch)
        if event.sequence:
            self.kept.append(event)
        for follower in self.followers:
            follower.put_nowait(_encode(event))

    def whisper(self) -> None:
        """Send every follower a sign of life."""
        for follower in self.followers:
            follower.put_nowait(KEEP_ALIVE)

    def hang_up(self) -> None:
        """End every stream, as a restart does."""
        for follower in self.followers:
            follower.put_nowait(None)


def _encode(event: models.Event) -> bytes:
    number = str(event.sequence) if event.sequence else None
    return Message(event.model_dump_json(), str(event.kind), number).encode()


def _quiet(_handler: RequestHandler) -> None:
    """Keep the tests' output short."""


class _Handler(RequestHandler):
    """Answers every path of the contract that a session uses."""

    service: FakeLaunchService
    _queue: asyncio.Queue[bytes | None] | None = None

    @override
    def initialize(self, service: FakeLaunchService) -> None:
        self.service = service

    @override
    async def get(self, path: str) -> None:
        await self._serve(path)

    @override
    async def post(self, path: str) -> None:
        await self._serve(path)

    @override
    async def put(self, path: str) -> None:
        await self._serve(path)

    async def _serve(self, path: str) -> None:
        service, request = self.service, self.request
        service.seen.append(
            Seen(
                str(request.method),
                path,
                {k: [v.decode() for v in vs] for k, vs in request.arguments.items()},
                dict(request.headers.get_all()),
                request.body,
            )
        )
        if service.drops:
            service.drops -= 1
            request.connection.stream.close()  # type: ignore[union-attr]
            return
        while service.hung:
            await asyncio.sleep(0.01)
        if service.pages:
            status, page = service.pages.pop(0)
            self.set_status(status)
            self.finish(page)
        elif service.refusals and request.method != "PUT":
            self._refuse(service.refusals.pop(0))
        elif request.headers.get("Authorization") != f"Bearer {TOKEN}":
            self._refuse(_problem(401, "not_signed_in", "This token is not known."))
        else:
            await self._route(f"{request.method} {path}")

    async def _route(self, wanted: str) -> None:
        for pattern, act in _ROUTES.items():
            match = re.fullmatch(pattern, wanted)
            if match:
                answer = act(self, *match.groups())
                if isinstance(answer, BaseModel):
                    self._answer(answer)
                else:
                    await answer
                return
        self._refuse(_problem(404, "unknown_path", f"There is no {wanted}."))

    def _answer(self, model: BaseModel) -> None:
        if isinstance(model, models.Problem):
            self._refuse(model)
            return
        self.set_header("Content-Type", "application/json")
        self.finish(model.model_dump_json())

    def _refuse(self, problem: models.Problem) -> None:
        self.set_status(problem.status)
        self.set_header("Content-Type", "application/problem+json")
        self.finish(problem.model_dump_json())

    def info(self) -> BaseModel:
        return self.service.info

    def capacity(self) -> BaseModel:
        return make_capacity()

    def estimates(self) -> BaseModel:
        body = models.EstimateRequest.model_validate_json(self.request.body)
        judge = self.service.estimate or _now
        return models.EstimateList(estimates=[judge(wish) for wish in body.wishes])

    def listing(self) -> BaseModel:
        phases = set(self.get_arguments("phase"))
        if "live" in phases:
            phases |= {str(phase) for phase in Phase if phase not in ENDED}
        found = [
            launch
            for launch in self.service.launches.values()
            if not phases or launch.phase in phases
        ]
        found.sort(key=lambda launch: -launch.number)
        limit = int(self.get_argument("limit", "50"))
        return models.LaunchPage(launches=found[:limit], next=None)

    def submit(self) -> BaseModel:
        body = models.LaunchRequest.model_validate_json(self.request.body)
        key = self.request.headers["Idempotency-Key"]
        if key not in self.service.keys:
            launch = make_launch(
                len(self.service.launches) + 101,
                phase=Phase.QUEUED,
                reason="Waits for its turn.",
                display_name=body.display_name,
                server_name=body.server_name,
                wait=models.Wait(position=1, ahead=0, estimated_start=None),
            )
            self.service.add(launch)
            self.service.keys[key] = launch.id
            self.set_status(201)
        return self.service.launches[self.service.keys[key]]

    def one(self, launch_id: str) -> BaseModel:
        missing = _problem(404, "unknown_launch", "There is no such launch of yours.")
        return self.service.launches.get(launch_id, missing)

    def cancel(self, launch_id: str) -> BaseModel:
        return self._change(launch_id, phase=Phase.STOPPING, reason="It is stopped.")

    def extend(self, launch_id: str) -> BaseModel:
        models.Extension.model_validate_json(self.request.body)
        return self._change(launch_id, reason="It has more time.")

    def activity(self, launch_id: str) -> BaseModel:
        body = models.Activity.model_validate_json(self.request.body)
        self.service.activities.append(body)
        return self.one(launch_id)

    def claim(self) -> BaseModel:
        models.Claim.model_validate_json(self.request.body)
        return make_launch(phase=Phase.STARTING)

    def report(self, launch_id: str) -> BaseModel:
        models.Report.model_validate_json(self.request.body)
        return self.one(launch_id)

    def _change(self, launch_id: str, **changes: Any) -> BaseModel:
        launch = self.service.launches.get(launch_id)
        if launch is None:
            return self.one(launch_id)
        version = launch.version + 1
        changed = launch.model_copy(update={**changes, "version": version})
        self.service.add(changed)
        return changed

    async def follow(self) -> None:
        self.set_header("Content-Type", "text/event-stream")
        after = self.request.headers.get("Last-Event-ID")
        queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._queue = queue
        for event in self.service.kept:
            if after is not None and event.sequence > int(after):
                queue.put_nowait(_encode(event))
        self.service.followers.append(queue)
        try:
            await self.flush()
            while (piece := await queue.get()) is not None:
                self.write(piece)
                await self.flush()
        except StreamClosedError:
            pass
        finally:
            self.service.followers.remove(queue)

    @override
    def on_connection_close(self) -> None:
        if self._queue is not None:
            self._queue.put_nowait(None)


def _now(_wish: models.Wish) -> models.Estimate:
    return models.Estimate(
        resources=make_launch().resources,
        walltime_s=3600,
        fits=True,
        now=True,
        position=None,
        reason="It would start at once.",
        estimated_start=None,
        wait_s=0,
    )


def _problem(status: int, code: str, detail: str) -> models.Problem:
    return models.Problem(
        type="about:blank", title="No", status=status, detail=detail, code=code
    )


_ROUTES: dict[str, Callable[..., Any]] = {
    "GET /info": _Handler.info,
    "GET /capacity": _Handler.capacity,
    "POST /estimates": _Handler.estimates,
    "GET /launches": _Handler.listing,
    "POST /launches": _Handler.submit,
    "POST /claims": _Handler.claim,
    "GET /events": _Handler.follow,
    "GET /launches/([0-9a-f]+)": _Handler.one,
    "POST /launches/([0-9a-f]+)/cancel": _Handler.cancel,
    "POST /launches/([0-9a-f]+)/extend": _Handler.extend,
    "POST /launches/([0-9a-f]+)/report": _Handler.report,
    "PUT /launches/([0-9a-f]+)/activity": _Handler.activity,
}
