"""The provisioning scripts leave alone what is there, and say what is missing."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.requirement import PROVISION


def run(
    *command: str, state: Path, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a provisioning script with a state folder of its own."""
    script, *arguments = command
    return subprocess.run(
        [PROVISION / script, *arguments],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "GAVIP_TEST_STATE": str(state), **environment},
    )


@pytest.fixture
def bare_path(tmp_path: Path) -> str:
    """Make a PATH with the shell's basic commands and no Docker or apt-get."""
    folder = tmp_path / "bin"
    folder.mkdir()
    basics = "bash cat cut dirname flock id mkdir sha256sum timeout"
    for name in basics.split():
        found = shutil.which(name)
        assert found
        (folder / name).symlink_to(found)
    return str(folder)


@pytest.mark.docker
def test_existing_engine_is_used_and_left_alone(
    docker_engine: str, tmp_path: Path
) -> None:
    """With an engine that answers, no second one is started, nor the first stopped."""
    started = run("docker.sh", "start", state=tmp_path, DOCKER_HOST=docker_engine)
    assert started.stdout == f"DOCKER_HOST={docker_engine}\n"
    assert not (tmp_path / "docker").exists()
    stopped = run("docker.sh", "stop", state=tmp_path, DOCKER_HOST=docker_engine)
    assert "left alone" in stopped.stderr
    status = run("docker.sh", "status", state=tmp_path, DOCKER_HOST=docker_engine)
    assert status.returncode == 0


@pytest.mark.docker
def test_engine_runs_containers_of_the_base_image(docker_engine: str) -> None:
    """The base image is Debian 12, and a container of it runs with its limits."""
    done = subprocess.run(
        [
            *("docker", "run", "--rm", "--memory=64m", "--cap-drop=ALL"),
            *("--user=1000", "debian:bookworm-slim"),
            *("sh", "-c", ". /etc/os-release; id -u; echo $ID"),
        ],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "DOCKER_HOST": docker_engine},
    )
    assert done.stdout.split() == ["1000", "debian"]


@pytest.mark.parametrize("part", ["docker", "dachs"])
def test_machine_without_parts_is_told_the_mend(
    part: str, bare_path: str, tmp_path: Path
) -> None:
    """Without an engine or a package manager, the error says what to install."""
    absent = {"DOCKER_HOST": "", "TAP_URL": "", "PATH": bare_path}
    done = run(f"{part}.sh", "start", state=tmp_path, **absent)
    assert done.returncode == 1
    assert "error: " in done.stderr
    assert "mend: " in done.stderr


def test_named_archive_that_is_silent_is_an_error(tmp_path: Path) -> None:
    """TAP_URL names the service to use; a wrong one is not replaced silently."""
    done = run("dachs.sh", "start", state=tmp_path, TAP_URL="http://127.0.0.1:1/tap")
    assert done.returncode == 1
    assert "mend TAP_URL" in done.stderr
