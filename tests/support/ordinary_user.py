"""An engine of an ordinary user, for tests that run as root.

The engine lives in a process of that user; calls are passed through its standard
streams. ``python -m tests.support.ordinary_user`` is that process.
"""

import asyncio
import os
import pickle
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

__all__ = ["EngineOfOrdinaryUser", "python_for_everybody"]

UID = 54_321
"""A number that no account of the machine has."""


def python_for_everybody() -> str | None:
    """Return a Python that any user of the machine can run."""
    path = Path(sys.executable).resolve()
    if all(one.stat().st_mode & 0o005 == 0o005 for one in path.parents):
        return sys.executable
    return shutil.which("python3", path="/usr/local/bin:/usr/bin")


class EngineOfOrdinaryUser:
    """The port of an engine that runs under another user.

    Parameters
    ----------
    python
        The Python that the user runs.
    words
        Settings of the sandbox engine, as plain values.
    """

    def __init__(self, python: str, words: dict[str, Any]) -> None:
        self._lock = threading.Lock()
        self._process = subprocess.Popen(
            [python, "-P", "-m", "tests.support.ordinary_user"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={"PYTHONPATH": str(Path.cwd()), "PATH": os.defpath},
            cwd="/",
            user=UID,
            group=UID,
            extra_groups=[],
        )
        self._send(words)

    def __getattr__(self, method: str) -> Any:
        """Return a method of the engine over there."""

        async def call(*args: Any, **kwargs: Any) -> Any:
            return await asyncio.to_thread(self._call, method, args, kwargs)

        return call

    def close(self) -> None:
        """End the process; its sandboxes go on."""
        self._process.stdin.close()  # type: ignore[union-attr]  # a pipe
        self._process.wait()
        self._process.stdout.close()  # type: ignore[union-attr]  # a pipe

    def _call(self, method: str, args: Any, kwargs: Any) -> Any:
        with self._lock:
            self._send((method, args, kwargs))
            fault, answer = pickle.load(self._process.stdout)  # type: ignore[arg-type]  # noqa: S301  our own process
        if fault is not None:
            raise fault
        return answer

    def _send(self, value: Any) -> None:
        pickle.dump(value, self._process.stdin)  # type: ignore[arg-type]  # a pipe
        self._process.stdin.flush()  # type: ignore[union-attr]  # a pipe


async def _serve() -> None:
    from gavip_hub.engines.sandbox.engine import SandboxEngine  # noqa: PLC0415
    from gavip_hub.engines.sandbox.settings import SandboxSettings  # noqa: PLC0415

    reader, writer = sys.stdin.buffer, sys.stdout.buffer
    engine = SandboxEngine(SandboxSettings(**pickle.load(reader)))  # noqa: S301  ours
    while True:
        try:
            method, args, kwargs = await asyncio.to_thread(pickle.load, reader)
        except EOFError:
            return
        answer: tuple[Exception | None, Any]
        try:
            answer = (None, await getattr(engine, method)(*args, **kwargs))
        except Exception as error:  # noqa: BLE001  passed on
            answer = (error, None)
        pickle.dump(answer, writer)
        writer.flush()


if __name__ == "__main__":
    asyncio.run(_serve())
