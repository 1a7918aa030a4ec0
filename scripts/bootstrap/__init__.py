"""How a checkout becomes a running hub, with the standard library alone.

`main` goes through the steps; each other file is one of the things that the steps
do. Nothing here imports gavip: it is what gets installed.
"""

__all__: list[str] = []
