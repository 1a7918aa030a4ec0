"""The sandbox engine: what the port asks, done with records and keepers."""

import asyncio
import time
from datetime import datetime, timedelta
from typing import Final

from gavip_hub.domain.capacity import Node
from gavip_hub.domain.container import ContainerSpec, ContainerStatus, Usage
from gavip_hub.domain.errors import EngineUnavailable
from gavip_hub.engines.bounded import BoundedWork
from gavip_hub.engines.contract import check_spec
from gavip_hub.engines.machine import machine_capacity
from gavip_hub.engines.sandbox.acts import SandboxActs
from gavip_hub.engines.sandbox.settings import SandboxSettings
from gavip_hub.ports import EngineFacts

__all__ = ["SandboxEngine"]

_POLL_S: Final = 0.02


class SandboxEngine:
    """Containers by bubblewrap on this machine.

    Several engines, in one process or in several, may share a state folder.

    Parameters
    ----------
    settings
        Where things lie.
    """

    def __init__(self, settings: SandboxSettings) -> None:
        self._settings = settings
        self._acts = SandboxActs(settings)
        self._work = BoundedWork("sandbox", settings.timeout)
        self._looks: dict[str, tuple[float, int]] = {}
        self._facts: EngineFacts | None = None

    async def facts(self) -> EngineFacts:
        """Return what it is; raises `EngineUnavailable` with the mend if it cannot."""
        if self._facts is None:
            self._facts = await self._work.run(self._acts.facts)
        return self._facts

    async def nodes(self) -> list[Node]:
        """Return this machine."""
        capacity = self._settings.capacity or machine_capacity()
        return [Node(self._settings.node_name, capacity, capacity)]

    async def create(self, spec: ContainerSpec) -> None:
        """Create and start; does nothing if a sandbox of that name exists."""
        check_spec(spec)
        await self._work.run(self._acts.create, spec)

    async def list(self) -> list[ContainerStatus]:
        """Return every sandbox, ended ones included."""
        return await self._work.run(self._acts.list)

    async def status(self, name: str) -> ContainerStatus | None:
        """Return one sandbox, or None if there is none of that name."""
        return await self._work.run(self._acts.status, name)

    async def stop(self, name: str, grace: timedelta) -> None:
        """End it, politely first; does nothing if it is gone or ended."""
        if not await self._work.run(self._acts.order_stop, name, grace):
            return
        until = time.monotonic() + (grace + self._settings.timeout).total_seconds()
        while self._acts.alive(name):
            if time.monotonic() > until:
                raise EngineUnavailable(f"The sandbox {name} does not end.")
            await asyncio.sleep(_POLL_S)

    async def remove(self, name: str) -> None:
        """Forget it with all that belongs to it; does nothing if it is gone."""
        await self.stop(name, timedelta(0))
        await self._work.run(self._acts.remove, name)
        self._looks.pop(name, None)

    async def usage(self, name: str) -> Usage | None:
        """Return what it uses now, or None if it does not run."""
        reading = await self._work.run(self._acts.read_gauge, name)
        if reading is None:
            return None
        before_s, before_ns = self._looks.get(name, (reading.started_at, 0))
        self._looks[name] = (reading.at, reading.cpu_ns)
        elapsed_ns = max(reading.at - before_s, 0.001) * 1e9
        return Usage(
            cpu_milli=round(1000 * max(0, reading.cpu_ns - before_ns) / elapsed_ns),
            memory_bytes=reading.memory_bytes,
            pids=reading.pids,
            oom_kills=reading.oom_kills,
        )

    async def logs(self, name: str, *, tail_bytes: int = 65_536) -> bytes:
        """Return the end of what it printed."""
        return await self._work.run(self._acts.logs, name, tail_bytes)

    async def set_deadline(self, name: str, deadline: datetime) -> None:
        """Move the time at which its keeper ends it."""
        await self._work.run(self._acts.set_deadline, name, deadline)

    def close(self) -> None:
        """Let go of the threads; sandboxes go on."""
        self._work.close()
