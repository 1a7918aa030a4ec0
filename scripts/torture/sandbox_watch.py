"""Look at the sandboxes' processes ten times a second, from a process of its own.

It reads the keepers' records and ``/proc`` with its own eyes: nothing of the engine or
the service helps it, and what it has seen once it follows until the process is gone,
whatever becomes of the record.
"""

import json
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["Sandbox", "Watch", "main"]

EVERY_S = 0.1


@dataclass(frozen=True, slots=True)
class Sandbox:
    """Process 1 of a sandbox, told from every other process."""

    name: str
    launch_id: str
    pid: int
    started: int
    """Its start, in ticks since the boot."""
    cpu_milli: int
    memory_bytes: int

    def lives(self) -> bool:
        """Return whether exactly this process runs."""
        try:
            text = Path(f"/proc/{self.pid}/stat").read_text()
        except OSError:
            return False
        fields = text.rpartition(")")[2].split()
        return fields[0] not in "ZX" and int(fields[19]) == self.started


class Watch:
    """What was seen so far.

    Parameters
    ----------
    containers
        The folder of the keepers' records.
    cpu_milli, memory_bytes
        What all sandboxes together may hold.
    """

    def __init__(self, containers: Path, cpu_milli: int, memory_bytes: int) -> None:
        self._containers = containers
        self._cpu_milli = cpu_milli
        self._memory_bytes = memory_bytes
        self._seen: dict[str, Sandbox] = {}
        self._followed: set[Sandbox] = set()
        self._told: set[str] = set()

    def look(self) -> Iterable[dict[str, Any]]:
        """Look once; yield what is new and what is wrong, each thing once."""
        for found in self._records():
            if found in self._followed or self._seen.get(found.name) == found:
                continue
            before = self._seen.get(found.name)
            self._seen[found.name] = found
            self._followed.add(found)
            yield {"what": "seen", "name": found.name, "launch": found.launch_id}
            if before is not None:
                yield from self._once("double", f"{found.name} was started again")
        self._followed = {one for one in self._followed if one.lives()}
        yield from self._twins()
        yield from self._too_much()

    @property
    def alive(self) -> int:
        """How many sandboxes ran at the last look."""
        return len(self._followed)

    def _records(self) -> Iterable[Sandbox]:
        for folder in self._containers.glob("gavip-*"):
            try:
                spec = json.loads((folder / "job.json").read_text())["spec"]
                started = json.loads((folder / "started.json").read_text())
            except (OSError, ValueError):
                continue
            yield Sandbox(
                folder.name,
                spec["launch_id"],
                started["init_pid"],
                started["init_start"],
                spec["limits"]["cpu_milli"],
                spec["limits"]["memory_bytes"],
            )

    def _twins(self) -> Iterable[dict[str, Any]]:
        """Yield launches with two sandboxes that run at the same moment."""
        by_launch: dict[str, list[Sandbox]] = {}
        for one in self._followed:
            by_launch.setdefault(one.launch_id, []).append(one)
        for twins in by_launch.values():
            # The first still lives after the last was seen: they lived together.
            if len(twins) > 1 and all(one.lives() for one in twins):
                names = " and ".join(sorted(one.name for one in twins))
                yield from self._once("double", f"{names} ran at the same time")

    def _too_much(self) -> Iterable[dict[str, Any]]:
        followed = list(self._followed)
        cpu = sum(one.cpu_milli for one in followed)
        memory = sum(one.memory_bytes for one in followed)
        over = cpu > self._cpu_milli or memory > self._memory_bytes
        if over and all(one.lives() for one in followed):
            names = ", ".join(sorted(one.name for one in followed))
            yield from self._once("over", f"more than there is: {names}")

    def _once(self, what: str, why: str) -> Iterable[dict[str, Any]]:
        if why not in self._told:
            self._told.add(why)
            yield {"what": what, "why": why}


def main() -> None:
    """Look until ended; a line for each thing, and for each change of the number."""
    containers, cpu_milli, memory_bytes, target = sys.argv[1:]
    watch = Watch(Path(containers), int(cpu_milli), int(memory_bytes))
    alive = -1
    with Path(target).open("a") as file:
        while True:
            lines = list(watch.look())
            if watch.alive != alive:
                alive = watch.alive
                lines.append({"what": "alive", "count": alive})
            file.writelines(
                json.dumps({"at": time.time(), **line}) + "\n" for line in lines
            )
            file.flush()
            time.sleep(EVERY_S)


if __name__ == "__main__":
    main()
