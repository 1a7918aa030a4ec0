"""What all handlers share: who asks the service, and how a refusal is answered."""

import re
from collections.abc import Awaitable
from typing import TYPE_CHECKING, TypeVar, cast

from jupyter_server.base.handlers import APIHandler
from jupyter_server.extension.handler import ExtensionHandlerMixin
from pydantic import BaseModel, ValidationError

from gavip_hub.api.models import Problem
from gavip_hub.client import ClientError, LaunchClient

if TYPE_CHECKING:
    from gavip_server_ext.app import GavipServerApp

__all__ = ["AUTH_RESOURCE", "GavipHandler"]

AUTH_RESOURCE = "gavip"
"""What an authoriser of the server decides about."""

_LARGEST_BODY_BYTES = 64 * 1024
_NUMBER = re.compile("[1-9][0-9]{0,14}")

_ModelT = TypeVar("_ModelT", bound=BaseModel)


class GavipHandler(ExtensionHandlerMixin, APIHandler):
    """Ask the launch service on behalf of the user of this server."""

    auth_resource = AUTH_RESOURCE
    _track_activity = False

    @property
    def gavip(self) -> "GavipServerApp":
        """The extension that this handler belongs to."""
        return cast("GavipServerApp", self.extensionapp)

    @property
    def client(self) -> LaunchClient:
        """The client of the launch service.

        Raises
        ------
        ClientError
            Raised if no platform started this server.
        """
        if self.gavip.client is None:
            raise _problem(503, "no_platform", self.gavip.bus.status.detail)
        return self.gavip.client

    def body(self, model: type[_ModelT]) -> _ModelT:
        """Return the request's body as the contract words it.

        Raises
        ------
        ClientError
            Raised if the body is too long, or not what the contract wants.
        """
        if len(self.request.body) > _LARGEST_BODY_BYTES:
            raise _problem(413, "too_large", "A request has at most 64 kB.")
        try:
            return model.model_validate_json(self.request.body)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"] if part != "str")
            detail = f"{place or 'The request'}: {first['msg']}."
            raise _problem(422, "invalid_field", detail, place or None) from None

    def number(self, name: str) -> int | None:
        """Return a whole number of the query, or None if it is not given.

        Raises
        ------
        ClientError
            Raised if it is no whole number above zero.
        """
        text = self.get_query_argument(name, None)
        if text is None:
            return None
        if not _NUMBER.fullmatch(text):
            detail = f"{name} is a whole number above zero, not {text[:20]!r}."
            raise _problem(422, "invalid_field", detail, name)
        return int(text)

    async def answer(self, asked: Awaitable[BaseModel]) -> None:
        """Answer with what the service says, be it yes or no."""
        try:
            model = await asked
        except ClientError as error:
            self.set_status(error.status)
            self.finish(
                error.problem.model_dump_json(),
                set_content_type="application/problem+json",
            )
            return
        self.finish(model.model_dump_json())


def _problem(
    status: int, code: str, detail: str, field: str | None = None
) -> ClientError:
    titles = {503: "There is no platform here", 413: "Too long"}
    return ClientError(
        Problem(
            type="about:blank",
            title=titles.get(status, "A value cannot be used"),
            status=status,
            detail=detail,
            code=code,
            field=field,
        )
    )
