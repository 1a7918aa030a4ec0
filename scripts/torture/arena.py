"""One platform under torture, with its people, its killer and its observer."""

import random
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import requests

from gavip_hub.domain.resources import Resources
from scripts.torture.kills import Kills
from scripts.torture.people import Person
from scripts.torture.tally import Tally, judge_asks, judge_fake, judge_seen
from tests.support.platform import CHECKOUT, Platform, PlatformConfig, eventually

__all__ = ["Arena"]

CPU = 2.0
MEMORY = "4G"
CAPACITY = Resources(2_000, 4 * 10**9, 0)
PEOPLE = ("ada", "ben", "eve", "leo")
ACTS = 4
"""Acts of each person in a round."""

REST_S = 180.0
"""How long everything may take to end [s]."""

MORE = """\
c.Gavip.max_running = 3
c.Gavip.max_waiting = 6
c.Gavip.sizes = [
    {"name": "S", "title": "Small", "cpu": 0.5, "memory": "300M", "walltime": "30m"},
]
"""


class Arena:
    """A platform that is asked, killed and watched, round after round.

    Parameters
    ----------
    folder
        Where it lives.
    engine
        ``fake`` or ``sandbox``.
    seed
        Decides everything that is chosen.
    """

    def __init__(self, folder: Path, engine: str, seed: int) -> None:
        self._engine = engine
        self._chance = random.Random(f"{seed}/{engine}")  # noqa: S311  to be repeated
        config = PlatformConfig(engine=engine, cpu=CPU, memory=MEMORY, more=MORE)
        self.platform = Platform(folder, config)
        self._lines = folder / "seen.jsonl"
        self._watch: subprocess.Popen[bytes] | None = None
        self._killed: set[str] = set()
        self._kills = Kills(self.platform, self._chance)
        self._people: list[Person] = []
        self.tally = Tally()
        self.strikes: list[str] = []

    def open(self) -> "Arena":
        """Start the platform, its users and the observer."""
        self.platform.start()
        self._people = [
            Person(
                self.platform.user(name),
                random.Random(self._chance.random()),  # noqa: S311
                servers=self._engine == "sandbox",
            )
            for name in PEOPLE
        ]
        if self._engine == "sandbox":
            containers = self.platform.folder / "state" / "engine" / "containers"
            self._lines.touch()
            figures = [str(CAPACITY.cpu_milli), str(CAPACITY.memory_bytes)]
            self._watch = subprocess.Popen(
                [
                    *(sys.executable, "-m", "scripts.torture.sandbox_watch"),
                    *(str(containers), *figures, str(self._lines)),
                ],
                cwd=CHECKOUT,
            )
        return self

    def close(self) -> None:
        """End everything."""
        if self._watch is not None:
            self._watch.kill()
            self._watch.wait()
        self.platform.stop()

    def round(self) -> None:
        """Let people act, kill something in the middle of it, and mend it."""
        threads = [person.live_through(ACTS) for person in self._people]
        time.sleep(self._chance.uniform(0, 1.2))
        self.strikes.append(f"{time.time():.2f} {self._kills.strike()}")
        self._kills.mend()
        for thread in threads:
            thread.join()

    def settle(self) -> Tally:
        """Let all end, judge what was asked since the last time, and return it."""
        self._kills.mend()
        late = self._at_rest()
        tally = self._judged()
        if late:
            tally.lost.append(f"the platform does not come to rest: {late}")
        for person in self._people:
            person.asks.clear()
        self.tally += tally
        return tally

    def story(self) -> str:
        """Return what was done lately and what hub and service said."""
        told = sorted(line for person in self._people for line in person.told[-60:])
        parts = {
            "kills": self.strikes[-12:],
            "people": told,
            "log": self.platform.log.splitlines()[-80:],
        }
        return "\n".join(f"-- {name}\n" + "\n".join(parts[name]) for name in parts)

    def _at_rest(self) -> str:
        """Cancel servers, let the rest finish; return what stays, if anything does."""
        left: list[dict[str, Any]] = []

        def empty() -> bool:
            with suppress(requests.RequestException, KeyError):
                left.clear()
                for person in self._people:
                    live = person.live()
                    left.extend(live)
                    for launch in live:
                        if launch["kind"] == "notebook":
                            person.cancel(launch["id"])
                return not left and self._all_free()
            return False

        with suppress(AssertionError):
            eventually(empty, "rest", within_s=REST_S, every_s=0.3)
            return ""
        names = [f"{one['id']} {one['phase']}: {one['reason']}" for one in left]
        return ", ".join(names) or "nothing is left, and yet something is held"

    def _all_free(self) -> bool:
        """Return whether the ledger holds nothing, as it should at rest."""
        room = self._people[0].user.ask("GET", "/capacity").json()
        return bool(room["free"] == room["total"])

    def _judged(self) -> Tally:
        record = self.platform.folder / "state" / "engine" / "record.jsonl"
        killed = {name.split("-")[1] for name in self._kills.keepers_killed}
        started = None
        if self._engine == "fake":
            tally, started = judge_fake(record, CAPACITY)
        else:
            eventually(lambda: judge_seen(self._lines)[1] == 0, "an end of sandboxes")
            tally, _ = judge_seen(self._lines)
        tally = _news(tally, self.tally)
        for person in self._people:
            tally += judge_asks(
                person.user, person.asks, started=started, killed=frozenset(killed)
            )
        return tally


def _news(found: Tally, known: Tally) -> Tally:
    """Return the faults of the whole record that were not told before."""
    return Tally(
        double_starts=[one for one in found.double_starts if one not in known.faults],
        over_allocated=found.over_allocated[len(known.over_allocated) :],
    )
