"""What the person may choose, read from the environment and checked at once."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from .errors import SetupError

__all__ = ["EngineName", "Settings"]

EngineName = Literal["docker", "sandbox"]

_ENGINES: tuple[EngineName, ...] = ("docker", "sandbox")
_CONFIG = "jupyterhub_config.py"
_HIGHEST_PORT = 65535
_SWITCH = {"": False, "0": False, "1": True}


@dataclass(frozen=True)
class Settings:
    """The choices of one run."""

    checkout: Path
    """The folder with the sources."""

    state: Path
    """The one folder that everything is kept in."""

    bind: str
    """The address that the proxy listens on."""

    port: int
    """The port that the proxy listens on."""

    engine: EngineName | None
    """The engine asked for; None means Docker where it answers, else the sandbox."""

    keep_sessions: bool
    """Whether sessions go on when the hub is ended."""

    config: Path
    """The hub's configuration."""

    @classmethod
    def read(cls, environ: Mapping[str, str], checkout: Path) -> Settings:
        """Return the settings of an environment.

        Raises
        ------
        SetupError
            Raised if a value is none that can work; names the variable.
        """
        return cls(
            checkout=checkout,
            state=_state(environ.get("GAVIP_STATE", ""), checkout),
            bind=_bind(environ.get("GAVIP_BIND", "")),
            port=_port(environ.get("GAVIP_PORT", "")),
            engine=_engine(environ.get("GAVIP_ENGINE", "")),
            keep_sessions=_switch(environ, "GAVIP_KEEP_SESSIONS"),
            config=_config(environ.get("GAVIP_CONFIG", ""), checkout),
        )


def _state(text: str, checkout: Path) -> Path:
    if not text:
        return checkout / ".gavip"
    if any(ord(letter) < ord(" ") or letter == os.pathsep for letter in text):
        raise SetupError(
            f"GAVIP_STATE={text!r} holds a control character or a colon",
            "choose a folder without them, for example GAVIP_STATE=$HOME/gavip-state",
        )
    return Path(text).expanduser().absolute()


def _config(text: str, checkout: Path) -> Path:
    path = Path(text).expanduser().absolute() if text else checkout / _CONFIG
    if text and not path.is_file():
        raise SetupError(
            f"GAVIP_CONFIG={text!r} is not a file",
            f"name a copy of {checkout / _CONFIG} with your changes, or leave it out",
        )
    return path


def _bind(text: str) -> str:
    if text in {"", "localhost"}:
        return "127.0.0.1"
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise SetupError(
            f"GAVIP_BIND={text!r} is not an IP address",
            "use 127.0.0.1 for this machine only, or 0.0.0.0 for every network",
        ) from None


def _port(text: str) -> int:
    if not text:
        return 8000
    if re.fullmatch("[0-9]{1,5}", text) and 1 <= int(text) <= _HIGHEST_PORT:
        return int(text)
    raise SetupError(
        f"GAVIP_PORT={text!r} is not a port",
        f"use a whole number from 1 to {_HIGHEST_PORT}, for example GAVIP_PORT=8010",
    )


def _engine(text: str) -> EngineName | None:
    if text == "":
        return None
    for name in _ENGINES:
        if text == name:
            return name
    raise SetupError(
        f"GAVIP_ENGINE={text!r} is not an engine",
        "use GAVIP_ENGINE=docker or GAVIP_ENGINE=sandbox, or leave it out",
    )


def _switch(environ: Mapping[str, str], name: str) -> bool:
    text = environ.get(name, "")
    if text in _SWITCH:
        return _SWITCH[text]
    raise SetupError(f"{name}={text!r} is neither 0 nor 1", f"use {name}=1 or leave it")
