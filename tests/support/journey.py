"""What people do with a platform, in a real browser."""

import re
import secrets
from pathlib import Path
from typing import Any

from playwright.async_api import Page, expect

from tests.support.make_run import MakeRun

__all__ = ["Journey", "Person"]

PATIENCE_MS = 120_000
"""How long a step may take on a busy machine [ms]."""

GET = """
async ({url, xsrf}) =>
  (await fetch(url, {headers: {'X-XSRFToken': xsrf}})).json()
"""

NEW_NOTEBOOK = """
async ({url, xsrf, cells}) => {
  const content = {
    nbformat: 4, nbformat_minor: 5,
    metadata: {kernelspec: {name: 'python3', display_name: 'Python 3'}},
    cells: cells.map((source, index) => ({
      id: `cell-${index}`, cell_type: 'code', source, metadata: {}, outputs: [],
      execution_count: null,
    })),
  };
  const answer = await fetch(url, {
    method: 'PUT',
    headers: {'Content-Type': 'application/json', 'X-XSRFToken': xsrf},
    body: JSON.stringify({type: 'notebook', format: 'json', content}),
  });
  return answer.status;
}
"""


class Journey:
    """One platform and the people on it.

    Parameters
    ----------
    run
        The platform.
    engine
        Its engine's name.
    pictures
        Folder for what the pages looked like.
    """

    def __init__(self, run: MakeRun, engine: str, pictures: Path) -> None:
        self.engine = engine
        self.pictures = pictures
        self.url = f"http://127.0.0.1:{run.port}"
        lines = (run.state / "passwords").read_text().splitlines()
        words = dict(line.split() for line in lines if line and line[0] != "#")
        self.password = words["astronomer"]
        # State is kept between runs: nobody meets the files of an earlier one.
        self.mark = secrets.token_hex(3)

    def person(self, page: Page, name: str) -> "Person":
        """Return somebody new, in front of a page."""
        return Person(self, page, f"{name}-{self.mark}")


class Person:
    """Somebody in front of a browser.

    Parameters
    ----------
    journey
        Where they are.
    page
        What they look at.
    name
        The hub's user name.
    """

    def __init__(self, journey: Journey, page: Page, name: str) -> None:
        self.journey = journey
        self.page = page
        self.name = name
        page.set_default_timeout(PATIENCE_MS)

    async def picture(self, name: str) -> None:
        """Keep what the page looks like."""
        folder = self.journey.pictures / self.journey.engine
        folder.mkdir(parents=True, exist_ok=True)
        await self.page.screenshot(path=folder / f"{name}.png")

    async def sign_in(self) -> None:
        """Come to the platform and sign in."""
        await self.page.goto(self.journey.url)
        await self.picture("sign-in")
        await self.page.get_by_label("Username").fill(self.name)
        await self.page.get_by_label("Password").fill(self.journey.password)
        await self.page.get_by_role("button", name="Sign in").click()
        await self.page.wait_for_url(re.compile("/hub/(home|spawn)"))

    async def ask(self, *, cpu: str, memory_gb: str, hours: str, name: str) -> None:
        """Fill the spawn form in with free values and send it."""
        await self.page.goto(f"{self.journey.url}/hub/spawn")
        await self.page.locator("#size-own").check()
        await self.page.locator("#cpu").fill(cpu)
        await self.page.locator("#memory").fill(memory_gb)
        await self.page.locator("#walltime").fill(hours)
        await self.page.locator("#display_name").fill(name)
        await self.picture("spawn-form")
        await self.page.get_by_role("button", name="Start").click()

    async def arrive(self) -> None:
        """Wait until JupyterLab is there."""
        await self.page.wait_for_url(re.compile(f"/user/{self.name}/lab"))
        await expect(self.page.locator("#jp-main-dock-panel")).to_be_visible(
            timeout=PATIENCE_MS
        )
        await expect(self.page.locator("#jupyterlab-splash")).to_have_count(
            0, timeout=PATIENCE_MS
        )

    async def write_notebook(self, path: str, cells: list[str]) -> None:
        """Put a notebook into the user-space."""
        status = await self.page.evaluate(
            NEW_NOTEBOOK,
            {"url": self._contents(path), "xsrf": await self._xsrf(), "cells": cells},
        )
        assert status in {200, 201}

    async def run_notebook(self, path: str) -> None:
        """Open a notebook and run all of it, as the menu does."""
        await self.page.goto(
            f"{self.journey.url}/user/{self.name}/lab/tree/{path}?reset"
        )
        await self.arrive()
        await expect(self.page.locator(".jp-Notebook")).to_be_visible(
            timeout=PATIENCE_MS
        )
        idle = self.page.get_by_role("button", name=re.compile(r"\| Idle"))
        await expect(idle).to_be_visible(timeout=PATIENCE_MS)
        await self.page.get_by_role("menuitem", name="Run", exact=True).click()
        await self.page.get_by_text("Run All Cells", exact=True).click()

    async def files(self, folder: str = "") -> dict[str, dict[str, Any]]:
        """Return what lies in a folder of the user-space, by name."""
        url = f"{self._contents(folder)}?content=1"
        answer = await self.page.evaluate(GET, {"url": url, "xsrf": await self._xsrf()})
        return {entry["name"]: entry for entry in answer["content"]}

    async def stop_from_home(self) -> None:
        """Stop the server on the hub's home page."""
        await self.page.goto(f"{self.journey.url}/hub/home")
        await self.page.locator("#stop").click()
        await expect(self.page.locator("#start")).to_have_text(
            re.compile("Start|Choose"), timeout=PATIENCE_MS
        )

    def _contents(self, path: str) -> str:
        return f"/user/{self.name}/api/contents/{path}"

    async def _xsrf(self) -> str:
        for cookie in await self.page.context.cookies():
            if cookie["name"] == "_xsrf" and cookie["path"].startswith("/user/"):
                return str(cookie["value"])
        raise AssertionError("no _xsrf cookie of the session")
