"""The tables, with what the database itself refuses.

Times are whole microseconds since 1970 in UTC and amounts are whole numbers, so that
SQLite and PostgreSQL hold and compare the same. Over-allocation breaks a ``CHECK``,
whatever the code above does.
"""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Identity,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from gavip_hub.domain.launch import EndCode, LaunchKind
from gavip_hub.domain.phase import ENDED, Phase

__all__ = ["allocation", "event", "launch", "lease", "metadata", "node"]

_RESOURCES = ("cpu_milli", "memory_bytes", "gpu")
_COUNTER = BigInteger().with_variant(Integer, "sqlite")
_LIVE_SERVER = text(
    "kind IN ('avi', 'notebook') AND phase NOT IN ('aborted', 'completed', 'error')"
)

metadata = MetaData()


def _one_of(column: str, words: list[str], name: str) -> CheckConstraint:
    listed = ", ".join(f"'{word}'" for word in sorted(words))
    return CheckConstraint(f"{column} IN ({listed})", name=name)


def _amounts(prefix: str = "") -> list[Column[int]]:
    return [
        Column(f"{prefix}{name}", BigInteger, nullable=False) for name in _RESOURCES
    ]


def _time(name: str, *, nullable: bool = True) -> Column[int]:
    return Column(name, BigInteger, nullable=nullable)


node = Table(
    "node",
    metadata,
    Column("name", Text, primary_key=True),
    *_amounts("offered_"),
    *_amounts("cap_"),
    *_amounts("free_"),
    Column("schedulable", Boolean, nullable=False),
    *(
        CheckConstraint(f"free_{name} >= 0", name=f"node_free_{name}_not_negative")
        for name in _RESOURCES
    ),
    *(
        CheckConstraint(
            f"free_{name} <= cap_{name}", name=f"node_free_{name}_within_cap"
        )
        for name in _RESOURCES
    ),
)
"""The ledger: ``cap`` is what the engine offers, or what is held where that is more."""

launch = Table(
    "launch",
    metadata,
    Column("number", _COUNTER, Identity(), primary_key=True),
    Column("id", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("server_name", Text, nullable=False),
    *_amounts(),
    Column("walltime_us", BigInteger, nullable=False),
    Column("tier", BigInteger, nullable=False),
    Column("display_name", Text, nullable=False),
    Column("options", JSON, nullable=False),
    Column("idempotency_key", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("phase", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    _time("created_at", nullable=False),
    _time("admitted_at"),
    _time("started_at"),
    _time("running_at"),
    _time("ended_at"),
    _time("deadline"),
    Column("ending_code", Text),
    Column("ending_message", Text),
    Column("exit_code", BigInteger),
    Column("peak_memory_bytes", BigInteger),
    UniqueConstraint("id", name="launch_id_key"),
    UniqueConstraint("owner", "idempotency_key", name="launch_idempotency_key"),
    _one_of("kind", [kind.value for kind in LaunchKind], "launch_kind_known"),
    _one_of("phase", [phase.value for phase in Phase], "launch_phase_known"),
    _one_of(
        "ending_code", [code.value for code in EndCode], "launch_ending_code_known"
    ),
    CheckConstraint(
        "(ended_at IS NOT NULL) = (phase IN ({}))".format(
            ", ".join(f"'{phase.value}'" for phase in sorted(ENDED))
        ),
        name="launch_ended_at_when_ended",
    ),
    CheckConstraint(
        "ended_at IS NULL OR (ending_code IS NOT NULL AND ending_message IS NOT NULL)",
        name="launch_end_explained",
    ),
    *(
        CheckConstraint(f"{name} >= 0", name=f"launch_{name}_not_negative")
        for name in _RESOURCES
    ),
    Index("launch_phase_number", "phase", "number"),
    Index("launch_owner_phase_number", "owner", "phase", "number"),
    Index(
        "launch_one_live_server",
        "owner",
        "server_name",
        unique=True,
        sqlite_where=_LIVE_SERVER,
        postgresql_where=_LIVE_SERVER,
    ),
    sqlite_autoincrement=True,
)
"""One ask to run something; rows are never removed and numbers never used again."""

allocation = Table(
    "allocation",
    metadata,
    Column("launch_id", Text, ForeignKey("launch.id"), primary_key=True),
    Column("attempt", Integer, nullable=False),
    Column("node", Text, ForeignKey("node.name"), nullable=False),
    *_amounts(),
    _time("held_since", nullable=False),
    _time("until", nullable=False),
    *(
        CheckConstraint(f"{name} >= 0", name=f"allocation_{name}_not_negative")
        for name in _RESOURCES
    ),
    Index("allocation_node", "node"),
)
"""What is held at this moment; a row goes when its launch has ended."""

event = Table(
    "event",
    metadata,
    Column("sequence", _COUNTER, Identity(), primary_key=True),
    Column("launch_id", Text, ForeignKey("launch.id"), nullable=False),
    Column("owner", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("phase", Text, nullable=False),
    Column("message", Text, nullable=False),
    _time("at", nullable=False),
    Column("detail", JSON, nullable=False),
    _one_of("kind", ["extended", "phase", "warning"], "event_kind_kept"),
    Index("event_launch_id_sequence", "launch_id", "sequence"),
    Index("event_owner_sequence", "owner", "sequence"),
    sqlite_autoincrement=True,
)
"""The story of the launches; rows are added and never changed."""

lease = Table(
    "lease",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("epoch", BigInteger, nullable=False),
    Column("holder", Text, nullable=False),
    _time("expires_at", nullable=False),
    CheckConstraint("id = 1", name="lease_single_row"),
)
"""Who may write: one row, made by the first migration."""
