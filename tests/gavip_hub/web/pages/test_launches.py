"""The pages of launches, as a browser without scripts meets them."""

import html
import re
from datetime import timedelta

import pytest

from gavip_hub.domain.launch import EndCode, Ending
from gavip_hub.domain.phase import Phase
from gavip_hub.domain.resources import Resources
from tests.support.portal import GB, World
from tests.support.site import Guest, Site

pytestmark = pytest.mark.asyncio

WHOLE = Resources(4_000, 8 * GB)
"""All that the engine has."""


def words(page: object) -> str:
    """Return what a page says, without its tags."""
    text = re.sub(r"<[^>]+>", " ", page.body.decode())  # type: ignore[attr-defined]
    return re.sub(r"\s+", " ", html.unescape(text))


async def test_a_stranger_is_taken_through_the_hub(guest: Guest) -> None:
    """Opening the list signs in behind the hub's sign-in and shows it."""
    page = await guest.get()
    assert page.code == 200
    assert "Nothing yet" in words(page)
    assert 'href="/hub/spawn"' in page.body.decode()


async def test_a_script_without_sign_in_is_refused(guest: Guest) -> None:
    """A request that is no navigation gets a page, not a redirect to the hub."""
    page = await guest.get(Sec_Fetch_Mode="cors")
    assert page.code == 401
    assert "Your sign-in has ended" in words(page)


async def test_who_waits_sees_place_reason_and_estimate(
    guest: Guest, world: World
) -> None:
    """The waiting page says where one stands, why, and until when."""
    await world.running("big", owner="bob", resources=WHOLE)
    mine = await world.submit("mine", display_name="Pleiades")
    await world.step()
    page = await guest.get(f"launches/{mine.id}")
    told = words(page)
    assert "<title>Number 1 in line · Pleiades</title>" in page.body.decode()
    assert "Starts in about 60 minutes, at 10:0" in told
    assert "another user's notebook holds until" in told
    assert "1 core, 2 GB" in told
    assert "bob" not in told


async def test_the_wait_is_told_without_scripts(guest: Guest, world: World) -> None:
    """Without scripts, the waiting page asks again by itself."""
    await world.running("big", owner="bob", resources=WHOLE)
    mine = await world.submit("mine")
    page = await guest.get(f"launches/{mine.id}")
    assert '<noscript><meta http-equiv="refresh"' in page.body.decode()


async def test_names_are_text(guest: Guest, world: World) -> None:
    """A hostile name is shown as the text that it is, in list and page."""
    name = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
    mine = await world.submit("mine", display_name=name)
    for path in ("", f"launches/{mine.id}"):
        body = (await guest.get(path)).body.decode()
        assert "<script>alert" not in body
        assert "<img src=x" not in body
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in body


async def test_nothing_in_a_page_can_be_made_to_run(guest: Guest, world: World) -> None:
    """No inline script or style, and a policy that would not let one run."""
    mine = await world.submit("mine")
    page = await guest.get(f"launches/{mine.id}")
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'self';" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    body = page.body.decode()
    assert not re.search(r"<script(?![^>]*src=)", body)
    assert not re.search(r"\s(style|on[a-z]+)=", body)


@pytest.mark.parametrize("launch_id", ["0123456789abcdef", "nonsense", "%3Cb%3E"])
async def test_no_such_launch_is_a_page(guest: Guest, launch_id: str) -> None:
    """An id that is none gives a page that says so and leads on."""
    page = await guest.get(f"launches/{launch_id}")
    assert page.code == 404
    assert "No such launch" in words(page)
    assert page.headers["Content-Type"].startswith("text/html")


async def test_anothers_launch_does_not_exist(guest: Guest, world: World) -> None:
    """Somebody else's launch cannot be seen or cancelled; an operator can do both."""
    theirs = await world.submit("theirs", owner="bob", display_name="Secret")
    mine = await world.submit("mine")
    page = await guest.get(f"launches/{theirs.id}")
    assert page.code == 404
    assert "Secret" not in words(page)
    own = await guest.get(f"launches/{mine.id}")
    refused = await guest.send(own, f"launches/{theirs.id}/cancel")
    assert refused.code == 404
    guest.site.operators.add("olga")
    guest.site.who = "olga"
    olga = Guest(guest.site)
    page = await olga.get(f"launches/{theirs.id}")
    assert "of bob" in words(page)
    assert (await olga.send(page, f"launches/{theirs.id}/cancel")).code == 303
    ended = await world.until(theirs, Phase.ABORTED, Phase.COMPLETED)
    assert ended.ending is not None
    assert ended.ending.code is EndCode.OPERATOR


