"""The service as a process among others."""

import subprocess
import sys

SHOW = """
import resource
from gavip_hub.supervise import use_all_descriptors
_, most = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (64, most))
use_all_descriptors()
print(resource.getrlimit(resource.RLIMIT_NOFILE) == (most, most))
"""


def test_the_service_may_hold_as_many_connections_as_its_machine_allows() -> None:
    """A system's small first limit on open files is no limit on who can listen."""
    said = subprocess.run(
        [sys.executable, "-c", SHOW], capture_output=True, text=True, check=True
    )
    assert said.stdout == "True\n"
