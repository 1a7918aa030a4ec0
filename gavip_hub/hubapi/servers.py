"""The hub's servers over its REST API, with the service's own narrow token."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode

from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest
from typing_extensions import override

from gavip_hub.domain.errors import HubRefused, HubUnavailable
from gavip_hub.ports import HubServers, ServerState

__all__ = ["HttpHubServers"]

CONNECT_S = 5.0
"""Longest wait for a connection [s]."""

ANSWER_S = 30.0
"""Longest wait for an answer; the hub takes 10 s for a server that comes up [s]."""


PAGE = 200
"""Users asked for at a time; the hub gives no more."""

PAGED = "application/jupyterhub-pagination+json"

AWAY = frozenset(
    {
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)
"""Answers that mean: try again later."""


class HttpHubServers(HubServers):
    """Starts and stops servers of the hub.

    Parameters
    ----------
    api_url
        The hub's API, such as ``http://127.0.0.1:8081/hub/api``.
    token
        The service's token, with ``start:servers``, ``delete:servers``,
        ``read:servers`` and ``list:users``.
    answer_s
        Longest wait for an answer [s].
    """

    def __init__(self, api_url: str, token: str, *, answer_s: float = ANSWER_S) -> None:
        self._api_url = api_url.rstrip("/")
        self._token = token
        self._answer_s = answer_s
        self._http = AsyncHTTPClient(force_instance=True, max_clients=100)

    @override
    async def start(self, owner: str, server_name: str) -> None:
        known = await self.state(owner, server_name)
        if known is not None and (known.ready or known.pending):
            return
        await self._ask(
            "POST",
            _server_path(owner, server_name),
            # 400: it came up, or began to, between the look and the ask.
            fine={HTTPStatus.BAD_REQUEST},
        )

    @override
    async def stop(self, owner: str, server_name: str) -> None:
        await self._ask(
            "DELETE",
            _server_path(owner, server_name),
            # 404: no such server; 400: it is being stopped already.
            fine={HTTPStatus.NOT_FOUND, HTTPStatus.BAD_REQUEST},
        )

    @override
    async def state(self, owner: str, server_name: str) -> ServerState | None:
        user = await self._ask(
            "GET",
            f"/users/{quote(owner, safe='')}?include_stopped_servers=1",
            fine={HTTPStatus.NOT_FOUND},
        )
        server = (user or {}).get("servers", {}).get(server_name)
        return None if server is None else _state(server)

    @override
    async def active(self) -> Mapping[tuple[str, str], ServerState]:
        found: dict[tuple[str, str], ServerState] = {}
        offset: int | None = 0
        while offset is not None:
            query = urlencode({"state": "active", "offset": offset, "limit": PAGE})
            page = await self._ask("GET", f"/users?{query}") or {}
            for user in page.get("items", ()):
                for name, server in (user.get("servers") or {}).items():
                    found[user["name"], name] = _state(server)
            following = page.get("_pagination", {}).get("next")
            offset = following["offset"] if following else None
        return found

    async def answers(self) -> bool:
        """Return whether the hub answers at all."""
        try:
            await self._ask("GET", "/")
        except HubUnavailable:
            return False
        return True

    async def _ask(
        self,
        method: str,
        path: str,
        *,
        fine: frozenset[int] | set[HTTPStatus] = frozenset(),
    ) -> dict[str, Any] | None:
        request = HTTPRequest(
            self._api_url + path,
            method=method,
            headers={"Authorization": f"token {self._token}", "Accept": PAGED},
            allow_nonstandard_methods=True,
            connect_timeout=min(CONNECT_S, self._answer_s),
            request_timeout=self._answer_s,
        )
        asked = f"{method} {path.partition('?')[0]}"
        try:
            answer = await self._http.fetch(request, raise_error=False)
        except (OSError, HTTPClientError) as error:
            why = str(error) or type(error).__name__
            raise HubUnavailable(f"The hub does not answer: {why}.") from None
        if answer.code in fine:
            return None
        if answer.code in AWAY:
            raise HubUnavailable(f"The hub answered {answer.code} to {asked}.")
        if answer.code >= HTTPStatus.BAD_REQUEST:
            raise HubRefused(
                f"The hub answered {answer.code} to {asked}: {_reason(answer.body)}"
            )
        return json.loads(answer.body) if answer.body else None


def _state(server: dict[str, Any]) -> ServerState:
    return ServerState(
        ready=bool(server.get("ready")),
        pending=server.get("pending"),
        stopped=bool(server.get("stopped")),
        url=server.get("url"),
    )


def _reason(body: bytes) -> str:
    """Return what the hub says of its refusal."""
    try:
        message = str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        return "it gave no reason."
    return message[:300]


def _server_path(owner: str, server_name: str) -> str:
    user = quote(owner, safe="")
    if server_name:
        return f"/users/{user}/servers/{quote(server_name, safe='')}"
    return f"/users/{user}/server"
