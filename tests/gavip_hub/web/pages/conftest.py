"""A site with its pages, and somebody who looks at them."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.support.portal import World, opened_world
from tests.support.site import Guest, Site, opened_site


@pytest_asyncio.fixture
async def world() -> AsyncIterator[World]:
    """Give a portal on a fake engine with 4 cores and 8 GB."""
    async with opened_world() as world:
        yield world


@pytest_asyncio.fixture
async def site(world: World) -> AsyncIterator[Site]:
    """Serve its pages."""
    async with opened_site(world) as site:
        yield site


@pytest.fixture
def guest(site: Site) -> Guest:
    """Give somebody who is not signed in yet; the hub says that it is ada."""
    return Guest(site)
