"""The acts and questions of the launch service, one method for each."""

import asyncio
import secrets
import ssl
import uuid
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from typing import TypeVar
from urllib.parse import quote, urlencode, urlsplit

from pydantic import BaseModel
from typing_extensions import override

from gavip_hub.api import models
from gavip_hub.client.errors import ClientError, ServiceUnreachable
from gavip_hub.client.stream import ConnectionState, stream
from gavip_hub.client.transport import Transport, read
from gavip_hub.domain.errors import InvalidField
from gavip_hub.domain.phase import Phase

__all__ = ["LaunchClient"]

_ModelT = TypeVar("_ModelT", bound=BaseModel)

_BETWEEN_TRIES_S = (0.2, 0.8)


def _unseen(_state: ConnectionState) -> None:
    """Listen to nothing."""


class LaunchClient:
    """Speak to the launch service.

    Parameters
    ----------
    url
        Where the API stands, such as ``http://hub:8081/services/gavip/api/v1``.
    token
        A JupyterHub token with the scopes of the acts to come.
    timeout_s
        Longest wait for one answer [s]; event streams have none.
    silence_s
        After so long without a sign of life an event stream counts as broken [s];
        the service gives one every 15 s.
    longest_pause_s
        Longest pause between two tries to open an event stream [s].
    ssl_context
        How to trust the service's certificate; None for the system's way.

    Raises
    ------
    InvalidField
        Raised if ``url`` is not an address of http or https.
    """

    def __init__(
        self,
        url: str,
        token: str,
        *,
        timeout_s: float = 10.0,
        silence_s: float = 45.0,
        longest_pause_s: float = 30.0,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise InvalidField(
                f"{url!r} is no address of a launch service; "
                "give one that begins with http:// or https://.",
                field="url",
            )
        self.url = url.rstrip("/")
        self._transport = Transport(
            self.url, token, timeout_s=timeout_s, ssl_context=ssl_context
        )
        self._silence_s = silence_s
        self._longest_pause_s = longest_pause_s

    @override
    def __repr__(self) -> str:
        return f"LaunchClient({self.url!r})"

    def close(self) -> None:
        """Let go of the connections; a later call opens new ones."""
        self._transport.close()

    async def info(self, *, owner: str | None = None) -> models.Info:
        """Return the platform's rules for the token's owner, or on behalf of one."""
        return await self._ask(models.Info, "GET", f"/info{_for(owner)}")

    async def capacity(self) -> models.Capacity:
        """Return what there is and what is free."""
        return await self._ask(models.Capacity, "GET", "/capacity")

    async def estimate(
        self, wishes: Sequence[models.Wish], *, owner: str | None = None
    ) -> models.EstimateList:
        """Return for each wish when it would start, in the same order."""
        body = models.EstimateRequest(wishes=list(wishes))
        path = f"/estimates{_for(owner)}"
        return await self._ask(models.EstimateList, "POST", path, body)

    async def submit(
        self, request: models.LaunchRequest, *, idempotency_key: str | None = None
    ) -> models.Launch:
        """Ask to run something; a lost answer is asked for again, never run twice.

        Parameters
        ----------
        request
            What to run.
        idempotency_key
            Names this ask across retries of the caller; a fresh one if None.
        """
        headers = {"Idempotency-Key": idempotency_key or uuid.uuid4().hex}
        return await self._ask(
            models.Launch, "POST", "/launches", request, headers=headers
        )

    async def list(
        self,
        *,
        phases: Sequence[Phase | str] = (),
        owner: str | None = None,
        before: int | None = None,
        limit: int | None = None,
    ) -> models.LaunchPage:
        """Return one page of launches, newest first; phase ``live`` is not ended."""
        words = {"owner": owner, "before": before, "limit": limit}
        query = [("phase", str(phase)) for phase in phases]
        query += [(name, str(word)) for name, word in words.items() if word is not None]
        suffix = f"?{urlencode(query)}" if query else ""
        return await self._ask(models.LaunchPage, "GET", f"/launches{suffix}")

    async def get(self, launch_id: str) -> models.Launch:
        """Return one launch, with place and reason while it waits."""
        return await self._ask(models.Launch, "GET", _path(launch_id))

    async def cancel(self, launch_id: str) -> models.Launch:
        """Stop a launch, or take it out of the queue."""
        return await self._ask(models.Launch, "POST", _path(launch_id, "/cancel"))

    async def extend(self, launch_id: str, by: float | str) -> models.Launch:
        """Ask for more time: seconds, or text such as ``"1h"``."""
        body = models.Extension(by=by)
        path = _path(launch_id, "/extend")
        return await self._ask(models.Launch, "POST", path, body, repeatable=False)

    async def claim(self, claim: models.Claim) -> models.Launch:
        """Ask for the spawner whether a server may start."""
        repeatable = bool(claim.ask_id)
        return await self._ask(
            models.Launch, "POST", "/claims", claim, repeatable=repeatable
        )

    async def report(self, launch_id: str, report: models.Report) -> models.Launch:
        """Tell for the spawner what became of an attempt."""
        return await self._ask(
            models.Launch, "POST", _path(launch_id, "/report"), report
        )

    async def activity(
        self, launch_id: str, activity: models.Activity
    ) -> models.Launch:
        """Tell for a session whether somebody or something works in it."""
        return await self._ask(
            models.Launch, "PUT", _path(launch_id, "/activity"), activity
        )

    async def events(
        self,
        after: int | None = None,
        *,
        launch_id: str | None = None,
        on_state: Callable[[ConnectionState], None] = _unseen,
    ) -> AsyncGenerator[models.Event, None]:
        """Follow what happens, across breaks of the connection.

        Parameters
        ----------
        after
            Begin with the kept events later than this sequence number; None for now.
        launch_id
            Follow this launch alone.
        on_state
            Is told when the stream opens and when it breaks.

        Raises
        ------
        ClientError
            Raised if the service refuses for good, such as for an expired token.
        """
        path = "/events" if launch_id is None else _path(launch_id, "/events")
        failures = 0
        while True:
            try:
                async with aclosing(self._messages(path, after)) as messages:
                    async for message in messages:
                        if message is None:
                            failures = 0
                            on_state(ConnectionState.CONNECTED)
                            continue
                        event = read(models.Event, message)
                        after = event.sequence or after
                        yield event
            except ClientError as error:
                if not error.transient:
                    raise
            on_state(ConnectionState.RECONNECTING)
            await asyncio.sleep(self._pause_s(failures))
            failures += 1

    async def _messages(
        self, path: str, after: int | None
    ) -> AsyncGenerator[str | None, None]:
        """Yield None when the stream is open, then the data of each message."""
        headers = {"Accept": "text/event-stream", "Cache-Control": "no-store"}
        if after is not None:
            headers["Last-Event-ID"] = str(after)
        request = self._transport.request("GET", path, None, headers)
        request.request_timeout = 0
        async with aclosing(stream(request, silence_s=self._silence_s)) as messages:
            async for message in messages:
                yield None if message is None else message.data

    def _pause_s(self, failures: int) -> float:
        longest = min(self._longest_pause_s, 2.0 ** min(failures, 16))
        return secrets.SystemRandom().uniform(longest / 2, longest)

    async def _ask(
        self,
        answer: type[_ModelT],
        method: str,
        path: str,
        body: BaseModel | None = None,
        *,
        headers: dict[str, str] | None = None,
        repeatable: bool = True,
    ) -> _ModelT:
        for pause_s in _BETWEEN_TRIES_S if repeatable else ():
            request = self._transport.request(method, path, body, headers)
            try:
                return await self._transport.send(answer, request)
            except ServiceUnreachable as error:
                if not error.repeat_at_once:
                    raise
            await asyncio.sleep(pause_s)
        request = self._transport.request(method, path, body, headers)
        return await self._transport.send(answer, request)


def _path(launch_id: str, act: str = "") -> str:
    return f"/launches/{quote(launch_id, safe='')}{act}"


def _for(owner: str | None) -> str:
    return "" if owner is None else f"?{urlencode({'owner': owner})}"
