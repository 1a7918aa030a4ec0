"""The spawners behind a real hub, with real sandboxes."""

import re
import stat
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support.platform import (
    LIGHT_SERVER,
    ApiUser,
    Platform,
    PlatformConfig,
    eventually,
)

ENDED = ("completed", "error", "aborted")

SLOW_SERVER = f"""
import os, time
if os.environ["JUPYTERHUB_USER"].startswith("slow"):
    time.sleep(30)
{LIGHT_SERVER}
"""

CANARY = "canary-of-a-secret-0123456789"

CONFIG = PlatformConfig(
    cpu=2,
    memory="4G",
    more="c.Gavip.max_waiting = 20\nc.Spawner.http_timeout = 8",
    after=f"c.Spawner.cmd = ['python3', '-c', {SLOW_SERVER!r}]\n"
    f"c.Spawner.environment = {{'SITE_PASSWORD': {CANARY!r}}}",
)


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """Give a platform with room for two of the smallest size."""
    made = Platform(tmp_path_factory.mktemp("spawner"), CONFIG)
    try:
        yield made.start()
    finally:
        made.stop()


@pytest.fixture(autouse=True)
def _leave_room(platform: Platform) -> Iterator[None]:
    """End what a test leaves, so that the next one finds the room free."""
    yield
    operator = platform.user("operator")
    live = operator.ask("GET", "/launches?owner=*&phase=live&limit=200").json()
    for launch in live["launches"]:
        operator.ask("POST", f"/launches/{launch['id']}/cancel")
    for launch in live["launches"]:
        operator.wait_for(launch["id"], ENDED)


class Browser:
    """Somebody who signed in with a password."""

    def __init__(self, platform: Platform, name: str) -> None:
        self.platform = platform
        self.http = requests.Session()
        self.http.get(f"{platform.url}/hub/login", timeout=30)
        answer = self.http.post(
            f"{platform.url}/hub/login",
            data={
                "username": name,
                "password": platform.password,
                "_xsrf": self.http.cookies.get("_xsrf", path="/hub/"),
            },
            timeout=30,
        )
        assert answer.ok, answer.text[:500]

    def spawn(self, path: str, **words: str) -> requests.Response:
        """Send the spawn form."""
        url = f"{self.platform.url}/hub/spawn/{path}"
        page = self.http.get(url, timeout=60)
        found = re.search(r'name="_xsrf" value="([^"]+)"', page.text)
        token = found[1] if found else self.http.cookies.get("_xsrf", path="/hub/")
        return self.http.post(
            url,
            params={"_xsrf": token},
            data=words,
            allow_redirects=False,
            timeout=60,
        )


def server_of(user: ApiUser, name: str = "") -> dict[str, Any]:
    """Return what the hub knows of a server."""
    answer = user.hub("GET", f"/users/{user.name}?include_stopped_servers=1").json()
    return dict(answer["servers"].get(name) or {"ready": False, "stopped": True})


def live(user: ApiUser, name: str = "") -> dict[str, Any]:
    """Return the live launch of a server."""

    def found() -> dict[str, Any] | None:
        launches = user.ask("GET", "/launches?phase=live").json()["launches"]
        return next((one for one in launches if one["server_name"] == name), None)

    return dict(eventually(found, f"a launch of {user.name}/{name}"))


def fill(platform: Platform, name: str = "holder") -> dict[str, Any]:
    """Return a running launch that holds the whole platform."""
    holder = platform.user(name)
    launch = holder.submit(server_name="big", cpu=2, memory="4G", walltime="1h")
    return holder.wait_for(launch["id"], ["running"])


def test_the_form_starts_a_server_when_there_is_room(platform: Platform) -> None:
    """Whoever sends the form is on the way to a server, with what was chosen."""
    answer = Browser(platform, "ada").spawn("ada", size="S", walltime="1h")
    assert answer.status_code == 302, answer.text[:500]
    ada = platform.user("ada")
    launch = ada.wait_for(live(ada)["id"], ["running"])
    assert (launch["walltime_s"], launch["resources"]["cpu_milli"]) == (3600, 1000)
    eventually(lambda: server_of(ada)["ready"], "a server that is ready")


