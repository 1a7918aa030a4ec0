"""The hub's own pages in GAVIP's dress: a real hub, proxy, service and browser."""

import re
from collections.abc import Iterator

import pytest
from playwright.async_api import Page, expect

from tests.support.accessibility import violations
from tests.support.browser import Visitor
from tests.support.platform import LIGHT_SERVER, ApiUser, Platform, PlatformConfig

pytestmark = [pytest.mark.asyncio, pytest.mark.browser]

SLOW = """\
import os, time
if os.environ.get("JUPYTERHUB_SERVER_NAME") == "slow":
    time.sleep(600)
"""
"""A server of this name never answers, so that its start can be looked at."""

HINT = "A trial on this machine: see the file <passwords>."


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """Give a platform with 2 cores and 4 GB, whose servers start at once."""
    command = ["python3", "-c", SLOW + LIGHT_SERVER]
    config = PlatformConfig(
        cpu=2.0,
        memory="4G",
        more=f"c.JupyterHub.template_vars = {{'gavip_trial_hint': {HINT!r}}}",
        after=f"c.Spawner.cmd = {command!r}",
    )
    platform = Platform(tmp_path_factory.mktemp("platform"), config)
    try:
        yield platform.start()
    finally:
        platform.stop()


async def signed_in(
    visitor: Visitor, platform: Platform, name: str, **options: object
) -> Page:
    """Return a page of somebody who has just signed in."""
    page = await (await visitor.arrive(**options)).new_page()
    await page.goto(f"{platform.url}/hub/login")
    await page.get_by_label("Username").fill(name)
    await page.get_by_label("Password").fill(platform.password)
    await page.get_by_role("button", name="Sign in").click()
    await page.wait_for_url(re.compile("/hub/(home|spawn)|/user/"))
    return page


