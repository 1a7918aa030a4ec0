"""Nothing that a user plants leads out of the folder that is held open."""

import ctypes
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from gavip_hub.beneath import make_folder_beneath, open_beneath, open_without_links
from gavip_hub.domain.errors import InvalidField

READ = os.O_RDONLY


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a user-space with a canary outside of it."""
    (tmp_path / "canary").write_text("outside")
    space = tmp_path / "space"
    (space / "sub").mkdir(parents=True)
    (space / "sub" / "file").write_text("inside")
    (space / "link").symlink_to("sub")
    (space / "out").symlink_to(tmp_path / "canary")
    (space / "up").symlink_to("..")
    (space / "magic").symlink_to("/proc/self/root")
    (space / "dangling").symlink_to("nowhere")
    return space


@pytest.fixture
def root_fd(root: Path) -> Iterator[int]:
    """Hold the user-space open."""
    fd = os.open(root, READ | os.O_DIRECTORY)
    yield fd
    os.close(fd)


def test_what_lies_beneath_is_opened(root_fd: int) -> None:
    """A plain path beneath the folder opens."""
    fd = open_beneath(root_fd, "sub/file", READ)
    assert os.read(fd, 10) == b"inside"
    os.close(fd)


@pytest.mark.parametrize(
    "path",
    ["../canary", "sub/../../canary", "/etc/passwd", "link/file", "out", "up/canary",
     "magic/etc/passwd", "dangling", "/proc/self/root", "sub/../../space/sub/file"],
)  # fmt: skip
def test_no_way_leads_out(root_fd: int, path: str) -> None:
    """Dots, absolute paths and links of every kind are refused."""
    with pytest.raises(OSError, match=r"."):
        open_beneath(root_fd, path, READ)


def test_folders_are_made_and_links_refused(root: Path, root_fd: int) -> None:
    """Missing folders are made on the way; a link on the way is not followed."""
    os.close(make_folder_beneath(root_fd, "a/b/c"))
    os.close(make_folder_beneath(root_fd, "a/b/c"))
    assert (root / "a/b/c").is_dir()
    for planted in ("up/x", "link/x", "dangling", "out"):
        with pytest.raises(OSError, match=r"."):
            make_folder_beneath(root_fd, planted)
    assert not (root.parent / "x").exists()


def test_an_absolute_path_with_a_link_is_refused(root: Path) -> None:
    """The operator is told to name the real path."""
    os.close(open_without_links(str(root / "sub"), os.O_PATH))
    with pytest.raises(InvalidField, match="symbolic link"):
        open_without_links(str(root / "link"), os.O_PATH)


def test_a_race_of_folder_and_link_never_leads_out(root: Path, root_fd: int) -> None:
    """While a folder and a link change places all the time, nothing escapes."""
    (root / "evil").symlink_to(root.parent)
    (root / "swap").mkdir()
    (root / "swap" / "canary").write_text("inside")
    libc = ctypes.CDLL(None)
    one, other = os.fsencode(root / "evil"), os.fsencode(root / "swap")
    done = threading.Event()

    def exchange() -> None:
        while not done.is_set():
            libc.renameat2(-100, one, -100, other, 2)

    thread = threading.Thread(target=exchange)
    thread.start()
    try:
        for _ in range(20_000):
            try:
                fd = open_beneath(root_fd, "swap/canary", READ)
            except OSError:
                continue
            assert os.read(fd, 10) == b"inside"
            os.close(fd)
    finally:
        done.set()
        thread.join()
