"""What the welcome notebook shows: real stars, drawn for light and dark themes."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gavip.errors import GavipError, plain_errors

if TYPE_CHECKING:
    from astropy.table import Table
    from matplotlib.figure import Figure

__all__ = ["colour_magnitude", "data_folder", "sky_map", "stars"]

_FILE = "stars.parquet"
_DPI = 96
_FINER = 4
"""Parts into which a cell is cut for drawing, so that the map's rim is round."""

_GREY = "#808080"
"""Readable on a white and on a black page."""


def data_folder() -> Path:
    """Return where the platform's read-only data lie.

    That is, in this order: the environment variable ``GAVIP_DATA``, the share folder
    of this Python, ``/opt/gavip/data``, ``/usr/share/gavip/data``.
    """
    named = os.environ.get("GAVIP_DATA")
    if named:
        return Path(named)
    known = [
        Path(sys.prefix, "share", "gavip", "data"),
        Path("/opt/gavip/data"),
        Path("/usr/share/gavip/data"),
    ]
    return next((folder for folder in known if (folder / _FILE).exists()), known[1])


@plain_errors
def stars() -> Table:
    """Return the Gaia DR3 sources brighter than G = 10, with units.

    Raises
    ------
    GavipError
        Raised if the platform's data are not there.
    """
    from astropy.table import Table  # noqa: PLC0415 - slow to import

    path = data_folder() / _FILE
    if not path.exists():
        raise GavipError(
            f"There is no {path}. An operator makes it with scripts/make_stars.py; "
            "the environment variable GAVIP_DATA names its folder."
        )
    return Table.read(path)


def colour_magnitude(table: Table) -> Figure:
    """Draw apparent G magnitude against BP - RP as a density.

    Parameters
    ----------
    table
        Stars with ``phot_g_mean_mag``, ``phot_bp_mean_mag``, ``phot_rp_mean_mag``.
    """
    import numpy as np  # noqa: PLC0415 - slow to import
    from matplotlib.colors import LogNorm  # noqa: PLC0415

    magnitude = _plain(table["phot_g_mean_mag"])
    colour = _plain(table["phot_bp_mean_mag"]) - _plain(table["phot_rp_mean_mag"])
    known = np.isfinite(colour) & np.isfinite(magnitude)
    figure = _figure(7.2, 5.4)
    axes = figure.add_subplot()
    *_, image = axes.hist2d(
        colour[known],
        magnitude[known],
        bins=(300, 200),
        range=((-0.6, 4.6), (2.0, 10.0)),
        norm=LogNorm(),
        cmap=_colours("magma"),
        rasterized=True,
    )
    axes.invert_yaxis()
    axes.set_xlabel("colour  BP \N{MINUS SIGN} RP  [mag]     blue, hot  →  red, cool")
    axes.set_ylabel("apparent magnitude  G  [mag]")
    axes.set_title(f"{known.sum():,} stars of Gaia DR3 with G < 10", loc="left")
    figure.colorbar(image, ax=axes, label="stars per cell", pad=0.02)
    return _themed(figure)


def sky_map(table: Table) -> Figure:
    """Draw the stars' density on the sky in galactic coordinates.

    The centre of the Galaxy is in the middle and longitude grows to the left, as
    one sees the sky from inside.

    Parameters
    ----------
    table
        Stars with ``ra`` and ``dec`` in degrees (ICRS).
    """
    import numpy as np  # noqa: PLC0415 - slow to import
    from astropy import units  # noqa: PLC0415
    from astropy.coordinates import SkyCoord  # noqa: PLC0415
    from matplotlib.patheffects import withStroke  # noqa: PLC0415

    here = SkyCoord(_plain(table["ra"]), _plain(table["dec"]), unit="deg").galactic
    # To the left means towards negative x.
    x_rad = -here.l.wrap_at(180 * units.deg).rad
    n_x, n_y = 240, 120
    edges_x = np.linspace(-np.pi, np.pi, n_x + 1)
    # Rows of equal area: equal steps in the sine of the latitude.
    edges_y = np.arcsin(np.linspace(-1.0, 1.0, n_y + 1))
    counts, *_ = np.histogram2d(x_rad, here.b.rad, bins=(edges_x, edges_y))
    density = counts / (4 * np.pi * np.degrees(1.0) ** 2 / (n_x * n_y))
    figure = _figure(8.4, 4.6)
    axes = figure.add_subplot(projection="mollweide")
    image = axes.pcolormesh(
        edges_x,
        np.interp(np.arange(_FINER * n_y + 1) / _FINER, np.arange(n_y + 1), edges_y),
        np.repeat(density.T, _FINER, axis=0),
        vmax=float(np.percentile(density, 99.7)),
        cmap=_colours("viridis"),
        rasterized=True,
    )
    axes.set_xticks(np.radians(np.arange(-120, 121, 60)))
    marks = [f"{-angle % 360}°" for angle in range(-120, 121, 60)]
    axes.set_xticklabels(marks)
    axes.set_yticks(np.radians([-60, -30, 0, 30, 60]))
    axes.grid(visible=True, linewidth=0.4, alpha=0.5, color=_GREY)
    axes.set_title(
        "The same stars on the sky, galactic coordinates", loc="left", pad=14
    )
    figure.colorbar(
        image, ax=axes, label="stars per square degree", shrink=0.7, pad=0.03
    )
    _themed(figure)
    outline = withStroke(linewidth=2, foreground="#202020")
    for mark in axes.get_xticklabels():
        mark.set(color="white", fontsize=8, path_effects=[outline])
    return figure


def _plain(column: Any) -> Any:
    """Return a column's numbers, missing ones as NaN."""
    values = column.filled(float("nan")) if hasattr(column, "filled") else column
    return getattr(values, "value", values)


def _figure(width_in: float, height_in: float) -> Figure:
    from matplotlib.figure import Figure  # noqa: PLC0415 - slow to import

    class Picture(Figure):
        """A figure that notebooks show sharp, once, and without a backend."""

        def _repr_mimebundle_(self, **_wanted: object) -> tuple[Any, Any]:
            held = io.BytesIO()
            self.savefig(held, format="png", dpi=2 * _DPI)
            size = {"width": round(width_in * _DPI), "height": round(height_in * _DPI)}
            words = self.axes[0].get_title(loc="left")
            bundle = {"image/png": held.getvalue(), "text/plain": f"<Figure: {words}>"}
            return bundle, {"image/png": size}

    return Picture(figsize=(width_in, height_in), dpi=_DPI, layout="constrained")


def _colours(name: str) -> Any:
    """Return a colour map that stands out from white and black pages alike."""
    import matplotlib as mpl  # noqa: PLC0415 - slow to import
    import numpy as np  # noqa: PLC0415
    from matplotlib.colors import ListedColormap  # noqa: PLC0415

    chosen = ListedColormap(mpl.colormaps[name](np.linspace(0.26, 0.97, 256)))
    chosen.set_bad(alpha=0.0)
    return chosen


def _themed(figure: Figure) -> Figure:
    """Let the page show through, and write in a grey that suits light and dark."""
    figure.patch.set_alpha(0.0)
    for axes in figure.axes:
        axes.patch.set_alpha(0.0)
        axes.title.set_color(_GREY)
        axes._left_title.set_color(_GREY)  # type: ignore[attr-defined]  # noqa: SLF001 - the title in use
        axes.xaxis.label.set_color(_GREY)
        axes.yaxis.label.set_color(_GREY)
        axes.tick_params(colors=_GREY, which="both")
        for spine in axes.spines.values():
            spine.set_edgecolor(_GREY)
    return figure
