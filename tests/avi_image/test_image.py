"""The image, run as the platform runs it: no rights, a read-only root."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import docker
import pytest
from docker.models.containers import Container

from tests.support.small_disk import small_file_system
from tests.support.waiting import eventually

pytestmark = [pytest.mark.docker, pytest.mark.timeout(1800)]

Run = Callable[[Path], Container]

_LABEL = "org.gavip.test-image"
_ASK = (
    "import urllib.request as u;"
    "print(u.urlopen('http://127.0.0.1:8888/{}?token=t', timeout=10).status)"
)
# Each would leave a trace if anything at all read it as code when a server starts.
_TRAPS = (
    *("jupyter_config", "jupyter_server_config", "jupyter_lab_config"),
    *("jupyterhub_singleuser_config", "sitecustomize", "usercustomize"),
    *("jupyter_core", "jupyter_server", "json", "evil"),
)
# A kernel of the server itself, over the socket that JupyterLab uses.
_KERNEL = """
import asyncio, json, uuid
from tornado.httpclient import AsyncHTTPClient
from tornado.websocket import websocket_connect

CODE = '''
import gavip
from gavip import welcome
print(len(welcome.stars()), gavip.limits().memory_bytes)
'''
BASE = "127.0.0.1:8888/api/kernels"

async def main():
    kernel = json.loads((await AsyncHTTPClient().fetch(
        f"http://{BASE}?token=t", method="POST", body="{}", request_timeout=60
    )).body)["id"]
    channel = await websocket_connect(f"ws://{BASE}/{kernel}/channels?token=t")
    head = {"msg_id": uuid.uuid4().hex, "msg_type": "execute_request", "username": "",
            "session": "t", "version": "5.3"}
    await channel.write_message(json.dumps({
        "header": head, "parent_header": {}, "metadata": {}, "channel": "shell",
        "content": {"code": CODE, "silent": False},
    }))
    while True:
        told = json.loads(await asyncio.wait_for(channel.read_message(), 120))
        if told["msg_type"] in ("stream", "error"):
            print(told["content"].get("text") or told["content"]["evalue"])
            return

asyncio.run(main())
"""


@pytest.fixture
def run(docker_engine: str, session_image: str) -> Iterator[Run]:
    """Return how to start a session's server over a folder as its user-space."""
    client = docker.DockerClient(base_url=docker_engine)
    started: list[Container] = []

    def start(home: Path) -> Container:
        os.chown(home, 1000, 1000)
        container = client.containers.run(
            session_image,
            [
                *("start-session", "jupyter-lab", "--no-browser", "--port=8888"),
                "--IdentityProvider.token=t",
            ],
            detach=True,
            user="1000",
            read_only=True,
            cap_drop=["ALL"],
            security_opt=["no-new-privileges"],
            network_mode="none",
            mem_limit="1500m",
            memswap_limit="1500m",
            pids_limit=200,
            tmpfs={"/tmp": "noexec,nosuid,nodev", "/run": "nosuid,nodev"},  # noqa: S108
            volumes={str(home): {"bind": "/home/jovyan", "mode": "rw"}},
            labels={_LABEL: "1"},
        )
        started.append(container)
        eventually(lambda: says(container, _ASK.format("api/status")) == "200", 120)
        return container

    yield start
    for container in started:
        container.remove(force=True)
    client.close()


def says(container: Container, code: str) -> str:
    """Run Python in a container; return what it prints, or nothing if it fails."""
    done = container.exec_run(["python", "-c", code], stderr=False)
    return done.output.decode().strip() if done.exit_code == 0 else ""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return an empty user-space that the container's user may enter."""
    tmp_path.chmod(0o755)
    path = tmp_path / "home"
    path.mkdir()
    return path


def test_new_session_is_whole(run: Run, home: Path) -> None:
    """JupyterLab answers, the welcome notebook is there, a kernel sees the stars."""
    container = run(home)
    assert says(container, _ASK.format("lab")) == "200"
    assert (home / "welcome.ipynb").stat().st_uid == 1000
    stars, memory = says(container, _KERNEL).split()
    assert stars == "482106"
    assert int(memory) == 1500 * 1024**2


def test_nothing_of_the_user_space_runs(run: Run, home: Path) -> None:
    """Settings and modules planted in a user-space are not run by the server."""
    (home / ".jupyter").mkdir()
    packages = home / ".local" / "lib" / "python3.11" / "site-packages"
    packages.mkdir(parents=True)
    for name in _TRAPS:
        trap = f"open('/home/jovyan/RAN-{name}', 'w')\n"
        for folder in (home, home / ".jupyter", packages):
            (folder / f"{name}.py").write_text(trap)
    (packages / "evil.pth").write_text("import evil\n")
    run(home)
    assert not [path.name for path in home.iterdir() if path.name.startswith("RAN-")]


def test_full_disk_does_not_keep_anybody_out(run: Run, home: Path) -> None:
    """A session starts and runs code on a disk without a free byte."""
    with small_file_system(home) as disk:
        disk.fill()
        container = run(home)
        assert says(container, _KERNEL).startswith("482106")
        assert b"no welcome notebook" in container.logs()


def test_no_rights_no_ports_no_index(run: Run, home: Path) -> None:
    """The server has no capability, kernels open no port, and no index is kept."""
    container = run(home)
    status = container.exec_run("cat /proc/1/status").output.decode()
    assert "CapEff:\t0000000000000000" in status
    assert "NoNewPrivs:\t1" in status
    assert container.exec_run("touch /opt/gavip/x").exit_code != 0
    listening = container.exec_run("cat /proc/net/tcp /proc/net/tcp6").output.decode()
    ports = [line for line in listening.splitlines() if " 0A " in line]
    assert all(":22B8 " in line for line in ports)
    environment = " ".join(container.image.attrs["Config"]["Env"])
    assert "PIP_" not in environment
    assert "index" not in environment.lower()
