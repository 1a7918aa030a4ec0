"""The hub's servers over its REST API, with the service's own narrow token."""

import json
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest
from typing_extensions import override

from gavip_hub.domain.errors import HubUnavailable
from gavip_hub.ports import HubServers, ServerState

__all__ = ["HttpHubServers"]

CONNECT_S = 5.0
"""Longest wait for a connection [s]."""

ANSWER_S = 30.0
"""Longest wait for an answer; the hub takes 10 s for a server that comes up [s]."""


class HttpHubServers(HubServers):
    """Starts and stops servers of the hub.

    Parameters
    ----------
    api_url
        The hub's API, such as ``http://127.0.0.1:8081/hub/api``.
    token
        The service's token, with ``start:servers``, ``delete:servers`` and
        ``read:servers``.
    """

    def __init__(self, api_url: str, token: str) -> None:
        self._api_url = api_url.rstrip("/")
        self._token = token
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
        if server is None:
            return None
        return ServerState(
            ready=bool(server.get("ready")),
            pending=server.get("pending"),
            stopped=bool(server.get("stopped")),
            url=server.get("url"),
        )

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
            headers={"Authorization": f"token {self._token}"},
            allow_nonstandard_methods=True,
            connect_timeout=CONNECT_S,
            request_timeout=ANSWER_S,
        )
        try:
            answer = await self._http.fetch(request)
        except HTTPClientError as error:
            if error.code in fine:
                return None
            asked = f"{method} {path.partition('?')[0]}"
            raise HubUnavailable(
                f"The hub answered {error.code} to {asked}."
            ) from None
        except OSError as error:
            raise HubUnavailable(f"The hub does not answer: {error}.") from None
        return json.loads(answer.body) if answer.body else None


def _server_path(owner: str, server_name: str) -> str:
    user = quote(owner, safe="")
    if server_name:
        return f"/users/{user}/servers/{quote(server_name, safe='')}"
    return f"/users/{user}/server"
