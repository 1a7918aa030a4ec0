"""One call puts GAVIP into a hub: spawner, service, roles, scopes, templates."""

import os
import secrets
import sys
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter
from traitlets.config.loader import LazyConfigValue

from gavip_hub.config import Gavip
from gavip_hub.settings import Settings
from gavip_hub.spawner import DockerAviSpawner, SandboxAviSpawner
from gavip_hub.specs import SESSION_ARGV
from gavip_hub.web.callers import ADMIN, ADMIT, DEVELOP, READ, WRITE

__all__ = ["DEVELOPERS", "OPERATORS", "SCOPES", "install_on"]

SERVICE = "gavip"
"""Name of the service, and so of its path ``/services/gavip/``."""

SPAWNER = "gavip-spawner"
"""Name under which the hub's spawner calls the service."""

DEVELOPERS = "gavip-developers"
"""Hub group whose members may submit AVIs."""

OPERATORS = "gavip-operators"
"""Hub group whose members see and steer everybody's launches."""

SCOPES: dict[str, dict[str, Any]] = {
    READ: {"description": "See one's own launches and what is free."},
    WRITE: {
        "description": "Ask for launches, cancel and extend one's own.",
        "subscopes": [READ],
    },
    ADMIT: {"description": "Claim servers for anybody (the hub's spawner only)."},
    ADMIN: {
        "description": "See and cancel everybody's launches.",
        "subscopes": [WRITE],
    },
    DEVELOP: {"description": "Submit and publish AVIs of one's own."},
}
"""The custom scopes, as JupyterHub takes them."""


SPAWNER_DEFAULTS: dict[str, Any] = {
    "start_timeout": 300,
    "http_timeout": 120,
    "default_url": "/lab",
    "cmd": list(SESSION_ARGV),
}
"""What an operator may have set otherwise."""


def install_on(c: Any) -> None:
    """Put GAVIP in front of the hub that a configuration describes."""
    settings = Gavip.read(c)
    state = Path(settings.engine.state_dir).parent
    for folder in (state, Path(settings.engine.spaces_dir)):
        folder.mkdir(parents=True, exist_ok=True)
    service_token = _kept_secret(state / "service-token")
    spawner_token = _kept_secret(state / "spawner-token")
    _spawner(c, settings, spawner_token)
    _service(c, settings, service_token, spawner_token)
    _roles(c)
    _look(c)


def _spawner(c: Any, settings: Settings, token: str) -> None:
    service = settings.service
    docker = settings.engine.name == "docker"
    c.JupyterHub.spawner_class = DockerAviSpawner if docker else SandboxAviSpawner
    c.JupyterHub.allow_named_servers = True
    # A queue of our own stands in front; the hub's limits would only refuse people.
    c.JupyterHub.concurrent_spawn_limit = 0
    c.Spawner.consecutive_failure_limit = 0
    for name, value in SPAWNER_DEFAULTS.items():
        if name not in c.Spawner:
            c.Spawner[name] = value
    c.Spawner.server_token_scopes = [
        "users:activity!user",
        "access:servers!server",
        f"{WRITE}!user",
    ]
    c.AviSpawner.settings_json = dump(settings)
    c.AviSpawner.service_url = (
        f"http://{service.host}:{service.port}{service.prefix}api/v1"
    )
    c.AviSpawner.service_token = token


def _service(
    c: Any, settings: Settings, service_token: str, spawner_token: str
) -> None:
    service = settings.service
    c.JupyterHub.services = [
        *_listed(c.JupyterHub.services),
        {
            "name": SERVICE,
            "url": f"http://{service.host}:{service.port}",
            "api_token": service_token,
            "command": [sys.executable, "-m", "gavip_hub", "serve"],
            "environment": {
                "GAVIP_SETTINGS": dump(settings),
                "PATH": os.environ.get("PATH", os.defpath),
                **{
                    name: value
                    for name, value in os.environ.items()
                    if name in {"DOCKER_HOST", "DOCKER_CERT_PATH", "DOCKER_TLS_VERIFY"}
                },
            },
            "oauth_no_confirm": True,
            "oauth_client_allowed_scopes": [READ, WRITE, ADMIN, DEVELOP],
        },
        {"name": SPAWNER, "api_token": spawner_token},
    ]


def _roles(c: Any) -> None:
    c.JupyterHub.custom_scopes = {**_dict(c.JupyterHub.custom_scopes), **SCOPES}
    c.JupyterHub.extra_user_scopes = {
        *_added(c.JupyterHub.extra_user_scopes),
        f"{WRITE}!user",
        f"access:services!service={SERVICE}",
    }
    groups = _dict(c.JupyterHub.load_groups)
    for group in (DEVELOPERS, OPERATORS):
        groups.setdefault(group, {"users": []})
    c.JupyterHub.load_groups = groups
    c.JupyterHub.load_roles = [
        *_listed(c.JupyterHub.load_roles),
        {
            "name": "gavip-service",
            "description": "Starts and stops the servers of admitted launches.",
            "scopes": [
                "start:servers",
                "delete:servers",
                "read:servers",
                "list:users",
            ],
            "services": [SERVICE],
        },
        {
            "name": "gavip-spawner",
            "description": "Asks the queue whether a server may start.",
            "scopes": [ADMIT],
            "services": [SPAWNER],
        },
        {
            "name": "gavip-developer",
            "description": "Submits and publishes AVIs.",
            "scopes": [DEVELOP],
            "groups": [DEVELOPERS],
        },
        {
            "name": "gavip-operator",
            "description": "Sees and steers everybody's launches.",
            "scopes": [ADMIN],
            "groups": [OPERATORS],
        },
    ]


def _look(c: Any) -> None:
    share = Path(__file__).parent / "share"
    c.JupyterHub.template_paths = [
        *_listed(c.JupyterHub.template_paths),
        str(share / "templates"),
    ]
    if "logo_file" not in c.JupyterHub:
        c.JupyterHub.logo_file = str(share / "static" / "gavip.svg")


def dump(settings: Settings) -> str:
    """Return the settings as JSON text, for another process."""
    return TypeAdapter(Settings).dump_json(settings).decode()


def _kept_secret(path: Path) -> str:
    """Return a secret that stays the same over restarts, made at the first call."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(handle, "w") as file:
        secret = secrets.token_hex(32)
        file.write(secret)
    return secret


def _listed(value: Any) -> list[Any]:
    """Return what an operator has set or appended already, or nothing."""
    if isinstance(value, LazyConfigValue):
        value = value.get_value([])
    return list(value) if isinstance(value, list | tuple | set) else []


def _added(value: Any) -> set[Any]:
    """Return what an operator has set or added already, or nothing."""
    if isinstance(value, LazyConfigValue):
        value = value.get_value(set())
    return set(value) if isinstance(value, list | tuple | set) else set()


def _dict(value: Any) -> dict[str, Any]:
    if isinstance(value, LazyConfigValue):
        value = value.get_value({})
    return dict(value) if isinstance(value, dict) else {}
