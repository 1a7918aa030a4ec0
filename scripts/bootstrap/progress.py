"""What the person sees while the setup works.

On a terminal the step's line lives: elapsed time and the last line that its command
printed. Elsewhere there is one plain line when a step starts and one when it ended.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

__all__ = ["Progress", "in_words"]

_FRAMES = "|/-\\"
_TICK_S = 0.1
_CLEAR = "\r\x1b[2K"
_MINUTE_S = 60


def in_words(seconds: float) -> str:
    """Return a duration as a person says it: "4 s", "2 min 05 s"."""
    whole = int(seconds)
    if whole < _MINUTE_S:
        return f"{whole} s"
    return f"{whole // _MINUTE_S} min {whole % _MINUTE_S:02d} s"


class Progress:
    """The numbered steps on a screen or in a file.

    Parameters
    ----------
    stream
        Where to write.
    total
        How many steps there are.
    live
        Whether the line may be drawn again: a terminal.
    clock
        Seconds that only go on.
    """

    def __init__(
        self,
        stream: TextIO,
        total: int,
        *,
        live: bool,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stream = stream
        self._total = total
        self._live = live
        self._clock = clock
        self._number = 0
        self._title = ""
        self._started_s = 0.0
        self._drawn_s = 0.0
        self._frame = 0

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Show one step from its start to its end."""
        self._number += 1
        self._title = title
        self._started_s = self._clock()
        self._drawn_s = 0.0
        if self._live:
            self.tick("")
        else:
            self.say(f"{self._label()} {title} ...")
        try:
            yield
        except BaseException:
            self._end("not finished")
            raise
        self._end("done")

    def skip(self, title: str) -> None:
        """Show a step that has nothing to do."""
        self._number += 1
        self.say(f"{self._label()} {title}: ready")

    def note(self, text: str) -> None:
        """Say something about the present step."""
        self.say(f"      {text}")

    def say(self, text: str) -> None:
        """Write a line of its own."""
        if self._live:
            self._stream.write(_CLEAR)
        self._stream.write(f"{text}\n")
        self._stream.flush()

    def tick(self, last_line: str) -> None:
        """Draw the step's line again, where it lives; at most ten times a second."""
        now = self._clock()
        if not self._live or now - self._drawn_s < _TICK_S:
            return
        self._drawn_s = now
        self._frame = (self._frame + 1) % len(_FRAMES)
        elapsed = in_words(now - self._started_s)
        text = f"{self._label()} {_FRAMES[self._frame]} {self._title} ({elapsed})"
        if last_line:
            text += f"  {last_line}"
        width = max(shutil.get_terminal_size().columns - 1, 20)
        self._stream.write(f"{_CLEAR}{text[:width]}")
        self._stream.flush()

    def _label(self) -> str:
        return f"[{self._number}/{self._total}]"

    def _end(self, word: str) -> None:
        elapsed = in_words(self._clock() - self._started_s)
        if self._live:
            self.say(f"{self._label()} {self._title}: {word} in {elapsed}")
        else:
            self.note(f"{word} in {elapsed}")
