"""The story of launches, as a list or live."""

import asyncio
import contextlib
import re

from tornado.iostream import StreamClosedError
from tornado.web import HTTPError

from gavip_hub.api import models, translate
from gavip_hub.domain.errors import HubUnavailable, InvalidField
from gavip_hub.domain.event import LaunchEvent
from gavip_hub.portal.watch import News, Subscription
from gavip_hub.web.callers import READ, caller_of
from gavip_hub.web.handlers.launches import OneLaunchHandler

__all__ = ["EventsHandler", "LaunchEventsHandler"]

HEARTBEAT_S = 15.0
"""A comment is sent after this silence, so that proxies keep the connection [s]."""

RECHECK_S = 60.0
"""How often the hub is asked whether the reader is still signed in [s]."""

SLOW_S = 30.0
"""How long a reader may leave what was sent unread before it is cut off [s]."""

STREAM = "text/event-stream"


class EventsHandler(OneLaunchHandler):
    """``GET /events``: all launches of the caller."""

    async def get(self) -> None:
        """Answer with past events, or follow."""
        self.caller.need(READ)
        await self._tell(None, self.caller.name)

    async def _tell(self, launch_id: str | None, owner: str | None) -> None:
        if STREAM in self.request.headers.get("Accept", ""):
            await self._follow(launch_id, owner)
            return
        events = await self.parts.launches.events(
            self._after() or 0, launch_id=launch_id, owner=owner
        )
        self.answer(
            models.EventList(
                events=[translate.to_event(event, None) for event in events]
            )
        )

    def _after(self) -> int | None:
        text = self.request.headers.get("Last-Event-ID") or self.get_query_argument(
            "after", ""
        )
        if not text:
            return None
        if not re.fullmatch(r"[0-9]{1,18}", text):
            raise InvalidField("after must be a sequence number.", field="after")
        return int(text)

    async def _follow(self, launch_id: str | None, owner: str | None) -> None:
        after = self._after()
        subscription = self.parts.watch.subscribe(self.caller.name, owner, launch_id)
        self.set_header("Content-Type", STREAM)
        self.set_header("X-Accel-Buffering", "no")
        try:
            await self._push("retry: 2000\n\n")
            told = 0
            if after is not None:
                told = await self._catch_up(after, launch_id, owner)
            await self._live(subscription, told)
        except (StreamClosedError, asyncio.CancelledError):
            return
        except TimeoutError:
            # It reads no more; when it comes back, it asks from its last event on.
            self.detach().close()
            return
        finally:
            self.parts.watch.leave(subscription)
        self.finish()

    async def _catch_up(
        self, after: int, launch_id: str | None, owner: str | None
    ) -> int:
        while events := await self.parts.launches.events(
            after, launch_id=launch_id, owner=owner
        ):
            for event in events:
                view = await self.parts.launches.get(event.launch_id, owner)
                await self._send(event, self.launch_model(view))
                after = event.sequence
        return after

    async def _live(self, subscription: Subscription, told: int) -> None:
        now = asyncio.get_running_loop().time
        asked = now()
        with contextlib.suppress(StopAsyncIteration):
            while True:
                news: News | None = await subscription.next(HEARTBEAT_S)
                if now() - asked >= RECHECK_S:
                    asked = now()
                    if not await self._still_may():
                        return
                if news is None:
                    await self._push(": still here\n\n")
                elif news.event.sequence == 0 or news.event.sequence > told:
                    await self._send(news.event, self.launch_model(news.view))

    async def _still_may(self) -> bool:
        """Return whether the sign-in that opened the stream holds, or nobody knows."""
        # The hub's own class asks once a request, however long that lasts.
        del self._cached_hub_user
        try:
            model = await self._asked_hub()
        except HubUnavailable:
            return True
        except HTTPError:
            return False
        if model is None:
            return False
        found, opened = caller_of(model), self.caller
        return (
            found.name == opened.name
            and found.may(READ)
            and found.operates == opened.operates
        )

    async def _send(self, event: LaunchEvent, launch: models.Launch) -> None:
        data = translate.to_event(event, launch).model_dump_json()
        number = f"id: {event.sequence}\n" if event.sequence else ""
        await self._push(f"{number}event: {event.kind}\ndata: {data}\n\n")

    async def _push(self, text: str) -> None:
        self.write(text)
        await asyncio.wait_for(self.flush(), SLOW_S)


class LaunchEventsHandler(EventsHandler):
    """``GET /launches/{launch_id}/events``: one launch."""

    async def get(self, launch_id: str) -> None:  # type: ignore[override]
        """Answer with past events, or follow."""
        self.caller.need(READ)
        view = await self.parts.launches.get(self.known(launch_id), self.reach())
        await self._tell(view.launch.id, view.launch.request.owner)
