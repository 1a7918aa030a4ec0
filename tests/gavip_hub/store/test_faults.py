"""Databases that fail, and what is left when they work again."""

import asyncio
import os
import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from gavip_hub.domain.errors import StoreUnavailable
from gavip_hub.store import SqlLaunchStore, upgrade
from gavip_hub.store.database import Database
from tests.support.postgres import PostgresServer, running_postgres
from tests.support.small_disk import SmallDisk, limited_files, small_file_system
from tests.support.submissions import NOW, submission

pytestmark = pytest.mark.asyncio

TTL = timedelta(minutes=1)


@pytest.fixture(params=[small_file_system, limited_files])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SmallDisk]:
    """Return a disk to fill: a real small one, and one by a limit on file sizes."""
    with request.param(tmp_path) as small:
        yield small


async def submit_until_it_fails(store: SqlLaunchStore, prefix: str) -> set[str]:
    """Submit in groups until none is acknowledged; return the acknowledged ids."""
    acknowledged: set[str] = set()
    for turn in range(1000):
        answers = await asyncio.gather(
            *(store.submit(submission(f"{prefix}{turn}-{n}"), NOW) for n in range(9)),
            return_exceptions=True,
        )
        done = {answer[0].id for answer in answers if isinstance(answer, tuple)}
        acknowledged |= done
        if len(done) < len(answers):
            faults = [answer for answer in answers if not isinstance(answer, tuple)]
            assert {type(fault) for fault in faults} == {StoreUnavailable}
            assert all("its disk is full" in str(fault) for fault in faults)
            return acknowledged
    pytest.fail("the disk never filled up")


async def test_a_full_disk_loses_nothing_and_heals(disk: SmallDisk) -> None:
    """Refusals while it is full, everything acknowledged afterwards, and on it goes."""
    url = f"sqlite:///{disk.folder}/launches.db"
    store = SqlLaunchStore.open(url)
    await store.acquire_lease("one", TTL, NOW)
    acknowledged = {(await store.submit(submission("first"), NOW))[0].id}
    disk.fill()
    acknowledged |= await submit_until_it_fails(store, "full")
    acknowledged |= await submit_until_it_fails(store, "still-full")
    assert {launch.id for launch in await store.waiting()} >= acknowledged
    disk.relieve()
    launch, new = await store.submit(submission("after"), NOW)
    assert new
    await store.close()
    again = SqlLaunchStore.open(url)
    there = await again.waiting()
    assert {each.id for each in there} >= acknowledged | {launch.id}
    assert len(await again.events_after(0, limit=10**6)) == len(there)
    await again.close()


async def test_a_database_that_another_program_locks_is_unavailable(
    tmp_path: Path,
) -> None:
    """The ask is refused in good time, and succeeds when the lock is gone."""
    path = tmp_path / "launches.db"
    upgrade(f"sqlite:///{path}")
    database = Database(f"sqlite:///{path}", patience=timedelta(milliseconds=20))
    store = SqlLaunchStore(database)
    await store.acquire_lease("one", TTL, NOW)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable, match="locked"):
        await store.submit(submission("a"), NOW)
    assert await store.waiting() == []
    other.execute("ROLLBACK")
    other.close()
    await store.submit(submission("a"), NOW)
    await store.close()


async def test_a_locked_row_of_postgresql_is_unavailable(
    postgres: PostgresServer,
) -> None:
    """The same, where somebody holds the lease's row in an open transaction."""
    url = postgres.new_database()
    upgrade(url)
    store = SqlLaunchStore(Database(url, patience=timedelta(milliseconds=20)))
    await store.acquire_lease("one", TTL, NOW)
    with psycopg.connect(url) as other:
        other.execute("SELECT 1 FROM lease FOR UPDATE")
        with pytest.raises(StoreUnavailable, match="locked"):
            await store.submit(submission("a"), NOW)
        other.rollback()
    await store.submit(submission("a"), NOW)
    await store.close()


async def test_a_read_only_database_is_unavailable(
    tmp_path: Path, postgres: PostgresServer
) -> None:
    """A file or server that may only be read says so."""
    upgrade(f"sqlite:///{tmp_path}/launches.db")
    url = postgres.new_database()
    upgrade(url)
    with psycopg.connect(url, autocommit=True) as other:
        other.execute(
            b"DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET "
            b"default_transaction_read_only = on', current_database()); END $$"
        )
    for address in (url, f"sqlite:///file:{tmp_path}/launches.db?mode=ro&uri=true"):
        store = SqlLaunchStore(Database(address))
        with pytest.raises(StoreUnavailable, match="read-only"):
            await store.acquire_lease("one", TTL, NOW)
        assert await store.waiting() == []
        await store.close()


async def test_a_file_that_is_no_database_is_unavailable(tmp_path: Path) -> None:
    """A damaged file is named as such, and is not overwritten."""
    path = tmp_path / "launches.db"
    path.write_bytes(b"not a database at all" * 500)
    with pytest.raises(StoreUnavailable, match="Restore a backup"):
        SqlLaunchStore.open(f"sqlite:///{path}")
    assert path.read_bytes().startswith(b"not a database")


async def test_a_server_that_goes_away_comes_back() -> None:
    """While PostgreSQL is down asks are refused; afterwards all goes on as before."""
    with running_postgres() as server:
        store = SqlLaunchStore.open(server.new_database())
        await store.acquire_lease("one", TTL, NOW)
        before, _ = await store.submit(submission("a"), NOW)
        server.stop()
        with pytest.raises(StoreUnavailable):
            await store.submit(submission("b"), NOW)
        with pytest.raises(StoreUnavailable):
            await store.waiting()
        server.start()
        after, _ = await store.submit(submission("b"), NOW)
        assert await store.waiting() == [before, after]
        await store.close()


async def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    """Other users of the machine cannot read who launched what."""
    upgrade(f"sqlite:///{tmp_path}/launches.db")
    for file in os.scandir(tmp_path):
        assert file.stat().st_mode & 0o077 == 0


async def test_a_closed_store_says_so(store: SqlLaunchStore) -> None:
    """What was asked before is finished; what is asked after is refused."""
    asked = asyncio.ensure_future(store.submit(submission("a"), NOW))
    await asyncio.sleep(0)
    await store.close()
    assert (await asked)[1]
    with pytest.raises(StoreUnavailable, match="closed"):
        await store.submit(submission("b"), NOW)
    with pytest.raises(StoreUnavailable, match="closed"):
        await store.waiting()
    await store.close()
