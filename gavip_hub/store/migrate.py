"""Bring a database to the schema of this version, once, whoever comes first."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from gavip_hub.domain.errors import StoreTooNew
from gavip_hub.store.database import Database

__all__ = ["upgrade", "upgrade_database"]

_SCRIPTS = Path(__file__).parent / "migrations"
_ADVISORY_LOCK = 0x6761766970


def upgrade(url: str) -> None:
    """Migrate the database at an address to the newest schema.

    Raises
    ------
    InvalidField
        Raised if the address cannot be used.
    StoreTooNew
        Raised if a newer version of GAVIP has migrated it.
    StoreUnavailable
        Raised if it does not answer or cannot be written; it is then as before.
    """
    database = Database(url)
    try:
        upgrade_database(database)
    finally:
        database.dispose()


def upgrade_database(database: Database) -> None:
    """Migrate in one transaction; who starts at the same time waits for it."""
    database.create_file()
    with database.writing() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(
                text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK}
            )
        _migrate(connection)


def _migrate(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    known = {
        script.revision
        for script in ScriptDirectory.from_config(config).walk_revisions()
    }
    current = set(MigrationContext.configure(connection).get_current_heads())
    if current - known:
        raise StoreTooNew(
            f"The launch database has schema {', '.join(sorted(current))}, which this "
            "version of gavip does not know. Install the newer version that made it, "
            "or restore a backup from before."
        )
    command.upgrade(config, "head")
