"""The Docker engine where it is away, hangs, or was cut short."""

import asyncio
import os
import socket
import threading
import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import docker
import pytest

from gavip_hub.domain.container import ContainerState
from gavip_hub.domain.errors import BackendFault, EngineUnavailable
from gavip_hub.engines.docker.create_options import create_kwargs_of, host_config_of
from gavip_hub.engines.docker.engine import DockerEngine
from gavip_hub.engines.docker.network import ensure_network
from gavip_hub.engines.docker.reading import reading_of, status_of
from gavip_hub.engines.docker.settings import DockerSettings
from tests.gavip_hub.engines.conftest import IMAGE, NETWORK
from tests.gavip_hub.engines.test_spec_contract import GOOD
from tests.support.engines import Dressed, ended

pytestmark = pytest.mark.asyncio


@pytest.fixture
def hanging(tmp_path: Path) -> Iterator[str]:
    """Return the address of an engine that takes calls and answers none."""
    path = tmp_path / "docker.sock"
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(path))
    server.listen(64)
    taken: list[socket.socket] = []

    def accept() -> None:
        while True:
            try:
                taken.append(server.accept()[0])
            except OSError:
                return

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    yield f"unix://{path}"
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    thread.join()
    for one in taken:
        one.close()


def _engine(address: str, folder: Path, timeout_s: float = 30) -> DockerEngine:
    return DockerEngine(
        DockerSettings(
            installation=f"test-{uuid.uuid4().hex[:8]}",
            image=IMAGE,
            spaces_root=folder,
            network=NETWORK,
            base_url=address,
            timeout=timedelta(seconds=timeout_s),
        )
    )


async def test_an_engine_that_hangs_is_given_up(hanging: str, tmp_path: Path) -> None:
    """Every call ends within the time-out, several at once too."""
    engine = _engine(hanging, tmp_path, timeout_s=1)
    calls = (engine.facts(), engine.list(), engine.nodes(), engine.remove("gavip-x-1"))
    answers = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(one) for one in answers] == [EngineUnavailable] * 4


async def test_no_engine_says_how_to_mend_it(tmp_path: Path) -> None:
    """Where no engine answers, the error names what to start or set."""
    engine = _engine(f"unix://{tmp_path}/nothing.sock", tmp_path)
    with pytest.raises(EngineUnavailable, match="DOCKER_HOST"):
        await engine.list()


@pytest.mark.docker
async def test_what_was_created_and_not_started_is_started(
    docker_address: str, tmp_path: Path
) -> None:
    """When its creator was killed between the two acts, a repeated create goes on."""
    engine = _engine(docker_address, tmp_path)
    dressed = Dressed("docker", engine, lambda: engine, tmp_path)
    spec = dressed.spec(("sh", "-c", "exit 8"), home_source="")
    settings = engine._acts._settings
    client = docker.APIClient(base_url=docker_address, version="auto")
    client.create_container(
        IMAGE,
        list(spec.argv),
        name=spec.name,
        host_config=client.create_host_config(**host_config_of(spec, "none")),
        **create_kwargs_of(spec, settings.installation),
    )
    [status] = await engine.list()
    assert status.state is ContainerState.CREATED
    await engine.create(spec)
    assert (await ended(engine, spec.name)).exit_code == 8
    await engine.remove(spec.name)
    client.close()


@pytest.mark.docker
async def test_a_missing_image_says_how_to_get_it(
    docker_address: str, tmp_path: Path
) -> None:
    """An image that is not there is no passing fault."""
    engine = _engine(docker_address, tmp_path)
    dressed = Dressed("docker", engine, lambda: engine, tmp_path)
    spec = dressed.spec(("true",), image="gavip/never-built:1", home_source="")
    with pytest.raises(BackendFault, match="make image") as caught:
        await engine.create(spec)
    assert not caught.value.transient
    assert await engine.list() == []


@pytest.mark.docker
async def test_somebody_else_s_container_is_left_alone(
    docker_address: str, tmp_path: Path
) -> None:
    """A container of another installation is neither taken over nor listed."""
    mine, theirs = _engine(docker_address, tmp_path), _engine(docker_address, tmp_path)
    dressed = Dressed("docker", theirs, lambda: theirs, tmp_path)
    spec = dressed.spec(("sleep", "600"), home_source="")
    await theirs.create(spec)
    with pytest.raises(BackendFault, match="somebody else"):
        await mine.create(spec)
    assert await mine.list() == []
    await theirs.remove(spec.name)


@pytest.mark.docker
async def test_a_named_volume_is_a_home(docker_address: str, tmp_path: Path) -> None:
    """Where user-spaces are volumes, one is made and kept."""
    engine = _engine(docker_address, tmp_path)
    dressed = Dressed("docker", engine, lambda: engine, tmp_path)
    volume = f"gavip-test-{uuid.uuid4().hex[:8]}"
    client = docker.APIClient(base_url=docker_address, version="auto")
    status = await dressed.run(("sh", "-c", "ls -d $HOME"), home_source=volume)
    assert status.exit_code == 0
    await engine.remove(status.name)
    assert client.inspect_volume(volume)["Name"] == volume
    client.remove_volume(volume)
    client.close()