def test_the_form_leads_to_the_waiting_page_when_it_is_full(
    platform: Platform,
) -> None:
    """The launch waits by itself and starts by itself; the page tells of it."""
    holder = fill(platform)
    answer = Browser(platform, "bob").spawn("bob/two", size="S")
    assert answer.status_code == 303, answer.text[:500]
    bob = platform.user("bob")
    launch = live(bob, "two")
    assert answer.headers["Location"] == launch["wait_url"]
    assert launch["phase"] == "queued"
    platform.user("holder").ask("POST", f"/launches/{holder['id']}/cancel")
    bob.wait_for(launch["id"], ["running"])
    assert server_of(bob, "two")["ready"]


def test_the_form_names_what_cannot_be(platform: Platform) -> None:
    """A refused wish shows the form again, with the words of the refusal."""
    answer = Browser(platform, "carol").spawn("carol", cpu="4X", memory="2G")
    assert answer.status_code in {200, 400, 422}
    assert "4X" in answer.text
    assert "Traceback" not in answer.text


def test_the_hubs_api_says_that_it_waits(platform: Platform) -> None:
    """A start by API is refused in words, the launch kept, and started later."""
    holder = fill(platform)
    dora = platform.user("dora")
    answer = dora.hub("POST", "/users/dora/servers/api", json={})
    assert answer.status_code == 409, answer.text
    assert "waits in the queue" in answer.json()["message"]
    platform.user("holder").ask("POST", f"/launches/{holder['id']}/cancel")
    dora.wait_for(live(dora, "api")["id"], ["running"])


def test_a_wish_that_cannot_be_is_refused_by_the_api_too(platform: Platform) -> None:
    """The hub's answer is the queue's own refusal, and no server is left pending."""
    emil = platform.user("emil")
    wish = {"user_options": {"cpu": 64}}
    answer = emil.hub("POST", "/users/emil/server", json=wish)
    assert answer.status_code == 422, answer.text
    assert "the most that could start for you" in answer.json()["message"]
    assert server_of(emil)["stopped"]


def test_stopping_in_the_hub_ends_the_launch(platform: Platform) -> None:
    """The launch is ended as stopped, and nothing of it runs any more."""
    finn = platform.user("finn")
    launch = finn.submit(server_name="x")
    finn.wait_for(launch["id"], ["running"])
    answer = finn.hub("DELETE", "/users/finn/servers/x")
    assert answer.status_code in {202, 204}
    ended = finn.wait_for(launch["id"], ENDED)
    assert (ended["phase"], ended["ending"]["code"]) == ("completed", "stopped")


def test_a_pending_start_is_cancelled_without_a_ghost(platform: Platform) -> None:
    """After Stop on the pending page neither the hub nor the queue has a server."""
    slow = platform.user("slow-one")
    asking = threading.Thread(
        target=lambda: slow.hub("POST", "/users/slow-one/server", json={})
    )
    asking.start()
    eventually(lambda: server_of(slow).get("pending") == "spawn", "a pending start")
    launch = live(slow)
    slow.wait_for(launch["id"], ["starting"])
    answer = slow.hub("DELETE", "/users/slow-one/server")
    assert answer.status_code in {202, 204}, answer.text
    ended = slow.wait_for(launch["id"], ENDED)
    assert ended["ending"]["code"] == "stopped"
    eventually(lambda: server_of(slow)["stopped"], "no server in the hub")
    asking.join(60)


def test_a_cancelled_launch_takes_its_pending_server_along(
    platform: Platform,
) -> None:
    """Cancel on the page of the launch ends the hub's pending start."""
    slow = platform.user("slow-two")
    launch = slow.submit()
    slow.wait_for(launch["id"], ["starting"])
    slow.ask("POST", f"/launches/{launch['id']}/cancel")
    ended = slow.wait_for(launch["id"], ENDED, within_s=30)
    assert ended["phase"] == "aborted"
    eventually(lambda: server_of(slow)["stopped"], "no server in the hub")


def test_a_server_that_never_answers_fails_with_words(platform: Platform) -> None:
    """The hub gives up on it twice; that is a failed start, and nobody's stop."""
    slow = platform.user("slow-three")
    launch = slow.submit()
    ended = slow.wait_for(launch["id"], ENDED, within_s=120)
    assert (ended["ending"]["code"], ended["attempt"]) == ("failed_to_start", 2)
    assert "8 seconds" in ended["ending"]["message"]


