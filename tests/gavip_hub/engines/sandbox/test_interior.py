"""What of the host a sandbox is shown, decided before anything is bound."""

from pathlib import Path

import pytest

from gavip_hub.domain.container import ContainerSpec
from gavip_hub.domain.errors import BackendFault
from gavip_hub.domain.resources import Resources
from gavip_hub.engines.sandbox.interior import host_binds
from gavip_hub.engines.sandbox.job import Job
from gavip_hub.engines.sandbox.settings import SandboxSettings


def job_of(
    environment: Path, state: Path = Path("/srv/state"), spaces: Path | None = None
) -> Job:
    """Return a job that runs in an environment."""
    settings = SandboxSettings(state, spaces or state / "spaces", environment)
    spec = ContainerSpec(
        name="n", launch_id="l", attempt=1, owner="o", kind="k", argv=("a",), env={},
        limits=Resources(1, 2, 0), pids=1, image="", home_source="/srv/state/spaces/o",
    )  # fmt: skip
    return Job(spec, settings)


def environment_of(folder: Path, home: str) -> Path:
    """Make a virtual environment's folder that names the home of its Python."""
    environment = folder / "venv"
    environment.mkdir()
    (environment / "pyvenv.cfg").write_text(f"home = {home}\n")
    return environment


def test_links_to_a_python_show_no_more_than_the_links(tmp_path: Path) -> None:
    """A Python in ~/.local/bin that is a link does not show what is in ~/.local."""
    real = tmp_path / "pythons" / "3.12"
    (real / "bin").mkdir(parents=True)
    (real / "bin" / "python3").touch()
    links = tmp_path / "me" / ".local" / "bin"
    links.mkdir(parents=True)
    (links / "python3").symlink_to(real / "bin" / "python3")
    environment = environment_of(tmp_path, str(links))
    shown = {one.source for one in host_binds(job_of(environment))}
    assert shown == {str(environment), str(links), str(real)}


def test_a_whole_installation_is_shown(tmp_path: Path) -> None:
    """A Python needs its library, which lies beside its programs."""
    real = tmp_path / "3.12"
    (real / "bin").mkdir(parents=True)
    (real / "bin" / "python3").touch()
    library = real / "lib" / "python3.12"
    library.mkdir(parents=True)
    (library / "os.py").touch()
    environment = environment_of(tmp_path, str(real / "bin"))
    shown = {one.source for one in host_binds(job_of(environment))}
    assert shown == {str(environment), str(real)}


def test_a_python_called_bin_does_not_show_the_machine(tmp_path: Path) -> None:
    """An environment made by /bin/python3 shows nothing beyond the system's programs.

    Its configuration names /bin, whose parent is everything there is.
    """
    if not Path("/bin").is_symlink():
        pytest.skip("Here /bin is a folder of its own.")
    environment = environment_of(tmp_path, "/bin")
    assert [one.source for one in host_binds(job_of(environment))] == [str(environment)]


@pytest.mark.parametrize("inside", ["state", "spaces"])
def test_records_in_the_environment_are_refused(tmp_path: Path, inside: str) -> None:
    """An environment that holds tokens or user-spaces is not shown to anybody."""
    environment = environment_of(tmp_path, "/usr/bin")
    places = {"state": Path("/srv/state"), "spaces": Path("/srv/spaces")}
    places[inside] = environment / inside
    with pytest.raises(BackendFault, match=r"c\.Gavip\.state_dir"):
        host_binds(job_of(environment, **places))
