"""The hub's own REST API, as far as the queue needs it."""

from gavip_hub.hubapi.servers import HttpHubServers

__all__ = ["HttpHubServers"]
