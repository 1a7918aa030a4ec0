"""The Docker engine: what the port asks, in threads and bounded time."""

import time
from datetime import datetime, timedelta

from gavip_hub.domain.capacity import Node
from gavip_hub.domain.container import ContainerSpec, ContainerStatus, Usage
from gavip_hub.engines.bounded import BoundedWork
from gavip_hub.engines.contract import check_spec
from gavip_hub.engines.docker.acts import DockerActs
from gavip_hub.engines.docker.settings import DockerSettings
from gavip_hub.ports import EngineFacts

__all__ = ["DockerEngine"]


class DockerEngine:
    """Containers by a Docker engine.

    Parameters
    ----------
    settings
        Which engine, and what is ours in it.
    """

    def __init__(self, settings: DockerSettings) -> None:
        self._acts = DockerActs(settings)
        self._work = BoundedWork("Docker", settings.timeout, workers=32)
        self._looks: dict[str, tuple[float, int]] = {}

    async def facts(self) -> EngineFacts:
        """Return what it is; raises `EngineUnavailable` if it does not answer."""
        return await self._work.run(self._acts.facts)

    async def nodes(self) -> list[Node]:
        """Return the engine's machine."""
        return await self._work.run(self._acts.nodes)

    async def create(self, spec: ContainerSpec) -> None:
        """Create and start; does nothing if a container of that name exists.

        One that was created and never started, since somebody was cut short, is
        started.
        """
        check_spec(spec)
        await self._work.run(self._acts.create, spec)

    async def list(self) -> list[ContainerStatus]:
        """Return every container of this installation, ended ones included."""
        return await self._work.run(self._acts.list)

    async def stop(self, name: str, grace: timedelta) -> None:
        """End it, politely first; does nothing if it is gone or ended."""
        await self._work.run_within(grace, self._acts.stop, name, grace)

    async def remove(self, name: str) -> None:
        """Forget it with all that belongs to it; does nothing if it is gone."""
        await self._work.run(self._acts.remove, name)
        self._looks.pop(name, None)

    async def usage(self, name: str) -> Usage | None:
        """Return what it uses now, or None if it does not run."""
        reading = await self._work.run(self._acts.read_gauge, name)
        if reading is None:
            return None
        now_s = time.monotonic()
        before_s, before_ns = self._looks.get(name, (now_s, reading.cpu_ns))
        self._looks[name] = (now_s, reading.cpu_ns)
        elapsed_ns = max(now_s - before_s, 0.001) * 1e9
        return Usage(
            cpu_milli=round(1000 * max(0, reading.cpu_ns - before_ns) / elapsed_ns),
            memory_bytes=reading.memory_bytes,
            pids=reading.pids,
            peak_memory_bytes=self._acts.peak(name),
        )

    async def logs(self, name: str, *, tail_bytes: int = 65_536) -> bytes:
        """Return the end of what it printed."""
        return await self._work.run(self._acts.logs, name, tail_bytes)

    async def set_deadline(self, name: str, deadline: datetime) -> None:
        """Do nothing: Docker keeps no time, so the dispatcher ends it."""

    def close(self) -> None:
        """Let go of the threads; containers go on."""
        self._work.close()
