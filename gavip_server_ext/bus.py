"""What goes out on the Jupyter server's event bus, and in which words."""

from enum import StrEnum
from pathlib import Path
from typing import Any

from jupyter_events import EventLogger
from pydantic import BaseModel

from gavip_hub.api.models import Event

__all__ = ["CONNECTION", "LAUNCH", "Bus", "LinkState", "Status"]

LAUNCH = "urn:gavip:event:launch:v1"
"""Schema of an event of the launch service."""

CONNECTION = "urn:gavip:event:connection:v1"
"""Schema of a change of the connection to the launch service."""

_SCHEMAS = Path(__file__).with_name("events")


class LinkState(StrEnum):
    """How this server and the launch service stand."""

    ABSENT = "absent"
    """There is no platform here."""
    CONNECTING = "connecting"
    """The first contact is being made."""
    CONNECTED = "connected"
    """Events flow."""
    RECONNECTING = "reconnecting"
    """The service does not answer at the moment; what is shown may be old."""
    REFUSED = "refused"
    """The service does not accept this session's token."""


class Status(BaseModel):
    """What the panel needs to know before anything else."""

    state: LinkState
    detail: str
    """Why, in plain words; empty while all is well."""
    launch_id: str
    """The launch that this session is; empty outside a platform."""
    user: str
    serial: int
    """Number of the last event on the bus; a gap after it tells of missed ones."""


class Bus:
    """Emits numbered events, and remembers how the connection stands.

    Parameters
    ----------
    logger
        The Jupyter server's own event logger.
    launch_id
        The launch that this session is.
    user
        The hub's user name.
    """

    def __init__(self, logger: EventLogger, *, launch_id: str, user: str) -> None:
        self._logger = logger
        self._launch_id = launch_id
        self._user = user
        self._serial = 0
        self._state = LinkState.ABSENT
        self._detail = "This JupyterLab was not started by a GAVIP platform."
        for schema in sorted(_SCHEMAS.glob("*.yaml")):
            logger.register_event_schema(schema)

    @property
    def status(self) -> Status:
        """How things stand at this moment."""
        return Status(
            state=self._state,
            detail=self._detail,
            launch_id=self._launch_id,
            user=self._user,
            serial=self._serial,
        )

    def pass_on(self, event: Event) -> None:
        """Emit what the launch service told."""
        self._emit(LAUNCH, event.model_dump(mode="json"))

    def connection(self, state: LinkState, detail: str = "") -> None:
        """Emit how the connection stands, if that is news."""
        if (state, detail) != (self._state, self._detail):
            self._state, self._detail = state, detail
            self._emit(CONNECTION, {"state": str(state), "detail": detail})

    def _emit(self, schema_id: str, data: dict[str, Any]) -> None:
        self._serial += 1
        data["serial"] = self._serial
        self._logger.emit(schema_id=schema_id, data=data)
