"""What a sandbox looks like from inside, as values."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gavip_hub.domain.errors import BackendFault
from gavip_hub.engines.contract import (
    HOME,
    SESSION_GID,
    SESSION_UID,
    SESSION_USER,
)
from gavip_hub.engines.sandbox.job import Job

__all__ = ["HOSTNAME", "Bind", "etc_files", "host_binds", "system_folders"]

HOSTNAME: Final = "gavip"
"""What the sandbox takes its host for."""

_SYSTEM: Final = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
_ETC: Final = (
    "alternatives",
    "ca-certificates",
    "fonts",
    "ld.so.cache",
    "ld.so.conf",
    "ld.so.conf.d",
    "localtime",
    "mime.types",
    "pki/ca-trust/extracted",
    "pki/tls/certs",
    "protocols",
    "services",
    "ssl/certs",
    "ssl/openssl.cnf",
)


@dataclass(frozen=True, slots=True)
class Bind:
    """A part of the host that is seen inside."""

    source: str
    target: str
    read_only: bool = True
    follow_host: bool = False


def system_folders(root: Path = Path("/")) -> tuple[list[Bind], dict[str, str]]:
    """Return the system's programs and libraries, and the links among them.

    Returns
    -------
    tuple
        What is bound, and the target of each link.
    """
    binds = [Bind(str(root / "usr"), "/usr")]
    links: dict[str, str] = {}
    for name in _SYSTEM:
        path = root / name
        if path.is_symlink():
            links[f"/{name}"] = str(path.readlink())
        elif path.is_dir():
            binds.append(Bind(str(path), f"/{name}"))
    for name in _ETC:
        path = root / "etc" / name
        if path.exists():
            binds.append(Bind(str(path.resolve()), f"/etc/{name}"))
    return binds, links


def host_binds(job: Job) -> list[Bind]:
    """Return the Python that runs inside, further folders, and the job's mounts.

    All keep their paths, since scripts of a virtual environment name it by its path.

    Raises
    ------
    BackendFault
        Raised if one of them holds the platform's records or the user-spaces, which
        every session could then read.
    """
    environment = Path(job.spec.image) if job.spec.image else job.settings.environment
    folders = [environment, *_bases_of(environment), *job.settings.read_only]
    chosen: list[Bind] = []
    for folder in dict.fromkeys(folders):
        if folder.is_relative_to("/usr"):
            continue
        _keep_apart(folder, job)
        chosen.append(Bind(str(folder.resolve()), str(folder)))
    chosen += [
        Bind(mount.source, mount.target, mount.read_only, mount.follow_host)
        for mount in job.spec.mounts
    ]
    return chosen


def etc_files(resolv_conf: str) -> dict[str, str]:
    """Return the text of the files in ``/etc`` that are ours, not the host's."""
    user = f"{SESSION_USER}:x:{SESSION_UID}:{SESSION_GID}::{HOME}:/bin/bash"
    nobody = "nobody:x:65534:65534:nobody:/:/usr/sbin/nologin"
    return {
        "/etc/passwd": f"{user}\n{nobody}\n",
        "/etc/group": f"{SESSION_USER}:x:{SESSION_GID}:\nnogroup:x:65534:\n",
        "/etc/hostname": f"{HOSTNAME}\n",
        "/etc/hosts": (
            f"127.0.0.1 localhost {HOSTNAME}\n::1 localhost ip6-localhost\n"
        ),
        "/etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
        "/etc/resolv.conf": resolv_conf,
    }


def _keep_apart(folder: Path, job: Job) -> None:
    for kept in (job.settings.state_dir, job.settings.spaces_root):
        if kept.resolve().is_relative_to(folder.resolve()):
            raise BackendFault(
                f"Sessions would see {kept}, since it lies in {folder}, which they "
                "run from. Move c.Gavip.state_dir and c.Gavip.spaces_dir elsewhere.",
                transient=False,
            )


def _bases_of(environment: Path) -> list[Path]:
    """Return where the Python below a virtual environment is installed, as named."""
    home = Path(sys.base_prefix) / "bin"
    try:
        text = (environment / "pyvenv.cfg").read_text()
    except OSError:
        text = ""
    for line in text.splitlines():
        key, _, value = line.partition("=")
        if key.strip() == "home":
            home = Path(value.strip())
    program = (home / "python3").resolve()
    return [_named(home), program.parent.parent]


def _named(home: Path) -> Path:
    """Return what has to be seen so that a folder of programs is where it is named.

    That is the whole installation. Where the folder only holds links to it, as
    ``~/.local/bin`` and ``/bin`` do, what lies beside it is no business of sessions.
    """
    if home.resolve().is_relative_to("/usr"):
        return home.resolve()
    installed = any(home.parent.glob("lib*/python3.*/os.py"))
    return home.parent if installed else home
