"""Containers by bubblewrap: namespaces and limits without a daemon.

Each container has a small *keeper*, a process of its own that outlives the service
and the hub; it starts the sandbox, holds its limits, and writes down how it ended.
Nothing is imported here, since every keeper would load it.
"""
