"""Requests as the tests file them, each with sensible values for all that is left."""

from datetime import UTC, datetime, timedelta

from gavip_hub.domain.launch import LaunchKind, LaunchRequest
from gavip_hub.domain.resources import Resources
from gavip_hub.ports import Submission

__all__ = ["NOW", "submission"]

NOW = datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=UTC)


def submission(
    key: str = "key",
    *,
    owner: str = "ada",
    kind: LaunchKind = LaunchKind.NOTEBOOK,
    server_name: str | None = None,
    resources: Resources = Resources(1000, 2 * 1024**3),  # noqa: B008  # frozen
    fingerprint: str = "fingerprint",
    max_waiting: int = 1000,
) -> Submission:
    """Return a submission; each key is a server of its own if none is named."""
    name = key if server_name is None else server_name
    request = LaunchRequest(
        owner=owner,
        kind=kind,
        server_name=name if kind.interactive else "",
        resources=resources,
        walltime=timedelta(hours=1),
        display_name="Pleïades ✨",
        options={"release": "1.0"},
    )
    return Submission(request, key, fingerprint, max_waiting)
