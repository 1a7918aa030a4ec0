"""What the nodes offer and what is held of it, always summing up."""

from collections.abc import Sequence

from sqlalchemy import Connection, delete, exists, insert, select, update

from gavip_hub.domain.capacity import Node
from gavip_hub.domain.errors import StoreConflict
from gavip_hub.domain.launch import Allocation
from gavip_hub.domain.resources import NOTHING, Resources
from gavip_hub.store.schema import allocation, node
from gavip_hub.store.values import resource_columns, to_micros

__all__ = ["hold", "release", "sync"]


def _most(one: Resources, other: Resources) -> Resources:
    return Resources(
        max(one.cpu_milli, other.cpu_milli),
        max(one.memory_bytes, other.memory_bytes),
        max(one.gpu, other.gpu),
    )


def _settled(offered: Resources, held: Resources) -> dict[str, int]:
    """Return the columns of a node that offers and holds this much.

    A node that offers less than it holds counts as just as large as what it holds, and
    shrinks with each release, so that nothing is placed on what is not there.
    """
    cap = _most(offered, held)
    return {
        **resource_columns(offered, "offered_"),
        **resource_columns(cap, "cap_"),
        **resource_columns(cap - held, "free_"),
    }


def _amount(row: object, prefix: str) -> Resources:
    names = ("cpu_milli", "memory_bytes", "gpu")
    return Resources(*(getattr(row, prefix + name) for name in names))


def hold(connection: Connection, held: Allocation) -> None:
    """Take an allocation from its node.

    Raises
    ------
    StoreConflict
        Raised if there is no such node, or it has not enough free, or is closed.
    """
    row = connection.execute(select(node).where(node.c.name == held.node)).one_or_none()
    if row is None or not row.schedulable:
        raise StoreConflict(f"Node {held.node} takes no launches now.")
    free = _amount(row, "free_")
    if not held.resources.fits_in(free):
        raise StoreConflict(f"Node {held.node} has not enough free now.")
    connection.execute(
        update(node)
        .where(node.c.name == held.node)
        .values(resource_columns(free - held.resources, "free_"))
    )
    connection.execute(
        insert(allocation).values(
            launch_id=held.launch_id,
            attempt=held.attempt,
            node=held.node,
            **resource_columns(held.resources),
            held_since=to_micros(held.held_since),
            until=to_micros(held.until),
        )
    )


def release(connection: Connection, held: Allocation) -> None:
    """Give an allocation back to its node."""
    connection.execute(
        delete(allocation).where(allocation.c.launch_id == held.launch_id)
    )
    row = connection.execute(select(node).where(node.c.name == held.node)).one()
    still_held = _amount(row, "cap_") - _amount(row, "free_") - held.resources
    connection.execute(
        update(node)
        .where(node.c.name == held.node)
        .values(_settled(_amount(row, "offered_"), still_held))
    )


def sync(connection: Connection, offered: Sequence[Node]) -> None:
    """Make the ledger's nodes those that are offered.

    A node that is gone but in use stays, closed, with just what it holds.
    """
    known = {row.name: row for row in connection.execute(select(node))}
    for each in offered:
        row = known.pop(each.name, None)
        if row is None:
            values = _settled(each.capacity, NOTHING)
            connection.execute(
                insert(node).values(
                    name=each.name, schedulable=each.schedulable, **values
                )
            )
            continue
        values = _settled(each.capacity, _amount(row, "cap_") - _amount(row, "free_"))
        connection.execute(
            update(node)
            .where(node.c.name == each.name)
            .values(schedulable=each.schedulable, **values)
        )
    for row in known.values():
        values = _settled(NOTHING, _amount(row, "cap_") - _amount(row, "free_"))
        connection.execute(
            update(node)
            .where(node.c.name == row.name)
            .values(schedulable=False, **values)
        )
        in_use = exists().where(allocation.c.node == row.name)
        connection.execute(delete(node).where(node.c.name == row.name, ~in_use))
