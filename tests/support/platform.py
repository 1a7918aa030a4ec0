"""A whole platform in a folder: hub, proxy and service as real processes.

Tests, benches and the torture start, kill and restart its parts.
"""

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import requests

__all__ = ["ApiUser", "Platform", "PlatformConfig", "eventually"]

CHECKOUT = Path(__file__).resolve().parents[2]

TESTER = "tester"
"""The service of the hub through which the tests make users and tokens."""

LIGHT_SERVER = """\
import http.server, os, urllib.parse
url = urllib.parse.urlparse(os.environ["JUPYTERHUB_SERVICE_URL"])
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("X-JupyterHub-Version", "6.1.1")
        self.end_headers()
        self.wfile.write(b"{}")
    def log_message(self, *words):
        pass
http.server.ThreadingHTTPServer((url.hostname, url.port), Answer).serve_forever()
"""
"""A server that is up in a tenth of a second, in JupyterLab's place."""

CONFIG = """\
c = get_config()
c.JupyterHub.bind_url = "http://127.0.0.1:{port}"
c.JupyterHub.hub_port = {hub_port}
c.JupyterHub.db_url = "sqlite:///{folder}/jupyterhub.sqlite"
c.JupyterHub.cookie_secret_file = "{folder}/cookie_secret"
c.JupyterHub.cleanup_servers = False
c.JupyterHub.authenticator_class = "shared-password"
c.Authenticator.allow_all = True
c.SharedPasswordAuthenticator.user_password = "{password}"
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{proxy_port}"
c.ConfigurableHTTPProxy.auth_token = "{proxy_token}"
c.ConfigurableHTTPProxy.pid_file = "{folder}/proxy.pid"
c.JupyterHub.load_groups = {{"gavip-operators": {{"users": ["operator"]}}}}
c.JupyterHub.services = [{{"name": "tester", "api_token": "{tester_token}"}}]
c.JupyterHub.load_roles = [{{
    "name": "tester",
    "services": ["tester"],
    "scopes": ["admin:users", "admin:servers", "tokens", "list:services",
               "custom:gavip:launches:write"],
}}]
c.Gavip.state_dir = "{folder}/state"
c.Gavip.port = {service_port}
c.Gavip.engine = "{engine}"
c.Gavip.image = {image!r}
c.Gavip.capacity_cpu = {cpu}
c.Gavip.capacity_memory = "{memory}"
{more}
import gavip_hub
gavip_hub.install(c)
{after}
"""


def eventually(
    check: Callable[[], Any], what: str, *, within_s: float = 60, every_s: float = 0.1
) -> Any:
    """Return the first true answer of a check.

    Raises
    ------
    AssertionError
        Raised if there is none in time; it names what was waited for.
    """
    until = time.monotonic() + within_s
    while True:
        answer = check()
        if answer:
            return answer
        if time.monotonic() > until:
            raise AssertionError(f"not within {within_s} s: {what}")
        time.sleep(every_s)


@dataclass(frozen=True)
class PlatformConfig:
    """What a test's platform is to be like."""

    engine: str = "sandbox"
    image: str = sys.prefix
    cpu: float = 4.0
    memory: str = "8G"
    light: bool = True
    """Whether sessions run a tiny server in JupyterLab's place."""
    more: str = ""
    """Lines of configuration before ``gavip_hub.install(c)``."""
    after: str = ""
    """Lines after it."""
    environment: Mapping[str, str] = field(default_factory=dict)


