"""The panel in a real browser, as an astronomer meets it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, expect

from gavip_hub.api import models
from gavip_hub.domain.event import EventKind
from gavip_hub.domain.launch import EndCode, LaunchKind
from gavip_hub.domain.phase import Phase
from tests.labextension.conftest import RunningLab
from tests.support.browser import Visitor
from tests.support.launches import GB, make_ending, make_event, make_launch, resources

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.browser]


def a_morning() -> list[models.Launch]:
    """Return launches in every state that one meets on a busy day."""
    now = datetime.now(UTC)
    return [
        make_launch(
            1,
            display_name="Pleiades, proper motions",
            usage=models.Usage(cpu_milli=730, memory_bytes=int(1.31 * GB), pids=31),
            deadline=now + timedelta(minutes=72, seconds=40),
        ),
        make_launch(
            2,
            kind=LaunchKind.PIPELINE,
            display_name="Cross-match with 2MASS, all sky",
            resources=resources(4, 16),
            usage=models.Usage(
                cpu_milli=3920, memory_bytes=int(14.9 * GB), pids=12
            ),
            deadline=now + timedelta(minutes=8, seconds=12),
            url=None,
        ),
        make_launch(
            3, display_name="Spectra viewer", kind=LaunchKind.AVI,
            phase=Phase.STARTING, reason="The container is being made.",
        ),
        make_launch(
            4,
            phase=Phase.QUEUED,
            display_name="RR Lyrae periods",
            resources=resources(2, 8),
            reason="Waits for 4 GB that another user's notebook holds until "
            "14:20 at the latest.",
            wait=models.Wait(
                position=2, ahead=1, estimated_start=now + timedelta(minutes=12)
            ),
        ),
        make_launch(
            5,
            phase=Phase.ERROR,
            display_name="Hyades membership",
            ending=make_ending(
                EndCode.OUT_OF_MEMORY,
                "It used more memory than its limit.",
                peak=int(1.99 * GB),
            ),
        ),
        make_launch(
            6,
            phase=Phase.COMPLETED,
            display_name="Colour-magnitude diagram",
            ending=make_ending(EndCode.STOPPED, "You stopped it."),
            ended_at=now - timedelta(minutes=50),
        ),
    ]  # fmt: skip


async def arrive(lab: RunningLab, visitor: Visitor, **options: object) -> Page:
    """Open JupyterLab with the panel in view."""
    size = {"width": 1280, "height": 800}
    context = await visitor.arrive(viewport=size, **options)
    page = await context.new_page()
    await page.goto(lab.url)
    await page.get_by_text("Python File").wait_for()
    await themed(page, "Light")
    await page.get_by_role("tab", name="Active launches").click()
    await page.locator(".jp-gavip-Panel[data-loaded=true]").wait_for()
    return page


async def dark(page: Page) -> None:
    """Choose the dark theme."""
    await themed(page, "Dark")


async def themed(page: Page, theme: str) -> None:
    """Choose a theme, which the server keeps."""
    await page.evaluate(
        "window.jupyterapp.commands.execute('apputils:change-theme',"
        f" {{theme: 'JupyterLab {theme}'}})"
    )
    light = str(theme == "Light").lower()
    body = page.locator("body")
    await expect(body).to_have_attribute("data-jp-theme-light", light)
    await expect(page.locator("#jupyterlab-splash")).to_have_count(0)


async def card(page: Page, name: str) -> Locator:
    """Return the card of a launch once it is there."""
    found = page.get_by_role("listitem").filter(has_text=name)
    await found.wait_for()
    return found


async def test_look(lab: RunningLab, visitor: Visitor, pictures: Path) -> None:
    """A busy morning, in both themes; the pictures are the documentation's."""
    lab.service.add(*a_morning())
    page = await arrive(lab, visitor)
    await expect(page.get_by_role("listitem")).to_have_count(6)
    await expect(page.get_by_role("meter")).to_have_count(4)
    memory = page.get_by_role("meter", name="Memory use of Pleiades")
    await expect(memory).to_have_attribute("aria-valuetext", "1.3 of 2 GB")
    await expect(memory).to_have_attribute("aria-valuenow", str(int(1.31 * GB)))
    status = page.locator(".jp-gavip-Status")
    await expect(status).to_contain_text("Mem 1.3/2 GB")
    await page.screenshot(path=pictures / "active-light.png")
    await dark(page)
    await page.screenshot(path=pictures / "active-dark.png")


