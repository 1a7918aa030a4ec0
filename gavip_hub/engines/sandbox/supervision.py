"""Watch over one running sandbox until it has ended, and say how it did."""

import contextlib
import os
import select
import selectors
import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, Protocol

from gavip_hub.engines.sandbox.job import Job
from gavip_hub.engines.sandbox.launching import Sandbox
from gavip_hub.engines.sandbox.logs import BoundedLog
from gavip_hub.engines.sandbox.processes import TreeGauge
from gavip_hub.engines.sandbox.records import Folder, Outcome

__all__ = ["Gauge", "Supervision"]

_SAMPLE_S: Final = 2.0
_WATCH_S: Final = 0.2
_KILLED: Final = 128 + signal.SIGKILL
_WALLTIME_GRACE_S: Final = 10.0
_SHUTDOWN_GRACE_S: Final = 5.0
_RECENT_S: Final = 3.0
_DRAIN_S: Final = 5.0
_EXCESS_PIDS: Final = 64


class Gauge(Protocol):
    """Where the figures come from."""

    def memory_bytes(self) -> int:
        """Return the memory that counts [bytes]."""

    def cpu_ns(self) -> int:
        """Return the processor time so far [nanoseconds]."""

    def pids(self) -> int:
        """Return the number of processes and threads."""

    def oom_kills(self) -> int:
        """Return how many processes the kernel ended for the memory limit."""


