"""500 launches by 100 users at once, through the real service over HTTP.

A real hub knows the users, the real service acknowledges, and the fake engine runs
what was asked for. What was lost or doubled is counted afterwards from the engine's own
record and from the API's list, not from what the service answered.
"""

import argparse
import asyncio
import json
import math
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from gavip_hub.domain.resources import Resources
from gavip_hub.engines.fake.observer import observe
from gavip_hub.engines.fake.record import read_entries
from tests.support.platform import ApiUser, Platform, PlatformConfig, eventually

__all__ = ["Acknowledged", "Figures", "main", "measure"]

CAPACITY = Resources(100_000, 500 * 10**9, 0)
"""What the fake engine has: enough for every user's four launches at a time."""

WISH = {
    "kind": "pipeline",
    "cpu": 0.1,
    "memory": "256M",
    "walltime": "10m",
    "options": {"command": "sleep 5"},
}
TRIES = 10
PATIENCE_S = 300.0


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """One ask and its answer."""

    owner: str
    launch_id: str
    """Empty when it was not acknowledged."""
    took_s: float


@dataclass(frozen=True, slots=True)
class Figures:
    """What one burst came to, as it is printed."""

    acknowledged: int
    lost: int
    doubled: int
    per_second: float
    p99_ms: int


async def storm(url: str, users: Sequence[ApiUser], each: int) -> list[Acknowledged]:
    """Send everybody's asks at once, and return the answers."""
    connector = aiohttp.TCPConnector(limit=0)
    patience = aiohttp.ClientTimeout(total=60)
    async with aiohttp.ClientSession(connector=connector, timeout=patience) as http:
        asks = [
            _ask(http, f"{url}/launches", user, f"burst-{number}")
            for number in range(each)
            for user in users
        ]
        return list(await asyncio.gather(*asks))


async def _ask(
    http: aiohttp.ClientSession, url: str, user: ApiUser, key: str
) -> Acknowledged:
    """Ask until there is an answer, with the same key, as a client does."""
    headers = {"Authorization": f"token {user.token}", "Idempotency-Key": key}
    began = time.monotonic()
    for _ in range(TRIES):
        try:
            async with http.post(url, json=WISH, headers=headers) as answer:
                if answer.ok:
                    launch = await answer.json()
                    took_s = time.monotonic() - began
                    return Acknowledged(user.name, launch["id"], took_s)
        except (aiohttp.ClientError, TimeoutError):
            pass
        await asyncio.sleep(0.2)
    return Acknowledged(user.name, "", time.monotonic() - began)


def measure(platform: Platform, users: Sequence[ApiUser], each: int) -> Figures:
    """Send one burst to a platform, let all of it end, and count."""
    began = time.monotonic()
    answers = asyncio.run(storm(platform.service_url, users, each))
    took_s = time.monotonic() - began
    known = [one for one in answers if one.launch_id]
    operator = platform.user("operator")

    def ended() -> bool:
        room = operator.ask("GET", "/capacity").json()
        return bool(room["waiting"] + room["running"] == 0)

    eventually(ended, "an end of all launches", within_s=PATIENCE_S, every_s=0.5)
    lost, doubled = _count(platform, users, known)
    times = sorted(one.took_s for one in answers)
    return Figures(
        acknowledged=len(known),
        lost=lost,
        doubled=doubled,
        per_second=round(len(known) / took_s, 1),
        p99_ms=round(1000 * times[math.ceil(0.99 * len(times)) - 1]),
    )


def _count(
    platform: Platform, users: Sequence[ApiUser], known: Sequence[Acknowledged]
) -> tuple[int, int]:
    """Return how many acknowledged launches were lost, and how many came twice."""
    listed = Counter(one for user in users for one in _finished(user))
    record = read_entries(platform.folder / "state" / "engine" / "record.jsonl")
    seen = observe(record, CAPACITY)
    acknowledged = {one.launch_id for one in known}
    lost = len(acknowledged - (listed.keys() & seen.started))
    twice = len(known) - len(acknowledged) + len(listed.keys() - acknowledged)
    return lost, seen.double_starts + twice


def _finished(user: ApiUser) -> list[str]:
    """Return the launches of a user that ran to their end."""
    page = user.ask("GET", "/launches?limit=200").json()
    return [one["id"] for one in page["launches"] if one["phase"] == "completed"]


def run(users: int, each: int, *, warm: bool) -> Figures:
    """Start a platform, send it a burst, and end it."""
    with tempfile.TemporaryDirectory(prefix="gavip-burst-") as folder:
        config = PlatformConfig(
            engine="fake",
            cpu=CAPACITY.cpu_milli / 1000,
            memory=f"{CAPACITY.memory_bytes // 10**9}G",
        )
        platform = Platform(Path(folder), config)
        try:
            platform.start()
            with ThreadPoolExecutor(4) as at_once:
                names = (f"astronomer{number:03}" for number in range(users))
                everybody = list(at_once.map(platform.user, names))
                if warm:
                    list(at_once.map(lambda one: one.ask("GET", "/info"), everybody))
            return measure(platform, everybody, each)
        finally:
            platform.stop()


def main() -> None:
    """Run one burst and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--users", type=int, default=100)
    parser.add_argument("--each", type=int, default=5, help="launches of each user")
    parser.add_argument(
        "--warm", action="store_true", help="let the service know the tokens before"
    )
    asked = parser.parse_args()
    figures = run(asked.users, asked.each, warm=asked.warm)
    print(json.dumps({name: getattr(figures, name) for name in Figures.__slots__}))


if __name__ == "__main__":
    main()
