"""Any sequence of acts, against a naive model that anyone can check by reading."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from gavip_hub.domain.capacity import Node
from gavip_hub.domain.errors import (
    FencedOut,
    GavipError,
    IdempotencyConflict,
    IllegalTransition,
    QueueFull,
    ServerBusy,
    StoreConflict,
)
from gavip_hub.domain.event import EventKind
from gavip_hub.domain.launch import EndCode, Ending, LaunchKind
from gavip_hub.domain.phase import ENDED, HOLDING, TRANSITIONS, WAITING, Phase
from gavip_hub.domain.resources import NOTHING, Resources
from gavip_hub.ports import Change, LaunchFilter
from gavip_hub.store import SqlLaunchStore
from tests.support.postgres import PostgresServer
from tests.support.submissions import NOW, submission

TTL = timedelta(minutes=1)
MAX_WAITING = 3
ENDING = Ending(EndCode.STOPPED, "Over.")

amounts = st.builds(Resources, st.integers(0, 4), st.integers(0, 4), st.integers(0, 1))
capacities = st.builds(
    Resources, st.integers(0, 12), st.integers(0, 12), st.integers(0, 3)
)
owners = st.sampled_from(["ada", "Ada", "adä"])
names = st.sampled_from(["", "x", "X"])
node_names = st.sampled_from(["n1", "n2"])


@dataclass
class Expected:
    """What the model knows of a launch."""

    owner: str
    server: str | None
    """None for a batch launch."""
    amount: Resources
    phase: Phase = Phase.QUEUED
    version: int = 1
    attempt: int = 0
    node: str | None = None
    events: int = 1


class StoreMachine(RuleBasedStateMachine):
    """Acts on a store and on the model, and compares."""

    url = "sqlite://"
    launches = Bundle("launches")

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.store = SqlLaunchStore.open(self.url)
        self.model: dict[str, Expected] = {}
        self.keys: dict[tuple[str, str], tuple[str, str]] = {}
        self.offered: dict[str, Node] = {}
        self.epoch = self.run(self.store.acquire_lease("me", TTL, NOW))

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Wait for the store."""
        return self.runner.run(work)

    def attempt(
        self, work: Coroutine[Any, Any, Any], refusal: type[GavipError] | None
    ) -> Any:
        """Do it, and see that it is refused exactly if the model says so."""
        if refusal is None:
            return self.run(work)
        with pytest.raises(refusal):
            self.run(work)
        return None

    def held(self, name: str) -> Resources:
        """Return what the model's launches hold on a node."""
        total = NOTHING
        for launch in self.model.values():
            if launch.node == name:
                total += launch.amount
        return total

    @initialize(target=launches, amount=amounts)
    def begin(self, amount: Resources) -> Any:
        """Begin with a roomy node and a few launches."""
        self.sync([Node("n1", Resources(16, 16, 4), NOTHING)])
        filed = [self.submit(key, "ada", key, amount, "one") for key in "xyz"]
        return multiple(*filed)

    @rule(
        nodes=st.lists(
            st.builds(Node, node_names, capacities, st.just(NOTHING), st.booleans()),
            unique_by=lambda node: node.name,
        )
    )
    def sync(self, nodes: list[Node]) -> None:
        """Take over what the engine offers; what is in use stays, closed."""
        self.run(self.store.sync_nodes(nodes))
        used = {launch.node for launch in self.model.values()}
        gone = [
            Node(name, NOTHING, NOTHING, schedulable=False)
            for name in self.offered.keys() - {node.name for node in nodes}
            if name in used
        ]
        self.offered = {node.name: node for node in [*nodes, *gone]}

    @rule(
        target=launches,
        key=st.sampled_from("abcdefgh"),
        owner=owners,
        server=st.none() | names,
        amount=amounts,
        fingerprint=st.sampled_from(["one", "one", "other"]),
    )
    def submit(
        self, key: str, owner: str, server: str | None, amount: Resources,
        fingerprint: str,
    ) -> Any:  # fmt: skip
        """File a launch, perhaps once more."""
        ask = submission(
            key,
            owner=owner,
            kind=LaunchKind.PIPELINE if server is None else LaunchKind.NOTEBOOK,
            server_name=server,
            resources=amount,
            fingerprint=fingerprint,
            max_waiting=MAX_WAITING,
        )
        refusal = self.refusal_to_submit(key, owner, server, fingerprint)
        answer = self.attempt(self.store.submit(ask, NOW), refusal)
        if answer is None:
            return multiple()
        launch, new = answer
        assert new == ((owner, key) not in self.keys)
        if not new:
            assert launch.id == self.keys[owner, key][0]
            return multiple()
        self.keys[owner, key] = (launch.id, fingerprint)
        self.model[launch.id] = Expected(owner, server, amount)
        return launch.id

    def refusal_to_submit(
        self, key: str, owner: str, server: str | None, fingerprint: str
    ) -> type[GavipError] | None:
        """Return why the model refuses a submission, if it does."""
        if (owner, key) in self.keys:
            same = self.keys[owner, key][1] == fingerprint
            return None if same else IdempotencyConflict
        own = [launch for launch in self.model.values() if launch.owner == owner]
        live = [launch.server for launch in own if launch.phase not in ENDED]
        if server is not None and server in live:
            return ServerBusy
        waiting = sum(launch.phase in WAITING for launch in own)
        return QueueFull if waiting >= MAX_WAITING else None

    @rule(launch_id=launches, name=node_names, stale=st.integers(0, 3))
    def admit(self, launch_id: str, name: str, stale: int) -> None:
        """Admit a launch to a node, sometimes on old knowledge."""
        launch = self.model[launch_id]
        version = launch.version - (stale == 3)
        node = self.offered.get(name)
        free = node.capacity - self.held(name) if node else NOTHING
        refusal: type[GavipError] | None = None
        if version != launch.version:
            refusal = StoreConflict
        elif launch.phase is not Phase.QUEUED:
            refusal = IllegalTransition
        elif node is None or not node.schedulable or not launch.amount.fits_in(free):
            refusal = StoreConflict
        self.attempt(self.store.admit(launch_id, version, name, NOW, NOW), refusal)
        if refusal is None:
            self.advance(launch, Phase.ADMITTED)
            launch.node = name
            launch.attempt += 1

    @staticmethod
    def advance(launch: Expected, phase: Phase) -> None:
        """Note a kept change in the model."""
        launch.phase = phase
        launch.version += 1
        launch.events += 1
        if phase in ENDED:
            launch.node = None

    @rule(
        launch_id=launches,
        phase=st.sampled_from(Phase),
        new_attempt=st.booleans(),
        stale=st.integers(0, 9),
    )
    def move(
        self, launch_id: str, phase: Phase, new_attempt: bool, stale: int  # noqa: FBT001
    ) -> None:  # fmt: skip
        """Try any move whatever."""
        launch = self.model[launch_id]
        version = launch.version - (stale == 9)
        retry = (launch.phase, phase) == (Phase.STARTING, Phase.ADMITTED)
        refusal: type[GavipError] | None = None
        if version != launch.version:
            refusal = StoreConflict
        elif (
            phase not in TRANSITIONS[launch.phase]
            or (phase is Phase.ADMITTED and not retry)
            or (new_attempt and not retry)
        ):
            refusal = IllegalTransition
        change = Change(
            launch_id, version, phase, "On.", NOW, ENDING, new_attempt=new_attempt
        )
        self.attempt(self.store.move(change), refusal)
        if refusal is None:
            self.advance(launch, phase)
            launch.attempt += new_attempt

    @rule(
        launch_id=launches,
        name=node_names,
        words=st.lists(st.sampled_from(["on", "on", "retry", "stop"]), min_size=4),
    )
    def live(self, launch_id: str, name: str, words: list[str]) -> None:
        """Lead a launch some steps along a usual life, so that many get far."""
        usual = {
            (Phase.ADMITTED, "on"): Phase.STARTING,
            (Phase.STARTING, "on"): Phase.RUNNING,
            (Phase.STARTING, "retry"): Phase.ADMITTED,
            (Phase.ADMITTED, "stop"): Phase.STOPPING,
            (Phase.STARTING, "stop"): Phase.STOPPING,
            (Phase.RUNNING, "stop"): Phase.STOPPING,
            (Phase.STOPPING, "on"): Phase.COMPLETED,
        }
        for word in words:
            phase = self.model[launch_id].phase
            if phase is Phase.QUEUED:
                self.admit(launch_id, name, stale=0)
            elif (phase, word) in usual:
                self.move(launch_id, usual[phase, word], word == "retry", stale=0)

    @rule(launch_id=launches, hours=st.integers(1, 9))
    def extend(self, launch_id: str, hours: int) -> None:
        """Move the deadline of whatever has not ended."""
        launch = self.model[launch_id]
        deadline = NOW + timedelta(hours=hours)
        change = Change(
            launch_id, launch.version, launch.phase, "Longer.", NOW,
            deadline=deadline, event=EventKind.EXTENDED,
        )  # fmt: skip
        refusal = IllegalTransition if launch.phase in ENDED else None
        extended = self.attempt(self.store.move(change), refusal)
        if extended is not None:
            self.advance(launch, launch.phase)
            assert extended.deadline == deadline

    @rule()
    def take_over(self) -> None:
        """Let a newer service take the lease; the old epoch is dead then."""
        epoch = self.run(self.store.acquire_lease("me", TTL, NOW))
        assert epoch == self.epoch + 1
        self.store._epoch = self.epoch
        with pytest.raises(FencedOut):
            self.run(self.store.sync_nodes([]))
        self.epoch = self.store._epoch = epoch

    @invariant()
    def the_sums_are_right(self) -> None:
        """See that free and held make up each node, and nothing is negative."""
        nodes = {node.name: node for node in self.run(self.store.nodes())}
        assert nodes.keys() == self.offered.keys()
        for name, node in nodes.items():
            held = self.held(name)
            assert node.free + held == node.capacity
            assert NOTHING.fits_in(node.free)
            assert self.offered[name].capacity.fits_in(node.capacity)
            assert held.shortfall(self.offered[name].capacity) == (
                node.capacity - self.offered[name].capacity
            )

    @invariant()
    def the_launches_are_as_expected(self) -> None:
        """Each launch and each list is what the model says, with one event a change."""
        found = {
            each.id: each for each in self.run(self.store.find(LaunchFilter(limit=999)))
        }
        assert found.keys() == self.model.keys()
        for key, expected in self.model.items():
            launch = found[key]
            held = launch.allocation
            assert (
                launch.phase, launch.version, launch.attempt, held and held.node
            ) == (
                expected.phase, expected.version, expected.attempt, expected.node
            )  # fmt: skip
            if held is not None:
                assert (held.resources, held.attempt) == (
                    expected.amount,
                    expected.attempt,
                )
        in_order = sorted(found.values(), key=lambda launch: launch.number)
        waiting = [each for each in in_order if each.phase in WAITING]
        holding = [each for each in in_order if each.phase in HOLDING]
        assert self.run(self.store.waiting()) == waiting
        assert self.run(self.store.holding()) == holding
        told = [event.launch_id for event in self.run(self.store.events_after(0))]
        for key, expected in self.model.items():
            assert told.count(key) == expected.events

    def teardown(self) -> None:
        """Close the store."""
        self.run(self.store.close())
        self.runner.close()


def check(url_of: type[StoreMachine], examples: int) -> None:
    """Run the machine for so many stories."""
    run_state_machine_as_test(
        url_of,
        settings=settings(
            max_examples=examples,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_sqlite_keeps_to_the_model() -> None:
    """No sequence of acts breaks the ledger or loses an event, in SQLite."""
    check(StoreMachine, 60)


def test_postgresql_keeps_to_the_model(postgres: PostgresServer) -> None:
    """The same for PostgreSQL."""

    class OnPostgresql(StoreMachine):
        def __init__(self) -> None:
            self.url = postgres.new_database()
            super().__init__()

    check(OnPostgresql, 8)
