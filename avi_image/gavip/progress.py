"""Say in a notebook or a terminal how far a long act is.

One output that is rewritten in place: a bar in a notebook (plain HTML that takes
the colours of the theme), one line in a terminal, nothing where nobody looks.
"""

from __future__ import annotations

import html
import sys
import time
from typing import Any, Protocol

from typing_extensions import override

__all__ = ["Progress", "ProgressView", "progress_for"]

_REDRAW_S = 0.2
_SHOW_AFTER_S = 0.6


class Progress(Protocol):
    """Where an act reports how far it is."""

    def update(self, text: str, fraction: float | None = None) -> None:
        """Say what goes on; `fraction` is between 0 and 1, `None` for unknown."""

    def finish(self, text: str) -> None:
        """Say how it ended; a short act that never showed stays silent."""


class ProgressView:
    """What a notebook displays while an act goes on.

    Parameters
    ----------
    text
        What goes on.
    fraction
        Part done, between 0 and 1; `None` draws a bar without an end.
    done
        Whether the act has ended; then no bar is drawn.
    """

    def __init__(
        self, text: str, fraction: float | None = None, *, done: bool = False
    ) -> None:
        self.text = text
        self.fraction = fraction
        self.done = done

    @override
    def __repr__(self) -> str:
        if self.fraction is None or self.done:
            return self.text
        return f"{self.text} ({self.fraction:.0%})"

    def _repr_html_(self) -> str:
        if self.done:
            return f"<small>{html.escape(self.text)}</small>"
        value = "" if self.fraction is None else f' value="{self.fraction:.3f}" max="1"'
        return (
            f'<progress{value} style="width: 14em; vertical-align: middle"></progress>'
            f" <small>{html.escape(self.text)}</small>"
        )


class _Timed:
    """Skip the drawing of short acts, and of changes nobody could read."""

    def __init__(self) -> None:
        self._began_s = time.monotonic()
        self._drawn_s = 0.0
        self.shown = False

    def is_due(self) -> bool:
        """Tell whether to draw now."""
        now_s = time.monotonic()
        if now_s - self._began_s < _SHOW_AFTER_S or now_s - self._drawn_s < _REDRAW_S:
            return False
        self._drawn_s = now_s
        return True


class _NotebookProgress:
    """Progress as one rewritten output of the cell."""

    def __init__(self, display: Any) -> None:
        self._display = display
        self._handle: Any = None
        self._timed = _Timed()

    def update(self, text: str, fraction: float | None = None) -> None:
        if not self._timed.is_due():
            return
        view = ProgressView(text, fraction)
        if self._handle is None:
            self._handle = self._display(view, display_id=True)
        else:
            self._handle.update(view)

    def finish(self, text: str) -> None:
        if self._handle is not None:
            self._handle.update(ProgressView(text, done=True))


class _TerminalProgress:
    """Progress as one rewritten line on standard error."""

    def __init__(self) -> None:
        self._timed = _Timed()
        self._width = 0

    def update(self, text: str, fraction: float | None = None) -> None:
        if self._timed.is_due():
            self._write(repr(ProgressView(text, fraction)))

    def finish(self, text: str) -> None:
        if self._width:
            self._write(text)
            sys.stderr.write("\n")

    def _write(self, line: str) -> None:
        sys.stderr.write("\r" + line.ljust(self._width))
        sys.stderr.flush()
        self._width = max(self._width, len(line))


class _SilentProgress:
    """Progress that nobody sees."""

    def update(self, text: str, fraction: float | None = None) -> None:
        """Do nothing."""

    def finish(self, text: str) -> None:
        """Do nothing."""


def progress_for(*, show: bool = True) -> Progress:
    """Return the progress that suits where this Python runs.

    Parameters
    ----------
    show
        Whether anything is to be shown at all.
    """
    if not show:
        return _SilentProgress()
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if shell is not None and hasattr(shell, "kernel"):
        from IPython.display import display  # noqa: PLC0415 - only in a kernel

        return _NotebookProgress(display)
    return _TerminalProgress() if sys.stderr.isatty() else _SilentProgress()
