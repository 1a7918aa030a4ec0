"""The service's pages in front of a portal, with as much of a hub as they need.

The OAuth dance, its cookies and the XSRF tokens are the real ones; only who signs in
is told by the test.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jupyterhub._data import DATA_FILES_PATH
from jupyterhub.services.auth import HubOAuth
from tornado.httpclient import AsyncHTTPClient, HTTPRequest, HTTPResponse
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import RequestHandler, StaticFileHandler

from gavip_hub.factory import Factory
from gavip_hub.web.callers import ADMIN, WRITE
from tests.support.portal import World

__all__ = ["Guest", "Site", "opened_site"]

PREFIX = "/services/gavip/"

SESSION_PAGE = "<!DOCTYPE html><title>JupyterLab</title><h1>The server</h1>"


@dataclass
class Site:
    """A running service."""

    world: World
    port: int = 0
    who: str = "ada"
    """Who signs in when the hub is asked."""
    operators: set[str] = field(default_factory=set)
    _server: HTTPServer | None = None

    @property
    def url(self) -> str:
        """Where the pages are."""
        return f"http://127.0.0.1:{self.port}{PREFIX}"

    def open(self) -> None:
        """Listen, on the same port each time."""
        sockets = bind_sockets(self.port, "127.0.0.1")
        self.port = sockets[0].getsockname()[1]
        host = f"http://127.0.0.1:{self.port}"
        auth = HubOAuth(
            api_token="the-service",
            api_url=f"{host}/hub/api",
            base_url=PREFIX,
            cache_max_age=1,
            hub_prefix="/hub/",
            oauth_client_id="service-gavip",
            oauth_redirect_uri=f"{PREFIX}oauth_callback",
        )
        application = Factory(self.world.settings).application(
            self.world.portal, auth, "the-service"
        )
        given = {"site": self}
        application.add_handlers(
            r".*",
            [
                (r"/hub/api/oauth2/authorize", _Authorize, given),
                (r"/hub/api/oauth2/token", _Token),
                (r"/hub/api/user", _User, given),
                (r"/hub/static/(.*)", StaticFileHandler, {"path": _hub_static()}),
                (r"/user/.*", _Session),
            ],
        )
        self._server = HTTPServer(application)
        self._server.add_sockets(sockets)

    async def close(self) -> None:
        """Let go of the port and cut everybody off, as a service that ends does."""
        assert self._server is not None
        self._server.stop()
        self.world.portal.watch.close()
        await self._server.close_all_connections()
        await asyncio.sleep(0)


class Guest:
    """A browser without scripts: cookies, forms and redirects.

    Parameters
    ----------
    site
        What it visits.
    """

    def __init__(self, site: Site) -> None:
        self.site = site
        self.cookies: dict[str, str] = {}

    async def get(self, path: str = "", *, follow: int = 6, **headers: str) -> Any:
        """Open a page below the prefix, and go where it leads."""
        return await self._ask("GET", PREFIX + path, None, follow, headers)

    async def post(self, path: str, **words: str) -> HTTPResponse:
        """Send a form; where it leads is not followed."""
        return await self._ask("POST", PREFIX + path, urlencode(words), 0, {})

    async def send(self, page: HTTPResponse, path: str, **words: str) -> HTTPResponse:
        """Send a form of a page, with the XSRF token that the page carries."""
        found = re.search(r'name="_xsrf" value="([^"]+)"', page.body.decode())
        assert found is not None, "the page has no form"
        return await self.post(path, _xsrf=found[1], **words)

    async def _ask(
        self,
        method: str,
        path: str,
        body: str | None,
        follow: int,
        headers: dict[str, str],
    ) -> HTTPResponse:
        response = await AsyncHTTPClient().fetch(
            HTTPRequest(
                f"http://127.0.0.1:{self.site.port}{path}",
                method=method,
                body=body,
                follow_redirects=False,
                headers={
                    "Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items()),
                    **{k.replace("_", "-"): v for k, v in headers.items()},
                },
            ),
            raise_error=False,
        )
        for line in response.headers.get_list("Set-Cookie"):
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value
        to = response.headers.get("Location", "")
        if follow and to.startswith("/"):
            return await self._ask("GET", to, None, follow - 1, {})
        return response


class _Authorize(RequestHandler):
    def initialize(self, site: Site) -> None:
        self.site = site

    def get(self) -> None:
        query = {"code": self.site.who, "state": self.get_argument("state")}
        self.redirect(f"{self.get_argument('redirect_uri')}?{urlencode(query)}")


class _Token(RequestHandler):
    def check_xsrf_cookie(self) -> None:
        """Services have no cookies."""

    def post(self) -> None:
        self.finish({"access_token": self.get_argument("code")})


class _User(RequestHandler):
    def initialize(self, site: Site) -> None:
        self.site = site

    def get(self) -> None:
        name = self.request.headers["Authorization"].split()[-1]
        scopes = [f"{WRITE}!user={name}"]
        if name in self.site.operators:
            scopes.append(ADMIN)
        self.finish({"name": name, "kind": "user", "groups": [], "scopes": scopes})


class _Session(RequestHandler):
    def get(self) -> None:
        self.finish(SESSION_PAGE)


def _hub_static() -> str:
    return str(Path(DATA_FILES_PATH) / "static")


@asynccontextmanager
async def opened_site(world: World) -> AsyncIterator[Site]:
    """Serve a world's pages."""
    site = Site(world)
    site.open()
    try:
        yield site
    finally:
        await site.close()
