"""Count what the engine's own record shows, against what was acknowledged."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from gavip_hub.domain.resources import Resources
from gavip_hub.engines.fake.observer import observe
from gavip_hub.engines.fake.record import read_entries
from scripts.torture.people import Ask
from tests.support.platform import ApiUser

__all__ = ["Tally", "judge_asks", "judge_fake", "judge_seen"]


@dataclass(slots=True)
class Tally:
    """Faults found, each with its story."""

    lost: list[str] = field(default_factory=list)
    double_starts: list[str] = field(default_factory=list)
    over_allocated: list[str] = field(default_factory=list)
    unlucky: list[str] = field(default_factory=list)
    """Ended with an explanation that the kills account for; no fault."""

    @property
    def faults(self) -> list[str]:
        """All faults."""
        return [*self.lost, *self.double_starts, *self.over_allocated]

    def __iadd__(self, other: "Tally") -> Self:
        self.lost += other.lost
        self.double_starts += other.double_starts
        self.over_allocated += other.over_allocated
        self.unlucky += other.unlucky
        return self


def judge_fake(record: Path, capacity: Resources) -> tuple[Tally, frozenset[str]]:
    """Return what the fake's record shows, and which launches were started."""
    entries = read_entries(record)
    found = observe(entries, capacity)
    tally = Tally()
    if found.double_starts:
        tally.double_starts += _doubled(entries) or ["a double start"]
    tally.over_allocated += ["more than there is"] * found.over_allocated
    return tally, found.started


def judge_seen(lines: Path) -> tuple[Tally, int]:
    """Return what the watch over the sandboxes wrote down, and how many run."""
    tally, alive = Tally(), 0
    for line in lines.read_text().splitlines():
        entry = json.loads(line)
        if entry["what"] == "double":
            tally.double_starts.append(entry["why"])
        elif entry["what"] == "over":
            tally.over_allocated.append(entry["why"])
        elif entry["what"] == "alive":
            alive = entry["count"]
    return tally, alive


def judge_asks(
    user: ApiUser,
    asks: Sequence[Ask],
    *,
    started: frozenset[str] | None,
    killed: frozenset[str],
) -> Tally:
    """Judge a user's acknowledged launches after everything has ended.

    Parameters
    ----------
    user
        Whose.
    asks
        What was asked for and acknowledged.
    started
        Launches that the engine's record shows; None if it does not show all.
    killed
        Launches whose keeper was killed: they end with an explanation.
    """
    tally = Tally()
    for ask in asks:
        if len(ask.ids) > 1:
            tally.double_starts.append(f"{ask.key} gave launches {sorted(ask.ids)}")
        for launch_id in ask.ids:
            fault, fair = _fault(user, ask, launch_id, started, hit=launch_id in killed)
            if fault:
                story = f"{fault}\n{_history(user, launch_id)}"
                (tally.unlucky if fair else tally.lost).append(story)
    return tally


def _fault(
    user: ApiUser,
    ask: Ask,
    launch_id: str,
    started: frozenset[str] | None,
    *,
    hit: bool,
) -> tuple[str, bool]:
    """Return what is wrong with a launch, or nothing, and whether kills explain it."""
    answer = user.ask("GET", f"/launches/{launch_id}")
    if not answer.ok:
        return f"{launch_id} is gone: {answer.text[:200]}", False
    launch: dict[str, Any] = answer.json()
    ending = launch["ending"]
    if ending is None:
        return f"{launch_id} never ended: it is {launch['phase']}", False
    told = f"{launch_id} ended as {ending['code']}: {ending['message']}"
    if ending["code"] == "finished" and started is not None:
        return ("", True) if launch_id in started else (f"{told}, but never ran", False)
    wanted = "stopped" if ask.interactive else "finished"
    if ask.unwanted or hit or ending["code"] == wanted:
        return "", True
    # A server whose start was interrupted twice is given up, and its owner told so.
    return told, ask.interactive and launch["running_at"] is None


def _history(user: ApiUser, launch_id: str) -> str:
    """Return what the platform itself says happened to a launch."""
    answer = user.ask("GET", f"/launches/{launch_id}/events?format=list")
    if not answer.ok:
        return f"  no history: {answer.text[:200]}"
    return "\n".join(
        f"  {event['at']} {event['phase']}: {event['message']} {event['detail']}"
        for event in answer.json()["events"]
    )


def _doubled(entries: Iterable[dict[str, Any]]) -> list[str]:
    """Return the record's lines on launches that were created more than once."""
    by_launch: dict[str, list[dict[str, Any]]] = {}
    for entry in entries:
        launch_id = str(entry["name"]).split("-")[1]
        by_launch.setdefault(launch_id, []).append(entry)
    stories = []
    for launch_id, own in by_launch.items():
        if sum(entry["what"] == "created" for entry in own) > 1:
            acts = "\n".join(f"  {e['at']} {e['what']} {e['name']}" for e in own)
            stories.append(f"{launch_id} in the engine's record:\n{acts}")
    return stories
