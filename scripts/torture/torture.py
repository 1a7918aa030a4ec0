"""Rounds of torture on two platforms, and what they came to."""

import random
import sys
import time
from collections.abc import Callable
from pathlib import Path

from scripts.torture.arena import Arena

__all__ = ["torture"]

SETTLE_EVERY = 10
"""Rounds after which everything is let to end and is counted."""

SANDBOX_SHARE = 0.4
"""Share of the rounds on the sandbox engine, which are the slower ones."""


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
    chance = random.Random(seed)  # noqa: S311  to be repeated
    arenas = [Arena(folder / name, name, seed) for name in ("fake", "sandbox")]
    stories: list[str] = []
    began = time.monotonic()
    try:
        for arena in arenas:
            arena.open()
        for number in range(1, rounds + 1):
            chosen = arenas[chance.random() < SANDBOX_SHARE]
            chosen.round()
            if number % SETTLE_EVERY == 0 or number == rounds:
                for arena in arenas:
                    found = arena.settle().faults
                    if found:
                        stories += [*found, arena.story()]
                took_s = time.monotonic() - began
                tell(f"{number} of {rounds} rounds, {took_s:.0f} s: {_sum(arenas)}")
    finally:
        for arena in arenas:
            arena.close()
    unlucky = [one for arena in arenas for one in arena.tally.unlucky]
    if unlucky:
        tell(f"{len(unlucky)} servers were given up, told so, such as:\n{unlucky[0]}")
    return {"rounds": rounds, **_sum(arenas)}, stories


def _sum(arenas: list[Arena]) -> dict[str, int]:
    return {
        name: sum(len(getattr(arena.tally, name)) for arena in arenas)
        for name in ("lost", "double_starts", "over_allocated")
    }
