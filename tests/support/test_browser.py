"""The browser of the tests is real and tells on a page's failing scripts."""

import pytest
from playwright.async_api import Page

from tests.support.browser import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.asyncio]


async def test_page_runs_its_scripts(page: Page) -> None:
    """A page that works is opened and read."""
    await page.set_content("<h1></h1><script>document.title = 'Gaia'</script>")
    assert await page.title() == "Gaia"


async def test_uncaught_error_is_noted(visitor: Visitor) -> None:
    """An exception that no script catches counts, and so does console.error."""
    page = await (await visitor.arrive()).new_page()
    async with page.expect_event("pageerror"):
        await page.set_content("<script>setTimeout(() => nowhere.to.go)</script>")
    async with page.expect_console_message():
        await page.evaluate("console.error('lost a star')")
    thrown, logged = visitor.script_errors()
    assert "nowhere is not defined" in thrown
    assert "lost a star" in logged
    visitor.forgive("nowhere|lost a star")


async def test_people_share_nothing(visitor: Visitor) -> None:
    """Two people's cookies are their own."""
    first, second = await visitor.arrive(), await visitor.arrive()
    await first.add_cookies([{"name": "a", "value": "1", "url": "http://127.0.0.1/"}])
    assert await first.cookies()
    assert not await second.cookies()
