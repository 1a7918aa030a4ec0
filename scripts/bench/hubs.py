"""Two hubs that start the same server: one through gavip, one without it."""

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import docker
import requests
from typing_extensions import override

from gavip_hub.engines.docker.network import ensure_network
from tests.support.platform import ApiUser, Platform, PlatformConfig, eventually

__all__ = ["CPU", "MEMORY", "MeasuredHub", "Pair", "pair_of"]

SERVER = ("jupyterhub-singleuser",)
"""The real JupyterLab, in both hubs."""

CPU = 1
MEMORY = "2G"

BARE = """\
c = get_config()
c.JupyterHub.bind_url = "http://127.0.0.1:{port}"
c.JupyterHub.hub_port = {hub_port}
c.JupyterHub.hub_ip = {hub_ip!r}
c.JupyterHub.db_url = "sqlite:///{folder}/jupyterhub.sqlite"
c.JupyterHub.cookie_secret_file = "{folder}/cookie_secret"
c.JupyterHub.cleanup_servers = False
c.JupyterHub.authenticator_class = "shared-password"
c.Authenticator.allow_all = True
c.SharedPasswordAuthenticator.user_password = "{password}"
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{proxy_port}"
c.ConfigurableHTTPProxy.pid_file = "{folder}/proxy.pid"
c.JupyterHub.services = [{{"name": "tester", "api_token": "{token}"}}]
c.JupyterHub.load_roles = [{{
    "name": "tester",
    "services": ["tester"],
    "scopes": ["admin:users", "admin:servers", "tokens"],
}}]
c.Spawner.cmd = {cmd!r}
c.Spawner.default_url = "/lab"
c.Spawner.http_timeout = 120
{spawner}
"""

SANDBOX = """\
from gavip_hub.config import Gavip
from gavip_hub.installation import dump
c.Gavip.state_dir = "{folder}/state"
c.Gavip.engine = "sandbox"
c.Gavip.image = {image!r}
c.JupyterHub.spawner_class = "gavip_hub.sandbox_spawner.SandboxSpawner"
c.SandboxSpawner.settings_json = dump(Gavip(config=c).settings())
"""

DOCKER = """\
c.JupyterHub.spawner_class = "docker"
c.DockerSpawner.image = {image!r}
c.DockerSpawner.network_name = {network!r}
c.DockerSpawner.use_internal_ip = True
c.DockerSpawner.remove = True
c.DockerSpawner.prefix = {prefix!r}
c.DockerSpawner.mem_limit = {memory!r}
c.DockerSpawner.cpu_limit = {cpu}
"""


class MeasuredHub(Platform):
    """A hub that the sessions of an engine reach.

    Parameters
    ----------
    folder
        Where it keeps everything.
    config
        Which engine and image.
    hub_ip
        Where the sessions reach it.
    """

    def __init__(self, folder: Path, config: PlatformConfig, hub_ip: str) -> None:
        self._hub_ip = hub_ip
        super().__init__(folder, config)

    @property
    @override
    def hub_api(self) -> str:
        return f"http://{self._hub_ip}:{self.hub_port}/hub/api"

    def at_rest(self, user: ApiUser) -> None:
        """Wait until nothing of a user's stopped server is left."""


class BareHub(MeasuredHub):
    """A hub with the bare spawner of an engine, and nothing of gavip in it.

    Parameters
    ----------
    folder
        Where it keeps everything.
    spawner
        The lines that set the spawner up.
    hub_ip
        Where the sessions reach the hub.
    """

    def __init__(self, folder: Path, spawner: str, hub_ip: str) -> None:
        self._spawner = spawner
        super().__init__(folder, PlatformConfig(light=False), hub_ip)

    @override
    def wait_well(self, within_s: float = 60) -> None:
        eventually(self._answers, "a hub that answers", within_s=within_s)

    def _answers(self) -> bool:
        with suppress(requests.RequestException):
            return requests.get(f"{self.url}/hub/api/", timeout=5).ok
        return False

    @override
    def _write_config(self) -> None:
        text = BARE.format(
            folder=self.folder,
            port=self.port,
            hub_port=self.hub_port,
            hub_ip=self._hub_ip,
            proxy_port=self.proxy_port,
            token=self.tester_token,
            password=self.password,
            cmd=list(SERVER),
            spawner=self._spawner.replace("{folder}", str(self.folder)),
        )
        path = self.folder / "jupyterhub_config.py"
        path.touch(0o600)
        path.write_text(text)


class GavipHub(MeasuredHub):
    """The same hub with gavip in front of the spawner."""

    @property
    @override
    def service_url(self) -> str:
        return f"http://{self._hub_ip}:{self.service_port}/services/gavip/api/v1"

    @override
    def at_rest(self, user: ApiUser) -> None:
        def ended() -> bool:
            return not user.ask("GET", "/launches?phase=live").json()["launches"]

        eventually(ended, "an end of the launch")


@dataclass(frozen=True, slots=True)
class Pair:
    """The two, and what removes what they leave in the engine."""

    bare: MeasuredHub
    gavip: MeasuredHub
    clean: Callable[[], None]


def pair_of(engine: str, folder: Path, image: str) -> Pair:
    """Return the two hubs for an engine, not yet started."""
    return (_docker if engine == "docker" else _sandbox)(folder, image)


def _sandbox(folder: Path, image: str) -> Pair:
    image = image or sys.prefix
    spawner = SANDBOX.replace("{image!r}", repr(image))
    config = PlatformConfig(
        engine="sandbox", image=image, light=False, after=_same_server()
    )
    return Pair(
        BareHub(folder / "bare", spawner, "127.0.0.1"),
        GavipHub(folder / "gavip", config, "127.0.0.1"),
        lambda: None,
    )


def _docker(folder: Path, image: str) -> Pair:
    mark = f"gavip-bench-{os.getpid()}"
    gateway = ensure_network(mark)
    spawner = DOCKER.format(
        image=image, network=mark, prefix=mark, memory=MEMORY, cpu=CPU
    )
    config = PlatformConfig(
        engine="docker",
        image=image,
        light=False,
        more=f"c.Gavip.network = {mark!r}\nc.Gavip.host = {gateway!r}\n"
        f"c.JupyterHub.hub_ip = {gateway!r}\n",
        after=_same_server(),
    )

    def clean() -> None:
        client = docker.from_env()
        network = client.networks.get(mark)
        network.reload()
        for container in network.containers:
            container.remove(force=True)
        network.remove()
        client.close()

    return Pair(
        BareHub(folder / "bare", spawner, gateway),
        GavipHub(folder / "gavip", config, gateway),
        clean,
    )


def _same_server() -> str:
    return f"c.Spawner.cmd = {list(SERVER)!r}"
