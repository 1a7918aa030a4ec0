"""From a model to an HTTP request, and from an answer to a model or an error."""

import ssl
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from tornado.httpclient import AsyncHTTPClient, HTTPError, HTTPRequest, HTTPResponse
from tornado.simple_httpclient import HTTPTimeoutError, SimpleAsyncHTTPClient

from gavip_hub.api.models import Problem
from gavip_hub.client.errors import ClientError, ServiceUnreachable

__all__ = ["Transport", "read", "read_problem"]

_ModelT = TypeVar("_ModelT", bound=BaseModel)

_OK = 200
_REDIRECT = 300
_SERVER_FAULT = 500


class Transport:
    """Send one request with the token, and read its answer.

    Parameters
    ----------
    url
        Where the API stands, without a slash at the end.
    token
        Goes into the ``Authorization`` header and nowhere else.
    timeout_s
        Longest wait for one answer [s].
    ssl_context
        How to trust the service's certificate; None for the system's way.
    """

    def __init__(
        self,
        url: str,
        token: str,
        *,
        timeout_s: float,
        ssl_context: ssl.SSLContext | None,
    ) -> None:
        self.url = url
        self._token = token
        self._timeout_s = timeout_s
        self._ssl_context = ssl_context
        self._http: AsyncHTTPClient | None = None

    def close(self) -> None:
        """Let go of the connections."""
        if self._http is not None:
            self._http.close()
            self._http = None

    def request(
        self,
        method: str,
        path: str,
        body: BaseModel | None = None,
        headers: dict[str, str] | None = None,
    ) -> HTTPRequest:
        """Return the request; it never follows a redirect with the token."""
        content = None if method == "GET" else b""
        if body is not None:
            content = body.model_dump_json(exclude_unset=True).encode()
        return HTTPRequest(
            self.url + path,
            method=method,
            headers={
                "Accept": "application/json, application/problem+json",
                "Content-Type": "application/json",
                **(headers or {}),
                "Authorization": f"Bearer {self._token}",
            },
            body=content,
            connect_timeout=min(5.0, self._timeout_s),
            request_timeout=self._timeout_s,
            follow_redirects=False,
            ssl_options=self._ssl_context,
        )

    async def send(self, answer: type[_ModelT], request: HTTPRequest) -> _ModelT:
        """Send a request and return its answer.

        Raises
        ------
        ClientError
            Raised if the service refuses, or does not answer.
        """
        if self._http is None:
            self._http = SimpleAsyncHTTPClient(force_instance=True, max_clients=50)
        try:
            response = await self._http.fetch(request, raise_error=False)
        except HTTPTimeoutError:
            raise ServiceUnreachable(
                f"The launch service did not answer within {self._timeout_s:g} s."
            ) from None
        except (OSError, HTTPError) as error:
            raise ServiceUnreachable(
                f"The launch service cannot be reached ({type(error).__name__}); "
                "it may be restarting.",
                repeat_at_once=True,
            ) from None
        return read(answer, _body(response))


def _body(response: HTTPResponse) -> bytes:
    if _OK <= response.code < _REDIRECT:
        return response.body
    raise read_problem(response.code, response.body)


def read(model: type[_ModelT], body: bytes | str) -> _ModelT:
    """Return a good answer as its model.

    Raises
    ------
    ServiceUnreachable
        Raised if the answer is not what the contract promises.
    """
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        places = {".".join(map(str, each["loc"])) for each in error.errors()}
        raise ServiceUnreachable(
            f"The launch service answered in words that this client does not know "
            f"({model.__name__}: {', '.join(sorted(places)) or 'no JSON'}); "
            "one of the two is too old."
        ) from None


def read_problem(status: int, body: bytes) -> ClientError:
    """Return what a refusal says; a page of a proxy in between says little."""
    try:
        return ClientError(Problem.model_validate_json(body))
    except ValidationError:
        pass
    if status >= _SERVER_FAULT:
        return ServiceUnreachable(
            f"The launch service cannot be reached (HTTP {status}); "
            "it may be restarting."
        )
    return ClientError(
        Problem(
            type="about:blank",
            title="The request was refused",
            status=status,
            detail=f"The hub refused the request without a reason (HTTP {status}).",
            code="refused",
        )
    )
