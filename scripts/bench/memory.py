"""Idle memory of the platform's parts, and of one session over a bare JupyterLab.

What counts is the proportional set size (PSS): memory of a process with its share of
what several processes use together, so that the figures may be added up.
"""

import argparse
import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import requests

from tests.support.platform import Platform, PlatformConfig, eventually

__all__ = ["main", "measure"]

MEGABYTE = 10**6
REST_S = 20.0
"""How long everything is left alone before it is looked at [s]."""


def measure(rest_s: float = REST_S) -> dict[str, float]:
    """Return the megabytes of each part."""
    with tempfile.TemporaryDirectory(prefix="gavip-memory-") as name:
        folder = Path(name)
        config = PlatformConfig(light=False)
        platform = Platform(folder / "platform", config)
        try:
            platform.start()
            user = platform.user("astronomer")
            user.hub("POST", "/users/astronomer/server", json={})
            _until_ready(platform)
            with _bare_lab(folder / "bare") as lab:
                time.sleep(rest_s)
                return _figures(platform, lab)
        finally:
            platform.stop()


def _figures(platform: Platform, lab: psutil.Process) -> dict[str, float]:
    hub, watcher = platform.hub_process(), platform.watcher_process()
    if watcher is None:
        raise SystemExit("The service ended.")
    (keeper,) = platform.keepers().values()
    bare = _megabytes(_tree(lab))
    session = _megabytes(_tree(keeper))
    return {
        "hub_mb": _megabytes([hub]),
        "proxy_mb": _megabytes(_tree(platform.proxy_process())),
        "service_mb": _megabytes(_tree(watcher)),
        "session_mb": session,
        "bare_lab_mb": bare,
    }


def _megabytes(processes: Iterable[psutil.Process]) -> float:
    total = sum(process.memory_full_info().pss for process in processes)
    return round(total / MEGABYTE, 1)


def _tree(root: psutil.Process) -> list[psutil.Process]:
    return [root, *root.children(recursive=True)]


def _until_ready(platform: Platform) -> None:
    user = platform.user("astronomer")

    def ready() -> bool:
        model = user.hub("GET", "/users/astronomer").json()
        server = (model.get("servers") or {}).get("", {})
        return bool(server.get("ready"))

    eventually(ready, "a session", within_s=180)


@contextmanager
def _bare_lab(folder: Path) -> Iterator[psutil.Process]:
    """Run a JupyterLab with nothing of gavip, as somebody has it on a laptop."""
    folder.mkdir()
    without = 'c.ServerApp.jpserver_extensions = {"gavip_server_ext": False}\n'
    (folder / "config.py").write_text(without)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = secrets.token_hex(16)
    words = [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", f"--port={port}"),
        *("--allow-root", f"--ServerApp.root_dir={folder}"),
        *(f"--IdentityProvider.token={token}", f"--config={folder}/config.py"),
    ]
    home = {"HOME": str(folder), "JUPYTER_RUNTIME_DIR": str(folder)}
    process = subprocess.Popen(
        words,
        cwd=folder,
        env={**os.environ, **home},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    def answers() -> bool:
        with suppress(requests.RequestException):
            url = f"http://127.0.0.1:{port}/api/status?token={token}"
            return requests.get(url, timeout=5).ok
        return False

    try:
        eventually(answers, "a bare JupyterLab", within_s=120)
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait()


def main() -> None:
    """Measure once and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rest", type=float, default=REST_S, help="seconds of rest")
    print(json.dumps(measure(parser.parse_args().rest)))


if __name__ == "__main__":
    main()
