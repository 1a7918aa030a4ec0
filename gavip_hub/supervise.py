"""Keep one process running, and end it with whoever started us.

The hub looks at its services every thirty seconds. A service that died would be away
for as long; this small watcher has it back in a moment.
"""

import ctypes
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Sequence

__all__ = ["end_with_parent", "keep_running", "use_all_descriptors"]

PR_SET_PDEATHSIG = 1
"""Linux prctl: the signal that this process gets when its parent dies."""

FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 10.0
STEADY_S = 5.0
"""A process that ran this long is started anew at once [s]."""

END_WITHIN_S = 10.0
"""How long the process may take to end when we are to end [s]."""


def end_with_parent() -> None:
    """Ask the kernel for SIGTERM when the parent dies.

    Notes
    -----
    A hub that was killed starts another service when it comes back; this one would
    keep its port and a token that may be replaced.
    """
    parent = os.getppid()
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGTERM)


def use_all_descriptors() -> None:
    """Raise this process's limit on open files as far as it may itself.

    Notes
    -----
    Every page and session that follows events is an open connection, and many systems
    begin with a limit of 1024, meant for programs that use ``select``.
    """
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def keep_running(argv: Sequence[str]) -> int:
    """Run a command, and again whenever it fails, until we are asked to end.

    Returns
    -------
    int
        The exit status to leave with: 0 when the command ended as meant or we were
        asked to end.
    """
    end_with_parent()
    asked_to_end = False

    def ask(_number: int, _frame: object) -> None:
        nonlocal asked_to_end
        asked_to_end = True
        raise InterruptedError

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, ask)
    pause_s = FIRST_PAUSE_S
    while not asked_to_end:
        process = None
        try:
            began = time.monotonic()
            process = subprocess.Popen(list(argv))  # noqa: S603  (our own command)
            status = process.wait()
            if status == 0:
                return 0
            steady = time.monotonic() - began > STEADY_S
            pause_s = FIRST_PAUSE_S if steady else min(2 * pause_s, LONGEST_PAUSE_S)
            sys.stderr.write(f"The service ended with status {status}; again.\n")
            time.sleep(pause_s)
        except InterruptedError:
            _end(process)
    return 0


def _end(process: subprocess.Popen[bytes] | None) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    if process is None or process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(END_WITHIN_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
