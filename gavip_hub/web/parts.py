"""What every handler needs, handed to it rather than found."""

from dataclasses import dataclass

from jupyterhub.services.auth import HubOAuth

from gavip_hub.portal.estimates import Estimates
from gavip_hub.portal.launches import Launches
from gavip_hub.portal.platform import Platform
from gavip_hub.portal.servers import Servers
from gavip_hub.portal.watch import Watch
from gavip_hub.ports import Clock
from gavip_hub.settings import Settings

__all__ = ["Parts"]


@dataclass(frozen=True, slots=True)
class Parts:
    """The use cases behind the handlers."""

    settings: Settings
    auth: HubOAuth
    clock: Clock
    launches: Launches
    servers: Servers
    estimates: Estimates
    platform: Platform
    watch: Watch

    @property
    def prefixes(self) -> tuple[str, str]:
        """Path prefixes of the hub's users and of this service."""
        base = self.settings.service.hub_prefix.removesuffix("hub/")
        return base, self.settings.service.prefix
