"""From settings to the engine that they name."""

from pathlib import Path

from gavip_hub.ports import Engine
from gavip_hub.settings import EngineSettings

__all__ = ["make_engine"]


def make_engine(settings: EngineSettings) -> Engine:
    """Return the engine that the settings name; only its own packages are imported."""
    match settings.name:
        case "docker":
            return _docker(settings)
        case "fake":
            return _fake(settings)
        case _:
            return _sandbox(settings)


def _sandbox(settings: EngineSettings) -> Engine:
    from gavip_hub.engines.sandbox.engine import SandboxEngine  # noqa: PLC0415
    from gavip_hub.engines.sandbox.settings import SandboxSettings  # noqa: PLC0415

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


def _docker(settings: EngineSettings) -> Engine:
    from gavip_hub.engines.docker.engine import DockerEngine  # noqa: PLC0415
    from gavip_hub.engines.docker.settings import DockerSettings  # noqa: PLC0415

    return DockerEngine(
        DockerSettings(
            installation=settings.installation,
            image=settings.image,
            network=settings.network,
            capacity=settings.capacity,
        )
    )


def _fake(settings: EngineSettings) -> Engine:
    from gavip_hub.engines.fake.engine import FakeEngine  # noqa: PLC0415

    return FakeEngine.from_settings(settings)
