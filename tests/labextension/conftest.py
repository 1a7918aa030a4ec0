"""A real JupyterLab with the built extension, beside a launch service over HTTP."""

import asyncio
import json
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.support.browser import Visitor, launched_chromium
from tests.support.launch_service import TOKEN, FakeLaunchService
from tests.support.requirement import missing

ROOT = Path(__file__).parents[2]
BUILT = ROOT / "gavip_server_ext" / "labextension"
NOTICES = "@jupyterlab/apputils-extension/notification.jupyterlab-settings"
THIS_SESSION = "0000000000000001"


@dataclass(frozen=True, slots=True)
class RunningLab:
    """A JupyterLab that a platform started."""

    url: str
    service: FakeLaunchService


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chromium() -> AsyncIterator[Browser]:
    """Run one browser for all tests of a module."""
    async with launched_chromium() as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="module")
async def visitor(chromium: Browser) -> AsyncIterator[Visitor]:
    """Give a visitor; the test fails if its pages' scripts did."""
    visitor = Visitor(chromium)
    yield visitor
    assert not visitor.script_errors()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_lab(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[RunningLab]:
    """Run JupyterLab as a session of a platform, for all tests of a module."""
    service = FakeLaunchService()
    service.start()
    platform = {
        "GAVIP_API_URL": service.url,
        "GAVIP_LAUNCH": THIS_SESSION,
        "JUPYTERHUB_API_TOKEN": TOKEN,
        "JUPYTERHUB_USER": "stella",
    }
    async for url in running_lab(tmp_path_factory.mktemp("lab"), platform):
        yield RunningLab(url, service)
    await service.stop()


@pytest.fixture
def lab(shared_lab: RunningLab) -> RunningLab:
    """Give the running JupyterLab, beside a service without launches."""
    shared_lab.service.forget()
    return shared_lab


@pytest_asyncio.fixture(loop_scope="module")
async def lonely_lab(tmp_path: Path) -> AsyncIterator[str]:
    """Run JupyterLab as anybody does at home; yield its address."""
    async for url in running_lab(tmp_path, {}):
        yield url


async def running_lab(folder: Path, platform: dict[str, str]) -> AsyncIterator[str]:
    """Run JupyterLab in a folder with nothing but the built extension."""
    share = folder / "share" / "labextensions" / "@gavip" / "lab"
    if not (BUILT / "package.json").exists():
        missing("the lab extension", "build it: cd labextension && jlpm build:prod")
    shutil.copytree(BUILT, share)
    quiet = folder / "home" / ".jupyter" / "lab" / "user-settings" / NOTICES
    quiet.parent.mkdir(parents=True)
    quiet.write_text('{"fetchNews": "false", "checkForUpdates": false}')
    (folder / "work").mkdir()
    kept = ("PATH", "LANG", "LD_LIBRARY_PATH")
    environment = {name: os.environ[name] for name in kept if name in os.environ}
    environment |= {
        "HOME": str(folder / "home"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        "JUPYTER_PATH": str(folder / "share"),
        "PYTHONPATH": str(ROOT),
        **platform,
    }
    options = {
        "ServerApp.jpserver_extensions": "{'gavip_server_ext': True}",
        "ServerApp.allow_root": "True",
        "ServerApp.port": "0",
        "ServerApp.port_retries": "0",
        "ServerApp.root_dir": str(folder / "work"),
        "IdentityProvider.token": "open-sesame",
        "LabApp.open_browser": "False",
        "LabApp.expose_app_in_browser": "True",
        "GavipServerApp.event_pause": "0.2",
    }
    words = [f"--{name}={value}" for name, value in options.items()]
    with (folder / "lab.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "jupyterlab", *words,
            env=environment, stdout=log, stderr=log, cwd=folder,
        )  # fmt: skip
    try:
        yield await address(process, folder)
    finally:
        process.send_signal(signal.SIGTERM)
        await process.wait()


async def address(process: asyncio.subprocess.Process, folder: Path) -> str:
    """Wait until the server has written where it listens."""
    async with asyncio.timeout(60):
        while True:
            if process.returncode is not None:
                raise RuntimeError((folder / "lab.log").read_text())
            for found in (folder / "runtime").glob("jpserver-*.json"):
                text = found.read_text()
                if text.endswith("}"):
                    told = json.loads(text)
                    return f"{told['url']}lab?token={told['token']}&reset"
            await asyncio.sleep(0.05)


@pytest.fixture
def pictures() -> Path:
    """Return the folder of the pictures that the tests leave behind."""
    folder = ROOT / "tests" / "e2e" / "output" / "lab"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
