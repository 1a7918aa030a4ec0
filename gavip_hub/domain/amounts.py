"""Amounts and times in the words that people read.

Memory is told in powers of ten (1 GB is 10^9 bytes), times in UTC.
"""

from datetime import UTC, datetime, timedelta

from gavip_hub.domain.resources import Resources

__all__ = [
    "format_about",
    "format_clock",
    "format_cpu",
    "format_duration",
    "format_gpu",
    "format_memory",
    "format_resources",
]

_MEMORY_UNITS = (
    (10**12, "TB"),
    (10**9, "GB"),
    (10**6, "MB"),
    (10**3, "kB"),
    (1, "bytes"),
)

_TIME_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))

_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)

_MINUTE = timedelta(minutes=1)

_MINUTES_TOLD_ALONE = 90
"""From here on, hours and minutes read better than minutes alone."""

_HOURS_OF_A_DAY = 24


def format_cpu(cpu_milli: int) -> str:
    """Return processor time [milli-cores] as "1 core", "0.5 cores"."""
    number = _decimal(cpu_milli, 1_000, 3)
    return f"{number} core" if number == "1" else f"{number} cores"


def format_memory(memory_bytes: int, *, up: bool = False) -> str:
    """Return memory [bytes] as "2 GB", "1.5 GB", "512 MB".

    Parameters
    ----------
    memory_bytes
        Amount; at least zero.
    up
        Whether digits beyond the second are rounded up, as befits what somebody needs,
        rather than cut off, as befits what somebody may have.
    """
    hundredth = next(
        size // 100 for size, _ in _MEMORY_UNITS if memory_bytes >= size or size == 1
    )
    if up and hundredth:
        memory_bytes = -(-memory_bytes // hundredth) * hundredth
    size, unit = next(
        (size, unit)
        for size, unit in _MEMORY_UNITS
        if memory_bytes >= size or size == 1
    )
    return f"{_decimal(memory_bytes, size, 2)} {unit}"


def format_gpu(gpu: int) -> str:
    """Return a number of graphics processors as "1 GPU", "2 GPUs"."""
    return "1 GPU" if gpu == 1 else f"{gpu} GPUs"


def format_resources(resources: Resources, *, up: bool = False) -> str:
    """Return the amounts that are not zero, as "1 core, 2 GB of memory and 1 GPU"."""
    parts = []
    if resources.cpu_milli:
        parts.append(format_cpu(resources.cpu_milli))
    if resources.memory_bytes:
        parts.append(f"{format_memory(resources.memory_bytes, up=up)} of memory")
    if resources.gpu:
        parts.append(format_gpu(resources.gpu))
    if not parts:
        return "nothing"
    return " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))


def format_duration(duration: timedelta) -> str:
    """Return a duration as "1 h 30 min", in whole seconds; never negative."""
    left = max(0, round(duration.total_seconds()))
    parts = []
    for size, unit in _TIME_UNITS:
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts) or "0 s"


def format_about(duration: timedelta) -> str:
    """Return a rough duration as "about a minute", "about 2 h 10 min".

    Seconds are left out, and so are the minutes of a day or more: an estimate does not
    have them.
    """
    minutes = max(1, round(duration.total_seconds() / 60))
    if minutes == 1:
        return "about a minute"
    if minutes < _MINUTES_TOLD_ALONE:
        return f"about {minutes} minutes"
    hours = round(minutes / 60)
    if hours < _HOURS_OF_A_DAY:
        return f"about {format_duration(timedelta(minutes=minutes))}"
    return f"about {format_duration(timedelta(hours=hours))}"


def format_clock(moment: datetime, now: datetime) -> str:
    """Return a time as "14:20 UTC", with the date where it is not today's.

    A part of a minute counts as a whole one, so that "at the latest" stays true.
    """
    utc = moment.astimezone(UTC)
    whole = utc.replace(second=0, microsecond=0)
    if whole < utc:
        whole += _MINUTE
    today = now.astimezone(UTC)
    clock = f"{whole:%H:%M} UTC"
    if whole.date() == today.date():
        return clock
    date = f"{whole.day} {_MONTHS[whole.month - 1]}"
    if whole.year != today.year:
        date = f"{date} {whole.year}"
    return f"{clock} on {date}"


def _decimal(amount: int, size: int, digits: int) -> str:
    """Return ``amount / size``, cut off after some digits, without trailing zeros."""
    whole, rest = divmod(amount, size)
    fraction = f"{rest * 10**digits // size:0{digits}d}".rstrip("0")
    return f"{whole}.{fraction}" if fraction else str(whole)
