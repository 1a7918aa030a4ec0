"""A real TAP service with real Gaia stars."""

from dataclasses import dataclass

import pytest

from tests.support.requirement import provided

__all__ = ["TapService", "tap_service"]


@dataclass(frozen=True, slots=True)
class TapService:
    """Where the service answers; its table is ``gaiadr3.gaia_source_lite``."""

    url: str
    """Address on this machine."""

    container_url: str
    """Address inside containers of the tests' Docker engine."""


@pytest.fixture(scope="session")
def tap_service() -> TapService:
    """Return a DaCHS service with the 482,106 Gaia DR3 sources of G < 10 mag."""
    addresses = provided("dachs")
    return TapService(
        url=addresses["TAP_URL"], container_url=addresses["CONTAINER_TAP_URL"]
    )
