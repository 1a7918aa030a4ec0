"""Ask a TAP archive and get a table: the way a query takes."""

from __future__ import annotations

import re
import time
from numbers import Integral
from typing import TYPE_CHECKING, Literal, get_args

from gavip.errors import AdqlError, BadArgument, QueryTimeout
from gavip.progress import Progress, progress_for
from gavip.tap.archive import Archive, Question, Uploads
from gavip.tap.explain import explained
from gavip.tap.remote import Job, discard
from gavip.tap.results import finished_table

if TYPE_CHECKING:
    from astropy.table import Table

__all__ = ["Mode", "make_question", "run_query", "start_job"]

Mode = Literal["auto", "sync", "async"]
"""How a query travels: one request, a job, or whichever suits it."""

_FEW_ROWS = 2000
_TOP = re.compile(r"^\s*select\s+(?:distinct\s+|all\s+)?top\s+(\d+)\b", re.IGNORECASE)
_TOTAL = re.compile(r"^\s*select\s+(?:count|min|max|avg|sum)\s*\(", re.IGNORECASE)
_GROUPED = re.compile(r"\bgroup\s+by\b|\bunion\b", re.IGNORECASE)
_SYNC_TIMEOUT_S = 300.0
_AUTO_SYNC_S = 30.0


def make_question(adql: object, maxrec: object, uploads: Uploads | None) -> Question:
    """Check what a caller asks.

    Parameters
    ----------
    adql
        The query text.
    maxrec
        Most rows wanted.
    uploads
        Tables to send along.

    Raises
    ------
    BadArgument
        Raised if something is not of its kind.
    """
    if not isinstance(adql, str) or not adql.strip():
        raise BadArgument("adql", "give the query as text, such as 'SELECT TOP 5 …'.")
    text = adql.strip().rstrip(";")
    if maxrec is None:
        return Question(text, None, dict(uploads or {}))
    fits = isinstance(maxrec, Integral) and not isinstance(maxrec, bool)
    number = int(str(maxrec)) if fits else -1
    if number >= 0:
        return Question(text, number, dict(uploads or {}))
    raise BadArgument(
        "maxrec", f"{maxrec!r} is not a number of rows; leave it out for all rows."
    )


def run_query(
    archive: Archive,
    question: Question,
    *,
    mode: Mode,
    timeout_s: float | None,
    show_progress: bool,
) -> Table:
    """Run a query to its end and return the table.

    Parameters
    ----------
    archive
        The service to ask.
    question
        The query.
    mode
        ``auto`` sends queries for few rows as one request, and turns to a job when
        the answer takes long or is cut short; all others are jobs.
    timeout_s
        Longest time until the query has run [s].
    show_progress
        Whether to show how it goes.

    Raises
    ------
    ArchiveError
        Raised if there is no result.
    """
    if mode not in get_args(Mode):
        raise BadArgument("mode", f"{mode!r} is none of 'auto', 'sync' and 'async'.")
    progress = progress_for(show=show_progress)
    if mode == "sync":
        return _as_request(archive, question, timeout_s or _SYNC_TIMEOUT_S, progress)
    if mode == "auto" and _wants_few_rows(question):
        table = _as_short_request(archive, question, timeout_s, progress)
        if table is not None:
            return table
    return _as_job(archive, question, timeout_s, progress)


def start_job(archive: Archive, question: Question) -> Job:
    """Start a job for a query.

    Parameters
    ----------
    archive
        The service to ask.
    question
        The query.

    Raises
    ------
    ArchiveError
        Raised if the service does not take it.
    """
    with explained(archive, question.adql):
        return Job(archive, archive.submit(question), question)


def _wants_few_rows(question: Question) -> bool:
    """Tell from its text whether a query surely gives few rows."""
    if _TOTAL.match(question.adql) and not _GROUPED.search(question.adql):
        return True
    top = _TOP.match(question.adql)
    wanted = [int(top[1])] if top else []
    if question.maxrec is not None:
        wanted.append(question.maxrec)
    return bool(wanted) and min(wanted) <= _FEW_ROWS


def _as_request(
    archive: Archive, question: Question, timeout_s: float, progress: Progress
) -> Table:
    with explained(archive, question.adql):
        results = archive.ask(question, timeout_s=timeout_s, progress=progress)
    table = finished_table(results, archive, question)
    progress.finish(f"{len(table):,} rows")
    return table


def _as_short_request(
    archive: Archive, question: Question, timeout_s: float | None, progress: Progress
) -> Table | None:
    """Return the answer of one quick request; `None` if a job would do better."""
    patience_s = min(timeout_s or _AUTO_SYNC_S, _AUTO_SYNC_S)
    try:
        table = _as_request(archive, question, patience_s, progress)
    except QueryTimeout:
        if timeout_s is not None and timeout_s <= _AUTO_SYNC_S:
            raise
        return None
    wanted = _FEW_ROWS if question.maxrec is None else question.maxrec
    cut_short = table.meta["overflow"] and len(table) < wanted
    return None if cut_short else table


def _as_job(
    archive: Archive, question: Question, timeout_s: float | None, progress: Progress
) -> Table:
    deadline_s = None if timeout_s is None else time.monotonic() + timeout_s
    job = start_job(archive, question)
    try:
        job.follow(progress, deadline_s)
        table = job.fetch(progress)
    except QueryTimeout:
        discard(job)
        raise QueryTimeout(
            f"The query took longer than the allowed {timeout_s:g} s and was stopped. "
            "Allow more with timeout=…, or start it with gavip.tap.submit and come "
            "back for its result.",
            url=archive.url,
        ) from None
    except (KeyboardInterrupt, AdqlError):
        progress.finish("stopped")
        discard(job)
        raise
    discard(job)
    return table
