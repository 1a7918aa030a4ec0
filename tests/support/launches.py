"""Launches and events as the published contract words them, for tests."""

from datetime import UTC, datetime, timedelta
from typing import Any

from gavip_hub.api import models
from gavip_hub.domain.event import EventKind
from gavip_hub.domain.launch import EndCode, LaunchKind
from gavip_hub.domain.phase import ENDED, WAITING, Phase, uws_phase

__all__ = [
    "GB",
    "make_capacity",
    "make_ending",
    "make_event",
    "make_info",
    "make_launch",
    "resources",
]

GB = 10**9


def resources(cores: float = 1, gigabytes: float = 2) -> models.Resources:
    """Return an amount in people's units."""
    return models.Resources(
        cpu_milli=round(cores * 1000), memory_bytes=round(gigabytes * GB), gpu=0
    )


def make_launch(number: int = 1, **changes: Any) -> models.Launch:
    """Return a running notebook with 1 core and 2 GB, but for the changes."""
    now = datetime.now(UTC)
    launch_id = changes.pop("id", f"{number:016x}")
    phase = changes.pop("phase", Phase.RUNNING)
    owner = changes.get("owner", "stella")
    server = changes.get("server_name", f"lab-{number}")
    begun = None if phase in WAITING else now - timedelta(minutes=20)
    words: dict[str, Any] = {
        "id": launch_id,
        "number": number,
        "owner": owner,
        "kind": LaunchKind.NOTEBOOK,
        "server_name": server,
        "display_name": f"Notebook {number}",
        "resources": resources(),
        "walltime_s": 7200,
        "phase": phase,
        "uws_phase": uws_phase(phase),
        "version": 1,
        "reason": "It runs.",
        "created_at": now - timedelta(minutes=25),
        "admitted_at": begun,
        "started_at": begun,
        "running_at": begun,
        "ended_at": now - timedelta(minutes=5) if phase in ENDED else None,
        "deadline": None if phase in WAITING else now + timedelta(minutes=100),
        "attempt": 0 if phase in WAITING else 1,
        "engine_name": f"gavip-{launch_id}-1",
        "allocation": None,
        "wait": None,
        "usage": None,
        "ending": None,
        "peak_memory_bytes": None,
        "url": f"/user/{owner}/{server}/" if phase is Phase.RUNNING else None,
        "wait_url": f"/services/gavip/launches/{launch_id}",
        "options": {},
    }
    return models.Launch(**words | changes)


def make_event(
    launch: models.Launch,
    sequence: int,
    kind: EventKind = EventKind.PHASE,
    message: str = "Something happened.",
    **detail: str | int | None,
) -> models.Event:
    """Return an event of a launch; 0 as its sequence is one that is not kept."""
    return models.Event(
        sequence=sequence,
        launch_id=launch.id,
        kind=kind,
        phase=launch.phase,
        message=message,
        at=datetime.now(UTC),
        detail=detail,
        launch=launch,
    )


def make_ending(code: EndCode, message: str, peak: int | None = None) -> models.Ending:
    """Return the end of a launch."""
    return models.Ending(
        code=code, message=message, exit_code=None, peak_memory_bytes=peak
    )


def make_info(user: str = "stella") -> models.Info:
    """Return the rules of a small platform with three sizes."""
    sizes = [("S", 1, 2, 3600), ("M", 2, 8, 7200), ("L", 4, 16, 14400)]
    words = {"S": "Small", "M": "Medium", "L": "Large"}
    return models.Info(
        version="0.1.0",
        user=user,
        roles=["scientist"],
        engine="fake",
        enforced=["cpu", "memory", "walltime", "pids"],
        notes=[],
        sizes=[
            models.Size(
                name=name,
                title=words[name],
                resources=resources(cores, gigabytes),
                walltime_s=walltime_s,
            )
            for name, cores, gigabytes, walltime_s in sizes
        ],
        default_size="S",
        min_resources=resources(0.1, 0.256),
        max_resources=resources(8, 32),
        min_walltime_s=60,
        max_walltime_s=8 * 3600,
        quota=models.Quota(
            max_running=4, max_waiting=10, max_resources=resources(8, 32)
        ),
        used=resources(1, 2),
        idle_timeout_s=3600,
    )


def make_capacity() -> models.Capacity:
    """Return a platform of which a little less than half is free."""
    return models.Capacity(
        total=resources(16, 64),
        free=resources(6, 28),
        largest_free=resources(4, 16),
        waiting=2,
        running=5,
    )
