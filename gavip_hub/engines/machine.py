"""What this machine offers, where no operator has said it."""

import os
from pathlib import Path
from typing import Final

from gavip_hub.domain.resources import Resources

__all__ = ["less_reserve", "machine_capacity"]

_RESERVE_BYTES: Final = 1 << 30  # for hub, proxy, service and the system
_SMALL_SHARE: Final = 4  # on a small machine a quarter instead


def machine_capacity() -> Resources:
    """Return all cores, and the memory less what the platform itself needs."""
    cores = len(os.sched_getaffinity(0))
    return Resources(cores * 1000, less_reserve(_memory_total_bytes()))


def less_reserve(memory_bytes: int) -> int:
    """Return what is left of a machine's memory for sessions [bytes]."""
    return memory_bytes - min(_RESERVE_BYTES, memory_bytes // _SMALL_SHARE)


def _memory_total_bytes() -> int:
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemTotal:"):
            return int(line.split()[1]) * 1024
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
