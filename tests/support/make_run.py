"""`make run` as a person types it, for the tests that need the whole platform."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.support.waiting import eventually

__all__ = ["CHECKOUT", "MakeRun", "make_run", "processes_of"]

CHECKOUT = Path(__file__).resolve().parents[2]
READY = "Ctrl-C ends it."
"""The last line that is printed when everything answers."""

_READY_WITHIN_S = 1200
_END_WITHIN_S = 120


class MakeRun:
    """One `make run`, with a terminal's process group of its own.

    Parameters
    ----------
    state
        The state folder.
    port
        The public port.
    output
        The file that gets what it prints.
    env
        What is added to the environment.
    """

    def __init__(
        self, state: Path, port: int, output: Path, env: Mapping[str, str]
    ) -> None:
        self.state = state
        self.port = port
        self._output = output
        self._from = output.stat().st_size if output.exists() else 0
        with output.open("ab") as out:
            self.process = subprocess.Popen(
                ["make", "run"],
                cwd=CHECKOUT,
                env={
                    **os.environ,
                    "GAVIP_STATE": str(state),
                    "GAVIP_PORT": str(port),
                    **env,
                },
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def said(self) -> str:
        """Return what it has printed so far."""
        with self._output.open("rb") as out:
            out.seek(self._from)
            return out.read().decode()

    def wait_ready(self) -> None:
        """Wait until it says how to sign in."""
        eventually(
            lambda: READY in self.said() or self.process.poll() is not None,
            within_s=_READY_WITHIN_S,
        )
        assert READY in self.said(), self.said()

    def interrupt(self) -> int:
        """Press Ctrl-C: the whole group gets it. Return the exit status."""
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(_END_WITHIN_S)

    def terminate(self) -> int:
        """Do what a plain `kill` of make does. Return the exit status."""
        self.process.terminate()
        return self.process.wait(_END_WITHIN_S)


@contextmanager
def make_run(state: Path, port: int, output: Path, **env: str) -> Iterator[MakeRun]:
    """Run it; end it at the end if the test has not.

    Parameters
    ----------
    state, port, output
        As `MakeRun` takes them.
    env
        What is added to the environment.
    """
    run = MakeRun(state, port, output, env)
    try:
        yield run
    finally:
        if run.process.poll() is None:
            run.interrupt()


def processes_of(state: Path) -> list[str]:
    """Return the command lines of processes that were started from a state folder."""
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            raw = (folder / "cmdline").read_bytes()
            works_in = str((folder / "cwd").readlink())
        except OSError:
            continue
        line = raw.replace(b"\0", b" ").decode(errors="replace")
        if f"{state}/" in line or works_in.startswith(f"{state}/"):
            found.append(line)
    return found
