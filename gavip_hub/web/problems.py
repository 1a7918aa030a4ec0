"""Errors as HTTP problem documents (RFC 9457); the only place that knows both."""

from http import HTTPStatus

from gavip_hub.api.models import Problem
from gavip_hub.domain.errors import (
    BackendFault,
    ExtensionRefused,
    GavipError,
    IdempotencyConflict,
    IllegalTransition,
    InvalidField,
    NeverFits,
    NotAllowed,
    QueueFull,
    QuotaExceeded,
    RequestRejected,
    ServerBusy,
    StoreConflict,
    StoreFault,
    TooManyStreams,
    UnknownLaunch,
)
from gavip_hub.web.callers import NotSignedIn

__all__ = ["problem_of", "status_of"]

STATUS: tuple[tuple[type[GavipError], HTTPStatus], ...] = (
    (InvalidField, HTTPStatus.UNPROCESSABLE_ENTITY),
    (NeverFits, HTTPStatus.UNPROCESSABLE_ENTITY),
    (QuotaExceeded, HTTPStatus.FORBIDDEN),
    (QueueFull, HTTPStatus.TOO_MANY_REQUESTS),
    (TooManyStreams, HTTPStatus.TOO_MANY_REQUESTS),
    (UnknownLaunch, HTTPStatus.NOT_FOUND),
    (NotSignedIn, HTTPStatus.UNAUTHORIZED),
    (NotAllowed, HTTPStatus.FORBIDDEN),
    (IllegalTransition, HTTPStatus.CONFLICT),
    (ExtensionRefused, HTTPStatus.CONFLICT),
    (IdempotencyConflict, HTTPStatus.CONFLICT),
    (ServerBusy, HTTPStatus.CONFLICT),
    (StoreConflict, HTTPStatus.CONFLICT),
    (RequestRejected, HTTPStatus.BAD_REQUEST),
    (StoreFault, HTTPStatus.SERVICE_UNAVAILABLE),
    (BackendFault, HTTPStatus.SERVICE_UNAVAILABLE),
)
"""The first row that matches holds."""


def status_of(error: GavipError) -> HTTPStatus:
    """Return the HTTP status that an error means."""
    for kind, status in STATUS:
        if isinstance(error, kind):
            return status
    return HTTPStatus.INTERNAL_SERVER_ERROR


def problem_of(error: GavipError) -> Problem:
    """Return the published form of an error."""
    return Problem(
        type="about:blank",
        title=error.title,
        status=status_of(error),
        detail=error.message,
        code=error.code,
        field=error.field,
    )
