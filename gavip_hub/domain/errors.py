"""Everything that GAVIP can say no with.

::

    GavipError
    ├── RequestRejected          the request is at fault; mend it and ask again
    │   ├── InvalidField         a field's value cannot be used
    │   ├── NeverFits            no node is large enough, whatever one waits for
    │   ├── QuotaExceeded        a cap of the user stands in the way
    │   ├── QueueFull            the user has too many launches waiting
    │   ├── TooManyStreams       the user follows events too many times at once
    │   ├── ServerBusy           the named server has a launch already
    │   ├── UnknownLaunch        no such launch, or not yours
    │   ├── NotAllowed           the token's scopes do not reach that far
    │   ├── IllegalTransition    the launch is past that point
    │   ├── ExtensionRefused     somebody else's start would move
    │   └── IdempotencyConflict  the key was used with another request
    ├── StoreFault               the database did not answer or refused
    │   ├── StoreConflict        somebody else was quicker; read again
    │   ├── FencedOut            a newer service holds the lease
    │   ├── StoreTooNew          a newer version has migrated the database
    │   └── StoreUnavailable     no space, no connection, read-only
    └── BackendFault             the engine or the hub did not do as asked
        ├── EngineUnavailable    no engine answers
        ├── HubUnavailable       the hub does not answer
        └── HubRefused           the hub answers, and does not do it
"""

__all__ = [
    "BackendFault",
    "EngineUnavailable",
    "ExtensionRefused",
    "FencedOut",
    "GavipError",
    "HubRefused",
    "HubUnavailable",
    "IdempotencyConflict",
    "IllegalTransition",
    "InvalidField",
    "NeverFits",
    "NotAllowed",
    "QueueFull",
    "QuotaExceeded",
    "RequestRejected",
    "ServerBusy",
    "StoreConflict",
    "StoreFault",
    "StoreTooNew",
    "StoreUnavailable",
    "TooManyStreams",
    "UnknownLaunch",
]


class GavipError(Exception):
    """Root of all errors that GAVIP raises on purpose.

    Parameters
    ----------
    message
        One or two sentences for a person: what is wrong and how to mend it.
    field
        Name of the request's field at fault, if one is.
    """

    code = "internal"
    """Stable, machine-readable name; part of the published contract."""

    title = "Something went wrong inside GAVIP"
    """Short heading for pages and problem documents."""

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class RequestRejected(GavipError):
    """The request cannot be honoured as it stands."""

    code = "request_rejected"
    title = "The request was refused"


class InvalidField(RequestRejected):
    """A field's value cannot be used."""

    code = "invalid_field"
    title = "A value cannot be used"


class NeverFits(RequestRejected):
    """No node could ever hold the request."""

    code = "never_fits"
    title = "Larger than anything here"


class QuotaExceeded(RequestRejected):
    """A cap of the user stands in the way."""

    code = "quota_exceeded"
    title = "Over your quota"


class QueueFull(RequestRejected):
    """The user has as many launches waiting as the platform allows."""

    code = "queue_full"
    title = "Too many of your launches wait already"


class TooManyStreams(RequestRejected):
    """The user follows events through as many connections as one may."""

    code = "too_many_streams"
    title = "Too many open streams of events"


class ServerBusy(RequestRejected):
    """The hub's server of that name has a launch that has not ended."""

    code = "server_busy"
    title = "That server is in use"


class UnknownLaunch(RequestRejected):
    """There is no such launch, or it belongs to somebody else."""

    code = "unknown_launch"
    title = "No such launch"


class NotAllowed(RequestRejected):
    """The caller's scopes do not allow the act."""

    code = "not_allowed"
    title = "Not allowed"


class IllegalTransition(RequestRejected):
    """The launch is in a phase from which the act is not possible."""

    code = "illegal_transition"
    title = "Too late, or too early, for that"


class ExtensionRefused(RequestRejected):
    """More time would delay somebody who waits, or pass the longest walltime."""

    code = "extension_refused"
    title = "No more time can be given"


class IdempotencyConflict(RequestRejected):
    """The idempotency key was used before with a different request."""

    code = "idempotency_conflict"
    title = "The same key with another request"


class StoreFault(GavipError):
    """The database did not do as asked; nothing was acknowledged."""

    code = "store_fault"
    title = "The launch database has a problem"


class StoreConflict(StoreFault):
    """The row changed since it was read."""

    code = "store_conflict"
    title = "Somebody else was quicker"


class FencedOut(StoreFault):
    """A newer service process holds the lease; this one may not write."""

    code = "fenced_out"
    title = "A newer service has taken over"


class StoreTooNew(StoreFault):
    """The database was migrated by a newer version than this one."""

    code = "store_too_new"
    title = "The launch database belongs to a newer version"


class StoreUnavailable(StoreFault):
    """The database cannot be written: no space, no connection or read-only."""

    code = "store_unavailable"
    title = "The launch database cannot be written"


class BackendFault(GavipError):
    """The engine or the hub did not do as asked.

    Parameters
    ----------
    message
        What went wrong, for a person.
    transient
        Whether trying again later may help.
    """

    code = "backend_fault"
    title = "The engine has a problem"

    def __init__(
        self, message: str, *, field: str | None = None, transient: bool = True
    ) -> None:
        super().__init__(message, field=field)
        self.transient = transient


class EngineUnavailable(BackendFault):
    """No engine answers, or it took too long."""

    code = "engine_unavailable"
    title = "No engine answers"


class HubUnavailable(BackendFault):
    """The hub does not answer."""

    code = "hub_unavailable"
    title = "The hub does not answer"


class HubRefused(BackendFault):
    """The hub answers, and does not do what it was asked."""

    code = "hub_refused"
    title = "The hub refused"
