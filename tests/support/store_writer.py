"""A service process that only writes launches, to be stopped and killed by tests.

``on-demand TTL_S`` files one launch for each line that it reads and answers with
``acknowledged`` or the error's code. ``endless`` files, admits and ends launches in
groups for as long as it lives, and prints the id of each that was acknowledged.
"""

import asyncio
import os
import sys
from datetime import UTC, datetime, timedelta

from gavip_hub.domain.capacity import Node
from gavip_hub.domain.errors import GavipError
from gavip_hub.domain.launch import EndCode, Ending
from gavip_hub.domain.phase import Phase
from gavip_hub.domain.resources import NOTHING, Resources
from gavip_hub.ports import Change
from gavip_hub.store import SqlLaunchStore
from tests.support.submissions import submission

__all__: list[str] = []

_GROUP = 10
_ROOMY = Node("n1", Resources(10**9, 2**60), NOTHING)


def _say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


async def _on_demand(store: SqlLaunchStore, ttl: timedelta) -> None:
    await store.acquire_lease("on-demand", ttl, datetime.now(UTC))
    _say("ready")
    for number, _ in enumerate(sys.stdin):
        try:
            await store.submit(submission(f"{number}"), datetime.now(UTC))
        except GavipError as error:
            _say(error.code)
        else:
            _say("acknowledged")


async def _live(store: SqlLaunchStore, key: str) -> None:
    wanted = submission(key, owner=f"user-{os.getpid()}", max_waiting=10**9)
    now = datetime.now(UTC)
    launch, _ = await store.submit(wanted, now)
    _say(launch.id)
    launch = await store.admit(launch.id, launch.version, "n1", now, now)
    ending = Ending(EndCode.STOPPED, "Over.")
    for phase in (Phase.STOPPING, Phase.COMPLETED):
        change = Change(launch.id, launch.version, phase, "Over.", now, ending)
        launch = await store.move(change)


async def _endless(store: SqlLaunchStore) -> None:
    await store.acquire_lease("endless", timedelta(minutes=1), datetime.now(UTC))
    await store.sync_nodes([_ROOMY])
    number = 0
    while True:
        await asyncio.gather(
            *(_live(store, f"{number + each}") for each in range(_GROUP))
        )
        number += _GROUP


async def _main() -> None:
    store = SqlLaunchStore.open(sys.argv[1])
    if sys.argv[2] == "on-demand":
        await _on_demand(store, timedelta(seconds=float(sys.argv[3])))
    else:
        await _endless(store)


if __name__ == "__main__":
    asyncio.run(_main())
