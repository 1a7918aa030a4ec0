"""The published words: one pydantic model for every schema of ``openapi.yaml``.

Requests refuse fields that they do not know, so that a misspelt word is an error
rather than a default. Answers ignore what they do not know, so that an older client
reads a newer service. Numbers are never read from text or from truth values; amounts
that people may write as text (``"4G"``) stay text here, and
:mod:`gavip_hub.api.translate` reads them.
"""

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
)

from gavip_hub.domain.event import EventKind
from gavip_hub.domain.launch import EndCode, LaunchKind
from gavip_hub.domain.phase import Phase

__all__ = [
    "Activity",
    "Allocation",
    "Capacity",
    "Claim",
    "Ending",
    "Estimate",
    "EstimateList",
    "EstimateRequest",
    "Event",
    "EventList",
    "Extension",
    "Health",
    "Info",
    "Launch",
    "LaunchPage",
    "LaunchRequest",
    "Outcome",
    "Problem",
    "Quota",
    "Report",
    "Resources",
    "Role",
    "Size",
    "Usage",
    "UwsPhase",
    "Wait",
    "Wish",
]


def _moment(value: object) -> object:
    """Refuse numbers as times, which pydantic would read as seconds since 1970."""
    if isinstance(value, str | datetime):
        return value
    message = 'A time is text such as "2026-11-22T09:00:00Z".'
    raise ValueError(message)


def _utc(value: datetime) -> datetime:
    return value.astimezone(UTC)


Moment = Annotated[
    AwareDatetime,
    Field(strict=False),
    BeforeValidator(_moment),
    AfterValidator(_utc),
]
"""An instant with a time zone, kept in UTC."""

LaunchId = Annotated[str, Field(pattern="^[0-9a-f]{16}$")]
"""Sixteen hexadecimal digits."""

Kind = Annotated[LaunchKind, Field(strict=False)]
PhaseWord = Annotated[Phase, Field(strict=False)]
EndWord = Annotated[EndCode, Field(strict=False)]
EventWord = Annotated[EventKind, Field(strict=False)]

UwsPhase = Literal["QUEUED", "HELD", "EXECUTING", "COMPLETED", "ERROR", "ABORTED"]
"""Execution phases of IVOA UWS 1.1 that a launch can show."""

Role = Literal["scientist", "developer", "operator"]
"""What a user may be on the platform."""

Outcome = Literal["started", "failed", "stopping", "stopped"]
"""What the spawner can tell about an attempt."""


class _Request(BaseModel):
    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, allow_inf_nan=False
    )


class _Answer(BaseModel):
    model_config = ConfigDict(
        strict=True, extra="ignore", frozen=True, allow_inf_nan=False
    )


class Problem(_Answer):
    """An error, in words for a person, with a code for a program (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    field: str | None = None


class Resources(_Answer):
    """An amount of each resource, in the ledger's units."""

    cpu_milli: int
    memory_bytes: int
    gpu: int


class Wish(_Request):
    """What somebody would like to use; what is left out comes from the size."""

    size: str | None = None
    cpu: float | str | None = None
    memory: int | str | None = None
    gpu: int | None = None
    walltime: float | str | None = None


class EstimateRequest(_Request):
    """Several wishes at once."""

    wishes: Annotated[list[Wish], Field(min_length=1, max_length=20)]


class Estimate(_Answer):
    """When a wish would start, if it were asked for now."""

    resources: Resources
    walltime_s: int
    fits: bool
    now: bool
    position: int | None
    reason: str
    estimated_start: Moment | None
    wait_s: int | None


class EstimateList(_Answer):
    """One answer for each wish, in the same order."""

    estimates: list[Estimate]


class LaunchRequest(_Request):
    """An ask to run something."""

    kind: Kind = LaunchKind.NOTEBOOK
    server_name: Annotated[
        str, Field(max_length=30, pattern="^([a-z0-9]+(-[a-z0-9]+)*)?$")
    ] = ""
    display_name: Annotated[str, Field(max_length=120)] = ""
    size: str | None = None
    cpu: float | str | None = None
    memory: int | str | None = None
    gpu: int | None = None
    walltime: float | str | None = None
    options: dict[str, Annotated[str, Field(max_length=16_000)]] = Field(
        default_factory=dict, max_length=20
    )


class Allocation(_Answer):
    """Resources held for a launch on a node."""

    attempt: int
    node: str
    resources: Resources
    held_since: Moment
    until: Moment


class Ending(_Answer):
    """Why a launch ended."""

    code: EndWord
    message: str
    exit_code: int | None
    peak_memory_bytes: int | None


class Wait(_Answer):
    """Where a launch stands in the queue."""

    position: int
    ahead: int
    estimated_start: Moment | None


class Usage(_Answer):
    """What a launch uses, at the last look."""

    cpu_milli: int
    memory_bytes: int
    pids: int


class Launch(_Answer):
    """One ask to run something, from the ask to its explained end."""

    id: LaunchId
    number: int
    owner: str
    kind: Kind
    server_name: str
    display_name: str
    resources: Resources
    walltime_s: int
    phase: PhaseWord
    uws_phase: UwsPhase
    version: int
    reason: str
    created_at: Moment
    admitted_at: Moment | None
    started_at: Moment | None
    running_at: Moment | None
    ended_at: Moment | None
    deadline: Moment | None
    attempt: int
    engine_name: str
    allocation: Allocation | None
    wait: Wait | None
    usage: Usage | None
    ending: Ending | None
    peak_memory_bytes: int | None
    url: str | None
    wait_url: str
    options: dict[str, str]


class LaunchPage(_Answer):
    """Launches, newest first, and where the next page begins."""

    launches: list[Launch]
    next: int | None


class Extension(_Request):
    """How much time to add to the deadline."""

    by: float | str


class Event(_Answer):
    """One thing that happened to one launch."""

    sequence: int
    launch_id: str
    kind: EventWord
    phase: PhaseWord
    message: str
    at: Moment
    detail: dict[str, str | int | None]
    launch: Launch | None


class EventList(_Answer):
    """Events, oldest first."""

    events: list[Event]


class Size(_Answer):
    """A ready-made choice of the spawn form."""

    name: str
    title: str
    resources: Resources
    walltime_s: int


class Quota(_Answer):
    """Caps of one user."""

    max_running: int
    max_waiting: int
    max_resources: Resources


class Info(_Answer):
    """The platform's rules for the caller."""

    version: str
    user: str
    roles: list[Role]
    engine: str
    enforced: list[str]
    notes: list[str]
    sizes: list[Size]
    default_size: str
    min_resources: Resources
    max_resources: Resources
    min_walltime_s: int
    max_walltime_s: int
    quota: Quota
    used: Resources
    idle_timeout_s: int | None


class Capacity(_Answer):
    """What there is, what is free, and how many wait."""

    total: Resources
    free: Resources
    largest_free: Resources
    waiting: int
    running: int


class Health(_Answer):
    """Whether what the service leans on answers."""

    status: Literal["ok", "degraded"]
    checks: dict[str, str]


class Claim(_Request):
    """The spawner's question whether a server may start."""

    owner: str
    server_name: str
    user_options: dict[str, JsonValue]
    ask_id: str = ""


class Report(_Request):
    """The spawner's word on what became of an attempt."""

    attempt: Annotated[int, Field(ge=1)]
    outcome: Outcome
    message: Annotated[str, Field(max_length=2000)] = ""


class Activity(_Request):
    """A session's word on whether somebody or something works in it."""

    busy: bool
    last_activity: Moment
    kernels: Annotated[int, Field(ge=0)] = 0
    ready: bool = False
