"""Rounds of torture on two platforms, and what they came to."""

import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from scripts.torture.arena import Arena

__all__ = ["torture"]

SETTLE_EVERY = 10
"""Rounds after which everything is let to end and is counted."""


def torture(
    folder: Path,
    *,
    rounds: int,
    seed: int,
    tell: Callable[[str], None] = lambda line: print(line, file=sys.stderr),
) -> tuple[dict[str, int], list[str]]:
    """Torture two platforms, and return the figures and the story of each fault.

    Parameters
    ----------
    folder
        Where the platforms live.
    rounds
        How many kills.
    seed
        Decides all choices.
    tell
        Told of the progress.
    """
    arenas = [Arena(folder / name, name, seed) for name in ("fake", "sandbox")]
    stories: list[str] = []
    began = time.monotonic()
    try:
        with ThreadPoolExecutor(len(arenas)) as both:
            list(both.map(Arena.open, arenas))
            for done in range(0, rounds, SETTLE_EVERY):
                number = min(SETTLE_EVERY, rounds - done)
                shares = [number - number // 2, number // 2]
                for found in both.map(_some_rounds, arenas, shares):
                    stories += found
                took_s = time.monotonic() - began
                done_now = f"{done + number} of {rounds} rounds, {took_s:.0f} s"
                tell(f"{done_now}: {_sum(arenas)}")
    finally:
        for arena in arenas:
            arena.close()
    unlucky = [one for arena in arenas for one in arena.tally.unlucky]
    if unlucky:
        tell(f"{len(unlucky)} servers were given up, told so, such as:\n{unlucky[0]}")
    return {"rounds": rounds, **_sum(arenas)}, stories


def _some_rounds(arena: Arena, number: int) -> list[str]:
    """Do some rounds on one platform, and return the stories of what went wrong."""
    for _ in range(number):
        arena.round()
    faults = arena.settle().faults
    return [*faults, arena.story()] if faults else []


def _sum(arenas: list[Arena]) -> dict[str, int]:
    return {
        name: sum(len(getattr(arena.tally, name)) for arena in arenas)
        for name in ("lost", "double_starts", "over_allocated")
    }
