"""A disk that a test can fill up and make room on."""

import contextlib
import os
import resource
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support.requirement import missing

__all__ = ["SmallDisk", "limited_files", "small_file_system"]

_MIB = 1024**2


@dataclass(frozen=True, slots=True)
class SmallDisk:
    """A folder on it, and how to fill and relieve it."""

    folder: Path
    fill: Callable[[], None]
    relieve: Callable[[], None]


@contextlib.contextmanager
def small_file_system(folder: Path) -> Iterator[SmallDisk]:
    """Mount a file system of 4 MiB on a folder; needs root."""
    mounting = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", folder]
    done = subprocess.run(mounting, check=False, capture_output=True, text=True)
    if done.returncode:
        missing("a small file system", f"{done.stderr.strip()}; run as root")
    ballast = folder / "ballast"

    def fill() -> None:
        with ballast.open("ab", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(4096))

    try:
        yield SmallDisk(folder, fill, ballast.unlink)
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


@contextlib.contextmanager
def limited_files(folder: Path) -> Iterator[SmallDisk]:
    """Let no file of this process grow while the disk counts as full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill() -> None:
        largest = max(path.stat().st_size for path in folder.iterdir())
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest, hard))
        with (folder / "ballast").open("wb", buffering=0) as file:
            os.lseek(file.fileno(), largest, os.SEEK_SET)
            with contextlib.suppress(OSError):
                file.write(b"more")

    def relieve() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    try:
        yield SmallDisk(folder, fill, relieve)
    finally:
        relieve()
