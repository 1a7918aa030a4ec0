"""What the sandbox engine does on disk and to processes; every call may block."""

import contextlib
import json
import os
import select
import subprocess
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from gavip_hub.domain.container import ContainerSpec, ContainerState, ContainerStatus
from gavip_hub.domain.errors import BackendFault, EngineUnavailable
from gavip_hub.engines.sandbox.cgroup import Cgroup
from gavip_hub.engines.sandbox.job import Job
from gavip_hub.engines.sandbox.logs import tail
from gavip_hub.engines.sandbox.probe import sandbox_facts
from gavip_hub.engines.sandbox.processes import (
    TreeGauge,
    boot_id,
    kill_if_same,
    start_ticks,
)
from gavip_hub.engines.sandbox.records import Folder, Outcome, Records, Started
from gavip_hub.engines.sandbox.running import own_command, own_environment
from gavip_hub.engines.sandbox.settings import SandboxSettings
from gavip_hub.ports import EngineFacts

__all__ = ["Reading", "SandboxActs"]

_CLAIM_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Reading:
    """A look at a running sandbox's gauges."""

    at: float
    started_at: float
    cpu_ns: int
    memory_bytes: int
    pids: int
    oom_kills: int


class SandboxActs:
    """The acts of the sandbox engine.

    Parameters
    ----------
    settings
        Where things lie.
    """

    def __init__(self, settings: SandboxSettings) -> None:
        self._settings = settings
        self._records = Records(settings.state_dir)

    def facts(self) -> EngineFacts:
        """Return what the engine can do here, by trying it."""
        self._prepare()
        return sandbox_facts(self._settings)

    def create(self, spec: ContainerSpec) -> None:
        """Make the records and start a keeper, unless that was done before.

        Raises
        ------
        BackendFault
            Raised if it cannot be started; nothing is left of it then.
        EngineUnavailable
            Raised if its records cannot be written; a repeated create goes on.
        """
        try:
            self._create(spec)
        except OSError as error:
            raise EngineUnavailable(
                f"The sandbox {spec.name} could not be started ({error.strerror}); "
                f"see {self._settings.state_dir}."
            ) from error

    def _create(self, spec: ContainerSpec) -> None:
        self._prepare()
        folder = self._records.make(spec.name)
        with folder.claimed() as lock_fd:
            if lock_fd is None or folder.read_started() or folder.read_outcome():
                return
            folder.write_job(Job(spec, self._settings))
            if spec.deadline is not None:
                at = spec.deadline.astimezone(UTC).isoformat()
                folder.write("deadline", {"at": at})
            if not folder.control.exists():
                os.mkfifo(folder.control, 0o600)
            fault = self._start_keeper(folder, lock_fd)
            if fault is not None:
                self._records.forget(folder)
                raise BackendFault(fault, transient=False)

    def list(self) -> list[ContainerStatus]:
        """Return every sandbox."""
        found = (self._status(folder) for folder in self._records.all())
        return [status for status in found if status is not None]

    def status(self, name: str) -> ContainerStatus | None:
        """Return one sandbox, or None if there is none of that name."""
        return self._status(self._records.folder(name))

    def alive(self, name: str) -> bool:
        """Return whether somebody looks after the sandbox."""
        return self._records.folder(name).alive()

    def order_stop(self, name: str, grace: timedelta) -> bool:
        """Tell the keeper to end it; return whether there is one."""
        folder = self._records.folder(name)
        if not folder.alive():
            return False
        grace_s = grace.total_seconds()
        with contextlib.suppress(OSError):  # gone meanwhile, or the disk is full
            folder.write("stop", {"grace_s": grace_s})
        folder.tell(f"stop {grace_s}")
        return True

    def remove(self, name: str) -> None:
        """Take away what is left of an ended sandbox."""
        folder = self._records.folder(name)
        if not folder.path.exists():
            return
        with folder.claimed(_CLAIM_S) as lock_fd:
            if lock_fd is None and folder.path.exists():
                raise EngineUnavailable(f"The sandbox {name} is being started.")
            self._sweep(folder)
            self._records.forget(folder)

    def read_gauge(self, name: str) -> Reading | None:
        """Return its figures, or None if it does not run."""
        folder = self._records.folder(name)
        started = folder.read_started()
        if started is None or not folder.alive() or not _is_there(started):
            return None
        gauge = (
            Cgroup.recorded(started.cgroups)
            if started.cgroups
            else TreeGauge(started.init_pid)
        )
        return Reading(
            at=time.time(),
            started_at=started.at,
            cpu_ns=gauge.cpu_ns(),
            memory_bytes=gauge.memory_bytes(),
            pids=gauge.pids(),
            oom_kills=gauge.oom_kills(),
        )

    def logs(self, name: str, tail_bytes: int) -> bytes:
        """Return the end of what it printed."""
        folder = self._records.folder(name)
        return tail(folder.log, folder.older_log, tail_bytes)

    def set_deadline(self, name: str, deadline: datetime) -> None:
        """Write the new deadline down and wake the keeper."""
        folder = self._records.folder(name)
        at = deadline.astimezone(UTC).isoformat()
        with contextlib.suppress(OSError):  # gone meanwhile, or the disk is full
            folder.write("deadline", {"at": at})
        folder.tell(f"deadline {at}")

    def _prepare(self) -> None:
        self._records.prepare()
        self._settings.spaces_root.mkdir(mode=0o755, parents=True, exist_ok=True)

    def _start_keeper(self, folder: Folder, lock_fd: int) -> str | None:
        """Start a keeper; return why that failed, or None."""
        read_fd, write_fd = os.pipe()
        words = [str(folder.path), str(write_fd), str(lock_fd)]
        try:
            with (folder.path / "keeper.txt").open("ab") as errors:
                process = subprocess.Popen(  # noqa: S603  our own program
                    [*own_command("keeper"), *words],
                    stdin=subprocess.DEVNULL,
                    stdout=errors,
                    stderr=errors,
                    pass_fds=(write_fd, lock_fd),
                    env=own_environment(),
                    cwd="/",
                    start_new_session=True,
                )
            os.close(write_fd)
            process.wait()
            return _await_report(read_fd, self._settings.timeout, folder)
        finally:
            os.close(read_fd)

    def _status(self, folder: Folder) -> ContainerStatus | None:
        alive = folder.alive()  # before the outcome, which is written before it ends
        job = folder.read_job()
        if job is None:
            return None
        started, outcome = folder.read_started(), folder.read_outcome()
        state = ContainerState.CREATED
        if outcome is not None:
            state = ContainerState.EXITED
        elif started is not None:
            state = ContainerState.RUNNING if alive else ContainerState.EXITED
            if not alive:
                self._sweep(folder)
        lost = outcome is None and state is ContainerState.EXITED
        return _as_status(job.spec, state, outcome, lost=lost)

    def _sweep(self, folder: Folder) -> None:
        """End what a keeper that was killed may have left, and its control group."""
        started = folder.read_started()
        if started is None:
            return
        if started.boot_id == boot_id():
            kill_if_same(started.init_pid, started.init_start)
        if started.cgroups:
            Cgroup.recorded(started.cgroups).remove()


