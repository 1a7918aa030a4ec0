"""What every engine promises about a container, as values that need no engine.

The engines translate these into their own words; what they must refuse is refused
here, once, before anything is started.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from gavip_hub.domain.container import ContainerSpec, Mount
from gavip_hub.domain.errors import InvalidField
from gavip_hub.domain.resources import Resources

__all__ = [
    "HOME",
    "LABEL_ATTEMPT",
    "LABEL_CPU_MILLI",
    "LABEL_GPU",
    "LABEL_INSTALLATION",
    "LABEL_KIND",
    "LABEL_LAUNCH",
    "LABEL_MEMORY_BYTES",
    "LABEL_OWNER",
    "LABEL_PREFIX",
    "MIN_MEMORY_BYTES",
    "SESSION_GID",
    "SESSION_UID",
    "SESSION_USER",
    "TmpfsMount",
    "check_spec",
    "labels_of",
    "session_env",
    "shm_bytes",
    "tmpfs_of",
    "whole_cores",
]

HOME: Final = "/home/jovyan"
"""Where a session finds its user-space."""

SESSION_USER: Final = "jovyan"
"""Name of the session's user inside."""

SESSION_UID: Final = 1000
"""Number of the session's user inside."""

SESSION_GID: Final = 1000
"""Number of the session's group inside."""

MIN_MEMORY_BYTES: Final = 16 * 2**20
"""Less than this cannot start anything."""

LABEL_PREFIX: Final = "org.gavip."
"""Start of every label's name."""

LABEL_INSTALLATION: Final = LABEL_PREFIX + "installation"
"""Whose it is, where several installations share an engine."""

LABEL_LAUNCH: Final = LABEL_PREFIX + "launch"
"""The launch's id."""

LABEL_ATTEMPT: Final = LABEL_PREFIX + "attempt"
"""The attempt, counted from 1."""

LABEL_OWNER: Final = LABEL_PREFIX + "owner"
"""The hub's user name."""

LABEL_KIND: Final = LABEL_PREFIX + "kind"
"""The launch's kind."""

LABEL_CPU_MILLI: Final = LABEL_PREFIX + "cpu-milli"
"""The limit on processor time [milli-cores]."""

LABEL_MEMORY_BYTES: Final = LABEL_PREFIX + "memory-bytes"
"""The limit on memory [bytes]."""

LABEL_GPU: Final = LABEL_PREFIX + "gpu"
"""The number of graphics processors."""

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_ENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,254}")
_LABEL = re.compile(r"[a-z0-9][a-z0-9.-]{0,62}")
_VOLUME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{1,127}")
_MAX_WORDS: Final = 2000
_MAX_TEXT: Final = 512 * 1024
_MAX_PIDS: Final = 4_000_000
_RESERVED = ("/bin", "/dev", "/etc", "/lib", "/lib32", "/lib64", "/proc", "/run")
_RESERVED_MORE = ("/sbin", "/sys", "/tmp", "/usr")  # noqa: S108  a target to refuse
_MAX_PORT: Final = 65_535


@dataclass(frozen=True, slots=True)
class TmpfsMount:
    """A folder inside that lives in memory, counts against it, and ends with it."""

    path: str
    size_bytes: int
    mode: int


