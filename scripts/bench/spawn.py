"""Time from the spawn request to a ready JupyterLab: gavip against the bare spawner.

Two hubs run at once, one with gavip in front of an engine and one with the engine's
bare spawner. They take turns, on an otherwise idle platform, with the same server, the
same image, limits and network.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import docker
from docker.errors import DockerException

from gavip_hub import __version__
from scripts.bench.hubs import CPU, MEMORY, MeasuredHub, pair_of
from tests.support.platform import ApiUser, eventually

__all__ = ["main", "measure"]

READY_S = 180.0
POLL_S = 0.1
OPTIONS = {"cpu": str(CPU), "memory": MEMORY, "walltime": "1h"}


def measure(engine: str, image: str, times: int) -> dict[str, str | float]:
    """Return the medians of an engine [s] and their ratio."""
    with tempfile.TemporaryDirectory(prefix="gavip-spawn-") as folder:
        pair = pair_of(engine, Path(folder), image)
        hubs = (pair.bare, pair.gavip)
        try:
            both = [(hub, hub.start().user("astronomer")) for hub in hubs]
            for hub, user in both:
                _spawn(hub, user)  # makes the home folder, fills the machine's caches
            took_s: list[list[float]] = [[], []]
            for turn in range(times):
                for which in (0, 1) if turn % 2 == 0 else (1, 0):
                    took_s[which].append(_spawn(*both[which]))
        finally:
            for hub in hubs:
                hub.stop()
            pair.clean()
    bare_s, gavip_s = (statistics.median(one) for one in took_s)
    return {
        "engine": engine,
        "bare_p50_s": round(bare_s, 3),
        "gavip_p50_s": round(gavip_s, 3),
        "ratio_p50": round(gavip_s / bare_s, 3),
    }


def _spawn(hub: MeasuredHub, user: ApiUser) -> float:
    """Start the server, return how long it took until ready [s], and stop it."""
    began = time.monotonic()
    path = f"/users/{user.name}/server"
    answer = user.hub("POST", path, json=OPTIONS)
    if not answer.ok:
        raise SystemExit(f"The hub did not start a server: {answer.text[:500]}")
    _until(user, lambda server: bool(server.get("ready")))
    took_s = time.monotonic() - began
    user.hub("DELETE", path)
    _until(user, lambda server: not server)
    hub.at_rest(user)
    return took_s


def _until(user: ApiUser, reached: Callable[[dict[str, object]], bool]) -> None:
    def there() -> bool:
        model = user.hub("GET", f"/users/{user.name}").json()
        return reached((model.get("servers") or {}).get("", {}))

    eventually(there, "the server", within_s=READY_S, every_s=POLL_S)


def main() -> None:
    """Measure the engines that there are, a line for each."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--engine", choices=["sandbox", "docker"], action="append")
    parser.add_argument("--times", type=int, default=10)
    parser.add_argument("--image", help="Docker image of the sessions")
    asked = parser.parse_args()
    for engine in asked.engine or ["sandbox", "docker"]:
        image = (asked.image or _image()) if engine == "docker" else ""
        if engine == "docker" and not image:
            print("No Docker engine, or no image: run make image.", file=sys.stderr)
            continue
        print(json.dumps(measure(engine, image, asked.times)), flush=True)


def _image() -> str:
    """Return the image of the sessions that is there, or nothing."""
    client = None
    try:
        client = docker.from_env()
        there = {tag for image in client.images.list() for tag in image.tags}
    except DockerException:
        return ""
    finally:
        if client is not None:
            client.close()
    named = os.environ.get("GAVIP_TEST_IMAGE", "")
    wanted = (named, f"gavip/session:{__version__}", "gavip-test/session:latest")
    return next((image for image in wanted if image in there), "")


if __name__ == "__main__":
    main()