class Supervision:
    """The keeper's watch.

    Parameters
    ----------
    folder
        The sandbox's records, where orders arrive.
    job
        What runs.
    sandbox
        Its processes.
    command_pid
        The command, which is asked to end politely; None if it ended already.
    gauge
        Where the figures come from.
    wake_fd
        Where the numbers of signals to the keeper arrive.
    """

    def __init__(
        self,
        folder: Folder,
        job: Job,
        sandbox: Sandbox,
        command_pid: int | None,
        gauge: Gauge,
        wake_fd: int,
    ) -> None:
        self._folder = folder
        self._limits = job.spec.limits
        self._pids = job.spec.pids
        self._sandbox = sandbox
        self._gauge = gauge
        self._watched = gauge if isinstance(gauge, TreeGauge) else None
        self._wake_fd = wake_fd
        self._log = BoundedLog(folder.log, folder.older_log)
        self._command = _pidfd(command_pid)
        self._init = _pidfd(sandbox.init_pid)
        self._deadline_s: float | None = None
        self._kill_at: float | None = None
        self._stopping = self._walltime = self._lost = False
        self._peak = self._oom_kills = 0
        self._oom_at = float("-inf")
        self._ended = False

    def run(self) -> Outcome:
        """Watch until the sandbox has ended."""
        with selectors.DefaultSelector() as selector:
            control = os.open(self._folder.control, os.O_RDWR | os.O_NONBLOCK)
            done = os.pidfd_open(self._sandbox.pid)
            for fd, act in (
                (control, self._orders),
                (done, self._done),
                (self._sandbox.output_fd, self._output),
                (self._sandbox.status_fd, self._status),
                (self._wake_fd, self._signal),
            ):
                selector.register(fd, selectors.EVENT_READ, act)
            self._read_orders()
            self._watch(selector)
        return self._outcome()

    def _watch(self, selector: selectors.BaseSelector) -> None:
        next_sample = 0.0
        while not self._ended:
            now = time.monotonic()
            if now >= next_sample:
                self._sample(now)
                next_sample = now + (_WATCH_S if self._watched else _SAMPLE_S)
            self._keep_time(now)
            times = (next_sample, self._deadline_s, self._kill_at)
            wait = min(one for one in times if one is not None) - now
            for key, _ in selector.select(max(0.0, wait)):
                if not key.data(key.fd):
                    selector.unregister(key.fd)

    def _output(self, fd: int) -> bool:
        piece = os.read(fd, 65_536)
        self._log.write(piece)
        return bool(piece)

    def _status(self, fd: int) -> bool:
        text = os.read(fd, 4096)
        self._sandbox.note_status(text)
        return bool(text)

    def _done(self, _fd: int) -> bool:
        self._sample(time.monotonic())
        _, status = os.waitpid(self._sandbox.pid, 0)
        _drain(self._sandbox.status_fd, self._status)
        _drain(self._sandbox.output_fd, self._output)
        if self._sandbox.exit_code is None:
            # bubblewrap itself was ended: by us, or by somebody outside
            code = os.waitstatus_to_exitcode(status)
            self._sandbox.exit_code = code if code >= 0 else 128 - code
            self._lost = not (self._stopping or self._walltime)
        self._ended = True
        return False

    def _signal(self, fd: int) -> bool:
        if signal.SIGTERM in os.read(fd, 64):
            self._lost = True  # the machine goes down, or somebody ends keepers
            self._begin_stop(_SHUTDOWN_GRACE_S)
        return True

    def _orders(self, fd: int) -> bool:
        for line in os.read(fd, 4096).decode().splitlines():
            word, _, value = line.partition(" ")
            if word == "stop":
                self._begin_stop(float(value))
            elif word == "deadline":
                self._move_deadline(datetime.fromisoformat(value))
        return True

    def _read_orders(self) -> None:
        """Follow what was ordered before this watch began."""
        stop = self._folder.read_stop()
        if stop is not None:
            self._begin_stop(stop.grace_s)
        deadline = self._folder.read_deadline()
        if deadline is not None:
            self._move_deadline(deadline)

    def _move_deadline(self, deadline: datetime) -> None:
        """Count from now on a clock that never steps."""
        left = (deadline - datetime.now(UTC)).total_seconds()
        self._deadline_s = time.monotonic() + left

    def _keep_time(self, now: float) -> None:
        if self._deadline_s is not None and now >= self._deadline_s:
            self._deadline_s = None
            if not self._stopping:
                self._walltime = True
                self._begin_stop(_WALLTIME_GRACE_S)
        if self._kill_at is not None and now >= self._kill_at:
            self._kill_at = None
            _send(self._init, signal.SIGKILL)

    def _begin_stop(self, grace_s: float) -> None:
        kill_at = time.monotonic() + grace_s
        if self._stopping and self._kill_at is not None:
            self._kill_at = min(self._kill_at, kill_at)
            return
        self._stopping = True
        self._kill_at = kill_at
        _send(self._command, signal.SIGTERM)

    def _sample(self, now: float) -> None:
        memory_bytes = self._gauge.memory_bytes()
        self._peak = max(self._peak, memory_bytes)
        kills = self._gauge.oom_kills()
        if self._watched is not None:
            kills = self._oom_kills + self._enforce(self._watched, memory_bytes)
        if kills > self._oom_kills:
            self._oom_kills, self._oom_at = kills, now
            self._peak = max(self._peak, self._limits.memory_bytes)

    def _enforce(self, tree: TreeGauge, memory_bytes: int) -> int:
        """Do what the kernel does with control groups; return the processes ended."""
        if tree.pids() > self._pids + _EXCESS_PIDS:
            _send(self._init, signal.SIGKILL)
        if memory_bytes <= self._limits.memory_bytes:
            return 0
        victim = tree.largest()
        if victim is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(victim, signal.SIGKILL)
        return int(victim is not None)

    def _outcome(self) -> Outcome:
        recently = time.monotonic() - self._oom_at < _RECENT_S
        code = self._sandbox.exit_code
        code = _KILLED if code is None else code
        by_memory = code == _KILLED and recently and not self._stopping
        return Outcome(
            exit_code=code,
            out_of_memory=by_memory,
            walltime_reached=self._walltime,
            lost=self._lost and not by_memory,
            peak_memory_bytes=self._peak or None,
            oom_kills=self._oom_kills,
        )


def _pidfd(pid: int | None) -> int | None:
    if pid is None:
        return None
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError:
        return None


def _send(pidfd: int | None, number: signal.Signals) -> None:
    if pidfd is not None:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(pidfd, number)


def _drain(fd: int, act: Callable[[int], bool]) -> None:
    """Read what is left; all writers are gone or going."""
    while select.select([fd], [], [], _DRAIN_S)[0]:
        if not act(fd):
            return
