"""What a keeper is told to run, and how that is written down for it."""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gavip_hub.domain.container import ContainerSpec, Mount
from gavip_hub.domain.resources import Resources
from gavip_hub.engines.sandbox.settings import SandboxSettings

__all__ = ["Job", "decode_job", "encode_job"]


@dataclass(frozen=True, slots=True)
class Job:
    """What a keeper is to run, and under which settings."""

    spec: ContainerSpec
    settings: SandboxSettings


def encode_job(job: Job) -> dict[str, Any]:
    """Return a job as plain values; it holds the session's secrets."""
    settings = job.settings
    deadline = job.spec.deadline
    return {
        "spec": {
            **dict(_fields(job.spec)),
            "env": dict(job.spec.env),
            "labels": dict(job.spec.labels),
            "limits": asdict(job.spec.limits),
            "mounts": [asdict(mount) for mount in job.spec.mounts],
            "deadline": deadline.astimezone(UTC).isoformat() if deadline else None,
        },
        "settings": {
            "state_dir": str(settings.state_dir),
            "spaces_root": str(settings.spaces_root),
            "environment": str(settings.environment),
            "read_only": [str(path) for path in settings.read_only],
            "bwrap": str(settings.bwrap) if settings.bwrap else None,
            "uid_base": settings.uid_base,
            "uid_count": settings.uid_count,
            "use_cgroups": settings.use_cgroups,
        },
    }


def decode_job(found: dict[str, Any]) -> Job:
    """Return the job that was written."""
    raw = dict(found["spec"])
    deadline = raw["deadline"]
    raw |= {
        "argv": tuple(raw["argv"]),
        "limits": Resources(**raw["limits"]),
        "mounts": tuple(Mount(**one) for one in raw["mounts"]),
        "deadline": datetime.fromisoformat(deadline) if deadline else None,
    }
    return Job(ContainerSpec(**raw), _settings(found["settings"]))


def _fields(spec: ContainerSpec) -> list[tuple[str, Any]]:
    return [(name, getattr(spec, name)) for name in spec.__dataclass_fields__]


def _settings(raw: dict[str, Any]) -> SandboxSettings:
    return SandboxSettings(
        state_dir=Path(raw["state_dir"]),
        spaces_root=Path(raw["spaces_root"]),
        environment=Path(raw["environment"]),
        read_only=tuple(Path(one) for one in raw["read_only"]),
        bwrap=Path(raw["bwrap"]) if raw["bwrap"] else None,
        uid_base=raw["uid_base"],
        uid_count=raw["uid_count"],
        use_cgroups=raw["use_cgroups"],
    )
