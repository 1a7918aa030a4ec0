"""Which TAP service is meant, and its address in a form fit to show."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

from gavip.errors import BadArgument

__all__ = ["ESA_GAIA_ARCHIVE", "ServiceChoice", "public_address"]

ESA_GAIA_ARCHIVE = "https://gea.esac.esa.int/tap-server/tap"
"""ESA's own archive of the Gaia mission."""


class ServiceChoice:
    """The service that queries go to when they name none.

    An argument wins over `set`, that over the environment variable
    ``GAVIP_TAP_URL``, that over ESA's archive.
    """

    def __init__(self) -> None:
        self._chosen: str | None = None

    def set(self, url: str | None) -> None:
        """Choose a service for this Python; `None` takes the choice back.

        Parameters
        ----------
        url
            Address of a TAP service.

        Raises
        ------
        BadArgument
            Raised if `url` is not an http or https address.
        """
        self._chosen = None if url is None else _checked(url, "url")

    def resolve(self, url: str | None = None) -> str:
        """Return the address of the service to ask.

        Parameters
        ----------
        url
            Address given with the call, if one is.

        Raises
        ------
        BadArgument
            Raised if the address is not an http or https address.
        """
        if url is not None:
            return _checked(url, "url")
        if self._chosen is not None:
            return self._chosen
        from_environment = os.environ.get("GAVIP_TAP_URL", "").strip()
        if from_environment:
            return _checked(from_environment, "GAVIP_TAP_URL")
        return ESA_GAIA_ARCHIVE


def public_address(url: str) -> str:
    """Return `url` without the name and password that it may hold.

    Parameters
    ----------
    url
        Any address.
    """
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def _checked(url: str, field: str) -> str:
    address = url.strip().rstrip("/?")
    for ending in ("/sync", "/async"):
        address = address.removesuffix(ending)
    try:
        parts = urlsplit(address)
        fine = parts.scheme in {"http", "https"} and bool(parts.hostname)
        fine = fine and (parts.port is None or parts.port > 0)
    except ValueError:
        fine = False
    if not fine:
        raise BadArgument(
            field,
            f"{url!r} is not the address of a TAP service; one looks like "
            f"{ESA_GAIA_ARCHIVE}.",
        )
    return address
