"""Asking the hub who calls, no more often than needed."""

import asyncio
from typing import Any

from jupyterhub.services.auth import HubOAuth
from typing_extensions import override

__all__ = ["SharedHubAuth"]


class SharedHubAuth(HubOAuth):
    """The hub's word on tokens, asked for once however many requests wait for it.

    Notes
    -----
    The hub's own class remembers answers, and yet asks once per request until the
    first answer is there: a page that opens with five requests costs five look-ups.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._under_way: dict[tuple[str, str], asyncio.Future[Any]] = {}

    @override
    def user_for_token(
        self,
        token: str,
        use_cache: bool = True,
        session_id: str = "",
        *,
        sync: bool = True,
    ) -> Any:
        if sync or not use_cache:
            return super().user_for_token(token, use_cache, session_id, sync=sync)
        key = (token, session_id)
        asked = self._under_way.get(key)
        if asked is None:
            asked = asyncio.ensure_future(
                super().user_for_token(token, session_id=session_id, sync=False)
            )
            self._under_way[key] = asked
            asked.add_done_callback(lambda _: self._under_way.pop(key))
        # One caller that leaves does not take the answer away from the others.
        return asyncio.shield(asked)
