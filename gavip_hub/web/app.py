"""The routes of the service."""

from typing import Any

from tornado.web import Application, RequestHandler

from gavip_hub.web.base import PartsHandler, UnknownPathHandler
from gavip_hub.web.handlers import events, launches, platform, spawner
from gavip_hub.web.pages import PAGES
from gavip_hub.web.parts import Parts

__all__ = ["API_ROUTES", "make_app"]

ONE = r"/launches/([^/]{1,64})"

API_ROUTES: tuple[tuple[str, type[RequestHandler]], ...] = (
    (r"/info", platform.InfoHandler),
    (r"/capacity", platform.CapacityHandler),
    (r"/health", platform.HealthHandler),
    (r"/estimates", launches.EstimatesHandler),
    (r"/launches", launches.LaunchesHandler),
    (ONE, launches.LaunchHandler),
    (ONE + r"/cancel", launches.CancelHandler),
    (ONE + r"/extend", launches.ExtendHandler),
    (ONE + r"/events", events.LaunchEventsHandler),
    (ONE + r"/report", spawner.ReportHandler),
    (ONE + r"/activity", spawner.ActivityHandler),
    (r"/events", events.EventsHandler),
    (r"/claims", spawner.ClaimHandler),
)
"""Paths below ``/api/v1``; a test compares them with ``openapi.yaml``."""


def make_app(parts: Parts, cookie_secret: bytes) -> Application:
    """Return the service's application.

    Parameters
    ----------
    parts
        The use cases behind the handlers.
    cookie_secret
        Signs the browser's OAuth cookie; 32 random bytes, kept over restarts.
    """
    prefix = parts.settings.service.prefix.rstrip("/")
    given: dict[str, Any] = {"parts": parts}
    routes: list[Any] = [
        (f"{prefix}/api/v1{path}", handler, given) for path, handler in API_ROUTES
    ]
    routes += [
        (
            f"{prefix}/{path}",
            handler,
            given if issubclass(handler, PartsHandler) else {},
        )
        for path, handler in PAGES
    ]
    routes.append((r".*", UnknownPathHandler, given))
    return Application(
        routes,
        cookie_secret=cookie_secret,
        # The hub's own check, bound to its session, runs in PartsHandler.prepare.
        xsrf_cookies=False,
        log_function=_log_request,
    )


def _log_request(handler: RequestHandler) -> None:
    """Leave out the access log; what matters is logged where it happens."""
    _ = handler
