"""The real Docker engine of the tests."""

import pytest

from tests.support.requirement import provided

__all__ = ["docker_engine"]


@pytest.fixture(scope="session")
def docker_engine() -> str:
    """Return the address of a Docker engine, as DOCKER_HOST takes it.

    The engine may be the developer's own: a test removes what it made, by its label.
    It holds the image ``debian:bookworm-slim``.
    """
    return provided("docker")["DOCKER_HOST"]
