"""A hostile user, with a session, a token of it, and all the time in the world."""

import base64
import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

from tests.support.platform import ApiUser, Platform, PlatformConfig, eventually

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

LOOK = """
import json, os
out = os.environ["GAVIP_OUTPUT"]
os.makedirs(out)
with open("/proc/self/mountinfo") as table:
    mounts = [line.split()[3:5] for line in table]
with open(out + "/seen.json", "w") as file:
    json.dump({
        "mounts": mounts,
        "environment": dict(os.environ),
        "processes": [one for one in os.listdir("/proc") if one.isdigit()],
    }, file)
"""

SHOWN = re.compile(
    r"/|/(proc|dev|tmp|run|usr|bin|sbin|lib|lib32|lib64|libx32|home/jovyan)"
    r"|/dev/(null|zero|full|random|urandom|tty|pts|shm|console)"
    r"|/etc/(?!shadow|gshadow|sudoers|ssh).+"
)
"""Mount points that every sandbox has; the Python that it runs comes on top."""


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """Give a platform whose sessions start in a moment."""
    made = Platform(tmp_path_factory.mktemp("hostile"))
    try:
        yield made.start()
    finally:
        made.stop()


def session_of(platform: Platform, user: ApiUser, **options: Any) -> dict[str, Any]:
    """Start a user's server, and return what the engine was told to run."""
    answer = user.hub("POST", f"/users/{user.name}/servers/", json=options)
    assert answer.status_code in {201, 202}, answer.text

    def running() -> dict[str, Any] | None:
        query = "/launches?phase=running"
        launches = user.ask("GET", query).json()["launches"]
        mine = [one for one in launches if one["kind"] == "notebook"]
        return dict(mine[0]) if mine else None

    launch = eventually(running, "a running session")
    folder = platform.folder / "state" / "engine" / "containers"
    job = (folder / launch["engine_name"] / "job.json").read_text()
    return {**json.loads(job)["spec"], "launch": launch}


def test_a_session_s_token_reaches_no_further_than_its_user(
    platform: Platform,
) -> None:
    """It neither admits, nor looks at others, nor starts servers, nor makes tokens."""
    mallory, victim = platform.user("mallory"), platform.user("victim")
    other = victim.submit(
        kind="pipeline", display_name="secret plan", options={"command": "sleep 300"}
    )["id"]
    spec = session_of(platform, mallory)
    mine = spec["launch"]["id"]
    held = ApiUser(platform, "mallory", spec["env"]["JUPYTERHUB_API_TOKEN"])
    claim = {"owner": "victim", "server_name": "", "user_options": {}}
    beat = {"busy": True, "last_activity": "2026-11-23T00:00:00Z"}
    refused: list[tuple[str, str, Any]] = [
        ("POST", "/claims", claim),
        ("POST", f"/launches/{mine}/report", {"attempt": 1, "outcome": "stopped"}),
        ("POST", f"/launches/{other}/cancel", None),
        ("POST", f"/launches/{other}/extend", {"by": "1h"}),
        ("PUT", f"/launches/{other}/activity", beat),
        ("GET", f"/launches/{other}", None),
        ("GET", f"/launches/{other}/events", None),
        ("GET", "/launches?owner=victim", None),
        ("GET", "/launches?owner=*", None),
        ("GET", "/info?owner=victim", None),
        ("POST", "/estimates?owner=victim", {"wishes": [{}]}),
    ]
    for method, path, body in refused:
        answer = held.ask(method, path, json=body)
        assert answer.status_code in {403, 404}, (method, path, answer.text)
        assert "victim" not in answer.text
        assert "secret" not in answer.text
    more = {"scopes": ["custom:gavip:queue:admin"]}
    for method, path, body in (
        ("GET", "/users", None),
        ("GET", "/users/victim", None),
        ("GET", "/services", None),
        ("GET", "/proxy", None),
        ("POST", "/users/mallory/tokens", {}),
        ("POST", "/users/mallory/tokens", more),
        ("POST", "/users/mallory/servers/more", {}),
        ("POST", "/users/victim/servers/", {}),
        ("POST", "/shutdown", {}),
    ):
        answer = held.hub(method, path, json=body)
        assert answer.status_code in {403, 404}, (method, path, answer.text)
    own = mallory.hub("POST", "/users/mallory/tokens", json=more)
    assert own.status_code in {400, 403}, own.text
    events = held.ask("GET", "/events").text
    assert other not in events
    routes = f"http://127.0.0.1:{platform.proxy_port}/api/routes"
    assert requests.get(routes, timeout=10).status_code == 403
    victim.ask("POST", f"/launches/{other}/cancel")
    mallory.hub("DELETE", "/users/mallory/servers/")


