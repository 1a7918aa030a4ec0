"""From settings to the engine that they name."""

from pathlib import Path

from gavip_hub.engines.docker.engine import DockerEngine
from gavip_hub.engines.docker.settings import DockerSettings
from gavip_hub.engines.fake.engine import FakeEngine
from gavip_hub.engines.sandbox.engine import SandboxEngine
from gavip_hub.engines.sandbox.settings import SandboxSettings
from gavip_hub.ports import Engine
from gavip_hub.settings import EngineSettings

__all__ = ["docker_settings", "make_engine"]


def make_engine(settings: EngineSettings) -> Engine:
    """Return the engine that the settings name."""
    match settings.name:
        case "docker":
            return DockerEngine(docker_settings(settings))
        case "fake":
            return _fake(settings)
        case _:
            return _sandbox(settings)


def _sandbox(settings: EngineSettings) -> Engine:
    plain = SandboxSettings(
        state_dir=Path(settings.state_dir),
        spaces_root=Path(settings.spaces_dir),
        capacity=settings.capacity,
    )
    if not settings.image:
        return SandboxEngine(plain)
    return SandboxEngine(
        SandboxSettings(
            state_dir=plain.state_dir,
            spaces_root=plain.spaces_root,
            capacity=plain.capacity,
            environment=Path(settings.image),
        )
    )


def docker_settings(settings: EngineSettings) -> DockerSettings:
    """Return the Docker engine's own settings, which the hub's spawner shares."""
    return DockerSettings(
        installation=settings.installation,
        image=settings.image,
        spaces_root=Path(settings.spaces_dir),
        network=settings.network,
        capacity=settings.capacity,
    )


def _fake(settings: EngineSettings) -> Engine:
    return FakeEngine.in_folder(
        Path(settings.state_dir), settings.faults, settings.capacity
    )
