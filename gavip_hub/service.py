"""The service as a process: settings in, signals heard, an end in order."""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import wraps

from pydantic import TypeAdapter, ValidationError
from sqlalchemy.engine import make_url

from gavip_hub import __version__
from gavip_hub.domain.errors import FencedOut, GavipError
from gavip_hub.factory import Factory
from gavip_hub.settings import ServiceSettings, Settings
from gavip_hub.store.migrate import upgrade
from gavip_hub.supervise import end_with_parent, use_all_descriptors
from gavip_hub.web.hub_auth import SharedHubAuth

__all__ = ["migrate", "work"]

log = logging.getLogger("gavip_hub")

AUTH_CACHE_S = 30
"""How long the hub's word on a token is believed: the time a revocation takes [s]."""

FAILED = 1
"""Exit status of a service that is to be started anew."""


def in_plain_words(command: Callable[..., None]) -> Callable[..., None]:
    """Let a command end with a sentence instead of a traceback."""

    @wraps(command)
    def guarded(*args: object) -> None:
        logging.basicConfig(
            level=os.environ.get("GAVIP_LOG_LEVEL", "INFO"),
            format="[%(levelname).1s %(asctime)s gavip %(name)s] %(message)s",
        )
        try:
            command(*args)
        except GavipError as error:
            sys.exit(f"gavip-hub: {error.message}")

    return guarded


@in_plain_words
def work() -> None:
    """Run the service until it is asked to end."""
    end_with_parent()
    use_all_descriptors()
    sys.exit(asyncio.run(_serve(_settings())))


@in_plain_words
def migrate(url: str | None) -> None:
    """Bring a database up to date."""
    url = url or _settings().service.database_url
    upgrade(url)
    shown = make_url(url).render_as_string(hide_password=True)
    sys.stdout.write(f"{shown} is up to date.\n")


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
            f"gavip-hub: GAVIP_SETTINGS cannot be read: {error.error_count()} faults."
        )
    return replace(settings, service=_told_by_hub(settings.service))


def _told_by_hub(service: ServiceSettings) -> ServiceSettings:
    """Return where the hub is, as it tells its services."""
    environ = os.environ
    return replace(
        service,
        hub_api_url=environ.get("JUPYTERHUB_API_URL", service.hub_api_url),
        hub_prefix=environ.get("JUPYTERHUB_BASE_URL", "/") + "hub/",
        prefix=environ.get("JUPYTERHUB_SERVICE_PREFIX", service.prefix),
    )


async def _serve(settings: Settings) -> int:
    ended = asyncio.Event()
    status = 0

    def give_up(cause: BaseException | None) -> None:
        nonlocal status
        if isinstance(cause, FencedOut):
            log.warning("A newer service has taken over; this one ends.")
        else:
            status = FAILED
        ended.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    token = os.environ.get("JUPYTERHUB_API_TOKEN", "")
    auth = SharedHubAuth.instance(cache_max_age=AUTH_CACHE_S)
    factory = Factory(settings)
    portal = factory.service_portal(token, give_up)
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
    return status
