"""Server-Sent Events, as the HTML standard defines the stream; pure."""

from dataclasses import dataclass

__all__ = ["KEEP_ALIVE", "Message", "MessageReader"]

KEEP_ALIVE = b": still here\n\n"
"""A comment; sent while nothing happens, so that both ends see that the other lives."""

_LONGEST_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a stream."""

    data: str
    event: str = "message"
    id: str | None = None
    """The id that a reader sends back as ``Last-Event-ID``; None keeps the old one."""

    def encode(self) -> bytes:
        """Return the message as it goes over the wire."""
        lines = [f"event: {self.event}"]
        if self.id is not None:
            lines.append(f"id: {self.id}")
        lines.extend(f"data: {line}" for line in self.data.split("\n"))
        return ("\n".join(lines) + "\n\n").encode()


class MessageReader:
    """Cuts a stream of bytes into messages, wherever the pieces break."""

    def __init__(self) -> None:
        self._rest = b""
        self._data: list[str] = []
        self._event = ""
        self._id: str | None = None

    def feed(self, piece: bytes) -> list[Message]:
        """Take the next bytes, and return the messages that they complete.

        Raises
        ------
        ValueError
            Raised if a line grows beyond 4 MiB: whoever sends is not what it seems.
        """
        text = (self._rest + piece).replace(b"\r\n", b"\n")
        held = b""
        if text.endswith(b"\r"):
            text, held = text[:-1], b"\r"
        *lines, rest = text.replace(b"\r", b"\n").split(b"\n")
        self._rest = rest + held
        if len(self._rest) > _LONGEST_BYTES:
            raise ValueError("A line of the event stream is longer than 4 MiB.")
        found = (self._line(line.decode("utf-8", "replace")) for line in lines)
        return [message for message in found if message is not None]

    def _line(self, line: str) -> Message | None:
        if not line:
            return self._finish()
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            self._data.append(value)
        elif name == "event":
            self._event = value
        elif name == "id" and "\0" not in value:
            self._id = value
        return None

    def _finish(self) -> Message | None:
        data, event, id_ = self._data, self._event or "message", self._id
        self._data, self._event, self._id = [], "", None
        if not data:
            return None
        return Message("\n".join(data), event, id_)
