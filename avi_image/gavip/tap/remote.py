"""A query that runs at the archive while the notebook goes on (IVOA UWS)."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

from typing_extensions import override

from gavip.errors import (
    ArchiveError,
    ArchiveUnavailable,
    BadArgument,
    JobEnded,
    QueryTimeout,
    plain_errors,
)
from gavip.progress import Progress, progress_for
from gavip.tap.answers import ServiceFault
from gavip.tap.archive import Archive, Question
from gavip.tap.explain import explained
from gavip.tap.results import finished_table, warn_if_truncated
from gavip.tap.session import Patience

if TYPE_CHECKING:
    from astropy.table import Table
    from pyvo.dal.tap import AsyncTAPJob

__all__ = ["Job", "checked_timeout", "discard"]

_ENDED = frozenset({"COMPLETED", "ERROR", "ABORTED", "ARCHIVED"})
_POLL_FIRST_S = 0.1
_POLL_GROWTH = 1.4
_POLL_MOST_S = 5.0
_RETRY_WITHIN_S = 6.0
_FETCH_TIMEOUT_S = 3600.0


class Job:
    """A job of an archive.

    Made by `gavip.tap.submit`, found again by `gavip.tap.job`.
    It goes on when the kernel ends; the archive keeps its result for some days.

    Parameters
    ----------
    archive
        The service that runs it.
    remote
        pyvo's job.
    question
        The query that it runs.
    """

    def __init__(
        self, archive: Archive, remote: AsyncTAPJob, question: Question
    ) -> None:
        self._archive = archive
        self._remote = remote
        self._question = question
        self._phase = str(getattr(remote._job, "phase", "PENDING"))  # noqa: SLF001 - last seen, without a request
        self.url: str = str(remote.url)

    @property
    def id(self) -> str:
        """The archive's name for the job."""
        return self.url.rstrip("/").rpartition("/")[2]

    @property
    def adql(self) -> str:
        """The query that the job runs."""
        return self._question.adql

    @property
    @plain_errors
    def phase(self) -> str:
        """The job's UWS phase, asked of the archive now.

        Raises
        ------
        ArchiveUnavailable
            Raised if the archive does not answer.
        """
        if self._phase not in _ENDED:
            self._phase = self._ask_phase()
        return self._phase

    @plain_errors
    def wait(self, timeout: float | None = None, *, progress: bool = True) -> Job:
        """Wait until the job has ended, however it ended.

        Parameters
        ----------
        timeout
            Longest wait in seconds; `None` waits as long as the archive answers.
        progress
            Whether to show how it goes.

        Raises
        ------
        QueryTimeout
            Raised if the job has not ended in time; it goes on.
        ArchiveUnavailable
            Raised if the archive does not answer any more; the job may go on.
        """
        shown = progress_for(show=progress)
        self.follow(shown, None if timeout is None else time.monotonic() + timeout)
        shown.finish(f"job {self.id}: {self._phase}")
        return self

    @plain_errors
    def result(self, timeout: float | None = None, *, progress: bool = True) -> Table:
        """Wait for the job and return its table.

        Parameters
        ----------
        timeout
            Longest wait in seconds; `None` waits as long as the archive answers.
        progress
            Whether to show how it goes.

        Raises
        ------
        AdqlError
            Raised if the archive finds a fault in the query.
        JobEnded
            Raised if the job was aborted.
        QueryTimeout
            Raised if the job has not ended in time; it goes on.
        """
        shown = progress_for(show=progress)
        self.follow(shown, None if timeout is None else time.monotonic() + timeout)
        table = self.fetch(shown)
        warn_if_truncated(table, self._question, stacklevel=3)
        return table

    @plain_errors
    def abort(self) -> None:
        """Stop the job; one that has ended stays as it is.

        Raises
        ------
        ArchiveUnavailable
            Raised if the archive does not answer.
        """
        if self.phase not in _ENDED:
            self._remote.abort()
            self._phase = self._ask_phase()

    @plain_errors
    def delete(self) -> None:
        """Stop the job and remove it and its result from the archive.

        Raises
        ------
        ArchiveUnavailable
            Raised if the archive does not answer.
        """
        # pyvo forgets the address of a deleted job, so ask the session itself.
        with contextlib.suppress(ServiceFault):  # gone already
            self._archive.session.delete(self.url, allow_redirects=False)
        self._phase = "ARCHIVED"

    def follow(self, progress: Progress, deadline_s: float | None) -> None:
        """Ask for the phase, at growing intervals, until the job has ended.

        Parameters
        ----------
        progress
            Where to report.
        deadline_s
            Monotonic time at which to give up [s].

        Raises
        ------
        QueryTimeout
            Raised if the deadline passed.
        """
        began_s = time.monotonic()
        pause_s = _POLL_FIRST_S
        while self._phase not in _ENDED:
            now_s = time.monotonic()
            if deadline_s is not None and now_s >= deadline_s:
                raise QueryTimeout(
                    f"Job {self.id} is still {self._phase} after the allowed time.",
                    url=self._archive.url,
                )
            progress.update(f"{self._words()}, {now_s - began_s:.0f} s")
            left_s = pause_s if deadline_s is None else deadline_s - now_s
            time.sleep(max(0.0, min(pause_s, left_s)))
            pause_s = min(pause_s * _POLL_GROWTH, _POLL_MOST_S)
            self._phase = self._ask_phase()

    def fetch(self, progress: Progress) -> Table:
        """Return the table of an ended job.

        Parameters
        ----------
        progress
            Where to report.

        Raises
        ------
        AdqlError
            Raised if the archive finds a fault in the query.
        JobEnded
            Raised if the job ended without a result.
        """
        with explained(self._archive, self._question.adql):
            self._refuse_without_result()
            patience = Patience(_FETCH_TIMEOUT_S, progress, "fetching the result")
            with self._archive.session.patient(patience):
                address = self._remote.result_uri
                response = self._archive.session.get(
                    address or f"{self.url}/results/result"
                )
            with contextlib.closing(response.raw) as source:
                results = self._archive.read_table(source)
        table = finished_table(results, self._archive, self._question)
        progress.finish(f"{len(table):,} rows")
        return table

    def _refuse_without_result(self) -> None:
        if self._phase == "COMPLETED":
            return
        if self._phase == "ERROR":
            summary = getattr(self._remote._job, "errorsummary", None)  # noqa: SLF001 - as read by the last poll
            content = getattr(getattr(summary, "message", None), "content", None)
            raise ServiceFault(
                " ".join(str(content or "no reason given").split()),
                status=200,
                url=self._archive.url,
            )
        raise JobEnded(
            f"Job {self.id} is {self._phase}: there is no result.",
            url=self._archive.url,
        )

    def _ask_phase(self) -> str:
        """Ask for the phase; a connection that breaks at once is tried again."""
        give_up_s = time.monotonic() + _RETRY_WITHIN_S
        pause_s = _POLL_FIRST_S
        while True:
            try:
                with self._archive.readable():
                    return str(self._remote.phase)
            except ServiceFault as fault:
                raise JobEnded(
                    f"The archive does not know job {self.id} any more: {fault}",
                    url=self._archive.url,
                ) from None
            except ArchiveUnavailable as error:
                if time.monotonic() + pause_s > give_up_s:
                    raise ArchiveUnavailable(
                        f"{error} The job may go on; gavip.tap.job({self.url!r}) "
                        "finds it again.",
                        url=self._archive.url,
                    ) from None
                time.sleep(pause_s)
                pause_s *= 2

    def _words(self) -> str:
        words = {"QUEUED": "waiting at the archive", "EXECUTING": "running"}
        return f"job {self.id}: {words.get(self._phase, self._phase.lower())}"

    @override
    def __repr__(self) -> str:
        return f"<Job {self.id} {self._phase} at {self._archive.name}>"


def checked_timeout(timeout: object) -> float | None:
    """Return a timeout that makes sense.

    Parameters
    ----------
    timeout
        Seconds, or `None`.

    Raises
    ------
    BadArgument
        Raised if it is not a positive number.
    """
    if timeout is None:
        return None
    fits = isinstance(timeout, int | float) and not isinstance(timeout, bool)
    number = float(str(timeout)) if fits else 0.0
    if 0 < number < float("inf"):
        return number
    raise BadArgument("timeout", f"{timeout!r} is not a positive number of seconds.")


def discard(job: Job) -> None:
    """Remove a job that nobody will ask for; the archive does so itself in time.

    Parameters
    ----------
    job
        The job.
    """
    with contextlib.suppress(ArchiveError):
        job.delete()
