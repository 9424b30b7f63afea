"""Maps of a run in a shell: meridional planes, layers over latitude, the surface, the chiral wave number.

A crust is thin, and the chiral instability fills a tenth of it. Half-discs therefore show the part of the thickness that holds
the field's energy, stretched by a number that is named; `layers` shows latitude and true radius as a rectangle.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import ScalarFormatter

from kiral.crust.emhd_figures import chosen_times, colored, moment, radius_label, unit
from kiral.crust.emhd_maps import axisymmetric, chiral_wave_number, drawable, flux_function, on_grid, stored_field, where_it_is
from kiral.report import maps, style
from kiral.report.maps import DIVERGING, Contour, Map, ZScale, color_norm
from kiral.report.style import BLACK, GREY, Curve, Drawing, Panel, short_number

MOST_TIMES = 4
THICK = 0.3
"""Thickness over outer radius from which a shell is drawn as it is."""
SHARE = 0.95
"""Share of the field's energy in what is shown of the radius, where that is a small part."""
DRAWN = 0.5
"""Thickness over outer radius of what is stretched."""
RECTANGLES, DISCS, GLOBES = (6.6, 6.0), (6.6, 7.9), (6.6, 4.9)
"""Inches of a sheet of four."""
RADII, ANGLES, LONGITUDES = 321, 181, 240
LINES, LAYER_LINES = 12, 4
"""Poloidal lines, evenly spaced in flux, of a whole shell and of a part with layers that each have some."""
LATITUDE = "latitude  [°]"


def draw_all(run: Any) -> Iterator[Drawing]:
    """All maps that the run has snapshots for."""
    if not drawable(run):
        return
    for make in (meridian, layers, surface, chirality):
        if (drawing := make(run)) is not None:
            yield drawing


# --- meridional planes -----------------------------------------------------------------------------------------------


def stretching(inner: float, outer: float) -> float:
    """How much larger than it is the thickness between two radii is drawn: 1 for thick shells, else two digits."""
    thickness = (outer - inner) / outer
    return 1.0 if thickness >= THICK else float(f"{DRAWN / thickness:.2g}")


def meridian(run: Any) -> Drawing | None:
    """B_φ as colour with poloidal lines, in the meridional half-plane; of a 3-D run the means over longitude.

    `data`: time → {"r": (r,), "theta": (theta,), "b_phi", "flux": (theta, r), "levels": (lines,) of the flux}.
    """
    found = _planes(run)
    if not found:
        return None
    data = run.snapshots
    caption = (
        f"Field around the axis (colour) and poloidal lines, with equal flux between neighbours{_mean_note(data)}. Every time "
        "has colours of its own. "
    )
    if any(stretching(*plane["r"][[0, -1]]) > 1 for plane in found.values()):
        caption += (
            f"Shown is the part of the thickness with {SHARE:.0%} of the energy, or all of it, stretched by the factor in the "
            "title; the numbers are true radii."
        )
    figure = _meridian_sheet(found, unit(data["r"]), unit(run.series["b_mean"]))
    return Drawing("meridian", "Meridional plane", caption.strip(), figure, found)


def _planes(run: Any) -> dict[str, dict[str, np.ndarray]]:
    """The meridional planes at the times that are drawn, where there is a field."""
    data, theta = run.snapshots, np.linspace(0, np.pi, ANGLES)
    found = {}
    for i in chosen_times(data.sizes["t"], MOST_TIMES):
        mean = axisymmetric(stored_field(run, i))
        r = np.linspace(*where_it_is(mean, SHARE), RADII)
        flux, lines = flux_function(mean, r, theta), LINES if (r[0], r[-1]) == mean.radii else LAYER_LINES
        plane = {"r": r, "theta": theta, "b_phi": on_grid(mean, r, theta)[2, :, 0], "flux": flux, "levels": levels(flux, lines)}
        if np.abs(flux).max() > 0 or np.abs(plane["b_phi"]).max() > 0:
            found[moment(data, i)] = plane
    return found


def _mean_note(data: Any) -> str:
    return ", both as means over longitude" if data.sizes["m"] > 1 else ""


@style.styled
def _meridian_sheet(found: dict[str, dict[str, np.ndarray]], length: str, field: str) -> Figure:
    figure, places = _sheet(len(found), DISCS)
    for axes, (title, plane) in zip(places, found.items(), strict=True):
        factor = stretching(*plane["r"][[0, -1]])
        axes.set_title(title if factor == 1 else f"{title}, × {factor:g}", loc="left", fontweight="bold")
        _half_disc(figure, axes, plane, factor, length, field)
    return figure


