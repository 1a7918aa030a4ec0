import os
from pathlib import Path

import pytest
from bootstrap.errors import SetupError
from bootstrap.instance import hold, read_facts, write_facts
from bootstrap.layout import Layout


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """Return a state folder that is ready."""
    layout = Layout(tmp_path / "state")
    layout.prepare()
    return layout


def test_one_state_folder_has_one_run(layout: Layout) -> None:
    """A second run is told which process has it, where it answers, and what to do."""
    write_facts(layout.facts, {"address": "http://127.0.0.1:8000/"})
    with hold(layout), pytest.raises(SetupError) as refusal, hold(layout):
        pass

    assert f"process {os.getpid()}" in refusal.value.what
    assert "http://127.0.0.1:8000/" in refusal.value.what
    assert "GAVIP_PORT=" in refusal.value.mend


def test_a_run_that_ended_lets_go(layout: Layout) -> None:
    """The next run takes over, also after a kill: the kernel holds the lock."""
    with hold(layout):
        pass
    with hold(layout):
        pass


def test_facts_that_cannot_be_read_are_none(tmp_path: Path) -> None:
    """A missing or half-written file is as good as no last run."""
    path = tmp_path / "run.json"
    assert read_facts(path) == {}
    for text in ("{", "[]", "\xff"):
        path.write_text(text, encoding="latin-1")
        assert read_facts(path) == {}


def test_the_state_folder_is_its_owners(layout: Layout) -> None:
    """Nobody else enters the state folder."""
    assert layout.root.stat().st_mode & 0o077 == 0


def test_a_state_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    """A file where the folder should be is named, with the variable to change."""
    path = tmp_path / "state"
    path.touch()

    with pytest.raises(SetupError) as refusal:
        Layout(path).prepare()

    assert str(path) in refusal.value.what
    assert "GAVIP_STATE" in refusal.value.mend
