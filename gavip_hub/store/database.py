"""Connections that keep what they acknowledge, and faults told in our own words."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import timedelta
from pathlib import Path
from threading import Lock
from typing import Any

from sqlalchemy import (
    URL,
    Connection,
    Engine,
    StaticPool,
    create_engine,
    event,
    exc,
    make_url,
)

from gavip_hub.domain.errors import InvalidField, StoreConflict, StoreUnavailable

__all__ = ["Database", "told_as_store_fault"]

_PATIENCE = timedelta(seconds=10)
_MILLISECOND = timedelta(milliseconds=1)
_POSTGRESQL_PATIENCE = {
    "connect_timeout": 10,
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
_MENDS = (
    ("full", "its disk is full. Make room; nothing that was acknowledged is lost"),
    ("no space", "its disk is full. Make room; nothing that was acknowledged is lost"),
    (
        "disk i/o",
        "its disk is full or faulty. Make room, or look into the kernel's log",
    ),
    ("readonly", "it is read-only. Give the service the right to write to it"),
    ("read-only", "it is read-only. Let the service write to it"),
    ("locked", "another program keeps it locked. End that program"),
    ("lock timeout", "another program keeps it locked. End that program"),
    ("unable to open", "its file cannot be opened. Check the folder and its rights"),
    ("not a database", "its file is damaged or no database. Restore a backup"),
    ("malformed", "its file is damaged. Restore a backup"),
)


def _explain(error: BaseException) -> str:
    told = str(getattr(error, "orig", None) or error).lower()
    for sign, mend in _MENDS:
        if sign in told:
            return f"The launch database did not do as asked: {mend}."
    return (
        "The launch database does not answer. Check that it runs and has room, "
        "then ask again; asking twice with the same key is safe."
    )


@contextmanager
def told_as_store_fault() -> Iterator[None]:
    """Turn the faults of the database layer into `StoreFault`.

    Raises
    ------
    StoreConflict
        Raised if the database refused a value or a broken rule.
    StoreUnavailable
        Raised if it has no space, no connection, no time or no right to write.
    """
    try:
        yield
    except (exc.IntegrityError, exc.DataError) as error:
        raise StoreConflict(
            "The launch database refused the change, as it breaks a rule of the "
            "ledger. Read again and decide anew."
        ) from error
    except (exc.SQLAlchemyError, OSError) as error:
        raise StoreUnavailable(_explain(error)) from error


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
    except exc.ArgumentError as error:
        raise InvalidField(
            "The database's address cannot be read. Write sqlite:////path/to/file or "
            "postgresql://user@host/name.",
            field="database_url",
        ) from error
    kind = parsed.get_backend_name()
    if kind == "sqlite":
        return parsed.set(drivername="sqlite+pysqlite")
    if kind in {"postgresql", "postgres"}:
        return parsed.set(drivername="postgresql+psycopg")
    raise InvalidField(
        f"{kind} is no database that is supported. Use sqlite or postgresql.",
        field="database_url",
    )


class Database:
    """One database by its address, with a way to write and a way to read.

    Parameters
    ----------
    url
        ``sqlite:////path``, ``sqlite://`` for one in memory, or ``postgresql://...``.
    patience
        How long to wait for a lock that another program holds.

    Raises
    ------
    InvalidField
        Raised if the address cannot be used.
    """

    def __init__(self, url: str, *, patience: timedelta = _PATIENCE) -> None:
        self._url = _parsed(url)
        self._patience_ms = patience // _MILLISECOND
        self._lock: Lock | None = None
        if self._url.get_backend_name() == "postgresql":
            self._writer = self._postgresql()
            self._reader = self._writer
        elif self._url.database in {None, "", ":memory:"}:
            self._lock = Lock()
            self._writer = self._sqlite("BEGIN IMMEDIATE", poolclass=StaticPool)
            self._reader = self._writer
        else:
            self._writer = self._sqlite("BEGIN IMMEDIATE")
            self._reader = self._sqlite("BEGIN", read_only=True)

    def _postgresql(self) -> Engine:
        """Return an engine that waits for the disk and for nothing else too long."""
        engine = create_engine(
            self._url,
            pool_pre_ping=True,
            isolation_level="READ COMMITTED",
            connect_args=dict(_POSTGRESQL_PATIENCE),
        )

        @event.listens_for(engine, "connect")
        def prepare(connection: Any, _record: Any) -> None:
            connection.execute("SET synchronous_commit = on")
            connection.execute(f"SET lock_timeout = {self._patience_ms}")
            connection.execute("SET client_encoding = 'UTF8'")
            connection.commit()

        return engine

    def _sqlite(self, begin: str, *, read_only: bool = False, **options: Any) -> Engine:
        """Return an engine that begins transactions itself, as the driver does not."""
        engine = create_engine(
            self._url,
            connect_args={
                "check_same_thread": False,
                "isolation_level": None,
            },
            **options,
        )

        @event.listens_for(engine, "connect")
        def prepare(connection: Any, _record: Any) -> None:
            connection.execute(f"PRAGMA busy_timeout = {self._patience_ms}")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute(f"PRAGMA query_only = {int(read_only)}")

        @event.listens_for(engine, "begin")
        def start(connection: Connection) -> None:
            connection.exec_driver_sql(begin)

        return engine

    def create_file(self) -> None:
        """Make an SQLite file that its owner alone may read, where there is none."""
        path = self._url.database or ""
        if self._writer is not self._reader and not path.startswith("file:"):
            with told_as_store_fault():
                Path(path).touch(mode=0o600)

    def _alone(self) -> AbstractContextManager[Any]:
        """Let threads take turns on the one connection of a database in memory."""
        return self._lock or nullcontext()

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give a connection in a transaction that is on disk when this returns."""
        with told_as_store_fault(), self._alone(), self._writer.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection that sees what was committed when it first asks."""
        with told_as_store_fault(), self._alone(), self._reader.begin() as connection:
            yield connection

    def dispose(self) -> None:
        """Let go of every connection."""
        self._reader.dispose()
        self._writer.dispose()
