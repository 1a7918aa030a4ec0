"""A JupyterHub spawner on the sandbox engine; usable without the queue."""

import asyncio
import hashlib
import time
from collections.abc import Callable
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from jupyterhub.spawner import Spawner
from jupyterhub.utils import random_port
from pydantic import TypeAdapter
from traitlets import Unicode, default
from typing_extensions import override

from gavip_hub.domain.container import ContainerSpec, ContainerState
from gavip_hub.domain.errors import BackendFault
from gavip_hub.domain.resources import Resources
from gavip_hub.engine_choice import make_engine
from gavip_hub.engines.sandbox.listening import Listener, listener
from gavip_hub.ports import Engine
from gavip_hub.settings import Settings
from gavip_hub.specs import home_source

__all__ = ["SandboxSpawner"]

STOP_GRACE = timedelta(seconds=10)

LOOK_S = 0.05
"""Time between two looks whether a server that starts listens already [s]."""

SpecOf = Callable[[dict[str, str]], ContainerSpec]
"""From the environment that the hub gives to what the engine runs."""


class SandboxSpawner(Spawner):
    """Starts each server in a bubblewrap sandbox of its own."""

    settings_json = Unicode(
        help="The platform's settings; set by gavip_hub.install(c)."
    ).tag(config=True)

    sandbox_name = Unicode(help="The engine's name of the sandbox at hand.")

    _spec_of: SpecOf | None = None

    @cached_property
    def settings(self) -> Settings:
        """The platform's settings."""
        return TypeAdapter(Settings).validate_json(self.settings_json)

    @cached_property
    def engine(self) -> Engine:
        """The sandbox engine; its records are shared with the service."""
        return make_engine(self.settings.engine)

    @default("env_keep")
    def _keep_nothing(self) -> list[str]:
        return []

    @default("ip")
    def _loopback(self) -> str:
        return "127.0.0.1"

    def run_as(self, spec_of: SpecOf) -> None:
        """Say what the next start is to run, instead of the size S."""
        self._spec_of = spec_of

    @override
    async def start(self) -> str:
        self.port = random_port()
        spec = (self._spec_of or self._plain_spec)(dict(self.get_env()))
        self.sandbox_name = spec.name
        await self.engine.create(spec)
        await self._until_it_listens()
        return f"http://{self.ip}:{self.port}"

    async def _until_it_listens(self) -> None:
        """Wait until the port answers, which all sandboxes share, and see who it is.

        A server that ended is left to the hub, which asks next.

        Raises
        ------
        BackendFault
            Raised if another process has taken the port, or nobody answers in time.
        """
        containers = Path(self.settings.engine.state_dir) / "containers"
        if self.settings.engine.name != "sandbox":
            return
        until = time.monotonic() + self.http_timeout
        while await self.poll() is None:
            who = await asyncio.to_thread(
                listener, containers, self.sandbox_name, self.port
            )
            if who is Listener.SANDBOX:
                return
            if who is Listener.SOMEBODY_ELSE:
                raise BackendFault(
                    "another program of this machine has taken its port; "
                    "it is tried again on another one"
                )
            if time.monotonic() > until:
                raise BackendFault(
                    f"it did not answer within {self.http_timeout} seconds"
                )
            await asyncio.sleep(LOOK_S)

    @override
    async def stop(self, now: bool = False) -> None:
        grace = timedelta(0) if now else STOP_GRACE
        await self.engine.stop(self.sandbox_name, grace)
        if self._spec_of is None:
            await self.engine.remove(self.sandbox_name)

    @override
    async def poll(self) -> int | None:
        if not self.sandbox_name:
            return 0
        for status in await self.engine.list():
            if status.name == self.sandbox_name:
                if status.state is not ContainerState.EXITED:
                    return None
                return status.exit_code if status.exit_code is not None else 1
        return 0

    @override
    def get_state(self) -> dict[str, Any]:
        return {**super().get_state(), "sandbox_name": self.sandbox_name}

    @override
    def load_state(self, state: dict[str, Any]) -> None:
        super().load_state(state)
        self.sandbox_name = state.get("sandbox_name", "")

    @override
    def clear_state(self) -> None:
        super().clear_state()
        self.sandbox_name = ""

    def _plain_spec(self, env: dict[str, str]) -> ContainerSpec:
        """Return a session without a launch, as a plain JupyterHub would start it."""
        who = f"{self.user.name}/{self.name}".encode()
        launch_id = hashlib.sha256(who).hexdigest()[:16]
        size = self.settings.rules.sizes[0]
        return ContainerSpec(
            name=f"gavip-{launch_id}-1",
            launch_id=launch_id,
            attempt=1,
            owner=self.user.name,
            kind="notebook",
            argv=(*self.cmd, *self.get_args()),
            env=env,
            limits=Resources(size.resources.cpu_milli, size.resources.memory_bytes, 0),
            pids=self.settings.rules.pids,
            image=self.settings.engine.image,
            home_source=home_source(self.user.name, self.settings),
            port=self.port,
        )
