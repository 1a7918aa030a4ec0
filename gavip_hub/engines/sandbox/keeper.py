"""The keeper of one sandbox: ``python -m gavip_hub.engines.sandbox.keeper``.

It is started by the engine, leaves its family, starts the sandbox, holds its limits and
its deadline, and writes down how it ended. It needs neither the hub nor the service.
"""

import contextlib
import hashlib
import json
import os
import select
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Final

from gavip_hub.domain.errors import BackendFault, GavipError
from gavip_hub.engines.contract import tmpfs_of, whole_cores
from gavip_hub.engines.sandbox.cgroup import Cgroup
from gavip_hub.engines.sandbox.cgroups import find_room
from gavip_hub.engines.sandbox.identity import UserNumbers
from gavip_hub.engines.sandbox.job import Job
from gavip_hub.engines.sandbox.launching import (
    Identity,
    Sandbox,
    launch,
    limit_processes,
)
from gavip_hub.engines.sandbox.processes import (
    TreeGauge,
    boot_id,
    children_of,
    start_ticks,
)
from gavip_hub.engines.sandbox.records import Folder, Outcome, Started
from gavip_hub.engines.sandbox.supervision import Supervision

__all__ = ["cgroup_name", "identity_of", "main", "memory_folders"]

_EXEC_PATIENCE_S: Final = 10.0
_POLL_S: Final = 0.002


def main(arguments: list[str]) -> None:
    """Keep one sandbox.

    Parameters
    ----------
    arguments
        The folder of its records, the descriptor on which to report the start, and the
        one that holds the lock for as long as this process lives.
    """
    if os.fork() != 0:
        os._exit(0)
    folder, ready_fd = Folder(Path(arguments[0])), int(arguments[1])
    for fd in (ready_fd, int(arguments[2])):
        os.set_inheritable(fd, False)
    wake_fd = _catch_signals()
    try:
        _keep(folder, ready_fd, wake_fd)
    except GavipError as error:
        _report(ready_fd, error.message)
    except OSError as error:
        _report(ready_fd, f"The sandbox could not be started: {error}")


def identity_of(job: Job) -> Identity:
    """Return as whom a job's sandbox runs."""
    settings = job.settings
    if os.geteuid() != 0:
        return Identity(os.geteuid(), os.getegid(), as_root=False)
    numbers = UserNumbers(
        settings.state_dir / "users.jsonl", settings.uid_base, settings.uid_count
    )
    uid = numbers.number(job.spec.owner)
    return Identity(uid, uid, as_root=True)


def memory_folders(job: Job) -> tuple[str, ...]:
    """Return the folders inside whose content lies in memory."""
    return (*(one.path for one in tmpfs_of(job.spec.limits)), "/dev/shm")  # noqa: S108  inside


def _keep(folder: Folder, ready_fd: int, wake_fd: int) -> None:
    job = folder.read_job()
    if job is None:
        raise BackendFault("The sandbox's record is missing.")
    folder.reserve_outcome()
    with _control_group(job, folder) as group:
        outcome = _run(job, folder, group, ready_fd, wake_fd)
    folder.write_outcome(outcome)


def _run(
    job: Job, folder: Folder, group: Cgroup | None, ready_fd: int, wake_fd: int
) -> Outcome:
    identity = identity_of(job)
    sandbox = launch(job, identity, limit_data=group is None)
    try:
        started, command_pid = _begin(job, identity, sandbox, group)
        folder.write("started", asdict(started))
    except BaseException:
        sandbox.abandon()
        raise
    _report(ready_fd, None)
    gauge = group or TreeGauge(sandbox.init_pid, memory_folders(job))
    return Supervision(folder, job, sandbox, command_pid, gauge, wake_fd).run()


def _begin(
    job: Job, identity: Identity, sandbox: Sandbox, group: Cgroup | None
) -> tuple[Started, int | None]:
    """Put the limits in force, then let the command be executed."""
    if group is not None:
        group.add(sandbox.init_pid)
    else:
        limit_processes(sandbox.init_pid, identity, job.spec.pids)
        _narrow(sandbox.init_pid, whole_cores(job.spec.limits))
    init_start = start_ticks(sandbox.init_pid) or 0
    sandbox.release()
    command_pid = _wait_for_command(sandbox)
    started = Started(
        init_pid=sandbox.init_pid,
        init_start=init_start,
        command_pid=command_pid or 0,
        boot_id=boot_id(),
        at=time.time(),
        cgroups=group.folders if group else {},
    )
    return started, command_pid


def _wait_for_command(sandbox: Sandbox) -> int | None:
    """Return the command's process once it is executed; None if it ended already.

    Raises
    ------
    BackendFault
        Raised if it cannot be executed.
    """
    until = time.monotonic() + _EXEC_PATIENCE_S
    own_name = _comm(sandbox.init_pid)
    while time.monotonic() < until:
        for child in children_of(sandbox.init_pid):
            if _comm(child) not in {own_name, ""}:
                return child
        if select.select([sandbox.status_fd], [], [], _POLL_S)[0]:
            sandbox.note_status(os.read(sandbox.status_fd, 4096))
            if sandbox.exit_code is not None:
                return None
            said = sandbox.last_words()
            raise BackendFault(f"The command cannot be run: {said}", transient=False)
    raise BackendFault("The sandbox did not get as far as its command.")


def _comm(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


@contextlib.contextmanager
def _control_group(job: Job, folder: Folder) -> Iterator[Cgroup | None]:
    """Hold the control group that bounds the sandbox, where there can be one."""
    room = find_room() if job.settings.use_cgroups else None
    if room is None:
        yield None
        return
    name = cgroup_name(folder)
    group = Cgroup.make(room, name, job.spec.limits, job.spec.pids)
    try:
        yield group
    finally:
        group.remove()


def cgroup_name(folder: Folder) -> str:
    """Return the control group's name, unlike those of other installations."""
    place = hashlib.sha256(os.fsencode(folder.path.parent)).hexdigest()[:8]
    return f"{place}-{folder.name}"


def _narrow(pid: int, cores: int) -> None:
    """Keep a sandbox on as many cores as its limit has, where nothing else holds it."""
    available = sorted(os.sched_getaffinity(0))
    if cores < len(available):
        first = os.urandom(1)[0] % len(available)
        chosen = (available + available)[first : first + cores]
        os.sched_setaffinity(pid, chosen)


def _catch_signals() -> int:
    """Return where signals arrive as bytes; the terminal's do not concern us."""
    read_fd, write_fd = os.pipe()
    os.set_blocking(write_fd, False)
    signal.set_wakeup_fd(write_fd)
    signal.signal(signal.SIGTERM, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    return read_fd


def _report(ready_fd: int, fault: str | None) -> None:
    """Tell the creator how the start went; it may be gone meanwhile."""
    with contextlib.suppress(OSError):
        os.write(ready_fd, json.dumps({"fault": fault}).encode())
        os.close(ready_fd)


if __name__ == "__main__":
    main(sys.argv[1:])
