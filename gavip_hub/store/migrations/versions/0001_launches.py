"""Launches, what they hold, their story, the nodes and the writer's lease."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_RESOURCES = ("cpu_milli", "memory_bytes", "gpu")
_COUNTER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_LIVE_SERVER = sa.text(
    "kind IN ('avi', 'notebook') AND phase NOT IN ('aborted', 'completed', 'error')"
)


def _amounts(prefix: str = "") -> list[sa.Column[int]]:
    return [
        sa.Column(f"{prefix}{name}", sa.BigInteger, nullable=False)
        for name in _RESOURCES
    ]


def _not_negative(table: str, prefix: str = "") -> list[sa.CheckConstraint]:
    return [
        sa.CheckConstraint(
            f"{prefix}{name} >= 0", name=f"{table}_{prefix}{name}_not_negative"
        )
        for name in _RESOURCES
    ]


def upgrade() -> None:
    _create_node()
    _create_launch()
    _create_allocation()
    _create_event()
    _create_lease()


def _create_node() -> None:
    op.create_table(
        "node",
        sa.Column("name", sa.Text, primary_key=True),
        *_amounts("offered_"),
        *_amounts("cap_"),
        *_amounts("free_"),
        sa.Column("schedulable", sa.Boolean, nullable=False),
        *_not_negative("node", "free_"),
        *(
            sa.CheckConstraint(
                f"free_{name} <= cap_{name}", name=f"node_free_{name}_within_cap"
            )
            for name in _RESOURCES
        ),
    )


def _create_launch() -> None:
    op.create_table(
        "launch",
        sa.Column("number", _COUNTER, sa.Identity(), primary_key=True),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("server_name", sa.Text, nullable=False),
        *_amounts(),
        sa.Column("walltime_us", sa.BigInteger, nullable=False),
        sa.Column("tier", sa.BigInteger, nullable=False),
        sa.Column("display_name", sa.Text, nullable=False),
        sa.Column("options", sa.JSON, nullable=False),
        sa.Column("idempotency_key", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("phase", sa.Text, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("admitted_at", sa.BigInteger),
        sa.Column("started_at", sa.BigInteger),
        sa.Column("running_at", sa.BigInteger),
        sa.Column("ended_at", sa.BigInteger),
        sa.Column("deadline", sa.BigInteger),
        sa.Column("ending_code", sa.Text),
        sa.Column("ending_message", sa.Text),
        sa.Column("exit_code", sa.BigInteger),
        sa.Column("peak_memory_bytes", sa.BigInteger),
        sa.UniqueConstraint("id", name="launch_id_key"),
        sa.UniqueConstraint("owner", "idempotency_key", name="launch_idempotency_key"),
        *_launch_checks(),
        *_not_negative("launch"),
        sqlite_autoincrement=True,
    )
    op.create_index("launch_phase_number", "launch", ["phase", "number"])
    op.create_index("launch_owner_phase_number", "launch", ["owner", "phase", "number"])
    op.create_index(
        "launch_one_live_server",
        "launch",
        ["owner", "server_name"],
        unique=True,
        sqlite_where=_LIVE_SERVER,
        postgresql_where=_LIVE_SERVER,
    )


def _launch_checks() -> list[sa.CheckConstraint]:
    return [
        sa.CheckConstraint(
            "kind IN ('avi', 'build', 'notebook', 'pipeline')",
            name="launch_kind_known",
        ),
        sa.CheckConstraint(
            "phase IN ('aborted', 'admitted', 'completed', 'error', 'held', "
            "'queued', 'running', 'starting', 'stopping')",
            name="launch_phase_known",
        ),
        sa.CheckConstraint(
            "ending_code IN ('crashed', 'failed_to_start', 'finished', 'idle', "
            "'node_lost', 'operator', 'out_of_memory', 'stopped', 'walltime')",
            name="launch_ending_code_known",
        ),
        sa.CheckConstraint(
            "(ended_at IS NOT NULL) = (phase IN ('aborted', 'completed', 'error'))",
            name="launch_ended_at_when_ended",
        ),
        sa.CheckConstraint(
            "ended_at IS NULL OR "
            "(ending_code IS NOT NULL AND ending_message IS NOT NULL)",
            name="launch_end_explained",
        ),
    ]


def _create_allocation() -> None:
    op.create_table(
        "allocation",
        sa.Column("launch_id", sa.Text, sa.ForeignKey("launch.id"), primary_key=True),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("node", sa.Text, sa.ForeignKey("node.name"), nullable=False),
        *_amounts(),
        sa.Column("held_since", sa.BigInteger, nullable=False),
        sa.Column("until", sa.BigInteger, nullable=False),
        *_not_negative("allocation"),
    )
    op.create_index("allocation_node", "allocation", ["node"])


def _create_event() -> None:
    op.create_table(
        "event",
        sa.Column("sequence", _COUNTER, sa.Identity(), primary_key=True),
        sa.Column("launch_id", sa.Text, sa.ForeignKey("launch.id"), nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("phase", sa.Text, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("detail", sa.JSON, nullable=False),
        sa.CheckConstraint(
            "kind IN ('extended', 'phase', 'warning')", name="event_kind_kept"
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("event_launch_id_sequence", "event", ["launch_id", "sequence"])
    op.create_index("event_owner_sequence", "event", ["owner", "sequence"])


def _create_lease() -> None:
    lease = op.create_table(
        "lease",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("epoch", sa.BigInteger, nullable=False),
        sa.Column("holder", sa.Text, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.CheckConstraint("id = 1", name="lease_single_row"),
    )
    op.bulk_insert(lease, [{"id": 1, "epoch": 0, "holder": "", "expires_at": 0}])
