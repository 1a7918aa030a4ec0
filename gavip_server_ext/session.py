"""What the platform tells a session about itself, in its environment."""

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Session"]


@dataclass(frozen=True, slots=True)
class Session:
    """A session that the platform started."""

    api_url: str
    """Where the launch service's API stands."""
    token: str = field(repr=False)
    """The session's own hub token; its scopes reach no further than its user."""
    launch_id: str
    """The launch that this session is; empty if it was not started as one."""
    user: str
    """The hub's user name."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Session | None":
        """Return the session, or None outside a platform."""
        api_url = environment.get("GAVIP_API_URL", "").strip()
        token = environment.get("JUPYTERHUB_API_TOKEN", "").strip()
        if not api_url or not token:
            return None
        return cls(
            api_url=api_url,
            token=token,
            launch_id=environment.get("GAVIP_LAUNCH", "").strip(),
            user=environment.get("JUPYTERHUB_USER", "").strip(),
        )
