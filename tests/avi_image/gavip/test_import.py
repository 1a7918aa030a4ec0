"""What importing the package does, and what it does not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import gavip

_BLOCKED = """
import socket

def refuse(*arguments, **options):
    raise SystemExit("network!")

for name in ("create_connection", "getaddrinfo", "gethostbyname"):
    setattr(socket, name, refuse)
for name in ("connect", "connect_ex", "send", "sendall", "sendto", "sendmsg"):
    setattr(socket.socket, name, refuse)
import sys
import gavip, gavip.tap, gavip.welcome
gavip.queue(), gavip.limits(), gavip.tap.configure("http://archive/tap")
heavy = {"astropy", "pyvo", "matplotlib", "pandas"} & set(sys.modules)
sys.exit(f"imported {heavy}" if heavy else 0)
"""


def test_import_touches_no_network() -> None:
    """Importing the package reaches for no network, and loads nothing slow."""
    folder = Path(gavip.__file__).parent.parent
    done = subprocess.run(
        [sys.executable, "-c", _BLOCKED],
        env={"PYTHONPATH": str(folder), "GAVIP_API_URL": ""},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_public_names_are_what_all_says() -> None:
    """`__all__` is sorted and each name in it exists."""
    assert gavip.__all__ == sorted(gavip.__all__)
    assert all(hasattr(gavip, name) for name in gavip.__all__)
    assert all(hasattr(gavip.tap, name) for name in gavip.tap.__all__)
