"""The TAP service holds the stars that it says it holds."""

import pytest
import pyvo
from astropy import units as u

from tests.support.tap import TapService

pytestmark = pytest.mark.archive


@pytest.fixture(scope="module")
def archive(tap_service: TapService) -> pyvo.dal.TAPService:
    """Return pyvo's client of the service."""
    return pyvo.dal.TAPService(tap_service.url)


def test_holds_every_gaia_source_and_no_other(archive: pyvo.dal.TAPService) -> None:
    """All Gaia DR3 sources of G < 10 are there, the Hipparcos rows are not."""
    counted = archive.search(
        "SELECT COUNT(*) AS n, MIN(source_id) AS lowest FROM gaiadr3.gaia_source_lite"
    )
    assert counted["n"][0] == 482_106
    assert counted["lowest"][0] > 0


def test_magnitudes_are_named_for_what_they_hold(
    archive: pyvo.dal.TAPService,
) -> None:
    """Barnard's star has its magnitudes of Gaia DR3, with units and UCDs."""
    found = archive.search(
        "SELECT * FROM gaiadr3.gaia_source_lite WHERE source_id = 4472832130942575872"
    )
    stars = found.to_table()
    star = stars[0]
    assert star["phot_g_mean_mag"] == pytest.approx(8.193974, abs=1e-6)
    assert star["phot_bp_mean_mag"] == pytest.approx(9.791788, abs=1e-6)
    assert star["phot_rp_mean_mag"] == pytest.approx(6.958091, abs=1e-6)
    assert star["bp_rp"] == pytest.approx(2.833697, abs=1e-6)
    assert stars["ra"].unit == u.deg
    assert stars["phot_g_mean_mag"].unit == u.mag
    assert found.getdesc("ra").ucd == "pos.eq.ra;meta.main"


def test_unknown_magnitude_is_null(archive: pyvo.dal.TAPService) -> None:
    """A source without BP or RP has no colour, rather than a zero magnitude."""
    counted = archive.search(
        "SELECT COUNT(*) AS n FROM gaiadr3.gaia_source_lite WHERE bp_rp IS NULL"
    )
    zeros = archive.search(
        "SELECT COUNT(*) AS n FROM gaiadr3.gaia_source_lite"
        " WHERE phot_bp_mean_mag = 0 OR phot_rp_mean_mag = 0"
    )
    assert counted["n"][0] == 294
    assert zeros["n"][0] == 0


def test_asynchronous_job_runs_at_the_containers_address(
    tap_service: TapService,
) -> None:
    """A job asked for at the address for containers names that address itself."""
    archive = pyvo.dal.TAPService(tap_service.container_url)
    job = archive.submit_job(
        "SELECT TOP 30000 source_id FROM gaiadr3.gaia_source_lite", maxrec=30_000
    )
    try:
        assert job.url.startswith(tap_service.container_url.removesuffix("/tap"))
        job.run().wait(timeout=60)
        assert len(job.fetch_result()) == 30_000
    finally:
        job.delete()
