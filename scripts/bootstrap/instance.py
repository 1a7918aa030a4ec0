"""One `make run` a state folder: the lock, and the facts of the present run."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .errors import SetupError
from .layout import Layout

__all__ = ["hold", "read_facts", "write_facts"]


@contextmanager
def hold(layout: Layout) -> Iterator[None]:
    """Hold the state folder for this process; the kernel lets go when it ends.

    Raises
    ------
    SetupError
        Raised if another process holds it; says which, and where its hub answers.
    """
    handle = os.open(layout.run / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _in_use(layout, os.pread(handle, 32, 0).decode().strip()) from None
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(handle)


def _in_use(layout: Layout, pid: str) -> SetupError:
    address = read_facts(layout.facts).get("address")
    where = f" and answers at {address}" if address else ""
    return SetupError(
        f"gavip already runs from {layout.root} (process {pid}){where}",
        f"use it, or end it first (Ctrl-C in its window, or `kill {pid}`); a second "
        "one beside it: make run GAVIP_STATE=$HOME/gavip-second GAVIP_PORT=8010",
    )


def read_facts(path: Path) -> dict[str, Any]:
    """Return the facts of the last run; empty if there are none that can be read."""
    try:
        facts = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return facts if isinstance(facts, dict) else {}


def write_facts(path: Path, facts: dict[str, Any]) -> None:
    """Replace the facts of the last run."""
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    scratch.write_text(json.dumps(facts, indent=2, sort_keys=True) + "\n")
    scratch.replace(path)
