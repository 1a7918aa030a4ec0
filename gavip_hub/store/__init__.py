"""The durable record of launches, allocations, nodes and events."""

from gavip_hub.store.migrate import upgrade
from gavip_hub.store.sql import SqlLaunchStore

__all__ = ["SqlLaunchStore", "upgrade"]
