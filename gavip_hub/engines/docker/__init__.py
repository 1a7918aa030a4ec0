"""Containers by a Docker engine."""
