"""Judge an HTTP answer before anything parses it as a table."""

from __future__ import annotations

import html
import re
from typing import IO
from xml.etree import ElementTree as ET

import requests

from gavip.errors import ArchiveError, ArchiveUnavailable
from gavip.tap.addresses import public_address

__all__ = ["ServiceFault", "refuse_bad_answer"]

_HEAD_BYTES = 1 << 20
_MESSAGE_CHARACTERS = 1000


class ServiceFault(ArchiveError):
    """The archive answered a request with an error message.

    Parameters
    ----------
    said
        The archive's words.
    status
        HTTP status of the answer.
    url
        Address of the TAP service.
    """

    def __init__(self, said: str, *, status: int, url: str) -> None:
        code = "" if status == requests.codes.ok else f" (HTTP {status})"
        super().__init__(
            f"The archive at {public_address(url)} refuses{code}: {said}", url=url
        )
        self.said = said
        self.status = status


def refuse_bad_answer(response: requests.Response, body: IO[bytes], url: str) -> None:
    """Let pass what can be read on; leave `body` at its start.

    Parameters
    ----------
    response
        The answer, for its status and headers.
    body
        The answer's bytes.
    url
        Address of the TAP service.

    Raises
    ------
    ArchiveUnavailable
        Raised if the answer is a server's failure or a web page.
    ServiceFault
        Raised if the answer says what was wrong with the request.
    """
    head = body.read(_HEAD_BYTES)
    body.seek(0)
    status = response.status_code
    name = f"The archive at {public_address(url)}"
    page = _is_web_page(response, head)
    if status < requests.codes.bad_request:
        if page and status == requests.codes.ok:
            raise ArchiveUnavailable(
                f"{name} answered with a web page{_title(head)} where a table was "
                "due: a sign-in page, a notice of maintenance, or not the address of "
                "a TAP service.",
                url=url,
            )
        return
    message = "" if page else _error_message(head)
    if status == requests.codes.too_many_requests:
        raise ArchiveUnavailable(f"{name} asks to send fewer requests.", url=url)
    if status == requests.codes.service_unavailable or (
        status >= requests.codes.server_error and not message
    ):
        said = f" It says: {message}" if message else _title(head)
        raise ArchiveUnavailable(
            f"{name} is out of order (HTTP {status}).{said}", url=url
        )
    raise ServiceFault(
        message or f"{response.reason}.{_title(head)}",
        status=status,
        url=url,
    )


def _is_web_page(response: requests.Response, head: bytes) -> bool:
    start = head[:1000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return True
    kind = response.headers.get("Content-Type", "").lower()
    return kind.startswith("text/html") and b"<votable" not in start


def _title(head: bytes) -> str:
    found = re.search(rb"(?is)<title[^>]*>(.{1,200}?)</title", head)
    if not found:
        return ""
    text = html.unescape(found[1].decode("utf-8", "replace"))
    return f" “{' '.join(text.split())}”"


def _error_message(head: bytes) -> str:
    """Return the words of a DALI error document, or of a plain text answer."""
    try:
        root = ET.fromstring(head)  # noqa: S314 - one bounded answer, expat is guarded
    except ET.ParseError:
        text = head[: 4 * _MESSAGE_CHARACTERS].decode("utf-8", "replace")
        return "" if text.lstrip().startswith("<") else _shorten(text)
    for element in root.iter():
        is_info = element.tag.rpartition("}")[2] == "INFO"
        if is_info and element.get("name", "").upper() == "QUERY_STATUS":
            return _shorten("".join(element.itertext()))
    return ""


def _shorten(text: str) -> str:
    return " ".join(text.split())[:_MESSAGE_CHARACTERS]
