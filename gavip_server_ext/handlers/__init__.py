"""The routes below ``/gavip`` of a user's server: one noun a file."""

from typing import Any

from gavip_server_ext.handlers.launches import (
    CancelHandler,
    ExtendHandler,
    LaunchesHandler,
    LaunchHandler,
)
from gavip_server_ext.handlers.platform import (
    CapacityHandler,
    EstimatesHandler,
    InfoHandler,
    StatusHandler,
)

__all__ = ["ROUTES"]

_ID = "([0-9a-f]{16})"

ROUTES: list[tuple[str, type[Any]]] = [
    ("/gavip/status", StatusHandler),
    ("/gavip/info", InfoHandler),
    ("/gavip/capacity", CapacityHandler),
    ("/gavip/estimates", EstimatesHandler),
    ("/gavip/launches", LaunchesHandler),
    (f"/gavip/launches/{_ID}", LaunchHandler),
    (f"/gavip/launches/{_ID}/cancel", CancelHandler),
    (f"/gavip/launches/{_ID}/extend", ExtendHandler),
]
"""Every route, as the extension adds it."""
