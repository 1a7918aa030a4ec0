"""The engines under test."""

import contextlib
import os
import sys
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import docker
import pytest
import pytest_asyncio
from docker.errors import APIError

from gavip_hub.engines.docker.engine import DockerEngine
from gavip_hub.engines.docker.settings import DockerSettings
from gavip_hub.engines.fake.engine import FakeEngine
from gavip_hub.engines.fake.record import FileRecord
from gavip_hub.engines.sandbox.bubblewrap import find_bubblewrap
from gavip_hub.engines.sandbox.engine import SandboxEngine
from gavip_hub.engines.sandbox.settings import SandboxSettings
from tests.support.engines import Dressed, FakePrograms
from tests.support.ordinary_user import (
    UID,
    EngineOfOrdinaryUser,
    python_for_everybody,
)

IMAGE = "debian:bookworm-slim"
REAL = [
    "sandbox-root",
    "sandbox-user",
    pytest.param("docker", marks=pytest.mark.docker),
]
WITH_FAKE = [*REAL, "fake"]


NETWORK = "gavip-test-engines"


@pytest.fixture(scope="session")
def docker_address(docker_engine: str) -> Iterator[str]:
    """Return a Docker engine's address; the tests' network goes at the end."""
    yield docker_engine
    client = docker.APIClient(base_url=docker_engine, version="auto")
    with contextlib.suppress(APIError):  # never made, or another run uses it
        client.remove_network(NETWORK)
    client.close()


@pytest.fixture
def open_folder(tmp_path: Path) -> Path:
    """Return a temporary folder that other users can reach."""
    for one in (tmp_path, *tmp_path.parents):
        if one.stat().st_uid == os.geteuid() and one != Path("/"):
            one.chmod(one.stat().st_mode | 0o755)
    return tmp_path


@pytest_asyncio.fixture
async def dressed(
    request: pytest.FixtureRequest, open_folder: Path
) -> AsyncIterator[Dressed]:
    """Return one of the engines, and take away what the test has made in it."""
    opened = _OPENERS[request.param](request, open_folder)
    one = next(opened)
    yield one
    for name in one.made:
        await one.engine.remove(name)
    next(opened, None)


def _sandbox(_request: pytest.FixtureRequest, folder: Path) -> Iterator[Dressed]:
    settings = SandboxSettings(
        state_dir=folder / "engine",
        spaces_root=folder / "spaces",
        environment=Path(sys.prefix),
    )
    engines: list[SandboxEngine] = []

    def make() -> SandboxEngine:
        engines.append(SandboxEngine(settings))
        return engines[-1]

    yield Dressed("sandbox", make(), make, settings.spaces_root)
    for engine in engines:
        engine.close()


def _sandbox_root(request: pytest.FixtureRequest, folder: Path) -> Iterator[Dressed]:
    if os.geteuid() != 0:
        pytest.skip("only root can start sandboxes as root")
    yield from _sandbox(request, folder)


def _sandbox_user(request: pytest.FixtureRequest, folder: Path) -> Iterator[Dressed]:
    if os.geteuid() != 0:
        yield from _sandbox(request, folder)
        return
    python = python_for_everybody()
    if python is None:
        pytest.skip("no Python that an ordinary user can run")
    own = folder / "own"
    own.mkdir()
    os.chown(own, UID, UID)
    words = {
        "state_dir": own / "engine",
        "spaces_root": own / "spaces",
        "environment": Path("/usr"),
        "bwrap": find_bubblewrap(None),
    }
    engines: list[EngineOfOrdinaryUser] = []

    def make() -> EngineOfOrdinaryUser:
        engines.append(EngineOfOrdinaryUser(python, words))
        return engines[-1]

    yield Dressed("sandbox-user", make(), make, own / "spaces")
    for engine in engines:
        engine.close()


def _docker(request: pytest.FixtureRequest, folder: Path) -> Iterator[Dressed]:
    (folder / "spaces").mkdir()
    settings = DockerSettings(
        installation=f"test-{uuid.uuid4().hex[:8]}",
        image=IMAGE,
        spaces_root=folder / "spaces",
        network=NETWORK,
        base_url=request.getfixturevalue("docker_address"),
    )
    engines: list[DockerEngine] = []

    def make() -> DockerEngine:
        engines.append(DockerEngine(settings))
        return engines[-1]

    yield Dressed("docker", make(), make, settings.spaces_root)
    for engine in engines:
        engine.close()


def _fake(_request: pytest.FixtureRequest, folder: Path) -> Iterator[Dressed]:
    def make() -> FakeEngine:
        return FakeEngine(FileRecord(folder / "record.jsonl"))

    yield Dressed("fake", make(), make, folder, programs=FakePrograms())


_OPENERS = {
    "docker": _docker,
    "fake": _fake,
    "sandbox-root": _sandbox_root,
    "sandbox-user": _sandbox_user,
}
