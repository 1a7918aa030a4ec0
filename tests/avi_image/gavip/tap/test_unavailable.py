"""Archives that are down, deaf, broken, or no archives at all."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator

import pytest
import pyvo.dal  # noqa: F401 - slow to load, and no part of what is timed here

import gavip
from tests.support.scripted_server import (
    Answer,
    Asked,
    deaf_server,
    free_port,
    scripted_server,
)

ADQL = "SELECT TOP 5 source_id FROM gaiadr3.gaia_source"
CAPABILITIES = (
    '<cap:capabilities xmlns:cap="http://www.ivoa.net/xml/VOSICapabilities/v1.0"/>'
)
ERROR_DOCUMENT = (
    '<VOTABLE version="1.3"><RESOURCE type="results">'
    '<INFO name="QUERY_STATUS" value="ERROR">{}</INFO></RESOURCE></VOTABLE>'
)

# The promise is an error within ten seconds; a test that takes longer is red.
pytestmark = pytest.mark.timeout(10)


def refuse(url: str, mode: str = "auto") -> str:
    """Return the message with which an archive is reported as unavailable."""
    with pytest.raises(gavip.ArchiveUnavailable) as caught:
        gavip.tap.query(ADQL, url=url, mode=mode, progress=False)
    return str(caught.value)


@pytest.fixture
def release() -> Iterator[threading.Event]:
    """Let the requests go that a server holds, when the test is over."""
    event = threading.Event()
    yield event
    event.set()


def test_deaf_archive() -> None:
    """A server that accepts and never answers is reported in time."""
    with deaf_server() as url:
        message = refuse(f"{url}/tap")
    assert "does not answer" in message
    assert url in message


def test_archive_that_falls_silent_during_a_query(release: threading.Event) -> None:
    """A query is not waited for when the archive stops answering on all lines."""

    def answer(asked: Asked) -> Answer:
        if asked.path.endswith("/capabilities"):
            return Answer(CAPABILITIES)
        release.wait(60)
        return Answer()

    with scripted_server(answer) as url:
        assert "does not answer" in refuse(f"{url}/tap", mode="sync")


def test_answer_that_stalls_halfway(
    release: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer that stops in its middle is given up when the archive is gone."""
    monkeypatch.setattr("gavip.tap.session._QUIET_S", 0.5)
    monkeypatch.setattr("gavip.tap.session._PROBE_WITHIN_S", 0.5)

    def answer(asked: Asked) -> Answer:
        if asked.path.endswith("/capabilities"):
            return Answer(CAPABILITIES)
        if asked.path.endswith("/availability"):
            release.wait(60)
        return Answer("<VOTABLE", announced_bytes=1000, hold=release)

    with scripted_server(answer) as url:
        assert "does not answer" in refuse(f"{url}/tap", mode="sync")


def test_slow_query_at_a_living_archive_is_only_slow(
    release: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the archive answers otherwise, a query may take its allowed time."""
    monkeypatch.setattr("gavip.tap.session._QUIET_S", 0.2)
    monkeypatch.setattr("gavip.tap.session._PROBE_EVERY_S", 0.3)
    probes: list[str] = []

    def answer(asked: Asked) -> Answer:
        if asked.path.endswith("/capabilities"):
            return Answer(CAPABILITIES)
        if asked.path.endswith("/availability"):
            probes.append(asked.path)
            return Answer("<availability/>")
        release.wait(60)
        return Answer()

    with scripted_server(answer) as url, pytest.raises(gavip.QueryTimeout):
        gavip.tap.query(ADQL, url=f"{url}/tap", mode="sync", timeout=1.5)
    assert probes


def test_endless_trickle_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that sends a byte now and then does not hold a request for ever."""
    monkeypatch.setattr("gavip.tap.session._ANSWER_WITHIN_S", 1.0)
    stop = threading.Event()

    def trickle(listening: socket.socket) -> None:
        connection, _ = listening.accept()
        with connection:
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n")
            while not stop.wait(0.1):
                try:
                    connection.sendall(b"<")
                except OSError:
                    return

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=trickle, args=(listening,), daemon=True)
        thread.start()
        address = f"http://127.0.0.1:{listening.getsockname()[1]}/tap"
        assert "does not answer" in refuse(address)
        stop.set()
        thread.join(5)


def test_closed_port() -> None:
    """A port where nothing listens is reported as such, at once."""
    assert "no server listens" in refuse(f"http://127.0.0.1:{free_port()}/tap")


def test_unknown_host() -> None:
    """A host name that does not exist is reported as such."""
    assert "cannot be found" in refuse("http://no-such-archive.invalid/tap")


def test_name_look_up_that_hangs(
    release: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name server that does not answer counts as an archive that does not."""

    def hang(*_arguments: object, **_options: object) -> list[object]:
        release.wait(60)
        raise OSError

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    assert "does not answer" in refuse("http://archive.invalid/tap")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer("busy", status=503, kind="text/plain"), r"HTTP 503.*busy"),
        (Answer("<html><title>Oops", status=500, kind="text/html"), "HTTP 500"),
        (
            Answer("<!DOCTYPE html><title>Sign in</title>", kind="text/html"),
            "web page “Sign in”",
        ),
        (Answer("slow down", status=429, kind="text/plain"), "fewer requests"),
        (Answer("<a/>", announced_bytes=99), "broke off"),
        (Answer("no xml at all"), "no table"),
        (Answer(b""), "no table"),
    ],
    ids=["503", "500", "page", "429", "cut", "garbage", "empty"],
)
def test_what_answers_is_no_archive(answer: Answer, words: str) -> None:
    """Failures of the server, web pages and garbage are reported in words."""
    with scripted_server(lambda _asked: answer) as url:
        message = refuse(f"{url}/tap")
    assert re.search(words, message), message


@pytest.mark.parametrize("status", [200, 400, 500])
def test_error_document_is_read_whatever_its_status(status: int) -> None:
    """An archive's message about the query is shown, whatever the HTTP status."""
    document = ERROR_DOCUMENT.format('Unknown column "rra" ! [l.1 c.8 - l.1 c.11]')

    def answer(asked: Asked) -> Answer:
        if asked.path.endswith("/capabilities"):
            return Answer("nothing here", status=404, kind="text/plain")
        return Answer(document, status=status)

    with scripted_server(answer) as url, pytest.raises(gavip.AdqlError) as caught:
        gavip.tap.query("SELECT rra FROM t", url=f"{url}/tap", mode="sync")
    assert caught.value.unknown == "rra"
    assert caught.value.column == 8


def test_wrong_address_is_no_fault_of_the_query() -> None:
    """A server without TAP says that the address is wrong, not the query."""
    nowhere = Answer("nothing here", status=404, kind="text/plain")
    with scripted_server(lambda _asked: nowhere) as url:
        with pytest.raises(gavip.ArchiveError) as caught:
            gavip.tap.query(ADQL, url=f"{url}/tap")
        assert not isinstance(caught.value, gavip.AdqlError)
        assert "404" in str(caught.value)


def test_password_in_an_address_is_never_shown() -> None:
    """A name and password in the address stay out of messages."""
    message = refuse(f"http://me:secret@127.0.0.1:{free_port()}/tap")
    assert "secret" not in message
