"""From the last lines of a failed command to what the person can do."""

from __future__ import annotations

import re

__all__ = ["likely_mend"]

_NETWORK = (
    "the package index was not reached: check the network and, behind a proxy, "
    "HTTPS_PROXY; an index of your own is set with `pip config` and `npm config`. "
    "Then run make run again: finished steps are kept"
)
_SPACE = (
    "the disk is full: free about 4 GB (see `df -h`), or put the state elsewhere "
    "with GAVIP_STATE=FOLDER"
)
_CERTIFICATE = (
    "a certificate was not trusted: behind a company's inspecting proxy, name its "
    "certificate authority with PIP_CERT=FILE and NODE_EXTRA_CA_CERTS=FILE"
)
_HASHES = (
    "the index served another file than the locked one: use the public index, or "
    "make your own lists with `python scripts/lock.py`"
)
_VERSION = (
    "the index has no file for this Python or processor: use Python 3.11 to 3.14 on "
    "x86_64 or aarch64 (make run PYTHON=python3.12), or a complete mirror"
)
_MEMORY = "the machine ran out of memory: close other programs and try again"
_PERMISSION = (
    "a file could not be written: look who owns the state folder; after a run as "
    "root, `chown -R` it to yourself or choose another with GAVIP_STATE=FOLDER"
)
_UNKNOWN = "read the log, mend what it says, and run make run again"

_NO_NETWORK_SIGNS = (
    "temporary failure in name resolution|name or service not known|"
    "network is unreachable|connection (refused|timed out|reset)|"
    "newconnectionerror|connecttimeout|read timed out|max retries exceeded|"
    "proxyerror|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|RequestError"
)
_CERTIFICATE_SIGNS = (
    "CERTIFICATE_VERIFY_FAILED|self.signed certificate|UNABLE_TO_.*CERT|"
    "unable to get local issuer"
)
_VERSION_SIGNS = (
    "no matching distribution|requires-python|EBADENGINE|no matching version|"
    "no candidates found"
)
_SIGNS: tuple[tuple[str, str], ...] = (
    ("no space left|ENOSPC|disk quota exceeded|EDQUOT", _SPACE),
    (_CERTIFICATE_SIGNS, _CERTIFICATE),
    ("do not match the hashes|EINTEGRITY", _HASHES),
    (_NO_NETWORK_SIGNS, _NETWORK),
    ("permission denied|EACCES|EPERM", _PERMISSION),
    (_VERSION_SIGNS, _VERSION),
    ("memoryerror|heap out of memory|cannot allocate memory", _MEMORY),
)


def likely_mend(output: str, status: int = 1) -> str:
    """Return what most likely helps.

    Parameters
    ----------
    output
        The last lines that the command printed.
    status
        Its exit status; negative for a signal.
    """
    if status == -9:  # noqa: PLR2004  (SIGKILL: what the kernel does when out of memory)
        return _MEMORY
    for pattern, mend in _SIGNS:
        if re.search(pattern, output, re.IGNORECASE):
            return mend
    return _UNKNOWN
