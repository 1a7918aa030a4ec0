"""Two services on one database: the older one may wake up at any moment."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from typing_extensions import override

from gavip_hub.domain.launch import Launch, LaunchKind
from gavip_hub.domain.phase import Phase
from gavip_hub.engines.fake.observer import observe
from gavip_hub.engines.fake.record import MemoryRecord
from gavip_hub.ports import Change
from gavip_hub.store.sql import SqlLaunchStore
from tests.support.portal import ROOM, World

pytestmark = pytest.mark.asyncio


class StoppedStore(SqlLaunchStore):
    """A store whose service is stopped for a while after it wrote down a start."""

    meanwhile: Callable[[], Awaitable[None]] | None = None

    @override
    async def move(self, change: Change) -> Launch:
        moved = await super().move(change)
        if change.phase is Phase.STARTING and self.meanwhile is not None:
            meanwhile, self.meanwhile = self.meanwhile, None
            await meanwhile()
        return moved


async def test_a_service_that_wakes_up_starts_nothing_a_second_time(
    tmp_path: Path,
) -> None:
    """What it meant to start has run under the other service, and is over."""
    url = f"sqlite:///{tmp_path / 'gavip.sqlite'}"
    older = await asyncio.to_thread(StoppedStore.open, url)
    newer = await asyncio.to_thread(SqlLaunchStore.open, url)
    first, second = World(older), World(newer)
    second.clock, second.engine = first.clock, first.engine
    await first.begin()
    launch = await first.submit(kind=LaunchKind.PIPELINE, options={"command": "exit 0"})

    async def taken_over() -> None:
        await second.begin()
        await second.until(launch, Phase.COMPLETED)

    older.meanwhile = taken_over
    await first.portal.dispatcher.settle()
    await first.acted()
    assert (await second.get(launch)).phase is Phase.COMPLETED
    record = first.engine.record
    assert isinstance(record, MemoryRecord)
    assert observe(record.entries, ROOM).double_starts == 0
    await first.crash()
    await second.crash()
    await older.close()
    await newer.close()
