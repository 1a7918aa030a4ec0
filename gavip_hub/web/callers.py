"""Who calls, as the hub says, and what the token's scopes allow."""

from dataclasses import dataclass
from typing import Any

from gavip_hub.domain.errors import NotAllowed

__all__ = [
    "ADMIN",
    "ADMIT",
    "DEVELOP",
    "READ",
    "WRITE",
    "Caller",
    "NotSignedIn",
    "caller_of",
]

READ = "custom:gavip:launches:read"
"""See one's own launches, the platform's rules and what is free."""
WRITE = "custom:gavip:launches:write"
"""Ask, cancel and extend, for oneself."""
ADMIT = "custom:gavip:launches:admit"
"""Claim servers for anybody: the hub's spawner only."""
ADMIN = "custom:gavip:queue:admin"
"""See and cancel everybody's launches: operators."""
DEVELOP = "custom:gavip:avis:write"
"""Submit and publish AVIs: developers."""

IMPLIED = {READ: (WRITE, ADMIT, ADMIN), WRITE: (ADMIN,)}
"""Which further scopes contain a scope."""


class NotSignedIn(NotAllowed):
    """No token, or one that the hub does not know any more."""

    code = "not_signed_in"
    title = "Not signed in"


@dataclass(frozen=True, slots=True)
class Caller:
    """A user, or a service of the hub, with what the token allows."""

    name: str
    is_user: bool
    scopes: frozenset[str]

    def may(self, scope: str) -> bool:
        """Return whether the token has a scope, itself or by a larger one."""
        wanted = (scope, *IMPLIED.get(scope, ()))
        mine = f"!user={self.name}"
        return any(
            held == one or (self.is_user and held == one + mine)
            for one in wanted
            for held in self.scopes
        )

    def need(self, scope: str) -> None:
        """Refuse an act for which the token is not enough.

        Raises
        ------
        NotAllowed
            Raised if the token lacks the scope; the message names it.
        """
        if not self.may(scope):
            raise NotAllowed(f"This token lacks the scope {scope}.")

    @property
    def operates(self) -> bool:
        """Whether everybody's launches are in reach."""
        return ADMIN in self.scopes

    @property
    def roles(self) -> list[str]:
        """What the caller is on the platform."""
        held = [
            ("scientist", self.may(WRITE)),
            ("developer", self.may(DEVELOP)),
            ("operator", self.operates),
        ]
        return [role for role, has in held if has]


def caller_of(model: dict[str, Any]) -> Caller:
    """Return the caller that the hub's answer describes."""
    return Caller(
        name=str(model["name"]),
        is_user=model.get("kind", "user") == "user",
        scopes=frozenset(str(scope) for scope in model.get("scopes", ())),
    )
