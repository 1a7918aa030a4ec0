#!/usr/bin/env python3
"""Set gavip up on this machine and run it: what `make run` calls.

Needs Python 3.11 or newer and nothing else. This file alone is kept readable for
older Pythons, so that they can say so (or hand over to a newer one that is there).
"""

import os
import shutil
import sys

__all__ = ["main"]

_NEEDED = (3, 11)
_NEWER = ("python3.14", "python3.13", "python3.12", "python3.11")


def main() -> int:
    """Hand over to a newer Python where this one is too old; else run."""
    if sys.version_info >= _NEEDED:
        from bootstrap.main import run  # noqa: PLC0415  (older Pythons cannot read it)

        return run()
    for name in _NEWER:
        newer = shutil.which(name)
        if newer:
            os.execv(newer, [newer, os.path.abspath(__file__)] + sys.argv[1:])  # noqa: PTH100, RUF005, S606
    found = "%d.%d" % sys.version_info[:2]  # noqa: UP031
    sys.stderr.write(
        "This is Python " + found + ", and gavip needs Python 3.11 or newer.\n"
        "  mend: install one (for example `apt install python3.11 python3.11-venv`),"
        " then: make run PYTHON=python3.11\n"
    )
    return 1


if __name__ == "__main__":
    sys.exit(main())
