"""The service's pages for people, each with the route below the service's prefix."""

from typing import Any

from gavip_hub.web.pages.acts import CancelPageHandler, ExtendPageHandler
from gavip_hub.web.pages.launches import LaunchPageHandler, MyLaunchesHandler
from gavip_hub.web.pages.session import CallbackHandler, SessionHandler
from gavip_hub.web.pages.static import StaticHandler

__all__ = ["PAGES"]

ONE = r"launches/([^/]{1,64})"

PAGES: tuple[tuple[str, Any], ...] = (
    (r"", MyLaunchesHandler),
    (ONE, LaunchPageHandler),
    (ONE + r"/cancel", CancelPageHandler),
    (ONE + r"/extend", ExtendPageHandler),
    (r"session", SessionHandler),
    (r"oauth_callback", CallbackHandler),
    (r"static/(.*)", StaticHandler),
)
"""Paths relative to the prefix; handlers with ``initialize_with_parts`` take parts."""
