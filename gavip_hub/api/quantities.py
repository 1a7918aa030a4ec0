"""Amounts as people and programs write them, read into the ledger's whole numbers.

A number is in the contract's unit (cores, bytes, seconds); text may carry a unit. The
formatting back stands in `gavip_hub.domain.amounts`, and all that it writes is read
here again.
"""

import math
import re
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal

from gavip_hub.domain.errors import InvalidField

__all__ = ["parse_cpu", "parse_gpu", "parse_memory", "parse_walltime"]

_LONGEST_TEXT = 40

_LARGEST_CPU_MILLI = 10**9
_LARGEST_MEMORY_BYTES = 10**15
_LARGEST_GPU = 10**4
_LARGEST_WALLTIME_S = 1_000 * 86_400

_NUMBER = r"[0-9]+(?:\.[0-9]+)?"
_CPU = re.compile(rf"({_NUMBER}) *(m|cores?|)")
_MEMORY = re.compile(rf"({_NUMBER}) *(?:(|k|m|g|t)(i?)b?|bytes?)", re.IGNORECASE)
_GPU = re.compile(r"([0-9]+)(?: *GPUs?)?")
_UNITS = re.compile(
    rf"(?:({_NUMBER}) *d)? *(?:({_NUMBER}) *h)? *"
    rf"(?:({_NUMBER}) *m(?:in)?)? *(?:({_NUMBER}) *s)?"
)
_CLOCK = re.compile(r"()([0-9]+):([0-5][0-9]):([0-5][0-9])")
_DAYS_CLOCK = re.compile(r"([0-9]+)-([0-9]{1,2})(?::([0-5][0-9]))?(?::([0-5][0-9]))?")

_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}
_SECONDS = (86_400, 3_600, 60, 1)

_CPU_MEND = 'Give cores as a number or text, such as 1, 0.5 or "500m".'
_MEMORY_MEND = 'Give bytes as a whole number, or text such as "2G" or "512Mi".'
_GPU_MEND = "Give a whole number of GPUs, such as 0 or 1."
_WALLTIME_MEND = (
    'Give seconds as a number, or text with units, such as "90m", "1h30m", "02:00:00" '
    'or "1-00:00:00".'
)


def parse_cpu(value: object, *, field: str = "cpu") -> int:
    """Return processor time [milli-cores] from cores or text.

    Raises
    ------
    InvalidField
        Raised if it is no amount of cores, or less than a thousandth of one.
    """
    if isinstance(value, str):
        match = _CPU.fullmatch(_short(value, field, _CPU_MEND))
        if match is None:
            raise _unreadable(value, field, _CPU_MEND)
        number = Decimal(match[1])
        milli = number if match[2] == "m" else number * 1_000
    else:
        milli = _number(value, field, _CPU_MEND) * 1_000
    return _whole(milli, 1, _LARGEST_CPU_MILLI, field, _CPU_MEND)


def parse_memory(value: object, *, field: str = "memory") -> int:
    """Return memory [bytes] from bytes or text: "2G" is 2 x 10^9, "2Gi" 2 x 2^30.

    Raises
    ------
    InvalidField
        Raised if it is no amount of memory, or less than a byte.
    """
    if isinstance(value, str):
        match = _MEMORY.fullmatch(_short(value, field, _MEMORY_MEND))
        if match is None or (match[3] and not match[2]):
            raise _unreadable(value, field, _MEMORY_MEND)
        base = 1_024 if match[3] else 1_000
        size = Decimal(match[1]) * base ** _POWERS[(match[2] or "").lower()]
    else:
        size = _number(value, field, _MEMORY_MEND)
    return _whole(size, 1, _LARGEST_MEMORY_BYTES, field, _MEMORY_MEND)


def parse_gpu(value: object, *, field: str = "gpu") -> int:
    """Return a whole number of graphics processors, from 0.

    Raises
    ------
    InvalidField
        Raised if it is no whole number of GPUs.
    """
    if isinstance(value, str):
        match = _GPU.fullmatch(_short(value, field, _GPU_MEND))
        if match is None:
            raise _unreadable(value, field, _GPU_MEND)
        number = Decimal(match[1])
    else:
        number = _number(value, field, _GPU_MEND)
    if number != number.to_integral_value():
        raise InvalidField(f"{field} is not a whole number. {_GPU_MEND}", field=field)
    return _whole(number, 0, _LARGEST_GPU, field, _GPU_MEND)


def parse_walltime(value: object, *, field: str = "walltime") -> timedelta:
    """Return a duration in whole seconds, from seconds or text with units.

    Text without a unit is refused, since some tools read it as minutes.

    Raises
    ------
    InvalidField
        Raised if it is no duration, or less than a second.
    """
    if isinstance(value, str):
        text = _short(value, field, _WALLTIME_MEND)
        matches = (form.fullmatch(text) for form in (_UNITS, _CLOCK, _DAYS_CLOCK))
        match = next(filter(None, matches), None)
        if match is None or not any(match.groups()):
            raise _unreadable(value, field, _WALLTIME_MEND)
        seconds = sum(
            (
                Decimal(part or 0) * size
                for part, size in zip(match.groups(), _SECONDS, strict=True)
            ),
            Decimal(0),
        )
    else:
        seconds = _number(value, field, _WALLTIME_MEND)
    whole = _whole(seconds, 1, _LARGEST_WALLTIME_S, field, _WALLTIME_MEND)
    return timedelta(seconds=whole)


def _short(value: str, field: str, mend: str) -> str:
    """Return the text without spaces around it, unless it is absurdly long."""
    if len(value) > _LONGEST_TEXT:
        raise InvalidField(f"{field} is too long to be an amount. {mend}", field=field)
    return value.strip(" ")


def _number(value: object, field: str, mend: str) -> Decimal:
    """Return a JSON number of a sane size as a decimal."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidField(f"{field} is not an amount. {mend}", field=field)
    if isinstance(value, float) and not math.isfinite(value):
        raise InvalidField(f"{field} is not a finite number. {mend}", field=field)
    if abs(value) > _LARGEST_MEMORY_BYTES:
        raise InvalidField(f"{field} is far beyond any machine. {mend}", field=field)
    return Decimal(value) if isinstance(value, int) else Decimal(repr(float(value)))


def _whole(amount: Decimal, least: int, most: int, field: str, mend: str) -> int:
    """Return the nearest whole number between the bounds."""
    if amount < 0:
        raise InvalidField(f"{field} is negative. {mend}", field=field)
    whole = int(amount.to_integral_value(ROUND_HALF_UP))
    if whole < least:
        raise InvalidField(f"{field} is zero, or next to it. {mend}", field=field)
    if whole > most:
        raise InvalidField(f"{field} is far beyond any machine. {mend}", field=field)
    return whole


def _unreadable(value: str, field: str, mend: str) -> InvalidField:
    """Return the refusal of a text that no form matches."""
    return InvalidField(f"{field} {value!a} is not understood. {mend}", field=field)
