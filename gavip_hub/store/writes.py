"""What may be done to launches, each inside the transaction of its caller.

Every function checks first and writes after; what it writes goes together with the
event that tells of it.
"""

import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, or_, update

from gavip_hub.domain.errors import (
    IdempotencyConflict,
    IllegalTransition,
    QueueFull,
    ServerBusy,
    StoreConflict,
)
from gavip_hub.domain.event import EventKind
from gavip_hub.domain.launch import Allocation, Launch
from gavip_hub.domain.phase import ENDED, WAITING, Phase, check_transition
from gavip_hub.ports import Change, Submission
from gavip_hub.store import ledger, reads
from gavip_hub.store.schema import allocation, event, launch
from gavip_hub.store.values import check_storable, request_columns, to_micros

__all__ = ["admit", "move", "note_peak", "submit"]

_STAMPS = {
    Phase.STARTING: "started_at",
    Phase.RUNNING: "running_at",
    **dict.fromkeys(ENDED, "ended_at"),
}
_INSERT_LAUNCH = insert(launch)
_INSERT_EVENT = insert(event)
_KEPT = frozenset({EventKind.PHASE, EventKind.EXTENDED, EventKind.WARNING})


def _tell(
    connection: Connection,
    told: Launch,
    at: datetime,
    kind: EventKind = EventKind.PHASE,
    detail: Mapping[str, int | str | None] | None = None,
    message: str = "",
) -> None:
    connection.execute(
        _INSERT_EVENT,
        {
            "launch_id": told.id,
            "owner": told.request.owner,
            "kind": kind.value,
            "phase": told.phase.value,
            "message": message or told.reason,
            "at": to_micros(at),
            "detail": dict(detail or {}),
        },
    )


def submit(
    connection: Connection, submission: Submission, now: datetime
) -> tuple[Launch, bool]:
    """Record a launch as QUEUED; return it and whether it is new."""
    request = submission.request
    columns = {
        **request_columns(request),
        "idempotency_key": submission.idempotency_key,
        "fingerprint": submission.fingerprint,
    }
    check_storable(columns)
    known = reads.find_by_key(connection, request.owner, submission.idempotency_key)
    if known is not None:
        if known[1] != submission.fingerprint:
            raise IdempotencyConflict(
                "This idempotency key was used with a different request "
                f"(launch {known[0].id}). Use a new key for a new request.",
                field="idempotency_key",
            )
        return known[0], False
    _check_room(connection, submission)
    queued = Launch(
        id=secrets.token_hex(8),
        number=0,
        request=request,
        phase=Phase.QUEUED,
        version=1,
        reason="Waits for its turn.",
        created_at=now,
    )
    result = connection.execute(
        _INSERT_LAUNCH,
        {
            **columns,
            "id": queued.id,
            "phase": queued.phase.value,
            "version": queued.version,
            "reason": queued.reason,
            "attempt": queued.attempt,
            "created_at": to_micros(now),
        },
    )
    _tell(connection, queued, now)
    key = result.inserted_primary_key
    return replace(queued, number=key[0] if key else 0), True


def _check_room(connection: Connection, submission: Submission) -> None:
    request = submission.request
    if request.kind.interactive:
        live = reads.live_server(connection, request.owner, request.server_name)
        if live is not None:
            called = f'"{request.server_name}"' if request.server_name else "default"
            raise ServerBusy(
                f"Your {called} server has launch {live.id} already, which is "
                f"{live.phase}. Open that one, stop it first, or choose another name.",
                field="server_name",
            )
    waiting = reads.count_waiting(connection, request.owner)
    if waiting >= submission.max_waiting:
        raise QueueFull(
            f"{waiting} of your launches wait already, and {submission.max_waiting} "
            "may. Cancel one, or ask again when one has started."
        )


def _read(connection: Connection, launch_id: str, version: int) -> Launch:
    found = reads.get(connection, launch_id)
    if found.version != version:
        raise StoreConflict(
            f"Launch {launch_id} has changed since it was read "
            f"(version {found.version}, not {version}). Read it again."
        )
    return found


def _set(connection: Connection, old: Launch, **columns: Any) -> None:
    result = connection.execute(
        update(launch)
        .where(launch.c.id == old.id, launch.c.version == old.version)
        .values(version=old.version + 1, **columns)
    )
    if result.rowcount != 1:
        raise StoreConflict(f"Launch {old.id} has changed meanwhile. Read it again.")


