"""From a service's answer to the table in the user's hands."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from gavip.errors import TruncatedResultWarning
from gavip.tap.archive import Archive, Question

if TYPE_CHECKING:
    from astropy.table import Table
    from pyvo.dal import TAPResults

__all__ = ["finished_table", "is_truncated", "plain_table", "warn_if_truncated"]


def is_truncated(results: TAPResults) -> bool:
    """Tell whether the service says that it held rows back.

    Parameters
    ----------
    results
        The parsed answer.
    """
    return str(results.query_status or "").upper() == "OVERFLOW"


def plain_table(results: TAPResults) -> Table:
    """Return an answer as a table of numbers and text that any format can hold.

    Parameters
    ----------
    results
        The parsed answer.
    """
    table = results.to_table()
    for name in table.colnames:
        if table[name].dtype.kind == "O":
            _make_text(table, name)
    return table


def finished_table(results: TAPResults, archive: Archive, question: Question) -> Table:
    """Return an answer as a table that can be saved in any format.

    Parameters
    ----------
    results
        The parsed answer.
    archive
        The service that gave it.
    question
        The query that was asked; it is noted in ``table.meta``.
    """
    table = plain_table(results)
    # Keys of at most eight letters, which a FITS header can hold.
    table.meta["title"] = table.meta.pop("description", "")
    table.meta["adql"] = question.adql
    table.meta["service"] = archive.name
    table.meta["overflow"] = is_truncated(results)
    return table


def warn_if_truncated(table: Table, question: Question, *, stacklevel: int) -> None:
    """Warn loudly when rows are missing that the caller did not renounce.

    Parameters
    ----------
    table
        The result.
    question
        The query that was asked.
    stacklevel
        How many calls up the user's own line stands.
    """
    rows = len(table)
    own_limit = question.maxrec is not None and rows >= question.maxrec
    if not table.meta["overflow"] or own_limit:
        return
    warnings.warn(
        f"The result is not complete: the archive gives no more than {rows:,} rows "
        "to one query, and more rows match. Ask in parts and stack them (for Gaia "
        "by ranges of random_index or source_id), or narrow the WHERE; "
        "SELECT COUNT(*) tells how many there are.",
        TruncatedResultWarning,
        stacklevel=stacklevel + 1,
    )


def _make_text(table: Table, name: str) -> None:
    """Make a column of Python strings one of fixed-width text, which FITS can hold."""
    column = table[name]
    values = column.filled("") if hasattr(column, "filled") else column
    if all(isinstance(value, str) for value in values):
        new = column.astype(str)
        new.info = column.info
        table.replace_column(name, new)
