"""What an archive holds: its tables and their columns, from ``TAP_SCHEMA``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gavip.errors import ArchiveError, BadArgument
from gavip.progress import progress_for
from gavip.tap.archive import Archive, Question
from gavip.tap.results import plain_table

if TYPE_CHECKING:
    from astropy.table import Table

__all__ = ["column_names", "describe_columns", "describe_tables", "table_names"]

_SCHEMA_TIMEOUT_S = 30.0
_SUGGESTION_TIMEOUT_S = 10.0


def describe_tables(archive: Archive) -> Table:
    """Return the tables of an archive: name, kind and description.

    Parameters
    ----------
    archive
        The service to ask.

    Raises
    ------
    ArchiveError
        Raised if the service does not tell.
    """
    return _schema(
        archive,
        "SELECT table_name, table_type, description FROM tap_schema.tables "
        "ORDER BY table_name",
    )


def describe_columns(archive: Archive, table: str) -> Table:
    """Return the columns of one table: name, unit, UCD, type and description.

    Parameters
    ----------
    archive
        The service to ask.
    table
        Name of the table with its schema.

    Raises
    ------
    BadArgument
        Raised if the archive has no such table.
    ArchiveError
        Raised if the service does not tell.
    """
    columns = _schema(
        archive,
        "SELECT column_name, unit, ucd, datatype, description "  # noqa: S608 - quoted
        f"FROM tap_schema.columns WHERE table_name = '{_quoted(table)}'",
    )
    if not len(columns):
        raise BadArgument(
            "table",
            f"the archive at {archive.name} has no table {table!r}; "
            "gavip.tap.tables() lists what it has.",
        )
    return columns


def table_names(archive: Archive) -> tuple[str, ...]:
    """Return the names of all tables; none if the service does not tell at once.

    Parameters
    ----------
    archive
        The service to ask.
    """
    return _names(archive, "SELECT table_name FROM tap_schema.tables")


def column_names(archive: Archive, tables: Sequence[str]) -> tuple[str, ...]:
    """Return the columns of some tables; none if the service does not tell at once.

    Parameters
    ----------
    archive
        The service to ask.
    tables
        Names of tables.
    """
    if not tables:
        return ()
    wanted = ", ".join(f"'{_quoted(table)}'" for table in tables)
    return _names(
        archive,
        f"SELECT column_name FROM tap_schema.columns WHERE table_name IN ({wanted})",  # noqa: S608 - quoted
    )


def _names(archive: Archive, adql: str) -> tuple[str, ...]:
    """Read one column of names; a suggestion is not worth an error of its own."""
    try:
        names = _schema(archive, adql, timeout_s=_SUGGESTION_TIMEOUT_S)
    except ArchiveError:
        return ()
    return tuple(str(row[0]).replace('"', "") for row in names)


def _schema(
    archive: Archive, adql: str, *, timeout_s: float = _SCHEMA_TIMEOUT_S
) -> Table:
    results = archive.ask(
        Question(adql, maxrec=None, uploads={}),
        timeout_s=timeout_s,
        progress=progress_for(show=False),
    )
    return plain_table(results)


def _quoted(text: str) -> str:
    return text.replace("'", "''")
