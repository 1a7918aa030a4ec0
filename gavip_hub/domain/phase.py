"""The phases of a launch, the moves between them, and their IVOA UWS names."""

from enum import StrEnum

from gavip_hub.domain.errors import IllegalTransition

__all__ = [
    "ENDED",
    "HOLDING",
    "TRANSITIONS",
    "WAITING",
    "Phase",
    "check_transition",
    "uws_phase",
]


class Phase(StrEnum):
    """Where a launch stands."""

    QUEUED = "queued"
    """Acknowledged and waiting for its turn."""
    HELD = "held"
    """Waiting, but set aside by an operator until released."""
    ADMITTED = "admitted"
    """Resources are allocated; nothing has been started yet."""
    STARTING = "starting"
    """The engine or the hub has been asked to start it."""
    RUNNING = "running"
    """It runs, and answers if it is interactive."""
    STOPPING = "stopping"
    """Its end is decided; the engine has yet to confirm that it is gone."""
    COMPLETED = "completed"
    """Ended as meant: finished by itself, or stopped by its owner or idle rule."""
    ERROR = "error"
    """Ended by a fault or a limit."""
    ABORTED = "aborted"
    """Cancelled before it ran, or cancelled by the operator."""


WAITING = frozenset({Phase.QUEUED, Phase.HELD})
"""Phases that hold nothing."""

HOLDING = frozenset({Phase.ADMITTED, Phase.STARTING, Phase.RUNNING, Phase.STOPPING})
"""Phases in which an allocation is held."""

ENDED = frozenset({Phase.COMPLETED, Phase.ERROR, Phase.ABORTED})
"""Phases that are final."""

TRANSITIONS: dict[Phase, frozenset[Phase]] = {
    Phase.QUEUED: frozenset({Phase.HELD, Phase.ADMITTED, Phase.ERROR, Phase.ABORTED}),
    Phase.HELD: frozenset({Phase.QUEUED, Phase.ABORTED}),
    Phase.ADMITTED: frozenset({Phase.STARTING, Phase.STOPPING}),
    Phase.STARTING: frozenset({Phase.ADMITTED, Phase.RUNNING, Phase.STOPPING}),
    Phase.RUNNING: frozenset({Phase.STOPPING}),
    Phase.STOPPING: ENDED,
    Phase.COMPLETED: frozenset(),
    Phase.ERROR: frozenset(),
    Phase.ABORTED: frozenset(),
}
"""Every legal move.

``STARTING`` to ``ADMITTED`` is the one retry of a start that failed; whatever held
resources passes through ``STOPPING``, so that they are given back only when the engine
confirms that nothing is left.
"""

_UWS = {
    Phase.QUEUED: "QUEUED",
    Phase.HELD: "HELD",
    Phase.ADMITTED: "QUEUED",
    Phase.STARTING: "EXECUTING",
    Phase.RUNNING: "EXECUTING",
    Phase.STOPPING: "EXECUTING",
    Phase.COMPLETED: "COMPLETED",
    Phase.ERROR: "ERROR",
    Phase.ABORTED: "ABORTED",
}


def uws_phase(phase: Phase) -> str:
    """Return the IVOA UWS 1.1 execution phase that astronomers' clients know."""
    return _UWS[phase]


def check_transition(old: Phase, new: Phase) -> None:
    """Refuse a move that the table does not have.

    Raises
    ------
    IllegalTransition
        Raised if a launch in phase ``old`` cannot move to ``new``.
    """
    if new not in TRANSITIONS[old]:
        raise IllegalTransition(f"A launch that is {old} cannot become {new}.")
