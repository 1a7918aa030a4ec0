"""One TAP service: its limits, and queries sent to it over pyvo."""

from __future__ import annotations

import contextlib
import io
import time
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gavip.errors import ArchiveError, ArchiveUnavailable
from gavip.progress import Progress
from gavip.tap.addresses import public_address
from gavip.tap.answers import ServiceFault
from gavip.tap.session import ArchiveSession, Patience

if TYPE_CHECKING:
    from pyvo.dal import TAPResults, TAPService
    from pyvo.dal.tap import AsyncTAPJob

__all__ = ["Archive", "Question", "Uploads"]

_LIMITS_FRESH_S = 600.0

Uploads = Mapping[str, Any]
"""Tables to send along: name in ``TAP_UPLOAD`` to Table, path or open file."""


@dataclass(frozen=True)
class Question:
    """A query as it is sent."""

    adql: str
    """The query text."""

    maxrec: int | None
    """Most rows that the caller wants; `None` for as many as there are."""

    uploads: Uploads
    """Tables to send along."""


class Archive:
    """A TAP service at one address.

    Parameters
    ----------
    url
        Address of the service.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.session = ArchiveSession(url)
        self._hard_limit: int | None = None
        self._limits_read_s: float | None = None

    @property
    def name(self) -> str:
        """The address, fit to show."""
        return public_address(self.url)

    def hard_limit(self) -> int | None:
        """Return the most rows that the service ever gives; `None` if it names none.

        Without a ``MAXREC`` services apply a smaller default and so hide rows;
        therefore each query asks for this limit.

        Raises
        ------
        ArchiveUnavailable
            Raised if the service does not answer.
        """
        now_s = time.monotonic()
        read_s = self._limits_read_s
        if read_s is None or now_s - read_s > _LIMITS_FRESH_S:
            self._hard_limit = self._read_hard_limit()
            self._limits_read_s = now_s
        return self._hard_limit

    def row_limit(self, maxrec: int | None) -> int | None:
        """Return the ``MAXREC`` to send for what the caller asked.

        Parameters
        ----------
        maxrec
            The caller's own limit.
        """
        hard_limit = self.hard_limit()
        return hard_limit if maxrec is None else maxrec

    def ask(
        self, question: Question, *, timeout_s: float, progress: Progress
    ) -> TAPResults:
        """Run a query on the service's synchronous endpoint.

        Parameters
        ----------
        question
            The query.
        timeout_s
            Longest time for the whole answer [s].
        progress
            Where to report.

        Raises
        ------
        ArchiveError
            Raised if there is no result.
        """
        limit = self.row_limit(question.maxrec)
        query = self._service().create_query(
            question.adql, uploads=dict(question.uploads), **_maxrec(limit)
        )
        patience = Patience(timeout_s, progress, f"The query at {self.name}")
        with self.session.patient(patience):
            response = query.submit()
        with contextlib.closing(response.raw) as source:
            return self.read_table(source)

    def submit(self, question: Question) -> AsyncTAPJob:
        """Make a job of a query and start it.

        Parameters
        ----------
        question
            The query.

        Raises
        ------
        ArchiveError
            Raised if the service does not take the job.
        """
        limit = self.row_limit(question.maxrec)
        with self.readable():
            job = self._service().submit_job(
                question.adql, uploads=dict(question.uploads), **_maxrec(limit)
            )
            return job.run()

    def attach(self, job_url: str) -> AsyncTAPJob:
        """Return a job that exists already.

        Parameters
        ----------
        job_url
            Address of the job.

        Raises
        ------
        ArchiveError
            Raised if there is no such job.
        """
        from pyvo.dal.tap import AsyncTAPJob  # noqa: PLC0415 - slow to import

        with self.readable():
            return AsyncTAPJob(job_url, session=self.session, delete=False)

    def read_table(self, source: Any) -> TAPResults:
        """Parse an answer.

        Parameters
        ----------
        source
            The answer's bytes, as an open file.

        Raises
        ------
        ServiceFault
            Raised if the answer is the archive's error message.
        ArchiveUnavailable
            Raised if the answer is no VOTable.
        """
        from astropy.io.votable import parse  # noqa: PLC0415 - slow to import
        from pyvo.dal import DALQueryError, TAPResults  # noqa: PLC0415

        with self.readable():
            try:
                votable = parse(source.read, verify="ignore")
                return TAPResults(votable, url=self.url, session=self.session)
            except DALQueryError as error:
                said = " ".join(str(error).split())
                raise ServiceFault(said, status=200, url=self.url) from None

    @contextlib.contextmanager
    def readable(self) -> Iterator[None]:
        """Turn what libraries raise over an unreadable answer into one error.

        Raises
        ------
        ArchiveUnavailable
            Raised if an answer is not what a TAP service would send.
        """
        with warnings.catch_warnings():
            # Services bend the VOTable standard in harmless ways, and truncation
            # is reported by `gavip` itself.
            warnings.simplefilter("ignore")
            try:
                yield
            except (ArchiveError, OSError):
                raise
            except Exception as error:  # noqa: BLE001 - parsers raise anything
                said = " ".join(str(error).split())[:200]
                raise ArchiveUnavailable(
                    f"The archive at {self.name} sent an answer that is no table and "
                    f"no message ({said}).",
                    url=self.url,
                ) from None

    def _service(self) -> TAPService:
        from pyvo.dal import TAPService  # noqa: PLC0415 - slow to import

        return TAPService(self.url, session=self.session)

    def _read_hard_limit(self) -> int | None:
        from pyvo.io.vosi import parse_capabilities  # noqa: PLC0415 - slow to import
        from pyvo.io.vosi.tapregext import TableAccess  # noqa: PLC0415

        try:
            response = self.session.get(f"{self.url}/capabilities")
        except ServiceFault:
            return None  # alive, but it describes itself nowhere
        with self.readable():
            capabilities = parse_capabilities(io.BytesIO(response.raw.read()).read)
            for capability in capabilities:
                limit = getattr(capability, "outputlimit", None)
                hard = getattr(limit, "hard", None)
                if isinstance(capability, TableAccess) and hard is not None:
                    return int(hard.content)
        return None


def _maxrec(limit: int | None) -> dict[str, int]:
    # Given as a keyword, since pyvo leaves out a `maxrec` of zero.
    return {} if limit is None else {"MAXREC": limit}