async def test_waiting_and_ends_are_told_live(
    lab: RunningLab, visitor: Visitor, pictures: Path
) -> None:
    """A new place in the queue, a start and an end arrive by themselves."""
    lab.service.add(*a_morning())
    page = await arrive(lab, visitor)
    waiting = next(launch for launch in a_morning() if launch.number == 4)
    row = await card(page, "RR Lyrae")
    await expect(row).to_contain_text("place 2 in the queue")
    await expect(row).to_contain_text("holds until 14:20")
    nearer = waiting.model_copy(
        update={"wait": models.Wait(position=1, ahead=0, estimated_start=None)}
    )
    lab.service.push(make_event(nearer, 0, EventKind.QUEUE))
    await expect(row).to_contain_text("next in the queue")
    spoken = page.locator(".jp-gavip-Panel > [role=status]")
    await expect(spoken).to_have_text("RR Lyrae periods: next in the queue")

    running = make_launch(4, display_name="RR Lyrae periods", version=2)
    lab.service.push(make_event(running, 11))
    await expect(row).to_contain_text("Running")
    toast = page.get_by_role("alert").filter(has_text="RR Lyrae periods is ready.")
    await expect(toast.get_by_role("button", name="Open")).to_be_visible()

    warning = "Its time limit ends it in 10 minutes."
    lab.service.push(make_event(running, 12, EventKind.WARNING, warning))
    toast = page.get_by_role("alert").filter(has_text=warning)
    await expect(toast.get_by_role("button", name="Extend by 1 hour")).to_be_visible()

    over = make_launch(
        4,
        version=3,
        phase=Phase.ERROR,
        display_name="RR Lyrae periods",
        ended_at=datetime.now(UTC),
        ending=make_ending(
            EndCode.OUT_OF_MEMORY,
            "It used more memory than its limit.",
            peak=int(1.98 * GB),
        ),
    )
    lab.service.push(make_event(over, 13))
    await expect(row).to_contain_text("Out of memory")
    await expect(row).to_contain_text("Peak memory 2 GB of 2 GB.")
    toast = page.get_by_role("alert").filter(has_text="used more memory")
    await expect(toast).to_have_count(1)
    await expect(toast.get_by_role("button").last).to_be_in_viewport(ratio=1)
    await page.screenshot(path=pictures / "news-light.png")
    await row.get_by_role("button", name="more memory").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_label("Memory")).to_have_value("8 GB")
    await page.keyboard.press("Escape")

    await page.reload()
    await page.locator(".jp-gavip-Panel[data-loaded=true]").wait_for()
    await expect(await card(page, "RR Lyrae")).to_contain_text("Out of memory")
    await expect(page.get_by_role("alert")).to_have_count(0)
    await page.get_by_role("button", name="Clear the ended").click()
    await expect(page.get_by_role("heading", name="Ended lately")).to_have_count(0)


async def test_new_launch(lab: RunningLab, visitor: Visitor, pictures: Path) -> None:
    """The dialog tells when each size would start, and names what is wrong."""
    lab.service.add(*a_morning())
    lab.service.estimate = estimate
    page = await arrive(lab, visitor)
    await page.get_by_role("button", name="New launch…").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_role("radio", name="Small")).to_be_checked()
    await expect(dialog.get_by_text("starts now")).to_have_count(1)
    await expect(dialog.get_by_text("about 12 minutes")).to_have_count(2)
    await dialog.get_by_text("Medium").click()
    await expect(dialog.get_by_label("Memory")).to_have_value("8 GB")
    await page.screenshot(path=pictures / "new-light.png")

    await dialog.get_by_label("Name").fill("Hyades, again")
    await dialog.get_by_label("Memory").fill("64 GB")
    lab.service.refusals.append(too_large())
    await expect(dialog.get_by_role("alert")).to_have_text(too_large().detail)
    lab.service.refusals.append(too_large())
    await dialog.get_by_role("button", name="Launch").click()
    wrong = dialog.get_by_label("Memory")
    await expect(wrong).to_have_attribute("aria-invalid", "true")
    await expect(wrong).to_be_focused()
    await dark(page)
    await page.screenshot(path=pictures / "new-refused-dark.png")

    await wrong.fill("16 GB")
    await dialog.get_by_role("button", name="Launch").click()
    await expect(dialog).to_have_count(0)
    await card(page, "Hyades, again")
    sent = [seen for seen in lab.service.seen if seen.path == "/launches"][-1]
    asked = models.LaunchRequest.model_validate_json(sent.body)
    assert (asked.memory, asked.server_name) == ("16 GB", "hyades-again")


