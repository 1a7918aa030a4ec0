"""Bodies that are too large, refused in the form of every other error."""

from collections.abc import Awaitable
from http import HTTPStatus

from tornado.httputil import (
    HTTPConnection,
    HTTPHeaders,
    HTTPMessageDelegate,
    HTTPServerConnectionDelegate,
    RequestStartLine,
    ResponseStartLine,
)
from typing_extensions import override

from gavip_hub.api.models import Problem
from gavip_hub.domain.amounts import format_memory

__all__ = ["LONGEST_READ_BYTES", "LimitedBodies"]

LONGEST_READ_BYTES = 64 * 2**20
"""How much of a body is read, and thrown away, so that its sender gets an answer."""


class LimitedBodies(HTTPServerConnectionDelegate):
    """In front of an application: nothing larger than the limit is kept.

    Parameters
    ----------
    inner
        The application.
    limit_bytes
        Largest body that reaches it.

    Notes
    -----
    Tornado's own limit closes the connection without a word, which a proxy tells as a
    gateway error.
    """

    def __init__(self, inner: HTTPServerConnectionDelegate, limit_bytes: int) -> None:
        self._inner = inner
        self._limit_bytes = limit_bytes

    @override
    def start_request(
        self, server_conn: object, request_conn: HTTPConnection
    ) -> HTTPMessageDelegate:
        inner = self._inner.start_request(server_conn, request_conn)
        return _Message(inner, request_conn, self._limit_bytes)

    @override
    def on_close(self, server_conn: object) -> None:
        self._inner.on_close(server_conn)


class _Message(HTTPMessageDelegate):
    def __init__(
        self, inner: HTTPMessageDelegate, connection: HTTPConnection, limit_bytes: int
    ) -> None:
        self._inner: HTTPMessageDelegate | None = inner
        self._connection = connection
        self._limit_bytes = limit_bytes
        self._size = 0

    @override
    def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> Awaitable[None] | None:
        told = headers.get("Content-Length", "0")
        if told.isascii() and told.isdigit() and int(told) > self._limit_bytes:
            self._inner = None
            return None
        assert self._inner is not None  # noqa: S101  nothing was refused yet
        return self._inner.headers_received(start_line, headers)

    @override
    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        self._size += len(chunk)
        if self._inner is not None and self._size > self._limit_bytes:
            self._inner.on_connection_close()
            self._inner = None
        return None if self._inner is None else self._inner.data_received(chunk)

    @override
    def finish(self) -> None:
        if self._inner is not None:
            self._inner.finish()
            return
        status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        limit = format_memory(self._limit_bytes)
        body = (
            Problem(
                type="about:blank",
                title="The request is too large",
                status=status,
                detail=f"A request may have {limit} at most; send less.",
                code="body_too_large",
                field="body",
            )
            .model_dump_json()
            .encode()
        )
        headers = HTTPHeaders(
            {
                "Content-Type": "application/problem+json",
                "Content-Length": str(len(body)),
            }
        )
        start = ResponseStartLine("HTTP/1.1", status, status.phrase)
        self._connection.write_headers(start, headers, body)
        self._connection.finish()

    @override
    def on_connection_close(self) -> None:
        if self._inner is not None:
            self._inner.on_connection_close()
