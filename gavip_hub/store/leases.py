"""The writer's lease: one row whose epoch only grows."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, select, update

from gavip_hub.domain.errors import StoreConflict
from gavip_hub.store.schema import lease
from gavip_hub.store.values import from_micros, to_micros

__all__ = ["current_epoch", "prolong", "take"]


def current_epoch(connection: Connection) -> int:
    """Return the epoch in force, and keep it in force until the transaction ends.

    Notes
    -----
    The row lock makes a taker wait for the writes that began under the old epoch; in
    SQLite ``BEGIN IMMEDIATE`` has the same effect.
    """
    query = select(lease.c.epoch).with_for_update()
    epoch: int = connection.execute(query).scalar_one()
    return epoch


def take(
    connection: Connection, holder: str, ttl: timedelta, now: datetime, *, force: bool
) -> int:
    """Take the lease and return the new epoch.

    Raises
    ------
    StoreConflict
        Raised if somebody else's lease is alive and ``force`` is not set.
    """
    row = connection.execute(select(lease)).one()
    if row.holder != holder and row.expires_at > to_micros(now) and not force:
        until = from_micros(row.expires_at).isoformat(timespec="seconds")
        raise StoreConflict(
            f"Another service ({row.holder}) holds the launch database until {until}. "
            "Stop that one, or wait until then."
        )
    epoch: int = row.epoch + 1
    connection.execute(
        update(lease).values(
            epoch=epoch, holder=holder, expires_at=to_micros(now + ttl)
        )
    )
    return epoch


def prolong(connection: Connection, ttl: timedelta, now: datetime) -> None:
    """Let the lease in force end later."""
    connection.execute(update(lease).values(expires_at=to_micros(now + ttl)))
