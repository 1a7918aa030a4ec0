"""The launch store on SQLite and PostgreSQL."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Self, TypeVar

from sqlalchemy import Connection

from gavip_hub.domain.capacity import Node
from gavip_hub.domain.errors import FencedOut, StoreUnavailable
from gavip_hub.domain.event import LaunchEvent
from gavip_hub.domain.launch import Launch
from gavip_hub.ports import Change, LaunchFilter, Submission
from gavip_hub.store import leases, ledger, reads, writes
from gavip_hub.store.database import Database
from gavip_hub.store.migrate import upgrade_database
from gavip_hub.store.writer import Transaction, Writer

__all__ = ["SqlLaunchStore"]

T = TypeVar("T")

_READERS = 2


class SqlLaunchStore:
    """The `LaunchStore` that keeps everything in one SQL database.

    Parameters
    ----------
    database
        Where to keep it, migrated; the store closes it.
    group_size
        Most writes that share one commit.

    Notes
    -----
    All writes pass one thread and all reads two others, so that no disk ever holds up
    the event loop. Without a lease nothing can be written.
    """

    def __init__(self, database: Database, *, group_size: int = 64) -> None:
        self._database = database
        self._writer = Writer(database, group_size=group_size)
        self._readers = ThreadPoolExecutor(_READERS, "gavip-store-reader")
        self._closed = False
        self._epoch: int | None = None

    @classmethod
    def open(cls, url: str) -> Self:
        """Bring a database to this version's schema and return a store on it.

        This waits for the disk; call it before the event loop runs, or in a thread.

        Parameters
        ----------
        url
            ``sqlite:////path``, ``sqlite://`` for one in memory, or
            ``postgresql://user@host/name``.

        Raises
        ------
        InvalidField
            Raised if the address cannot be used.
        StoreTooNew
            Raised if a newer version has migrated the database.
        StoreUnavailable
            Raised if the database does not answer or cannot be written.
        """
        database = Database(url)
        try:
            upgrade_database(database)
        except BaseException:
            database.dispose()
            raise
        return cls(database)

    async def acquire_lease(
        self, holder: str, ttl: timedelta, now: datetime, *, force: bool = False
    ) -> int:
        """Take the writer's lease and return its epoch; the older epochs are dead."""

        def work(transaction: Transaction) -> int:
            epoch = leases.take(transaction.connection, holder, ttl, now, force=force)
            transaction.epoch = epoch
            return epoch

        epoch = await asyncio.wrap_future(self._writer.ask(work))
        self._epoch = epoch
        return epoch

    async def _write(self, work: Callable[[Connection], T]) -> T:
        epoch = self._epoch

        def fenced(transaction: Transaction) -> T:
            if transaction.epoch != epoch:
                raise FencedOut(
                    "This service does not hold the launch database's lease: a newer "
                    "one has taken over. Stop this one, or start it again."
                )
            return work(transaction.connection)

        return await asyncio.wrap_future(self._writer.ask(fenced))

    async def _read(self, work: Callable[[Connection], T]) -> T:
        def answer() -> T:
            with self._database.reading() as connection:
                return work(connection)

        if self._closed:
            raise StoreUnavailable("The launch database was closed.")
        return await asyncio.wrap_future(self._readers.submit(answer))

    async def renew_lease(self, ttl: timedelta, now: datetime) -> None:
        """Prolong the lease; raises `FencedOut` if it was taken over."""
        await self._write(lambda connection: leases.prolong(connection, ttl, now))

    async def confirm_lease(self) -> None:
        """Return if nobody has taken the lease over; else raise `FencedOut`."""
        await self._write(lambda _connection: None)

    async def submit(
        self, submission: Submission, now: datetime
    ) -> tuple[Launch, bool]:
        """Record a launch as QUEUED; return it and whether it is new."""
        return await self._write(
            lambda connection: writes.submit(connection, submission, now)
        )

    async def get(self, launch_id: str) -> Launch:
        """Return a launch; raises `UnknownLaunch`."""
        return await self._read(lambda connection: reads.get(connection, launch_id))

    async def live_server(self, owner: str, server_name: str) -> Launch | None:
        """Return the launch of a hub's server that has not ended, if there is one."""
        return await self._read(
            lambda connection: reads.live_server(connection, owner, server_name)
        )

    async def find(self, wanted: LaunchFilter) -> list[Launch]:
        """Return launches, newest first."""
        return await self._read(lambda connection: reads.find(connection, wanted))

    async def waiting(self) -> list[Launch]:
        """Return all launches that wait, oldest first."""
        return await self._read(reads.waiting)

    async def holding(self) -> list[Launch]:
        """Return all launches that hold an allocation, oldest first."""
        return await self._read(reads.holding)

    async def nodes(self) -> list[Node]:
        """Return the nodes with what is free of each, by name."""
        return await self._read(reads.nodes)

    async def sync_nodes(self, nodes: Sequence[Node]) -> None:
        """Make the ledger's nodes those that the engine offers."""
        await self._write(lambda connection: ledger.sync(connection, nodes))

    async def admit(
        self, launch_id: str, version: int, node: str, now: datetime, until: datetime
    ) -> Launch:
        """Allocate and move to ADMITTED in one transaction."""
        return await self._write(
            lambda connection: writes.admit(
                connection, launch_id, version, node, now, until
            )
        )

    async def move(self, change: Change) -> Launch:
        """Apply a change; a move into an ended phase frees the allocation with it."""
        return await self._write(lambda connection: writes.move(connection, change))

    async def note_peak(self, launch_id: str, peak_memory_bytes: int) -> None:
        """Record the most memory seen, if it is more than what is recorded."""
        await self._write(
            lambda connection: writes.note_peak(
                connection, launch_id, peak_memory_bytes
            )
        )

    async def events_after(
        self,
        sequence: int,
        *,
        launch_id: str | None = None,
        owner: str | None = None,
        limit: int = 500,
    ) -> list[LaunchEvent]:
        """Return kept events later than a sequence number, oldest first."""
        return await self._read(
            lambda connection: reads.events_after(
                connection, sequence, launch_id=launch_id, owner=owner, limit=limit
            )
        )

    async def last_sequence(self) -> int:
        """Return the sequence number of the newest kept event, or 0."""
        return await self._read(reads.last_sequence)

    async def close(self) -> None:
        """Finish writing and let go of the database."""
        self._closed = True
        await asyncio.to_thread(self._writer.close)
        await asyncio.to_thread(self._readers.shutdown)
        self._database.dispose()
