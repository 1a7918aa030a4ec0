"""A world with its API open."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.support.api import Api, served
from tests.support.portal import World, opened_world


@pytest_asyncio.fixture
async def world() -> AsyncIterator[World]:
    """Give a portal on an in-memory database, a fake engine and a fake hub."""
    async with opened_world() as made:
        yield made


@pytest_asyncio.fixture
async def api(world: World) -> AsyncIterator[Api]:
    """Give the API of the world."""
    async with served(world) as made:
        yield made
