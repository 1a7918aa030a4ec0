"""Start a session's server, in an environment that the user-space cannot bend.

    start-session PROGRAM [ARGUMENT ...]

1. A new user-space gets the welcome notebook; one that had it never gets it again.
2. What a server writes while it runs goes to memory, so that it starts on a full disk.
3. The program is executed; no file of the user-space is read as code or settings.

It stands alone: whatever the disk holds, the session starts.
"""

import contextlib
import os
import sys
import tempfile

__all__ = ["main"]

_MARKER = ".gavip-welcome"
_NAME = "welcome.ipynb"
_ROOM_BYTES = 1 << 16
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_SERVERS = ("jupyterhub-singleuser", "jupyter-lab", "jupyter-server")


def main() -> None:
    """Prepare and become the program."""
    program, *arguments = sys.argv[1:] or ["jupyterhub-singleuser"]
    home = os.path.expanduser("~")
    data = os.environ.get("GAVIP_DATA", "/opt/gavip/data")
    try:
        give_welcome(home, os.path.join(data, "welcome", _NAME))
    except OSError as error:
        sys.stderr.write(f"start-session: no welcome notebook: {error.strerror}\n")
    if os.path.basename(program) in _SERVERS:
        arguments = [*_server_settings(home), *arguments]
    beside = os.path.join(os.path.dirname(sys.executable), program)
    target = beside if os.path.exists(beside) else program
    # Some programs look for settings where they are started.
    os.chdir("/")
    os.execvp(target, [target, *arguments])


def give_welcome(home: str, source: str) -> bool:
    """Put the welcome notebook into a user-space that never had it.

    Parameters
    ----------
    home
        The user-space.
    source
        The notebook.

    Returns
    -------
    bool
        Whether it was put there now.

    Raises
    ------
    OSError
        Raised if the disk is full or may not be written; the next start tries again.
    """
    folder = os.open(home, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        if _exists(_MARKER, folder):
            return False
        new = not _exists(_NAME, folder)
        if new:
            with open(source, "rb") as notebook:
                _place(notebook.read(), _NAME, folder)
        os.close(os.open(_MARKER, _NEW_FILE, 0o600, dir_fd=folder))
    except FileExistsError:
        return False  # another session of the same user was faster
    else:
        return new
    finally:
        os.close(folder)


def has_room(home: str) -> bool:
    """Tell whether a user-space takes a small file.

    Parameters
    ----------
    home
        The user-space.
    """
    try:
        folder = os.open(home, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return False
    scratch = f".gavip-room.{os.urandom(4).hex()}"
    try:
        with os.fdopen(os.open(scratch, _NEW_FILE, 0o600, dir_fd=folder), "wb") as out:
            out.write(bytes(_ROOM_BYTES))
            out.flush()
            os.fsync(out.fileno())  # where quotas of network disks speak up
    except OSError:
        return False
    else:
        return True
    finally:
        with contextlib.suppress(OSError):
            os.unlink(scratch, dir_fd=folder)
        os.close(folder)


def _place(content: bytes, name: str, folder: int) -> None:
    """Make a whole file appear under a name that is free, or nothing at all."""
    scratch = f".{name}.{os.getpid()}.{os.urandom(4).hex()}"
    try:
        with os.fdopen(os.open(scratch, _NEW_FILE, 0o644, dir_fd=folder), "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        os.link(scratch, name, src_dir_fd=folder, dst_dir_fd=folder)
    finally:
        with contextlib.suppress(OSError):
            os.unlink(scratch, dir_fd=folder)


def _exists(name: str, folder: int) -> bool:
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def _server_settings(home: str) -> list[str]:
    """Set the environment of a Jupyter server; return its first arguments."""
    # In memory: the sockets between server and kernels, so that there is no port for
    # others to find, and whatever else a server must write to start at all.
    base = "/run" if os.access("/run", os.W_OK) else None
    runtime = tempfile.mkdtemp(prefix="jupyter-", dir=base)
    os.environ["JUPYTER_RUNTIME_DIR"] = runtime
    # Settings are Python: those of the user-space are not read, but for JupyterLab's
    # own, which are data.
    os.environ["JUPYTERHUB_DISABLE_USER_CONFIG"] = "1"
    os.environ["JUPYTER_CONFIG_DIR"] = os.path.join(runtime, "config")
    lab = os.path.join(home, ".jupyter", "lab")
    os.environ["JUPYTERLAB_SETTINGS_DIR"] = os.path.join(lab, "user-settings")
    os.environ["JUPYTERLAB_WORKSPACES_DIR"] = os.path.join(lab, "workspaces")
    if not has_room(home):
        # A kernel without room for its profile dies at its first start.
        os.environ["IPYTHONDIR"] = os.path.join(runtime, "ipython")
        sys.stderr.write("start-session: the user-space is full or not writable\n")
    for name in ("PYTHONPATH", "PYTHONSTARTUP", "PYTHONHOME", "JUPYTER_CONFIG_PATH"):
        os.environ.pop(name, None)
    return ["--KernelManager.transport=ipc", f"--ServerApp.root_dir={home}"]


if __name__ == "__main__":
    main()
