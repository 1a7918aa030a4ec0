"""Servers that behave as badly as a test needs."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from typing_extensions import override

__all__ = ["Answer", "Asked", "deaf_server", "free_port", "scripted_server"]


@dataclass(frozen=True)
class Asked:
    """A request as the server saw it."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Answer:
    """What the server sends back."""

    body: bytes | str = b""
    status: int = 200
    kind: str = "text/xml"
    headers: Mapping[str, str] = field(default_factory=dict)
    announced_bytes: int | None = None
    """Length to announce, if another than the true one."""
    hold: threading.Event | None = None
    """After the body is sent, wait for this before the connection ends."""


@contextlib.contextmanager
def scripted_server(answer: Callable[[Asked], Answer]) -> Iterator[str]:
    """Serve on a free port and yield the address; each request asks `answer`."""

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            asked = Asked(
                self.command, self.path, dict(self.headers), self.rfile.read(length)
            )
            told = answer(asked)
            body = told.body.encode() if isinstance(told.body, str) else told.body
            self.send_response(told.status)
            self.send_header("Content-Type", told.kind)
            announced = told.announced_bytes
            size = len(body) if announced is None else announced
            self.send_header("Content-Length", str(size))
            for name, value in told.headers.items():
                self.send_header(name, value)
            self.end_headers()
            with contextlib.suppress(OSError):
                self.wfile.write(body)
                self.wfile.flush()
            if told.hold is not None:
                told.hold.wait(60)

        do_GET = do_POST = do_DELETE = do_PUT = _serve  # noqa: N815 - the names that http.server calls

        @override
        def log_message(self, format: str, *args: object) -> None:
            """Stay silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.block_on_close = False
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@contextlib.contextmanager
def deaf_server() -> Iterator[str]:
    """Accept connections and never say a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def free_port() -> int:
    """Return a port on which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])
