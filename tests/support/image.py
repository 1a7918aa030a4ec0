"""The image of the sessions, built for real."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.requirement import missing

__all__ = ["session_image"]

_SCRIPT = Path(__file__).parents[2] / "scripts" / "build_image.py"
_TAG = "gavip-test/session:latest"


@pytest.fixture(scope="session")
def session_image(docker_engine: str) -> str:
    """Return the tag of the sessions' image in the tests' engine.

    ``GAVIP_TEST_IMAGE`` names one that is built already. Otherwise it is built, which
    takes minutes the first time and seconds when only gavip itself has changed.
    """
    named = os.environ.get("GAVIP_TEST_IMAGE")
    if named:
        return named
    done = subprocess.run(
        [sys.executable, _SCRIPT, "--tag", _TAG],
        env={**os.environ, "DOCKER_HOST": docker_engine},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        missing("the sessions' image", done.stdout[-2000:])
    return _TAG
