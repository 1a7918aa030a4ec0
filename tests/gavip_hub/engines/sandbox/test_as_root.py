"""Where root starts sandboxes, every user has a number, and root stays out."""

# ruff: noqa: ASYNC240 - short looks at files and processes may block

import asyncio
import ctypes
import os
from pathlib import Path

import pytest

from gavip_hub.domain.container import Mount
from gavip_hub.domain.errors import GavipError
from gavip_hub.engines.sandbox.engine import SandboxEngine
from gavip_hub.engines.sandbox.settings import SandboxSettings
from tests.support.engines import Dressed, until

pytestmark = [
    pytest.mark.asyncio,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root"),
]


@pytest.fixture
def dressed(open_folder: Path) -> Dressed:
    """Return an engine that runs as root."""
    settings = SandboxSettings(open_folder / "engine", open_folder / "spaces")
    engine = SandboxEngine(settings)
    return Dressed("sandbox", engine, lambda: engine, settings.spaces_root)


async def _owner_of_home(dressed: Dressed, owner: str, home: Path) -> int:
    changes = {"owner": owner, "home_source": str(home)}
    status = await dressed.run(("sh", "-c", "echo hello > ~/file"), **changes)
    assert status.exit_code == 0, await dressed.engine.logs(status.name)
    await dressed.engine.remove(status.name)
    return (home / "file").stat().st_uid


async def test_each_user_has_a_number_of_their_own(dressed: Dressed) -> None:
    """Files belong to the user's number: never root's, never another user's."""
    spaces = dressed.spaces_root
    alice = await _owner_of_home(dressed, "alice", spaces / "a")
    twin = await _owner_of_home(dressed, "Alice", spaces / "b")
    again = await _owner_of_home(dressed, "alice", spaces / "a")
    assert alice == again
    assert len({alice, twin, 0, 1000}) == 4
    assert (spaces / "a").stat().st_mode & 0o777 == 0o700


async def test_no_process_of_a_session_is_root_s(dressed: Dressed) -> None:
    """On the host, every process of the sandbox runs under the user's number."""
    spec = dressed.spec(("sleep", "54321"))
    await dressed.engine.create(spec)
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if b"54321" in (process / "cmdline").read_bytes():
                found.append((process / "status").read_text().split("Uid:")[1].split())
        except OSError:
            continue
    await dressed.engine.remove(spec.name)
    assert len(found) >= 2
    assert all(int(uids[0]) >= 200_000 for uids in found)


async def test_a_space_of_another_engine_changes_hands(dressed: Dressed) -> None:
    """What was written under Docker's number belongs to the sandbox's afterwards.

    Links are changed themselves and never followed, and another's file that is linked
    into the space stays the other's.
    """
    home = dressed.spaces_root / "mover"
    (home / "deep").mkdir(parents=True)
    victim = dressed.spaces_root.parent / "victim"
    victim.write_text("mine")
    (home / "deep" / "mine").write_text("x")
    (home / "link").symlink_to(victim)
    os.link(victim, home / "hard")
    for one in (home, home / "deep", home / "deep" / "mine", home / "link"):
        os.chown(one, 1000, 1000, follow_symlinks=False)
    number = await _owner_of_home(dressed, "mover", home)
    assert (home / "deep" / "mine").stat().st_uid == number
    assert (home / "link").lstat().st_uid == number
    assert victim.stat().st_uid == 0
    assert (home / "hard").stat().st_uid == 0


@pytest.mark.parametrize("where", ["spaces/a/../../victim", "victim", "spaces"])
async def test_a_home_outside_of_the_spaces_is_refused(
    dressed: Dressed, where: str
) -> None:
    """Only what lies beneath the root of all user-spaces is anybody's home."""
    home = f"{dressed.spaces_root.parent}/{where}"
    with pytest.raises(GavipError):
        await dressed.engine.create(dressed.spec(("true",), home_source=home))
    assert await dressed.engine.list() == []


async def test_a_link_on_the_way_to_a_mount_is_refused(dressed: Dressed) -> None:
    """A mount's source is never reached through a link, which a user may have made."""
    top = dressed.spaces_root.parent
    (top / "real").mkdir()
    (top / "via").symlink_to(top / "real")
    mounts = (Mount(str(top / "via"), "/opt/data"),)
    with pytest.raises(GavipError):
        await dressed.engine.create(dressed.spec(("true",), mounts=mounts))


async def test_mounts_that_the_host_makes_later_appear_inside(
    dressed: Dressed,
) -> None:
    """A share that is granted while the session runs appears in it, and goes again."""
    shares = dressed.spaces_root.parent / "shares"
    (shares / "gift").mkdir(parents=True)
    libc = ctypes.CDLL(None, use_errno=True)
    path = os.fsencode(shares)
    assert libc.mount(path, path, None, 0x1000, None) == 0
    assert libc.mount(None, path, None, 0x10_0000, None) == 0  # shared
    try:
        spec = dressed.spec(
            ("sh", "-c", "while :; do cat /mnt/shares/gift/* ; sleep 0.05; done"),
            mounts=(Mount(str(shares), "/mnt/shares", follow_host=True),),
        )
        await dressed.engine.create(spec)
        gift = os.fsencode(shares / "gift")
        assert libc.mount(b"tmpfs", gift, b"tmpfs", 0, b"size=64k") == 0
        (shares / "gift" / "f").write_text("a gift\n")

        async def seen() -> bool:
            return b"a gift" in await dressed.engine.logs(spec.name)

        await until(seen)
        await asyncio.to_thread(libc.umount2, gift, 0)

        async def taken() -> bool:
            tail = await dressed.engine.logs(spec.name, tail_bytes=100)
            return b"No such file" in tail

        await until(taken)
        await dressed.engine.remove(spec.name)
    finally:
        libc.umount2(path, 2)
