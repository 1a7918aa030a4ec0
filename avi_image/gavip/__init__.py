"""GAVIP in a notebook cell: archives and the platform's queue.

`gavip.tap` asks archives; the other functions do what the panels of the portal do.
Importing this package touches no network.
"""

from gavip import tap
from gavip.errors import (
    AdqlError,
    ArchiveError,
    ArchiveUnavailable,
    BadArgument,
    GavipError,
    JobEnded,
    NoPlatform,
    PlatformError,
    PlatformUnavailable,
    QueryTimeout,
    RequestRefused,
    TruncatedResultWarning,
)
from gavip.launches import Launch, LaunchList
from gavip.platform import Estimate, active, cancel, estimate, extend, launch, queue
from gavip.session_limits import Limits, limits

__all__ = [
    "AdqlError",
    "ArchiveError",
    "ArchiveUnavailable",
    "BadArgument",
    "Estimate",
    "GavipError",
    "JobEnded",
    "Launch",
    "LaunchList",
    "Limits",
    "NoPlatform",
    "PlatformError",
    "PlatformUnavailable",
    "QueryTimeout",
    "RequestRefused",
    "TruncatedResultWarning",
    "active",
    "cancel",
    "estimate",
    "extend",
    "launch",
    "limits",
    "queue",
    "tap",
]
