"""Admission in front of the spawners: a server starts when the queue says so."""

import asyncio
import html
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import suppress
from functools import cached_property
from http import HTTPStatus
from typing import Any, ClassVar

from dockerspawner import DockerSpawner
from jupyterhub.apihandlers.base import APIHandler
from jupyterhub.spawner import Spawner, SpawnException
from pydantic import TypeAdapter
from traitlets import Int, Unicode, default
from typing_extensions import override

from gavip_hub.api import models, translate
from gavip_hub.client import ClientError, LaunchClient
from gavip_hub.domain.container import ContainerSpec
from gavip_hub.domain.errors import GavipError
from gavip_hub.domain.launch import Launch
from gavip_hub.domain.phase import Phase
from gavip_hub.engine_choice import docker_settings
from gavip_hub.engines.docker.create_options import (
    create_kwargs_of,
    environment_of,
    host_config_of,
)
from gavip_hub.engines.docker.settings import DockerSettings
from gavip_hub.engines.homes import prepare_home
from gavip_hub.listening import until_it_listens
from gavip_hub.sandbox_spawner import SandboxSpawner
from gavip_hub.settings import Settings
from gavip_hub.spawn_form import read_form, render_form
from gavip_hub.specs import container_spec

__all__ = ["AviSpawner", "DockerAviSpawner", "SandboxAviSpawner"]

FORM_PATIENCE_S = 3.0
"""How long the form waits for the service before it shows itself without it [s]."""

LISTENS_WITHIN_S = 20.0
"""How long a start watches for its server's port before the hub does so [s]."""

FORM_FIELDS = ("size", "cpu", "memory", "gpu", "walltime", "display_name")
"""What a form may choose; anything else is dropped, an image above all."""


