"""A real JupyterHub without a queue, whose servers are tiny processes."""

import os
import secrets
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psutil
import requests

from tests.support.platform import LIGHT_SERVER, _free_ports, eventually

__all__ = ["PlainHub"]

CONFIG = """\
c = get_config()
c.JupyterHub.bind_url = "http://127.0.0.1:{port}"
c.JupyterHub.hub_port = {hub_port}
c.JupyterHub.db_url = "sqlite:///{folder}/jupyterhub.sqlite"
c.JupyterHub.cookie_secret_file = "{folder}/cookie_secret"
c.JupyterHub.authenticator_class = "dummy"
c.DummyAuthenticator.password = "{token}"
c.Authenticator.allow_all = True
c.JupyterHub.allow_named_servers = True
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = "{folder}/{{username}}"
c.Spawner.cmd = ["{python}", "-c", {server!r}]
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{proxy_port}"
c.ConfigurableHTTPProxy.auth_token = "{token}"
c.ConfigurableHTTPProxy.pid_file = "{folder}/proxy.pid"
c.JupyterHub.services = [
    {{"name": "tester", "api_token": "tester{token}"}},
    {{"name": "queue", "api_token": "{token}"}},
]
c.JupyterHub.load_roles = [
    {{"name": "tester", "services": ["tester"], "scopes": ["admin:users"]}},
    {{"name": "queue", "services": ["queue"], "scopes": {scopes!r}}},
]
"""


class PlainHub:
    """A hub in a folder.

    Parameters
    ----------
    folder
        Where everything is kept.
    scopes
        What the queue's token may do.
    """

    def __init__(self, folder: Path, scopes: list[str]) -> None:
        self.token = secrets.token_hex(24)
        self.folder = folder
        port, hub_port, proxy_port = _free_ports(3)
        self.api_url = f"http://127.0.0.1:{hub_port}/hub/api"
        text = CONFIG.format(
            folder=folder,
            port=port,
            hub_port=hub_port,
            proxy_port=proxy_port,
            token=self.token,
            python=sys.executable,
            server=LIGHT_SERVER,
            scopes=scopes,
        )
        (folder / "config.py").write_text(text)
        binaries = Path(sys.prefix) / "bin"
        with (folder / "hub.log").open("ab") as log:
            self._hub = subprocess.Popen(
                [binaries / "jupyterhub", "-f", folder / "config.py"],
                cwd=folder,
                env={**os.environ, "PATH": f"{binaries}:{os.environ['PATH']}"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        eventually(self._answers, "a hub that answers")

    def add_user(self, name: str) -> None:
        """Make a user."""
        answer = requests.post(
            f"{self.api_url}/users/{name}",
            headers={"Authorization": f"token tester{self.token}"},
            timeout=30,
        )
        assert answer.status_code == 201, answer.text

    def stop(self) -> None:
        """End the hub, its proxy and its servers."""
        roots = [self._hub.pid]
        with suppress(OSError, ValueError):
            roots.append(int((self.folder / "proxy.pid").read_text().split()[0]))
        for pid in roots:
            with suppress(psutil.Error):
                root = psutil.Process(pid)
                for process in [*root.children(recursive=True), root]:
                    process.kill()
        self._hub.wait(30)

    def _answers(self) -> bool:
        with suppress(requests.RequestException):
            return requests.get(self.api_url, timeout=5).status_code == 200
        return False
