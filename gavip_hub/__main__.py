"""``gavip-hub``: the service's commands."""

import argparse
import asyncio
import ctypes
import logging
import os
import signal
import sys
from dataclasses import replace

from jupyterhub.services.auth import HubOAuth
from pydantic import TypeAdapter, ValidationError
from sqlalchemy.engine import make_url

from gavip_hub import __version__
from gavip_hub.domain.errors import GavipError
from gavip_hub.factory import Factory
from gavip_hub.settings import ServiceSettings, Settings
from gavip_hub.store.migrate import upgrade

__all__ = ["main"]

log = logging.getLogger("gavip_hub")

PR_SET_PDEATHSIG = 1
"""Linux prctl: the signal that this process gets when its parent dies."""

AUTH_CACHE_S = 30
"""How long the hub's word on a token is believed: the time a revocation takes [s]."""


def main() -> None:
    """Run one command of ``gavip-hub``."""
    parser = argparse.ArgumentParser(prog="gavip-hub", description=__doc__)
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("serve", help="run the service; JupyterHub starts this itself")
    migrate = commands.add_parser("migrate", help="bring the database up to date")
    migrate.add_argument("--url", help="database; the settings' own if left out")
    arguments = parser.parse_args()
    logging.basicConfig(
        level=os.environ.get("GAVIP_LOG_LEVEL", "INFO"),
        format="[%(levelname).1s %(asctime)s gavip %(name)s] %(message)s",
    )
    try:
        if arguments.command == "serve":
            asyncio.run(_serve(_settings()))
        else:
            url = arguments.url or _settings().service.database_url
            upgrade(url)
            shown = make_url(url).render_as_string(hide_password=True)
            sys.stdout.write(f"{shown} is up to date.\n")
    except GavipError as error:
        sys.exit(f"gavip-hub: {error.message}")


def _settings() -> Settings:
    text = os.environ.get("GAVIP_SETTINGS")
    if text is None:
        sys.exit(
            "gavip-hub: GAVIP_SETTINGS is not set; JupyterHub sets it when "
            "jupyterhub_config.py calls gavip_hub.install(c)."
        )
    try:
        settings = TypeAdapter(Settings).validate_json(text)
    except ValidationError as error:
        sys.exit(
            f"gavip-hub: GAVIP_SETTINGS cannot be read: {error.error_count()} faults"
        )
    return replace(settings, service=_told_by_hub(settings))


def _told_by_hub(settings: Settings) -> ServiceSettings:
    """Return where the hub is, as it tells its services."""
    environ = os.environ
    return replace(
        settings.service,
        hub_api_url=environ.get("JUPYTERHUB_API_URL", settings.service.hub_api_url),
        hub_prefix=environ.get("JUPYTERHUB_BASE_URL", "/") + "hub/",
        prefix=environ.get("JUPYTERHUB_SERVICE_PREFIX", settings.service.prefix),
    )


async def _serve(settings: Settings) -> None:
    _end_with_parent()
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    token = os.environ.get("JUPYTERHUB_API_TOKEN", "")
    auth = HubOAuth.instance(cache_max_age=AUTH_CACHE_S)
    factory = Factory(settings)
    portal = factory.service_portal(token, ended.set)
    server = await factory.listen(factory.application(portal, auth, token))
    await portal.start()
    log.info(
        "GAVIP %s serves %s on %s:%s with the %s engine",
        __version__,
        settings.service.prefix,
        settings.service.host,
        settings.service.port,
        settings.engine.name,
    )
    await ended.wait()
    server.stop()
    await portal.stop()
    await server.close_all_connections()


def _end_with_parent() -> None:
    """Ask the kernel for SIGTERM when the hub dies.

    Notes
    -----
    A hub that was killed starts another service when it comes back; this one would
    keep its port and a token that may be replaced.
    """
    parent = os.getppid()
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