def estimate(wish: models.Wish) -> models.Estimate:
    """Judge that only the small size starts at once."""
    now = wish.size == "S"
    return models.Estimate(
        resources=resources(),
        walltime_s=3600,
        fits=True,
        now=now,
        position=None if now else 3,
        reason="It would start at once." if now else "Waits for memory.",
        estimated_start=None,
        wait_s=0 if now else 700,
    )


def too_large() -> models.Problem:
    """Return what the service says of too much memory."""
    return models.Problem(
        type="about:blank",
        title="Larger than anything here",
        status=422,
        detail="64 GB never fit; the largest that could is 16 GB.",
        code="never_fits",
        field="memory",
    )


async def test_stop_and_extend(lab: RunningLab, visitor: Visitor) -> None:
    """Stopping asks first and says what is lost; a refusal is told in its words."""
    lab.service.add(*a_morning())
    page = await arrive(lab, visitor)
    row = await card(page, "Cross-match")
    await row.get_by_role("button", name="Extend").click()
    lab.service.refusals.append(
        models.Problem(
            type="about:blank",
            title="No more time can be given",
            status=409,
            detail="Another user's notebook is to start at 14:20.",
            code="extension_refused",
        )
    )
    await page.get_by_role("menuitem", name="Extend by 30 Minutes").click()
    toast = page.get_by_role("alert").filter(has_text="is to start at 14:20")
    await expect(toast).to_be_visible()

    await row.get_by_role("button", name="Stop").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("Files in your user-space stay")
    await dialog.get_by_role("button", name="Keep it running").click()
    await expect(row).to_contain_text("Running")
    await row.get_by_role("button", name="Stop").click()
    await dialog.get_by_role("button", name="Stop").click()
    await expect(row).to_contain_text("Stopping")


async def test_keyboard_walks_the_cards(lab: RunningLab, visitor: Visitor) -> None:
    """One tab stop leads into the list; the arrows walk through every section."""
    lab.service.add(*a_morning())
    page = await arrive(lab, visitor)
    cards = page.locator(".jp-gavip-Card")
    await expect(cards).to_have_count(6)
    await page.get_by_role("button", name="New launch…").focus()
    await page.keyboard.press("Tab")
    await expect(cards.nth(0)).to_be_focused()
    for _ in range(4):
        await page.keyboard.press("ArrowDown")
    await expect(cards.nth(4)).to_be_focused()
    await page.keyboard.press("Home")
    await expect(cards.nth(0)).to_be_focused()


async def test_outage_is_shown_and_over_by_itself(
    lab: RunningLab, visitor: Visitor, pictures: Path
) -> None:
    """While the service is away the panel says so and keeps what it knows."""
    lab.service.add(*a_morning())
    page = await arrive(lab, visitor)
    await card(page, "RR Lyrae")
    await lab.service.stop()
    note = page.get_by_role("alert").filter(has_text="Reconnecting")
    await expect(note).to_be_visible()
    await page.screenshot(path=pictures / "outage-light.png")
    await expect(page.get_by_role("listitem")).to_have_count(6)
    lab.service.add(make_launch(7, display_name="Asked elsewhere"))
    lab.service.start()
    await expect(note).to_have_count(0, timeout=20_000)
    await card(page, "Asked elsewhere")


async def test_nothing_runs(lab: RunningLab, visitor: Visitor) -> None:
    """An empty panel says how to begin."""
    page = await arrive(lab, visitor)
    await expect(page.get_by_text("Nothing runs")).to_be_visible()


async def test_outside_a_platform(lonely_lab: str, visitor: Visitor) -> None:
    """At home the panel explains why there is nothing to see."""
    page = await (await visitor.arrive()).new_page()
    await page.goto(lonely_lab)
    await page.get_by_role("tab", name="Active launches").click()
    await expect(page.get_by_text("not started by a GAVIP platform")).to_be_visible()
    await expect(page.get_by_role("button", name="New launch…")).to_be_disabled()
