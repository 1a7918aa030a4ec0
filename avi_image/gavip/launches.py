"""Launches: what a person asked the platform to run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, overload

from typing_extensions import override

from gavip.amounts import (
    show_cpu,
    show_duration,
    show_memory,
    show_moment,
    to_moment,
)
from gavip.views import Cell, Link, html_table, text_table

__all__ = ["WAITING", "Launch", "LaunchList"]

WAITING = frozenset({"queued", "held"})
"""Phases in which a launch stands in the queue."""


class Launch:
    """One launch as the service last told it.

    Parameters
    ----------
    told
        The service's words about it.
    """

    def __init__(self, told: Mapping[str, Any]) -> None:
        self.id: str = told["id"]
        self.number: int = told["number"]
        self.kind: str = told["kind"]
        self.name: str = told["display_name"] or told["server_name"] or told["kind"]
        self.server_name: str = told["server_name"]
        self.phase: str = told["phase"]
        self.reason: str = told["reason"]
        self.cpu: float = told["resources"]["cpu_milli"] / 1000
        self.memory_bytes: int = told["resources"]["memory_bytes"]
        self.walltime_s: int = told["walltime_s"]
        self.deadline: datetime | None = to_moment(told["deadline"])
        wait = told["wait"] or {}
        self.position: int | None = wait.get("position")
        self.estimated_start: datetime | None = to_moment(wait.get("estimated_start"))
        ending = told["ending"] or {}
        self.ending: str | None = ending.get("message")
        self.url: str | None = told["url"]
        self.page: str = told["wait_url"]

    def limits(self) -> str:
        """Return what the launch may use, in words."""
        return (
            f"{show_cpu(round(self.cpu * 1000))}, {show_memory(self.memory_bytes)}, "
            f"{show_duration(self.walltime_s)}"
        )

    def state(self, now: datetime) -> str:
        """Return where the launch stands and why, in words.

        Parameters
        ----------
        now
            The present.
        """
        if self.ending:
            return f"{self.phase}: {self.ending}"
        words = self.phase
        if self.position:
            words = f"number {self.position} in the queue"
            if self.estimated_start is not None:
                words += f", expected {show_moment(self.estimated_start, now)}"
        elif self.deadline is not None:
            words += f" until {show_moment(self.deadline, now)}"
        return f"{words}. {self.reason}" if self.reason else words

    def cells(self, now: datetime) -> list[Cell]:
        """Return the launch as a row of a table.

        Parameters
        ----------
        now
            The present.
        """
        name = Link(self.name, self.url or self.page)
        return [name, self.kind, self.limits(), self.state(now), self.id]

    @override
    def __repr__(self) -> str:
        now = datetime.now(UTC)
        return f"<Launch {self.id} {self.name!r}: {self.limits()}; {self.state(now)}>"

    def _repr_html_(self) -> str:
        return html_table([self.cells(datetime.now(UTC))], head=_HEAD)


class LaunchList(Sequence[Launch]):
    """Some launches, with words about the queue as a whole.

    Parameters
    ----------
    launches
        The launches.
    note
        Words that stand below them.
    """

    def __init__(self, launches: Sequence[Launch], note: str = "") -> None:
        self._launches = list(launches)
        self.note = note

    @overload
    def __getitem__(self, index: int) -> Launch: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Launch]: ...

    @override
    def __getitem__(self, index: int | slice) -> Launch | Sequence[Launch]:
        return self._launches[index]

    @override
    def __len__(self) -> int:
        return len(self._launches)

    @override
    def __iter__(self) -> Iterator[Launch]:
        return iter(self._launches)

    @override
    def __repr__(self) -> str:
        now = datetime.now(UTC)
        rows = [launch.cells(now) for launch in self]
        return text_table(rows, head=_HEAD, note=self.note)

    def _repr_html_(self) -> str:
        now = datetime.now(UTC)
        rows = [launch.cells(now) for launch in self]
        return html_table(rows, head=_HEAD, note=self.note)


_HEAD = ("Launch", "Kind", "May use", "State", "Id")