def is_up(user: ApiUser, server: str) -> bool:
    """Return whether the hub says that a server is ready."""
    servers = user.hub("GET", f"/users/{user.name}").json().get("servers", {})
    return bool(servers.get(server, {}).get("ready"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_pages_before_jupyterlab_are_accessible(
    visitor: Visitor, platform: Platform, scheme: str
) -> None:
    """Sign-in, home, form and error pages break no rule of axe-core."""
    page = await (await visitor.arrive(color_scheme=scheme)).new_page()
    await page.goto(f"{platform.url}/hub/login")
    await expect(page.get_by_text(HINT)).to_be_visible()
    found = await violations(page)
    page = await signed_in(visitor, platform, "ada", color_scheme=scheme)
    for path in ("home", "spawn", "user/ada/lab", "token", "nowhere"):
        await page.goto(f"{platform.url}/hub/{path}")
        found += await violations(page)
    assert found == []


async def test_the_form_tells_live_what_a_choice_means(
    visitor: Visitor, platform: Platform
) -> None:
    """Numbers that are typed get their estimate at once, or their bounds."""
    page = await signed_in(visitor, platform, "ada")
    await page.goto(f"{platform.url}/hub/spawn")
    await expect(page.get_by_text("2 of 2 cores")).to_be_visible()
    await page.get_by_label("Processor").fill("1.5")
    await page.get_by_label("Memory").fill("3")
    await expect(page.get_by_label("Your own amounts")).to_be_checked()
    await expect(page.locator("#gavip-own-when")).to_have_text("Starts now")
    await page.get_by_label("Processor").fill("3")
    await expect(page.get_by_label("Processor")).to_have_attribute(
        "aria-invalid", "true"
    )
    await expect(page.locator("#cpu-error")).to_contain_text("2")


async def test_a_link_fills_the_form_in_without_starting(
    visitor: Visitor, platform: Platform
) -> None:
    """What stands behind the # of the address stands in the form."""
    page = await signed_in(visitor, platform, "ada")
    wish = "cpu=1.5&memory=3&walltime=2&display_name=M31"
    await page.goto(f"{platform.url}/hub/spawn/ada/other#{wish}")
    await expect(page.get_by_label("Processor")).to_have_value("1.5")
    await expect(page.get_by_label("Memory")).to_have_value("3")
    await expect(page.get_by_label("Time limit")).to_have_value("2")
    await expect(page.get_by_label("Name", exact=True)).to_have_value("M31")
    await expect(page.get_by_label("Your own amounts")).to_be_checked()


async def test_a_refusal_names_the_field_and_keeps_the_choice(
    visitor: Visitor, platform: Platform
) -> None:
    """What the queue refuses is marked in the form of the server that was asked for."""
    page = await signed_in(visitor, platform, "ada", java_script_enabled=False)
    await page.goto(f"{platform.url}/hub/spawn/ada/other")
    form = page.locator("#spawn_form")
    await form.evaluate("form => form.noValidate = true")
    await page.get_by_label("Your own amounts").check()
    await page.get_by_label("Processor").fill("99")
    await page.get_by_label("Memory").fill("3")
    await page.get_by_role("button", name="Start").click()
    await expect(page.get_by_role("alert")).to_contain_text("99 cores")
    field = page.get_by_label("Processor")
    await expect(field).to_have_attribute("aria-invalid", "true")
    await expect(field).to_have_value("99")
    await expect(page.get_by_label("Memory")).to_have_value("3")
    assert "/hub/spawn/ada/other" in page.url


async def test_a_full_platform_leads_to_the_waiting_page(
    visitor: Visitor, platform: Platform
) -> None:
    """Who asks in vain sees the place in line, and gets in when there is room."""
    bob = platform.user("bob")
    options = {"cpu": "2", "memory": "4G", "walltime": "1h"}
    bob.hub("POST", "/users/bob/server", json={"user_options": options})
    page = await signed_in(visitor, platform, "carol")
    await page.goto(f"{platform.url}/hub/spawn")
    await expect(page.get_by_text("0 of 2 cores")).to_be_visible()
    await page.get_by_label("Name", exact=True).fill("Hyades")
    await page.get_by_role("button", name="Start").click()
    await page.wait_for_url("**/services/gavip/launches/*")
    await expect(page.get_by_text("Number 1 in line")).to_be_visible()
    await expect(page).to_have_title("Number 1 in line · Hyades")
    await page.reload()
    await expect(page.get_by_text("Number 1 in line")).to_be_visible()
    bob.hub("DELETE", "/users/bob/server")
    await page.wait_for_url(re.compile("/user/carol/"), timeout=60_000)
    platform.user("carol").hub("DELETE", "/users/carol/server")


async def test_stopping_a_start_stops_that_server_only(
    visitor: Visitor, platform: Platform
) -> None:
    """The pending page of a named server leaves the default server alone."""
    dora = platform.user("dora")
    small = {"cpu": "0.5", "memory": "500M", "walltime": "1h"}
    dora.hub("POST", "/users/dora/server", json={"user_options": small})
    page = await signed_in(visitor, platform, "dora")
    await page.goto(f"{platform.url}/hub/spawn/dora/slow#cpu=0.5&memory=0.5")
    await expect(page.get_by_label("Processor")).to_have_value("0.5")
    await page.get_by_role("button", name="Start").click()
    await page.wait_for_url("**/hub/spawn-pending/dora/slow*")
    await expect(page.get_by_role("heading", name="slow is starting")).to_be_visible()
    assert await violations(page) == []
    await page.get_by_role("button", name="Stop the start").click()
    await page.wait_for_url("**/hub/home", timeout=60_000)
    assert is_up(dora, "")
    assert not is_up(dora, "slow")
    await expect(page.get_by_role("link", name="Open", exact=True)).to_be_visible()
    dora.hub("DELETE", "/users/dora/server")


async def test_a_server_that_does_not_run_leads_to_the_form(
    visitor: Visitor, platform: Platform
) -> None:
    """An address of a stopped server offers the form; nothing starts by itself."""
    page = await signed_in(visitor, platform, "ada")
    await page.goto(f"{platform.url}/user/ada/lab/tree/M31.ipynb")
    await expect(
        page.get_by_role("heading", name="JupyterLab is not running")
    ).to_be_visible()
    await page.get_by_role("link", name="Launch", exact=True).click()
    await expect(page.get_by_role("group", name="What may it use?")).to_be_visible()
    assert "/hub/spawn/ada" in page.url


async def test_a_new_server_needs_a_name(visitor: Visitor, platform: Platform) -> None:
    """An empty name is refused in words; a name makes a server that can be deleted."""
    page = await signed_in(visitor, platform, "ada")
    await page.goto(f"{platform.url}/hub/home")
    await page.get_by_role("button", name="Add").click()
    await expect(page.get_by_text("Give the new server a name.")).to_be_visible()
    await page.get_by_label("New server").fill("Öpik's <b>stars</b>")
    await page.get_by_role("button", name="Add").click()
    row = page.get_by_role("row", name="Öpik's <b>stars</b>")
    await expect(row).to_be_visible()
    page.on("dialog", lambda dialog: dialog.accept())
    await row.get_by_role("button", name="Delete").click()
    await expect(row).to_be_hidden()
