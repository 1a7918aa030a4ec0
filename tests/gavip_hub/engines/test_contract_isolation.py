"""What a session can see and do, on every engine that really runs something."""

# ruff: noqa: ASYNC240 - short looks at files and processes may block

import os
import sys
from pathlib import Path

import pytest

from gavip_hub.domain.container import Mount
from gavip_hub.domain.errors import BackendFault, GavipError
from tests.gavip_hub.engines.conftest import REAL
from tests.support.engines import Dressed, ended

pytestmark = [
    pytest.mark.asyncio,
    pytest.mark.parametrize("dressed", REAL, indirect=True),
]


async def test_words_and_variables_arrive_exactly(dressed: Dressed) -> None:
    """Command and environment go through no shell and lose no character."""
    words = ("a b", "$HOME", "`id`", "q\"u'o", "line\nbreak", "é✓", "", "*", "\\")
    env = {"ODD": " x=y;$z\n'\"\t✓", "EMPTY": ""}
    script = 'printf "%s\\037" "$@" "$ODD" "$EMPTY"'
    status = await dressed.run(("sh", "-c", script, "sh", *words), env=env)
    text = (await dressed.engine.logs(status.name)).decode()
    assert text.split("\x1f")[:-1] == [*words, env["ODD"], ""]


async def test_the_process_has_no_rights(dressed: Dressed) -> None:
    """No capability, no new privileges, a filter of system calls, never root."""
    text = await dressed.output("cat /proc/self/status; id -u; id -g")
    facts = dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)
    assert {facts[f"Cap{kind}"] for kind in ("Eff", "Prm", "Bnd", "Amb")} == {"0" * 16}
    assert facts["NoNewPrivs"] == "1"
    assert facts["Seccomp"] == "2"
    assert text.split()[-2:] == ["1000", "1000"]


async def test_no_user_namespace_can_be_made_inside(dressed: Dressed) -> None:
    """A session cannot make itself root of a world of its own."""
    text = await dressed.output("unshare -U true; echo $?; unshare -Ur id; echo $?")
    assert "uid=0" not in text
    assert text.split()[-1] != "0"


async def test_the_root_is_read_only(dressed: Dressed) -> None:
    """Nothing can be written outside of home, temporary and run folders."""
    text = await dressed.output(
        "for d in / /usr /etc /dev /home /var /opt /bin; do"
        " touch $d/x 2>/dev/null && echo wrote $d; done;"
        " for d in $HOME /tmp /run /dev/shm; do touch $d/x && echo may $d; done"
    )
    assert "wrote" not in text
    assert text.count("may") == 4


async def test_only_what_belongs_inside_is_mounted(dressed: Dressed) -> None:
    """Each mount is one that the contract knows, and none is a folder of the host."""
    text = await dressed.output("cut -d' ' -f5 /proc/self/mountinfo")
    known = ("/proc", "/dev", "/sys", "/tmp", "/run", "/etc/", "/usr", "/home/jovyan")  # noqa: S108  inside
    lib = ("/lib", "/bin", "/sbin")
    for line in text.split():
        plain = line == "/" or line.startswith((*known, *lib))
        assert plain or line in _environment_of(dressed), line


async def test_no_file_of_the_host_is_visible(
    dressed: Dressed, open_folder: Path
) -> None:
    """Neither the platform's folders nor other users' are there, by any path."""
    secret = open_folder / "secret.txt"
    secret.write_text("canary of the host")
    other = dressed.spaces_root / "uother"
    other.mkdir(parents=True, exist_ok=True)
    owner = dressed.spaces_root.parent.stat().st_uid
    os.chown(dressed.spaces_root, owner, owner)
    (other / "theirs.txt").write_text("canary of another user")
    text = await dressed.output(
        f"cat {secret} {other}/theirs.txt /etc/shadow;"
        f" ls -a /root {dressed.spaces_root} /var/run/docker.sock /run;"
        " cat /proc/1/root/etc/shadow /proc/self/root/../../etc/shadow;"
        " ls /home /home/jovyan/.. ; grep -rs canary / --include='*.txt' 2>/dev/null"
    )
    assert "canary" not in text
    assert "docker.sock" not in text.replace(
        "ls: cannot access '/var/run/docker.sock': No such file or directory", ""
    )


async def test_no_process_of_the_host_is_visible(dressed: Dressed) -> None:
    """Only the session's own processes can be seen, and no other ended."""
    text = await dressed.output(
        "ls /proc | grep -c '^[0-9]'; kill -9 -1 2>/dev/null; echo alive"
    )
    assert int(text.split()[0]) <= 8


