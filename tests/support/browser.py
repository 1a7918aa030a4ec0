"""Real Chromium, and the rule that a page's own scripts do not fail.

The API is Playwright's asynchronous one: the synchronous one keeps an event loop
running in the thread, which breaks every asyncio test after it. A browser belongs to
the event loop that started it, so the fixtures live as long as one test; a test with
a wider loop opens its own with `launched_chromium`.
"""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest_asyncio
from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    WebError,
    async_playwright,
)

from tests.support.requirement import provided

__all__ = ["Visitor", "browser", "launched_chromium", "page", "visitor"]

_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_NOT_OF_SCRIPTS = re.compile("^Failed to load resource")


class Visitor:
    """Opens pages for people who share nothing, and notes every script error.

    Parameters
    ----------
    browser
        Where the pages are opened.
    """

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._forgiven: list[re.Pattern[str]] = [_NOT_OF_SCRIPTS]
        self._errors: list[str] = []

    async def arrive(self, **options: Any) -> BrowserContext:
        """Open a context with cookies and storage of its own: one more person.

        Parameters
        ----------
        **options
            Passed to Playwright's ``new_context``, such as ``color_scheme``.
        """
        context = await self._browser.new_context(**options)
        context.on("weberror", self._on_uncaught)
        context.on("console", self._on_console)
        return context

    def forgive(self, pattern: str) -> None:
        """Do not count errors whose text matches a regular expression."""
        self._forgiven.append(re.compile(pattern))

    def script_errors(self) -> list[str]:
        """Return uncaught exceptions and ``console.error`` lines, with their page."""
        return [
            error
            for error in self._errors
            if not any(pattern.search(error) for pattern in self._forgiven)
        ]

    def _on_uncaught(self, error: WebError) -> None:
        address = error.page.url if error.page else "a closed page"
        self._errors.append(f"{error.error} (uncaught, {address})")

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            address = message.page.url if message.page else "a closed page"
            self._errors.append(f"{message.text} (console, {address})")


@asynccontextmanager
async def launched_chromium() -> AsyncIterator[Browser]:
    """Run a headless Chromium with a new profile in the current event loop."""
    executable = provided("chromium")["CHROMIUM"]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=executable, headless=True, args=_FLAGS
        )
        try:
            yield browser
        finally:
            await browser.close()


@pytest_asyncio.fixture
async def browser() -> AsyncIterator[Browser]:
    """Run a headless Chromium for one test."""
    async with launched_chromium() as chromium:
        yield chromium


@pytest_asyncio.fixture
async def visitor(browser: Browser) -> AsyncIterator[Visitor]:
    """Give a `Visitor`; the test fails if its pages' scripts did."""
    visitor = Visitor(browser)
    yield visitor
    assert not visitor.script_errors()


@pytest_asyncio.fixture
async def page(visitor: Visitor) -> Page:
    """Open one page; the test fails if its scripts did."""
    context = await visitor.arrive()
    return await context.new_page()
