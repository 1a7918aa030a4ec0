"""What one can do on the page of a launch; plain forms, so that no script is needed."""

from http import HTTPStatus

from gavip_hub.api import translate
from gavip_hub.api.quantities import parse_walltime
from gavip_hub.domain.errors import RequestRejected
from gavip_hub.web.callers import WRITE
from gavip_hub.web.pages.launches import OneLaunchPage
from gavip_hub.web.pages.story import form_link
from gavip_hub.web.problems import status_of

__all__ = ["CancelPageHandler", "ExtendPageHandler"]


class CancelPageHandler(OneLaunchPage):
    """``POST /launches/<id>/cancel``: end it, and perhaps ask for a smaller one."""

    async def post(self, launch_id: str) -> None:
        """End the launch; go on to its page, or to the form with another size."""
        self.caller.need(WRITE)
        launch = await self.launch(launch_id)
        await self.parts.launches.cancel(
            launch.id, self.reach(), by_operator=launch.owner != self.caller.name
        )
        sizes = [translate.to_size(one) for one in self.parts.settings.rules.sizes]
        wanted = self.get_body_argument("then", "")
        target = self.page_of(launch.id)
        for size in sizes:
            if size.name == wanted:
                hours = f"{size.walltime_s / 3_600:g}"
                target = form_link(
                    self.hub_url, launch, sizes, size=wanted, walltime=hours
                )
        self.redirect(target, status=HTTPStatus.SEE_OTHER)


class ExtendPageHandler(OneLaunchPage):
    """``POST /launches/<id>/extend``: more time, if the queue allows it."""

    async def post(self, launch_id: str) -> None:
        """Move the deadline, or say on the page why not."""
        self.caller.need(WRITE)
        launch = await self.launch(launch_id)
        try:
            by = parse_walltime(self.get_body_argument("by", ""), field="by")
            await self.parts.launches.extend(launch.id, self.reach(), by)
        except RequestRejected as refusal:
            await self.answer(launch, status_of(refusal), refusal)
            return
        self.redirect(self.page_of(launch.id), status=HTTPStatus.SEE_OTHER)
