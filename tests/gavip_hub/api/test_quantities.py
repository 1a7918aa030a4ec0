"""Amounts are read from what people write, or refused with the field and the mend."""

import math
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gavip_hub.api.quantities import (
    parse_cpu,
    parse_gpu,
    parse_memory,
    parse_walltime,
)
from gavip_hub.domain.amounts import (
    format_cpu,
    format_duration,
    format_gpu,
    format_memory,
)
from gavip_hub.domain.errors import InvalidField

PARSERS = [parse_cpu, parse_memory, parse_gpu, parse_walltime]

ABSURD: list[object] = [
    -1,
    -0.5,
    math.nan,
    math.inf,
    -math.inf,
    1e30,
    10**5000,
    True,
    False,
    None,
    "",
    " ",
    "-1",
    "+1",
    "1e3",
    "NaN",
    "inf",
    "4X",
    "\u0664",
    "\uff14G",
    "\xb2",
    "1\n",
    "1,5",
    "1_000",
    "0x10",
    "1" * 1_000_000,
    "9" * 40,
    "\x00",
    "\ud800",
    [],
    {},
    b"1",
]

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=10**300)
    | st.floats()
    | st.text()
    | st.from_regex(r"[0-9.]{0,20} ?[dhminsKMGTib:-]{0,5}[0-9:]{0,9}", fullmatch=True),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@pytest.mark.parametrize(
    ("value", "milli"),
    [
        ("1", 1_000),
        (1, 1_000),
        (0.5, 500),
        (0.1 + 0.2, 300),
        ("500m", 500),
        ("1.5", 1_500),
        ("2 cores", 2_000),
        (" 4 ", 4_000),
    ],
)
def test_cpu_is_read(value: object, milli: int) -> None:
    """Cores come as numbers, as text, or as text in thousandths."""
    assert parse_cpu(value) == milli


@pytest.mark.parametrize(
    ("value", "size"),
    [
        (2_000_000_000, 2 * 10**9),
        (2e9, 2 * 10**9),
        ("2000000000", 2 * 10**9),
        ("4G", 4 * 10**9),
        ("4g", 4 * 10**9),
        ("4Gi", 2**32),
        ("4 GiB", 2**32),
        ("512M", 512 * 10**6),
        ("2GB", 2 * 10**9),
        ("1.5 GB", 1_500 * 10**6),
        ("1T", 10**12),
        ("64k", 64_000),
        ("12 bytes", 12),
    ],
)
def test_memory_is_read(value: object, size: int) -> None:
    """Memory comes as bytes or as text; G is 10^9 and Gi is 2^30."""
    assert parse_memory(value) == size


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (3_600, 3_600),
        (90.4, 90),
        ("1h30m", 5_400),
        ("1 h 30 min", 5_400),
        ("1.5h", 5_400),
        ("90m", 5_400),
        ("45s", 45),
        ("2d", 172_800),
        ("02:00:00", 7_200),
        ("100:00:00", 360_000),
        ("1-00:00:00", 86_400),
        ("1-12", 129_600),
        ("1-12:30", 131_400),
    ],
)
def test_walltime_is_read(value: object, seconds: int) -> None:
    """Walltime comes as seconds, as text with units, or as a batch system's clock."""
    assert parse_walltime(value) == timedelta(seconds=seconds)


@pytest.mark.parametrize("parse", PARSERS)
@pytest.mark.parametrize("value", ABSURD, ids=range(len(ABSURD)))
def test_absurd_values_are_refused(parse: Callable[..., object], value: object) -> None:
    """What is no sane amount is refused, with the field's name and the way to mend."""
    with pytest.raises(InvalidField) as refusal:
        parse(value, field="wish.amount")
    assert refusal.value.field == "wish.amount"
    assert refusal.value.message.startswith("wish.amount ")
    assert "Give " in refusal.value.message
    assert len(refusal.value.message) < 800


@pytest.mark.parametrize(
    ("parse", "value"),
    [
        (parse_cpu, 0),
        (parse_cpu, "0.0001"),
        (parse_memory, 0),
        (parse_memory, "0G"),
        (parse_memory, "4iB"),
        (parse_walltime, 0),
        (parse_walltime, "0s"),
        (parse_gpu, 0.5),
        (parse_walltime, "90"),
        (parse_walltime, "02:00"),
        (parse_walltime, "00:61:00"),
        (parse_walltime, "1m1h"),
    ],
)
def test_values_of_no_use_are_refused(
    parse: Callable[..., object], value: object
) -> None:
    """Nothing at all, halves of a GPU, and ambiguous times are refused."""
    with pytest.raises(InvalidField):
        parse(value)


@given(value=json_values, parse=st.sampled_from(PARSERS))
def test_any_json_is_read_or_refused(
    value: object, parse: Callable[..., object]
) -> None:
    """Whatever arrives, the answer is an amount or a refusal, never another error."""
    with suppress(InvalidField):
        assert parse(value) is not None


@given(st.integers(min_value=1, max_value=10**7))
def test_cpu_survives_the_way_there_and_back(cpu_milli: int) -> None:
    """Every amount of cores is read again as it was told."""
    assert parse_cpu(format_cpu(cpu_milli)) == cpu_milli


@given(st.integers(min_value=0, max_value=100))
def test_gpus_survive_the_way_there_and_back(gpu: int) -> None:
    """Every number of GPUs is read again as it was told."""
    assert parse_gpu(format_gpu(gpu)) == gpu


@given(st.integers(min_value=1, max_value=1_000 * 86_400))
def test_walltime_survives_the_way_there_and_back(seconds: int) -> None:
    """Every duration is read again as it was told."""
    walltime = timedelta(seconds=seconds)
    assert parse_walltime(format_duration(walltime)) == walltime


@given(st.integers(min_value=1, max_value=10**15))
def test_memory_is_told_within_a_hundredth(memory_bytes: int) -> None:
    """What is told of memory brackets the amount: limits below, needs above."""
    down = parse_memory(format_memory(memory_bytes))
    up = parse_memory(format_memory(memory_bytes, up=True))
    assert down <= memory_bytes <= up
    assert up - down <= memory_bytes / 90
