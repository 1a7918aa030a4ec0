import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from bootstrap.hub import telling_lines
from bootstrap.ports import choose

from tests.support.waiting import eventually

SCRIPTS = Path(__file__).resolve().parents[3] / "scripts"

# Stands for a hub: answers, and leaves a process behind that left its group, as the
# proxy and sessions do.
HUB = """
    import http.server, os, signal, subprocess, sys
    args = [sys.executable, "-c", "import time; time.sleep(600)"]
    left = subprocess.Popen(args, start_new_session=True)
    with open("left.pid", "w") as file:
        file.write(str(left.pid))
    if "deaf" in sys.argv:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if "broken" in sys.argv:
        sys.exit("jupyterhub_config.py: line 3 is wrong")
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200 if self.path == "/health" else 404)
            self.end_headers()
    http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""

# Stands for `make run`: starts the hub, and ends it when asked.
RUN = """
    import os, signal, sys
    from pathlib import Path
    from bootstrap import hub as hubs
    from bootstrap.errors import SetupError
    hubs._END_WITHIN_S = 1
    class Ended(BaseException): pass
    def end(*_): raise Ended
    signal.signal(signal.SIGTERM, end)
    hub = hubs.Hub(Path("hub.log"))
    argv = [sys.executable, "hub.py", *sys.argv[1:]]
    Path("hub.pid").write_text(str(hub.start(argv, Path(), os.environ)))
    place = hubs.Place("127.0.0.1", int(sys.argv[1]), (int(sys.argv[1]),))
    spare = lambda pid: "keep" in sys.argv
    try:
        hub.wait_ready(place, ["/health"], lambda: None)
        print("ready", flush=True)
        hub.wait_end()
        raise hub.ended()
    except Ended:
        pass
    except SetupError as error:
        print(error.text(), flush=True)
    finally:
        hub.stop(spare=spare)
    print("stopped", flush=True)
"""


class _Run:
    """A process that runs a hub in a folder."""

    def __init__(self, folder: Path, *words: str) -> None:
        (folder / "hub.py").write_text(textwrap.dedent(HUB))
        (folder / "run.py").write_text(textwrap.dedent(RUN))
        self._folder = folder
        self.process = subprocess.Popen(
            [sys.executable, "run.py", *words],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(SCRIPTS)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def rest(self) -> str:
        return self.process.communicate(timeout=60)[0]

    def alive(self, name: str) -> bool:
        pid = (self._folder / f"{name}.pid").read_text()
        try:
            state = Path("/proc", pid, "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return False
        return state != "Z"

    def end_all(self) -> None:
        for name in ("hub", "left"):
            path = self._folder / f"{name}.pid"
            if path.exists() and self.alive(name):
                os.kill(int(path.read_text()), signal.SIGKILL)
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def port() -> int:
    """Return a free port."""
    return choose([], (), "127.0.0.1")


Start = Callable[..., _Run]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Give what starts a run; afterwards nothing of it is left."""
    runs: list[_Run] = []

    def begin(*words: str) -> _Run:
        runs.append(_Run(tmp_path, *words))
        return runs[-1]

    yield begin
    for run in runs:
        run.end_all()


def test_the_end_leaves_nothing_behind(start: Start, port: int) -> None:
    """A kill of the run ends the hub and what it left, also outside its group."""
    run = start(str(port))
    assert run.line() == "ready"

    run.process.terminate()

    assert run.rest() == "stopped\n"
    assert not run.alive("hub")
    assert not run.alive("left")


def test_a_hub_that_does_not_listen_is_made_to_end(start: Start, port: int) -> None:
    """A hub that ignores the request is killed after its time."""
    run = start(str(port), "deaf")
    assert run.line() == "ready"

    run.process.terminate()

    assert run.rest() == "stopped\n"
    assert not run.alive("hub")
    assert not run.alive("left")


def test_sessions_go_on_where_they_are_to_be_kept(start: Start, port: int) -> None:
    """What is spared outlives the hub."""
    run = start(str(port), "keep")
    assert run.line() == "ready"

    run.process.terminate()

    assert run.rest() == "stopped\n"
    assert not run.alive("hub")
    assert run.alive("left")


def test_a_hub_ends_with_the_run_that_was_killed(start: Start, port: int) -> None:
    """After SIGKILL of the run the kernel asks the hub to end."""
    run = start(str(port))
    assert run.line() == "ready"

    run.process.kill()

    eventually(lambda: not run.alive("hub"))


def test_a_hub_that_cannot_start_says_why(start: Start, port: int) -> None:
    """The last lines of its log are shown, and nothing of it is left."""
    run = start(str(port), "broken")

    said = run.rest()
    assert "the hub ended by itself (status 1)" in said
    assert "line 3 is wrong" in said
    assert "hub.log" in said
    assert not run.alive("left")


def test_routine_does_not_hide_the_cause() -> None:
    """The hub's routine and the proxy's misses are left out of what is shown."""
    log = """\
[I 2026-11-23 02:33:48 JupyterHub app] Starting managed service gavip
Traceback (most recent call last):
  File "service.py", line 1, in <module>
ModuleNotFoundError: No module named 'x'
02:33:53.242 [ConfigProxy] \x1b[31merror\x1b[39m: 503 GET /hub/health
Error: connect ECONNREFUSED
    at TCPConnectWrap {
  errno: -111,
}
[C 2026-11-23 02:33:53 JupyterHub app] Service gavip exited with status 1
"""
    shown = telling_lines(log).splitlines()

    assert shown[0] == "Traceback (most recent call last):"
    assert "No module named 'x'" in shown[2]
    assert "exited with status 1" in shown[-1]
    assert not any("GET /hub/health" in line for line in shown)


def test_where_there_is_only_routine_it_is_shown() -> None:
    """Something is better than nothing."""
    assert telling_lines("[I a]\n[I b]\n") == "[I a]\n[I b]"
