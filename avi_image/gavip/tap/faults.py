"""Turn an archive's complaint about a query into one a person can act on."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from gavip.errors import AdqlError
from gavip.tap.answers import ServiceFault

__all__ = ["Fault", "adql_error", "read_fault", "tables_in"]

_NAME = r"[\"'`\[]?(?P<name>[\w.]+)[\"'`\]]?"
_UNKNOWN_COLUMN = (
    rf"unknown column(?: name)?:? {_NAME}",
    rf"column:? {_NAME} (?:does not exist|not found|could not be|is unknown)",
    rf"field {_NAME} (?:does not exist|not found|could not be|is unknown)",
    rf"(?:no such|(?:can|could )not (?:locate|find)) (?:column|field):? {_NAME}",
    rf"no (?:column|field) (?:named )?{_NAME}",
    rf"unresolved identifiers?: {_NAME}",
)
_UNKNOWN_TABLE = (
    rf"unknown table(?: name)?:? {_NAME}",
    rf"(?:table|relation):? {_NAME} (?:does not exist|not found|is unknown)",
    rf"(?:could not|cannot) (?:locate|find|resolve) table:? {_NAME}",
    rf"no (?:such )?table:? (?:named )?{_NAME}",
    rf"table not found:? {_NAME}",
)
_PLACE = (
    r"\[l\.(?P<line>\d+) c\.(?P<column>\d+)",
    r"line:? ?(?P<line>\d+),? *(?:col(?:umn)?|character):? ?(?P<column>\d+)",
)
_OFFSET = r"at char(?:acter)? (?P<offset>\d+)"
_TABLE_NAME = r"\b(?:from|join)\s+((?:\"[^\"]+\"|[\w.])+)"
_CLOSE_ENOUGH = 0.6
_SUGGESTIONS = 3


@dataclass(frozen=True)
class Fault:
    """What an archive's message says, as far as it can be read."""

    kind: Literal["column", "table", "other"]
    """What the fault is about."""

    name: str | None = None
    """The name that the archive does not know."""

    line: int | None = None
    """Line of the fault, from 1."""

    column: int | None = None
    """Character of the fault in its line, from 1."""


def read_fault(message: str, adql: str) -> Fault:
    """Read the archive's message.

    Parameters
    ----------
    message
        The archive's words.
    adql
        The query as it was sent.
    """
    kind, name = _unknown_name(message)
    line, column = _place(message, adql)
    if name is not None and line is None:
        line, column = _find_word(name, adql)
    return Fault(kind, name, line, column)


def adql_error(
    fault: ServiceFault,
    adql: str,
    *,
    columns_of: Callable[[Sequence[str]], Sequence[str]],
    tables: Callable[[], Sequence[str]],
) -> AdqlError:
    """Return the error to show for an archive's complaint.

    Parameters
    ----------
    fault
        The complaint.
    adql
        The query as it was sent.
    columns_of
        Returns the columns of the named tables.
    tables
        Returns the tables of the archive.
    """
    said = fault.said
    read = read_fault(said, adql)
    suggestions: tuple[str, ...] = ()
    if read.name is not None and read.kind == "column":
        suggestions = _nearest(
            read.name.rpartition(".")[2], columns_of(tables_in(adql))
        )
    elif read.name is not None:
        suggestions = _nearest(read.name, tables())
    return AdqlError(
        "\n".join(_lines(read, said, adql, suggestions)),
        url=fault.url,
        adql=adql,
        service_message=said,
        line=read.line,
        column=read.column,
        unknown=read.name,
        suggestions=suggestions,
    )


def tables_in(adql: str) -> tuple[str, ...]:
    """Return the names of the tables that a query reads, without quotes.

    Parameters
    ----------
    adql
        A query.
    """
    found = re.findall(_TABLE_NAME, adql, re.IGNORECASE)
    return tuple(dict.fromkeys(name.replace('"', "") for name in found))


def _lines(
    read: Fault, said: str, adql: str, suggestions: tuple[str, ...]
) -> list[str]:
    if read.name is not None:
        lines = [f"The archive knows no {read.kind} {read.name!r}."]
    else:
        lines = ["The archive cannot run this query."]
    if suggestions:
        lines[0] += " Did you mean " + " or ".join(map(repr, suggestions)) + "?"
    if read.line is not None and read.column is not None:
        rows = adql.splitlines()
        if 0 < read.line <= len(rows):
            lines.append(f"  line {read.line}: {rows[read.line - 1]}")
            indent = len(f"  line {read.line}: ") + read.column - 1
            lines.append(" " * indent + "^")
    lines.append(f"The archive's words: {said}")
    return lines


def _unknown_name(
    message: str,
) -> tuple[Literal["column", "table", "other"], str | None]:
    for kind, patterns in (("table", _UNKNOWN_TABLE), ("column", _UNKNOWN_COLUMN)):
        for pattern in patterns:
            found = re.search(pattern, message, re.IGNORECASE)
            if found:
                return ("table" if kind == "table" else "column"), found["name"]
    return "other", None


def _place(message: str, adql: str) -> tuple[int | None, int | None]:
    for pattern in _PLACE:
        found = re.search(pattern, message, re.IGNORECASE)
        if found:
            return int(found["line"]), int(found["column"])
    found = re.search(_OFFSET, message, re.IGNORECASE)
    return _at(int(found["offset"]), adql) if found else (None, None)


def _find_word(word: str, adql: str) -> tuple[int | None, int | None]:
    found = re.search(rf"(?<!\w){re.escape(word)}(?!\w)", adql, re.IGNORECASE)
    return _at(found.start(), adql) if found else (None, None)


def _at(offset: int, adql: str) -> tuple[int, int]:
    before = adql[:offset]
    return before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1


def _nearest(name: str, known: Sequence[str]) -> tuple[str, ...]:
    by_lower = {each.lower(): each for each in known}
    wanted = name.lower()
    close = difflib.get_close_matches(
        wanted, list(by_lower), n=_SUGGESTIONS, cutoff=_CLOSE_ENOUGH
    )
    if not close:
        # A table is often named without its schema.
        close = [each for each in by_lower if each.endswith("." + wanted)]
    return tuple(by_lower[each] for each in close[:_SUGGESTIONS])