def test_a_choice_chooses_nothing_but_amounts(platform: Platform) -> None:
    """Image, mounts, command and unknown words of an option are without effect."""
    gina = platform.user("gina")
    wish = {
        "size": "S",
        "image": "evil",
        "cmd": ["evil"],
        "mounts": ["/:/host"],
        "volumes": {"/": "/host"},
        "environment": {"EVIL": "1"},
        "__proto__": {"image": "evil"},
        "options": {"command": "evil"},
    }
    answer = gina.hub("POST", "/users/gina/server", json={"user_options": wish})
    assert answer.status_code in {201, 202}, answer.text
    launch = gina.wait_for(live(gina)["id"], ["running"])
    assert launch["options"] == {}
    record = next(
        path
        for path in (platform.folder / "state" / "engine").rglob("*")
        if path.is_file() and launch["engine_name"] in str(path) and "job" in path.name
    ).read_text(errors="replace")
    assert "evil" not in record.lower()


def test_names_that_nearly_match_get_folders_of_their_own(
    platform: Platform,
) -> None:
    """Dots, dashes and accents keep people apart on disk."""
    names = ["j.doe", "j-doe", "jdoe", "jdoé"]
    for name in names:
        user = platform.user(name)
        user.wait_for(user.submit(cpu=0.5, memory="500M")["id"], ["running"])
    spaces = {
        path.name.lower() for path in (platform.folder / "state/spaces").iterdir()
    }
    assert len([name for name in spaces if name.startswith(("j-doe", "jdoe"))]) == 4


def test_sessions_live_through_the_death_of_the_hub(platform: Platform) -> None:
    """A running session is adopted, and waiting launches wait on and start later."""
    ida, holder = platform.user("ida"), platform.user("holder")
    running = ida.submit(server_name="on", cpu=1, memory="2G")
    ida.wait_for(running["id"], ["running"])
    other = holder.submit(server_name="big", cpu=1, memory="2G")
    holder.wait_for(other["id"], ["running"])
    waiting = [ida.submit(server_name=f"w-{n}", cpu=0.3, memory="600M") for n in "abc"]
    platform.kill_hub()
    platform.start()
    for launch in waiting:
        assert ida.launch(launch["id"])["phase"] == "queued"
    again = ida.wait_for(running["id"], ["running"])
    assert again["attempt"] == 1
    eventually(lambda: server_of(ida, "on")["ready"], "an adopted server")
    holder.ask("POST", f"/launches/{other['id']}/cancel")
    for launch in waiting:
        ida.wait_for(launch["id"], ["running"])
    assert ida.launch(running["id"])["phase"] == "running"


def test_tokens_reach_as_far_as_the_hub_says(platform: Platform) -> None:
    """Read-only, unrelated and expired tokens do what the real hub says of them."""
    lea = platform.user("lea")

    def with_token(**wish: object) -> ApiUser:
        answer = lea.hub("POST", "/users/lea/tokens", json=wish)
        assert answer.status_code == 201, answer.text
        return ApiUser(platform, "lea", answer.json()["token"])

    expired = with_token(expires_in=1)
    reads = with_token(scopes=["custom:gavip:launches:read!user"])
    other = with_token(scopes=["read:users:name!user"])
    key = {"Idempotency-Key": "k"}
    assert reads.ask("GET", "/launches").status_code == 200
    assert reads.ask("POST", "/launches", json={}, headers=key).status_code == 403
    assert other.ask("GET", "/launches").status_code == 403

    def has_ended() -> bool:
        return bool(expired.hub("GET", "/user").status_code == 403)

    eventually(has_ended, "the end of a token")
    answer = expired.ask("GET", "/launches")
    assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")
    assert lea.ask("GET", "/info").json()["roles"] == ["scientist"]
    operator = platform.user("operator").ask("GET", "/info").json()
    assert "operator" in operator["roles"]


def test_no_secret_is_left_in_the_open(platform: Platform) -> None:
    """Tokens are in no log, and in no file that others could read."""
    user = platform.user("kim")
    user.wait_for(user.submit()["id"], ["running"])
    state = platform.folder / "state"
    secrets = [
        CANARY,
        user.token,
        (state / "service-token").read_text(),
        (state / "spawner-token").read_text(),
    ]
    assert not [one for one in secrets if one in platform.log]
    for path in state.rglob("*"):
        if path.is_file() and not _private(path, state):
            text = path.read_bytes()
            assert not [one for one in secrets if one.encode() in text], path


def _private(path: Path, top: Path) -> bool:
    """Return whether the file, or a folder above it, is closed to others."""
    chain = [path, *path.parents]
    inside = chain[: chain.index(top) + 1]
    return any(not one.stat().st_mode & (stat.S_IRWXO | stat.S_IRWXG) for one in inside)
