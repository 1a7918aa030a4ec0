"""Sudden death of the writer, at any moment."""

import random
import subprocess
import sys
from collections import Counter

import pytest

from gavip_hub.domain.resources import NOTHING
from gavip_hub.ports import LaunchFilter
from gavip_hub.store import SqlLaunchStore

pytestmark = pytest.mark.asyncio

ROUNDS = 12
EVERYTHING = LaunchFilter(limit=10**9)


def killed_writer(url: str, after: int) -> list[str]:
    """Run a writer, kill it after some answers, and return all that it acknowledged."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.support.store_writer", url, "endless"],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        seen = [process.stdout.readline() for _ in range(after)]
        process.kill()
        seen += process.stdout.readlines()
    return [line.strip() for line in seen if line.endswith("\n")]


async def check(store: SqlLaunchStore, acknowledged: list[str]) -> None:
    """Check that nothing is lost, the sums are right and the stories whole."""
    launches = await store.find(EVERYTHING)
    there = {launch.id: launch for launch in launches}
    assert set(acknowledged) <= set(there)
    told = Counter(
        event.launch_id for event in await store.events_after(0, limit=10**9)
    )
    assert told == {launch.id: launch.version for launch in launches}
    held = NOTHING
    for launch in await store.holding():
        assert launch.allocation is not None
        held += launch.allocation.resources
    for node in await store.nodes():
        assert node.free + held == node.capacity


async def test_what_was_acknowledged_outlives_any_death(shared_url: str) -> None:
    """However often the writer is killed, nothing acknowledged is lost or half done."""
    chance = random.Random(20261123)  # noqa: S311  # not for secrets
    acknowledged: list[str] = []
    for _ in range(ROUNDS):
        acknowledged += killed_writer(shared_url, chance.randrange(1, 300))
        store = SqlLaunchStore.open(shared_url)
        await check(store, acknowledged)
        await store.close()
    assert len(acknowledged) == len(set(acknowledged)) > ROUNDS
