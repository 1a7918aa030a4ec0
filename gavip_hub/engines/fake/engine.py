"""The fake engine."""

import asyncio
import builtins
import contextlib
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from gavip_hub.domain.capacity import Node
from gavip_hub.domain.container import ContainerSpec, ContainerStatus, Usage
from gavip_hub.domain.errors import BackendFault, EngineUnavailable
from gavip_hub.domain.resources import Resources
from gavip_hub.engines.contract import check_spec
from gavip_hub.engines.fake.book import Book, created_entry, ended_entry
from gavip_hub.engines.fake.faults import Faults, faults_from_words
from gavip_hub.engines.fake.record import FileRecord, MemoryRecord, Record
from gavip_hub.engines.fake.script import script_of
from gavip_hub.ports import EngineFacts

__all__ = ["FakeEngine"]

_CAPACITY: Final = Resources(cpu_milli=8_000, memory_bytes=32 * 2**30)
_STOPPED: Final = 143
_DIED: Final = 1


def _utc_now() -> datetime:
    return datetime.now(UTC)


class FakeEngine:
    """Containers that run nothing, with faults to order.

    Parameters
    ----------
    record
        Where acts are written down; in memory by default.
    faults
        What goes wrong.
    capacity
        What its only node offers.
    now
        Where the time comes from.
    """

    def __init__(
        self,
        record: Record | None = None,
        faults: Faults | None = None,
        capacity: Resources = _CAPACITY,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        self.record = record or MemoryRecord()
        self.faults = faults or Faults()
        self._capacity = capacity
        self._now = now
        self._book = Book()
        with self._current() as book:
            if self.faults.lost_on_restart:
                for one in book.running():
                    self._add(ended_entry(one.name, self._now(), lost=True))

    @classmethod
    def in_folder(
        cls, folder: Path, faults: Mapping[str, str], capacity: Resources | None
    ) -> "FakeEngine":
        """Return an engine whose record is the file ``record.jsonl`` in a folder.

        Parameters
        ----------
        folder
            Where the record lies; other processes may use it at the same time.
        faults
            What goes wrong, as words of a configuration.
        capacity
            What its only node offers; None for a middling one.
        """
        record = FileRecord(folder / "record.jsonl")
        return cls(record, faults_from_words(faults), capacity or _CAPACITY)

    async def facts(self) -> EngineFacts:
        """Return what it is."""
        await self._answer()
        enforced = frozenset({"cpu", "memory", "pids", "walltime", "network"})
        return EngineFacts("fake", "1", enforced, ("Nothing really runs.",))

    async def nodes(self) -> list[Node]:
        """Return its only node."""
        await self._answer()
        return [Node("fake", self._capacity, self._capacity)]

    async def create(self, spec: ContainerSpec) -> None:
        """Create and start; does nothing if a container of that name exists."""
        check_spec(spec)
        await self._answer()
        if self.faults.start_delay_s:
            await asyncio.sleep(self.faults.start_delay_s)
        with self._current() as book:
            if spec.name in book.containers:
                return
            count = book.creates + 1
            at = self._now()
            if _falls_on(self.faults.fail_every, count):
                entry = {"what": "refused", "at": at.isoformat(), "name": spec.name}
                self._add(dict(entry))
                raise BackendFault(f"The fake was told not to start {spec.name}.")
            script = script_of(spec, self.faults.run_s or None)
            self._add(created_entry(spec, script, at))
        if _falls_on(self.faults.time_out_every, count):
            raise EngineUnavailable(f"The fake let {spec.name} time out.")

    async def list(self) -> builtins.list[ContainerStatus]:
        """Return every container, ended ones included."""
        await self._answer()
        with self._current() as book:
            return [one.status() for one in book.containers.values()]

    async def stop(self, name: str, grace: timedelta) -> None:  # noqa: ARG002  the port's
        """End it; does nothing if it is gone or ended."""
        await self._answer()
        self.end(name, exit_code=_STOPPED)

    async def remove(self, name: str) -> None:
        """Forget it; does nothing if it is gone."""
        await self._answer()
        self.end(name, exit_code=_STOPPED)
        with self._current() as book:
            if name in book.containers:
                at = self._now().isoformat()
                self._add({"what": "removed", "at": at, "name": name})

    async def usage(self, name: str) -> Usage | None:
        """Return what it was told to use, or None if it does not run."""
        await self._answer()
        with self._current() as book:
            one = book.containers.get(name)
        if one is None or one.ended is not None:
            return None
        return Usage(
            cpu_milli=one.limits.cpu_milli // 2,
            memory_bytes=one.memory_bytes,
            pids=1,
            peak_memory_bytes=one.memory_bytes,
        )

    async def logs(self, name: str, *, tail_bytes: int = 65_536) -> bytes:
        """Return the end of what it was told to print."""
        await self._answer()
        with self._current() as book:
            one = book.containers.get(name)
        return one.output.encode()[-tail_bytes:] if one else b""

    async def set_deadline(self, name: str, deadline: datetime) -> None:
        """Move the time at which it ends it."""
        await self._answer()
        with self._current() as book:
            if name in book.containers:
                at = self._now().isoformat()
                until = deadline.isoformat()
                entry = {"what": "deadline", "at": at, "name": name, "deadline": until}
                self._add(dict(entry))

    def end(
        self,
        name: str,
        *,
        exit_code: int | None = None,
        out_of_memory: bool = False,
        lost: bool = False,
    ) -> None:
        """End a container from outside, as a crash or a lost machine would."""
        facts = {"exit_code": exit_code, "out_of_memory": out_of_memory, "lost": lost}
        with self._current() as book:
            one = book.containers.get(name)
            if one is not None and one.ended is None:
                self._add(ended_entry(name, self._now(), **facts))

    def close(self) -> None:
        """Do nothing; there is nothing to let go of."""

    @contextlib.contextmanager
    def _current(self) -> Iterator[Book]:
        """Hold the record, with the book brought up to this moment."""
        with self.record.held() as news:
            self._book.take_in(news)
            now = self._now()
            for one in self._book.running():
                due = one.due(now)
                if due is None and self.faults.dies_after_s:
                    dies = one.started_at + timedelta(seconds=self.faults.dies_after_s)
                    if dies <= now:
                        due = ended_entry(one.name, dies, exit_code=_DIED)
                if due is not None:
                    self._add(due)
            yield self._book

    def _add(self, entry: dict[str, str | int | float | bool | None]) -> None:
        self.record.add(entry)
        self._book.take_in([entry])

    async def _answer(self) -> None:
        """Answer, or fail as ordered."""
        if self.faults.missing:
            raise EngineUnavailable("There is no fake engine; it was told to be away.")
        if self.faults.hangs:
            await asyncio.sleep(self.faults.timeout_s)
            raise EngineUnavailable("The fake engine was told to hang.")


def _falls_on(every: int, count: int) -> bool:
    return every > 0 and count % every == 0
