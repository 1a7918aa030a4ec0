"""What is said when the hub answers: where it is and how to sign in."""

from __future__ import annotations

import re
import shlex
import socket
from typing import Any

from .credentials import ADMIN, NEWCOMER, read_or_make
from .layout import Layout

__all__ = ["address", "has_own_sign_in", "ready_text"]

_AUTHENTICATOR = re.compile(r"^\s*c\.JupyterHub\.authenticator_class\s*=", re.MULTILINE)
_EVERY_NETWORK = frozenset({"0.0.0.0", "::"})  # noqa: S104  (a comparison)
_THIS_MACHINE = frozenset({"127.0.0.1", "::1"})


def address(bind: str, port: int) -> str:
    """Return the address to type into a browser."""
    host = socket.gethostname() if bind in _EVERY_NETWORK else bind
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def has_own_sign_in(config: str) -> bool:
    """Return whether a jupyterhub_config.py names an authenticator of its own."""
    return _AUTHENTICATOR.search(config) is not None


def ready_text(
    facts: dict[str, Any], layout: Layout, *, show_password: bool, own_sign_in: bool
) -> str:
    """Return the lines that a newcomer needs.

    Parameters
    ----------
    facts
        The facts of the run.
    layout
        The state folder.
    show_password
        Whether the password itself may be shown: on a terminal, never in a log.
    own_sign_in
        Whether another sign-in took the place of the trial's passwords.
    """
    lines = ["", f"gavip answers at  {facts['address']}"]
    if own_sign_in:
        lines.append("  sign in         as jupyterhub_config.py says")
    else:
        lines += _sign_in(layout, show_password=show_password)
    lines += [
        f"  engine          {facts['engine_why']}",
        f"  state           {layout.root}",
        f"  log             {layout.hub_log}",
    ]
    if facts["bind"] not in _THIS_MACHINE:
        lines.append(
            "  note            others reach it without encryption; see "
            "docs/howto/sign-in.md before real people do"
        )
    lines += ["Ctrl-C ends it.", ""]
    return "\n".join(lines)


def _sign_in(layout: Layout, *, show_password: bool) -> list[str]:
    command = f"cat {shlex.quote(str(layout.passwords))}"
    if show_password:
        password = read_or_make(layout.passwords).user
    else:
        password = f"in the file that this shows: {command}"
    return [
        f"  user name       {NEWCOMER}",
        f"  password        {password}",
        f"  administrator   {ADMIN}, password: {command}",
    ]
