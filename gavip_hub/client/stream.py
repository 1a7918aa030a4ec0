"""One connection that carries Server-Sent Events until it breaks."""

import asyncio
from collections.abc import AsyncGenerator
from enum import StrEnum
from typing import Any

from tornado.httpclient import HTTPRequest, HTTPResponse
from tornado.iostream import IOStream
from tornado.simple_httpclient import SimpleAsyncHTTPClient
from tornado.tcpclient import TCPClient
from typing_extensions import override

from gavip_hub.api.sse import Message, MessageReader
from gavip_hub.client.errors import ServiceUnreachable
from gavip_hub.client.transport import read_problem

__all__ = ["ConnectionState", "stream"]

_OK = 200
_ENDLESS_BYTES = 1 << 50
_LONGEST_PROBLEM_BYTES = 1 << 20


class ConnectionState(StrEnum):
    """What a follower of events can tell about its connection."""

    CONNECTED = "connected"
    """The stream is open; nothing is missed from now on."""
    RECONNECTING = "reconnecting"
    """It broke, or could not be opened; another try follows."""


class _ClosableTcpClient(TCPClient):
    """Remembers its connections, since tornado offers no way to end a fetch."""

    def __init__(self) -> None:
        super().__init__()
        self._opened: list[IOStream] = []
        self._hung_up = False

    @override
    async def connect(self, *args: Any, **kwargs: Any) -> IOStream:
        opened = await super().connect(*args, **kwargs)
        self._opened.append(opened)
        if self._hung_up:
            self.hang_up()
        return opened

    def hang_up(self) -> None:
        """Close every connection, also one that is still being made."""
        self._hung_up = True
        for each in self._opened:
            each.close()


class _Answer:
    """What has arrived so far of an answer."""

    def __init__(self) -> None:
        self.status = 0
        self.pieces: asyncio.Queue[bytes | None] = asyncio.Queue()

    def header(self, line: str) -> None:
        if line.startswith("HTTP/"):
            self.status = int(line.split()[1])
        elif not line.strip():
            self.pieces.put_nowait(b"")

    def piece(self, data: bytes) -> None:
        self.pieces.put_nowait(data)

    def end(self, _done: object = None) -> None:
        self.pieces.put_nowait(None)


async def stream(
    request: HTTPRequest, *, silence_s: float
) -> AsyncGenerator[Message | None, None]:
    """Yield None once the stream is open, and then each message.

    Parameters
    ----------
    request
        A GET request without a time limit.
    silence_s
        After so long without a byte the connection counts as broken [s].

    Raises
    ------
    ClientError
        Raised if the service refuses to open the stream.
    ServiceUnreachable
        Raised if the connection breaks, falls silent or cannot be made.
    """
    answer = _Answer()
    request.header_callback = answer.header
    request.streaming_callback = answer.piece
    http = SimpleAsyncHTTPClient(force_instance=True, max_body_size=_ENDLESS_BYTES)
    http.tcp_client.close()
    http.tcp_client = tcp = _ClosableTcpClient()
    fetch = asyncio.ensure_future(http.fetch(request, raise_error=False))
    fetch.add_done_callback(answer.end)
    try:
        await _opening(answer, silence_s)
        yield None
        reader = MessageReader()
        while (piece := await _next(answer, silence_s)) is not None:
            for message in reader.feed(piece):
                yield message
    finally:
        fetch.remove_done_callback(answer.end)
        fetch.add_done_callback(_seen)
        tcp.hang_up()
        http.close()
    raise ServiceUnreachable("The launch service ended the stream of events.")


async def _opening(answer: _Answer, silence_s: float) -> None:
    """Wait for the headers, and raise what a refusal says."""
    first = await _next(answer, silence_s)
    if first is None:
        raise ServiceUnreachable("The launch service cannot be reached.")
    if answer.status == _OK:
        return
    body = b""
    while (piece := await _next(answer, silence_s)) is not None:
        body += piece
        if len(body) > _LONGEST_PROBLEM_BYTES:
            break
    raise read_problem(answer.status, body)


async def _next(answer: _Answer, silence_s: float) -> bytes | None:
    try:
        async with asyncio.timeout(silence_s):
            return await answer.pieces.get()
    except TimeoutError:
        raise ServiceUnreachable(
            f"The launch service was silent for {silence_s:g} s."
        ) from None


def _seen(done: "asyncio.Future[HTTPResponse]") -> None:
    """Take note of how a fetch ended, which the pieces told already."""
    if not done.cancelled():
        done.exception()
