"""Amounts and times are told in plain words."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from gavip_hub.domain.amounts import (
    format_clock,
    format_cpu,
    format_duration,
    format_memory,
    format_resources,
)
from gavip_hub.domain.resources import NOTHING, Resources

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("memory_bytes", "down", "up"),
    [
        (0, "0 bytes", "0 bytes"),
        (999, "999 bytes", "999 bytes"),
        (2 * 10**9, "2 GB", "2 GB"),
        (15 * 10**8, "1.5 GB", "1.5 GB"),
        (2**32, "4.29 GB", "4.3 GB"),
        (512 * 10**6, "512 MB", "512 MB"),
        (999_999_999, "999.99 MB", "1 GB"),
        (3 * 10**12, "3 TB", "3 TB"),
    ],
)
def test_memory_in_powers_of_ten(memory_bytes: int, down: str, up: str) -> None:
    """Memory has at most two decimals, cut off for limits, rounded up for needs."""
    assert format_memory(memory_bytes) == down
    assert format_memory(memory_bytes, up=True) == up


def test_cores_and_sums() -> None:
    """One core is singular, anything else plural; zeros are left out of sums."""
    assert format_cpu(1_000) == "1 core"
    assert format_cpu(500) == "0.5 cores"
    assert format_cpu(12_000) == "12 cores"
    assert (
        format_resources(Resources(1_000, 2 * 10**9, 1))
        == "1 core, 2 GB of memory and 1 GPU"
    )
    assert format_resources(Resources(gpu=2)) == "2 GPUs"
    assert format_resources(NOTHING) == "nothing"


def test_durations() -> None:
    """Durations name each unit that is not zero."""
    assert format_duration(timedelta(hours=1, minutes=30)) == "1 h 30 min"
    assert format_duration(timedelta(days=1, seconds=5)) == "1 d 5 s"
    assert format_duration(timedelta(seconds=-5)) == "0 s"


def test_clock_is_utc_and_rounds_up() -> None:
    """Times are in UTC, a part of a minute counts as one, other days have a date."""
    berlin = timezone(timedelta(hours=1))
    assert format_clock(datetime(2026, 11, 23, 15, 20, tzinfo=berlin), NOON) == (
        "14:20 UTC"
    )
    assert format_clock(NOON + timedelta(seconds=1), NOON) == "12:01 UTC"
    assert format_clock(NOON + timedelta(days=1), NOON) == "12:00 UTC on 24 November"
    assert format_clock(NOON + timedelta(days=40), NOON) == (
        "12:00 UTC on 2 January 2027"
    )
