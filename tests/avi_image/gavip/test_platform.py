"""The platform's queue in a cell, against a service that keeps the contract."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import gavip
from gavip_hub.api import models
from gavip_hub.domain.launch import EndCode
from gavip_hub.domain.phase import Phase
from tests.support.launch_service import TOKEN, FakeLaunchService
from tests.support.launches import make_ending, make_launch
from tests.support.scripted_server import Answer, deaf_server, scripted_server

NASTY = "<img src=x onerror=alert(1)>"


def waiting(number: int, **changes: object) -> models.Launch:
    """Return a launch that waits."""
    return make_launch(
        number,
        phase=Phase.QUEUED,
        reason="Waits for 4 GB that another notebook holds.",
        wait=models.Wait(
            position=2,
            ahead=1,
            estimated_start=datetime.now(UTC) + timedelta(minutes=12, seconds=30),
        ),
        url=None,
        **changes,
    )


def test_queue_shows_place_reason_and_estimate(platform: FakeLaunchService) -> None:
    """A waiting launch shows its place, what it waits for, and when it may start."""
    platform.add(make_launch(1), waiting(2, display_name="Pleiades"))
    queue = gavip.queue()
    assert [launch.name for launch in queue] == ["Pleiades"]
    for shown in (repr(queue), queue._repr_html_()):
        assert "number 2 in the queue" in shown
        assert "Waits for 4 GB" in shown
        assert "in 12 min" in shown
        assert "are free" in shown


def test_active_shows_what_runs(platform: FakeLaunchService) -> None:
    """A running launch shows its limits and its end, and links to its server."""
    platform.add(make_launch(1, url="/user/stella/lab-1/"), waiting(2))
    active = gavip.active()
    assert [launch.id for launch in active] == [f"{1:016x}"]
    assert "1 cpu, 2 GB, 2 h" in repr(active)
    assert 'href="/user/stella/lab-1/"' in active._repr_html_()


def test_html_shows_text_as_text(platform: FakeLaunchService) -> None:
    """Names, reasons and addresses from anywhere never become markup."""
    platform.add(make_launch(1, display_name=NASTY, reason=NASTY, url="javascript:x"))
    shown = gavip.active()._repr_html_()
    assert "<img" not in shown
    assert "javascript:" not in shown
    assert "color" not in shown


def test_launch_sends_the_wish_once(platform: FakeLaunchService) -> None:
    """A launch carries amounts as given, a server's name, and a key of its own."""
    made = gavip.launch(
        cpu=4, memory="16G", walltime=timedelta(hours=4), name="Hyades — zoom"
    )
    assert made.phase == "queued"
    assert made.position == 1
    sent = platform.seen[-1]
    assert json.loads(sent.body) == {
        "cpu": 4,
        "memory": "16G",
        "walltime": 14400.0,
        "kind": "notebook",
        "display_name": "Hyades — zoom",
        "server_name": "hyades-zoom",
    }
    gavip.launch(name="☃")
    assert json.loads(platform.seen[-1].body)["server_name"].startswith("notebook-")
    keys = {seen.headers["Idempotency-Key"] for seen in platform.seen}
    assert len(keys) == 2


def test_cut_connection_makes_no_second_launch(platform: FakeLaunchService) -> None:
    """A connection that breaks after the request is repeated with the same key."""
    platform.drops = 1
    gavip.launch(cpu=1)
    assert len(platform.launches) == 1
    keys = [seen.headers["Idempotency-Key"] for seen in platform.seen]
    assert len(keys) == 2
    assert len(set(keys)) == 1


def test_estimate_tells_when(platform: FakeLaunchService) -> None:
    """An estimate says when a wish would start and why."""
    told = gavip.estimate(cpu=4, memory="16G")
    assert told.now
    assert "at once" in repr(told)
    assert "at once" in told._repr_html_()
    assert json.loads(platform.seen[-1].body) == {
        "wishes": [{"cpu": 4, "memory": "16G"}]
    }


def test_cancel_and_extend(platform: FakeLaunchService) -> None:
    """A launch is cancelled or prolonged by itself or by its id."""
    platform.add(make_launch(7))
    (launch,) = gavip.active()
    assert gavip.extend(launch, "1h").reason == "It has more time."
    assert gavip.cancel(launch.id).phase == "stopping"
    assert [seen.path for seen in platform.seen[-2:]] == [
        f"/launches/{launch.id}/extend",
        f"/launches/{launch.id}/cancel",
    ]


def test_ended_launch_says_why(platform: FakeLaunchService) -> None:
    """A launch that ended is told with the reason of its end."""
    ending = make_ending(EndCode.OUT_OF_MEMORY, "It used more than 2 GB.")
    platform.add(make_launch(3, phase=Phase.ERROR, ending=ending))
    assert gavip.extend(f"{3:016x}", 60).ending == "It used more than 2 GB."


