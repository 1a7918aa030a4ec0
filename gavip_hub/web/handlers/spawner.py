"""The hub's spawner at the door, and sessions telling of themselves."""

import uuid

from gavip_hub.api import models, translate
from gavip_hub.web.base import ApiHandler
from gavip_hub.web.callers import ADMIT, WRITE
from gavip_hub.web.handlers.launches import OneLaunchHandler

__all__ = ["ActivityHandler", "ClaimHandler", "ReportHandler"]


class ClaimHandler(ApiHandler):
    """``POST /claims``."""

    async def post(self) -> None:
        """Let a server start, or tell what it waits for."""
        self.caller.need(ADMIT)
        claim = self.parse(models.Claim)
        request = translate.from_form(
            claim.owner,
            claim.server_name,
            claim.user_options,
            self.parts.settings.rules,
        )
        key = f"hub:{claim.ask_id or uuid.uuid4().hex}"
        view = await self.parts.servers.claim(request, key)
        self.answer(self.launch_model(view))


class ReportHandler(OneLaunchHandler):
    """``POST /launches/{launch_id}/report``."""

    async def post(self, launch_id: str) -> None:
        """Note what became of an attempt."""
        self.caller.need(ADMIT)
        report = self.parse(models.Report)
        view = await self.parts.servers.report(
            self.known(launch_id), report.attempt, report.outcome, report.message
        )
        self.answer(self.launch_model(view))


class ActivityHandler(OneLaunchHandler):
    """``PUT /launches/{launch_id}/activity``."""

    async def put(self, launch_id: str) -> None:
        """Note what a session says of itself."""
        self.caller.need(WRITE)
        told = self.parse(models.Activity)
        view = await self.parts.launches.told_activity(
            self.known(launch_id),
            self.caller.name,
            told.busy,
            told.last_activity,
            ready=told.ready,
        )
        self.answer(self.launch_model(view))
