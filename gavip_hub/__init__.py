"""The hub's side of GAVIP: one honest launch queue in front of JupyterHub."""
