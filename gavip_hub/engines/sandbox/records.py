"""What is on disk of each sandbox, safe for several processes at a time.

A folder per container, whose exclusive creation is the creation of the container.
The keeper holds a lock on ``alive`` for as long as it lives; the kernel lets go of it
however the keeper ends. ``exit.json`` is written before that, so a free lock without
it says that the keeper was killed.
"""

import contextlib
import fcntl
import json
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from gavip_hub.engines.sandbox.job import Job, decode_job, encode_job
from gavip_hub.engines.sandbox.private import open_private

__all__ = ["Folder", "Outcome", "Records", "Started", "StopOrder"]

_RESERVE_BYTES: Final = 4096


@dataclass(frozen=True, slots=True)
class Started:
    """That the command was executed, and where it is found."""

    init_pid: int
    """Process 1 of the sandbox, as the host numbers it."""
    init_start: int
    """Its start, in ticks since the boot; tells it from a later namesake."""
    command_pid: int
    boot_id: str
    at: float
    cgroups: dict[str, str] = field(default_factory=dict)
    """Folder of each controller, where control groups hold the limits."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a sandbox ended."""

    exit_code: int
    out_of_memory: bool = False
    walltime_reached: bool = False
    lost: bool = False
    peak_memory_bytes: int | None = None
    oom_kills: int = 0


@dataclass(frozen=True, slots=True)
class StopOrder:
    """That somebody wants it to end."""

    grace_s: float


class Folder:
    """The records of one sandbox.

    Parameters
    ----------
    path
        Its folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = path.name
        self.log = path / "log.txt"
        self.older_log = path / "log.older.txt"
        self.control = path / "control"
        self._alive = path / "alive"

    def write(self, what: str, value: dict[str, Any]) -> None:
        """Write a record so that readers see all of it or none, also after a crash."""
        partial = self.path / f"{what}.{os.urandom(8).hex()}.tmp"
        with open_private(partial, os.O_TRUNC) as file:
            json.dump(value, file)
            file.flush()
            os.fsync(file.fileno())
        partial.rename(self.path / f"{what}.json")
        _sync_folder(self.path)

    def read(self, what: str) -> dict[str, Any] | None:
        """Return a record, or None if it was not written."""
        try:
            found = json.loads((self.path / f"{what}.json").read_text())
        except (FileNotFoundError, NotADirectoryError):
            return None
        return found if isinstance(found, dict) else None

    def write_job(self, job: Job) -> None:
        """Write what is to be run."""
        self.write("job", encode_job(job))

    def read_job(self) -> Job | None:
        """Return what is to be run, or None if its creator did not get that far."""
        found = self.read("job")
        return None if found is None else decode_job(found)

    def read_started(self) -> Started | None:
        """Return where it runs, or None if the command was never executed."""
        found = self.read("started")
        return None if found is None else Started(**found)

    def read_outcome(self) -> Outcome | None:
        """Return how it ended, or None."""
        found = self.read("exit")
        return None if found is None else Outcome(**found)

    def read_deadline(self) -> datetime | None:
        """Return when it is to be ended, or None."""
        found = self.read("deadline")
        return None if found is None else datetime.fromisoformat(found["at"])

    def read_stop(self) -> StopOrder | None:
        """Return the order to end, or None."""
        found = self.read("stop")
        return None if found is None else StopOrder(**found)

    def reserve_outcome(self) -> None:
        """Claim the space for the outcome, for the day on which the disk is full."""
        with open_private(self.path / "exit.reserve", os.O_TRUNC) as file:
            file.write(" " * _RESERVE_BYTES)
            file.flush()
            os.fsync(file.fileno())

    def write_outcome(self, outcome: Outcome) -> None:
        """Write how it ended into the space that was reserved for it."""
        reserve = self.path / "exit.reserve"
        with reserve.open("r+") as file:
            file.write(json.dumps(asdict(outcome)).ljust(_RESERVE_BYTES))
            file.flush()
            os.fsync(file.fileno())
        reserve.rename(self.path / "exit.json")
        _sync_folder(self.path)

    @contextlib.contextmanager
    def claimed(self, wait_s: float = 0.0) -> Iterator[int | None]:
        """Hold the lock that a living keeper holds; yields None if one lives."""
        fd = self._claim(wait_s)
        try:
            yield fd
        finally:
            if fd is not None:
                os.close(fd)

    def alive(self) -> bool:
        """Return whether a keeper, or a creator on the way to one, lives."""
        try:
            fd = os.open(self._alive, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(fd)
        return False

    def _claim(self, wait_s: float) -> int | None:
        until = time.monotonic() + max(wait_s, 0.05)
        while True:
            try:
                fd = os.open(self._alive, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            except FileNotFoundError:
                return None
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if os.fstat(fd).st_ino == self._alive.stat().st_ino:
                    return fd
            except (BlockingIOError, FileNotFoundError):
                pass  # a reader looks for a moment, or a keeper lives
            os.close(fd)
            if time.monotonic() > until:
                return None
            time.sleep(0.005)

    def tell(self, order: str) -> None:
        """Tell the keeper at once what was written for it; it may be gone."""
        with contextlib.suppress(OSError):
            fd = os.open(self.control, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            try:
                os.write(fd, order.encode() + b"\n")
            finally:
                os.close(fd)


class Records:
    """The folders of all sandboxes.

    Parameters
    ----------
    state_dir
        The engine's own folder.
    """

    def __init__(self, state_dir: Path) -> None:
        self.state_dir = state_dir
        self._containers = state_dir / "containers"

    def prepare(self) -> None:
        """Make the folders, closed to everybody else."""
        self._containers.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.state_dir.chmod(0o700)

    def folder(self, name: str) -> Folder:
        """Return a container's folder, which may not exist."""
        return Folder(self._containers / name)

    def make(self, name: str) -> Folder:
        """Return a container's folder, making it if it does not exist."""
        folder = self.folder(name)
        folder.path.mkdir(mode=0o700, exist_ok=True)
        return folder

    def all(self) -> list[Folder]:
        """Return the folders of all containers."""
        if not self._containers.is_dir():
            return []
        paths = [p for p in self._containers.iterdir() if not p.name.startswith(".")]
        return [Folder(path) for path in sorted(paths)]

    def forget(self, folder: Folder) -> None:
        """Take a folder away: from sight at once, from the disk after that."""
        hidden = self._containers / f".gone-{folder.name}-{time.monotonic_ns()}"
        with contextlib.suppress(FileNotFoundError):
            folder.path.rename(hidden)
        for gone in self._containers.glob(".gone-*"):
            shutil.rmtree(gone, ignore_errors=True)


def _sync_folder(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
