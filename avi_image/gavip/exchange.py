"""One HTTP request that can always be given up.

`requests` bounds the wait for one packet, not for a name look-up and not for a
whole answer. So the request runs in a thread of its own, and the caller waits
for the thread with a clock in hand.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from tempfile import SpooledTemporaryFile

import requests

__all__ = ["CONNECT_TIMEOUT_S", "Exchange"]

CONNECT_TIMEOUT_S = 6.0
"""Longest wait for a connection, under the ten seconds promised to users."""

_CHUNK_BYTES = 1 << 16
_SPOOL_BYTES = 64 << 20


class Exchange:
    """A request under way and what has come of it.

    Parameters
    ----------
    send
        Sends the request and returns the answer with its body still unread.
    """

    def __init__(self, send: Callable[[], requests.Response]) -> None:
        self._send = send
        self._done = threading.Event()
        self._given_up = False
        self._error: BaseException | None = None
        self._response: requests.Response | None = None
        # In memory while small, in a temporary file when large.
        self.body: SpooledTemporaryFile[bytes] = SpooledTemporaryFile(  # noqa: SIM115
            max_size=_SPOOL_BYTES
        )
        self.received_bytes = 0
        self.expected_bytes: int | None = None
        self._last_sign_s = time.monotonic()
        threading.Thread(target=self._run, name="gavip-http", daemon=True).start()

    @property
    def silence_s(self) -> float:
        """Seconds since the last byte came."""
        return time.monotonic() - self._last_sign_s

    def wait(self, seconds: float) -> bool:
        """Wait for the end of the answer; tell whether it came.

        Parameters
        ----------
        seconds
            Longest wait.
        """
        return self._done.wait(seconds)

    def result(self) -> requests.Response:
        """Return the answer of an ended exchange, its bytes in `body`.

        Raises
        ------
        Exception
            Raised as `requests` raised it in the thread.
        """
        if self._error is not None:
            raise self._error
        if self._response is None:
            raise RuntimeError("the exchange has not ended")
        self.body.seek(0)
        return self._response

    def give_up(self) -> None:
        """Stop caring: the thread drops the connection as soon as it can."""
        self._given_up = True
        response = self._response
        if response is not None and not self._done.is_set():
            # Closing would wait for the thread, which waits for the network.
            with contextlib.suppress(OSError, ValueError, RuntimeError):
                response.raw.shutdown()
        self.body.close()

    def _run(self) -> None:
        try:
            with self._send() as response:
                self._response = response
                self._last_sign_s = time.monotonic()
                length = response.headers.get("Content-Length", "")
                if length.isdecimal() and not response.headers.get("Content-Encoding"):
                    self.expected_bytes = int(length)
                self._read(response)
        except Exception as error:  # noqa: BLE001 - handed on in `result`
            self._error = error
        finally:
            self._done.set()

    def _read(self, response: requests.Response) -> None:
        for chunk in response.iter_content(_CHUNK_BYTES):
            if self._given_up:
                return
            self.body.write(chunk)
            self.received_bytes += len(chunk)
            self._last_sign_s = time.monotonic()
