"""What every engine is asked to run, and what it tells about it.

A spec is a plain value. The engines translate it, each into its own words, and the
shared contract suite checks that they mean the same by it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from gavip_hub.domain.resources import Resources

__all__ = ["ContainerSpec", "ContainerState", "ContainerStatus", "Mount", "Usage"]


@dataclass(frozen=True, slots=True)
class Mount:
    """A folder (or named volume) of the host that the container sees."""

    source: str
    """Absolute path on the host, or the name of a volume."""
    target: str
    """Absolute path inside."""
    read_only: bool = True
    follow_host: bool = False
    """Whether mounts that the host makes below it later appear inside (rslave)."""


@dataclass(frozen=True, slots=True)
class ContainerSpec:
    """All that an engine needs to know to run one attempt of one launch."""

    name: str
    """``gavip-<launch>-<attempt>``; a second create under it starts nothing."""
    launch_id: str
    attempt: int
    owner: str
    kind: str
    argv: tuple[str, ...]
    """The command, never passed through a shell."""
    env: Mapping[str, str]
    limits: Resources
    """Enforced: processor time and memory."""
    pids: int
    """Enforced: number of processes and threads."""
    image: str = ""
    """Image (docker) or virtual environment (sandbox); empty for the engine's own."""
    home_source: str = ""
    """The user-space: a host folder or volume name; mounted at ``/home/jovyan``."""
    mounts: tuple[Mount, ...] = ()
    port: int | None = None
    """Port on which it will answer, for interactive kinds."""
    network: bool = True
    """Whether it may reach anything but itself."""
    deadline: datetime | None = None
    """When the engine ends it by itself, where it can, even if nobody asks."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """Further labels, such as the epoch of the writer."""


class ContainerState(StrEnum):
    """What the engine says of a container."""

    CREATED = "created"
    """It exists and was never seen to run."""
    RUNNING = "running"
    EXITED = "exited"


@dataclass(frozen=True, slots=True)
class ContainerStatus:
    """One container or sandbox, as the engine's own records have it."""

    name: str
    launch_id: str
    attempt: int
    owner: str
    state: ContainerState
    limits: Resources
    exit_code: int | None = None
    out_of_memory: bool = False
    """Whether the kernel or the engine ended it for its memory limit."""
    walltime_reached: bool = False
    """Whether the engine itself ended it at its deadline."""
    lost: bool = False
    """Whether it vanished without an exit status, such as in a restart of the host."""
    peak_memory_bytes: int | None = None
    oom_kills: int = 0
    """Processes in it that were ended for its memory limit, such as a kernel."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What a container uses at a moment."""

    cpu_milli: int
    """Processor time per time since the last look [milli-cores]."""
    memory_bytes: int
    """Memory that counts against the limit, without the page cache [bytes]."""
    pids: int
    peak_memory_bytes: int | None = None
    oom_kills: int = 0
    """Processes in it that were ended for its memory limit so far."""