def test_whoever_starts_a_server_chooses_amounts_and_nothing_else(
    platform: Platform,
) -> None:
    """Image, command, mounts, variables and limits of Docker's are not heard."""
    carol = platform.user("carol")
    plain = session_of(platform, carol)
    carol.hub("DELETE", "/users/carol/servers/")
    eventually(
        lambda: not carol.ask("GET", "/launches?phase=live").json()["launches"],
        "the end of the first session",
    )
    evil = {
        "image": "evil:latest",
        "cmd": ["sh", "-c", "id"],
        "args": ["--debug"],
        "mounts": [{"source": "/", "target": "/host"}],
        "volumes": {"/": "/host"},
        "environment": {"LD_PRELOAD": "/home/jovyan/evil.so"},
        "env": {"PATH": "/home/jovyan"},
        "extra_host_config": {"privileged": True},
        "home_source": "/",
        "profile": "evil",
    }
    spec = session_of(platform, carol, **evil)
    for name in ("image", "argv", "mounts", "home_source", "limits", "pids"):
        assert spec[name] == plain[name], name
    assert spec["env"].keys() == plain["env"].keys()
    assert "/home/jovyan" not in spec["env"].get("PATH", "")
    carol.hub("DELETE", "/users/carol/servers/")


def test_a_pipeline_runs_in_its_own_container_with_its_owner_s_space(
    platform: Platform,
) -> None:
    """A command sees no secret, no file of the platform or of others."""
    eve = platform.user("eve")
    platform.user("rich")
    other = platform.folder / "state" / "spaces" / "rich"
    other.mkdir(exist_ok=True)
    code = base64.b64encode(LOOK.encode()).decode()
    command = f"python3 -c \"import base64; exec(base64.b64decode('{code}'))\""
    asked = eve.submit(kind="pipeline", options={"command": command, "image": "evil"})
    launch = eve.wait_for(asked["id"], ["completed", "error", "aborted"])
    assert launch["phase"] == "completed", launch["reason"]
    space = platform.folder / "state" / "spaces" / "eve"
    seen = json.loads((space / "jobs" / launch["id"] / "seen.json").read_text())
    assert not [name for name in seen["environment"] if "TOKEN" in name]
    assert set(seen["processes"]) <= {"1", "2", "3"}
    state = str(platform.folder / "state")
    for source, target in seen["mounts"]:
        if source.startswith(state):
            assert source == str(space)
        assert SHOWN.fullmatch(target) or target.startswith(
            (str(Path(platform.config.image)), *_pythons())
        ), target


def test_no_secret_is_in_a_log_or_a_command_line(platform: Platform) -> None:
    """Tokens are in private files and in the environment of those who need them."""
    dora = platform.user("dora")
    spec = session_of(platform, dora)
    state = platform.folder / "state"
    secrets = {
        "session": spec["env"]["JUPYTERHUB_API_TOKEN"],
        "user": dora.token,
        "service": (state / "service-token").read_text(),
        "spawner": (state / "spawner-token").read_text(),
    }
    lines = [" ".join(one.info["cmdline"] or []) for one in _processes()]
    for name, secret in secrets.items():
        assert secret not in platform.log, name
        assert not [line for line in lines if secret in line], name
    assert (state / "engine").stat().st_mode & 0o077 == 0
    for path in state.iterdir():
        if path.is_file():
            assert path.stat().st_mode & 0o077 == 0, path
    dora.hub("DELETE", "/users/dora/servers/")


