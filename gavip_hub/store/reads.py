"""Questions to the database; none of them scans the launches that have ended."""

from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, select, union_all

from gavip_hub.domain.capacity import Node
from gavip_hub.domain.errors import UnknownLaunch
from gavip_hub.domain.event import LaunchEvent
from gavip_hub.domain.launch import Launch, LaunchKind
from gavip_hub.domain.phase import ENDED, HOLDING, WAITING, Phase
from gavip_hub.ports import LaunchFilter
from gavip_hub.store.schema import allocation, event, launch, node
from gavip_hub.store.values import read_event, read_launch, read_node

__all__ = [
    "count_waiting",
    "events_after",
    "find",
    "find_by_key",
    "get",
    "holding",
    "last_sequence",
    "live_server",
    "nodes",
    "waiting",
]

_LIVE = sorted(set(Phase) - ENDED)
_INTERACTIVE = sorted(kind.value for kind in LaunchKind if kind.interactive)
_HELD = (
    allocation.c.attempt.label("held_attempt"),
    allocation.c.node.label("held_node"),
    allocation.c.cpu_milli.label("held_cpu_milli"),
    allocation.c.memory_bytes.label("held_memory_bytes"),
    allocation.c.gpu.label("held_gpu"),
    allocation.c.held_since,
    allocation.c.until.label("held_until"),
)
_LAUNCHES = select(launch, *_HELD).select_from(launch.outerjoin(allocation))

# Built once, since building them costs more than running them.
_OF_OWNER = launch.c.owner == bindparam("owner")
_BY_ID = _LAUNCHES.where(launch.c.id == bindparam("launch_id"))
_BY_KEY = _LAUNCHES.where(_OF_OWNER, launch.c.idempotency_key == bindparam("key"))
_BY_SERVER = _LAUNCHES.where(
    _OF_OWNER,
    launch.c.phase.in_(_LIVE),
    launch.c.server_name == bindparam("server_name"),
    launch.c.kind.in_(_INTERACTIVE),
)
_WAITING_OF_OWNER = (
    select(func.count())
    .select_from(launch)
    .where(_OF_OWNER, launch.c.phase.in_(sorted(WAITING)))
)


def _all(connection: Connection, query: Select[Any]) -> list[Launch]:
    return [read_launch(row) for row in connection.execute(query).mappings()]


def get(connection: Connection, launch_id: str) -> Launch:
    """Return a launch; raises `UnknownLaunch`."""
    row = connection.execute(_BY_ID, {"launch_id": launch_id}).mappings().one_or_none()
    if row is None:
        raise UnknownLaunch("There is no launch with this id.")
    return read_launch(row)


def find_by_key(
    connection: Connection, owner: str, key: str
) -> tuple[Launch, str] | None:
    """Return the launch that an idempotency key made, and its fingerprint."""
    wanted = {"owner": owner, "key": key}
    row = connection.execute(_BY_KEY, wanted).mappings().one_or_none()
    return None if row is None else (read_launch(row), row["fingerprint"])


def live_server(connection: Connection, owner: str, server_name: str) -> Launch | None:
    """Return the launch of a hub's server that has not ended, if there is one."""
    wanted = {"owner": owner, "server_name": server_name}
    row = connection.execute(_BY_SERVER, wanted).mappings().one_or_none()
    return None if row is None else read_launch(row)


def count_waiting(connection: Connection, owner: str) -> int:
    """Return how many launches of an owner wait."""
    return connection.execute(_WAITING_OF_OWNER, {"owner": owner}).scalar_one()


def find(connection: Connection, wanted: LaunchFilter) -> list[Launch]:
    """Return launches, newest first.

    Each phase is asked for by itself: an index then gives its newest at once, however
    many launches of other phases or owners lie between them.
    """
    limit = max(0, wanted.limit)
    newest = []
    for phase in sorted(wanted.phases or Phase):
        query = select(launch.c.number).where(launch.c.phase == phase)
        if wanted.owner is not None:
            query = query.where(launch.c.owner == wanted.owner)
        if wanted.before is not None:
            query = query.where(launch.c.number < wanted.before)
        numbers = query.order_by(launch.c.number.desc()).limit(limit).subquery()
        newest.append(select(numbers.c.number))
    query = _LAUNCHES.where(launch.c.number.in_(union_all(*newest)))
    return _all(connection, query.order_by(launch.c.number.desc()).limit(limit))


def waiting(connection: Connection) -> list[Launch]:
    """Return all launches that wait, oldest first."""
    query = _LAUNCHES.where(launch.c.phase.in_(sorted(WAITING)))
    return _all(connection, query.order_by(launch.c.number))


def holding(connection: Connection) -> list[Launch]:
    """Return all launches that hold an allocation, oldest first."""
    query = _LAUNCHES.where(launch.c.phase.in_(sorted(HOLDING)))
    return _all(connection, query.order_by(launch.c.number))


def nodes(connection: Connection) -> list[Node]:
    """Return the nodes with what is free of each, by name."""
    rows = connection.execute(select(node)).mappings()
    return sorted((read_node(row) for row in rows), key=lambda each: each.name)


def last_sequence(connection: Connection) -> int:
    """Return the sequence number of the newest kept event, or 0."""
    newest = connection.execute(select(func.max(event.c.sequence))).scalar_one()
    return newest or 0


def events_after(
    connection: Connection,
    sequence: int,
    *,
    launch_id: str | None,
    owner: str | None,
    limit: int,
) -> list[LaunchEvent]:
    """Return kept events later than a sequence number, oldest first."""
    query = select(event).where(event.c.sequence > sequence)
    if launch_id is not None:
        query = query.where(event.c.launch_id == launch_id)
    if owner is not None:
        query = query.where(event.c.owner == owner)
    query = query.order_by(event.c.sequence).limit(max(0, limit))
    return [read_event(row) for row in connection.execute(query).mappings()]
