"""Whether somebody or something works in this server, seen from inside."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psutil
from jupyter_core.utils import ensure_async
from jupyter_events import EventLogger
from jupyter_server.serverapp import ServerApp

__all__ = ["Pulse", "PulseWatch"]

_CONTENTS = "https://events.jupyter.org/jupyter_server/contents_service/v1"
_READING = "get"


@dataclass(frozen=True, slots=True)
class Pulse:
    """What goes on at a moment."""

    busy: bool
    """Whether a kernel computes or a terminal runs a program."""
    kernels: int
    last_activity: datetime
    """When a kernel, a terminal or a person last did something."""


class PulseWatch:
    """Looks at kernels, terminals and the changes that people make to documents.

    Requests that an open browser tab sends by itself do not count: a forgotten tab is
    not somebody at work.

    Parameters
    ----------
    serverapp
        The running server.
    logger
        Its event logger.
    """

    def __init__(self, serverapp: ServerApp, logger: EventLogger) -> None:
        self._app = serverapp
        self._touched_at = datetime.now(UTC)
        if _CONTENTS in logger.schemas:
            logger.add_listener(schema_id=_CONTENTS, listener=self._on_document)

    def touch(self) -> None:
        """Take note that a person did something just now."""
        self._touched_at = datetime.now(UTC)

    async def look(self) -> Pulse:
        """Return what goes on at this moment."""
        manager: Any = self._app.kernel_manager
        kernels = await ensure_async(manager.list_kernels())
        terminals = self._terminals()
        moments = [self._touched_at]
        moments += [_moment(kernel["last_activity"]) for kernel in kernels]
        moments += [_moment(each.last_activity) for each in terminals]
        return Pulse(
            busy=any(kernel["execution_state"] == "busy" for kernel in kernels)
            or any(_runs_program(each) for each in terminals),
            kernels=len(kernels),
            last_activity=max(moments),
        )

    def _terminals(self) -> list[Any]:
        manager = self._app.web_app.settings.get("terminal_manager")
        if manager is None:
            return []
        found = manager.terminals.values()
        return [each for each in found if hasattr(each, "last_activity")]

    async def _on_document(
        self, logger: EventLogger, schema_id: str, data: dict[str, Any]
    ) -> None:
        del logger, schema_id
        if data.get("action") != _READING:
            self.touch()


def _moment(value: datetime | str) -> datetime:
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment.astimezone(UTC)


def _runs_program(terminal: Any) -> bool:
    try:
        return bool(psutil.Process(terminal.ptyproc.pid).children())
    except psutil.Error:
        return False
