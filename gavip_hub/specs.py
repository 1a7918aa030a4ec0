"""From a launch to what an engine runs, for both who start containers."""

import os
import shlex
from collections.abc import Mapping
from pathlib import Path

from gavip_hub.domain.container import ContainerSpec, Mount
from gavip_hub.domain.errors import InvalidField
from gavip_hub.domain.launch import Launch
from gavip_hub.engines.contract import HOME
from gavip_hub.engines.naming import safe_name
from gavip_hub.settings import Settings

__all__ = ["DATA", "SESSION_ARGV", "batch_spec", "container_spec", "home_source"]

SESSION_ARGV = ("start-session", "jupyterhub-singleuser")
"""What a notebook session runs; found on the PATH inside."""

DATA = "/opt/gavip/data"
"""Where sessions find the platform's read-only data."""


def container_spec(
    launch: Launch,
    settings: Settings,
    *,
    argv: tuple[str, ...],
    env: Mapping[str, str],
    port: int | None,
) -> ContainerSpec:
    """Return the container of a launch's current attempt.

    Parameters
    ----------
    launch
        Admitted; its limits are enforced by the engine.
    settings
        Where user-spaces and data are.
    argv, env
        Command and environment; the platform's own variables are added.
    port
        Where an interactive one will answer.
    """
    engine = settings.engine
    mounts = []
    if engine.data_dir and Path(engine.data_dir).is_dir():
        mounts.append(Mount(engine.data_dir, DATA))
    return ContainerSpec(
        name=launch.engine_name,
        launch_id=launch.id,
        attempt=launch.attempt,
        owner=launch.request.owner,
        kind=launch.request.kind,
        argv=argv,
        env={
            **env,
            "GAVIP_LAUNCH": launch.id,
            "GAVIP_DATA": DATA,
            "GAVIP_TAP_URL": settings.service.archive_url,
        },
        limits=launch.request.resources,
        pids=settings.rules.pids,
        image=engine.image,
        home_source=home_source(launch.request.owner, settings),
        mounts=tuple(mounts),
        port=port,
        deadline=launch.deadline,
    )


def home_source(owner: str, settings: Settings) -> str:
    """Return the folder of a user's space on the host."""
    return os.path.join(settings.engine.spaces_dir, safe_name(owner))  # noqa: PTH118


def batch_spec(launch: Launch, settings: Settings) -> ContainerSpec:
    """Return the container of a launch that the service itself starts.

    Raises
    ------
    InvalidField
        Raised if it says nothing that can be run.
    """
    command = launch.request.options.get("command", "")
    try:
        argv = tuple(shlex.split(command))
    except ValueError as error:
        raise InvalidField(f"command: {error}.", field="options.command") from None
    if not argv:
        raise InvalidField(
            "Say in options.command what to run.", field="options.command"
        )
    output = f"{HOME}/jobs/{launch.id}"
    return container_spec(
        launch, settings, argv=argv, env={"GAVIP_OUTPUT": output}, port=None
    )
