"""The hub with its proxy and service: start it, wait for it, end all of it."""

from __future__ import annotations

import ctypes
import http.client
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .errors import SetupError
from .ports import is_served
from .processes import children, end_all

__all__ = ["Hub", "Place", "telling_lines"]

_READY_WITHIN_S = 180.0
_END_WITHIN_S = 60.0
_POLL_S = 0.2
_ASK_WITHIN_S = 5.0
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_ROUTINE = re.compile(r"\[[IDW] ")
_LOG_BYTES = 20 * 1024**2
_TAIL_BYTES = 64 * 1024
_TAIL_LINES = 15
_OK = 200
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_LIBC = ctypes.CDLL(None)


def _end_with_parent() -> None:
    """Ask the kernel to end this process when the one that started it is gone."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass(frozen=True)
class Place:
    """Where a hub answers."""

    host: str
    """The proxy's address, as this machine reaches it."""

    port: int
    """The proxy's port."""

    ports_behind: tuple[int, ...] = ()
    """Ports of the hub and the service, which have to listen first."""


class Hub:
    """One running hub and everything that it starts.

    Parameters
    ----------
    log
        The file for its output.
    """

    def __init__(self, log: Path) -> None:
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None
        self._status: int | None = None
        self._begin = 0

    def start(
        self, argv: Sequence[str | Path], cwd: Path, env: Mapping[str, str]
    ) -> int:
        """Start it and return its process id.

        Notes
        -----
        This process adopts whatever the hub leaves behind (it becomes the subreaper),
        so that nothing can be left over; and the hub ends when this process is
        killed. A session of its own keeps Ctrl-C of the terminal away from it: the
        end is asked for once, in order.
        """
        _LIBC.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        if self._log.exists() and self._log.stat().st_size > _LOG_BYTES:
            self._log.replace(self._log.with_suffix(".log.1"))
        with self._log.open("ab") as log:
            self._begin = log.tell()
            self._process = subprocess.Popen(
                [str(word) for word in argv],
                cwd=cwd,
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_end_with_parent,  # noqa: PLW1509  (one thread only)
            )
        return self._process.pid

    def wait_ready(
        self, place: Place, paths: Sequence[str], tick: Callable[[], None]
    ) -> None:
        """Wait until every path answers 200.

        Parameters
        ----------
        place
            Where it will answer.
        paths
            What to ask for, through the proxy.
        tick
            Called while it waits.

        Raises
        ------
        SetupError
            Raised if the hub ends, or does not answer in time.
        """
        deadline = time.monotonic() + _READY_WITHIN_S
        waiting = list(paths)
        answer = "nothing listens yet"
        while waiting:
            self._reap(block=False)
            if not self._runs():
                raise self.ended()
            # The proxy answers before the parts behind it do, and notes each miss.
            if all(is_served(port) for port in place.ports_behind):
                answer = _ask(place.host, place.port, waiting[0])
            if answer == str(_OK):
                waiting.pop(0)
                continue
            if time.monotonic() > deadline:
                raise SetupError(
                    f"{waiting[0]} does not answer after {_READY_WITHIN_S:.0f} s "
                    f"({answer})",
                    "read the log, mend what it says, and run make run again",
                    log=self._log,
                    tail=self._tail(),
                )
            tick()
            time.sleep(_POLL_S)

    def wait_end(self) -> None:
        """Wait until the hub ends by itself, which it should not."""
        while self._runs():
            self._reap(block=True)

    def ended(self) -> SetupError:
        """Return the error that says that the hub ended by itself."""
        return SetupError(
            f"the hub ended by itself (status {self._status})",
            "read the log, mend what it says, and run make run again",
            log=self._log,
            tail=self._tail(),
        )

    def stop(self, *, spare: Callable[[int], bool]) -> None:
        """End the hub, and then whatever of its processes is left.

        Parameters
        ----------
        spare
            Says of a process that it may go on.

        Notes
        -----
        The hub itself ends sessions, service and proxy in order. What is left after
        it (it was killed, it hung) is ended here.
        """
        if self._process is None:
            return
        if self._runs():
            self._process.send_signal(signal.SIGTERM)
            deadline = time.monotonic() + _END_WITHIN_S
            while self._runs() and time.monotonic() < deadline:
                self._reap(block=False)
                time.sleep(_POLL_S)
        self.kill(spare=spare)

    def kill(self, *, spare: Callable[[int], bool]) -> None:
        """End at once what still runs."""
        if self._process is None:
            return
        if self._runs():
            os.kill(self._process.pid, signal.SIGKILL)
            while self._runs():
                self._reap(block=True)
        end_all(lambda: [pid for pid in children(os.getpid()) if not spare(pid)])

    def _runs(self) -> bool:
        return self._status is None

    def _reap(self, *, block: bool) -> None:
        """Take note of processes that ended, the hub or what it left behind."""
        assert self._process is not None  # noqa: S101  (called after start)
        while True:
            try:
                pid, status = os.waitpid(-1, 0 if block else os.WNOHANG)
            except ChildProcessError:
                self._status = self._status if self._status is not None else 0
                return
            if pid == 0:
                return
            if pid == self._process.pid:
                self._status = os.waitstatus_to_exitcode(status)
                self._process.returncode = self._status
                return

    def _tail(self) -> str:
        try:
            with self._log.open("rb") as log:
                log.seek(max(self._begin, self._log.stat().st_size - _TAIL_BYTES))
                return telling_lines(log.read().decode(errors="replace"))
        except OSError:
            return ""


def telling_lines(text: str) -> str:
    """Return the last lines of a hub's log that can tell why it ended.

    Parameters
    ----------
    text
        The end of the log. The hub's routine, and what the proxy says of parts that
        are gone, are left out if there is anything else.
    """
    lines, proxys = [], False
    for line in _COLOURS.sub("", text).splitlines():
        # What the proxy says goes on, indented or in braces, to the next own line.
        goes_on = line[:1] in {" ", "}"} or not line.strip()
        proxys = "[ConfigProxy]" in line or (proxys and goes_on)
        if not proxys and not _ROUTINE.match(line):
            lines.append(line)
    return "\n".join((lines or text.splitlines())[-_TAIL_LINES:])


def _ask(host: str, port: int, path: str) -> str:
    """Return the status of a GET, or why there is none."""
    connection = http.client.HTTPConnection(host, port, timeout=_ASK_WITHIN_S)
    try:
        connection.request("GET", path)
        reply = connection.getresponse()
        body = reply.read().decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        return str(error) or type(error).__name__
    finally:
        connection.close()
    return str(reply.status) if reply.status == _OK else f"{reply.status} {body[:200]}"
