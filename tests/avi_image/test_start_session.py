"""How a session begins: the welcome notebook, and nothing of the user-space run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from avi_image.start_session import give_welcome, has_room
from tests.support.small_disk import small_file_system

SCRIPT = Path(__file__).parents[2] / "avi_image" / "start_session.py"


@pytest.fixture
def source(tmp_path: Path) -> str:
    """Return a welcome notebook."""
    path = tmp_path / "data" / "welcome" / "welcome.ipynb"
    path.parent.mkdir(parents=True)
    path.write_text('{"cells": []}')
    return str(path)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return an empty user-space."""
    path = tmp_path / "home"
    path.mkdir()
    return path


def test_new_user_space_gets_the_notebook_once(home: Path, source: str) -> None:
    """It is put into a new user-space, and not again after it was deleted."""
    assert give_welcome(str(home), source)
    notebook = home / "welcome.ipynb"
    assert notebook.read_text() == '{"cells": []}'
    notebook.unlink()
    assert not give_welcome(str(home), source)
    assert not notebook.exists()


def test_own_notebook_is_never_overwritten(home: Path, source: str) -> None:
    """A file, folder or link of that name stays as it is."""
    (home / "welcome.ipynb").write_text("mine")
    assert not give_welcome(str(home), source)
    assert (home / "welcome.ipynb").read_text() == "mine"


@pytest.mark.parametrize("name", ["welcome.ipynb", ".gavip-welcome"])
@pytest.mark.parametrize("target", ["canary", "missing"])
def test_planted_links_lead_nowhere(
    home: Path, source: str, tmp_path: Path, name: str, target: str
) -> None:
    """Nothing is written through a link that stands in the way."""
    (tmp_path / "canary").write_text("canary")
    (home / name).symlink_to(tmp_path / target)
    give_welcome(str(home), source)
    assert (tmp_path / "canary").read_text() == "canary"
    assert not (tmp_path / "missing").exists()
    assert (home / name).is_symlink()


def test_full_disk_is_tried_again(home: Path, source: str) -> None:
    """On a full disk nothing is left behind; with room, the next start succeeds."""
    with small_file_system(home) as disk:
        disk.fill()
        with pytest.raises(OSError, match="No space"):
            give_welcome(str(home), source)
        assert [path.name for path in home.iterdir()] == ["ballast"]
        assert not has_room(str(home))
        disk.relieve()
        assert give_welcome(str(home), source)
        assert has_room(str(home))
        assert sorted(path.name for path in home.iterdir()) == [
            ".gavip-welcome",
            "welcome.ipynb",
        ]


@pytest.mark.parametrize("data", ["data", "nowhere"])
def test_the_program_starts_whatever_happens(
    home: Path, source: str, tmp_path: Path, data: str
) -> None:
    """The program is run with its arguments, notebook or not."""
    assert Path(source).exists()
    done = subprocess.run(
        [sys.executable, SCRIPT, "echo", "-n", "$(id)", "a b"],
        env={"HOME": str(home), "GAVIP_DATA": str(tmp_path / data), "PATH": "/bin"},
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert done.stdout == "$(id) a b"
    assert ("no welcome notebook" in done.stderr) == (data == "nowhere")


def test_server_gets_a_clean_environment(
    home: Path, source: str, tmp_path: Path
) -> None:
    """A server keeps its sockets in memory and reads no settings of the user's."""
    fake = tmp_path / "jupyterhub-singleuser"
    fake.write_text('#!/bin/sh\necho "$@"; env; pwd\n')
    fake.chmod(0o755)
    done = subprocess.run(
        [sys.executable, SCRIPT, str(fake), "--port=1"],
        env={
            "HOME": str(home),
            "GAVIP_DATA": str(Path(source).parents[1]),
            "PATH": "/bin:/usr/bin",
            "PYTHONPATH": str(home),
            "JUPYTER_CONFIG_PATH": str(home),
            "TMPDIR": str(tmp_path),
        },
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    lines = done.stdout.splitlines()
    ours = f"--KernelManager.transport=ipc --ServerApp.root_dir={home}"
    assert lines[0] == f"{ours} --port=1"
    assert lines[-1] == "/"
    told = dict(line.split("=", 1) for line in lines[1:-1] if "=" in line)
    assert told["JUPYTERHUB_DISABLE_USER_CONFIG"] == "1"
    for name in ("JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR"):
        assert not told[name].startswith(str(home))
    assert told["JUPYTERLAB_SETTINGS_DIR"].startswith(str(home))
    assert not {"PYTHONPATH", "JUPYTER_CONFIG_PATH"} & set(told)