async def test_cancel_needs_the_pages_own_token(guest: Guest, world: World) -> None:
    """A form of a foreign page cancels nothing."""
    await world.running("big", owner="bob", resources=WHOLE)
    mine = await world.submit("mine")
    page = await guest.get(f"launches/{mine.id}")
    for words_sent in ({}, {"_xsrf": "made-up"}):
        refused = await guest.post(f"launches/{mine.id}/cancel", **words_sent)
        assert refused.code == 403
    assert (await world.get(mine)).phase is Phase.QUEUED
    done = await guest.send(page, f"launches/{mine.id}/cancel")
    assert done.code == 303
    assert done.headers["Location"] == f"/services/gavip/launches/{mine.id}"
    assert (await world.get(mine)).phase is Phase.ABORTED


async def test_a_smaller_size_is_offered_where_it_helps(
    guest: Guest, world: World
) -> None:
    """Who waits for much hears which size would start now, and can have it."""
    await world.running("other", owner="bob", resources=Resources(2_000, 2 * GB))
    mine = await world.submit("mine", resources=Resources(4_000, 4 * GB))
    await world.step()
    page = await guest.get(f"launches/{mine.id}")
    assert "Small (1 core and 2 GB) would start now" in words(page)
    gone = await guest.send(page, f"launches/{mine.id}/cancel", then="S")
    assert gone.headers["Location"].startswith("/hub/spawn/ada/mine#")
    assert "size=S" in gone.headers["Location"]
    assert (await world.get(mine)).phase is Phase.ABORTED


async def test_a_running_launch_can_be_prolonged(guest: Guest, world: World) -> None:
    """The page says what is left; more time moves the deadline."""
    mine = await world.running("mine")
    page = await guest.get(f"launches/{mine.id}")
    assert "left, until" in words(page)
    assert 'href="/user/ada/mine/"' in page.body.decode()
    before = (await world.get(mine)).deadline
    done = await guest.send(page, f"launches/{mine.id}/extend", by="30m")
    assert done.code == 303
    after = (await world.get(mine)).deadline
    assert before is not None
    assert after == before + timedelta(minutes=30)


async def test_time_that_cannot_be_given_is_explained(
    guest: Guest, world: World
) -> None:
    """A refusal stands on the page of the launch, with its reason."""
    mine = await world.running("mine", resources=WHOLE)
    await world.submit("next", owner="bob", resources=WHOLE)
    page = await guest.get(f"launches/{mine.id}")
    for by in ("30m", "nonsense", "-1h"):
        refused = await guest.send(page, f"launches/{mine.id}/extend", by=by)
        assert refused.code in {409, 422}
        assert "Running" in words(refused)
        assert 'role="alert"' in refused.body.decode()


@pytest.mark.parametrize(
    ("code", "heading", "offer"),
    [
        (EndCode.OUT_OF_MEMORY, "Ran out of memory", "Start it again with 8 GB"),
        (EndCode.WALLTIME, "Reached its time limit", "Start it again for up to 2 h"),
        (EndCode.CRASHED, "Ended with an error", "Start it again"),
        (EndCode.NODE_LOST, "Was lost by its machine", "Start it again"),
        (EndCode.IDLE, "Ended because nothing happened", "Start it again"),
    ],
)
async def test_every_end_says_what_to_do_next(
    guest: Guest, world: World, code: EndCode, heading: str, offer: str
) -> None:
    """An end has a heading, its reason, and the next step, which fills in the form."""
    mine = await world.running("mine")
    await world.portal.launches.end(
        await world.get(mine), Ending(code, "The reason in words.")
    )
    await world.until(mine, code.phase)
    page = await guest.get(f"launches/{mine.id}")
    told = words(page)
    assert heading in told
    assert "The reason in words." in told
    assert offer in told
    assert 'href="/hub/spawn/ada/mine#' in page.body.decode()
    assert "http-equiv" not in page.body.decode()


async def test_the_list_has_what_runs_waits_and_ended(
    guest: Guest, world: World
) -> None:
    """Each launch stands under its heading, and others' launches under none."""
    await world.running("one", display_name="Runs", resources=WHOLE)
    await world.submit("two", display_name="Waits")
    gone = await world.submit("three", display_name="Went")
    await world.portal.launches.cancel(gone.id, "ada")
    await world.submit("four", owner="bob", display_name="Not mine")
    await world.step()
    told = words(await guest.get())
    for heading, name in (
        ("Running", "Runs"),
        ("Waiting", "Waits"),
        ("Ended lately", "Went"),
    ):
        assert re.search(rf"{heading} {name}", told)
    assert "Not mine" not in told


async def test_a_repeated_page_survives_another_service(
    guest: Guest, site: Site, world: World
) -> None:
    """The sign-in and the page outlive the service that made them."""
    mine = await world.submit("mine")
    page = await guest.get(f"launches/{mine.id}")
    await site.close()
    await world.restart()
    site.open()
    done = await guest.send(page, f"launches/{mine.id}/cancel")
    assert done.code == 303