async def test_nothing_is_left_open(dressed: Dressed) -> None:
    """A command inherits its three standard streams and no other descriptor."""
    look = "opendir D, '/proc/self/fd'; print join ' ', grep /\\d/, readdir D"
    status = await dressed.run(("perl", "-e", look))
    text = (await dressed.engine.logs(status.name)).decode()
    assert sorted(text.split()) == ["0", "1", "2", "3"]  # the last is the look itself


async def test_signals_are_as_a_program_expects_them(dressed: Dressed) -> None:
    """No signal is ignored or blocked from outside, or interrupts would be lost.

    Numbers 32 and 33 are the C library's own; no program can give them back.
    """
    text = await dressed.output("grep -E 'Sig(Ign|Blk)' /proc/self/status")
    own = 1 << 31 | 1 << 32
    values = [int(line.split()[1], 16) & ~own for line in text.splitlines()]
    assert values == [0, 0]


async def test_the_user_space_persists_and_is_the_session_s(dressed: Dressed) -> None:
    """What one container writes at its home, the next of the same user finds."""
    first = dressed.spec(("sh", "-c", "echo mine > $HOME/kept; mkdir -p $HOME/a/b"))
    await dressed.engine.create(first)
    same = {"home_source": first.home_source, "owner": first.owner}
    text = await dressed.output("cat ~/kept; ls -d ~/a/b; stat -c %u:%a ~", **same)
    assert text.split() == ["mine", "/home/jovyan/a/b", "1000:700"]


async def test_a_read_only_mount_is_read_only(
    dressed: Dressed, open_folder: Path
) -> None:
    """Data of the platform can be read where it was asked for, and not changed."""
    data = open_folder / "data"
    data.mkdir(exist_ok=True)
    (data / "stars").write_text("482106")
    mounts = (Mount(str(data), "/opt/gavip/data"),)
    text = await dressed.output(
        "cat /opt/gavip/data/stars; touch /opt/gavip/data/x || echo refused",
        mounts=mounts,
    )
    assert "482106" in text
    assert "refused" in text
    assert sorted(one.name for one in data.iterdir()) == ["stars"]


async def test_without_network_nothing_is_reached(dressed: Dressed) -> None:
    """A container without network has the loopback interface at most."""
    text = await dressed.output("cat /proc/net/dev", network=False)
    names = {line.split(":")[0].strip() for line in text.splitlines() if ":" in line}
    assert names <= {"lo", "tunl0", "sit0", "ip6tnl0", "ip6_vti0", "ip_vti0", "gre0"}


async def test_a_link_in_place_of_a_user_space_is_refused(
    dressed: Dressed, open_folder: Path
) -> None:
    """A user-space that is a symbolic link is never followed."""
    spec = dressed.spec(("sh", "-c", "echo owned > $HOME/x"))
    victim = open_folder / "victim"
    victim.mkdir()
    victim.chmod(0o777)
    dressed.spaces_root.mkdir(exist_ok=True)
    Path(spec.home_source).symlink_to(victim)
    with pytest.raises(GavipError):
        await dressed.engine.create(spec)
    assert list(victim.iterdir()) == []
    assert victim.stat().st_uid == os.geteuid()


async def test_a_command_that_is_not_there_is_said_so(dressed: Dressed) -> None:
    """A command that cannot be executed fails at the start or at once, by name."""
    spec = dressed.spec(("no-such-command",))
    fault: BackendFault | None = None
    try:
        await dressed.engine.create(spec)
    except BackendFault as caught:
        fault = caught
    if fault is not None:
        assert "no-such-command" in fault.message
        assert not fault.transient
        assert await dressed.engine.list() == []
    else:
        assert (await ended(dressed.engine, spec.name)).exit_code == 127
        assert b"no-such-command" in await dressed.engine.logs(spec.name)


async def test_secrets_are_not_in_command_lines(dressed: Dressed) -> None:
    """No process of the host shows a session's variables in its command line."""
    secret = "s3cr3t-canary-of-the-session"
    spec = dressed.spec(("sleep", "600"), env={"TOKEN": secret})
    await dressed.engine.create(spec)
    lines = b""
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines += process.read_bytes()
        except OSError:
            continue
    assert b"sleep\x00600" in lines
    assert secret.encode() not in lines


def _environment_of(dressed: Dressed) -> set[str]:
    """Return the folders of the Python that a sandbox sees."""
    if dressed.kind == "docker":
        return set()
    return {sys.prefix, sys.base_prefix, str(Path(sys.base_prefix).resolve())}
