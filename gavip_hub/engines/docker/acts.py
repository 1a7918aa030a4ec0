"""What the Docker engine is asked to do; every call may block."""

import math
import threading
import time
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import docker
from docker.errors import APIError, NotFound

from gavip_hub.domain.capacity import Node
from gavip_hub.domain.container import ContainerSpec, ContainerStatus
from gavip_hub.domain.errors import BackendFault
from gavip_hub.domain.resources import Resources
from gavip_hub.engines.contract import LABEL_INSTALLATION
from gavip_hub.engines.docker.client import connect, gone_is_fine, in_our_words
from gavip_hub.engines.docker.create_options import (
    create_kwargs_of,
    environment_of,
    host_config_of,
)
from gavip_hub.engines.docker.network import network_gateway
from gavip_hub.engines.docker.reading import Reading, reading_of, status_of
from gavip_hub.engines.docker.settings import DockerSettings
from gavip_hub.engines.homes import prepare_home
from gavip_hub.engines.machine import less_reserve
from gavip_hub.ports import EngineFacts

__all__ = ["DockerActs"]

_LOG_LINES = 5_000
_TRIES = 50
_RETRY_S = 0.1
_LIMITS = {
    "cpu": "CpuCfsQuota",
    "memory": "MemoryLimit",
    "pids": "PidsLimit",
}
_NO_SWAP_LIMIT = (
    "This engine cannot limit swap; a container may use as much of it again as memory."
)


class DockerActs:
    """The acts of the Docker engine.

    Parameters
    ----------
    settings
        Which engine, and what is ours in it.
    """

    def __init__(self, settings: DockerSettings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._connected: docker.APIClient | None = None
        self._ended: dict[str, dict[str, Any]] = {}
        self._peaks: dict[str, int] = {}

    def facts(self) -> EngineFacts:
        """Return what the engine says of itself."""
        with in_our_words("tell its version"):
            info = self._client().info()
        enforced = {name for name, key in _LIMITS.items() if info.get(key)}
        notes = () if info.get("SwapLimit") else (_NO_SWAP_LIMIT,)
        version = str(info.get("ServerVersion", ""))
        return EngineFacts("docker", version, frozenset({*enforced, "network"}), notes)

    def nodes(self) -> list[Node]:
        """Return the engine's machine."""
        capacity = self._settings.capacity
        if capacity is None:
            with in_our_words("tell its size"):
                info = self._client().info()
            capacity = Resources(info["NCPU"] * 1000, less_reserve(info["MemTotal"]))
        return [Node(self._settings.node_name, capacity, capacity)]

    def create(self, spec: ContainerSpec) -> None:
        """Create and start, unless that was done before."""
        settings = self._settings
        if spec.home_source.startswith("/"):
            prepare_home(
                spec.home_source,
                settings.spaces_root,
                settings.uid + settings.host_offset,
                settings.gid + settings.host_offset,
            )
        client = self._client()
        if spec.network:
            network_gateway(client, settings.network)
        with in_our_words(f"create {spec.name}"):
            if not self._create(client, spec):
                return
        self._start(client, spec.name)

    def list(self) -> list[ContainerStatus]:
        """Return every container of this installation."""
        client = self._client()
        label = f"{LABEL_INSTALLATION}={self._settings.installation}"
        with in_our_words("list containers"):
            rows = client.containers(all=True, filters={"label": label})
            found = [(row, self._state(client, row)) for row in rows]
        self._ended = {
            row["Id"]: state for row, state in found if state and state["FinishedAt"]
        }
        return [
            status_of(row, state, self._peaks.get(row["Names"][0].removeprefix("/")))
            for row, state in found
        ]

    def stop(self, name: str, grace: timedelta) -> None:
        """Ask it to end, and end it after the grace."""
        with in_our_words(f"stop {name}"), gone_is_fine():
            self._client().stop(name, timeout=math.ceil(grace.total_seconds()))

    def remove(self, name: str) -> None:
        """End it and take it away."""
        with in_our_words(f"remove {name}"), gone_is_fine():
            self._client().remove_container(name, force=True, v=True)
        self._peaks.pop(name, None)

    def read_gauge(self, name: str) -> Reading | None:
        """Return its figures, or None if it does not run."""
        with in_our_words(f"measure {name}"):
            try:
                stats = self._client().stats(name, stream=False, one_shot=True)
            except NotFound:
                return None
        reading = reading_of(stats)
        if reading is not None:
            peak = max(self._peaks.get(name, 0), reading.memory_bytes)
            self._peaks[name] = peak
        return reading

    def peak(self, name: str) -> int | None:
        """Return the most memory that was seen."""
        return self._peaks.get(name)

    def logs(self, name: str, tail_bytes: int) -> bytes:
        """Return the end of what it printed."""
        with in_our_words(f"read the log of {name}"):
            try:
                text = self._client().logs(name, tail=_LOG_LINES)
            except NotFound:
                return b""
        return bytes(text[-tail_bytes:])

    def _client(self) -> docker.APIClient:
        with self._lock:
            if self._connected is None:
                settings = self._settings
                self._connected = connect(settings.base_url, settings.timeout)
            return self._connected

    def _create(self, client: docker.APIClient, spec: ContainerSpec) -> bool:
        """Create it; return whether it is yet to be started."""
        settings = self._settings
        host = host_config_of(spec, settings.network, settings.user)
        for _ in range(_TRIES):
            try:
                client.create_container(
                    spec.image or settings.image,
                    list(spec.argv),
                    name=spec.name,
                    environment=environment_of(spec),
                    host_config=client.create_host_config(**host),
                    **create_kwargs_of(spec, settings.installation, settings.user),
                )
            except APIError as error:
                if error.status_code != HTTPStatus.CONFLICT:
                    raise
                state = self._state_of(client, spec.name)
                if state is not None:
                    return state == "created"
                time.sleep(_RETRY_S)  # the name is taken, the container not yet there
            else:
                return True
        raise BackendFault(f"The name {spec.name} is taken, and by no container.")

    def _state_of(self, client: docker.APIClient, name: str) -> str | None:
        """Return the state of a container that is there, if it is one of ours."""
        try:
            facts = client.inspect_container(name)
        except NotFound:
            return None
        labels = facts["Config"]["Labels"] or {}
        if labels.get(LABEL_INSTALLATION) != self._settings.installation:
            raise BackendFault(
                f"A container {name} of somebody else is in the way; remove it.",
                transient=False,
            )
        return str(facts["State"]["Status"])

    def _start(self, client: docker.APIClient, name: str) -> None:
        """Start it; what cannot be started does not stay."""
        with in_our_words(f"start {name}"):
            try:
                client.start(name)
            except APIError as error:
                if error.status_code == HTTPStatus.NOT_MODIFIED:
                    return
                with gone_is_fine():
                    client.remove_container(name, force=True, v=True)
                raise

    def _state(
        self, client: docker.APIClient, row: dict[str, Any]
    ) -> dict[str, Any] | None:
        """Return how a container ended; asked for once, since it stays so."""
        if row["State"] not in {"exited", "dead", "removing"}:
            return None
        known = self._ended.get(row["Id"])
        if known is not None:
            return known
        try:
            return dict(client.inspect_container(row["Id"])["State"])
        except NotFound:
            return {"ExitCode": 0, "OOMKilled": False, "FinishedAt": ""}
