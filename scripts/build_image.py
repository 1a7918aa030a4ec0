"""Build the Docker image of the sessions.

    python scripts/build_image.py [--tag gavip/session:VERSION] [--wheel FILE]

It needs Python and a Docker engine (DOCKER_HOST, else the usual socket), and no
Docker client. The image's base is BASE_IMAGE. Behind a company's own package index
or certificate authority:

    PIP_INDEX_URL, PIP_EXTRA_INDEX_URL   are used while building, and not kept
    --site-ca FILE                       is trusted while building; without it, the
                                         file that PIP_CERT or SSL_CERT_FILE names
    --keep-site-ca                       sessions trust it too
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode, urlsplit

__all__ = ["BuildImageError", "build", "main", "make_context"]

_ROOT = Path(__file__).resolve().parent.parent
_IMAGE = _ROOT / "avi_image"
_PASSED_ON = (
    *("BASE_IMAGE", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL"),
    *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"),
)
_TIMEOUT_S = 3600.0


class BuildImageError(Exception):
    """The image cannot be built; the message says why and what helps."""


def make_context(folder: Path, wheel: Path, site_ca: Path | None) -> None:
    """Lay out in a folder what the Dockerfile copies.

    Parameters
    ----------
    folder
        Where to; an empty folder.
    wheel
        The wheel of gavip.
    site_ca
        A certificate authority of the site, if it has one.
    """
    shutil.copy(_IMAGE / "Dockerfile", folder)
    shutil.copy(_IMAGE / "requirements.txt", folder)
    shutil.copy(_ROOT / "scripts" / "make_stars.py", folder)
    shutil.copytree(_IMAGE / "welcome", folder / "welcome")
    shutil.copy(wheel, folder)
    authority = folder / "site-ca.crt"
    authority.write_bytes(site_ca.read_bytes() if site_ca else b"")
    for path in folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)


def build(context: Path, tag: str, arguments: dict[str, str]) -> None:
    """Have the Docker engine build an image, and print how it goes.

    Parameters
    ----------
    context
        The folder that `make_context` filled.
    tag
        The image's name and tag.
    arguments
        The build arguments.

    Raises
    ------
    BuildImageError
        Raised if no engine answers or a step of the build fails.
    """
    query = {"t": tag, "buildargs": json.dumps(arguments), "forcerm": "1"}
    with tempfile.TemporaryFile() as packed:
        with tarfile.open(fileobj=packed, mode="w") as archive:
            archive.add(context, arcname=".")
        size = packed.tell()
        packed.seek(0)
        connection = _engine()
        try:
            connection.request(
                "POST",
                f"/build?{urlencode(query)}",
                body=packed,
                headers={
                    "Content-Type": "application/x-tar",
                    "Content-Length": str(size),
                },
            )
            _follow(connection.getresponse())
        except (OSError, http.client.HTTPException) as error:
            raise BuildImageError(f"the Docker engine broke off: {error}") from error
        finally:
            connection.close()


def _follow(response: http.client.HTTPResponse) -> None:
    """Print the engine's progress until the build has ended."""
    if response.status != http.client.OK:
        said = response.read(2000).decode("utf-8", "replace").strip()
        raise BuildImageError(f"the Docker engine refuses to build: {said}")
    for line in response:
        try:
            told = json.loads(line)
        except ValueError:
            continue
        if "error" in told:
            raise BuildImageError(str(told["error"]).strip())
        if "stream" in told:
            print(told["stream"], end="", flush=True)
        elif "status" in told and "progress" not in told:
            print(told["status"], flush=True)


def _engine() -> http.client.HTTPConnection:
    """Return a connection to the Docker engine that the environment names."""
    host = os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock"
    parts = urlsplit(host)
    try:
        if parts.scheme == "unix":
            connection = http.client.HTTPConnection("localhost", timeout=_TIMEOUT_S)
            connection.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            connection.sock.settimeout(_TIMEOUT_S)
            connection.sock.connect(parts.path)
            return connection
        name = parts.hostname or ""
        if os.environ.get("DOCKER_TLS_VERIFY"):
            keys = Path(os.environ.get("DOCKER_CERT_PATH") or Path.home() / ".docker")
            trust = ssl.create_default_context(cafile=str(keys / "ca.pem"))
            trust.load_cert_chain(keys / "cert.pem", keys / "key.pem")
            return http.client.HTTPSConnection(
                name, parts.port or 2376, timeout=_TIMEOUT_S, context=trust
            )
        return http.client.HTTPConnection(name, parts.port or 2375, timeout=_TIMEOUT_S)
    except OSError as error:
        raise BuildImageError(
            f"no Docker engine answers at {host} ({error.strerror or error}); start "
            "one, or name it with DOCKER_HOST"
        ) from error


def _own_wheel(folder: Path) -> Path:
    """Build the wheel of gavip from the checkout."""
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--quiet"]
    print("building the wheel of gavip", flush=True)
    done = subprocess.run([*command, "--wheel-dir", folder, _ROOT], check=False)
    wheels = sorted(folder.glob("gavip-*.whl"))
    if done.returncode or not wheels:
        raise BuildImageError("the wheel of gavip cannot be built; see above")
    return wheels[0]


def _version() -> str:
    package = _ROOT / "labextension" / "package.json"
    return str(json.loads(package.read_text())["version"])


def _site_ca(named: Path | None) -> Path | None:
    if named is not None:
        if not named.is_file():
            raise BuildImageError(f"--site-ca: there is no file {named}")
        return named
    for variable in ("PIP_CERT", "SSL_CERT_FILE"):
        path = Path(os.environ.get(variable) or "")
        if path.is_file():
            return path
    return None


def _arguments(*, keep_site_ca: bool) -> Iterator[tuple[str, str]]:
    for name in _PASSED_ON:
        if os.environ.get(name):
            yield name, os.environ[name]
    if keep_site_ca:
        yield "KEEP_SITE_CA", "1"


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="Build the image of the sessions.")
    parser.add_argument("--tag", default="", help="name:tag, gavip/session:VERSION")
    parser.add_argument("--wheel", type=Path, help="gavip's wheel, if it is built")
    parser.add_argument("--site-ca", type=Path, help="the site's authority, PEM")
    parser.add_argument("--keep-site-ca", action="store_true", help="for sessions too")
    chosen = parser.parse_args()
    try:
        site_ca = _site_ca(chosen.site_ca)
        tag = chosen.tag or f"gavip/session:{_version()}"
        with tempfile.TemporaryDirectory() as scratch:
            wheel = chosen.wheel or _own_wheel(Path(scratch))
            context = Path(scratch, "context")
            context.mkdir()
            make_context(context, wheel, site_ca)
            arguments = dict(_arguments(keep_site_ca=chosen.keep_site_ca))
            build(context, tag, arguments)
    except BuildImageError as error:
        sys.exit(f"build_image.py: {error}")
    print(f"built {tag}")


if __name__ == "__main__":
    main()
