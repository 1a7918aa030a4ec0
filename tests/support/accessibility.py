"""What axe-core finds wrong with a page."""

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

__all__ = ["violations"]


async def violations(page: Page) -> list[str]:
    """Return the rules that a page breaks, with the elements that break them."""
    found = (await Axe().run(page)).response["violations"]
    return [
        f"{rule['id']}: {[node['target'] for node in rule['nodes']]} ({page.url})"
        for rule in found
    ]
