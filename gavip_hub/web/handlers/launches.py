"""Launches: ask, list, look, cancel, extend."""

import re
from http import HTTPStatus

from gavip_hub.api import models, translate
from gavip_hub.api.quantities import parse_walltime
from gavip_hub.domain.errors import InvalidField, NotAllowed, UnknownLaunch
from gavip_hub.domain.phase import ENDED, Phase
from gavip_hub.ports import LaunchFilter
from gavip_hub.web.base import ApiHandler
from gavip_hub.web.callers import READ, WRITE

__all__ = [
    "CancelHandler",
    "EstimatesHandler",
    "ExtendHandler",
    "LaunchHandler",
    "LaunchesHandler",
]

KEY = re.compile(r"[!-~]{1,128}")
LAUNCH_ID = re.compile(r"[0-9a-f]{16}")
MAX_PAGE = 200


class OneLaunchHandler(ApiHandler):
    """What all paths below one launch share."""

    def reach(self) -> str | None:
        """Return the owner whose launches are in reach; None means everybody's."""
        return None if self.caller.operates else self.caller.name

    @staticmethod
    def known(launch_id: str) -> str:
        """Return an id that can be one.

        Raises
        ------
        UnknownLaunch
            Raised if no launch can have this id.
        """
        if not LAUNCH_ID.fullmatch(launch_id):
            raise UnknownLaunch("There is no such launch.")
        return launch_id


class LaunchesHandler(ApiHandler):
    """``GET`` and ``POST /launches``."""

    async def get(self) -> None:
        """Answer with one page of launches, newest first."""
        self.caller.need(READ)
        limit = self._number("limit", 50, MAX_PAGE)
        before = self.get_query_argument("before", None)
        views = await self.parts.launches.find(
            LaunchFilter(
                owner=self._owner(),
                phases=self._phases(),
                before=None if before is None else self._number("before", 1, 2**62),
                limit=limit,
            )
        )
        launches = [self.launch_model(view) for view in views]
        more = launches[-1].number if len(launches) == limit else None
        self.answer(models.LaunchPage(launches=launches, next=more))

    async def post(self) -> None:
        """Acknowledge a launch, durably."""
        self.caller.need(WRITE)
        if not self.caller.is_user:
            raise NotAllowed("Only a user can ask for a launch.")
        key = self.request.headers.get("Idempotency-Key", "")
        if not KEY.fullmatch(key):
            raise InvalidField(
                "Send a header Idempotency-Key of 1 to 128 printable characters, "
                "the same one when you repeat the request.",
                field="Idempotency-Key",
            )
        request = translate.from_request(
            self.caller.name,
            self.parse(models.LaunchRequest),
            self.parts.settings.rules,
        )
        view, created = await self.parts.launches.submit(request, f"api:{key}")
        launch = self.launch_model(view)
        self.set_header("Location", f"{self.request.path}/{launch.id}")
        self.answer(launch, HTTPStatus.CREATED if created else HTTPStatus.OK)

    def _owner(self) -> str | None:
        asked = self.get_query_argument("owner", self.caller.name)
        if asked == self.caller.name:
            return asked
        if not self.caller.operates:
            raise NotAllowed("Only operators see other users' launches.")
        return None if asked == "*" else asked

    def _phases(self) -> frozenset[Phase]:
        words = self.get_query_arguments("phase")
        phases: set[Phase] = set()
        for word in words:
            if word == "live":
                phases |= set(Phase) - ENDED
                continue
            try:
                phases.add(Phase(word))
            except ValueError:
                known = ", ".join(["live", *Phase])
                raise InvalidField(
                    f"There is no such phase; known are {known}.", field="phase"
                ) from None
        return frozenset(phases)

    def _number(self, name: str, default: int, most: int) -> int:
        text = self.get_query_argument(name, str(default))
        if not re.fullmatch(r"[0-9]{1,19}", text) or not 1 <= int(text) <= most:
            raise InvalidField(
                f"{name} must be a whole number from 1 to {most}.", field=name
            )
        return int(text)


class LaunchHandler(OneLaunchHandler):
    """``GET /launches/{launch_id}``."""

    async def get(self, launch_id: str) -> None:
        """Answer with one launch."""
        self.caller.need(READ)
        view = await self.parts.launches.get(self.known(launch_id), self.reach())
        self.answer(self.launch_model(view))


class CancelHandler(OneLaunchHandler):
    """``POST /launches/{launch_id}/cancel``."""

    async def post(self, launch_id: str) -> None:
        """End a launch."""
        self.caller.need(WRITE)
        view = await self.parts.launches.get(self.known(launch_id), self.reach())
        others = view.launch.request.owner != self.caller.name
        view = await self.parts.launches.cancel(
            launch_id, self.reach(), by_operator=others
        )
        self.answer(self.launch_model(view))


class ExtendHandler(OneLaunchHandler):
    """``POST /launches/{launch_id}/extend``."""

    async def post(self, launch_id: str) -> None:
        """Prolong a launch."""
        self.caller.need(WRITE)
        by = parse_walltime(self.parse(models.Extension).by, field="by")
        view = await self.parts.launches.extend(self.known(launch_id), self.reach(), by)
        self.answer(self.launch_model(view))


class EstimatesHandler(ApiHandler):
    """``POST /estimates``."""

    async def post(self) -> None:
        """Answer each wish with a start."""
        self.caller.need(READ)
        asked = self.parse(models.EstimateRequest)
        rules = self.parts.settings.rules
        wishes = [translate.from_wish(wish, rules) for wish in asked.wishes]
        answers = await self.parts.estimates.estimate(self.subject(), wishes)
        self.answer(
            models.EstimateList(
                estimates=[translate.to_estimate(answer) for answer in answers]
            )
        )
