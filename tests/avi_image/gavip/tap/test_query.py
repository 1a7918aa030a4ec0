"""Queries to a real TAP server that holds real stars."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from astropy.table import Table

import gavip
from gavip.tap import remote
from tests.support.scripted_server import Answer, Asked, scripted_server

pytestmark = pytest.mark.archive

STARS = "gaiadr3.gaia_source_lite"
PLEIADES = (
    f"SELECT source_id, ra, dec, phot_g_mean_mag FROM {STARS} WHERE 1 = CONTAINS("
    "POINT('ICRS', ra, dec), CIRCLE('ICRS', 56.75, 24.12, 1))"
)


@pytest.mark.usefixtures("archive")
@pytest.mark.parametrize("mode", ["auto", "sync", "async"])
def test_counts_every_star(mode: str) -> None:
    """A count gives the number of stars, whichever way the query travels."""
    table = gavip.tap.query(f"SELECT COUNT(*) AS n FROM {STARS}", mode=mode)
    assert table["n"][0] == 482_106


@pytest.mark.usefixtures("archive")
def test_cone_comes_with_units_and_provenance() -> None:
    """A cone search gives a table with units, its query and its service."""
    table = gavip.tap.query(PLEIADES)
    assert 100 < len(table) < 200
    assert str(table["ra"].unit) == "deg"
    assert table.meta["adql"] == PLEIADES
    assert table.meta["overflow"] is False


@pytest.mark.usefixtures("archive")
def test_job_hides_no_rows() -> None:
    """A hundred thousand rows come whole, with no default limit in the way."""
    adql = f"SELECT TOP 100000 source_id, ra, dec FROM {STARS}"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        table = gavip.tap.query(adql, mode="async")
    assert len(table) == 100_000


@pytest.mark.usefixtures("archive")
@pytest.mark.parametrize("maxrec", [0, 7])
@pytest.mark.parametrize("mode", ["auto", "sync", "async"])
def test_own_limit_is_kept_without_a_warning(maxrec: int, mode: str) -> None:
    """A limit that the caller set is no surprise: no warning, but a note."""
    adql = f"SELECT source_id FROM {STARS}"
    table = gavip.tap.query(adql, maxrec=maxrec, mode=mode)
    assert len(table) == maxrec
    assert table.meta["overflow"] is True


@pytest.fixture
def stingy(archive_url: str) -> Iterator[str]:
    """Put a hard limit of 500 rows into what the real server says of itself."""
    parts = urlsplit(archive_url)

    def forward(asked: Asked) -> Answer:
        real = f"{parts.scheme}://{parts.netloc}{asked.path}"
        kept = {k: v for k, v in asked.headers.items() if k == "Content-Type"}
        told = requests.request(
            asked.method,
            real,
            data=asked.body,
            headers=kept,
            timeout=60,
            allow_redirects=False,
        )
        text = told.text
        if asked.path.endswith("/capabilities"):
            before, _, rest = text.partition("<outputLimit>")
            rest = rest.partition("</outputLimit>")[2]
            limit = '<outputLimit><hard unit="row">500</hard></outputLimit>'
            text = before + limit + rest
        place = told.headers.get("Location")
        headers = {"Location": place} if place else {}
        return Answer(text, status=told.status_code, headers=headers)

    with scripted_server(forward) as address:
        yield address + parts.path


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_truncation_is_said_aloud(stingy: str, mode: str) -> None:
    """A result that the service cut gives a warning with the cap and the mend."""
    adql = f"SELECT source_id FROM {STARS}"
    with pytest.warns(
        gavip.TruncatedResultWarning, match=r"500 rows.*in parts"
    ) as all_:
        table = gavip.tap.query(adql, url=stingy, mode=mode)
    assert len(table) == 500
    assert table.meta["overflow"] is True
    loud = [one for one in all_ if one.category is gavip.TruncatedResultWarning]
    assert [one.filename for one in loud] == [__file__]


@pytest.mark.usefixtures("archive")
@pytest.mark.parametrize("mode", ["sync", "async"])
def test_unknown_column_gets_the_nearest_name(mode: str) -> None:
    """A misspelt column is named, placed and corrected."""
    with pytest.raises(gavip.AdqlError) as caught:
        gavip.tap.query(f"SELECT ra,\n  phot_g_mean_mga FROM {STARS}", mode=mode)
    error = caught.value
    assert error.unknown == "phot_g_mean_mga"
    assert error.suggestions[0] == "phot_g_mean_mag"
    assert (error.line, error.column) == (2, 3)
    assert "Did you mean 'phot_g_mean_mag'" in str(error)


@pytest.mark.usefixtures("archive")
@pytest.mark.parametrize("table", ["gaiadr3.gaia_source_light", "gaia_source_lite"])
def test_unknown_table_gets_the_nearest_name(table: str) -> None:
    """A misspelt table, or one without its schema, is corrected."""
    with pytest.raises(gavip.AdqlError) as caught:
        gavip.tap.query(f"SELECT ra FROM {table}")
    assert caught.value.suggestions[0] == STARS


@pytest.mark.usefixtures("archive")
def test_syntax_error_shows_the_place() -> None:
    """A fault of syntax is shown below the line where it stands."""
    with pytest.raises(gavip.AdqlError) as caught:
        gavip.tap.query(f"SELECT ra,\n dec FORM {STARS}", mode="sync")
    assert caught.value.line == 2
    shown = str(caught.value).splitlines()
    place = next(i for i, line in enumerate(shown) if line.strip() == "^")
    assert shown[place - 1][shown[place].index("^") :].startswith("gaiadr3")


@pytest.mark.usefixtures("archive")
def test_traceback_is_short() -> None:
    """A fault shows the caller's line and the message, and no library's frames."""
    with pytest.raises(gavip.AdqlError) as caught:
        gavip.tap.query("SELECT", mode="sync")
    assert len(caught.traceback) == 2
    shown = "\n".join(caught.value._render_traceback_())
    assert shown.startswith("test_query.py, line ")
    assert "requests" not in shown
    assert caught.value.__cause__ is None


@pytest.mark.usefixtures("archive")
def test_uploaded_table_joins() -> None:
    """A table of one's own joins with the archive's."""
    stars = gavip.tap.query(PLEIADES, maxrec=3)
    mine = Table({"source_id": stars["source_id"]})
    adql = (
        "SELECT mine.source_id, g.ra FROM TAP_UPLOAD.mine AS mine "
        f"JOIN {STARS} AS g ON g.source_id = mine.source_id"
    )
    for mode in ("sync", "async"):
        joined = gavip.tap.query(adql, upload={"mine": mine}, mode=mode)
        assert sorted(joined["source_id"]) == sorted(stars["source_id"])


@pytest.mark.usefixtures("archive")
def test_any_result_can_be_saved(tmp_path: Path) -> None:
    """A result saves as FITS and VOTable, text columns and units included."""
    table = gavip.tap.query("SELECT table_name, nrows FROM tap_schema.tables")
    for name in ("tables.fits", "tables.vot", "tables.ecsv", "tables.parquet"):
        form = {"format": "votable"} if name.endswith("vot") else {}
        table.write(tmp_path / name, **form)
        again = Table.read(tmp_path / name)
        assert list(again["table_name"]) == list(table["table_name"])


@pytest.mark.usefixtures("archive")
def test_tables_and_columns_are_listed() -> None:
    """The archive's tables are listed, and a table's columns with their units."""
    assert STARS in list(gavip.tap.tables()["table_name"])
    columns = gavip.tap.tables(STARS)
    units = dict(zip(columns["column_name"], columns["unit"], strict=True))
    assert units["ra"] == "deg"
    with pytest.raises(gavip.BadArgument, match="has no table"):
        gavip.tap.tables("gaiadr3.nothing")


@pytest.mark.usefixtures("archive")
def test_job_lives_by_itself() -> None:
    """A job can be submitted, found again by its address, waited for and read."""
    job = gavip.tap.submit(PLEIADES)
    assert job in gavip.tap.jobs()
    again = gavip.tap.job(job.url)
    assert again.adql == PLEIADES
    assert again.wait(60).phase == "COMPLETED"
    assert len(job.result()) == len(again.result())
    job.delete()
    with pytest.raises(gavip.JobEnded):
        job.result()


@pytest.mark.usefixtures("archive")
def test_aborted_job_says_so() -> None:
    """A job that was aborted ends as such and gives no result."""
    slow = (
        f"SELECT COUNT(*) AS n FROM {STARS} AS a JOIN {STARS} AS b "
        "ON a.phot_g_mean_mag < b.phot_g_mean_mag"
    )
    job = gavip.tap.submit(slow)
    job.abort()
    assert job.wait(60).phase == "ABORTED"
    with pytest.raises(gavip.JobEnded, match="ABORTED"):
        job.result()
    job.delete()


@pytest.mark.usefixtures("archive")
def test_interrupt_removes_the_job(monkeypatch: pytest.MonkeyPatch) -> None:
    """Interrupting the kernel stops the archive's job and removes it."""
    removed: list[str] = []
    discard = remote.discard

    def noted(job: gavip.tap.Job) -> None:
        discard(job)
        removed.append(job.url)

    def interrupt(_seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("gavip.tap.route.discard", noted)
    monkeypatch.setattr("gavip.tap.remote.time.sleep", interrupt)
    with pytest.raises(KeyboardInterrupt):
        gavip.tap.query(PLEIADES, mode="async")
    assert requests.get(removed[0], timeout=10).status_code == 404


@pytest.mark.usefixtures("archive")
def test_time_limit_stops_the_job() -> None:
    """A query that takes longer than allowed is stopped and says so."""
    slow = (
        f"SELECT a.source_id FROM {STARS} AS a JOIN {STARS} AS b "
        "ON a.phot_g_mean_mag < b.phot_g_mean_mag WHERE a.ra < b.dec"
    )
    with pytest.raises(gavip.QueryTimeout, match="was stopped"):
        gavip.tap.query(slow, mode="async", timeout=1)


def test_nonsense_is_refused_before_anything_is_sent() -> None:
    """An argument that makes no sense is named, and no request is made."""
    for field, arguments in {
        "adql": {"adql": "  "},
        "maxrec": {"adql": "SELECT 1", "maxrec": -1},
        "mode": {"adql": "SELECT 1", "mode": "later"},
        "timeout": {"adql": "SELECT 1", "timeout": float("nan")},
        "url": {"adql": "SELECT 1", "url": "ftp://archive/tap"},
    }.items():
        with pytest.raises(gavip.BadArgument, match=f"^{field}: "):
            gavip.tap.query(**arguments)
    with pytest.raises(gavip.BadArgument, match="job_url"):
        gavip.tap.job("https://archive/tap")
