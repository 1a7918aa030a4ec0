"""What can go wrong between a client and the service."""

from gavip_hub.api.models import Problem
from gavip_hub.domain.errors import GavipError

__all__ = ["ClientError", "ServiceUnreachable"]

_TRANSIENT = frozenset({408, 429, 500, 502, 503, 504})


class ClientError(GavipError):
    """The service said no.

    Parameters
    ----------
    problem
        What it said, as the contract words it.
    """

    code = "client_error"

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail, field=problem.field)
        self.code = problem.code
        self.title = problem.title
        self.problem = problem

    @property
    def status(self) -> int:
        """The HTTP status of the answer."""
        return self.problem.status

    @property
    def detail(self) -> str:
        """What is wrong and how to mend it."""
        return self.problem.detail

    @property
    def transient(self) -> bool:
        """Whether the same request may succeed later."""
        return self.status in _TRANSIENT


class ServiceUnreachable(ClientError):
    """The service does not answer, or not in words that this client knows.

    Parameters
    ----------
    detail
        What was seen, for a person.
    repeat_at_once
        Whether another try within the second is worth it.
    """

    code = "service_unreachable"
    title = "The launch service does not answer"

    def __init__(self, detail: str, *, repeat_at_once: bool = False) -> None:
        super().__init__(
            Problem(
                type="about:blank",
                title=type(self).title,
                status=503,
                detail=detail,
                code=type(self).code,
            )
        )
        self.repeat_at_once = repeat_at_once
