"""Who wants to hear of launches, and the telling."""

import asyncio
from dataclasses import dataclass

from gavip_hub.domain.errors import TooManyStreams
from gavip_hub.domain.event import LaunchEvent
from gavip_hub.portal.board import LaunchView

__all__ = ["News", "Subscription", "Watch"]

BACKLOG = 1_000
"""Events that a slow reader may be behind before it is cut off."""

MOST_STREAMS = 100
"""Streams of one reader; sessions, pages and cells of one person need far fewer."""


@dataclass(frozen=True, slots=True)
class News:
    """An event together with the launch as it is after it."""

    event: LaunchEvent
    view: LaunchView


class Subscription:
    """One reader's events, in order, until it leaves or falls too far behind.

    Parameters
    ----------
    reader
        Who reads.
    owner
        Only launches of this user; None for everybody's.
    launch_id
        Only this launch; None for all.
    """

    def __init__(self, reader: str, owner: str | None, launch_id: str | None) -> None:
        self.reader = reader
        self._owner = owner
        self._launch_id = launch_id
        self._queue: asyncio.Queue[News | None] = asyncio.Queue(BACKLOG)
        self._cut = False

    def wants(self, event: LaunchEvent) -> bool:
        """Return whether the event belongs to what was asked for."""
        return (self._owner is None or event.owner == self._owner) and (
            self._launch_id is None or event.launch_id == self._launch_id
        )

    def offer(self, news: News) -> None:
        """Queue an event, or cut the reader off if it is too far behind."""
        if self._cut:
            return
        try:
            self._queue.put_nowait(news)
        except asyncio.QueueFull:
            self._cut = True

    def close(self) -> None:
        """Let the reader's loop end after what is queued."""
        self._cut = True
        if self._queue.empty():
            self._queue.put_nowait(None)

    async def next(self, timeout_s: float) -> News | None:
        """Return the next event, or None if none came in time.

        Raises
        ------
        StopAsyncIteration
            Raised if the reader was cut off; it should reconnect from its last event.
        """
        if self._cut and self._queue.empty():
            raise StopAsyncIteration
        try:
            news = await asyncio.wait_for(self._queue.get(), timeout_s)
        except TimeoutError:
            return None
        if news is None:
            raise StopAsyncIteration
        return news


class Watch:
    """Hands each event to everybody whom it concerns."""

    def __init__(self) -> None:
        self._subscriptions: set[Subscription] = set()

    def publish(self, event: LaunchEvent, view: LaunchView) -> None:
        """Tell all who asked for events of this launch or owner."""
        news = News(event, view)
        for subscription in self._subscriptions:
            if subscription.wants(event):
                subscription.offer(news)

    def wanted(self, event: LaunchEvent) -> bool:
        """Return whether anybody asked for such an event."""
        return any(subscription.wants(event) for subscription in self._subscriptions)

    def subscribe(
        self, reader: str, owner: str | None, launch_id: str | None
    ) -> Subscription:
        """Start to collect events for a reader.

        Raises
        ------
        TooManyStreams
            Raised if the reader has as many open as one may: connections are few, and
            everybody's.
        """
        if sum(one.reader == reader for one in self._subscriptions) >= MOST_STREAMS:
            raise TooManyStreams(
                f"You follow events {MOST_STREAMS} times already; close some pages or "
                "end what follows them."
            )
        subscription = Subscription(reader, owner, launch_id)
        self._subscriptions.add(subscription)
        return subscription

    def leave(self, subscription: Subscription) -> None:
        """Forget a reader."""
        self._subscriptions.discard(subscription)

    def close(self) -> None:
        """Cut everybody off, so that their connections end."""
        for subscription in self._subscriptions:
            subscription.close()
