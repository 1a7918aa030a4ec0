"""Tables for a notebook: plain text, and HTML in the colours of the theme.

The HTML sets no colours, so that light and dark themes both suit it, and every
text in it is escaped.
"""

from __future__ import annotations

import html
import os
from collections.abc import Sequence
from urllib.parse import urljoin

from typing_extensions import override

__all__ = ["Link", "html_table", "text_table"]


class Link:
    """A text that leads somewhere.

    Parameters
    ----------
    text
        What to show.
    path
        Where it leads: a path on the hub's origin.
    """

    def __init__(self, text: str, path: str) -> None:
        self.text = text
        self.path = path

    @override
    def __str__(self) -> str:
        return self.text

    def to_html(self) -> str:
        """Return the link; one that leads off the hub becomes plain text."""
        if not self.path.startswith("/") or self.path.startswith(("//", "/\\")):
            return html.escape(self.text)
        address = urljoin(os.environ.get("JUPYTERHUB_PUBLIC_HUB_URL", ""), self.path)
        return (
            f'<a href="{html.escape(address)}" target="_blank" rel="noopener">'
            f"{html.escape(self.text)}</a>"
        )


Cell = str | Link


def html_table(
    rows: Sequence[Sequence[Cell]], *, head: Sequence[str] = (), note: str = ""
) -> str:
    """Return rows as an HTML table with a line of words below.

    Parameters
    ----------
    rows
        The cells.
    head
        The columns' names; without them the first cell of each row is its name.
    note
        Words below the table.
    """
    lines = []
    if rows:
        top = "".join(f"<th>{html.escape(name)}</th>" for name in head)
        lines.append("<table>")
        lines += [f"<thead><tr>{top}</tr></thead>"] if head else []
        lines.append("<tbody>")
        lines += [_html_row(row, named=not head) for row in rows]
        lines.append("</tbody></table>")
    if note:
        lines.append(f"<p>{html.escape(note)}</p>")
    return "".join(lines)


def text_table(
    rows: Sequence[Sequence[Cell]], *, head: Sequence[str] = (), note: str = ""
) -> str:
    """Return rows as aligned text with a line of words below.

    Parameters
    ----------
    rows
        The cells.
    head
        The columns' names, if the table has any.
    note
        Words below the table.
    """
    table = [[str(cell) for cell in row] for row in ([head] if head else [])]
    table += [[str(cell) for cell in row] for row in rows] if rows else []
    table = table if rows else []
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = [
        "  ".join(
            cell.ljust(width) for cell, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in table
    ]
    return "\n".join([*lines, *([note] if note else [])])


def _html_row(row: Sequence[Cell], *, named: bool) -> str:
    cells = []
    for index, cell in enumerate(row):
        tag = "th" if named and index == 0 else "td"
        inner = cell.to_html() if isinstance(cell, Link) else html.escape(cell)
        cells.append(f'<{tag} style="text-align: left">{inner}</{tag}>')
    return f"<tr>{''.join(cells)}</tr>"
