"""Stylesheets, scripts and the mark, for anybody."""

from pathlib import Path

from tornado.web import StaticFileHandler
from typing_extensions import override

import gavip_hub

__all__ = ["SHARE", "StaticHandler"]

SHARE = Path(gavip_hub.__file__).parent / "share"
"""Folder of the templates and static files."""


class StaticHandler(StaticFileHandler):
    """``GET /static/…``; public, since the sign-in page wears the same dress."""

    @override
    def initialize(self) -> None:  # type: ignore[override]
        super().initialize(str(SHARE / "static"))

    @override
    def set_default_headers(self) -> None:
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Cache-Control", "public, max-age=300")
        self.set_header("Server", "gavip")
