"""Bubblewrap's words for what a sandbox looks like."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gavip_hub.domain.resources import Resources
from gavip_hub.engines.contract import (
    HOME,
    SESSION_GID,
    SESSION_UID,
    shm_bytes,
    tmpfs_of,
)
from gavip_hub.engines.sandbox.interior import HOSTNAME

__all__ = ["Layout", "Source", "bubblewrap_arguments"]


@dataclass(frozen=True, slots=True)
class Source:
    """Something of the host, reached by a path or by an open descriptor."""

    target: str
    path: str = ""
    fd: int = -1
    read_only: bool = True

    def words(self) -> list[str]:
        """Return the option that binds it."""
        kind = "--ro-bind" if self.read_only else "--bind"
        if self.fd >= 0:
            return [f"{kind}-fd", str(self.fd), self.target]
        return [kind, self.path, self.target]


@dataclass(frozen=True, slots=True)
class Layout:
    """A sandbox's inside, with the descriptors that bubblewrap reads."""

    system: list[Source]
    links: Mapping[str, str]
    files: Mapping[str, int]
    """Descriptor of each file's text."""
    sources: list[Source]
    """What else is bound, the home among them."""
    env: Mapping[str, str]
    limits: Resources
    network: bool
    status_fd: int
    """Where bubblewrap writes what becomes of the command."""
    block_fd: int
    """What bubblewrap waits for before it executes the command."""
    seccomp_fd: int | None = None
    nested_users: bool = field(default=False)
    """Whether user namespaces may be made inside."""


def bubblewrap_arguments(layout: Layout) -> list[str]:
    """Return the options, in the order in which bubblewrap does them."""
    words = [
        *("--unshare-user", "--uid", str(SESSION_UID), "--gid", str(SESSION_GID)),
        *("--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"),
        *("--cap-drop", "ALL", "--new-session", "--die-with-parent"),
        *("--hostname", HOSTNAME, "--proc", "/proc", "--dev", "/dev"),
    ]
    if not layout.nested_users:
        words.append("--disable-userns")
    if not layout.network:
        words.append("--unshare-net")
    words += _memory_folders(layout.limits)
    for source in layout.system:
        words += source.words()
    for name, target in layout.links.items():
        words += ["--symlink", target, name]
    for name, fd in layout.files.items():
        words += ["--perms", "0644", "--ro-bind-data", str(fd), name]
    words += ["--perms", "0755", "--dir", "/home"]
    for source in layout.sources:
        words += source.words()
    words += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", HOME]
    words.append("--clearenv")
    for name, value in layout.env.items():
        words += ["--setenv", name, value]
    if layout.seccomp_fd is not None:
        words += ["--seccomp", str(layout.seccomp_fd)]
    status, block = str(layout.status_fd), str(layout.block_fd)
    return [*words, "--json-status-fd", status, "--block-fd", block]


def _memory_folders(limits: Resources) -> list[str]:
    words: list[str] = []
    folders = [(one.path, one.size_bytes, one.mode) for one in tmpfs_of(limits)]
    for path, size, mode in [*folders, ("/dev/shm", shm_bytes(limits), 0o1777)]:  # noqa: S108  inside, its own
        words += ["--perms", f"{mode:o}", "--size", str(size), "--tmpfs", path]
    return words
