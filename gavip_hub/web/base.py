"""The ground of all handlers: who calls, and errors in one form."""

import json
import logging
from http import HTTPStatus
from typing import Any, NoReturn, TypeVar

from jupyterhub.services.auth import HubOAuthenticated
from pydantic import BaseModel, ValidationError
from tornado.web import HTTPError, RequestHandler
from typing_extensions import override

from gavip_hub.api import models, translate
from gavip_hub.domain.errors import (
    GavipError,
    HubUnavailable,
    InvalidField,
    NotAllowed,
)
from gavip_hub.portal.board import LaunchView
from gavip_hub.web.callers import ADMIT, Caller, NotSignedIn, caller_of
from gavip_hub.web.parts import Parts
from gavip_hub.web.problems import problem_of, status_of

__all__ = ["MAX_BODY_BYTES", "ApiHandler", "PartsHandler"]

log = logging.getLogger(__name__)

MAX_BODY_BYTES = 262_144
"""Largest request body; no request of ours needs a tenth of it."""

Model = TypeVar("Model", bound=BaseModel)


class PartsHandler(HubOAuthenticated, RequestHandler):
    """A handler that knows its parts and its caller."""

    def initialize(self, parts: Parts) -> None:
        """Take what the application hands over."""
        self.parts = parts
        self.hub_auth = parts.auth
        self._caller: Caller | None = None

    @override
    async def prepare(self) -> None:
        """Ask the hub who calls, before any method runs."""
        model = await self._asked_hub()
        self._caller = caller_of(model) if model else None
        self.current_user = model
        if model and self.request.method not in {"GET", "HEAD", "OPTIONS"}:
            self.check_xsrf_cookie()

    async def _asked_hub(self) -> dict[str, Any] | None:
        try:
            model: dict[str, Any] | None = await self.parts.auth.get_user(
                self, sync=False
            )
        except HTTPError as error:
            if error.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
                raise
            raise HubUnavailable(
                "The hub does not answer at the moment, so that nobody's sign-in can "
                "be checked. Launches go on; try again in a moment."
            ) from None
        return model

    @override
    def set_default_headers(self) -> None:
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Content-Security-Policy", "frame-ancestors 'none'")
        self.set_header("Referrer-Policy", "same-origin")
        self.set_header("Cache-Control", "no-store")
        self.set_header("Server", "gavip")

    @property
    def caller(self) -> Caller:
        """Who calls.

        Raises
        ------
        NotSignedIn
            Raised if nobody is signed in.
        """
        if self._caller is None:
            raise NotSignedIn(
                "Sign in, or send a current token in the header "
                "'Authorization: Bearer …'."
            )
        return self._caller

    def launch_model(self, view: LaunchView) -> models.Launch:
        """Return the published form of a launch."""
        return translate.to_launch(
            view.launch, view.wait, view.usage, self.parts.prefixes
        )

    @staticmethod
    def problem(status_code: int, exc_info: Any) -> models.Problem:
        """Return what an error means, in words for a person."""
        error = exc_info[1] if exc_info else None
        if isinstance(error, GavipError):
            return problem_of(error)
        return _plain_problem(status_code, error)

    @override
    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        if isinstance(value, GavipError):
            log.debug("%s %s", status_of(value).value, value.code)
        elif isinstance(value, HTTPError):
            log.info("%s %s", value.status_code, self.request.path[:200])
        else:
            log.error(
                "Unexpected fault in %s %s",
                self.request.method,
                self.request.path[:200],
                exc_info=(typ, value, tb),
            )


class ApiHandler(PartsHandler):
    """A handler that speaks JSON and problem documents."""

    @override
    async def prepare(self) -> None:
        await super().prepare()
        if self.public:
            return
        _ = self.caller

    public = False
    """Whether the handler answers anybody."""

    @override
    def check_xsrf_cookie(self) -> None:
        """Check as the hub does; XSRF is a matter of cookies, checked in prepare."""
        if self._caller is not None:
            super().check_xsrf_cookie()

    def subject(self) -> str:
        """Return for whom is asked: the caller, or whom the spawner speaks for.

        Raises
        ------
        NotAllowed
            Raised if the token reaches no further than its owner.
        """
        asked = self.get_query_argument("owner", self.caller.name)
        if asked != self.caller.name and not (
            self.caller.may(ADMIT) or self.caller.operates
        ):
            raise NotAllowed("You can ask for yourself only.", field="owner")
        return asked

    def answer(self, model: BaseModel, status: HTTPStatus = HTTPStatus.OK) -> None:
        """Send a model as JSON."""
        self.set_status(status)
        self.set_header("Content-Type", "application/json")
        self.finish(model.model_dump_json())

    def parse(self, model: type[Model]) -> Model:
        """Return the body as a model.

        Raises
        ------
        InvalidField
            Raised if the body is not JSON, or not what the contract says.
        """
        try:
            body = json.loads(self.request.body, parse_constant=_refuse_constant)
        except (ValueError, RecursionError):
            raise InvalidField("The body must be JSON.", field="body") from None
        if not isinstance(body, dict):
            raise InvalidField("The body must be a JSON object.", field="body")
        try:
            return model.model_validate_json(self.request.body)
        except ValidationError as error:
            raise _first_fault(error) from None

    @override
    def write_error(self, status_code: int, **kwargs: Any) -> None:
        problem = self.problem(status_code, kwargs.get("exc_info"))
        self.set_status(problem.status)
        self.set_header("Content-Type", "application/problem+json")
        self.finish(problem.model_dump_json())


class UnknownPathHandler(ApiHandler):
    """Says so when a path leads nowhere."""

    public = True

    @override
    async def prepare(self) -> None:
        raise HTTPError(HTTPStatus.NOT_FOUND)


def _plain_problem(status_code: int, error: BaseException | None) -> models.Problem:
    title = HTTPStatus(status_code).phrase
    detail = title + "."
    if isinstance(error, HTTPError) and error.log_message and status_code < 500:  # noqa: PLR2004
        detail = str(error.log_message)
    elif status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        detail = "Something went wrong here; it was written to the service's log."
    return models.Problem(
        type="about:blank",
        title=title,
        status=status_code,
        detail=detail,
        code=title.lower().replace(" ", "_"),
        field=None,
    )


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _first_fault(error: ValidationError) -> InvalidField:
    faults = error.errors(include_url=False, include_input=False)
    wrong = {_field_of(fault["loc"]) for fault in faults}
    where = _field_of(faults[0]["loc"])
    more = len(wrong) - 1
    rest = f" (Wrong as well: {more} more.)" if more else ""
    if faults[0]["type"] == "extra_forbidden":
        return InvalidField(
            f"There is no field {where}; leave it out.{rest}", field=where
        )
    return InvalidField(f"{where}: {faults[0]['msg']}.{rest}", field=where)


def _field_of(place: tuple[int | str, ...]) -> str:
    """Return the path of a field, without the types that it might have had."""
    parts = [str(part) for part in place if part not in {"float", "int", "str"}]
    return ".".join(parts)[:60] or "body"
