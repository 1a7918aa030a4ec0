"""Whose turn it is."""

from collections.abc import Iterable

from gavip_hub.domain.launch import Launch

__all__ = ["in_turn"]


def in_turn(launches: Iterable[Launch]) -> list[Launch]:
    """Return launches by tier, the highest first, and within it as they were asked."""
    return sorted(launches, key=lambda one: (-one.request.tier, one.number))