def _as_status(
    spec: ContainerSpec,
    state: ContainerState,
    outcome: Outcome | None,
    *,
    lost: bool,
) -> ContainerStatus:
    end = outcome or Outcome(exit_code=0, lost=lost)
    return ContainerStatus(
        name=spec.name,
        launch_id=spec.launch_id,
        attempt=spec.attempt,
        owner=spec.owner,
        state=state,
        limits=spec.limits,
        exit_code=outcome.exit_code if outcome else None,
        out_of_memory=end.out_of_memory,
        walltime_reached=end.walltime_reached,
        lost=end.lost,
        peak_memory_bytes=end.peak_memory_bytes,
        oom_kills=end.oom_kills,
    )


def _is_there(started: Started) -> bool:
    return start_ticks(started.init_pid) == started.init_start


def _await_report(read_fd: int, patience: timedelta, folder: Folder) -> str | None:
    """Return why the start failed, or None if it did not."""
    ready, _, _ = select.select([read_fd], [], [], patience.total_seconds())
    if not ready:
        raise EngineUnavailable(f"The sandbox {folder.name} takes too long to start.")
    text = os.read(read_fd, 65_536)
    if not text:
        said = tail(folder.path / "keeper.txt", folder.path / "none", 1000)
        return f"The sandbox's keeper failed: {said.decode(errors='replace')}"
    fault: str | None = json.loads(text)["fault"]
    return fault
