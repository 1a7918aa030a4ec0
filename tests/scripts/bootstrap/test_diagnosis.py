import pytest
from bootstrap.diagnosis import likely_mend

PIP_OFFLINE = """\
WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError':
Failed to establish a new connection: [Errno -3] Temporary failure in name resolution
ERROR: Could not find a version that satisfies the requirement aiodns==4.0.4
ERROR: No matching distribution found for aiodns==4.0.4
"""


@pytest.mark.parametrize(
    ("output", "word"),
    [
        (PIP_OFFLINE, "network"),
        ("npm error code ENOTFOUND", "network"),
        ("OSError: [Errno 28] No space left on device", "disk is full"),
        ("npm error code ENOSPC", "disk is full"),
        ("SSLError(1, '[SSL: CERTIFICATE_VERIFY_FAILED]')", "PIP_CERT"),
        ("THESE PACKAGES DO NOT MATCH THE HASHES FROM THE FILE", "lock.py"),
        ("ERROR: No matching distribution found for numpy==9", "PYTHON=python3.12"),
        ("[Errno 13] Permission denied: '/srv/x'", "GAVIP_STATE"),
        ("FATAL ERROR: JavaScript heap out of memory", "memory"),
        ("something never seen", "read the log"),
    ],
)
def test_the_mend_fits_what_was_said(output: str, word: str) -> None:
    """The last lines of a command lead to what the person can do."""
    assert word in likely_mend(output)


def test_a_kill_by_the_kernel_means_too_little_memory() -> None:
    """A command ended by SIGKILL has most likely met the out-of-memory killer."""
    assert "memory" in likely_mend("", status=-9)
