"""Run bubblewrap once as a session's user: ``python -m …trial UID PROGRAM WORD...``."""

import os
import sys
from pathlib import Path

from gavip_hub.engines.sandbox.bubblewrap import bubblewrap_folders
from gavip_hub.engines.sandbox.stage import (
    become,
    private_mounts,
    stage,
    staged_program,
)

__all__ = ["main"]


def main(arguments: list[str]) -> None:
    """Become the user if this is root, then become bubblewrap."""
    uid, program, words = int(arguments[0]), Path(arguments[1]), arguments[2:]
    path = str(program)
    if os.geteuid() == 0:
        private_mounts()
        stage([], bubblewrap_folders(program))
        become(uid, uid)
        path = staged_program()
    os.execve(path, ["bwrap", *words], {"PATH": os.defpath})  # noqa: S606  no shell


if __name__ == "__main__":
    main(sys.argv[1:])
