"""Docker's words for a container, as pure functions of its spec.

They are used where the engine starts containers and where the hub's DockerSpawner
does, so that both give the same promises.
"""

from pathlib import PurePosixPath
from typing import Any, Final

from docker.types import LogConfig, Mount

from gavip_hub.domain.container import ContainerSpec
from gavip_hub.domain.container import Mount as SpecMount
from gavip_hub.engines.contract import (
    HOME,
    SESSION_GID,
    SESSION_UID,
    labels_of,
    session_env,
    shm_bytes,
    tmpfs_of,
)

__all__ = ["NO_NETWORK", "create_kwargs_of", "environment_of", "host_config_of"]

NO_NETWORK: Final = "none"
"""The network of a container that may reach nothing."""

_NANO_PER_MILLI: Final = 1_000_000
_MIN_NANO: Final = 10_000_000  # Docker's own lower bound
_OWN_PIDS: Final = 1  # the engine's own process 1 inside counts too
_LOG: Final = {"max-size": "8m", "max-file": "2"}


def environment_of(spec: ContainerSpec) -> dict[str, str]:
    """Return the environment; the image has the ``PATH``."""
    return session_env(spec)


def create_kwargs_of(
    spec: ContainerSpec,
    installation: str,
    user: str = f"{SESSION_UID}:{SESSION_GID}",
) -> dict[str, Any]:
    """Return what belongs to the container, for ``APIClient.create_container``.

    Parameters
    ----------
    spec
        What is to be run.
    installation
        Whose it is.
    user
        User and group inside.
    """
    return {
        "labels": labels_of(spec, installation),
        "user": user,
        "hostname": "gavip",
        "working_dir": HOME,
        "stdin_open": False,
        "tty": False,
    }


def host_config_of(
    spec: ContainerSpec,
    network: str,
    user: str = f"{SESSION_UID}:{SESSION_GID}",
) -> dict[str, Any]:
    """Return what the engine grants and denies, for ``create_host_config``.

    Parameters
    ----------
    spec
        What is to be run.
    network
        The network that it joins, if it may reach anything.
    user
        User and group inside, who own the folders in memory.
    """
    uid, gid = user.split(":")
    owner = f"uid={uid},gid={gid}"
    return {
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
        "privileged": False,
        "read_only": True,
        "init": True,
        "mem_limit": spec.limits.memory_bytes,
        "memswap_limit": spec.limits.memory_bytes,
        "nano_cpus": max(_MIN_NANO, spec.limits.cpu_milli * _NANO_PER_MILLI),
        "pids_limit": spec.pids + _OWN_PIDS,
        "shm_size": shm_bytes(spec.limits),
        "tmpfs": {
            one.path: (
                f"rw,exec,nosuid,nodev,size={one.size_bytes},mode={one.mode:o},{owner}"
            )
            for one in tmpfs_of(spec.limits)
        },
        "mounts": _mounts_of(spec),
        "network_mode": network if spec.network else NO_NETWORK,
        "log_config": LogConfig(type="json-file", config=dict(_LOG)),
        "auto_remove": False,
    }


def _mounts_of(spec: ContainerSpec) -> list[Mount]:
    home = [SpecMount(spec.home_source, HOME, read_only=False)]
    wanted = [*(home if spec.home_source else []), *spec.mounts]
    return [_mount(one) for one in wanted]


def _mount(one: SpecMount) -> Mount:
    if not PurePosixPath(one.source).is_absolute():
        return Mount(one.target, one.source, type="volume", read_only=one.read_only)
    return Mount(
        one.target,
        one.source,
        type="bind",
        read_only=one.read_only,
        propagation="rslave" if one.follow_host else "rprivate",
    )