def tmpfs_of(limits: Resources) -> tuple[TmpfsMount, ...]:
    """Return the writable folders in memory; all are nosuid and nodev."""
    half = min(limits.memory_bytes // 2, 4 * 2**30)
    return (
        TmpfsMount("/tmp", half, 0o1777),  # noqa: S108  inside, its own
        TmpfsMount("/run", 16 * 2**20, 0o1777),
    )


def shm_bytes(limits: Resources) -> int:
    """Return the size of ``/dev/shm``, which worker processes share [bytes]."""
    return min(limits.memory_bytes // 2, 2 * 2**30)


def whole_cores(limits: Resources) -> int:
    """Return how many threads can run at once within the limit, at least one."""
    return max(1, math.ceil(limits.cpu_milli / 1000))


def session_env(spec: ContainerSpec) -> dict[str, str]:
    """Return the whole environment: ours first, so that the spec has the last word.

    The thread counts keep numerical libraries from starting one thread for each core
    of the machine, of which most would only wait for the limit.
    """
    threads = str(whole_cores(spec.limits))
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    return {
        "HOME": HOME,
        "USER": SESSION_USER,
        "LOGNAME": SESSION_USER,
        "LANG": "C.UTF-8",
        **dict.fromkeys((*names, "NUMEXPR_MAX_THREADS"), threads),
        **spec.env,
    }


def labels_of(spec: ContainerSpec, installation: str) -> dict[str, str]:
    """Return the labels by which a container is found and understood again."""
    return {
        **{LABEL_PREFIX + name: value for name, value in spec.labels.items()},
        LABEL_INSTALLATION: installation,
        LABEL_LAUNCH: spec.launch_id,
        LABEL_ATTEMPT: str(spec.attempt),
        LABEL_OWNER: spec.owner,
        LABEL_KIND: spec.kind,
        LABEL_CPU_MILLI: str(spec.limits.cpu_milli),
        LABEL_MEMORY_BYTES: str(spec.limits.memory_bytes),
        LABEL_GPU: str(spec.limits.gpu),
    }


def check_spec(spec: ContainerSpec) -> None:
    """Refuse a spec that no engine should be asked to run.

    Raises
    ------
    InvalidField
        Raised if a value is unsafe or has no meaning; it names the field.
    """
    _check_identity(spec)
    _check_limits(spec)
    _check_words(spec.argv)
    _check_env(spec.env)
    _check_labels(spec.labels)
    if spec.home_source:
        _check_source(spec.home_source, "home_source")
    seen: set[str] = set()
    for mount in spec.mounts:
        _check_mount(mount)
        if mount.target in seen:
            raise InvalidField(f"Two mounts on {mount.target}.", field="mounts")
        seen.add(mount.target)


def _check_identity(spec: ContainerSpec) -> None:
    if not _NAME.fullmatch(spec.name):
        raise InvalidField(
            "A container's name has 1 to 63 small letters, digits and dashes, "
            "and does not begin with a dash.",
            field="name",
        )
    for field, value in (("launch_id", spec.launch_id), ("owner", spec.owner)):
        if not value or "\0" in value:
            raise InvalidField(f"The {field} is empty or has a NUL.", field=field)
    if "\0" in spec.image or spec.image.startswith("-"):
        raise InvalidField(
            "An image or environment does not begin with a dash.", field="image"
        )
    if spec.port is not None and not 0 < spec.port <= _MAX_PORT:
        raise InvalidField("A port lies between 1 and 65535.", field="port")
    if spec.deadline is not None and spec.deadline.utcoffset() is None:
        raise InvalidField("A deadline needs its time zone.", field="deadline")


def _check_limits(spec: ContainerSpec) -> None:
    if spec.limits.cpu_milli < 1:
        raise InvalidField(
            "The processor limit is at least 0.001 cores.", field="limits.cpu_milli"
        )
    if spec.limits.memory_bytes < MIN_MEMORY_BYTES:
        raise InvalidField(
            f"The memory limit is at least {MIN_MEMORY_BYTES} bytes.",
            field="limits.memory_bytes",
        )
    if not 1 <= spec.pids <= _MAX_PIDS:
        raise InvalidField(
            f"The limit on processes lies between 1 and {_MAX_PIDS}.", field="pids"
        )


def _check_words(argv: tuple[str, ...]) -> None:
    if not argv or not argv[0]:
        raise InvalidField("There is no command to run.", field="argv")
    if any("\0" in word for word in argv):
        raise InvalidField("A word of the command has a NUL.", field="argv")
    if len(argv) > _MAX_WORDS or sum(map(len, argv)) > _MAX_TEXT:
        raise InvalidField("The command is too long.", field="argv")


def _check_env(env: Mapping[str, str]) -> None:
    for name, value in env.items():
        if not _ENV_NAME.fullmatch(name):
            raise InvalidField(f"{name!r} is no variable's name.", field="env")
        if "\0" in value:
            raise InvalidField(f"The value of {name} has a NUL.", field="env")
    if len(env) > _MAX_WORDS or sum(map(len, env.values())) > _MAX_TEXT:
        raise InvalidField("The environment is too large.", field="env")


def _check_labels(labels: Mapping[str, str]) -> None:
    for name in labels:
        if not _LABEL.fullmatch(name):
            raise InvalidField(f"{name!r} is no label's name.", field="labels")


def _check_mount(mount: Mount) -> None:
    _check_source(mount.source, "mounts")
    target = PurePosixPath(mount.target)
    if (
        "\0" in mount.target
        or str(target) != mount.target
        or not target.is_absolute()
        or ".." in target.parts
        or mount.target.startswith("//")
    ):
        raise InvalidField(
            f"{mount.target!r} is no plain absolute path inside.", field="mounts"
        )
    if target == PurePosixPath(HOME) or target in PurePosixPath(HOME).parents:
        raise InvalidField(f"A mount on {target} would hide the home.", field="mounts")
    for reserved in (*_RESERVED, *_RESERVED_MORE):
        if target.is_relative_to(reserved):
            raise InvalidField(
                f"{target} belongs to the system inside; choose another target.",
                field="mounts",
            )


def _check_source(source: str, field: str) -> None:
    if not source.startswith("/"):
        if not _VOLUME.fullmatch(source):
            raise InvalidField(
                f"{source!r} is neither an absolute path nor a volume.", field=field
            )
        return
    path = PurePosixPath(source)
    if "\0" in source or ".." in path.parts or str(path) != source or source == "/":
        raise InvalidField(f"{source!r} is no plain absolute path.", field=field)
    if path.suffix == ".sock" or path.is_relative_to("/proc"):
        raise InvalidField(f"{source} is never given to a session.", field=field)
    for forbidden in ("/dev", "/sys", "/run", "/var/run", "/etc", "/boot"):
        if path.is_relative_to(forbidden):
            raise InvalidField(f"{source} is never given to a session.", field=field)
