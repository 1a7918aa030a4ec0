"""What no engine is asked to run."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gavip_hub.domain.container import ContainerSpec, Mount
from gavip_hub.domain.errors import InvalidField
from gavip_hub.domain.resources import Resources
from gavip_hub.engines.contract import (
    HOME,
    LABEL_OWNER,
    check_spec,
    labels_of,
    session_env,
    shm_bytes,
    tmpfs_of,
)

GOOD = ContainerSpec(
    name="gavip-0123456789abcdef-1",
    launch_id="0123456789abcdef",
    attempt=1,
    owner="Al.ice",
    kind="notebook",
    argv=("start",),
    env={"A": "b"},
    limits=Resources(1500, 1 << 30),
    pids=100,
    home_source="/srv/spaces/alice",
    mounts=(Mount("/srv/data", "/opt/data"),),
    labels={"epoch": "7"},
)


def test_a_usual_spec_passes() -> None:
    """What the platform itself asks for is fine."""
    check_spec(GOOD)
    check_spec(replace(GOOD, home_source="gavip-main-alice", port=8888))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "../x"),
        ("name", "-rf"),
        ("name", "a/b"),
        ("name", "É"),
        ("name", "a" * 64),
        ("launch_id", ""),
        ("owner", "a\0b"),
        ("argv", ()),
        ("argv", ("",)),
        ("argv", ("a", "b\0")),
        ("argv", ("x" * 600_000,)),
        ("env", {"A=B": "x"}),
        ("env", {"": "x"}),
        ("env", {"A": "\0"}),
        ("env", {"1A": "x"}),
        ("limits", Resources(0, 1 << 30)),
        ("limits", Resources(-1, 1 << 30)),
        ("limits", Resources(1000, 1)),
        ("pids", 0),
        ("pids", 10**9),
        ("image", "-v"),
        ("port", 0),
        ("port", 70_000),
        ("deadline", datetime(2026, 1, 1)),  # noqa: DTZ001  the fault at hand
        ("home_source", "../up"),
        ("home_source", "/"),
        ("home_source", "/a/../b"),
        ("home_source", "/etc"),
        ("home_source", "/proc/1/root"),
        ("mounts", (Mount("/var/run/docker.sock", "/x"),)),
        ("mounts", (Mount("/srv/docker.sock", "/x"),)),
        ("mounts", (Mount("/srv/a", "/etc"),)),
        ("mounts", (Mount("/srv/a", "/proc/x"),)),
        ("mounts", (Mount("/srv/a", HOME),)),
        ("mounts", (Mount("/srv/a", "/home"),)),
        ("mounts", (Mount("/srv/a", "/"),)),
        ("mounts", (Mount("/srv/a", "relative"),)),
        ("mounts", (Mount("/srv/a", "/x/../y"),)),
        ("mounts", (Mount("/srv/a", "//x"),)),
        ("mounts", (Mount("/srv/a", "/x"), Mount("/srv/b", "/x"))),
        ("labels", {"no spaces": "x"}),
    ],
)
def test_an_unsafe_value_is_refused_by_its_name(field: str, value: Any) -> None:
    """The refusal names the field at fault."""
    with pytest.raises(InvalidField) as caught:
        check_spec(replace(GOOD, **{field: value}))
    assert (caught.value.field or "").split(".")[0] == field


def test_labels_cannot_pose_as_ours() -> None:
    """A further label never replaces one by which containers are found."""
    labels = labels_of(replace(GOOD, labels={"owner": "eve", "epoch": "7"}), "main")
    assert labels[LABEL_OWNER] == "Al.ice"
    assert labels["org.gavip.epoch"] == "7"


def test_the_spec_has_the_last_word_on_variables() -> None:
    """Thread counts follow the limit unless somebody chose them."""
    assert session_env(GOOD)["OMP_NUM_THREADS"] == "2"
    chosen = replace(GOOD, env={"OMP_NUM_THREADS": "1"})
    assert session_env(chosen)["OMP_NUM_THREADS"] == "1"
    assert session_env(GOOD)["HOME"] == HOME


@given(st.integers(1 << 24, 1 << 45))
def test_folders_in_memory_never_exceed_it(memory_bytes: int) -> None:
    """Each folder in memory is smaller than the limit that it counts against."""
    limits = Resources(1000, memory_bytes)
    sizes = [one.size_bytes for one in tmpfs_of(limits)]
    assert max(*sizes, shm_bytes(limits)) <= memory_bytes
