"""`make run` for real: from nothing to a hub that answers, and back."""

import http.client
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.bootstrap.ports import choose
from tests.support.make_run import MakeRun, make_run, processes_of

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1500)]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    """Return a new state folder, with a space in its name, and a free port."""
    folder = tmp_path_factory.mktemp("run") / "my state"
    return folder, choose([], (), "127.0.0.1")


@pytest.fixture
def run(place: tuple[Path, int], tmp_path: Path) -> Iterator[MakeRun]:
    """Run it with the sandbox until it answers."""
    state, port = place
    output = tmp_path / "output"
    with make_run(state, port, output, GAVIP_ENGINE="sandbox") as started:
        started.wait_ready()
        yield started


def _status(port: int, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    finally:
        connection.close()


def _kept(state: Path) -> dict[str, str]:
    paths = [state / "passwords", *(state / "secrets").iterdir()]
    return {path.name: path.read_text() for path in paths}


def test_from_nothing_to_an_answer_and_nothing_left_behind(run: MakeRun) -> None:
    """A first run sets everything up, answers, tells how to sign in, and ends."""
    said = run.said()
    assert f"http://127.0.0.1:{run.port}/" in said
    assert "astronomer" in said
    assert "[1/7] JupyterHub and Node (" in said
    lines = (run.state / "passwords").read_text().splitlines()
    passwords = [line.split()[1] for line in lines if not line.startswith("#")]
    assert not any(password in said for password in passwords)
    assert _status(run.port, "/hub/login") == 200
    assert _status(run.port, "/services/gavip/api/v1/health") == 200

    run.interrupt()

    assert "Ended." in run.said()
    assert processes_of(run.state) == []


def test_a_second_run_starts_at_once_with_all_that_was_kept(
    run: MakeRun, tmp_path: Path
) -> None:
    """Steps are not done again, secrets stay; a run beside it is refused by name."""
    before = _kept(run.state)
    facts = json.loads((run.state / "run" / "run.json").read_text())
    assert run.said().count(": ready") == 6

    with make_run(run.state, run.port, tmp_path / "beside") as beside:
        assert beside.process.wait(60) != 0
    assert f"gavip already runs from {run.state}" in beside.said()
    assert f"process {facts['pid']}" in beside.said()
    with make_run(tmp_path / "other", run.port, tmp_path / "taken") as taken:
        assert taken.process.wait(60) != 0
    assert f"port {run.port} is in use by" in taken.said()
    assert "GAVIP_PORT=" in taken.said()

    run.terminate()

    assert processes_of(run.state) == []
    assert _kept(run.state) == before
