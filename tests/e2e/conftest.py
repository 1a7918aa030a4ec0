"""A platform as `make run` brings it up, for the journeys of people through it."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.bootstrap.ports import choose
from tests.support.journey import Journey
from tests.support.make_run import CHECKOUT, make_run

STATE = CHECKOUT / ".venv" / "gavip" / "e2e"
"""Kept between runs, so that only the first one sets everything up."""

CONFIG = """\
import gavip_hub
from gavip_hub import trial

c = get_config()
trial.configure(c)
trial.sign_in(c)
c.Gavip.capacity_cpu = 1
c.Gavip.capacity_memory = "3G"
c.Gavip.archive_url = "{archive}"
gavip_hub.install(c)
"""
"""Room for one session of the journey, so that the second has to wait."""


@pytest.fixture(params=["sandbox", "docker"])
def journey(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Journey]:
    """Bring the platform up on each engine, with the real stars behind it."""
    tap = request.getfixturevalue("tap_service")
    engine = request.param
    environment = {"GAVIP_ENGINE": engine}
    archive = tap.url
    if engine == "docker":
        environment["DOCKER_HOST"] = request.getfixturevalue("docker_engine")
        archive = tap.container_url
    config = tmp_path / "jupyterhub_config.py"
    config.write_text(CONFIG.format(archive=archive))
    environment["GAVIP_CONFIG"] = str(config)
    port = choose([], (), "127.0.0.1")
    pictures = Path(os.environ.get("GAVIP_PICTURES", tmp_path / "pictures"))
    with make_run(STATE / engine, port, tmp_path / "said", **environment) as run:
        run.wait_ready()
        yield Journey(run, engine, pictures)