def test_refusal_names_field_and_mend(platform: FakeLaunchService) -> None:
    """A refusal carries the service's words, the field and the code."""
    platform.refusals = [
        models.Problem(
            type="about:blank",
            title="Too large",
            status=422,
            detail="The largest that fits is 8 GB.",
            code="never_fits",
            field="memory",
        )
    ]
    with pytest.raises(gavip.RequestRefused) as caught:
        gavip.launch(memory="900G")
    assert str(caught.value) == "memory: The largest that fits is 8 GB."
    assert (caught.value.code, caught.value.field) == ("never_fits", "memory")


@pytest.mark.parametrize("cpu", [math.nan, math.inf, True, [1], 1j])
def test_nonsense_never_leaves(platform: FakeLaunchService, cpu: object) -> None:
    """What no amount can be is refused here, naming the field."""
    with pytest.raises(gavip.BadArgument, match=r"^cpu: "):
        gavip.launch(cpu=cpu)
    with pytest.raises(gavip.BadArgument, match=r"^launch: "):
        gavip.cancel("../../users")
    assert not platform.seen


def test_outside_a_platform() -> None:
    """Outside, a look explains itself and an act is a clear error."""
    for look in (gavip.queue, gavip.active):
        assert len(look()) == 0
        assert "does not run inside a session" in repr(look())
        assert "does not run inside a session" in look()._repr_html_()
    for act in (gavip.launch, gavip.estimate, lambda: gavip.cancel("0" * 16)):
        with pytest.raises(gavip.NoPlatform, match="does not run inside"):
            act()


@pytest.mark.timeout(20)
def test_deaf_service(monkeypatch: pytest.MonkeyPatch) -> None:
    """A service that does not answer is reported in time, without the token."""
    monkeypatch.setattr("gavip.service._ANSWER_WITHIN_S", 0.5)
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", TOKEN)
    with deaf_server() as url:
        monkeypatch.setenv("GAVIP_API_URL", url)
        assert "does not answer" in repr(gavip.queue())
        with pytest.raises(gavip.PlatformUnavailable) as caught:
            gavip.estimate(cpu=1)
    assert TOKEN not in str(caught.value)


def test_something_else_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page of a proxy is not taken for the service, nor followed elsewhere."""
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", TOKEN)
    moved = Answer("<html>", status=302, headers={"Location": "http://127.0.0.1:1/"})
    with scripted_server(lambda _asked: moved) as url:
        monkeypatch.setenv("GAVIP_API_URL", url)
        with pytest.raises(gavip.PlatformUnavailable, match="not the launch service"):
            gavip.estimate(cpu=1)


def test_limits_come_from_the_platform(
    platform: FakeLaunchService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Inside, the limits are those of this session's own launch."""
    platform.add(make_launch(1), make_launch(2))
    monkeypatch.setenv("GAVIP_LAUNCH", f"{2:016x}")
    limits = gavip.limits()
    assert (limits.cpu, limits.memory_bytes) == (1.0, 2_000_000_000)
    assert limits.until is not None
    assert "Ends at the latest" in repr(limits)
    assert "2 GB" in limits._repr_html_()


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_limits_come_from_the_control_group(tmp_path: Path, version: str) -> None:
    """Outside, the kernel's control group tells, of either version."""
    files = {
        "v1": {
            "memory/memory.limit_in_bytes": "200000000",
            "cpu/cpu.cfs_quota_us": "50000",
            "cpu/cpu.cfs_period_us": "100000",
            "pids/pids.max": "99",
        },
        "v2": {
            "cgroup.controllers": "cpu memory pids",
            "memory.max": "200000000",
            "cpu.max": "50000 100000",
            "pids.max": "99",
        },
    }
    for name, text in files[version].items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text + "\n")
    limits = gavip.session_limits.limits_of_this_process(tmp_path)
    assert (limits.cpu, limits.memory_bytes, limits.processes) == (0.5, 200_000_000, 99)
    assert "control group" in repr(limits)


def test_no_limit_is_said_to_be_none(tmp_path: Path) -> None:
    """Without any limit the machine's own size is given, and said to be that."""
    limits = gavip.session_limits.limits_of_this_process(tmp_path)
    assert limits.cpu
    assert limits.memory_bytes
    assert limits.processes is None


def test_environment_tells_limits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a hub's spawner writes into the environment is believed last."""
    monkeypatch.setenv("CPU_LIMIT", "0.5")
    monkeypatch.setenv("MEM_LIMIT", "100000000")
    limits = gavip.session_limits.limits_of_this_process(tmp_path)
    assert (limits.cpu, limits.memory_bytes) == (0.5, 100_000_000)
