"""Amounts, times and durations, in the words of a person."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from numbers import Integral, Real
from typing import Any

from gavip.errors import BadArgument

__all__ = [
    "amount",
    "show_cpu",
    "show_duration",
    "show_memory",
    "show_moment",
    "to_moment",
]

_MINUTE_S = 60
_HOUR_S = 3600
_DAY_S = 86400


def amount(field: str, value: Any) -> Any:
    """Return an amount in a form that JSON carries.

    Text goes as it is: the service reads it and names the fault if there is one.

    Parameters
    ----------
    field
        Name of the argument.
    value
        Number, text, or timedelta (as seconds).

    Raises
    ------
    BadArgument
        Raised if it is none of these, or a number that is not finite.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, timedelta):
        value = value.total_seconds()
    if isinstance(value, Integral) and not isinstance(value, bool):
        return int(value)
    if isinstance(value, Real) and not isinstance(value, bool):
        if math.isfinite(value):
            return float(value)
        raise BadArgument(field, f"{value} is no amount; give a finite number.")
    raise BadArgument(
        field, f"{value!r} is neither a number nor text such as '16G' or '4h'."
    )


def show_cpu(cpu_milli: int) -> str:
    """Return an amount of processor time, such as ``1.5 cpu``.

    Parameters
    ----------
    cpu_milli
        Thousandths of a core.
    """
    return f"{cpu_milli / 1000:g} cpu"


def show_memory(memory_bytes: int) -> str:
    """Return an amount of memory, such as ``2 GB``.

    Parameters
    ----------
    memory_bytes
        Bytes.
    """
    if memory_bytes >= 10**9:
        return f"{memory_bytes / 1e9:.3g} GB"
    return f"{memory_bytes / 1e6:.0f} MB"


def show_duration(seconds: float) -> str:
    """Return a duration, such as ``1 h 30 min``.

    Parameters
    ----------
    seconds
        The duration in seconds; a negative one counts as none.
    """
    whole = max(0, round(seconds))
    if whole < _MINUTE_S:
        return f"{whole} s"
    days, rest = divmod(whole, _DAY_S)
    hours, rest = divmod(rest, _HOUR_S)
    parts = [f"{days} d"] if days else []
    parts += [f"{hours} h"] if hours else []
    parts += [f"{rest // _MINUTE_S} min"] if rest >= _MINUTE_S and not days else []
    return " ".join(parts)


def to_moment(text: str | None) -> datetime | None:
    """Return the moment that the service named, in UTC.

    Parameters
    ----------
    text
        A time as RFC 3339 writes it, or `None`.
    """
    if text is None:
        return None
    return datetime.fromisoformat(text).astimezone(UTC)


def show_moment(moment: datetime, now: datetime) -> str:
    """Return a moment and how far off it is, such as ``14:20 UTC (in 12 min)``.

    Parameters
    ----------
    moment
        The moment.
    now
        The present.
    """
    moment = moment.astimezone(UTC)
    same_day = moment.date() == now.astimezone(UTC).date()
    clock = moment.strftime("%H:%M UTC" if same_day else "%Y-%m-%d %H:%M UTC")
    off_s = (moment - now).total_seconds()
    if off_s >= 0:
        return f"{clock} (in {show_duration(off_s)})"
    return f"{clock} ({show_duration(-off_s)} ago)"
