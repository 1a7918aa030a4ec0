"""The pages of launches: all of mine, and one."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus

from gavip_hub.api import models, translate
from gavip_hub.domain.amounts import (
    format_about,
    format_clock,
    format_cpu,
    format_duration,
    format_memory,
)
from gavip_hub.domain.errors import GavipError
from gavip_hub.domain.event import LaunchEvent
from gavip_hub.domain.phase import ENDED, HOLDING, WAITING, Phase
from gavip_hub.ports import LaunchFilter
from gavip_hub.web.callers import READ
from gavip_hub.web.handlers.launches import OneLaunchHandler
from gavip_hub.web.pages import story
from gavip_hub.web.pages.page import PageHandler

__all__ = ["LaunchPageHandler", "MyLaunchesHandler", "OneLaunchPage"]

RECENT = 10
"""Ended launches that the list shows."""

LIVE = 100
"""Live launches that the list shows; nobody may have as many."""

MUCH_SOONER = timedelta(minutes=5)
"""A smaller size is worth a hint if it would start this much earlier."""

EXTENSIONS = (("30m", "30 min"), ("1h", "1 h"), ("4h", "4 h"))
"""What the page offers to add to a deadline; the queue may allow less."""


@dataclass(frozen=True, slots=True)
class Hint:
    """A smaller size that would start sooner."""

    size: models.Size
    amount: str
    when: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A launch of the list, with its words."""

    launch: models.Launch
    story: story.Story
    amounts: str
    ended: str
    """When it ended, where it did."""


class MyLaunchesHandler(PageHandler):
    """``GET /``: what runs, what waits, and what ended lately."""

    async def get(self) -> None:
        """Answer with the caller's launches."""
        self.caller.need(READ)
        now = self.parts.clock.now()
        running = await self._entries(HOLDING, LIVE, now)
        waiting = await self._entries(WAITING, LIVE, now)
        ended = await self._entries(ENDED, RECENT, now)
        self.show(
            "launches.html",
            xsrf=self.xsrf_token.decode(),
            running=running,
            waiting=sorted(
                waiting,
                key=lambda one: one.launch.wait.position if one.launch.wait else 0,
            ),
            ended=ended,
        )

    async def _entries(
        self, phases: frozenset[Phase], limit: int, now: datetime
    ) -> list[Entry]:
        wanted = LaunchFilter(owner=self.caller.name, phases=phases, limit=limit)
        launches = [
            self.launch_model(view) for view in await self.parts.launches.find(wanted)
        ]
        return [
            Entry(
                one,
                story.tell(one, now),
                story.amounts(one),
                format_clock(one.ended_at, now) if one.ended_at else "",
            )
            for one in launches
        ]


class OneLaunchPage(PageHandler):
    """What the page of a launch and the acts on it share."""

    def reach(self) -> str | None:
        """Return the owner whose launches are in reach; None means everybody's."""
        return None if self.caller.operates else self.caller.name

    async def launch(self, launch_id: str) -> models.Launch:
        """Return a launch that the caller may see."""
        self.caller.need(READ)
        known = OneLaunchHandler.known(launch_id)
        return self.launch_model(await self.parts.launches.get(known, self.reach()))

    async def answer(
        self,
        launch: models.Launch,
        status: HTTPStatus = HTTPStatus.OK,
        refused: GavipError | None = None,
    ) -> None:
        """Send the page of a launch, with what was refused on it."""
        now = self.parts.clock.now()
        events = await self._events(launch.id)
        rules = self.parts.settings.rules
        sizes = [translate.to_size(size) for size in rules.sizes]
        told = story.tell(launch, now)
        self.set_status(status)
        self.show(
            "launch.html",
            xsrf=self.xsrf_token.decode(),
            page=self.page_of(launch.id),
            launch=launch,
            story=told,
            others=launch.owner != self.caller.name,
            amounts=story.amounts(launch),
            waited=story.waited(launch, now),
            ran=story.ran(launch),
            limit=format_duration(timedelta(seconds=launch.walltime_s)),
            peak=_peak(launch),
            usage=_usage(launch),
            hint=await self._hint(launch, sizes) if told.state == "waiting" else None,
            steps=story.next_steps(
                launch, self.hub_url, sizes, await self._most(launch)
            ),
            extensions=EXTENSIONS if told.state == "running" else (),
            log=story.log(events, now),
            last=events[-1].sequence if events else 0,
            refused=refused,
        )

    async def _events(self, launch_id: str) -> list[LaunchEvent]:
        events: list[LaunchEvent] = []
        while more := await self.parts.launches.events(
            events[-1].sequence if events else 0, launch_id=launch_id, owner=None
        ):
            events += more
        return events

    async def _most(self, launch: models.Launch) -> story.Most:
        largest = await self.parts.estimates.largest_for(launch.owner)
        longest = self.parts.settings.rules.bounds.max_walltime
        return story.Most(largest.memory_bytes, round(longest.total_seconds()))

    async def _hint(
        self, launch: models.Launch, sizes: list[models.Size]
    ) -> Hint | None:
        """Return the largest smaller size that would start much sooner, if any."""
        if launch.wait is None or not launch.kind.interactive:
            return None
        smaller = [size for size in sizes if _less(size.resources, launch.resources)]
        rules = {size.name: size for size in self.parts.settings.rules.sizes}
        wishes = [
            (rules[one.name].resources, rules[one.name].walltime) for one in smaller
        ]
        answers = await self.parts.estimates.estimate(
            launch.owner, wishes, instead_of=launch.id
        )
        for size, one in reversed(list(zip(smaller, answers, strict=True))):
            own = launch.wait.estimated_start
            if not one.fits or one.start is None:
                continue
            if one.now or own is None or own - one.start > MUCH_SOONER:
                amount = f"{format_cpu(size.resources.cpu_milli)} and " + format_memory(
                    size.resources.memory_bytes
                )
                when = (
                    "now" if one.now else f"in {format_about(one.start - one.asked_at)}"
                )
                return Hint(size, amount, when)
        return None


class LaunchPageHandler(OneLaunchPage):
    """``GET /launches/<id>``: where a launch stands, from the ask to its end."""

    async def get(self, launch_id: str) -> None:
        """Answer with the page."""
        await self.answer(await self.launch(launch_id))


def _less(one: models.Resources, other: models.Resources) -> bool:
    return (
        one != other
        and one.cpu_milli <= other.cpu_milli
        and one.memory_bytes <= other.memory_bytes
        and one.gpu <= other.gpu
    )


def _usage(launch: models.Launch) -> dict[str, object] | None:
    used = launch.usage
    if used is None:
        return None
    given = launch.resources
    cpu = f"{used.cpu_milli / 1_000:.1f} of {format_cpu(given.cpu_milli)}"
    memory = f"{_rough(used.memory_bytes)} of {format_memory(given.memory_bytes)}"
    return {
        "cpu": cpu,
        "memory": memory,
        "cpu_milli": used.cpu_milli,
        "memory_bytes": used.memory_bytes,
    }


def _rough(memory_bytes: int) -> str:
    """Return measured memory without digits that change at each look."""
    if memory_bytes < 10**9:
        return f"{round(memory_bytes / 10**6)} MB"
    return f"{memory_bytes / 10**9:.1f} GB"


def _peak(launch: models.Launch) -> str:
    peak = launch.ending.peak_memory_bytes if launch.ending else None
    peak = peak or launch.peak_memory_bytes
    return _rough(peak) if peak and launch.phase in ENDED else ""
