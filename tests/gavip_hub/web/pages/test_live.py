"""The pages of launches in a real browser: they stay true while they are open."""

import asyncio

import pytest
from playwright.async_api import BrowserContext, Page, expect

from gavip_hub.domain.phase import Phase
from gavip_hub.domain.resources import Resources
from tests.support.accessibility import violations
from tests.support.browser import Visitor
from tests.support.portal import GB, World
from tests.support.site import Site

pytestmark = [pytest.mark.asyncio, pytest.mark.browser]

WHOLE = Resources(4_000, 8 * GB)
"""All that the engine has."""


async def waiting(world: World, name: str = "mine") -> str:
    """Return the id of a launch that waits behind one that has everything."""
    await world.running("big", owner="bob", resources=WHOLE)
    mine = await world.submit(name, display_name="Pleiades")
    await world.step()
    return mine.id


FETCHED = """\
performance.getEntriesByType('resource')
  .filter(one => one.initiatorType === 'fetch').length > 0
"""


async def mark(page: Page) -> None:
    """Leave a mark that a reload would wipe out."""
    await page.evaluate("window.stillHere = true")


async def marked(page: Page) -> bool:
    """Return whether the page was never loaded again."""
    return bool(await page.evaluate("window.stillHere === true"))


async def following(page: Page) -> None:
    """Wait until the page hears of events."""
    async with asyncio.timeout(30):
        # Not wait_for_function: it evaluates text in the page, which our CSP forbids.
        while not await page.evaluate(FETCHED):
            await asyncio.sleep(0.05)


async def test_the_wait_ends_in_the_server(
    page: Page, site: Site, world: World
) -> None:
    """Place and phase change in place, and a running server is gone to at once."""
    mine = await waiting(world)
    await page.goto(f"{site.url}launches/{mine}")
    await expect(page).to_have_title("Number 1 in line · Pleiades")
    await following(page)
    await mark(page)
    world.hub.holds_before = "ready"
    big = await world.store.live_server("bob", "big")
    assert big is not None
    await world.portal.launches.cancel(big.id, "bob")
    await world.until(await world.store.get(mine), Phase.STARTING)
    await world.portal.teller._tell_new()
    await expect(page).to_have_title("Starting · Pleiades")
    assert await marked(page)
    world.hub.go_on()
    await world.until(await world.store.get(mine), Phase.RUNNING)
    await world.portal.teller._tell_new()
    await page.wait_for_url("**/user/ada/mine/")
    assert page.url.endswith("/user/ada/mine/")


async def test_a_page_of_a_running_server_stays(
    page: Page, site: Site, world: World
) -> None:
    """Who opens the page of a server that runs looks at it, and may open it."""
    mine = await world.running("mine")
    await page.goto(f"{site.url}launches/{mine.id}")
    await following(page)
    await expect(page.get_by_role("link", name="Open")).to_be_visible()
    assert page.url.endswith(mine.id)


async def test_cancelling_asks_first(page: Page, site: Site, world: World) -> None:
    """One step asks, the next cancels; the page then explains the end."""
    mine = await waiting(world)
    await page.goto(f"{site.url}launches/{mine}")
    sure = page.get_by_role("button", name="Yes, cancel it")
    await expect(sure).to_be_hidden()
    await page.get_by_text("Cancel …").click()
    await sure.click()
    await expect(page.get_by_text("Cancelled", exact=True)).to_be_visible()
    await expect(page.get_by_role("link", name="Start it again")).to_be_visible()


async def test_an_open_question_survives_news(
    page: Page, site: Site, world: World
) -> None:
    """News about the place do not close the question that is being read."""
    mine = await waiting(world)
    await page.goto(f"{site.url}launches/{mine}")
    await following(page)
    await page.get_by_text("Cancel …").click()
    before = await page.get_by_text("Waiting for").locator("..").inner_text()
    await world.step()
    await world.step()
    await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    await expect(page.get_by_text("Waiting for").locator("..")).not_to_have_text(before)
    await expect(page.get_by_role("button", name="Yes, cancel it")).to_be_visible()


async def test_a_service_that_restarts_is_waited_for(
    visitor: Visitor, site: Site, world: World
) -> None:
    """The page says that it reconnects, and goes on by itself where it was."""
    visitor.forgive("ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED|ERR_EMPTY_RESPONSE")
    mine = await waiting(world)
    page = await (await visitor.arrive()).new_page()
    await page.goto(f"{site.url}launches/{mine}")
    await following(page)
    await mark(page)
    await site.close()
    await expect(page.get_by_text("Reconnecting")).to_be_visible()
    await world.restart()
    await world.step()
    site.open()
    await expect(page.get_by_text("Reconnecting")).to_be_hidden(timeout=20_000)
    await world.portal.launches.cancel(mine, "ada")
    await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    await expect(page.get_by_text("Cancelled", exact=True)).to_be_visible()
    assert await marked(page)


async def test_without_scripts_everything_can_be_done(
    visitor: Visitor, site: Site, world: World
) -> None:
    """A browser without scripts sees the place, asks again, and can cancel."""
    mine = await waiting(world)
    page = await (await visitor.arrive(java_script_enabled=False)).new_page()
    await page.goto(f"{site.url}launches/{mine}")
    await expect(page.get_by_text("Number 1 in line")).to_be_visible()
    await page.get_by_text("Cancel …").click()
    await page.get_by_role("button", name="Yes, cancel it").click()
    await expect(page.get_by_text("Cancelled", exact=True)).to_be_visible()


async def test_the_list_follows(page: Page, site: Site, world: World) -> None:
    """A launch that ends moves to its heading in the open list."""
    mine = await waiting(world)
    await page.goto(site.url)
    await following(page)
    await mark(page)
    await world.portal.launches.cancel(mine, "ada")
    await world.portal.teller._tell_new()
    await expect(page.get_by_role("heading", name="Ended lately")).to_be_visible()
    assert await marked(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_pages_are_accessible(
    visitor: Visitor, site: Site, world: World, scheme: str
) -> None:
    """No page breaks a rule of axe-core, in light or dark."""
    visitor.forgive("Applying inline style")  # axe-core's own probe
    context: BrowserContext = await visitor.arrive(color_scheme=scheme)
    page = await context.new_page()
    found: list[str] = []
    await page.goto(site.url)
    found += await violations(page)
    mine = await waiting(world)
    ended = await world.submit("ended")
    await world.portal.launches.cancel(ended.id, "ada")
    big = await world.store.live_server("bob", "big")
    assert big is not None
    for path in ("", f"launches/{mine}", f"launches/{ended.id}", "launches/none"):
        await page.goto(site.url + path)
        found += await violations(page)
    site.who = "bob"
    await context.clear_cookies()
    await page.goto(f"{site.url}launches/{big.id}")
    await page.get_by_text("Stop …").click()
    found += await violations(page)
    assert found == []
