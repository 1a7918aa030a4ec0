"""Ways for parts of a platform to die, and how each comes back."""

import json
import random
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress

import psutil
import requests

from tests.support.platform import CHECKOUT, Platform, eventually

__all__ = ["Kills"]

BACK_S = 120.0
"""How long a part may take to be back [s]."""

RIVAL_S = 15.0
"""How long a second service may take to begin or to give up [s]."""


class Kills:
    """Kills parts of one platform, and waits until it is well again.

    Parameters
    ----------
    platform
        Whose parts.
    chance
        Chooses.
    """

    def __init__(self, platform: Platform, chance: random.Random) -> None:
        self._platform = platform
        self._chance = chance
        self.keepers_killed: set[str] = set()
        """Names of the sandboxes whose keeper was killed."""
        ways: list[tuple[int, Callable[[], None]]] = [
            (14, self._worker),
            (6, self._paused),
            # The hub looks for its service every 30 s: these two cost a round that.
            (1, self._taken_over),
            (1, self._watcher),
            (2, self._hub),
            (1, self._everything),
        ]
        if platform.config.engine == "sandbox":
            ways.append((8, self._keeper))
        self._ways = ways

    def strike(self) -> str:
        """Kill something, and say what."""
        weights = [weight for weight, _ in self._ways]
        way = self._chance.choices([way for _, way in self._ways], weights)[0]
        way()
        return way.__name__.strip("_")

    def mend(self) -> None:
        """Start what does not come back by itself, and wait until all is well."""
        if not _lives(self._platform.hub_process()):
            self._platform.start()
        self._platform.wait_well(BACK_S)

    def _worker(self) -> None:
        _kill(self._platform.service_process())

    def _watcher(self) -> None:
        _kill(self._platform.watcher_process())

    def _hub(self) -> None:
        _kill(self._platform.hub_process())

    def _everything(self) -> None:
        parts = [self._platform.hub_process(), self._platform.proxy_process()]
        for process in (
            self._platform.watcher_process(),
            self._platform.service_process(),
            *parts,
        ):
            _kill(process)
        if self._platform.config.engine == "sandbox":
            for name, keeper in self._platform.keepers().items():
                self._end(name, keeper)

    def _keeper(self) -> None:
        keepers = self._platform.keepers()
        if keepers:
            name = self._chance.choice(sorted(keepers))
            self._end(name, keepers[name])

    def _end(self, name: str, keeper: psutil.Process) -> None:
        self.keepers_killed.add(name)
        _kill(keeper)

    def _paused(self) -> None:
        """Stop the service in the middle of whatever it does, and let it go on."""
        process = self._platform.service_process()
        if process is not None:
            process.suspend()
            time.sleep(self._chance.uniform(0.2, 2.5))
            with suppress(psutil.NoSuchProcess):
                process.resume()

    def _taken_over(self) -> None:
        """Let a second service take over while the first is stopped, then wake it."""
        process = self._platform.service_process()
        if process is None:
            return
        try:
            environment = process.environ()
            process.suspend()
        except psutil.Error:
            return
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        rival = _rival(environment, port, self._platform)
        health = f"http://127.0.0.1:{port}/services/gavip/api/v1/health"
        try:
            # Stopped in the middle of a write, the old one keeps the file locked, and
            # the other says so and ends.
            with suppress(AssertionError):
                eventually(
                    lambda: rival.poll() is not None or _answers(health),
                    "the other service",
                    within_s=RIVAL_S,
                )
            time.sleep(self._chance.uniform(0, 1.5))
        finally:
            with suppress(psutil.NoSuchProcess):
                process.resume()
            with suppress(psutil.TimeoutExpired, psutil.NoSuchProcess):
                process.wait(10)
            rival.kill()
            rival.wait()


def _rival(
    environment: dict[str, str], port: int, platform: Platform
) -> subprocess.Popen[bytes]:
    settings = json.loads(environment["GAVIP_SETTINGS"])
    settings["service"]["port"] = port
    with (platform.folder / "rival.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "gavip_hub", "work"],
            env={**environment, "GAVIP_SETTINGS": json.dumps(settings)},
            cwd=CHECKOUT,
            stdout=log,
            stderr=log,
        )


def _answers(url: str) -> bool:
    with suppress(requests.RequestException):
        return requests.get(url, timeout=5).ok
    return False


def _kill(process: psutil.Process | None) -> None:
    """Kill a process, and wait until the kernel has let go of it."""
    if process is not None:
        with suppress(psutil.NoSuchProcess):
            process.kill()
        eventually(lambda: not _lives(process), "its end", every_s=0.01)


def _lives(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
