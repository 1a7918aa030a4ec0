"""A filter of system calls that no session needs and that have broken kernels open.

It is a deny list, as other container engines have it on top of dropped capabilities:
a refused call answers "not permitted", and whatever is not named goes on working.
"""

import os
import struct
from typing import Final

__all__ = ["DENIED", "seccomp_program"]

DENIED: Final = {
    # name: number on x86_64, number on aarch64
    "add_key": (248, 217),
    "bpf": (321, 280),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fsopen": (430, 430),
    "fspick": (433, 433),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "io_uring_setup": (425, 425),
    "kexec_file_load": (320, 294),
    "kexec_load": (246, 104),
    "keyctl": (250, 219),
    "mount": (165, 40),
    "mount_setattr": (442, 442),
    "move_mount": (429, 429),
    "open_by_handle_at": (304, 265),
    "open_tree": (428, 428),
    "perf_event_open": (298, 241),
    "pivot_root": (155, 41),
    "request_key": (249, 218),
    "setns": (308, 268),
    "umount2": (166, 39),
    "unshare": (272, 97),
    "userfaultfd": (323, 282),
}
"""The calls that are refused, with their numbers."""

_ARCHITECTURES: Final = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}
_X32_BIT: Final = 0x4000_0000
_LOAD: Final = 0x20
_EQUAL: Final = 0x15
_AT_LEAST: Final = 0x35
_RETURN: Final = 0x06
_ALLOW: Final = 0x7FFF_0000
_REFUSE: Final = 0x0005_0001  # errno EPERM
_KILL: Final = 0x8000_0000


def seccomp_program(machine: str | None = None) -> bytes | None:
    """Return the filter in the kernel's form, or None for an unknown processor.

    Parameters
    ----------
    machine
        The processor's name as `os.uname` has it; None for this one.
    """
    known = _ARCHITECTURES.get(machine or os.uname().machine)
    if known is None:
        return None
    audit, column = known
    numbers = sorted({pair[column] for pair in DENIED.values()})
    count = len(numbers)
    # 0 load arch, 1 check, 2 kill, 3 load number, 4 x32, 5.. calls, allow, refuse
    program = [
        (_LOAD, 0, 0, 4),
        (_EQUAL, 1, 0, audit),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, 0),
        (_AT_LEAST, count + 1, 0, _X32_BIT),
    ]
    for index, number in enumerate(numbers):
        program.append((_EQUAL, count - index, 0, number))
    program += [(_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _REFUSE)]
    return b"".join(struct.pack("=HBBI", *one) for one in program)