class ApiUser:
    """One user's requests to the service and the hub.

    Parameters
    ----------
    platform
        Where to ask.
    name
        The hub's user name.
    token
        An API token of the user.
    """

    def __init__(self, platform: "Platform", name: str, token: str) -> None:
        self.name = name
        self.token = token
        self._platform = platform
        self._http = requests.Session()
        self._http.headers["Authorization"] = f"token {token}"

    @property
    def service(self) -> str:
        """Address of the service's API."""
        return self._platform.service_url

    @property
    def hub_api(self) -> str:
        """Address of the hub's API."""
        return self._platform.hub_api

    def ask(self, method: str, path: str, **kwargs: Any) -> requests.Response:
        """Send a request to the service's API, past the proxy."""
        url = f"{self._platform.service_url}{path}"
        return self._http.request(method, url, timeout=30, **kwargs)

    def hub(self, method: str, path: str, **kwargs: Any) -> requests.Response:
        """Send a request to the hub's API."""
        url = f"{self._platform.hub_api}{path}"
        return self._http.request(method, url, timeout=60, **kwargs)

    def submit(self, key: str | None = None, **wish: Any) -> dict[str, Any]:
        """Ask for a launch, which must be acknowledged, and return it."""
        headers = {"Idempotency-Key": key or secrets.token_hex(8)}
        answer = self.ask("POST", "/launches", json=wish, headers=headers)
        assert answer.status_code in {200, 201}, answer.text
        return dict(answer.json())

    def launch(self, launch_id: str) -> dict[str, Any]:
        """Return a launch."""
        answer = self.ask("GET", f"/launches/{launch_id}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def wait_for(
        self, launch_id: str, phases: Sequence[str], *, within_s: float = 60
    ) -> dict[str, Any]:
        """Return a launch as soon as it is in one of the phases."""

        def there() -> dict[str, Any] | None:
            with suppress(requests.RequestException):
                launch = self.launch(launch_id)
                if launch["phase"] in phases:
                    return launch
            return None

        found = eventually(there, f"{launch_id} in {phases}", within_s=within_s)
        return dict(found)


