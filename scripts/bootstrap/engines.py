"""Which engine can hold the sessions here: a Docker engine, else the sandbox."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from .errors import SetupError
from .settings import EngineName

__all__ = [
    "DockerAnswer",
    "Engine",
    "choose",
    "has_image",
    "probe_docker",
    "probe_sandbox",
]

_DEFAULT_SOCKET = "unix:///var/run/docker.sock"
_TIMEOUT_S = 5.0
_TLS_PORT, _PLAIN_PORT = 2376, 2375
_OK = 200
_SWITCHES = (
    ("kernel/unprivileged_userns_clone", "0", "1"),
    ("kernel/apparmor_restrict_unprivileged_userns", "1", "0"),
    ("user/max_user_namespaces", "0", "15000"),
)


@dataclass(frozen=True)
class DockerAnswer:
    """What was found at one Docker address."""

    host: str
    """The address, as DOCKER_HOST has it."""

    version: str | None
    """The engine's version; None if it did not answer."""

    why: str = ""
    """Why it did not answer."""


@dataclass(frozen=True)
class Engine:
    """The engine of this run."""

    name: EngineName
    """Which one."""

    why: str
    """Why this one, for the screen."""

    docker_host: str | None = None
    """The address of the Docker engine."""


def _socket_connection(path: str) -> http.client.HTTPConnection:
    connection = http.client.HTTPConnection("localhost", timeout=_TIMEOUT_S)
    connection.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.sock.settimeout(_TIMEOUT_S)
    try:
        connection.sock.connect(path)
    except OSError:
        connection.close()
        raise
    return connection


def _connection(host: str, environ: Mapping[str, str]) -> http.client.HTTPConnection:
    parts = urlsplit(host)
    if parts.scheme == "unix":
        return _socket_connection(parts.path)
    if parts.scheme not in {"tcp", "http", "https"} or not parts.hostname:
        raise OSError("only unix:// and tcp:// addresses are understood")
    if environ.get("DOCKER_TLS_VERIFY") or parts.scheme == "https":
        folder = Path(environ.get("DOCKER_CERT_PATH") or Path.home() / ".docker")
        context = ssl.create_default_context(cafile=str(folder / "ca.pem"))
        context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
        port = parts.port or _TLS_PORT
        return http.client.HTTPSConnection(
            parts.hostname, port, timeout=_TIMEOUT_S, context=context
        )
    port = parts.port or _PLAIN_PORT
    return http.client.HTTPConnection(parts.hostname, port, timeout=_TIMEOUT_S)


def _get(host: str, path: str, environ: Mapping[str, str]) -> tuple[int, bytes]:
    connection = _connection(host, environ)
    try:
        connection.request("GET", path)
        reply = connection.getresponse()
        return reply.status, reply.read()
    finally:
        connection.close()


def _ask(host: str, environ: Mapping[str, str]) -> DockerAnswer:
    try:
        status, body = _get(host, "/version", environ)
        facts = json.loads(body) if status == _OK else {}
    except PermissionError:
        return DockerAnswer(host, None, "your user may not use its socket")
    except (OSError, ValueError, http.client.HTTPException) as error:
        why = getattr(error, "strerror", None) or str(error) or type(error).__name__
        return DockerAnswer(host, None, why)
    if not isinstance(facts, dict) or not facts.get("Version"):
        return DockerAnswer(
            host, None, f"status {status}, not a Docker engine's answer"
        )
    if facts.get("Os", "linux") != "linux":
        return DockerAnswer(host, None, f"it runs {facts['Os']} containers")
    return DockerAnswer(host, str(facts["Version"]))


def has_image(host: str, tag: str, environ: Mapping[str, str]) -> bool:
    """Return whether a Docker engine has an image.

    Parameters
    ----------
    host
        The engine's address.
    tag
        The image's name and tag.
    environ
        Where DOCKER_TLS_VERIFY and DOCKER_CERT_PATH are read.
    """
    try:
        return _get(host, f"/images/{tag}/json", environ)[0] == _OK
    except (OSError, http.client.HTTPException):
        return False


