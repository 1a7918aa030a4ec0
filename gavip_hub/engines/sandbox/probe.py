"""Find out what the sandbox can do on this machine, by trying it."""

import os
import subprocess
from typing import Final

from gavip_hub.domain.errors import EngineUnavailable
from gavip_hub.engines.sandbox.bubblewrap import find_bubblewrap
from gavip_hub.engines.sandbox.cgroups import find_room
from gavip_hub.engines.sandbox.running import own_command, own_environment
from gavip_hub.engines.sandbox.settings import SandboxSettings
from gavip_hub.ports import EngineFacts

__all__ = ["sandbox_facts"]

_TRY: Final = (
    *("--unshare-user", "--uid", "1000", "--gid", "1000", "--disable-userns"),
    *("--unshare-pid", "--unshare-ipc", "--unshare-uts", "--cap-drop", "ALL"),
    *("--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev"),
)
_PATIENCE_S: Final = 20.0
_SHARED_NETWORK: Final = (
    "Sandboxes share this machine's network, so a server in one is kept from the "
    "others by its token only."
)
_ONE_USER: Final = (
    "All sandboxes run as the user who started the platform; namespaces keep them "
    "apart, user numbers do not."
)
_WATCHED: Final = (
    (
        "Control groups are not writable here: memory is watched five times a second "
        "and the largest process is ended when the limit is passed, which a sudden "
        "burst can outrun."
    ),
    "Processor time is bound to whole cores, and a program could choose others.",
)


def sandbox_facts(settings: SandboxSettings) -> EngineFacts:
    """Return what the sandbox is and enforces here.

    Raises
    ------
    EngineUnavailable
        Raised if no sandbox can be made; the message says what to change.
    """
    program = str(find_bubblewrap(settings.bwrap))
    command = [*own_command("trial"), str(settings.uid_base), program]
    _run([*command, *_TRY, "true"])
    offline = _works([*command, *_TRY, "--unshare-net", "true"])
    version = _run([*command, "--version"]).split()[-1]
    as_root = os.geteuid() == 0
    grouped = settings.use_cgroups and find_room() is not None
    enforced = {"pids", "walltime", *(["network"] if offline else [])}
    notes = [_SHARED_NETWORK, *([] if as_root else [_ONE_USER])]
    if grouped:
        enforced |= {"cpu", "memory"}
    else:
        notes += _WATCHED
    return EngineFacts("sandbox", version, frozenset(enforced), tuple(notes))


def _works(command: list[str]) -> bool:
    try:
        _run(command)
    except EngineUnavailable:
        return False
    return True


def _run(command: list[str]) -> str:
    try:
        done = subprocess.run(  # noqa: S603  bubblewrap with our own words
            command,
            capture_output=True,
            text=True,
            timeout=_PATIENCE_S,
            check=False,
            env=own_environment(),
            cwd="/",
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise EngineUnavailable(_mend(str(error)), transient=False) from error
    if done.returncode != 0:
        raise EngineUnavailable(_mend(done.stderr.strip()), transient=False)
    return done.stdout


def _mend(said: str) -> str:
    return (
        f"No sandbox can be made on this machine ({said}). User namespaces must be "
        "allowed: see sysctl user.max_user_namespaces, "
        "kernel.unprivileged_userns_clone and "
        "kernel.apparmor_restrict_unprivileged_userns. Or use a Docker engine."
    )
