"""The user's launches: list, ask, look, stop, prolong."""

from jupyter_server.auth.decorator import authorized
from tornado import web
from typing_extensions import override

from gavip_hub.api.models import Extension, Launch, LaunchPage, LaunchRequest
from gavip_server_ext.handlers.base import GavipHandler

__all__ = ["CancelHandler", "ExtendHandler", "LaunchHandler", "LaunchesHandler"]


class LaunchesHandler(GavipHandler):
    """All launches of the user."""

    @web.authenticated
    @authorized
    @override
    async def get(self) -> None:
        """Answer one page of launches, newest first."""
        await self.answer(self._list())

    @web.authenticated
    @authorized
    @override
    async def post(self) -> None:
        """Ask to run something."""
        self.gavip.pulse.touch()
        await self.answer(self._submit())

    async def _list(self) -> LaunchPage:
        return await self.client.list(
            phases=self.get_query_arguments("phase"),
            before=self.number("before"),
            limit=self.number("limit"),
        )

    async def _submit(self) -> Launch:
        key = self.request.headers.get("Idempotency-Key") or None
        request = self.body(LaunchRequest)
        return await self.client.submit(request, idempotency_key=key)


class LaunchHandler(GavipHandler):
    """One launch."""

    @web.authenticated
    @authorized
    @override
    async def get(self, launch_id: str) -> None:
        """Answer the launch as it is now."""
        await self.answer(self._get(launch_id))

    async def _get(self, launch_id: str) -> Launch:
        return await self.client.get(launch_id)


class CancelHandler(GavipHandler):
    """The end of a launch by its owner."""

    @web.authenticated
    @authorized
    @override
    async def post(self, launch_id: str) -> None:
        """Stop the launch, or take it out of the queue."""
        self.gavip.pulse.touch()
        await self.answer(self._cancel(launch_id))

    async def _cancel(self, launch_id: str) -> Launch:
        return await self.client.cancel(launch_id)


class ExtendHandler(GavipHandler):
    """More time for a launch."""

    @web.authenticated
    @authorized
    @override
    async def post(self, launch_id: str) -> None:
        """Ask for more time."""
        self.gavip.pulse.touch()
        await self.answer(self._extend(launch_id))

    async def _extend(self, launch_id: str) -> Launch:
        return await self.client.extend(launch_id, self.body(Extension).by)