def probe_docker(environ: Mapping[str, str]) -> DockerAnswer:
    """Return the first Docker engine that answers, else why the first one does not.

    Parameters
    ----------
    environ
        DOCKER_HOST names the only address to ask; without it the usual sockets are
        asked, the system's and then the user's own.
    """
    named = environ.get("DOCKER_HOST")
    hosts = [named] if named else [_DEFAULT_SOCKET]
    if not named and environ.get("XDG_RUNTIME_DIR"):
        hosts.append(f"unix://{environ['XDG_RUNTIME_DIR']}/docker.sock")
    answers = [_ask(host, environ) for host in hosts]
    return next((answer for answer in answers if answer.version), answers[0])


def probe_sandbox(bwrap: Path, proc_sys: Path = Path("/proc/sys")) -> str | None:
    """Return why sandboxes cannot be made here, with the mend; None if they can.

    Parameters
    ----------
    bwrap
        The bubblewrap program.
    proc_sys
        Where the kernel shows its switches.
    """
    argv = [
        *(str(bwrap), "--unshare-user", "--unshare-pid", "--unshare-ipc"),
        *("--unshare-uts", "--die-with-parent", "--ro-bind", "/", "/"),
        *("--proc", "/proc", "--dev", "/dev", "true"),
    ]
    try:
        done = subprocess.run(
            argv, capture_output=True, text=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"bubblewrap cannot be run: {error}"
    if done.returncode == 0:
        return None
    said = (done.stderr.strip().splitlines() or [f"status {done.returncode}"])[-1]
    return f"{said}; {_switch_mend(proc_sys)}"


def _switch_mend(proc_sys: Path) -> str:
    """Return which kernel switch forbids user namespaces, and how to set it."""
    for name, bad, good in _SWITCHES:
        try:
            value = (proc_sys / name).read_text().strip()
        except OSError:
            continue
        if value == bad:
            switch = name.replace("/", ".")
            return (
                f"the kernel forbids user namespaces: `sudo sysctl -w {switch}={good}` "
                f"allows them until the next boot, a file in /etc/sysctl.d for good"
            )
    if Path("/.dockerenv").exists() or Path("/run/.containerenv").exists():
        return (
            "inside a container they need a seccomp profile that allows them "
            "(docker run --security-opt seccomp=unconfined)"
        )
    return "ask the machine's administrator to allow unprivileged user namespaces"


def choose(
    wanted: EngineName | None, docker: DockerAnswer, sandbox_fault: str | None
) -> Engine:
    """Return the engine to use.

    Parameters
    ----------
    wanted
        The engine asked for; None for whichever works, Docker first.
    docker
        What the Docker probe found.
    sandbox_fault
        What the sandbox probe found; None if sandboxes can be made.

    Raises
    ------
    SetupError
        Raised if the wanted engine, or any, does not work.
    """
    absent = f"no Docker engine answers at {docker.host} ({docker.why})"
    if docker.version and wanted != "sandbox":
        why = f"Docker {docker.version} at {docker.host}"
        return Engine("docker", why, docker.host)
    if wanted == "docker":
        raise SetupError(
            f"GAVIP_ENGINE=docker, but {absent}",
            _docker_mend(docker) + "; or leave GAVIP_ENGINE out to use the sandbox",
        )
    if sandbox_fault is None:
        why = "as asked by GAVIP_ENGINE" if wanted else absent
        return Engine("sandbox", f"sandbox, {why}")
    if wanted == "sandbox":
        raise SetupError("GAVIP_ENGINE=sandbox does not work here", sandbox_fault)
    raise SetupError(
        f"sessions cannot be isolated here: {absent}, and the sandbox does not work",
        f"sandbox: {sandbox_fault}. Or Docker: {_docker_mend(docker)}",
    )


def _docker_mend(docker: DockerAnswer) -> str:
    if "may not use" in docker.why:
        return "add yourself to its group (`sudo usermod -aG docker $USER`, new login)"
    return (
        "install and start a Docker engine (https://docs.docker.com/engine/install/), "
        "or set DOCKER_HOST to its address"
    )
