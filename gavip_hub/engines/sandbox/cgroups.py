"""Control groups: limits that the kernel holds, where they are writable.

Version 1 has a tree for each controller, version 2 one for all. Ours is a sub-tree
``gavip`` in the highest place where this process may make one.
"""

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = ["CgroupRoom", "claim_version_2", "find_room", "parse_room_candidates"]

_SUBTREE: Final = "gavip"
_MEMBERS: Final = "cgroup.procs"
_NEEDED: Final = ("memory", "pids", "cpu")


@dataclass(frozen=True, slots=True)
class CgroupRoom:
    """Where control groups of sandboxes can be made."""

    version: int
    """1 or 2."""
    folders: dict[str, Path]
    """Folder of each controller under which ours are made."""


def find_room() -> CgroupRoom | None:
    """Return where control groups can be made, or None where they cannot.

    All of memory, processes and processor must be there: limits of which some hold
    and some do not would be hard to explain.
    """
    mountinfo = Path("/proc/self/mountinfo").read_text()
    membership = Path("/proc/self/cgroup").read_text()
    for version, choices in parse_room_candidates(mountinfo, membership):
        room = _claim_version_1(choices) if version == 1 else claim_version_2(choices)
        if room is not None:
            return room
    return None


def parse_room_candidates(
    mountinfo: str, membership: str
) -> list[tuple[int, dict[str, list[Path]]]]:
    """Return, for each version that is mounted, the folders to try, highest first.

    Parameters
    ----------
    mountinfo
        Text of ``/proc/self/mountinfo``.
    membership
        Text of ``/proc/self/cgroup``.
    """
    own = _memberships(membership)
    first: dict[str, list[Path]] = {}
    second: dict[str, list[Path]] = {}
    for line in mountinfo.splitlines():
        left, _, right = line.partition(" - ")
        root, mount_point = left.split()[3:5]
        kind, *rest = right.split()
        options = set(rest[-1].split(",")) if rest else set()
        if kind == "cgroup":
            for name in options & {*_NEEDED, "cpuacct"}:
                first[name] = _chain(mount_point, root, own.get(name, "/"))
        elif kind == "cgroup2":
            second["all"] = _chain(mount_point, root, own.get("", "/"))
    return [
        *([(2, second)] if second else []),
        *([(1, first)] if set(_NEEDED) <= set(first) else []),
    ]


def _controllers_of(folder: Path) -> frozenset[str]:
    """Return the controllers that a version 2 folder may pass on."""
    try:
        return frozenset((folder / "cgroup.controllers").read_text().split())
    except OSError:
        return frozenset()


def _memberships(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in text.splitlines():
        _, names, path = line.split(":", 2)
        for name in names.split(","):
            found[name] = path
    return found


def _chain(mount_point: str, root: str, own: str) -> list[Path]:
    """Return the folders from the mount's top down to our own place in it."""
    top = Path(mount_point)
    relative = os.path.relpath(own, root)
    if relative == "." or relative.startswith(".."):
        return [top]
    folders = [top]
    for part in Path(relative).parts:
        folders.append(folders[-1] / part)
    return folders


def _claim_version_1(choices: dict[str, list[Path]]) -> CgroupRoom | None:
    folders: dict[str, Path] = {}
    for name, chain in choices.items():
        for candidate in (chain[0], chain[-1]):
            ours = candidate / _SUBTREE
            with contextlib.suppress(OSError):
                ours.mkdir(exist_ok=True)
                if os.access(ours, os.W_OK):
                    folders[name] = ours
                    break
    return CgroupRoom(1, folders) if set(_NEEDED) <= set(folders) else None


def claim_version_2(choices: dict[str, list[Path]]) -> CgroupRoom | None:
    """Return the highest folder of version 2 that passes the controllers on.

    Moving a process needs the right to write in the folder that both of its places
    have in common, which is at least the one that we would be in.
    """
    for candidate in choices["all"]:
        if not set(_NEEDED) <= _controllers_of(candidate):
            continue
        ours = candidate / _SUBTREE
        with contextlib.suppress(OSError):
            _pass_on(candidate)
            ours.mkdir(exist_ok=True)
            _pass_on(ours)
            if all(os.access(one, os.W_OK) for one in (ours, candidate / _MEMBERS)):
                return CgroupRoom(2, dict.fromkeys(_NEEDED, ours))
    return None


def _pass_on(folder: Path) -> None:
    control = folder / "cgroup.subtree_control"
    missing = set(_NEEDED) - set(control.read_text().split())
    if missing:
        control.write_text(" ".join(f"+{name}" for name in sorted(missing)))