class AviSpawner(Spawner):
    """A spawner that asks the queue first; mixed in front of one that can start.

    Notes
    -----
    ``start`` never waits in the queue. It claims the server: an admitted launch goes
    on at once; a waiting one is kept by the service, which asks the hub to start the
    server when its turn has come, and the person is led to the page of the launch.
    """

    settings_json = Unicode(
        help="The platform's settings; set by gavip_hub.install(c)."
    ).tag(config=True)
    service_url = Unicode(
        help="API of the GAVIP service; set by gavip_hub.install(c)."
    ).tag(config=True)
    service_token = Unicode(
        help="Token for the service; set by gavip_hub.install(c)."
    ).tag(config=True)

    user_options: dict[str, Any]

    launch_id = Unicode(help="The launch that this server is a run of.")
    attempt = Int(help="The attempt at hand.")

    refused: ClassVar[dict[str, tuple[dict[str, str], GavipError]]] = {}
    """By user: a choice that was just refused, for the form that is shown next.

    The hub renders the form again through the user's default server, whichever server
    was asked for, so that no spawner's own memory would do.
    """

    @cached_property
    def settings(self) -> Settings:
        """The platform's settings."""
        return TypeAdapter(Settings).validate_json(self.settings_json)

    @cached_property
    def service(self) -> LaunchClient:
        """The queue."""
        return LaunchClient(self.service_url, self.service_token)

    # -- the form ---------------------------------------------------------------

    @default("options_form")
    def _form_of_ours(self) -> Any:
        return AviSpawner.render_options_form

    async def render_options_form(self) -> str:
        """Return the form, with what is free and how long each size would wait."""
        owner = self.user.name
        wishes = [models.Wish(size=size.name) for size in self.settings.rules.sizes]
        info, room, estimates = await asyncio.gather(
            _or_none(self.service.info(owner=owner)),
            _or_none(self.service.capacity()),
            _or_none(self.service.estimate(wishes, owner=owner)),
        )
        last = _words(self.orm_spawner.user_options or {})
        if self.name and self.display_name:
            last.setdefault("display_name", self.display_name)
        choice, refusal = self.refused.pop(owner, (last, None))
        return render_form(
            info,
            room,
            estimates.estimates if estimates else None,
            last=choice,
            settings=self.settings,
            error_field=refusal.field if refusal else None,
            error_message=refusal.message if refusal else "",
        )

    @default("options_from_form")
    def _reader_of_ours(self) -> Any:
        return self._read_form

    def _read_form(self, form_data: dict[str, Any]) -> dict[str, str]:
        options = read_form(form_data)
        try:
            translate.from_form(self.user.name, self.name, options, self.settings.rules)
        except GavipError as refusal:
            raise self._refuse(refusal, options) from None
        return options

    # -- starting ---------------------------------------------------------------

    @override
    async def start(self) -> Any:
        self.user_options = _words(self.user_options)
        launch = await self._claimed()
        if launch.phase is not Phase.STARTING:
            raise self._led_to(launch, "waits in the queue")
        self.launch_id, self.attempt = launch.id, launch.attempt
        try:
            return await self._run(launch)
        except asyncio.CancelledError:
            _in_background(self._give_up(launch))
            raise
        except Exception as error:
            self.log.exception("Launch %s did not start", launch.id)
            why = (
                error.message
                if isinstance(error, GavipError)
                else f"the engine said: {type(error).__name__}: {error}"[:300]
            )
            told = await self._report("failed", why) or launch
            raise self._led_to(told, f"did not start: {why}") from None

    async def _run(self, launch: Launch) -> Any:
        self.prepare_run(launch)
        where = await super().start()
        await until_it_listens(where, min(self.http_timeout, LISTENS_WITHIN_S))
        return where

    def prepare_run(self, launch: Launch) -> None:
        """Make ready to run an attempt; the engine's own spawner starts it."""
        raise TypeError(f"{type(self).__name__} lacks an engine ({launch.id}).")

    def spec_of(self, launch: Launch, env: dict[str, str]) -> ContainerSpec:
        """Return the container of an attempt."""
        return container_spec(
            launch,
            self.settings,
            argv=(*self.cmd, *self.get_args()),
            env={**env, "GAVIP_API_URL": self.session_api_url},
            port=self.port,
        )

    @property
    def session_api_url(self) -> str:
        """Where a session reaches the service."""
        return self.service_url

    async def _claimed(self) -> Launch:
        """Claim the server; if the hub gives up meanwhile, give the claim back.

        Notes
        -----
        The hub waits one second for a start that it cancels, and then believes that
        the server is up; so whatever takes time is done after the start has ended.
        """
        claiming = asyncio.ensure_future(self._claim())
        try:
            return await asyncio.shield(claiming)
        except asyncio.CancelledError:
            _in_background(self._give_back(claiming))
            raise

    async def _give_back(self, claiming: asyncio.Future[Launch]) -> None:
        with suppress(SpawnException):
            launch = await claiming
            if launch.phase is Phase.STARTING:
                await self._give_up(launch)

    async def _give_up(self, launch: Launch) -> None:
        """Tell that a start was interrupted; the service removes what it made."""
        report = models.Report(attempt=launch.attempt, outcome="stopping")
        with suppress(ClientError):
            await self.service.report(launch.id, report)

    async def _claim(self) -> Launch:
        claim = models.Claim(
            owner=self.user.name,
            server_name=self.name,
            user_options=dict(self.user_options),
            ask_id=uuid.uuid4().hex,
        )
        try:
            return translate.from_launch(await self.service.claim(claim))
        except ClientError as refusal:
            raise self._refuse(refusal, dict(self.user_options)) from None

    def _refuse(self, error: GavipError, choice: dict[str, str]) -> SpawnException:
        """Return a refusal that the form shows beside its field, the API with it."""
        words = error.message
        if not isinstance(self.handler, APIHandler):
            self.refused[self.user.name] = choice, error
        elif error.field and error.field not in words:
            words = f"{error.field}: {words}"
        refusal = SpawnException(
            words, reason=error.code, status_code=HTTPStatus.UNPROCESSABLE_ENTITY
        )
        refusal.jupyterhub_message = words
        return refusal

    async def _report(self, outcome: models.Outcome, message: str) -> Launch | None:
        """Tell the service; it finds out by itself if it cannot be told."""
        report = models.Report(attempt=self.attempt, outcome=outcome, message=message)
        with suppress(ClientError):
            return translate.from_launch(
                await self.service.report(self.launch_id, report)
            )
        return None

    def _led_to(self, launch: Launch, what: str) -> SpawnException:
        """Return the exception that leads a person to the page of a launch."""
        page = f"{self.settings.service.prefix}launches/{launch.id}"
        base = self.hub.base_url.removesuffix("hub/").rstrip("/")
        page = base + page if base and not page.startswith(base) else page
        words = f"Your launch {what}. It is kept, and this page tells of it: {page}"
        by_api = isinstance(self.handler, APIHandler)
        error = SpawnException(
            words,
            reason="queued",
            status_code=HTTPStatus.CONFLICT if by_api else HTTPStatus.SEE_OTHER,
        )
        error.headers = {} if by_api else {"Location": page}
        error.jupyterhub_message = words
        error.jupyterhub_html_message = (
            f'Your launch {html.escape(what)}. <a class="gavip-launch-link" '
            f'href="{html.escape(page)}">See where it stands</a>.'
        )
        return error

    # -- stopping ---------------------------------------------------------------

    @override
    async def stop(self, now: bool = False) -> None:
        if self.launch_id and self._waiting_for_response:
            # The hub gives up on a server that never answered; nobody stopped it.
            await self._report(
                "failed", f"it did not answer within {self.http_timeout} seconds"
            )
        elif self.launch_id:
            await self._report("stopping", "")
        await super().stop(now)

    @override
    async def poll(self) -> int | None:
        status: int | None = await super().poll()
        return status

    @override
    async def progress(self) -> AsyncIterator[dict[str, Any]]:
        yield {"progress": 20, "message": "The queue has let it through."}
        yield {"progress": 50, "message": "Starting JupyterLab in its own container."}

    # -- state ------------------------------------------------------------------

    @override
    def get_state(self) -> dict[str, Any]:
        state = super().get_state()
        if self.launch_id:
            state["gavip"] = {"launch": self.launch_id, "attempt": self.attempt}
        return dict(state)

    @override
    def load_state(self, state: dict[str, Any]) -> None:
        super().load_state(state)
        ours = state.get("gavip") or {}
        self.launch_id = ours.get("launch", "")
        self.attempt = ours.get("attempt", 0)

    @override
    def clear_state(self) -> None:
        super().clear_state()
        self.launch_id, self.attempt = "", 0


