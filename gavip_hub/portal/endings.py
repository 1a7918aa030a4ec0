"""Why launches end, in words that say what to do next."""

from datetime import timedelta

from gavip_hub.domain.amounts import format_duration, format_memory
from gavip_hub.domain.container import ContainerStatus
from gavip_hub.domain.launch import EndCode, Ending, Launch
from gavip_hub.settings import Size

__all__ = [
    "crashed",
    "failed_to_start",
    "idle",
    "lost",
    "operator",
    "out_of_memory",
    "stopped",
    "told_by_engine",
    "walltime",
]

FILES_STAY = "Files in your home folder are kept."

ENDED_BY_SIGNAL = 128 + 15
"""Exit status of a program that was asked to end (SIGTERM)."""


def stopped(launch: Launch, by: str) -> Ending:
    """Return the end of a launch that its owner (or ``by``) stopped."""
    if launch.running_at is None:
        return Ending(EndCode.STOPPED, f"Cancelled by {by} before it ran.")
    return Ending(EndCode.STOPPED, f"Stopped by {by}. {FILES_STAY}")


def operator(launch: Launch) -> Ending:
    """Return the end of a launch that an operator cancelled."""
    rest = FILES_STAY if launch.running_at else "It had not started."
    return Ending(
        EndCode.OPERATOR, f"Cancelled by an operator of this platform. {rest}"
    )


def walltime(launch: Launch) -> Ending:
    """Return the end of a launch that reached its time limit."""
    ran = launch.request.walltime
    if launch.deadline and launch.started_at:
        ran = launch.deadline - launch.started_at
    return Ending(
        EndCode.WALLTIME,
        f"Reached its time limit of {format_duration(ran)}. {FILES_STAY} "
        "Ask for a longer walltime next time, or extend it before it ends.",
    )


def idle(after: timedelta) -> Ending:
    """Return the end of a session in which nothing happened."""
    return Ending(
        EndCode.IDLE,
        f"Ended because nothing ran or was used in it for {format_duration(after)}. "
        f"{FILES_STAY}",
    )


def failed_to_start(why: str) -> Ending:
    """Return the end of a launch that could not be started."""
    return Ending(
        EndCode.FAILED_TO_START,
        f"It could not be started, and a second try failed as well: {why}",
    )


def lost(why: str) -> Ending:
    """Return the end of a launch that the engine no longer has."""
    return Ending(EndCode.NODE_LOST, f"{why} {FILES_STAY} Start it again.")


def out_of_memory(
    launch: Launch, status: ContainerStatus, sizes: tuple[Size, ...]
) -> Ending:
    """Return the end of a launch that used more memory than its limit."""
    limit = launch.request.resources.memory_bytes
    peak = status.peak_memory_bytes or launch.peak_memory_bytes
    used = f" It was seen to use {format_memory(peak)}." if peak else ""
    larger = next((s for s in sizes if s.resources.memory_bytes > limit), None)
    advice = (
        f"Start it again with more memory, such as size {larger.name} with "
        f"{format_memory(larger.resources.memory_bytes)}."
        if larger
        else "Start it again with more memory."
    )
    return Ending(
        EndCode.OUT_OF_MEMORY,
        f"Used more memory than its limit of {format_memory(limit)}.{used} {advice}",
        exit_code=status.exit_code,
        peak_memory_bytes=peak,
    )


def crashed(status: ContainerStatus) -> Ending:
    """Return the end of a launch whose process failed."""
    return Ending(
        EndCode.CRASHED,
        f"It ended by itself with an error (exit status {status.exit_code}). "
        f"{FILES_STAY} Its log says more.",
        exit_code=status.exit_code,
        peak_memory_bytes=status.peak_memory_bytes,
    )


def told_by_engine(
    launch: Launch, status: ContainerStatus, sizes: tuple[Size, ...]
) -> Ending:
    """Return the end that the engine's record of an exited container amounts to."""
    if status.out_of_memory:
        return out_of_memory(launch, status, sizes)
    if status.walltime_reached:
        return walltime(launch)
    if status.lost:
        return lost("The engine lost it, as happens when its machine restarts.")
    if status.exit_code == ENDED_BY_SIGNAL and launch.request.kind.interactive:
        return stopped(launch, "the hub or the machine at its own end")
    if status.exit_code == 0:
        return Ending(
            EndCode.FINISHED,
            f"Finished. {FILES_STAY}",
            exit_code=0,
            peak_memory_bytes=status.peak_memory_bytes,
        )
    return crashed(status)
