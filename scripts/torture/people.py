"""Users who ask, cancel, extend and stop, and who repeat what got no answer."""

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import requests

from tests.support.platform import ApiUser

__all__ = ["Ask", "Person"]

PATIENCE_S = 8.0
"""How long a person waits for one answer [s]."""

INSIST_S = 60.0
"""How long a person repeats an ask that gets no answer [s]."""

SERVERS = ("", "a", "b")

FAULT = HTTPStatus.INTERNAL_SERVER_ERROR
"""An answer from here on may be repeated; below, it is the service's own word."""


@dataclass(slots=True)
class Ask:
    """One launch that somebody asked for."""

    owner: str
    key: str
    wish: dict[str, Any]
    ids: set[str] = field(default_factory=set)
    """What was acknowledged; more than one is a fault."""
    unwanted: bool = False
    """Whether anybody asked for its end, answered or not."""
    refused: str = ""

    @property
    def interactive(self) -> bool:
        """Whether the hub runs it."""
        return bool(self.wish["kind"] == "notebook")


class Person:
    """One user's acts in one round after another.

    Parameters
    ----------
    user
        How to reach the platform.
    chance
        Decides everything; the same seed does the same.
    servers
        Whether to ask for servers too.
    """

    def __init__(self, user: ApiUser, chance: random.Random, *, servers: bool) -> None:
        self.name = user.name
        self.user = user
        self.asks: list[Ask] = []
        self.told: list[str] = []
        """What was done and answered, newest last."""
        self._chance = chance
        self._http = requests.Session()
        self._http.headers["Authorization"] = f"token {user.token}"
        self._acts: list[Callable[[], None]] = [self._batch, self._batch, self._cancel]
        self._acts += [self._extend]
        if servers:
            self._acts += [self._server, self._server, self._start, self._stop]

    def live_through(self, count: int) -> threading.Thread:
        """Do some acts in a thread of one's own, and return it, started."""
        plan = [self._chance.choice(self._acts) for _ in range(count)]
        pauses = [self._chance.uniform(0, 0.4) for _ in range(count)]

        def live() -> None:
            for act, pause in zip(plan, pauses, strict=True):
                time.sleep(pause)
                act()

        thread = threading.Thread(target=live, name=self.name)
        thread.start()
        return thread

    def live(self) -> list[dict[str, Any]]:
        """Return the user's launches that have not ended."""
        answer = self.user.ask("GET", "/launches?phase=live&limit=200")
        return list(answer.json()["launches"])

    def cancel(self, launch_id: str) -> None:
        """Cancel a launch, whoever asked for it."""
        self._try("POST", f"/launches/{launch_id}/cancel")

    # -- acts -------------------------------------------------------------------

    def _batch(self) -> None:
        self._submit(
            {
                "kind": "pipeline",
                "cpu": self._chance.choice([0.25, 0.5, 1]),
                "memory": "256M",
                "walltime": "10m",
                "options": {"command": f"sleep {self._chance.choice([0.2, 1, 2])}"},
            }
        )

    def _server(self) -> None:
        self._submit(
            {
                "kind": "notebook",
                "server_name": self._chance.choice(SERVERS),
                "cpu": 0.5,
                "memory": "300M",
                "walltime": "30m",
            }
        )

    def _submit(self, wish: dict[str, Any]) -> None:
        ask = Ask(self.name, f"{self._chance.getrandbits(64):016x}", wish)
        self.asks.append(ask)
        times = self._chance.choice([1, 1, 2])
        for _ in range(times):
            self._submit_once(ask)

    def _submit_once(self, ask: Ask) -> None:
        headers = {"Idempotency-Key": ask.key}
        answer = self._insist("POST", "/launches", json=ask.wish, headers=headers)
        if answer is not None and answer.ok:
            ask.ids.add(answer.json()["id"])
        elif answer is not None:
            ask.refused = answer.text[:200]

    def _cancel(self) -> None:
        ask = self._some()
        if ask is not None:
            ask.unwanted = True
            for launch_id in list(ask.ids):
                self._insist("POST", f"/launches/{launch_id}/cancel")

    def _extend(self) -> None:
        ask = self._some()
        for launch_id in list(ask.ids) if ask else ():
            self._try("POST", f"/launches/{launch_id}/extend", json={"by": "5m"})

    def _start(self) -> None:
        """Start a server past our API, as a script of old may do."""
        self._try_hub("POST", self._chance.choice(SERVERS))

    def _stop(self) -> None:
        name = self._chance.choice(SERVERS)
        for ask in self.asks:
            if ask.interactive and ask.wish["server_name"] == name:
                ask.unwanted = True
        self._try_hub("DELETE", name)

    def _some(self) -> Ask | None:
        """Return one of the newest asks that were acknowledged."""
        known = [ask for ask in self.asks if ask.ids][-6:]
        return self._chance.choice(known) if known else None

    # -- ways -------------------------------------------------------------------

    def _insist(self, method: str, path: str, **more: Any) -> Any:
        """Repeat a request until it is answered by the service itself."""
        until = time.monotonic() + INSIST_S
        while time.monotonic() < until:
            answer = self._try(method, path, **more)
            if (
                answer is not None
                and answer.status_code < HTTPStatus.INTERNAL_SERVER_ERROR
            ):
                return answer
            time.sleep(0.2)
        return None

    def _try(self, method: str, path: str, **more: Any) -> requests.Response | None:
        return self._once(method, f"{self.user.service}{path}", path, **more)

    def _try_hub(self, method: str, server: str) -> None:
        path = f"/users/{self.name}/" + (f"servers/{server}" if server else "server")
        self._once(method, f"{self.user.hub_api}{path}", f"hub:{path}")

    def _once(
        self, method: str, url: str, shown: str, **more: Any
    ) -> requests.Response | None:
        said: str
        answer = None
        try:
            answer = self._http.request(method, url, timeout=PATIENCE_S, **more)
            said = str(answer.status_code)
        except requests.RequestException as error:
            said = type(error).__name__
        self.told.append(f"{time.time():.2f} {self.name} {method} {shown}: {said}")
        return answer
