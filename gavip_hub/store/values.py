"""Between the domain's values and the columns that hold them."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import RowMapping

from gavip_hub.domain.capacity import Node
from gavip_hub.domain.errors import InvalidField
from gavip_hub.domain.event import EventKind, LaunchEvent
from gavip_hub.domain.launch import (
    Allocation,
    EndCode,
    Ending,
    Launch,
    LaunchKind,
    LaunchRequest,
)
from gavip_hub.domain.phase import Phase
from gavip_hub.domain.resources import Resources

__all__ = [
    "check_storable",
    "from_micros",
    "read_event",
    "read_launch",
    "read_node",
    "request_columns",
    "resource_columns",
    "to_micros",
]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_LARGEST = 2**63 - 1


def to_micros(at: datetime) -> int:
    """Return an aware time as whole microseconds since 1970, UTC."""
    return (at - _EPOCH) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    """Return the aware UTC time of a count of microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=micros)


def resource_columns(amount: Resources, prefix: str = "") -> dict[str, int]:
    """Return an amount as columns, each name with the prefix."""
    return {
        f"{prefix}cpu_milli": amount.cpu_milli,
        f"{prefix}memory_bytes": amount.memory_bytes,
        f"{prefix}gpu": amount.gpu,
    }


def request_columns(request: LaunchRequest) -> dict[str, Any]:
    """Return a request as the columns of a new launch."""
    return {
        "owner": request.owner,
        "kind": request.kind.value,
        "server_name": request.server_name,
        **resource_columns(request.resources),
        "walltime_us": request.walltime // _MICROSECOND,
        "tier": request.tier,
        "display_name": request.display_name,
        "options": dict(request.options),
    }


def check_storable(columns: Mapping[str, Any]) -> None:
    """Refuse what one of the databases could not hold, the same for both.

    Raises
    ------
    InvalidField
        Raised if a text holds a NUL or half a character, or a number is negative
        or needs more than 63 bits.
    """
    for name, value in columns.items():
        if isinstance(value, str):
            _check_text(name, value)
        elif isinstance(value, dict):
            for key, word in value.items():
                _check_text(name, key)
                _check_text(name, word)
        elif isinstance(value, int):
            low = -_LARGEST if name == "tier" else 0
            if not low <= value <= _LARGEST:
                raise InvalidField(
                    f"{name} must be between {low} and {_LARGEST}.", field=name
                )


def _check_text(name: str, value: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError:
        sound = False
    else:
        sound = "\0" not in value
    if not sound:
        raise InvalidField(
            f"{name} holds a NUL or half a character; leave it out.", field=name
        )


def _resources(row: RowMapping, prefix: str = "") -> Resources:
    return Resources(
        row[f"{prefix}cpu_milli"], row[f"{prefix}memory_bytes"], row[f"{prefix}gpu"]
    )


def _time(micros: int | None) -> datetime | None:
    return None if micros is None else from_micros(micros)


def read_node(row: RowMapping) -> Node:
    """Return the node of a row of ``node``."""
    return Node(
        name=row["name"],
        capacity=_resources(row, "cap_"),
        free=_resources(row, "free_"),
        schedulable=row["schedulable"],
    )


def read_event(row: RowMapping) -> LaunchEvent:
    """Return the event of a row of ``event``."""
    return LaunchEvent(
        sequence=row["sequence"],
        launch_id=row["launch_id"],
        owner=row["owner"],
        kind=EventKind(row["kind"]),
        phase=Phase(row["phase"]),
        message=row["message"],
        at=from_micros(row["at"]),
        detail=row["detail"],
    )


def _ending(row: RowMapping) -> Ending | None:
    if row["ending_code"] is None:
        return None
    return Ending(
        code=EndCode(row["ending_code"]),
        message=row["ending_message"],
        exit_code=row["exit_code"],
        peak_memory_bytes=row["peak_memory_bytes"],
    )


def _allocation(row: RowMapping) -> Allocation | None:
    if row["held_node"] is None:
        return None
    return Allocation(
        launch_id=row["id"],
        attempt=row["held_attempt"],
        node=row["held_node"],
        resources=_resources(row, "held_"),
        held_since=from_micros(row["held_since"]),
        until=from_micros(row["held_until"]),
    )


def _request(row: RowMapping) -> LaunchRequest:
    return LaunchRequest(
        owner=row["owner"],
        kind=LaunchKind(row["kind"]),
        server_name=row["server_name"],
        resources=_resources(row),
        walltime=timedelta(microseconds=row["walltime_us"]),
        tier=row["tier"],
        display_name=row["display_name"],
        options=row["options"],
    )


def read_launch(row: RowMapping) -> Launch:
    """Return the launch of a row of ``launch`` joined with its allocation."""
    return Launch(
        id=row["id"],
        number=row["number"],
        request=_request(row),
        phase=Phase(row["phase"]),
        version=row["version"],
        reason=row["reason"],
        created_at=from_micros(row["created_at"]),
        admitted_at=_time(row["admitted_at"]),
        started_at=_time(row["started_at"]),
        running_at=_time(row["running_at"]),
        ended_at=_time(row["ended_at"]),
        deadline=_time(row["deadline"]),
        attempt=row["attempt"],
        allocation=_allocation(row),
        ending=_ending(row),
        peak_memory_bytes=row["peak_memory_bytes"],
    )
