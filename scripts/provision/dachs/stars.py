"""Turn stars.parquet (of ``scripts/make_stars.py``) into CSV for DaCHS.

Usage: ``python stars.py stars.parquet stars.csv``. An unknown magnitude is an empty
field; the colour ``bp_rp`` is added, as Gaia's archive has it.
"""

import sys
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

__all__ = ["write_csv"]


def write_csv(source: Path, target: Path) -> int:
    """Write the stars with a header line and return how many there are."""
    stars = pq.read_table(source)
    colour = pc.subtract(stars["phot_bp_mean_mag"], stars["phot_rp_mean_mag"])
    pyarrow.csv.write_csv(stars.append_column("bp_rp", colour), target)
    return int(stars.num_rows)


if __name__ == "__main__":
    print(write_csv(Path(sys.argv[1]), Path(sys.argv[2])), "stars")
