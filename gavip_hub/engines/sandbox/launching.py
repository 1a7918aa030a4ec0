"""Start bubblewrap: as the session's user, with nothing of ours left open."""

import contextlib
import json
import os
import re
import resource
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn

from gavip_hub.domain.errors import BackendFault, GavipError
from gavip_hub.engines.contract import HOME, session_env
from gavip_hub.engines.sandbox.arguments import Layout, Source, bubblewrap_arguments
from gavip_hub.engines.sandbox.bubblewrap import bubblewrap_folders, find_bubblewrap
from gavip_hub.engines.sandbox.interior import etc_files, host_binds, system_folders
from gavip_hub.engines.sandbox.job import Job
from gavip_hub.engines.sandbox.seccomp import seccomp_program
from gavip_hub.engines.sandbox.stage import (
    Opened,
    become,
    forbid_new_privileges,
    open_all,
    private_mounts,
    stage,
    staged_program,
)

__all__ = ["Identity", "Sandbox", "launch", "limit_processes"]

_RESET: Final = ("SIGINT", "SIGHUP", "SIGPIPE", "SIGTERM", "SIGXFSZ")
_NO_DUMP: Final = (0, 0)
_DATA_FACTOR: Final = 2
_DATA_EXTRA: Final = 1 << 30
_COUNTS_PER_NAMESPACE: Final = (5, 14)


@dataclass(frozen=True, slots=True)
class Identity:
    """Which host user runs the sandbox."""

    uid: int
    gid: int
    as_root: bool
    """Whether root starts it and has to become that user first."""


@dataclass(slots=True)
class Sandbox:
    """A bubblewrap that waits for the word to execute the command."""

    pid: int
    """Bubblewrap's own process."""
    init_pid: int
    """Process 1 inside, as the host numbers it."""
    status_fd: int
    """Where bubblewrap says what becomes of the command."""
    output_fd: int
    """What the command prints."""
    go_fd: int
    """Where the word is given."""
    exit_code: int | None = None
    """How the command ended, once bubblewrap has said so."""

    def release(self) -> None:
        """Let the command be executed."""
        os.write(self.go_fd, b"x")
        os.close(self.go_fd)

    def note_status(self, text: bytes) -> None:
        """Take in what bubblewrap wrote about the command."""
        for line in text.splitlines():
            with contextlib.suppress(ValueError):
                self.exit_code = json.loads(line).get("exit-code", self.exit_code)

    def last_words(self) -> str:
        """Return what bubblewrap printed before it gave up."""
        return _read_all(self.output_fd).decode(errors="replace").strip()

    def abandon(self) -> None:
        """End it without having run anything."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


def launch(job: Job, identity: Identity, *, limit_data: bool) -> Sandbox:
    """Start bubblewrap and wait until its namespaces are there.

    Parameters
    ----------
    job
        What is to be run.
    identity
        As whom.
    limit_data
        Whether each process gets a bound on its memory as a second line, where no
        control group holds the first.

    Raises
    ------
    BackendFault
        Raised if it cannot be started; the message says why.
    """
    status_read, status_write = os.pipe()
    output_read, output_write = os.pipe()
    block_read, block_write = os.pipe()
    fault_read, fault_write = os.pipe()
    pid = os.fork()
    if pid == 0:
        child = _Child(job, identity, limit_data, status_write, block_read)
        child.run(output_write, fault_write)
    for fd in (status_write, output_write, block_read, fault_write):
        os.close(fd)
    fault = _read_all(fault_read)
    os.close(fault_read)
    if fault:
        os.waitpid(pid, 0)
        raise BackendFault(fault.decode(errors="replace"), transient=False)
    first = _first_document(status_read)
    if first is None:
        os.close(block_write)
        said = _read_all(output_read).decode(errors="replace").strip()
        os.waitpid(pid, 0)
        raise BackendFault(f"The sandbox could not be made: {said}", transient=False)
    return Sandbox(pid, first, status_read, output_read, block_write)


class _Child:
    """What happens between fork and bubblewrap."""

    def __init__(
        self,
        job: Job,
        identity: Identity,
        limit_data: bool,  # noqa: FBT001  a private constructor
        status_fd: int,
        block_fd: int,
    ) -> None:
        self._job = job
        self._identity = identity
        self._limit_data = limit_data
        self._status_fd = status_fd
        self._block_fd = block_fd
        self._inherited: list[int] = [status_fd, block_fd]

    def run(self, output_fd: int, fault_fd: int) -> NoReturn:
        """Become bubblewrap, or say why not."""
        try:
            self._exec(output_fd)
        except GavipError as error:
            os.write(fault_fd, error.message.encode())
        except BaseException as error:  # noqa: BLE001  the last words before the end
            os.write(fault_fd, f"The sandbox could not be made: {error}".encode())
        os._exit(126)

    def _exec(self, output_fd: int) -> None:
        for name in _RESET:
            signal.signal(signal.Signals[name], signal.SIG_DFL)
        os.umask(0o022)
        os.setsid()
        null = os.open(os.devnull, os.O_RDONLY)
        for source, target in ((null, 0), (output_fd, 1), (output_fd, 2)):
            os.dup2(source, target)
        program, sources = self._reach()
        arguments = bubblewrap_arguments(self._layout(sources))
        args_fd = self._text(b"".join(os.fsencode(one) + b"\0" for one in arguments))
        if self._identity.as_root:
            become(self._identity.uid, self._identity.gid)
        self._bound()
        forbid_new_privileges()
        _keep_open(self._inherited)
        words = ["bwrap", "--args", str(args_fd), "--", *self._job.spec.argv]
        os.execve(program, [os.fsencode(word) for word in words], {})  # noqa: S606  no shell

    def _reach(self) -> tuple[str, list[Source]]:
        """Return bubblewrap's path, and the sources as it can reach them."""
        job, identity = self._job, self._identity
        program = find_bubblewrap(job.settings.bwrap)
        home = None
        if job.spec.home_source:
            home = (job.spec.home_source, HOME, job.settings.spaces_root)
        if identity.as_root:
            private_mounts()
        opened = open_all(host_binds(job), home, identity.uid, identity.gid)
        if identity.as_root:
            paths = stage(opened, bubblewrap_folders(program))
            return staged_program(), _staged(opened, paths)
        self._inherited += [one.fd for one in opened]
        return str(program), [
            Source(one.target, fd=one.fd, read_only=one.read_only) for one in opened
        ]

    def _layout(self, sources: list[Source]) -> Layout:
        system, links = system_folders()
        files = etc_files(_resolv_conf())
        program = seccomp_program()
        env = session_env(self._job.spec)
        environment = self._job.spec.image or str(self._job.settings.environment)
        env.setdefault("PATH", f"{environment}/bin:/usr/local/bin:/usr/bin:/bin")
        return Layout(
            system=[Source(one.target, path=one.source) for one in system],
            links=links,
            files={name: self._text(text.encode()) for name, text in files.items()},
            sources=sources,
            env=env,
            limits=self._job.spec.limits,
            network=self._job.spec.network,
            status_fd=self._status_fd,
            block_fd=self._block_fd,
            seccomp_fd=None if program is None else self._text(program),
        )

    def _text(self, content: bytes) -> int:
        """Return a descriptor from which bubblewrap reads a text."""
        fd = os.memfd_create("gavip")
        with os.fdopen(os.dup(fd), "wb") as file:
            file.write(content)
        os.lseek(fd, 0, os.SEEK_SET)
        self._inherited.append(fd)
        return fd

    def _bound(self) -> None:
        resource.setrlimit(resource.RLIMIT_CORE, _NO_DUMP)
        if self._limit_data:
            limit = self._job.spec.limits.memory_bytes
            bound = max(_DATA_FACTOR * limit, limit + _DATA_EXTRA)
            resource.setrlimit(resource.RLIMIT_DATA, (bound, bound))


