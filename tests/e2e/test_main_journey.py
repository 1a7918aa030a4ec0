"""The main job: from sign-in to a colour-magnitude diagram in the user-space."""

import re

import pytest
from playwright.async_api import expect

from tests.support.browser import Visitor
from tests.support.journey import PATIENCE_MS, Journey

pytestmark = [
    pytest.mark.asyncio,
    pytest.mark.e2e,
    pytest.mark.browser,
    pytest.mark.archive,
    pytest.mark.timeout(1800),
]

CELLS = [
    """\
import gavip
stars = gavip.tap.query(
    "SELECT source_id, phot_g_mean_mag, bp_rp FROM gaiadr3.gaia_source_lite"
)
print(len(stars), "stars")""",
    """\
%matplotlib inline
import matplotlib.pyplot as plt
figure, axes = plt.subplots(figsize=(5.5, 4))
axes.hexbin(
    stars["bp_rp"].filled(float("nan")), stars["phot_g_mean_mag"],
    gridsize=250, bins="log", cmap="magma", mincnt=1,
)
axes.set(xlabel="BP - RP [mag]", ylabel="G [mag]", title="482,106 stars of Gaia DR3")
axes.invert_yaxis()
figure.savefig("cmd.png", dpi=120)""",
    """\
stars.write("stars.ecsv.gz", format="ascii.ecsv", overwrite=True)
print("saved")""",
    """\
limits = gavip.limits()
limits""",
]


async def test_from_sign_in_to_a_diagram_and_back_again(
    journey: Journey, visitor: Visitor
) -> None:
    """One asks, works, stops and finds the files again; another waits and gets in."""
    desk = await visitor.arrive(viewport={"width": 1440, "height": 900})
    page = await desk.new_page()
    ada = journey.person(page, "ada")
    await ada.sign_in()
    await ada.ask(cpu="1", memory_gb="2", hours="1", name="Colours of bright stars")
    await ada.arrive()
    assert "welcome.ipynb" in await ada.files()
    await ada.write_notebook("cmd.ipynb", CELLS)
    await ada.run_notebook("cmd.ipynb")
    outputs = page.locator(".jp-OutputArea-output")
    await expect(outputs.filter(has_text="482106 stars")).to_be_visible(
        timeout=PATIENCE_MS
    )
    await expect(page.locator(".jp-OutputArea-output img")).to_be_visible(
        timeout=PATIENCE_MS
    )
    await expect(outputs.filter(has_text="saved")).to_be_visible(timeout=PATIENCE_MS)
    await expect(outputs.filter(has_text="2 GB").first).to_be_visible()
    await page.get_by_role("tab", name=re.compile("Active")).first.click()
    await expect(page.get_by_text("Colours of bright stars").first).to_be_visible()
    await page.locator(".jp-OutputArea-output img").scroll_into_view_if_needed()
    await ada.picture("lab")
    await page.keyboard.press("Control+s")

    crowd = await visitor.arrive()
    bob = journey.person(await crowd.new_page(), "bob")
    await bob.sign_in()
    await bob.ask(cpu="1", memory_gb="2", hours="1", name="Open clusters")
    await bob.page.wait_for_url(re.compile("/services/gavip/launches/"))
    await expect(bob.page.get_by_text("Number 1 in line")).to_be_visible()
    reason = bob.page.locator(".gv-reason")
    await expect(reason).to_have_text(re.compile("another user's notebook holds until"))
    await bob.picture("waiting")

    await ada.stop_from_home()
    await bob.arrive()
    await bob.stop_from_home()

    await ada.ask(cpu="1", memory_gb="2", hours="1", name="Again")
    await ada.arrive()
    files = await ada.files()
    assert {"cmd.ipynb", "cmd.png", "stars.ecsv.gz"} <= set(files)
    assert files["cmd.png"]["size"] > 10_000
    assert files["stars.ecsv.gz"]["size"] > 1_000_000
    await ada.stop_from_home()
