"""The fake's containers, as its record tells of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from gavip_hub.domain.container import ContainerSpec, ContainerState, ContainerStatus
from gavip_hub.domain.resources import Resources
from gavip_hub.engines.fake.record import Entry
from gavip_hub.engines.fake.script import Script

__all__ = ["Book", "FakeContainer", "created_entry", "ended_entry"]


@dataclass(slots=True)
class FakeContainer:
    """One container that runs nothing."""

    name: str
    launch_id: str
    attempt: int
    owner: str
    limits: Resources
    started_at: datetime
    ends_at: datetime | None
    """When it ends by itself; None for never."""
    exit_code: int
    memory_bytes: int
    output: str
    deadline: datetime | None
    ended: Entry | None = None

    def due(self, now: datetime) -> Entry | None:
        """Return the end that has come for it by now, if it has."""
        if self.ended is not None:
            return None
        own, limit = self.ends_at, self.deadline
        if own is not None and own <= now and (limit is None or own <= limit):
            over = self.memory_bytes > self.limits.memory_bytes
            return ended_entry(
                self.name, own, exit_code=self.exit_code, out_of_memory=over
            )
        if limit is not None and limit <= now:
            at = max(limit, self.started_at)
            return ended_entry(self.name, at, exit_code=143, walltime_reached=True)
        return None

    def status(self) -> ContainerStatus:
        """Return what is told of it."""
        end = self.ended or {}
        over = bool(end.get("out_of_memory"))
        peak = min(self.memory_bytes, self.limits.memory_bytes)
        code = end.get("exit_code")
        return ContainerStatus(
            name=self.name,
            launch_id=self.launch_id,
            attempt=self.attempt,
            owner=self.owner,
            state=ContainerState.EXITED if end else ContainerState.RUNNING,
            limits=self.limits,
            exit_code=int(code) if code is not None else None,
            out_of_memory=over,
            walltime_reached=bool(end.get("walltime_reached")),
            lost=bool(end.get("lost")),
            peak_memory_bytes=peak or None,
            oom_kills=int(over),
        )


class Book:
    """All containers that the entries so far have made."""

    def __init__(self) -> None:
        self.containers: dict[str, FakeContainer] = {}
        self.creates = 0

    def take_in(self, entries: Iterable[Entry]) -> None:
        """Follow what was written down."""
        for entry in entries:
            self._one(entry)

    def running(self) -> list[FakeContainer]:
        """Return what has not ended."""
        return [one for one in self.containers.values() if one.ended is None]

    def _one(self, entry: Entry) -> None:
        name = str(entry["name"])
        match entry["what"]:
            case "created":
                self.creates += 1
                self.containers[name] = _container(entry)
            case "refused":
                self.creates += 1
            case "removed":
                self.containers.pop(name, None)
            case "ended" if name in self.containers:
                self.containers[name].ended = entry
            case "deadline" if name in self.containers:
                self.containers[name].deadline = _time(entry["deadline"])
            case _:
                pass


def created_entry(spec: ContainerSpec, script: Script, at: datetime) -> Entry:
    """Return the entry of a creation."""
    ends_at = None if script.run_s is None else at + timedelta(seconds=script.run_s)
    return {
        "what": "created",
        "at": at.isoformat(),
        "name": spec.name,
        "launch_id": spec.launch_id,
        "attempt": spec.attempt,
        "owner": spec.owner,
        "cpu_milli": spec.limits.cpu_milli,
        "memory_bytes": spec.limits.memory_bytes,
        "gpu": spec.limits.gpu,
        "ends_at": ends_at.isoformat() if ends_at else None,
        "exit_code": script.exit_code,
        "used_bytes": script.memory_bytes,
        "output": script.output,
        "deadline": spec.deadline.isoformat() if spec.deadline else None,
    }


def ended_entry(name: str, at: datetime, **facts: int | bool | None) -> Entry:
    """Return the entry of an end."""
    return {"what": "ended", "at": at.isoformat(), "name": name, **facts}


def _container(entry: Entry) -> FakeContainer:
    started_at = _time(entry["at"])
    return FakeContainer(
        name=str(entry["name"]),
        launch_id=str(entry["launch_id"]),
        attempt=int(entry["attempt"] or 0),
        owner=str(entry["owner"]),
        limits=Resources(
            int(entry["cpu_milli"] or 0),
            int(entry["memory_bytes"] or 0),
            int(entry["gpu"] or 0),
        ),
        started_at=started_at or datetime.min.replace(tzinfo=UTC),
        ends_at=_time(entry["ends_at"]),
        exit_code=int(entry["exit_code"] or 0),
        memory_bytes=int(entry["used_bytes"] or 0),
        output=str(entry["output"]),
        deadline=_time(entry["deadline"]),
    )


def _time(value: object) -> datetime | None:
    return datetime.fromisoformat(value) if isinstance(value, str) else None