class Platform:
    """Hub, proxy and service on ports of their own, below one folder.

    Parameters
    ----------
    folder
        Where everything is kept; an earlier platform's folder continues it.
    config
        What it is to be like.
    """

    def __init__(self, folder: Path, config: PlatformConfig | None = None) -> None:
        self.folder = folder
        self.config = config or PlatformConfig()
        self.password = secrets.token_hex(12)
        self.tester_token = secrets.token_hex(24)
        ports = _free_ports(4)
        self.port, self.hub_port, self.proxy_port, self.service_port = ports
        self._hub: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)
        self._write_config()

    @property
    def url(self) -> str:
        """Where people find it."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def hub_api(self) -> str:
        """The hub's API, past the proxy."""
        return f"http://127.0.0.1:{self.hub_port}/hub/api"

    @property
    def service_url(self) -> str:
        """The service's API, past the proxy."""
        return f"http://127.0.0.1:{self.service_port}/services/gavip/api/v1"

    @property
    def log(self) -> str:
        """What hub, proxy and service said so far."""
        return (self.folder / "hub.log").read_text(errors="replace")

    def start(self) -> "Platform":
        """Start everything and wait until it is well."""
        binaries = Path(sys.prefix) / "bin"
        with (self.folder / "hub.log").open("ab") as log:
            self._hub = subprocess.Popen(
                [binaries / "jupyterhub", "-f", self.folder / "jupyterhub_config.py"],
                cwd=self.folder,
                env={
                    **os.environ,
                    "PATH": f"{binaries}:{os.environ['PATH']}",
                    "PYTHONPATH": str(CHECKOUT),
                    **self.config.environment,
                },
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.wait_well()
        return self

    def wait_well(self, within_s: float = 60) -> None:
        """Wait until hub and service answer through the proxy."""

        def well() -> bool:
            assert self._hub is not None
            if self._hub.poll() is not None:
                raise AssertionError(f"The hub ended:\n{self.log[-4000:]}")
            with suppress(requests.RequestException):
                health = f"{self.url}/services/gavip/api/v1/health"
                return requests.get(health, timeout=5).status_code == 200
            return False

        eventually(well, "a platform that is well", within_s=within_s)

    def stop(self) -> None:
        """End everything, sessions included, and leave no process behind."""
        if self._hub is None:
            return
        for process in [*self._family(), *self._sessions()]:
            with suppress(psutil.Error):
                process.kill()
        self._hub.wait(30)
        self._hub = None

    def kill_hub(self) -> None:
        """Kill the hub at once; proxy and sessions go on, the service ends with it."""
        assert self._hub is not None
        service = self.service_process()
        self._hub.kill()
        self._hub.wait(30)
        if service is not None:
            eventually(lambda: _gone(service), "an end of the service with its hub")

    def kill_service(self) -> None:
        """Kill the service at once; the hub starts it anew."""
        service = self.service_process()
        if service is not None:
            os.kill(service.pid, signal.SIGKILL)

    def service_process(self) -> psutil.Process | None:
        """Return the service's process, if it lives."""
        return self._command("work")

    def watcher_process(self) -> psutil.Process | None:
        """Return the process that watches over the service, if it lives."""
        return self._command("serve")

    def hub_process(self) -> psutil.Process:
        """Return the hub's process."""
        assert self._hub is not None
        return psutil.Process(self._hub.pid)

    def proxy_process(self) -> psutil.Process:
        """Return the proxy's process."""
        pid = (self.folder / "proxy.pid").read_text().split()[0]
        return psutil.Process(int(pid))

    def keepers(self) -> dict[str, psutil.Process]:
        """Return the living keepers of the sandboxes, by the sandboxes' names."""
        mark = str(self.folder / "state" / "engine" / "containers") + "/"
        found = {}
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                for word in process.cmdline():
                    if word.startswith(mark):
                        found[word.removeprefix(mark).partition("/")[0]] = process
        return found

    def _command(self, name: str) -> psutil.Process | None:
        for process in self._family():
            with suppress(psutil.Error):
                words = process.cmdline()
                if "gavip_hub" in words and name in words:
                    return process
        return None

    def user(self, name: str) -> ApiUser:
        """Make a user, if there is none of that name, with a token."""
        headers = {"Authorization": f"token {self.tester_token}"}
        users = f"{self.hub_api}/users"
        requests.post(f"{users}/{name}", headers=headers, timeout=30)
        answer = requests.post(
            f"{users}/{name}/tokens", headers=headers, json={}, timeout=30
        )
        assert answer.status_code == 201, answer.text
        return ApiUser(self, name, answer.json()["token"])

    def _family(self) -> list[psutil.Process]:
        """Return hub, proxy and service, found by the hub and the proxy's file."""
        found: list[psutil.Process] = []
        roots = [self._hub.pid] if self._hub else []
        with suppress(OSError, ValueError):
            roots.append(int((self.folder / "proxy.pid").read_text().split()[0]))
        for pid in roots:
            with suppress(psutil.Error):
                root = psutil.Process(pid)
                found += [root, *root.children(recursive=True)]
        return found

    def _sessions(self) -> list[psutil.Process]:
        """Return the sandboxes of this platform with their keepers."""
        mark = str(self.folder / "state" / "engine")
        found = []
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                if any(mark in word for word in process.cmdline()):
                    found += [process, *process.children(recursive=True)]
        return found

    def _write_config(self) -> None:
        light = ["python3", "-c", LIGHT_SERVER]
        after = f"c.Spawner.cmd = {light!r}" if self.config.light else ""
        text = CONFIG.format(
            folder=self.folder,
            port=self.port,
            hub_port=self.hub_port,
            proxy_port=self.proxy_port,
            service_port=self.service_port,
            proxy_token=secrets.token_hex(16),
            tester_token=self.tester_token,
            password=self.password,
            engine=self.config.engine,
            image=self.config.image,
            cpu=self.config.cpu,
            memory=self.config.memory,
            more=self.config.more,
            after=f"{after}\n{self.config.after}",
        )
        path = self.folder / "jupyterhub_config.py"
        path.touch(0o600)
        path.write_text(text)


def _gone(process: psutil.Process) -> bool:
    try:
        return bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()
