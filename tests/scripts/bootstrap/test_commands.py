import io
import sys
from pathlib import Path

import pytest
from bootstrap.commands import Commands
from bootstrap.errors import SetupError
from bootstrap.progress import Progress


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Return where the log is kept."""
    return tmp_path / "setup.log"


@pytest.fixture
def commands(log: Path) -> Commands:
    """Return what runs commands, without a screen."""
    return Commands(log, Progress(io.StringIO(), 1, live=False))


def test_everything_printed_is_in_the_log(commands: Commands, log: Path) -> None:
    """The log has the command and what it said, on either stream."""
    script = "import sys; print('to out'); print('to err', file=sys.stderr)"
    commands.run([sys.executable, "-c", script], doing="testing")

    text = log.read_text()
    assert "to out" in text
    assert "to err" in text
    assert "import sys" in text


def test_a_failure_shows_the_last_lines_the_log_and_a_mend(
    commands: Commands, log: Path
) -> None:
    """The person reads what failed, its last lines, and what most likely helps."""
    script = (
        "[print(f'line {n}') for n in range(99)]; raise SystemExit('ENOSPC: no space')"
    )
    with pytest.raises(SetupError) as failure:
        commands.run([sys.executable, "-c", script], doing="fetching stars")

    text = failure.value.text()
    assert "fetching stars failed" in text
    assert "ENOSPC: no space" in text
    assert "line 98" in text
    assert "line 5\n" not in text
    assert "disk is full" in text
    assert str(log) in text


def test_passwords_in_addresses_are_not_shown(commands: Commands) -> None:
    """An index's address with a password is shown without it."""
    script = "raise SystemExit('Looking in https://me:s3cret@index.example/simple')"
    with pytest.raises(SetupError) as failure:
        commands.run([sys.executable, "-c", script], doing="fetching")

    assert "s3cret" not in failure.value.text()
    assert "index.example/simple" in failure.value.text()


def test_a_program_that_is_not_there_fails_like_any_other(commands: Commands) -> None:
    """A missing program is an error with its name, not a traceback."""
    with pytest.raises(SetupError, match="building failed"):
        commands.run(["/nowhere/program"], doing="building")


def test_an_interruption_ends_the_command(commands: Commands, tmp_path: Path) -> None:
    """When the setup is interrupted, the command that runs is ended with it."""
    pid_file = tmp_path / "pid"
    script = f"import os,time; open({str(pid_file)!r},'w').write(str(os.getpid()));"
    script += "print('ready', flush=True); time.sleep(600)"

    class _Interrupting(Progress):
        def tick(self, last_line: str) -> None:
            if last_line == "ready":
                raise KeyboardInterrupt

    commands = Commands(tmp_path / "log", _Interrupting(io.StringIO(), 1, live=False))
    with pytest.raises(KeyboardInterrupt):
        commands.run([sys.executable, "-c", script], doing="sleeping")

    assert not Path("/proc", pid_file.read_text()).exists()
