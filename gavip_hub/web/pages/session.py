"""Signing in to the service, behind the hub's own sign-in."""

from typing import ClassVar

from jupyterhub.services.auth import HubOAuthCallbackHandler
from typing_extensions import override

from gavip_hub.web.pages.page import Dressed, PageHandler

__all__ = ["CallbackHandler", "SessionHandler"]


class SessionHandler(PageHandler):
    """``GET /session``: an empty page that carries the XSRF token.

    Notes
    -----
    The hub's spawn form loads it in a frame: a navigation passes the hub's OAuth
    redirects, which a script's request may not. Only pages of the same origin may
    frame it or read it.
    """

    framed_by: ClassVar[str] = "'self'"

    async def get(self) -> None:
        """Answer with the token."""
        self.show("session.html", xsrf=self.xsrf_token.decode())


class CallbackHandler(Dressed, HubOAuthCallbackHandler):
    """``GET /oauth_callback``: the hub's word on who signed in."""

    @override
    async def prepare(self) -> None:
        """Ask nobody: who it is comes with the request itself."""
