"""The launch: one ask to run something, from the ask to its explained end."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from gavip_hub.domain.phase import Phase
from gavip_hub.domain.resources import Resources

__all__ = ["Allocation", "EndCode", "Ending", "Launch", "LaunchKind", "LaunchRequest"]


class LaunchKind(StrEnum):
    """What is to be run."""

    NOTEBOOK = "notebook"
    """JupyterLab, as a server of the hub."""
    AVI = "avi"
    """The interface of an AVI, as a named server of the hub."""
    PIPELINE = "pipeline"
    """A batch run of an AVI's pipeline, without the hub."""
    BUILD = "build"
    """The build of an AVI's release, without the hub."""

    @property
    def interactive(self) -> bool:
        """Whether it is a server of the hub that a person opens."""
        return self in {LaunchKind.NOTEBOOK, LaunchKind.AVI}


class EndCode(StrEnum):
    """Why a launch ended."""

    FINISHED = "finished"
    """It ended by itself, without a fault."""
    STOPPED = "stopped"
    """Its owner stopped it, or cancelled it while it waited."""
    WALLTIME = "walltime"
    """It reached its time limit."""
    IDLE = "idle"
    """Nothing happened in it for longer than the idle rule allows."""
    OUT_OF_MEMORY = "out_of_memory"
    """It used more memory than its limit."""
    CRASHED = "crashed"
    """It ended by itself with an error."""
    FAILED_TO_START = "failed_to_start"
    """It could not be started, after one retry."""
    NODE_LOST = "node_lost"
    """The engine lost it: a restart of the machine, or a node that went away."""
    OPERATOR = "operator"
    """An operator cancelled it."""

    @property
    def phase(self) -> Phase:
        """The final phase that goes with it, for a launch that held resources."""
        if self in {EndCode.FINISHED, EndCode.STOPPED, EndCode.IDLE}:
            return Phase.COMPLETED
        if self is EndCode.OPERATOR:
            return Phase.ABORTED
        return Phase.ERROR


@dataclass(frozen=True, slots=True)
class Ending:
    """The end of a launch, explained."""

    code: EndCode
    """Which of the known ends it was."""
    message: str
    """What happened and what to do about it, in plain words."""
    exit_code: int | None = None
    """The process's exit status, where there was one."""
    peak_memory_bytes: int | None = None
    """Most memory that it was seen to use [bytes]."""


@dataclass(frozen=True, slots=True)
class LaunchRequest:
    """What somebody asks for, checked and in whole numbers."""

    owner: str
    """The hub's user name."""
    kind: LaunchKind
    """What to run."""
    server_name: str
    """Name of the hub's server for interactive kinds; empty is the default server."""
    resources: Resources
    """Limits that the user accepts."""
    walltime: timedelta
    """Longest run that the user accepts."""
    tier: int = 0
    """Priority tier; a higher one goes first."""
    display_name: str = ""
    """What people read in lists."""
    options: Mapping[str, str] = field(default_factory=dict)
    """Further words for the kind at hand, such as an AVI's release."""


@dataclass(frozen=True, slots=True)
class Allocation:
    """Resources held for a launch on a node."""

    launch_id: str
    attempt: int
    """Counts the starts of the launch from 1; part of the engine object's name."""
    node: str
    resources: Resources
    held_since: datetime
    until: datetime
    """When the limit ends it at the latest (admission + walltime + start grace)."""


@dataclass(frozen=True, slots=True)
class Launch:
    """One ask to run something; a row in the database before any container exists."""

    id: str
    """Sixteen hexadecimal digits, never used again."""
    number: int
    """Counts all launches in the order of their acknowledgement."""
    request: LaunchRequest
    phase: Phase
    version: int
    """Grows with every change; writers compare and set on it."""
    reason: str
    """Why it is where it is, in plain words."""
    created_at: datetime
    admitted_at: datetime | None = None
    started_at: datetime | None = None
    """When the engine was asked to start it."""
    running_at: datetime | None = None
    """When it was first seen to run and answer."""
    ended_at: datetime | None = None
    deadline: datetime | None = None
    """When the time limit ends it; moves with an extension."""
    attempt: int = 0
    """The attempt at hand; 0 before the first admission."""
    allocation: Allocation | None = None
    """What it holds, while it holds something."""
    ending: Ending | None = None
    """Why it ends (from STOPPING on) or ended."""
    peak_memory_bytes: int | None = None
    """Most memory seen so far [bytes]."""

    @property
    def engine_name(self) -> str:
        """Name of its container or sandbox, the same whoever computes it."""
        return f"gavip-{self.id}-{self.attempt}"
