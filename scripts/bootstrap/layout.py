"""The state folder: what lies where, and who may read it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from .errors import SetupError

__all__ = ["Layout"]

_OWNER_ONLY = 0o700
_READABLE = 0o755


@dataclass(frozen=True)
class Layout:
    """The paths below one state folder.

    Parameters
    ----------
    root
        The state folder.
    """

    root: Path

    @property
    def hub(self) -> Path:
        """The virtual environment of the hub and the service."""
        return self.root / "hub"

    @property
    def session(self) -> Path:
        """The virtual environment of the sandboxed sessions."""
        return self.root / "session"

    @property
    def node(self) -> Path:
        """Node's program and the proxy."""
        return self.root / "node"

    @property
    def build(self) -> Path:
        """A copy of the sources, where the wheel is built."""
        return self.root / "build"

    @property
    def wheels(self) -> Path:
        """The built wheel of gavip."""
        return self.root / "wheels"

    @property
    def stamps(self) -> Path:
        """What each step was made from."""
        return self.root / "stamps"

    @property
    def data(self) -> Path:
        """The databases."""
        return self.root / "data"

    @property
    def spaces(self) -> Path:
        """The user-spaces."""
        return self.root / "spaces"

    @property
    def share(self) -> Path:
        """What every session may read: the stars, the welcome notebook."""
        return self.root / "share"

    @property
    def logs(self) -> Path:
        """Everybody's logs."""
        return self.root / "logs"

    @property
    def secrets(self) -> Path:
        """One file a secret."""
        return self.root / "secrets"

    @property
    def run(self) -> Path:
        """The lock, and the facts of the present run."""
        return self.root / "run"

    @property
    def passwords(self) -> Path:
        """The generated passwords of the trial sign-in."""
        return self.root / "passwords"

    @property
    def extra(self) -> Path:
        """The operator's own list of further packages for the hub."""
        return self.root / "extra-hub.txt"

    @property
    def setup_log(self) -> Path:
        """The output of every command of the setup."""
        return self.logs / "setup.log"

    @property
    def hub_log(self) -> Path:
        """The output of hub, proxy and service."""
        return self.logs / "hub.log"

    @property
    def facts(self) -> Path:
        """Engine and ports of the present run, for jupyterhub_config.py."""
        return self.run / "run.json"

    def prepare(self) -> None:
        """Make the folders with their permissions.

        Raises
        ------
        SetupError
            Raised if the folder cannot be made or written.
        """
        try:
            self._make(self.root, _OWNER_ONLY)
            for private in (self.data, self.logs, self.secrets, self.run, self.spaces):
                self._make(private, _OWNER_ONLY)
            for shared in (self.share, self.stamps, self.wheels):
                self._make(shared, _READABLE)
        except OSError as error:
            raise SetupError(
                f"the state folder {self.root} cannot be used: {error.strerror}",
                "free or mend it, or choose another one with GAVIP_STATE=FOLDER",
            ) from error
        owner = self.root.stat().st_uid
        if owner != os.getuid():
            raise SetupError(
                f"the state folder {self.root} belongs to another user (uid {owner})",
                "run as that user, or choose your own folder with GAVIP_STATE=FOLDER",
            )

    @staticmethod
    def _make(folder: Path, mode: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        if folder.stat().st_mode & 0o777 != mode:
            folder.chmod(mode)
