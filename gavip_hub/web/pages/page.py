"""The ground of all pages: who looks, one dress, and errors that are pages too."""

from http import HTTPStatus
from typing import Any, ClassVar
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from typing_extensions import override

from gavip_hub.web.base import PartsHandler
from gavip_hub.web.callers import NotSignedIn
from gavip_hub.web.pages.static import SHARE

__all__ = ["Dressed", "PageHandler"]

TEMPLATES = Environment(
    loader=FileSystemLoader(SHARE / "templates" / "service"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


class Dressed(PartsHandler):
    """A handler that answers with pages, also when something is wrong."""

    initialize_with_parts = True
    framed_by: ClassVar[str] = "'none'"
    """Who may show the page in a frame, as a CSP source."""

    @override
    def set_default_headers(self) -> None:
        super().set_default_headers()
        self.set_header("Content-Type", "text/html; charset=utf-8")

    def show(self, template: str, **words: Any) -> None:
        """Send a page."""
        host = self.parts.auth.hub_host
        source = f"'self' {host}".strip()
        self.set_header(
            "Content-Security-Policy",
            f"default-src {source}; img-src {source} data:; object-src 'none'; "
            f"base-uri 'none'; form-action 'self'; frame-ancestors {self.framed_by}",
        )
        self.finish(
            TEMPLATES.get_template(template).render(
                hub=self.hub_url,
                service=self.parts.settings.service.prefix,
                user=self._caller.name if self._caller else None,
                **words,
            )
        )

    @property
    def hub_url(self) -> str:
        """Where the hub's own pages begin, with a slash at the end."""
        return self.parts.auth.hub_host + self.parts.settings.service.hub_prefix

    def page_of(self, launch_id: str) -> str:
        """Return the path of a launch's page."""
        return f"{self.parts.settings.service.prefix}launches/{quote(launch_id)}"

    @override
    def write_error(self, status_code: int, **kwargs: Any) -> None:
        problem = self.problem(status_code, kwargs.get("exc_info"))
        self.set_status(problem.status)
        self.show("error.html", problem=problem)


class PageHandler(Dressed):
    """A page for somebody who is signed in; others are taken through the hub."""

    @override
    async def prepare(self) -> None:
        await super().prepare()
        if self._caller is not None:
            return
        mode = self.request.headers.get("Sec-Fetch-Mode", "navigate")
        if self.request.method != "GET" or mode != "navigate":
            raise NotSignedIn(
                "Your sign-in has ended. Open the page again to sign in; nothing that "
                "waits or runs is lost."
            )
        self.redirect(self.get_login_url(), status=HTTPStatus.FOUND)

    @override
    def check_xsrf_cookie(self) -> None:
        """Check as the hub does, once somebody is known."""
        if self._caller is not None:
            super().check_xsrf_cookie()
