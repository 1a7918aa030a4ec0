"""GAVIP inside the user's own Jupyter server: launches, events, signs of life."""

from typing import Any

from gavip_server_ext.app import GavipServerApp

__all__ = ["GavipServerApp"]


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    """Tell Jupyter Server what to load."""
    return [{"module": "gavip_server_ext", "app": GavipServerApp}]


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    """Tell JupyterLab where the built extension stands."""
    return [{"src": "labextension", "dest": "@gavip/lab"}]
