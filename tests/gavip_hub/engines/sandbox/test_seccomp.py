"""The filter of system calls, run as the kernel would."""

import struct

import pytest

from gavip_hub.engines.sandbox.seccomp import DENIED, seccomp_program

ALLOW, REFUSE, KILL = 0x7FFF0000, 0x00050001, 0x80000000
X86_64, AARCH64 = 0xC000003E, 0xC00000B7


def _verdict(program: bytes, architecture: int, number: int) -> int:
    """Return what the filter says to a call."""
    words = list(struct.iter_unpack("=HBBI", program))
    memory = {0: number, 4: architecture}
    value = at = 0
    while True:
        code, then, otherwise, figure = words[at]
        at += 1
        if code == 0x20:
            value = memory[figure]
        elif code == 0x15:
            at += then if value == figure else otherwise
        elif code == 0x35:
            at += then if value >= figure else otherwise
        else:
            return int(figure)


@pytest.mark.parametrize(
    ("machine", "architecture", "column"),
    [("x86_64", X86_64, 0), ("aarch64", AARCH64, 1)],
)
def test_each_denied_call_is_refused_and_no_other(
    machine: str, architecture: int, column: int
) -> None:
    """Every call on the list answers "not permitted"; every other one passes."""
    program = seccomp_program(machine)
    assert program is not None
    denied = {pair[column] for pair in DENIED.values()}
    for number in range(600):
        expected = REFUSE if number in denied else ALLOW
        assert _verdict(program, architecture, number) == expected, number


def test_a_foreign_architecture_is_killed() -> None:
    """Calls by another architecture's numbers would slip past the list."""
    program = seccomp_program("x86_64")
    assert program is not None
    assert _verdict(program, 0x40000003, 1) == KILL
    assert _verdict(program, X86_64, 0x40000000 + 1) == REFUSE


def test_an_unknown_processor_has_no_filter() -> None:
    """Without the numbers there is no filter rather than a wrong one."""
    assert seccomp_program("riscv64") is None
