"""The way from an empty or older database to this version's schema."""

import subprocess
import sys
from collections.abc import Iterator

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Engine, StaticPool, create_engine, make_url, text

from gavip_hub.domain.errors import InvalidField, StoreTooNew, StoreUnavailable
from gavip_hub.store import SqlLaunchStore, schema, upgrade

_SQLITE_CATALOGUE = "SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'alembic%'"
_POSTGRESQL_CATALOGUE = """
    SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
     WHERE connamespace = 'public'::regnamespace AND conname NOT LIKE 'alembic%'
    UNION ALL
    SELECT indexname, indexdef FROM pg_indexes
     WHERE schemaname = 'public' AND indexname NOT LIKE 'alembic%'
    UNION ALL
    SELECT table_name || '.' || column_name, concat_ws(' ', ordinal_position,
           data_type, is_nullable, column_default, identity_generation)
      FROM information_schema.columns
     WHERE table_schema = 'public' AND table_name NOT LIKE 'alembic%'
"""


def engine_of(url: str) -> Engine:
    """Open a database without any of the store's own code."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return create_engine(parsed, poolclass=StaticPool)
    return create_engine(parsed.set(drivername="postgresql+psycopg"))


@pytest.fixture
def migrated(shared_url: str) -> Iterator[Connection]:
    """Return a connection to a database that was just migrated."""
    upgrade(shared_url)
    engine = engine_of(shared_url)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def catalogue(connection: Connection) -> dict[str, str]:
    """Return what the database says of its tables, indexes and rules."""
    sqlite = connection.dialect.name == "sqlite"
    query = text(_SQLITE_CATALOGUE if sqlite else _POSTGRESQL_CATALOGUE)
    return {
        name: " ".join(str(told).split()) for name, told in connection.execute(query)
    }


def test_migrations_lead_to_the_declared_tables(migrated: Connection) -> None:
    """Alembic finds no difference between the migrated and the declared schema."""
    context = MigrationContext.configure(migrated, opts={"compare_type": True})
    assert compare_metadata(context, schema.metadata) == []


def test_migrations_lead_to_the_declared_rules(migrated: Connection) -> None:
    """Checks and partial indexes, which Alembic does not compare, are the same too."""
    by_migration = catalogue(migrated)
    schema.metadata.drop_all(migrated)
    schema.metadata.create_all(migrated)
    assert catalogue(migrated) == by_migration


def test_migrating_again_changes_nothing(shared_url: str, migrated: Connection) -> None:
    """What is there already stays, the writer's epoch with it."""
    migrated.execute(text("UPDATE lease SET epoch = 7"))
    migrated.commit()
    upgrade(shared_url)
    assert migrated.execute(text("SELECT epoch FROM lease")).scalar_one() == 7


def test_services_may_start_at_the_same_time(shared_url: str) -> None:
    """Of several that migrate an empty database at once, all succeed."""
    code = (
        "import sys; from gavip_hub.store import upgrade; input(); upgrade(sys.argv[1])"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code, shared_url],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(5)
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    told = [process.communicate()[1] for process in processes]
    assert [process.returncode for process in processes] == [0] * 5, told
    engine = engine_of(shared_url)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM lease")).scalar_one() == 1
    engine.dispose()


def test_a_newer_database_is_left_alone(shared_url: str, migrated: Connection) -> None:
    """A schema that this version does not know is refused, with the way out."""
    migrated.execute(text("UPDATE alembic_version SET version_num = 'from-2031'"))
    migrated.commit()
    before = catalogue(migrated)
    migrated.commit()
    with pytest.raises(StoreTooNew, match=r"from-2031.*Install the newer version"):
        SqlLaunchStore.open(shared_url)
    assert catalogue(migrated) == before


@pytest.mark.parametrize("url", ["mysql://host/name", "nonsense", "", "oracle:"])
def test_an_address_that_cannot_be_used_names_the_forms(url: str) -> None:
    """The error says what an address looks like."""
    with pytest.raises(InvalidField, match=r"sqlite|postgresql") as refusal:
        SqlLaunchStore.open(url)
    assert refusal.value.field == "database_url"


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:////nowhere/at/all/launches.db",
        "sqlite:////proc/launches.db",
        "postgresql://gavip:secret-word@/name?host=/nowhere",
    ],
)
def test_a_database_that_is_not_there_is_unavailable(url: str) -> None:
    """No raw error gets out, and no password."""
    with pytest.raises(StoreUnavailable) as refusal:
        SqlLaunchStore.open(url)
    assert "secret-word" not in refusal.value.message
