"""The same store on every database that it promises to run on."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from gavip_hub.store import SqlLaunchStore
from tests.support.submissions import NOW

MINUTE = timedelta(minutes=1)


@pytest.fixture(params=["sqlite-memory", "sqlite-file", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the address of an empty database, of each kind in turn."""
    if request.param == "sqlite-memory":
        return "sqlite://"
    if request.param == "sqlite-file":
        return f"sqlite:///{tmp_path}/launches.db"
    address: str = request.getfixturevalue("postgres").new_database()
    return address


@pytest.fixture(params=["sqlite-file", "postgresql"])
def shared_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the address of an empty database that several processes can open."""
    if request.param == "sqlite-file":
        return f"sqlite:///{tmp_path}/launches.db"
    address: str = request.getfixturevalue("postgres").new_database()
    return address


@pytest_asyncio.fixture
async def store(url: str) -> AsyncIterator[SqlLaunchStore]:
    """Open a store that may write."""
    opened = SqlLaunchStore.open(url)
    await opened.acquire_lease("first", MINUTE, NOW)
    yield opened
    await opened.close()
