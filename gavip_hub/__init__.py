"""The hub's side of GAVIP: one honest launch queue in front of JupyterHub."""

from typing import Any

__all__ = ["__version__", "install"]

__version__ = "0.1.0"


def install(c: Any) -> None:
    """Put GAVIP in front of the hub that this configuration describes.

    Parameters
    ----------
    c
        The configuration object of ``jupyterhub_config.py``; ``c.Gavip`` is read.

    Notes
    -----
    Imported on the call, since a user's server imports this package too and has none
    of the hub's own packages.
    """
    from gavip_hub.installation import install_on  # noqa: PLC0415

    install_on(c)