class SandboxAviSpawner(AviSpawner, SandboxSpawner):
    """The sandbox engine's servers, behind the queue."""

    @override
    def prepare_run(self, launch: Launch) -> None:
        self.run_as(lambda env: self.spec_of(launch, env))


class DockerAviSpawner(AviSpawner, DockerSpawner):
    """DockerSpawner's servers, behind the queue and hardened."""

    _environment_of: Callable[[dict[str, str]], dict[str, str]]

    @default("remove")
    def _kept_for_the_service(self) -> bool:
        # The service reads how a container ended before it removes it.
        return False

    @default("use_internal_ip")
    def _inside(self) -> bool:
        return True

    @cached_property
    def engine_settings(self) -> DockerSettings:
        """How the service's own Docker engine is set up, for the same promises."""
        return docker_settings(self.settings.engine)

    @override
    def prepare_run(self, launch: Launch) -> None:
        engine = self.engine_settings
        self.image = engine.image
        # After the image, whose change gives the container a name of Docker's spawner.
        self.object_name = launch.engine_name
        self.object_id = ""
        # The launch's own limit stands in extra_host_config; Docker refuses two.
        self.cpu_limit = None
        self.network_name = engine.network
        spec = self.spec_of(launch, {})
        prepare_home(spec.home_source, engine.spaces_root, engine.uid, engine.gid)
        self._environment_of = lambda env: environment_of(self.spec_of(launch, env))
        self.extra_create_kwargs = create_kwargs_of(
            spec, engine.installation, engine.user
        )
        self.extra_host_config = host_config_of(spec, engine.network)

    @override
    def get_env(self) -> dict[str, str]:
        return self._environment_of(dict(super().get_env()))


def _words(options: dict[str, Any]) -> dict[str, str]:
    """Return the options that are ours, each as one short text."""
    words = {}
    for name in FORM_FIELDS:
        value = options.get(name)
        if isinstance(value, list):
            value = value[0] if len(value) == 1 else None
        if value not in (None, ""):
            words[name] = str(value)[:200]
    return words


_background: set[asyncio.Future[None]] = set()
"""What goes on after a start has ended; held, so that it is not collected."""


def _in_background(work: Coroutine[Any, Any, None]) -> None:
    task = asyncio.ensure_future(work)
    _background.add(task)
    task.add_done_callback(_background.discard)


async def _or_none(asked: Any) -> Any:
    """Return an answer of the service, or None if it does not come in time."""
    try:
        return await asyncio.wait_for(asked, FORM_PATIENCE_S)
    except (ClientError, TimeoutError):
        return None
