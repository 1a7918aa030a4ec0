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
from pathlib import Path

__all__ = ["main"]

_FOLDER = Path(__file__).resolve().parent.parent / "avi_image"
_HEADER = """\
# The packages of every session, pinned. Made by `python scripts/lock.py`; edit
# requirements.in and run that.
#
# Hashes: a hash of every file that the package index offered for a version is here
# (each Python, x86_64 and aarch64), so a swapped file is refused and still each
# platform finds its own. A site whose index serves rebuilt wheels makes its own list.
"""


def main() -> None:
    """Resolve requirements.in and replace requirements.txt."""
    beside = Path(sys.executable).with_name("uv")
    uv = str(beside) if beside.exists() else shutil.which("uv")
    if uv is None:
        sys.exit("lock.py: uv is not installed; python -m pip install uv")
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch, "requirements.txt")
        command = [
            *(uv, "pip", "compile", "--quiet", "--upgrade"),
            *("--universal", "--python-version", "3.11", "--generate-hashes"),
            *("--no-header", "--no-emit-index-url", "--no-annotate"),
            *("--output-file", str(out), str(_FOLDER / "requirements.in")),
        ]
        subprocess.run(command, check=True)
        locked = out.read_text()
    (_FOLDER / "requirements.txt").write_text(_HEADER + locked)
    names = {line.partition("==")[0] for line in locked.splitlines() if line[:1] > " "}
    print(f"requirements.txt: {len(names)} packages")


if __name__ == "__main__":
    main()
