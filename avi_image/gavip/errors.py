"""What can go wrong in a cell, in words that name the fault and the mend.

::

    GavipError
    ├── BadArgument            an argument makes no sense (also a ValueError)
    ├── ArchiveError           a TAP archive and its answers
    │   ├── AdqlError          the query is at fault
    │   ├── ArchiveUnavailable the archive does not answer
    │   ├── JobEnded           the archive's job ended without a result
    │   └── QueryTimeout       the time that the caller allowed is over
    └── PlatformError          the launch service of a GAVIP platform
        ├── NoPlatform         this Python does not run inside a platform
        ├── PlatformUnavailable
        └── RequestRefused     the service said no, and why
"""

from __future__ import annotations

import functools
import linecache
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar

__all__ = [
    "AdqlError",
    "ArchiveError",
    "ArchiveUnavailable",
    "BadArgument",
    "GavipError",
    "JobEnded",
    "NoPlatform",
    "PlatformError",
    "PlatformUnavailable",
    "QueryTimeout",
    "RequestRefused",
    "TruncatedResultWarning",
    "plain_errors",
]

_P = ParamSpec("_P")
_R = TypeVar("_R")
_HERE = str(Path(__file__).parent)


class GavipError(Exception):
    """Whatever `gavip` raises on purpose.

    IPython shows it in a few lines: the line of the cell and the message.
    """

    def _render_traceback_(self) -> list[str]:
        """Give IPython the lines to show in place of a full traceback."""
        frame = _last_frame_of_the_caller(self)
        return [*frame, f"{type(self).__name__}: {self}"]


class BadArgument(GavipError, ValueError):
    """An argument makes no sense; nothing was sent anywhere.

    Parameters
    ----------
    field
        Name of the argument.
    message
        What is wrong with it and what would be right.
    """

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field


class ArchiveError(GavipError):
    """An archive gave an answer that is no result.

    Parameters
    ----------
    message
        What happened and what can be done.
    url
        Address of the TAP service.
    """

    def __init__(self, message: str, *, url: str = "") -> None:
        super().__init__(message)
        self.url = url


class AdqlError(ArchiveError):
    """The archive understood the request and found a fault in the ADQL.

    Parameters
    ----------
    message
        The fault, with the place and the nearest names where they are known.
    url
        Address of the TAP service.
    adql
        The query as it was sent.
    service_message
        The archive's own words.
    line, column
        Place of the fault, counted from 1; `None` when the archive gives none.
    unknown
        The name that the archive does not know.
    suggestions
        Names of the archive that look most like it, best first.
    """

    def __init__(
        self,
        message: str,
        *,
        url: str = "",
        adql: str = "",
        service_message: str = "",
        line: int | None = None,
        column: int | None = None,
        unknown: str | None = None,
        suggestions: tuple[str, ...] = (),
    ) -> None:
        super().__init__(message, url=url)
        self.adql = adql
        self.service_message = service_message
        self.line = line
        self.column = column
        self.unknown = unknown
        self.suggestions = suggestions


class ArchiveUnavailable(ArchiveError):
    """The archive does not answer, or what answers is not an archive."""


class JobEnded(ArchiveError):
    """A job of the archive ended without a result."""


class QueryTimeout(ArchiveError):
    """The archive answers, but the query took longer than was allowed."""


class PlatformError(GavipError):
    """The launch service of the platform could not do what was asked."""


class NoPlatform(PlatformError):
    """No session of a GAVIP platform is around this Python."""


class PlatformUnavailable(PlatformError):
    """The launch service does not answer."""


class RequestRefused(PlatformError):
    """The launch service refused, and said why.

    Parameters
    ----------
    message
        The service's words, with the field at fault.
    code
        The service's error code, such as ``queue_full``.
    status
        HTTP status of the answer.
    field
        The field at fault, where one is.
    """

    def __init__(
        self, message: str, *, code: str = "", status: int = 0, field: str | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.field = field


class TruncatedResultWarning(UserWarning):
    """The archive holds more rows than it gave; the result is not complete."""


def plain_errors(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Cut the inside of `gavip` and its libraries out of tracebacks.

    What a person can act on is the own line and the message;
    the frames of the HTTP libraries only hide both.
    """

    @functools.wraps(function)
    def wrapper(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        try:
            return function(*args, **kwargs)
        except GavipError as error:
            short = error.with_traceback(None)
        raise short from None

    return wrapper


def _last_frame_of_the_caller(error: BaseException) -> list[str]:
    """Return the place in the user's own code that led to `error`, as lines."""
    own = [
        (frame.f_code.co_filename, number)
        for frame, number in traceback.walk_tb(error.__traceback__)
        if not frame.f_code.co_filename.startswith(_HERE)
        and "IPython" not in frame.f_code.co_filename
    ]
    if not own:
        return []
    filename, number = own[-1]
    line = linecache.getline(filename, number).strip()
    in_cell = "ipykernel" in filename or filename.startswith("<")
    place = "" if in_cell else f"{Path(filename).name}, "
    return [f"{place}line {number}: {line}"]