def test_what_nobody_signed_in_sends_does_not_fill_the_log(
    platform: Platform,
) -> None:
    """Huge paths and headers are refused, and leave short lines without control."""
    before = len(platform.log)
    base = platform.url + "/services/gavip/"
    for path in (
        "launches/" + "x" * 5_000,
        "%0a%1b[31mforged",
        "api/v1/" + "y" * 9_000,
    ):
        answer = requests.get(base + path, timeout=10, allow_redirects=False)
        assert answer.status_code in {302, 404}
    sent = {"X-Long": "x" * 200_000}
    with suppress(requests.RequestException):  # cut off before the answer is read
        assert requests.get(base, headers=sent, timeout=10).status_code in {400, 431}
    form = {"username": "u" * 1_000_000, "password": "x"}
    refused = requests.post(f"{platform.url}/hub/login", data=form, timeout=10)
    assert refused.status_code in {400, 403, 413}
    written = platform.log[before:]
    assert "\x1b[31mforged" not in written
    assert max(map(len, written.splitlines()), default=0) < 12_000


def _processes() -> list[psutil.Process]:
    return list(psutil.process_iter(["cmdline"]))


def _pythons() -> list[str]:
    """Return where the Python that sessions run is installed."""
    return [sys.base_prefix, str(Path(sys.base_prefix).resolve())]


def test_nothing_planted_in_a_user_space_runs_at_the_server_s_start(
    tmp_path: Path,
) -> None:
    """Settings, start-up files and programs of the user-space are no part of a server.

    Its kernels are reached through sockets in the session's own memory: the server's
    port is the only one that a session opens.
    """
    ran = "open(__import__('os').path.expanduser('~/planted-ran'), 'w').close()\n"
    with _real(tmp_path) as platform:
        fay = platform.user("fay")
        space = platform.folder / "state" / "spaces" / "fay"
        user_site = f".local/lib/python3.{sys.version_info.minor}/site-packages"
        for name in (
            ".jupyter/jupyter_server_config.py",
            ".jupyter/jupyter_config.py",
            ".jupyter/jupyterhub_singleuser_config.py",
            "jupyter_server_config.py",
            "jupyterhub_config.py",
            "sitecustomize.py",
            "usercustomize.py",
            "jupyterhub.py",
            f"{user_site}/usercustomize.py",
        ):
            (space / name).parent.mkdir(parents=True, exist_ok=True)
            (space / name).write_text(ran)
        (space / user_site / "evil.pth").write_text(f"import os; {ran}")
        program = space / "jupyterhub-singleuser"
        program.write_text("#!/bin/sh\ntouch ~/planted-ran\n")
        program.chmod(0o755)
        spec = session_of(platform, fay)
        assert not (space / "planted-ran").exists()
        server = f"http://127.0.0.1:{spec['port']}/user/fay/api"
        headers = {"Authorization": f"token {fay.token}"}
        assert requests.get(f"{server}/kernels", timeout=20).status_code == 403
        made = requests.post(f"{server}/kernels", headers=headers, json={}, timeout=60)
        assert made.status_code == 201, made.text

        def started() -> bool:
            found = requests.get(f"{server}/kernels", headers=headers, timeout=20)
            return bool(found.json()[0]["execution_state"] != "unknown")

        eventually(started, "a kernel")
        assert _ports_of(platform, spec["name"]) == {spec["port"]}


@contextmanager
def _real(folder: Path) -> Iterator[Platform]:
    """Give a platform whose sessions are real Jupyter servers."""
    made = Platform(folder, PlatformConfig(light=False))
    try:
        yield made.start()
    finally:
        made.stop()


def _ports_of(platform: Platform, name: str) -> set[int]:
    """Return on which ports a sandbox listens."""
    keeper = platform.keepers()[name]
    return {
        one.laddr.port
        for process in keeper.children(recursive=True)
        for one in process.net_connections("inet")
        if one.status == psutil.CONN_LISTEN
    }