def _keep_open(wanted: list[int]) -> None:
    """Close everything on execution but the standard streams and what is wanted."""
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208  numbers, not paths
        with contextlib.suppress(OSError):  # the listing's own is gone already
            os.set_inheritable(int(name), int(name) in {0, 1, 2, *wanted})


def limit_processes(init_pid: int, identity: Identity, pids: int) -> None:
    """Bound the number of processes of a sandbox that waits, by a process limit.

    Root cannot always set another user's limits, but that user can: so a short-lived
    process becomes the user and does it.
    """
    count = pids + 1 + _counted_elsewhere(identity.uid)
    if not identity.as_root:
        resource.prlimit(init_pid, resource.RLIMIT_NPROC, (count, count))
        return

    def act() -> None:
        become(identity.uid, identity.gid)
        resource.prlimit(init_pid, resource.RLIMIT_NPROC, (count, count))

    if _in_child(act) != 0:
        raise BackendFault("The limit on processes could not be set.")


def _counted_elsewhere(uid: int) -> int:
    """Return what of a user counts against the limit though it is not in the sandbox.

    From Linux 5.14 on each user namespace has a count of its own.
    """
    release = tuple(int(one) for one in re.findall(r"\d+", os.uname().release)[:2])
    if release >= _COUNTS_PER_NAMESPACE:
        return 0
    total = 0
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if process.stat().st_uid == uid:
                total += sum(1 for _ in (process / "task").iterdir())
    return total


def _in_child(act: Callable[[], None]) -> int:
    pid = os.fork()
    if pid == 0:
        try:
            act()
        except BaseException:  # noqa: BLE001  told by the exit status
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _staged(opened: list[Opened], paths: list[str]) -> list[Source]:
    return [
        Source(one.target, path=path, read_only=one.read_only)
        for one, path in zip(opened, paths, strict=True)
    ]


def _first_document(fd: int) -> int | None:
    """Return process 1 of the sandbox from bubblewrap's first line."""
    text = b""
    while not text.endswith(b"\n"):
        piece = os.read(fd, 4096)
        if not piece:
            return None
        text += piece
    return int(json.loads(text.splitlines()[0])["child-pid"])


def _read_all(fd: int) -> bytes:
    text = b""
    while piece := os.read(fd, 4096):
        text += piece
    return text


def _resolv_conf() -> str:
    try:
        return Path("/etc/resolv.conf").read_text()
    except OSError:
        return ""