def admit(
    connection: Connection,
    launch_id: str,
    version: int,
    node: str,
    now: datetime,
    until: datetime,
) -> Launch:
    """Allocate and move to ADMITTED."""
    old = _read(connection, launch_id, version)
    check_transition(old.phase, Phase.ADMITTED)
    if old.phase not in WAITING:
        raise IllegalTransition(f"A launch that is {old.phase} holds resources.")
    attempt = old.attempt + 1
    held = Allocation(launch_id, attempt, node, old.request.resources, now, until)
    ledger.hold(connection, held)
    _set(
        connection,
        old,
        phase=Phase.ADMITTED.value,
        reason=f"Its turn has come: resources are reserved on {node}.",
        attempt=attempt,
        admitted_at=to_micros(now),
    )
    new = reads.get(connection, launch_id)
    _tell(connection, new, now, detail={"node": node, "attempt": attempt})
    return new


def _check_move(old: Launch, change: Change) -> None:
    if change.phase is not old.phase or change.event is EventKind.PHASE:
        check_transition(old.phase, change.phase)
    elif old.phase in ENDED:
        raise IllegalTransition(f"A launch that is {old.phase} changes no more.")
    if change.phase is Phase.ADMITTED and old.phase in WAITING:
        raise IllegalTransition("A launch is admitted together with its allocation.")
    retried = (old.phase, change.phase) == (Phase.STARTING, Phase.ADMITTED)
    if change.new_attempt and not retried:
        raise IllegalTransition("Only a start that failed gets a further attempt.")
    if change.phase in ENDED and change.ending is None and old.ending is None:
        raise IllegalTransition("A launch ends only with an ending that says why.")


def _changed_columns(old: Launch, change: Change) -> dict[str, Any]:
    columns: dict[str, Any] = {"phase": change.phase.value, "reason": change.reason}
    if change.phase is not old.phase and change.phase in _STAMPS:
        columns[_STAMPS[change.phase]] = to_micros(change.at)
    if change.deadline is not None:
        columns["deadline"] = to_micros(change.deadline)
    if change.new_attempt:
        columns["attempt"] = old.attempt + 1
    if change.ending is not None:
        columns["ending_code"] = change.ending.code.value
        columns["ending_message"] = change.ending.message
        columns["exit_code"] = change.ending.exit_code
        peaks = (change.ending.peak_memory_bytes, old.peak_memory_bytes)
        columns["peak_memory_bytes"] = max(
            (peak for peak in peaks if peak is not None), default=None
        )
    return columns


def _move_allocation(connection: Connection, old: Launch, change: Change) -> None:
    """Free what an ended launch held; else let it follow attempt and deadline."""
    if old.allocation is None:
        return
    if change.phase in ENDED:
        ledger.release(connection, old.allocation)
        return
    columns: dict[str, int] = {}
    if change.new_attempt:
        columns["attempt"] = old.attempt + 1
    if change.deadline is not None:
        columns["until"] = to_micros(change.deadline)
    if columns:
        connection.execute(
            update(allocation).where(allocation.c.launch_id == old.id).values(**columns)
        )


def _detail(new: Launch, kind: EventKind) -> dict[str, int | str | None]:
    if kind is not EventKind.PHASE:
        return {"deadline": new.deadline.isoformat() if new.deadline else None}
    if new.phase in ENDED and new.ending is not None:
        return {"code": new.ending.code.value, "exit_code": new.ending.exit_code}
    return {"attempt": new.attempt} if new.attempt else {}


def move(connection: Connection, change: Change) -> Launch:
    """Apply a change; a move into an ended phase frees the allocation with it."""
    check_storable({"reason": change.reason, "message": change.message})
    if change.ending is not None:
        check_storable({"ending": change.ending.message})
    old = _read(connection, change.launch_id, change.version)
    _check_move(old, change)
    _set(connection, old, **_changed_columns(old, change))
    _move_allocation(connection, old, change)
    new = reads.get(connection, old.id)
    kind = change.event if new.phase is old.phase else EventKind.PHASE
    if kind in _KEPT:
        detail = {**_detail(new, kind), **change.detail}
        _tell(connection, new, change.at, kind, detail, change.message)
    return new


def note_peak(connection: Connection, launch_id: str, peak_memory_bytes: int) -> None:
    """Record the most memory seen, if it is more than what is recorded.

    The version stays, since nobody decides anything by the peak.
    """
    check_storable({"peak_memory_bytes": peak_memory_bytes})
    known = launch.c.peak_memory_bytes
    result = connection.execute(
        update(launch)
        .where(
            launch.c.id == launch_id,
            or_(known.is_(None), known < peak_memory_bytes),
        )
        .values(peak_memory_bytes=peak_memory_bytes)
    )
    if result.rowcount == 0:
        reads.get(connection, launch_id)
