"""The platform: how the connection stands, its rules, what is free, and when."""

from jupyter_server.auth.decorator import authorized
from tornado import web
from typing_extensions import override

from gavip_hub.api.models import Capacity, EstimateList, EstimateRequest, Info
from gavip_server_ext.handlers.base import GavipHandler

__all__ = ["CapacityHandler", "EstimatesHandler", "InfoHandler", "StatusHandler"]


class StatusHandler(GavipHandler):
    """How this server and the launch service stand."""

    @web.authenticated
    @authorized
    @override
    async def get(self) -> None:
        """Answer it; works without a platform, too."""
        self.finish(self.gavip.bus.status.model_dump_json())


class InfoHandler(GavipHandler):
    """The platform's rules."""

    @web.authenticated
    @authorized
    @override
    async def get(self) -> None:
        """Answer sizes, bounds and caps."""
        await self.answer(self._info())

    async def _info(self) -> Info:
        return await self.client.info()


class CapacityHandler(GavipHandler):
    """What there is."""

    @web.authenticated
    @authorized
    @override
    async def get(self) -> None:
        """Answer what is free now."""
        await self.answer(self._capacity())

    async def _capacity(self) -> Capacity:
        return await self.client.capacity()


class EstimatesHandler(GavipHandler):
    """When something would start."""

    @web.authenticated
    @authorized
    @override
    async def post(self) -> None:
        """Answer one estimate for each wish."""
        await self.answer(self._estimate())

    async def _estimate(self) -> EstimateList:
        return await self.client.estimate(self.body(EstimateRequest).wishes)