@pytest.mark.docker
async def test_sessions_do_not_reach_one_another(
    docker_address: str, tmp_path: Path
) -> None:
    """On the sessions' network a neighbour's port is closed, the host's is open."""
    engine = _engine(docker_address, tmp_path)
    gateway = ensure_network(NETWORK, docker_address)
    dressed = Dressed("docker", engine, lambda: engine, tmp_path)
    listen = (
        "use IO::Socket::INET; my $s = IO::Socket::INET->new(LocalPort => 5555,"
        " Listen => 5) or die; print qq(up\\n); $| = 1; sleep 600"
    )
    one = dressed.spec(("perl", "-e", "$| = 1;" + listen), network=True, home_source="")
    await engine.create(one)
    client = docker.APIClient(base_url=docker_address, version="auto")
    networks = client.inspect_container(one.name)["NetworkSettings"]["Networks"]
    address = networks[NETWORK]["IPAddress"]
    client.close()
    with socket.create_server((gateway, 0)) as host:
        look = (
            "use IO::Socket::INET; for (@ARGV) { my ($h, $p) = split /:/;"
            " my $s = IO::Socket::INET->new(PeerAddr => $h, PeerPort => $p,"
            " Timeout => 2); print $s ? qq(open ) : qq(closed ) }"
        )
        ports = (f"{address}:5555", f"{gateway}:{host.getsockname()[1]}")
        two = dressed.spec(("perl", "-e", look, *ports), network=True, home_source="")
        await engine.create(two)
        await ended(engine, two.name)
    assert await engine.logs(two.name) == b"closed open "
    for name in (one.name, two.name):
        await engine.remove(name)


async def test_the_options_grant_nothing() -> None:
    """The pure translation drops every right and bounds every resource."""
    host = host_config_of(GOOD, "sessions")
    assert host["cap_drop"] == ["ALL"]
    assert host["security_opt"] == ["no-new-privileges:true"]
    assert host["read_only"]
    assert not host["privileged"]
    assert host["mem_limit"] == host["memswap_limit"] == GOOD.limits.memory_bytes
    assert host["nano_cpus"] == 1_500_000_000
    assert host["network_mode"] == "sessions"
    assert {one["Source"] for one in host["mounts"]} == {
        "/srv/spaces/alice",
        "/srv/data",
    }
    assert create_kwargs_of(GOOD, "main")["user"] == "1000:1000"
    assert "sock" not in str(host)


ROW = {
    "Names": ["/gavip-1-1"],
    "State": "exited",
    "Labels": {
        "org.gavip.launch": "1",
        "org.gavip.attempt": "1",
        "org.gavip.owner": "o",
        "org.gavip.cpu-milli": "1",
        "org.gavip.memory-bytes": "100",
        "org.gavip.gpu": "0",
    },
}


@pytest.mark.parametrize(
    ("code", "killed", "lost", "by_memory"),
    [(0, False, False, False), (137, True, False, True), (255, False, True, False),
     (1, True, False, False), (137, False, False, False)],
)  # fmt: skip
async def test_docker_s_words_are_understood(
    code: int,
    killed: bool,  # noqa: FBT001  a table's column
    lost: bool,  # noqa: FBT001  a table's column
    by_memory: bool,  # noqa: FBT001  a table's column
) -> None:
    """An end is by memory if the command itself was killed, lost if nobody saw it."""
    state = {"ExitCode": code, "OOMKilled": killed}
    status = status_of(ROW, state, None)
    assert (status.lost, status.out_of_memory) == (lost, by_memory)
    assert status.oom_kills == int(killed)


async def test_the_page_cache_does_not_count() -> None:
    """Memory is told alike on both versions of control groups."""
    cpu = {"cpu_usage": {"total_usage": 5}}
    old = {"total_cache": 60, "total_shmem": 10}
    new = {"file": 60, "shmem": 10}
    for table in (old, new):
        stats = {
            "memory_stats": {"usage": 100, "stats": table},
            "cpu_stats": cpu,
            "pids_stats": {"current": 3},
        }
        reading = reading_of(stats)
        assert reading is not None
        assert (reading.memory_bytes, reading.pids) == (50, 2)
    assert reading_of({"memory_stats": {}, "cpu_stats": cpu}) is None


async def test_a_service_of_an_ordinary_user_uses_its_own_number() -> None:
    """Root gives folders away; anybody else's sessions run under their own number."""
    user = DockerSettings("main", IMAGE, Path("/srv")).user
    own = f"{os.geteuid()}:{os.getegid()}"
    assert user == ("1000:1000" if os.geteuid() == 0 else own)
