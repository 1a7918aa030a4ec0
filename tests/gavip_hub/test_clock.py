"""The time, whatever somebody does to the machine's clock."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from gavip_hub import clock
from gavip_hub.clock import SystemClock

HOUR = timedelta(hours=1)


class Machine:
    """A machine whose two clocks a test sets."""

    def __init__(self) -> None:
        self.wall = datetime(2026, 11, 23, 9, tzinfo=UTC)
        self.monotonic_s = 100.0

    def passes(self, by: timedelta) -> None:
        """Let time pass."""
        self.wall += by
        self.monotonic_s += by.total_seconds()

    def now(self, zone: object) -> datetime:
        """Return the wall clock's time."""
        assert zone is UTC
        return self.wall


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    """Put the clock on a machine of the test's own."""
    made = Machine()
    monkeypatch.setattr(clock, "datetime", made)
    monkeypatch.setattr(time, "monotonic", lambda: made.monotonic_s)
    return made


def test_time_goes_with_the_wall_clock(machine: Machine) -> None:
    """As long as nobody touches it, they are the same."""
    told = SystemClock()
    machine.passes(HOUR)
    assert told.now() == machine.wall


def test_a_step_forward_is_followed(machine: Machine) -> None:
    """A machine that was asleep, or was late, is right at once."""
    told = SystemClock()
    machine.wall += HOUR
    assert told.now() == machine.wall
    machine.passes(HOUR)
    assert told.now() == machine.wall


def test_a_step_back_is_not(machine: Machine) -> None:
    """Time goes on at its pace until the wall clock has caught up."""
    told = SystemClock()
    before = told.now()
    machine.wall -= HOUR
    machine.passes(timedelta(minutes=10))
    assert told.now() == before + timedelta(minutes=10)
    machine.passes(timedelta(minutes=50))
    assert told.now() == before + HOUR
    machine.wall += 2 * HOUR
    assert told.now() == machine.wall


def test_it_never_runs_backwards(machine: Machine) -> None:
    """Whatever happens to the wall clock, each answer is no earlier than the last."""
    told, last = SystemClock(), machine.wall
    for step in (-3, 5, -1, 0, 2, -9, 1):
        machine.wall += step * HOUR
        machine.passes(timedelta(seconds=1))
        assert told.now() > last
        last = told.now()
