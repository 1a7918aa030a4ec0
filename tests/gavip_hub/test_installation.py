"""One call puts GAVIP into a hub, and leaves what the operator had."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter
from traitlets.config import Config

import gavip_hub
from gavip_hub.installation import OPERATORS, SCOPES
from gavip_hub.settings import Settings
from gavip_hub.spawner import DockerAviSpawner, SandboxAviSpawner

SERVICES = [{"name": "cull-idle", "command": ["true"]}]
ROLES = [{"name": "cull-idle", "scopes": ["list:users"], "services": ["cull-idle"]}]


@pytest.fixture
def c(tmp_path: Path) -> Config:
    """Give a configuration that says nothing but where to keep things."""
    made = Config()
    made.Gavip.state_dir = str(tmp_path / "state")
    return made


def names(listed: list[dict[str, Any]]) -> list[str]:
    """Return the names of services or roles."""
    return [one["name"] for one in listed]


def test_an_empty_configuration_is_enough(c: Config) -> None:
    """Spawner, service, roles, scopes, groups and templates are all there."""
    gavip_hub.install(c)
    assert c.JupyterHub.spawner_class is SandboxAviSpawner
    assert names(c.JupyterHub.services) == ["gavip", "gavip-spawner"]
    assert c.JupyterHub.custom_scopes == SCOPES
    assert OPERATORS in c.JupyterHub.load_groups
    assert len(c.JupyterHub.template_paths) == 1
    assert c.JupyterHub.logo_file.endswith("gavip.svg")
    assert c.Spawner.default_url == "/lab"


def test_docker_is_chosen_by_name(c: Config) -> None:
    """The engine decides which spawner there is."""
    c.Gavip.engine = "docker"
    gavip_hub.install(c)
    assert c.JupyterHub.spawner_class is DockerAviSpawner


@pytest.mark.parametrize("how", ["set", "appended"])
def test_what_was_there_stays(c: Config, how: str) -> None:
    """Services, roles, groups, scopes and templates of the operator are kept."""
    hub = c.JupyterHub
    if how == "set":
        hub.services = list(SERVICES)
        hub.load_roles = list(ROLES)
        hub.load_groups = {OPERATORS: {"users": ["olga"]}, "mine": {"users": []}}
        hub.extra_user_scopes = {"read:users!user"}
        hub.template_paths = ["/mine"]
        hub.custom_scopes = {"custom:mine:read": {"description": "Mine."}}
    else:
        hub.services.extend(SERVICES)
        hub.load_roles.append(ROLES[0])
        hub.load_groups.update({OPERATORS: {"users": ["olga"]}, "mine": {"users": []}})
        hub.extra_user_scopes.add("read:users!user")
        hub.template_paths.append("/mine")
        hub.custom_scopes.update({"custom:mine:read": {"description": "Mine."}})
    hub.logo_file = "/mine.svg"
    c.Spawner.cmd = ["mine"]
    gavip_hub.install(c)
    assert names(hub.services) == ["cull-idle", "gavip", "gavip-spawner"]
    assert names(hub.load_roles)[0] == "cull-idle"
    assert len(hub.load_roles) == 5
    assert hub.load_groups[OPERATORS] == {"users": ["olga"]}
    assert "mine" in hub.load_groups
    assert "read:users!user" in hub.extra_user_scopes
    assert hub.template_paths[0] == "/mine"
    assert "custom:mine:read" in hub.custom_scopes
    assert hub.logo_file == "/mine.svg"
    assert c.Spawner.cmd == ["mine"]


def test_the_service_has_no_more_than_it_needs(c: Config) -> None:
    """Nothing of its roles administers the hub, and only the spawner may claim."""
    gavip_hub.install(c)
    roles = {role["name"]: role for role in c.JupyterHub.load_roles}
    scopes = roles["gavip-service"]["scopes"]
    assert not [scope for scope in scopes if scope.startswith("admin")]
    holders = [
        name
        for name, role in roles.items()
        if "custom:gavip:launches:admit" in role["scopes"]
    ]
    assert holders == ["gavip-spawner"]


def test_tokens_are_kept_for_their_owner_alone(c: Config, tmp_path: Path) -> None:
    """They are the same at the next start, and no other user can read them."""
    gavip_hub.install(c)
    first = [one["api_token"] for one in c.JupyterHub.services]
    again = Config()
    again.Gavip.state_dir = str(tmp_path / "state")
    gavip_hub.install(again)
    assert [one["api_token"] for one in again.JupyterHub.services] == first
    for name in ("service-token", "spawner-token"):
        mode = (tmp_path / "state" / name).stat().st_mode
        assert not mode & (stat.S_IRWXG | stat.S_IRWXO)
    assert first[0] != first[1]


def test_spawner_and_service_read_the_same_settings(c: Config) -> None:
    """What the operator set reaches both, unchanged by its way as text."""
    c.Gavip.max_walltime = "8h"
    c.Gavip.quotas = {"ada": {"max_running": 9}}
    c.Gavip.capacity_cpu = 2.5
    gavip_hub.install(c)
    service = c.JupyterHub.services[0]["environment"]["GAVIP_SETTINGS"]
    assert json.loads(service) == json.loads(c.AviSpawner.settings_json)
    settings = TypeAdapter(Settings).validate_json(service)
    assert settings.rules.quotas["ada"].max_running == 9
    assert settings.engine.capacity is not None
    assert settings.engine.capacity.cpu_milli == 2_500


def test_a_wrong_setting_ends_the_hub_with_its_name(c: Config) -> None:
    """The operator reads one sentence, and no traceback."""
    c.Gavip.max_memory = "64 apples"
    with pytest.raises(SystemExit, match=r"c\.Gavip\.max_memory"):
        gavip_hub.install(c)
