"""The hub that ``make run`` starts: a trial on one machine, without a hand step."""

import json
import os
from pathlib import Path
from typing import Any

__all__ = ["configure", "sign_in"]

ADMIN = "admin"
"""The trial's administrator."""


def configure(c: Any) -> None:
    """Set up folders, ports, proxy and engine as ``make run`` found the machine.

    Parameters
    ----------
    c
        The configuration object. ``GAVIP_STATE`` names the state folder, whose
        ``run/run.json`` holds the ports and the engine of this run.
    """
    state = _state()
    facts = json.loads((state / "run" / "run.json").read_text())
    _hub(c, state, facts)
    _gavip(c, state, facts)


def sign_in(c: Any) -> None:
    """Let people in with the password that ``make run`` has made.

    Parameters
    ----------
    c
        The configuration object. Everybody who has the password may take any name;
        put a real sign-in in place of this before more than a trial.
    """
    lines = [line.split() for line in (_state() / "passwords").read_text().splitlines()]
    by_name = {words[0]: words[1] for words in lines if words and words[0] != "#"}
    admin = by_name.pop(ADMIN)
    c.JupyterHub.authenticator_class = "shared-password"
    c.Authenticator.allow_all = True
    c.Authenticator.admin_users = {ADMIN}
    c.SharedPasswordAuthenticator.user_password = next(iter(by_name.values()))
    c.SharedPasswordAuthenticator.admin_password = admin
    c.JupyterHub.template_vars = {
        "gavip_trial_hint": "This is a trial: sign in under any name, such as "
        "astronomer, with the password that make run told."
    }
    c.JupyterHub.load_groups = {
        "gavip-operators": {"users": [ADMIN]},
        "gavip-developers": {"users": []},
    }


def _state() -> Path:
    return Path(os.environ.get("GAVIP_STATE", ".gavip")).resolve()


def _hub(c: Any, state: Path, facts: dict[str, Any]) -> None:
    secrets = state / "secrets"
    bind = f"[{facts['bind']}]" if ":" in facts["bind"] else facts["bind"]
    c.JupyterHub.bind_url = f"http://{bind}:{facts['port']}"
    c.JupyterHub.hub_port = facts["hub_port"]
    c.JupyterHub.db_url = f"sqlite:///{state / 'data' / 'jupyterhub.sqlite'}"
    c.JupyterHub.cookie_secret_file = str(secrets / "cookie_secret")
    c.JupyterHub.cleanup_servers = not facts["keep_sessions"]
    c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{facts['proxy_api_port']}"
    c.ConfigurableHTTPProxy.auth_token = (secrets / "proxy_token").read_text().strip()
    c.ConfigurableHTTPProxy.pid_file = str(state / "run" / "proxy.pid")


def _gavip(c: Any, state: Path, facts: dict[str, Any]) -> None:
    c.Gavip.state_dir = str(state / "data")
    c.Gavip.spaces_dir = str(state / "spaces")
    c.Gavip.data_dir = str(state / "share")
    c.Gavip.engine = facts["engine"]
    c.Gavip.port = facts["service_port"]
    if facts["engine"] == "sandbox":
        c.Gavip.image = str(state / "session")
        return
    from gavip_hub.engines.docker.network import ensure_network  # noqa: PLC0415

    c.Gavip.image = f"gavip/session:{facts['version']}"
    # Containers reach hub and service at the gateway of their own network, which
    # nobody outside this machine sees.
    gateway = ensure_network("gavip")
    c.Gavip.host = gateway
    c.JupyterHub.hub_ip = gateway
