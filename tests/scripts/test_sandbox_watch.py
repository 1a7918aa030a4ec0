"""The torture's own eyes: they have to see what they are there for."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from scripts.torture.sandbox_watch import Watch


class Scene:
    """A folder of records as the keepers write them, of processes that do live."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.processes: list[subprocess.Popen[bytes]] = []

    def add(self, name: str, cpu_milli: int = 500) -> subprocess.Popen[bytes]:
        """Run a process and record it as a sandbox's."""
        process = subprocess.Popen(["sleep", "60"])
        self.processes.append(process)
        launch_id = name.split("-")[1]
        limits = {"cpu_milli": cpu_milli, "memory_bytes": 10**8}
        stat = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
        place = self.folder / name
        place.mkdir(exist_ok=True)
        spec = {"launch_id": launch_id, "limits": limits}
        (place / "job.json").write_text(json.dumps({"spec": spec}))
        started = {"init_pid": process.pid, "init_start": int(stat[19])}
        (place / "started.json").write_text(json.dumps(started))
        return process

    def end(self, process: subprocess.Popen[bytes]) -> None:
        """End a process; its record stays."""
        psutil.Process(process.pid).kill()
        process.wait()


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """Give an empty scene and end what runs in it."""
    scene = Scene(tmp_path)
    yield scene
    for process in scene.processes:
        if process.poll() is None:
            scene.end(process)


def faults(watch: Watch) -> list[str]:
    """Return the kinds of faults that one look finds."""
    return [line["what"] for line in watch.look() if line["what"] != "seen"]


def test_one_sandbox_after_another_is_fine(scene: Scene) -> None:
    """A second attempt that begins when the first is gone is no fault."""
    watch = Watch(scene.folder, 1000, 10**9)
    first = scene.add("gavip-aa-1")
    assert faults(watch) == []
    scene.end(first)
    scene.add("gavip-aa-2")
    assert faults(watch) == []
    assert watch.alive == 1


def test_two_attempts_at_the_same_time_are_seen_once(scene: Scene) -> None:
    """Two live sandboxes of one launch are a double start, told once."""
    watch = Watch(scene.folder, 4000, 10**9)
    scene.add("gavip-aa-1")
    scene.add("gavip-aa-2")
    assert faults(watch) == ["double"]
    assert faults(watch) == []


def test_a_sandbox_is_followed_when_its_record_is_gone(scene: Scene) -> None:
    """Taking the record away hides nothing that still runs."""
    watch = Watch(scene.folder, 4000, 10**9)
    scene.add("gavip-aa-1")
    assert faults(watch) == []
    for file in (scene.folder / "gavip-aa-1").iterdir():
        file.unlink()
    scene.add("gavip-aa-2")
    assert faults(watch) == ["double"]


def test_the_same_attempt_started_again_is_seen(scene: Scene) -> None:
    """One name stands for one process only, also when the first has ended."""
    watch = Watch(scene.folder, 4000, 10**9)
    first = scene.add("gavip-aa-1")
    assert faults(watch) == []
    scene.end(first)
    scene.add("gavip-aa-1")
    assert faults(watch) == ["double"]


def test_more_than_there_is_is_seen(scene: Scene) -> None:
    """The limits of what lives may not add up to more than the capacity."""
    watch = Watch(scene.folder, 900, 10**9)
    scene.add("gavip-aa-1")
    assert faults(watch) == []
    scene.add("gavip-bb-1")
    assert faults(watch) == ["over"]
