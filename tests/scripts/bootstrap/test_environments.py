import importlib.util
import io
import subprocess
from pathlib import Path

import pytest
from bootstrap.commands import Commands
from bootstrap.environments import Environments, missing_parts, site_packages
from bootstrap.errors import SetupError
from bootstrap.progress import Progress


@pytest.fixture
def environments(tmp_path: Path) -> Environments:
    """Return what makes environments, without a screen."""
    commands = Commands(tmp_path / "log", Progress(io.StringIO(), 1, live=False))
    return Environments(commands)


def _without(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name, package=None: None if name in names else real(name, package),
    )


def test_a_new_environment_takes_the_place_of_the_old(
    environments: Environments, tmp_path: Path
) -> None:
    """Old packages are gone; what else lies in the folder stays."""
    folder = tmp_path / "environment"
    environments.make(folder)
    old = site_packages(folder) / "old.py"
    old.touch()
    (folder / "notes").touch()

    environments.make(folder)

    assert not old.exists()
    assert (folder / "notes").exists()
    pip = [folder / "bin" / "python", "-m", "pip", "--version"]
    assert subprocess.run(pip, check=False, capture_output=True).returncode == 0


def test_a_python_without_pip_and_ensurepip_names_the_package(
    monkeypatch: pytest.MonkeyPatch, environments: Environments, tmp_path: Path
) -> None:
    """As Debian ships Python: what to install is said before anything is tried."""
    _without(monkeypatch, "ensurepip", "pip")
    monkeypatch.setattr(
        "shutil.which", lambda name: "/usr/bin/apt-get" if name == "apt-get" else None
    )

    with pytest.raises(SetupError) as refusal:
        environments.make(tmp_path / "environment")

    assert "neither ensurepip nor pip" in refusal.value.what
    assert "sudo apt install python3." in refusal.value.mend
    assert "-venv" in refusal.value.mend


def test_a_pip_of_the_system_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without ensurepip, the machine's own pip can fill an environment."""
    _without(monkeypatch, "ensurepip")

    assert missing_parts() is None
