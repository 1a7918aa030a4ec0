"""An asynchronous client of the launch service, for tornado and asyncio.

The hub's spawner and the users' servers speak to the service through it, each with its
own token. The token goes into one header and nowhere else: no log, no error, no repr.
"""

from gavip_hub.client.errors import ClientError, ServiceUnreachable
from gavip_hub.client.launches import LaunchClient
from gavip_hub.client.stream import ConnectionState

__all__ = ["ClientError", "ConnectionState", "LaunchClient", "ServiceUnreachable"]
