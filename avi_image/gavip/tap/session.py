"""The HTTP session that `pyvo` is given: it never hangs and speaks plainly.

Every answer is read to its end under a clock before `pyvo` sees it, so that each
way in which a network can fail is met here, once.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import requests
import urllib3
from typing_extensions import override

from gavip.errors import ArchiveUnavailable, QueryTimeout
from gavip.exchange import CONNECT_TIMEOUT_S, Exchange
from gavip.progress import Progress
from gavip.tap.addresses import public_address
from gavip.tap.answers import refuse_bad_answer

__all__ = ["ArchiveSession", "Patience"]

_ANSWER_WITHIN_S = 7.0
_QUIET_S = 3.5
_PROBE_WITHIN_S = 3.5
_PROBE_EVERY_S = 10.0
_TICK_S = 0.1
_SMALL_ANSWER_BYTES = 64 << 20


@dataclass(frozen=True)
class Patience:
    """How long to wait for an answer that may rightly take its time."""

    timeout_s: float
    """Longest time for the whole answer [s]."""

    progress: Progress
    """Where to report the bytes that came."""

    doing: str
    """What is waited for, in words."""


class ArchiveSession(requests.Session):
    """A session for one archive.

    An ordinary request (a job's phase, a list of tables) must be answered within
    seconds. Inside `patient` an answer may take long, as long as the archive
    shows on another connection that it is alive.

    Parameters
    ----------
    base_url
        Address of the TAP service.
    """

    def __init__(self, base_url: str) -> None:
        super().__init__()
        self._base_url = base_url
        self._patience: Patience | None = None
        self.headers["User-Agent"] = "gavip (IVOA-science)"

    @contextlib.contextmanager
    def patient(self, patience: Patience) -> Iterator[None]:
        """Allow long answers to the requests made inside.

        Parameters
        ----------
        patience
            How long, and where to report.
        """
        self._patience = patience
        try:
            yield
        finally:
            self._patience = None

    @override
    def request(  # type: ignore[override]  # narrower than requests' own
        self, method: str, url: str, **options: Any
    ) -> requests.Response:
        """Make a request and read the whole answer.

        Raises
        ------
        ArchiveUnavailable
            Raised if no archive answers in time.
        QueryTimeout
            Raised if the archive is alive and the allowed time is over.
        ArchiveError
            Raised if the answer says that the request failed.
        """
        patience = self._patience
        allowed_s = patience.timeout_s if patience else _ANSWER_WITHIN_S
        # The clocks below speak first; this one only ends a thread given up.
        options["timeout"] = (CONNECT_TIMEOUT_S, allowed_s + _QUIET_S)
        options["stream"] = True
        send = super().request
        exchange = Exchange(lambda: send(method, url, **options))
        try:
            if patience is None:
                self._wait_briefly(exchange)
            else:
                self._wait_patiently(exchange, patience)
            response = exchange.result()
            refuse_bad_answer(response, exchange.body, self._base_url)
        except requests.RequestException as error:
            exchange.give_up()
            raise ArchiveUnavailable(
                f"{self._name()} {_reason(error)}.", url=self._base_url
            ) from None
        except BaseException:
            exchange.give_up()
            raise
        # pyvo reads `raw`; what it gets is already here and decoded.
        response.raw = urllib3.HTTPResponse(body=exchange.body, preload_content=False)
        return response

    def _wait_briefly(self, exchange: Exchange) -> None:
        deadline_s = time.monotonic() + _ANSWER_WITHIN_S
        while not exchange.wait(_TICK_S):
            if exchange.received_bytes > _SMALL_ANSWER_BYTES:
                raise ArchiveUnavailable(
                    f"{self._name()} sends an endless answer.", url=self._base_url
                )
            if time.monotonic() > deadline_s:
                raise self._silent()

    def _wait_patiently(self, exchange: Exchange, patience: Patience) -> None:
        began_s = time.monotonic()
        probed_s = began_s + _QUIET_S - _PROBE_EVERY_S
        while not exchange.wait(_TICK_S):
            now_s = time.monotonic()
            if now_s - began_s > patience.timeout_s:
                raise QueryTimeout(
                    f"{patience.doing} took longer than the allowed "
                    f"{patience.timeout_s:g} s.",
                    url=self._base_url,
                )
            if exchange.silence_s > _QUIET_S and now_s - probed_s > _PROBE_EVERY_S:
                self._probe()
                probed_s = time.monotonic()
            _report(exchange, patience, now_s - began_s)

    def _probe(self) -> None:
        """Ask on a second connection whether the archive is alive at all."""
        address = f"{self._base_url}/availability"
        timeout = (_PROBE_WITHIN_S, _PROBE_WITHIN_S)
        probe = Exchange(lambda: requests.get(address, timeout=timeout, stream=True))
        try:
            if not probe.wait(_PROBE_WITHIN_S):
                raise self._silent()
            alive = probe.result().status_code < requests.codes.server_error
        except requests.RequestException:
            alive = False
        finally:
            probe.give_up()
        if not alive:
            raise self._silent()

    def _silent(self) -> ArchiveUnavailable:
        return ArchiveUnavailable(
            f"{self._name()} does not answer. It may be down or overloaded, or this "
            "session may have no way to it. Nothing is wrong with the query; try "
            "again later, or name another service with "
            'gavip.tap.configure(url="https://…/tap").',
            url=self._base_url,
        )

    def _name(self) -> str:
        return f"The archive at {public_address(self._base_url)}"


def _report(exchange: Exchange, patience: Patience, passed_s: float) -> None:
    if not exchange.received_bytes:
        patience.progress.update(f"{patience.doing}, {passed_s:.0f} s")
        return
    expected = exchange.expected_bytes
    patience.progress.update(
        f"{patience.doing}, {exchange.received_bytes / 1e6:.1f} MB",
        exchange.received_bytes / expected if expected else None,
    )


def _reason(error: requests.RequestException) -> str:
    """Say in words why a request got no answer."""
    text = str(error)
    for meant, words in (
        (isinstance(error, requests.exceptions.SSLError), _UNTRUSTED),
        (isinstance(error, requests.exceptions.ProxyError), _NO_PROXY),
        (isinstance(error, requests.exceptions.Timeout), "does not answer"),
        ("NameResolution" in text or "getaddrinfo" in text, _NO_NAME),
        ("refused" in text, "refuses connections: no server listens there"),
        (isinstance(error, requests.exceptions.ChunkedEncodingError), _BROKE_OFF),
        ("aborted" in text, _BROKE_OFF),
    ):
        if meant:
            return words
    return f"cannot be reached ({type(error).__name__})"


_BROKE_OFF = "broke off in the middle of its answer"
_NO_NAME = "cannot be found: its name is unknown here, or there is no network"
_NO_PROXY = "cannot be reached through the configured proxy"
_UNTRUSTED = (
    "shows a certificate that this Python does not trust; a site with its own "
    "authority sets REQUESTS_CA_BUNDLE"
)
