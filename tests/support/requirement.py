"""The one rule for parts that a test needs and a machine may not have.

A part is a script in ``scripts/provision``. What it has installed before is started;
nothing is installed behind a test's back. A missing part skips the test and says how
to get it. With ``CI=true`` or ``GAVIP_REQUIRE=1`` it fails the test.
"""

import functools
import os
import subprocess
from pathlib import Path
from typing import NoReturn

import pytest

__all__ = ["PROVISION", "missing", "provided"]

PROVISION = Path(__file__).parents[2] / "scripts" / "provision"
"""The folder of the provisioning scripts."""


def missing(part: str, reason: str) -> NoReturn:
    """Skip or fail the running test for want of a part.

    Parameters
    ----------
    part
        What is missing, in a word.
    reason
        Why, and how to mend it.
    """
    message = f"{part} is missing: {reason}"
    if os.environ.get("CI") == "true" or os.environ.get("GAVIP_REQUIRE") == "1":
        pytest.fail(message, pytrace=False)
    pytest.skip(message)


def provided(part: str) -> dict[str, str]:
    """Start a part and return the addresses that its script printed.

    Parameters
    ----------
    part
        Name of a script in ``scripts/provision`` without its ending.
    """
    done = _start(part)
    if done.returncode:
        missing(part, done.stderr.strip())
    return dict(line.split("=", 1) for line in done.stdout.splitlines() if line)


@functools.cache
def _start(part: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PROVISION / f"{part}.sh", "start", "--no-install"],
        check=False,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
