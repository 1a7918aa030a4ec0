"""Secrets and passwords: made once, each in a file that only its owner reads."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from .errors import SetupError
from .layout import Layout

__all__ = ["ADMIN", "NEWCOMER", "SECRETS", "Passwords", "make_secrets", "read_or_make"]

NEWCOMER = "astronomer"
ADMIN = "admin"
SECRETS = ("cookie_secret", "proxy_token", "crypt_key")
"""Files below the folder of secrets; each 32 random bytes in hexadecimal."""

_SECRET_BYTES = 32
_OWNER_ONLY = 0o600
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
_HEADER = """\
# The sign-in of this trial: user name, password. Whoever has the first password may
# sign in under any name except the administrator's. Delete this file to get new ones
# at the next start; docs/howto/sign-in.md puts a real sign-in in its place.
"""


@dataclass(frozen=True)
class Passwords:
    """The two passwords of the trial sign-in."""

    user: str
    """For every name except the administrator's."""

    admin: str
    """For the administrator; the authenticator wants 32 letters or more."""


def make_secrets(layout: Layout) -> None:
    """Make the secrets that are missing; keep those that are there."""
    for name in SECRETS:
        path = layout.secrets / name
        if not path.exists():
            _write(path, secrets.token_hex(_SECRET_BYTES) + "\n")
        path.chmod(_OWNER_ONLY)


def read_or_make(path: Path) -> Passwords:
    """Return the passwords of a file, made if it is missing.

    Raises
    ------
    SetupError
        Raised if the file was changed into something that cannot be used.
    """
    if not path.exists():
        lines = f"{NEWCOMER} {_password(3)}\n{ADMIN} {_password(7)}\n"
        _write(path, _HEADER + lines)
    path.chmod(_OWNER_ONLY)
    words = [line.split() for line in path.read_text().splitlines() if line[:1] != "#"]
    found = {pair[0]: pair[1] for pair in words if len(pair) == 2}  # noqa: PLR2004
    try:
        return Passwords(user=found[NEWCOMER], admin=found[ADMIN])
    except KeyError as missing:
        raise SetupError(
            f"{path} has no line for {missing.args[0]}",
            "delete the file to get new passwords, or add NAME PASSWORD as a line",
        ) from None


def _password(groups: int) -> str:
    """Return groups of five letters that can be read aloud and typed (25 bits each)."""
    return "-".join(
        "".join(secrets.choice(_ALPHABET) for _ in range(5)) for _ in range(groups)
    )


def _write(path: Path, text: str) -> None:
    """Write a file that is never seen half, nor by anybody else."""
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    scratch.unlink(missing_ok=True)
    handle = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
    with os.fdopen(handle, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    scratch.replace(path)
