"""Speak to the platform's launch service with the session's own token."""

from __future__ import annotations

import json
import os
import time
import uuid
from collections.abc import Mapping
from typing import Any

import requests

from gavip.errors import NoPlatform, PlatformUnavailable, RequestRefused
from gavip.exchange import CONNECT_TIMEOUT_S, Exchange

__all__ = ["LaunchService"]

_ANSWER_WITHIN_S = 8.0
_TRIES = 3
_PAUSE_S = 0.3
_BUSY = frozenset({502, 503, 504})
_BASE = "/api/v1"


class LaunchService:
    """The launch service of the platform that this session belongs to.

    Parameters
    ----------
    base_url
        Address of the service, with or without its ``/api/v1``.
    token
        The session's token of the hub.
    """

    def __init__(self, base_url: str, token: str) -> None:
        self._api_url = base_url.rstrip("/").removesuffix(_BASE) + _BASE
        self._session = requests.Session()
        # The service is inside the platform: no proxy, and no other credentials.
        self._session.trust_env = False
        self._session.verify = os.environ.get("REQUESTS_CA_BUNDLE") or True
        self._session.headers["Authorization"] = f"Bearer {token}"
        self._session.headers["Accept"] = "application/json"

    @classmethod
    def of_this_session(cls) -> LaunchService:
        """Return the service that the session's environment names.

        Raises
        ------
        NoPlatform
            Raised if this is no session of a platform.
        """
        base_url = os.environ.get("GAVIP_API_URL", "").strip()
        token = os.environ.get("JUPYTERHUB_API_TOKEN", "").strip()
        if not base_url or not token:
            raise NoPlatform(
                "This Python does not run inside a session of a GAVIP platform, so "
                "there is no queue to ask (GAVIP_API_URL and JUPYTERHUB_API_TOKEN "
                "are not set). gavip.tap works everywhere."
            )
        return cls(base_url, token)

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        """Read something.

        Parameters
        ----------
        path
            Path below the API's base, such as ``/launches``.
        query
            Query parameters.

        Raises
        ------
        PlatformError
            Raised if the service refuses or does not answer.
        """
        return self._call("GET", path, params=query)

    def post(
        self, path: str, body: Mapping[str, Any] | None = None, *, once: bool = False
    ) -> dict[str, Any]:
        """Ask for an act; a repeat after a cut connection does no harm.

        Parameters
        ----------
        path
            Path below the API's base.
        body
            What to send.
        once
            Whether a repeat could act twice, so that a key must tell repeats.

        Raises
        ------
        PlatformError
            Raised if the service refuses or does not answer.
        """
        headers = {"Idempotency-Key": uuid.uuid4().hex} if once else {}
        return self._call("POST", path, json=body, headers=headers)

    def _call(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        deadline_s = time.monotonic() + _ANSWER_WITHIN_S
        for attempt in range(1, _TRIES + 1):
            try:
                return self._try(method, path, deadline_s, options)
            except PlatformUnavailable:
                if attempt == _TRIES or time.monotonic() + _PAUSE_S > deadline_s:
                    raise
            time.sleep(_PAUSE_S)
        raise AssertionError("the last try returns or raises")

    def _try(
        self, method: str, path: str, deadline_s: float, options: dict[str, Any]
    ) -> dict[str, Any]:
        url = f"{self._api_url}{path}"
        exchange = Exchange(
            lambda: self._session.request(
                method,
                url,
                timeout=(CONNECT_TIMEOUT_S, _ANSWER_WITHIN_S),
                stream=True,
                allow_redirects=False,
                **options,
            )
        )
        try:
            if not exchange.wait(max(0.0, deadline_s - time.monotonic())):
                raise PlatformUnavailable(_SILENT)
            response = exchange.result()
        except requests.RequestException:
            raise PlatformUnavailable(_SILENT) from None
        else:
            body = exchange.body.read()
        finally:
            exchange.give_up()
        if response.status_code in _BUSY:
            raise PlatformUnavailable(_SILENT)
        return _read(response, body)


_SILENT = (
    "The platform's launch service does not answer. Launches that were acknowledged "
    "are kept; try again in a moment."
)


def _read(response: requests.Response, body: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(body)
    except ValueError:
        answer = None
    if response.ok and isinstance(answer, dict):
        return answer
    if not isinstance(answer, dict) or "detail" not in answer:
        raise PlatformUnavailable(
            f"What answers at GAVIP_API_URL is not the launch service (HTTP "
            f"{response.status_code})."
        )
    field = answer.get("field")
    where = f"{field}: " if field else ""
    raise RequestRefused(
        f"{where}{answer['detail']}",
        code=str(answer.get("code", "")),
        status=response.status_code,
        field=field,
    )
