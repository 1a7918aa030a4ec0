"""The platform: its rules, its room, its health."""

from http import HTTPStatus

from gavip_hub import __version__
from gavip_hub.api import models, translate
from gavip_hub.web.base import ApiHandler
from gavip_hub.web.callers import READ

__all__ = ["CapacityHandler", "HealthHandler", "InfoHandler"]


class InfoHandler(ApiHandler):
    """``GET /info``."""

    async def get(self) -> None:
        """Answer with the rules for the caller."""
        self.caller.need(READ)
        rules = self.parts.settings.rules
        owner = self.subject()
        facts = await self.parts.platform.engine_facts()
        quota = rules.quotas.get(owner, rules.default_quota)
        idle = rules.idle_timeout
        self.answer(
            models.Info(
                version=__version__,
                user=owner,
                roles=self.caller.roles,  # type: ignore[arg-type]
                engine=facts.name,
                enforced=sorted(facts.enforced),
                notes=list(facts.notes),
                sizes=[translate.to_size(size) for size in rules.sizes],
                default_size=rules.default_size,
                min_resources=translate.to_resources(rules.bounds.min_resources),
                max_resources=translate.to_resources(
                    await self.parts.estimates.largest_for(owner)
                ),
                min_walltime_s=int(rules.bounds.min_walltime.total_seconds()),
                max_walltime_s=int(rules.bounds.max_walltime.total_seconds()),
                quota=models.Quota(
                    max_running=quota.max_running,
                    max_waiting=quota.max_waiting,
                    max_resources=translate.to_resources(quota.max_resources),
                ),
                used=translate.to_resources(await self.parts.estimates.used_by(owner)),
                idle_timeout_s=None if idle is None else int(idle.total_seconds()),
            )
        )


class CapacityHandler(ApiHandler):
    """``GET /capacity``."""

    async def get(self) -> None:
        """Answer with what is free."""
        self.caller.need(READ)
        room = await self.parts.estimates.room()
        self.answer(
            models.Capacity(
                total=translate.to_resources(room.total),
                free=translate.to_resources(room.free),
                largest_free=translate.to_resources(room.largest_free),
                waiting=room.waiting,
                running=room.running,
            )
        )


class HealthHandler(ApiHandler):
    """``GET /health``, for anybody who watches over the service."""

    public = True

    async def get(self) -> None:
        """Answer with what is well and what is not."""
        checks = await self.parts.platform.health()
        well = all(word == "ok" for word in checks.values())
        self.answer(
            models.Health(status="ok" if well else "degraded", checks=checks),
            HTTPStatus.OK if well else HTTPStatus.SERVICE_UNAVAILABLE,
        )
