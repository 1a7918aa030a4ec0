"""Query archives in ADQL over the IVOA's Table Access Protocol (TAP).

>>> import gavip
>>> gavip.tap.query("SELECT TOP 5 source_id, ra, dec FROM gaiadr3.gaia_source")

The service is, in this order: the argument ``url``, what `configure` set, the
environment variable ``GAVIP_TAP_URL``, ESA's Gaia archive.

No rows are hidden: a query asks for as many rows as the service ever gives, and a
result that the service cut short comes with a `gavip.TruncatedResultWarning`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gavip.errors import BadArgument, plain_errors
from gavip.tap.addresses import ServiceChoice
from gavip.tap.archive import Archive, Question, Uploads
from gavip.tap.remote import Job, checked_timeout
from gavip.tap.results import warn_if_truncated
from gavip.tap.route import Mode, make_question, run_query, start_job
from gavip.tap.schema import describe_columns, describe_tables

if TYPE_CHECKING:
    from astropy.table import Table

__all__ = ["Job", "configure", "job", "jobs", "query", "submit", "tables"]

_choice = ServiceChoice()
_archives: dict[str, Archive] = {}
_submitted: list[Job] = []


@plain_errors
def configure(url: str | None = None) -> str:
    """Choose the TAP service of this kernel and return its address.

    Parameters
    ----------
    url
        Address of the service; `None` goes back to the default.

    Raises
    ------
    BadArgument
        Raised if `url` is not an http or https address.
    """
    _choice.set(url)
    return _choice.resolve()


@plain_errors
def query(
    adql: str,
    *,
    maxrec: int | None = None,
    mode: Mode = "auto",
    url: str | None = None,
    timeout: float | None = None,
    upload: Uploads | None = None,
    progress: bool = True,
) -> Table:
    """Run a query and return an astropy Table.

    Parameters
    ----------
    adql
        The query in ADQL.
    maxrec
        Most rows that you want; all that the service gives, if left out.
    mode
        ``sync`` is one request, ``async`` a job at the archive; ``auto`` takes one
        request for at most 2000 rows and a job for everything else.
    url
        The TAP service, if another than the configured one.
    timeout
        Longest time in seconds until the query has run. Without it a job may take
        as long as the archive answers, and one request five minutes.
    upload
        Tables to join with as ``TAP_UPLOAD.name``: name to astropy Table, path or
        open file.
    progress
        Whether to show how it goes.

    Raises
    ------
    AdqlError
        Raised if the archive finds a fault in the query.
    ArchiveUnavailable
        Raised if the archive does not answer.
    QueryTimeout
        Raised if the query took longer than `timeout`; it is stopped.

    Notes
    -----
    Interrupting the kernel stops the job at the archive too and removes it.
    """
    question = make_question(adql, maxrec, upload)
    table = run_query(
        _archive(url),
        question,
        mode=mode,
        timeout_s=checked_timeout(timeout),
        show_progress=progress,
    )
    warn_if_truncated(table, question, stacklevel=3)
    return table


@plain_errors
def submit(
    adql: str,
    *,
    maxrec: int | None = None,
    url: str | None = None,
    upload: Uploads | None = None,
) -> Job:
    """Start a query as a job at the archive and return at once.

    Parameters
    ----------
    adql
        The query in ADQL.
    maxrec
        Most rows that you want; all that the service gives, if left out.
    url
        The TAP service, if another than the configured one.
    upload
        Tables to join with as ``TAP_UPLOAD.name``.

    Raises
    ------
    AdqlError
        Raised if the archive finds a fault in the query at once.
    ArchiveUnavailable
        Raised if the archive does not answer.
    """
    started = start_job(_archive(url), make_question(adql, maxrec, upload))
    _submitted.append(started)
    return started


@plain_errors
def job(job_url: str) -> Job:
    """Find a job again, in another kernel or on another day.

    Parameters
    ----------
    job_url
        The job's ``url``.

    Raises
    ------
    BadArgument
        Raised if this is not the address of a job.
    ArchiveError
        Raised if the archive has no such job or does not answer.
    """
    base, separator, _ = job_url.rpartition("/async/")
    if not separator:
        raise BadArgument(
            "job_url", f"{job_url!r} is not the address of a job: …/tap/async/…"
        )
    archive = _archive(base)
    remote = archive.attach(job_url)
    return Job(archive, remote, Question(str(remote.query or ""), None, {}))


def jobs() -> list[Job]:
    """Return the jobs that were submitted in this kernel, oldest first."""
    return list(_submitted)


@plain_errors
def tables(table: str | None = None, *, url: str | None = None) -> Table:
    """Return the tables of the archive, or the columns of one of them.

    Parameters
    ----------
    table
        Name of a table with its schema; its columns come with units and UCDs.
    url
        The TAP service, if another than the configured one.

    Raises
    ------
    BadArgument
        Raised if the archive has no such table.
    ArchiveUnavailable
        Raised if the archive does not answer.
    """
    archive = _archive(url)
    if table is None:
        return describe_tables(archive)
    return describe_columns(archive, table)


def _archive(url: str | None) -> Archive:
    address = _choice.resolve(url)
    return _archives.setdefault(address, Archive(address))
