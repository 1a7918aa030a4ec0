"""The hub's side of GAVIP: one honest launch queue in front of JupyterHub."""

__all__ = ["__version__"]

__version__ = "0.1.0"
