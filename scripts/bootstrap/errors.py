"""What can go wrong before the hub runs: each says what, and what to do."""

from __future__ import annotations

from pathlib import Path

__all__ = ["CommandFailed", "SetupError"]


class SetupError(Exception):
    """The setup cannot go on.

    Parameters
    ----------
    what
        What went wrong, one sentence.
    mend
        What the person can do about it.
    log
        The file with the whole story, if there is one.
    tail
        The last lines of that story.
    """

    def __init__(
        self, what: str, mend: str, *, log: Path | None = None, tail: str = ""
    ) -> None:
        super().__init__(what)
        self.what = what
        self.mend = mend
        self.log = log
        self.tail = tail

    def text(self) -> str:
        """Return the message for the screen."""
        lines = [f"error: {self.what}"]
        lines += [f"  | {line}" for line in self.tail.splitlines()]
        lines.append(f"  mend: {self.mend}")
        if self.log is not None:
            lines.append(f"  log:  {self.log}")
        return "\n".join(lines)


class CommandFailed(Exception):
    """A command ended with another status than 0.

    Parameters
    ----------
    command
        The program's name.
    status
        Its exit status; negative for a signal.
    tail
        The last lines that it printed.
    """

    def __init__(self, command: str, status: int, tail: str) -> None:
        super().__init__(f"{command} ended with status {status}")
        self.command = command
        self.status = status
        self.tail = tail
