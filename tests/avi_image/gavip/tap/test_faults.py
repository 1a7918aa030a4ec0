"""Reading what archives say about a faulty query."""

from __future__ import annotations

import pytest

from gavip.tap.answers import ServiceFault
from gavip.tap.faults import Fault, adql_error, read_fault, tables_in


@pytest.mark.parametrize(
    ("message", "kind", "name"),
    [
        # Messages as the software behind the large archives phrases them.
        ('1 unresolved identifiers: rra! * Unknown column "rra" !', "column", "rra"),
        ("No such field known: column 'rra' could not be located", "column", "rra"),
        ('column "rra" does not exist', "column", "rra"),
        ("Column: rra not found", "column", "rra"),
        ('Unknown table "gaiadr3.gaia" !', "table", "gaiadr3.gaia"),
        ('relation "gaiadr3.gaia" does not exist', "table", "gaiadr3.gaia"),
        ("Could not locate table 'gaiadr3.gaia'", "table", "gaiadr3.gaia"),
        ("Table [gaiadr3.gaia] is not found", "other", None),
        ("out of memory", "other", None),
    ],
)  # fmt: skip
def test_unknown_names_are_found(message: str, kind: str, name: str | None) -> None:
    """The kind of fault and the unknown name are read from the message."""
    read = read_fault(message, "SELECT rra FROM gaiadr3.gaia")
    assert (read.kind, read.name) == (kind, name)


@pytest.mark.parametrize(
    ("message", "place"),
    [
        ('Encountered "FORM". Was expecting: "FROM" [l.2 c.3 - l.2 c.6]', (2, 3)),
        ('Expected "FROM" (at char 12), (line:2, col:3)', (2, 3)),
        ("syntax error at line 2, column 3", (2, 3)),
        ("unexpected at character 12", (2, 3)),
        ("something else", (None, None)),
    ],
)
def test_places_are_found(message: str, place: tuple[int | None, int | None]) -> None:
    """Line and character are read in each of the ways that archives give them."""
    read = read_fault(message, "SELECT ra\n  FORM t")
    assert read == Fault("other", None, *place)


def test_place_of_an_unknown_name_is_looked_up() -> None:
    """Without a place in the message, the name is looked for in the query."""
    read = read_fault('Unknown column "rra"', "SELECT ra,\n  rra FROM t")
    assert (read.line, read.column) == (2, 3)


def test_tables_are_read_from_the_query() -> None:
    """Tables after FROM and JOIN are found, quoted or not, each once."""
    adql = 'select * from a.b as x join "C d".e on 1=1 JOIN a.b ON 2=2'
    assert tables_in(adql) == ("a.b", "C d.e")


def test_no_suggestion_is_better_than_a_far_one() -> None:
    """Without a name that looks alike, nothing is suggested."""
    error = adql_error(
        ServiceFault('Unknown column "zzz"', status=400, url=""),
        "SELECT zzz FROM t",
        columns_of=lambda _tables: ["ra", "dec"],
        tables=list,
    )
    assert error.suggestions == ()
    assert "Did you mean" not in str(error)
