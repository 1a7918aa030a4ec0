"""Explain an archive's complaint with the archive's own names at hand."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from gavip.errors import ArchiveError
from gavip.tap.answers import ServiceFault
from gavip.tap.archive import Archive
from gavip.tap.faults import adql_error
from gavip.tap.schema import column_names, table_names

__all__ = ["explained"]


@contextlib.contextmanager
def explained(archive: Archive, adql: str) -> Iterator[None]:
    """Turn a complaint about a query into an error that helps to mend it.

    Parameters
    ----------
    archive
        The service that is asked inside.
    adql
        The query that it is asked.

    Raises
    ------
    AdqlError
        Raised if the archive finds a fault in the query.
    """
    try:
        yield
    except ServiceFault as fault:
        if fault.status in _NOT_THE_QUERY:
            raise ArchiveError(f"{fault} {_MEND}", url=archive.url) from None
        raise adql_error(
            fault,
            adql,
            columns_of=lambda tables: column_names(archive, tables),
            tables=lambda: table_names(archive),
        ) from None


_NOT_THE_QUERY = frozenset({401, 403, 404, 405, 407, 413})
_MEND = (
    "The query is not at fault: is this the address of a TAP service, and open to "
    "everybody?"
)
