"""One writer at a time, and what an old one may no longer do."""

import contextlib
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from gavip_hub.domain.errors import FencedOut, StoreConflict
from gavip_hub.domain.phase import Phase
from gavip_hub.domain.resources import Resources
from gavip_hub.ports import Change
from gavip_hub.store import SqlLaunchStore
from tests.support.submissions import NOW, submission

pytestmark = pytest.mark.asyncio

TTL = timedelta(seconds=30)


async def test_nobody_writes_without_a_lease(url: str) -> None:
    """A store that never took the lease can read but not write."""
    store = SqlLaunchStore.open(url)
    assert await store.waiting() == []
    with pytest.raises(FencedOut):
        await store.submit(submission(), NOW)
    await store.close()


async def test_a_live_lease_is_respected(shared_url: str) -> None:
    """A second service is told who writes and until when, and takes over later."""
    first, second = SqlLaunchStore.open(shared_url), SqlLaunchStore.open(shared_url)
    epoch = await first.acquire_lease("one", TTL, NOW)
    with pytest.raises(StoreConflict, match="one"):
        await second.acquire_lease("two", TTL, NOW + TTL / 2)
    await first.renew_lease(TTL, NOW + TTL / 2)
    with pytest.raises(StoreConflict):
        await second.acquire_lease("two", TTL, NOW + TTL)
    later = await second.acquire_lease("two", TTL, NOW + 2 * TTL)
    assert later > epoch
    with pytest.raises(FencedOut):
        await first.renew_lease(TTL, NOW + 2 * TTL)
    await first.close()
    await second.close()


async def test_the_old_epoch_is_dead_for_every_write(shared_url: str) -> None:
    """After a forced take-over nothing that the old service does has an effect."""
    old, new = SqlLaunchStore.open(shared_url), SqlLaunchStore.open(shared_url)
    await old.acquire_lease("one", TTL, NOW)
    launch, _ = await old.submit(submission("a"), NOW)
    await new.acquire_lease("two", TTL, NOW, force=True)
    attempts = [
        old.submit(submission("b"), NOW),
        old.sync_nodes([]),
        old.admit(launch.id, 1, "n1", NOW, NOW),
        old.move(Change(launch.id, 1, Phase.HELD, "Set aside.", NOW)),
        old.note_peak(launch.id, 5),
        old.renew_lease(TTL, NOW),
    ]
    for attempt in attempts:
        with pytest.raises(FencedOut):
            await attempt
    assert await new.waiting() == [launch]
    await old.close()
    await new.close()


async def test_who_restarts_takes_over_from_itself(shared_url: str) -> None:
    """The same holder need not wait for its own lease to run out."""
    first, again = SqlLaunchStore.open(shared_url), SqlLaunchStore.open(shared_url)
    epoch = await first.acquire_lease("one", TTL, NOW)
    assert await again.acquire_lease("one", TTL, NOW) == epoch + 1
    with pytest.raises(FencedOut):
        await first.submit(submission(), NOW)
    await first.close()
    await again.close()


@contextlib.contextmanager
def writer(url: str, *words: str) -> Iterator[subprocess.Popen[str]]:
    """Run another service process that writes."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.store_writer", url, *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


async def test_a_service_that_slept_through_its_lease_is_fenced(
    shared_url: str,
) -> None:
    """A process that was stopped for longer than its lease then writes nothing."""
    store = SqlLaunchStore.open(shared_url)
    with writer(shared_url, "on-demand", "0.5") as sleeper:
        assert sleeper.stdin is not None
        assert sleeper.stdout is not None
        assert sleeper.stdout.readline() == "ready\n"
        sleeper.stdin.write("write\n")
        assert sleeper.stdout.readline() == "acknowledged\n"
        sleeper.send_signal(signal.SIGSTOP)
        give_up_at = time.monotonic() + 60
        while True:
            try:
                await store.acquire_lease("second", TTL, datetime.now(UTC))
                break
            except StoreConflict:
                assert time.monotonic() < give_up_at
        before = await store.waiting()
        sleeper.stdin.write("write\n")
        sleeper.send_signal(signal.SIGCONT)
        assert sleeper.stdout.readline() == "fenced_out\n"
    assert await store.waiting() == before
    await store.submit(
        submission("mine", owner="second", resources=Resources(1, 1)), NOW
    )
    await store.close()
