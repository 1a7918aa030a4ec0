"""Every engine, dressed alike for the suite that they all have to pass."""

import asyncio
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from typing_extensions import override

from gavip_hub.domain.container import ContainerSpec, ContainerState, ContainerStatus
from gavip_hub.domain.resources import Resources
from gavip_hub.ports import Engine

__all__ = ["MIB", "Dressed", "FakePrograms", "Programs", "ended", "until"]

MIB = 1 << 20
PATIENCE = timedelta(seconds=60)


class Programs:
    """Commands that every real engine can run."""

    def sleep(self, seconds: float) -> tuple[str, ...]:
        """Return a command that takes a while."""
        return ("sleep", str(seconds))

    def end_with(self, code: int) -> tuple[str, ...]:
        """Return a command that ends with an exit status."""
        return ("sh", "-c", f"exit {code}")

    def allocate(self, count: int) -> tuple[str, ...]:
        """Return a command that uses memory."""
        return ("perl", "-e", f"$x = 'a' x {count}; sleep 30")

    def say(self, text: str) -> tuple[str, ...]:
        """Return a command that prints a line."""
        return ("printf", "%s\\n", text)


class FakePrograms(Programs):
    """The same for the fake, which knows a few words."""

    @override
    def end_with(self, code: int) -> tuple[str, ...]:
        """Return a command that ends with an exit status."""
        return ("exit", str(code))

    @override
    def allocate(self, count: int) -> tuple[str, ...]:
        """Return a command that uses memory."""
        return ("allocate", str(count))

    @override
    def say(self, text: str) -> tuple[str, ...]:
        """Return a command that prints a line."""
        return ("print", text)


@dataclass
class Dressed:
    """An engine with what a test needs round it."""

    kind: str
    engine: Engine
    reopen: Callable[[], Engine]
    """Return another engine over the same state, as after a restart."""
    spaces_root: Path
    programs: Programs = field(default_factory=Programs)
    image: str = ""
    made: list[str] = field(default_factory=list)

    def spec(self, argv: tuple[str, ...], **changes: Any) -> ContainerSpec:
        """Return a small container's spec, with a user-space of its own."""
        launch_id = uuid.uuid4().hex[:16]
        home = self.spaces_root / f"u{launch_id}"
        words: dict[str, Any] = {
            "name": f"gavip-{launch_id}-1",
            "launch_id": launch_id,
            "attempt": 1,
            "owner": f"owner-{launch_id}",
            "kind": "pipeline",
            "argv": argv,
            "env": {},
            "limits": Resources(cpu_milli=1000, memory_bytes=128 * MIB),
            "pids": 64,
            "image": self.image,
            "home_source": str(home),
            "network": False,
        }
        spec = ContainerSpec(**{**words, **changes})
        self.made.append(spec.name)
        return spec

    async def run(self, argv: tuple[str, ...], **changes: Any) -> ContainerStatus:
        """Run a command to its end, and return how it was."""
        spec = self.spec(argv, **changes)
        await self.engine.create(spec)
        return await ended(self.engine, spec.name)

    async def output(self, script: str, **changes: Any) -> str:
        """Run a shell script to its end, and return what it printed."""
        status = await self.run(("sh", "-c", script), **changes)
        text = await self.engine.logs(status.name)
        return text.decode(errors="surrogateescape")


async def ended(engine: Engine, name: str) -> ContainerStatus:
    """Wait until a container has ended, and return its status."""
    found: list[ContainerStatus] = []

    async def over() -> bool:
        found[:] = [one for one in await engine.list() if one.name == name]
        return bool(found) and found[0].state is ContainerState.EXITED

    await until(over)
    return found[0]


async def until(condition: Callable[[], Any]) -> None:
    """Wait until a condition holds."""
    limit = datetime.now(UTC) + PATIENCE
    while not await condition():
        if datetime.now(UTC) > limit:
            raise AssertionError(f"{condition} did not come true")
        await asyncio.sleep(0.05)
