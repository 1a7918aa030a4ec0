"""Write avi_image/requirements.txt: every package of a session, pinned and hashed.

Run it with Python 3.11 or newer and `uv` on the path or beside the interpreter
(``pip install uv``). The list is resolved once for every Python from 3.11 on and
for every system, so that an image, a sandbox on another Python, x86_64 and aarch64
all hold the same versions. The package index is the one that the machine is set up
for; its address does not get into the list.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from pathlib import Path

__all__ = ["main"]

_ROOT = Path(__file__).resolve().parent.parent
_PROJECT = "pyproject.toml"
_LISTS: dict[str, tuple[str, Sequence[str]]] = {
    "session": ("avi_image/requirements.txt", ["avi_image/requirements.in"]),
    "hub": ("requirements/hub.txt", ["--extra", "hub", _PROJECT]),
    "build": ("requirements/build.txt", ["-"]),
    "dev": (
        "requirements/dev.txt",
        [
            *("--extra", "hub", "--extra", "lab", "--extra", "postgresql"),
            *("--group", "develop", "--group", "lint", "--group", "test"),
            *(_PROJECT, "-"),
        ],
    ),
}
_HEADER = """\
# Pinned packages. Made by `python scripts/lock.py {name}` from
# {source}; edit that and run it again.
#
# Hashes: a hash of every file that the package index offered for a version is here
# (each Python, x86_64 and aarch64), so a swapped file is refused and still each
# platform finds its own. A site whose index serves rebuilt wheels makes its own list.
"""


def main() -> None:
    """Resolve the lists named on the command line, or all."""
    names = sys.argv[1:] or list(_LISTS)
    unknown = sorted(set(names) - set(_LISTS))
    if unknown:
        sys.exit(f"lock.py: no list {unknown[0]}; there are: {', '.join(_LISTS)}")
    beside = Path(sys.executable).with_name("uv")
    uv = str(beside) if beside.exists() else shutil.which("uv")
    if uv is None:
        sys.exit("lock.py: uv is not installed; python -m pip install uv")
    for name in names:
        print(f"{_LISTS[name][0]}: {_lock(uv, name)} packages")


def _lock(uv: str, name: str) -> int:
    """Write one list; return how many packages it holds."""
    target, inputs = _LISTS[name]
    project = tomllib.loads((_ROOT / _PROJECT).read_text())
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch, "requirements.txt")
        command = [
            *(uv, "pip", "compile", "--quiet", "--upgrade"),
            *("--universal", "--python-version", "3.11", "--generate-hashes"),
            *("--no-header", "--no-emit-index-url", "--no-annotate"),
            *("--output-file", str(out), *inputs),
        ]
        build = "\n".join(project["build-system"]["requires"])
        subprocess.run(command, check=True, cwd=_ROOT, input=build, text=True)
        locked = out.read_text()
    source = inputs[0] if name == "session" else _PROJECT
    (_ROOT / target).write_text(_HEADER.format(name=name, source=source) + locked)
    return len(
        {line.partition("==")[0] for line in locked.splitlines() if line[:1] > " "}
    )


if __name__ == "__main__":
    main()