def _sheet(count: int, size: tuple[float, float], projection: str | None = None) -> tuple[Figure, list[Any]]:
    """A figure of up to four axes, two in a row; size: inches of four."""
    columns = min(count, 2)
    rows = -(-count // columns)
    figure = Figure(figsize=(size[0] * columns / 2, size[1] * rows / 2), layout="compressed")
    return figure, [figure.add_subplot(rows, columns, i + 1, projection=projection) for i in range(count)]


def _half_disc(figure: Figure, axes: Axes, plane: dict[str, np.ndarray], factor: float, length: str, field: str) -> None:
    """One half-plane; the numbers on both axes are the true radii of its two circles."""
    r, theta, values = plane["r"], plane["theta"], plane["b_phi"]
    drawn = r[-1] - factor * (r[-1] - r)
    x, z = np.sin(theta)[:, None] * drawn, np.cos(theta)[:, None] * drawn
    norm, colors = color_norm("signed", values), matplotlib.colormaps[DIVERGING]
    mesh = axes.pcolormesh(x, z, values, norm=norm, cmap=colors, shading="gouraud", rasterized=True)
    for radius in drawn[[0, -1]]:
        axes.plot(radius * np.sin(theta), radius * np.cos(theta), color=GREY, linewidth=1.0)
    if plane["levels"].size:
        axes.contour(x, z, plane["flux"], levels=plane["levels"], colors=BLACK, linewidths=0.6, linestyles="-")
    axes.grid(False)
    axes.set_aspect("equal")
    axes.set(xlim=(0, 1.01 * drawn[-1]), ylim=(-1.01 * drawn[-1], 1.01 * drawn[-1]))
    inner, outer = (f"{radius:.4g}" for radius in r[[0, -1]])
    axes.set_xticks(drawn[[0, -1]], labels=[inner, outer])
    axes.set_yticks([-drawn[-1], -drawn[0], drawn[0], drawn[-1]], labels=[outer, inner, inner, outer])
    axes.set(xlabel=f"radius at the equator  {length}", ylabel=f"radius at the axis  {length}")
    bar = figure.colorbar(mesh, ax=axes, shrink=0.8, pad=0.03, aspect=25)
    bar.set_label(rf"$B_\phi$  {field}")
    powers_of_ten(bar.ax.yaxis)
    bar.ax.yaxis.set_offset_position("left")
    bar.ax.yaxis.OFFSETTEXTPAD = 7
    if not values.any():
        bar.set_ticks([0.0])


def powers_of_ten(axis: Any) -> None:
    """One power of ten for large and for small numbers."""
    formatter = ScalarFormatter(useMathText=True)
    formatter.set_powerlimits((-3, 4))
    axis.set_major_formatter(formatter)


def levels(flux: np.ndarray, lines: int) -> np.ndarray:
    """Values of the flux function on some poloidal lines, evenly spaced over its range, the axis (0) left out."""
    low, high = float(min(flux.min(), 0.0)), float(max(flux.max(), 0.0))
    step = (high - low) / lines
    if step == 0:
        return np.zeros(0)
    found = step * (np.arange(np.floor(low / step), np.ceil(high / step)) + 0.5)
    return found[(found > low) & (found < high)]


def layers(run: Any) -> Drawing | None:
    """The same over latitude and true radius, of thin shells."""
    data = run.snapshots
    if stretching(*stored_field(run, 0).radii) == 1:
        return None
    label, found = rf"$B_\phi$  {unit(run.series['b_mean'])}", []
    for title, plane in _planes(run).items():
        flux, values = plane["flux"][::-1].T, plane["b_phi"][::-1].T
        if not np.ptp(values):
            continue
        lines = Contour("poloidal lines", tuple(plane["levels"]), of=flux)
        latitude = 90 - np.degrees(plane["theta"][::-1])
        found.append(Map(LATITUDE, radius_label(data), label, latitude, plane["r"], values, title, z_scale="signed",
                         contours=(lines,)))  # fmt: skip
    caption = (
        f"Field around the axis and poloidal lines over latitude and radius{_mean_note(data)}, where {SHARE:.0%} of the energy "
        "is. Every time has colours of its own."
    )
    return maps.draw_sheet("layers", "Layers of the crust", caption, found, RECTANGLES)


# --- the surface -----------------------------------------------------------------------------------------------------


def surface(run: Any) -> Drawing | None:
    """B_r at the outer boundary: maps in Mollweide's projection of 3-D runs, curves over latitude of axisymmetric ones.

    `data` of maps: time → {"latitude": (n,), "longitude": (n,) [degrees], "b_r": (latitude, longitude)}.
    """
    data = run.snapshots
    if data.sizes["m"] == 1:
        return _surface_curves(run)
    found = {}
    phi, latitude = np.linspace(-np.pi, np.pi, LONGITUDES + 1), np.linspace(-90, 90, ANGLES)
    for i in chosen_times(data.sizes["t"], MOST_TIMES):
        field = stored_field(run, i)
        b_r = on_grid(field, np.array([field.radii[1]]), np.radians(90 - latitude), phi)[0, :, :, 0]
        if np.abs(b_r).max() > 0:
            found[moment(data, i)] = {"latitude": latitude, "longitude": np.degrees(phi), "b_r": b_r}
    if not found:
        return None
    caption = "Radial field at the outer boundary, Mollweide's equal-area projection. Every time has colours of its own."
    return Drawing("surface", "Field at the surface", caption, _globes(found, unit(run.series["b_mean"])), found)


def _surface_curves(run: Any) -> Drawing | None:
    """Each over its largest value: a field grows by orders of magnitude."""
    data, theta = run.snapshots, np.linspace(np.pi, 0, ANGLES)
    field_unit = unit(run.series["b_mean"])
    curves = []
    for i, color in colored(chosen_times(data.sizes["t"], MOST_TIMES)):
        field = stored_field(run, i)
        b_r = on_grid(field, np.array([field.radii[1]]), theta)[0, :, 0, 0]
        if (top := np.abs(b_r).max()) > 0:
            label = f"{moment(data, i)}: {short_number(top)} {field_unit}"
            curves.append(Curve(label, 90 - np.degrees(theta), b_r / top, color))
    label = r"$B_r$ over its largest value  [1]"
    panel = Panel(LATITUDE, label, tuple(curves), x_scale="linear", y_scale="linear")
    caption = "Radial field at the outer boundary over latitude, each time over its largest value, which the legend gives."
    return style.draw("surface", "Field at the surface", caption, (panel,))


@style.styled
def _globes(found: dict[str, dict[str, np.ndarray]], field: str) -> Figure:
    figure, places = _sheet(len(found), GLOBES, "mollweide")
    for axes, (title, one) in zip(places, found.items(), strict=True):
        axes.set_title(title, loc="left", fontweight="bold")
        longitude, latitude = np.radians(one["longitude"]), np.radians(one["latitude"])
        mesh = axes.pcolormesh(
            longitude, latitude, one["b_r"], norm=color_norm("signed", one["b_r"]), cmap=matplotlib.colormaps[DIVERGING],
            shading="gouraud", rasterized=True,
        )  # fmt: skip
        axes.set_xticklabels([])
        axes.set_latitude_grid(30)
        axes.grid(True, color=GREY, linewidth=0.4, alpha=0.6)
        bar = figure.colorbar(mesh, ax=axes, orientation="horizontal", shrink=0.7, pad=0.04, aspect=30)
        bar.set_label(rf"$B_r$  {field}")
        powers_of_ten(bar.ax.xaxis)
    return figure


# --- chiral wave number ----------------------------------------------------------------------------------------------


def chirality(run: Any) -> Drawing | None:
    """k5 with feedback over latitude and radius, next to that of weak captures alone; None without feedback on k5(r)."""
    data, model = run.snapshots, run.config["model"]
    if (
        not (model["chiral"] and model["feedback"])
        or model.get("n5_rate")
        or model.get("heat")
        or "k5_captures" not in run.spectra
    ):
        return None
    theta, label = np.linspace(np.pi, 0, ANGLES), f"$k_5$  {unit(run.spectra['k5_captures'])}"
    chosen = chosen_times(data.sizes["t"], MOST_TIMES)[-(MOST_TIMES - 1) :]
    r = np.linspace(*where_it_is(stored_field(run, chosen[-1]), SHARE), RADII)
    found = [chiral_wave_number(run, i, r, theta) for i in chosen]
    sheets = {"without feedback": np.broadcast_to(found[-1][0][:, None], (r.size, theta.size))}
    sheets |= {moment(data, i): z[:, 0].T for i, (_, z) in zip(chosen, found, strict=True)}
    low, high = min(z.min() for z in sheets.values()), max(z.max() for z in sheets.values())
    scale: ZScale = "signed" if low < 0 < high else "linear"
    shown = tuple(
        Map(LATITUDE, radius_label(data), label, 90 - np.degrees(theta), r, z, title, z_scale=scale, z_limits=(low, high))
        for title, z in sheets.items()
    )
    where = "" if data.sizes["m"] == 1 else ", on the meridian of longitude 0"
    caption = (
        f"Chiral wave number after its cap: of weak captures alone (at the last time), and with what the anomaly takes "
        f"back{where}, where {SHARE:.0%} of the field's energy is at the last time."
    )
    return maps.draw_sheet("chirality", "Chiral wave number", caption, shown, RECTANGLES)
