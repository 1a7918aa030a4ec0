"""Wait for a server's port."""

import asyncio
import time
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

__all__ = ["until_it_listens"]

EVERY_S = 0.05
"""Pause between two looks at the port [s]."""


async def until_it_listens(where: Any, patience_s: float) -> None:
    """Wait until a server accepts connections, or for as long as is given.

    Parameters
    ----------
    where
        Its URL, or its host and port.
    patience_s
        How long [s]; after that it returns as well.

    Notes
    -----
    The hub asks with pauses that grow to seconds, which a person would wait for
    nothing. It still asks: what does not listen in time is its to judge.
    """
    url = urlsplit(where) if isinstance(where, str) else None
    host, port = (url.hostname, url.port) if url else where
    until = time.monotonic() + patience_s
    while time.monotonic() < until:
        with suppress(OSError):
            _, writer = await asyncio.open_connection(host, port)
            writer.close()
            return
        await asyncio.sleep(EVERY_S)
