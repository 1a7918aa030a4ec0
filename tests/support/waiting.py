"""Wait on a condition, with an end."""

from __future__ import annotations

import time
from collections.abc import Callable

__all__ = ["eventually"]

_POLL_S = 0.05


def eventually(condition: Callable[[], object], within_s: float = 30) -> None:
    """Wait until a condition holds.

    Parameters
    ----------
    condition
        Asked again and again.
    within_s
        How long that may take, generously: it is the end of a test that failed.

    Raises
    ------
    AssertionError
        Raised if it does not hold in time.
    """
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"it did not come true within {within_s} s")
        time.sleep(_POLL_S)
