"""Where control groups are found, and what is written into them."""

from pathlib import Path

import pytest

from gavip_hub.domain.resources import Resources
from gavip_hub.engines.sandbox.cgroup import Cgroup
from gavip_hub.engines.sandbox.cgroups import (
    CgroupRoom,
    claim_version_2,
    parse_room_candidates,
)

VERSION_1 = """\
30 24 0:26 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755
31 30 0:27 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
32 30 0:28 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
33 30 0:29 / /sys/fs/cgroup/pids rw shared:7 - cgroup cgroup rw,pids
34 30 0:30 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
"""
VERSION_1_OWN = "4:memory:/user/me\n3:cpu,cpuacct:/\n2:pids:/user\n0::/init\n"
VERSION_2 = "30 24 0:26 / /sys/fs/cgroup rw shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
VERSION_2_OWN = "0::/system.slice/gavip.service/main\n"


def test_version_1_offers_the_top_and_our_own_place() -> None:
    """Each controller's tree is tried from its top down to where we are."""
    candidates = dict(parse_room_candidates(VERSION_1, VERSION_1_OWN))
    top = Path("/sys/fs/cgroup/memory")
    assert candidates[1]["memory"] == [top, top / "user", top / "user/me"]
    assert candidates[1]["cpu"] == [Path("/sys/fs/cgroup/cpu,cpuacct")]
    assert candidates[2]["all"][0] == Path("/sys/fs/cgroup/unified")


def test_version_2_offers_what_may_have_been_delegated() -> None:
    """The service's own unit is tried, where an init system has handed it over."""
    candidates = dict(parse_room_candidates(VERSION_2, VERSION_2_OWN))
    top = Path("/sys/fs/cgroup")
    assert candidates == {
        2: {
            "all": [
                top,
                top / "system.slice",
                top / "system.slice/gavip.service",
                top / "system.slice/gavip.service/main",
            ]
        }
    }


def test_a_container_s_view_of_another_root_is_understood() -> None:
    """Where only a part of the tree is mounted, its top is what there is."""
    mounts = "30 24 0:26 /docker/abc /sys/fs/cgroup ro - cgroup2 cgroup rw\n"
    candidates = dict(parse_room_candidates(mounts, "0::/docker/abc\n"))
    assert candidates[2]["all"] == [Path("/sys/fs/cgroup")]


@pytest.fixture
def delegated(tmp_path: Path) -> Path:
    """Return a folder that looks like a version 2 tree that was handed over."""
    unit = tmp_path / "unit"
    unit.mkdir()
    (unit / "cgroup.controllers").write_text("cpu io memory pids\n")
    (unit / "cgroup.subtree_control").write_text("memory\n")
    (unit / "cgroup.procs").write_text("")
    ours = unit / "gavip"
    ours.mkdir()
    (ours / "cgroup.subtree_control").write_text("")
    return unit


def test_controllers_are_passed_on_where_that_is_allowed(delegated: Path) -> None:
    """What is missing is enabled on the way down, nothing else."""
    room = claim_version_2({"all": [delegated.parent, delegated]})
    assert room is not None
    assert room.folders["memory"] == delegated / "gavip"
    assert (delegated / "cgroup.subtree_control").read_text() == "+cpu +pids"
    ours = delegated / "gavip" / "cgroup.subtree_control"
    assert ours.read_text() == "+cpu +memory +pids"


def test_version_2_limits_are_written_in_its_own_words(tmp_path: Path) -> None:
    """Memory without swap, processor time per period, and processes."""
    (tmp_path / "name").mkdir()
    (tmp_path / "name" / "memory.swap.max").write_text("max")
    room = CgroupRoom(2, dict.fromkeys(("memory", "pids", "cpu"), tmp_path))
    group = Cgroup.make(room, "name", Resources(1500, 1 << 30), 100)
    found = {one.name: one.read_text() for one in (tmp_path / "name").iterdir()}
    assert found == {
        "memory.max": "1073741824",
        "memory.swap.max": "0",
        "pids.max": "101",
        "cpu.max": "150000 100000",
    }
    (tmp_path / "name" / "memory.stat").write_text("anon 5\nfile 900\nshmem 2\n")
    (tmp_path / "name" / "memory.events").write_text("oom 3\noom_kill 2\n")
    (tmp_path / "name" / "cpu.stat").write_text("usage_usec 7\n")
    (tmp_path / "name" / "pids.current").write_text("4\n")
    assert (group.memory_bytes(), group.oom_kills()) == (7, 2)
    assert (group.cpu_ns(), group.pids()) == (7000, 3)
    assert Cgroup.recorded(group.folders).oom_kills() == 2
