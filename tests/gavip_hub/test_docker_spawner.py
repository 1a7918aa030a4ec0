"""DockerSpawner behind the queue: what it hands to Docker."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

from traitlets.config import Config

from gavip_hub.domain.launch import Launch, LaunchKind, LaunchRequest
from gavip_hub.domain.phase import Phase
from gavip_hub.domain.resources import Resources
from gavip_hub.installation import dump
from gavip_hub.settings import EngineSettings, Settings
from gavip_hub.spawner import DockerAviSpawner


def test_a_container_bears_the_name_of_its_attempt_and_one_cpu_limit(
    tmp_path: Path,
) -> None:
    """The service finds it by that name, whichever image the spawner ran before."""
    spaces = tmp_path / "spaces"
    spaces.mkdir()
    settings = Settings(
        engine=EngineSettings("docker", image="gavip/new:2", spaces_dir=str(spaces))
    )
    operators = Config()
    operators.DockerSpawner.cpu_limit = 2.0
    operators.DockerSpawner.image = "gavip/old:1"
    spawner = DockerAviSpawner(
        config=operators,
        settings_json=dump(settings),
        user=SimpleNamespace(name="ada"),
        cmd=["jupyterhub-singleuser"],
    )
    launch = Launch(
        id="0123456789abcdef",
        number=1,
        request=LaunchRequest(
            "ada", LaunchKind.NOTEBOOK, "", Resources(1000, 10**9), timedelta(hours=1)
        ),
        phase=Phase.STARTING,
        version=3,
        reason="Starting.",
        created_at=datetime(2026, 11, 23, tzinfo=UTC),
        attempt=2,
    )
    spawner.prepare_run(launch)
    assert spawner.container_name == launch.engine_name == "gavip-0123456789abcdef-2"
    assert spawner.image == "gavip/new:2"
    assert spawner.cpu_limit is None
    assert spawner.extra_host_config["nano_cpus"] == 10**9
