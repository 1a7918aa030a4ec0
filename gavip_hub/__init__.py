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

    Raises
    ------
    SystemExit
        Raised with the setting at fault and the mend, if a setting cannot be used.

    Notes
    -----
    Imported on the call, since a user's server imports this package too and has none
    of the hub's own packages.
    """
    from gavip_hub.domain.errors import GavipError  # noqa: PLC0415
    from gavip_hub.installation import install_on  # noqa: PLC0415

    try:
        install_on(c)
    except GavipError as error:
        raise SystemExit(f"GAVIP cannot start: {error.message}") from None
