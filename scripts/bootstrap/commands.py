"""Run other programs: their output goes to the log, their last line to the screen."""

from __future__ import annotations

import os
import re
import selectors
import signal
import subprocess
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from .diagnosis import likely_mend
from .errors import CommandFailed, SetupError
from .progress import Progress

__all__ = ["Commands"]

_TAIL_LINES = 40
_SHOWN_LINES = 15
_CHUNK_BYTES = 65536
_POLL_S = 0.1
_GRACE_S = 5
_ESCAPES = re.compile(
    rb"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07]*\x07|[\x00-\x08\x0e-\x1f]"
)
_SECRET_IN_URL = re.compile(r"(://)[^/\s@]+@")


class Commands:
    """Runs the setup's commands, one after another.

    Parameters
    ----------
    log
        The file that gets everything they print.
    progress
        Shows their last line.
    """

    def __init__(self, log: Path, progress: Progress) -> None:
        self._log = log
        self._progress = progress

    def run(
        self,
        argv: Sequence[str | Path],
        *,
        doing: str,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
    ) -> None:
        """Run a command that has to work.

        Parameters
        ----------
        argv
            The program and its arguments.
        doing
            What it is for, for the message: "fetching the proxy".
        cwd
            Where it runs.
        env
            What is added to the environment.

        Raises
        ------
        SetupError
            Raised if it fails; shows its last lines and what most likely helps.
        """
        try:
            self.attempt(argv, cwd=cwd, env=env)
        except CommandFailed as failed:
            shown = "\n".join(failed.tail.splitlines()[-_SHOWN_LINES:])
            raise SetupError(
                f"{doing} failed ({failed.command}, status {failed.status})",
                likely_mend(failed.tail, failed.status),
                log=self._log,
                tail=shown,
            ) from failed

    def attempt(
        self,
        argv: Sequence[str | Path],
        *,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
    ) -> None:
        """Run a command that may fail.

        Raises
        ------
        CommandFailed
            Raised if it ends with another status than 0, or is not there.
        """
        words = [str(word) for word in argv]
        tail: deque[str] = deque(maxlen=_TAIL_LINES)
        with self._log.open("ab") as log:
            log.write(f"\n$ {' '.join(words)}\n".encode())
            try:
                process = subprocess.Popen(
                    words,
                    cwd=cwd,
                    env={**os.environ, **(env or {})},
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            except OSError as error:
                raise CommandFailed(words[0], 127, str(error)) from error
            with process:
                self._follow(process, log, tail)
        if process.returncode:
            name = Path(words[0]).name
            raise CommandFailed(name, process.returncode, "\n".join(tail))

    def _follow(
        self, process: subprocess.Popen[bytes], log: IO[bytes], tail: deque[str]
    ) -> None:
        """Pass the output on until the command ends; end it when we are interrupted."""
        pipe = process.stdout
        assert pipe is not None  # noqa: S101  (asked for above)
        try:
            with selectors.DefaultSelector() as selector:
                selector.register(pipe, selectors.EVENT_READ)
                while True:
                    if selector.select(_POLL_S):
                        chunk = os.read(pipe.fileno(), _CHUNK_BYTES)
                        if not chunk:
                            break
                        log.write(chunk)
                        tail.extend(_lines(chunk))
                    self._progress.tick(tail[-1] if tail else "")
            process.wait()
        except BaseException:
            _end_group(process)
            raise


def _lines(chunk: bytes) -> list[str]:
    text = _ESCAPES.sub(b"", chunk.replace(b"\r", b"\n")).decode(errors="replace")
    lines = (line.strip() for line in text.split("\n"))
    return [_SECRET_IN_URL.sub(r"\1", line) for line in lines if line]


def _end_group(process: subprocess.Popen[bytes]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
            process.wait(_GRACE_S)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue
        return
