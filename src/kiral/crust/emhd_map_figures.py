"""Maps of a run in a shell: meridional planes, layers over latitude, the surface, the chiral wave number.

A crust is thin: half-discs show it with its thickness stretched about the outer radius, by a whole number that is named, and
`layers` shows latitude and true radius as a rectangle.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, ScalarFormatter

from kiral.crust.emhd_figures import bracketed, chosen_times, has_times, moment, radius_label, unit
from kiral.crust.emhd_maps import ShellField, axisymmetric, chiral_wave_number, flux_function, on_grid, stored_field
from kiral.report import maps, style
from kiral.report.maps import DIVERGING, Contour, Map, color_norm
from kiral.report.style import BLACK, GREY, Curve, Drawing, Panel

MOST_TIMES = 4
THIN = 0.3
"""Thickness over outer radius below which half-discs are stretched and `layers` is drawn."""
DRAWN = 0.5
"""Thickness over outer radius of a stretched shell."""
RADII, ANGLES, LONGITUDES = 241, 181, 240
LINES = 12
"""Poloidal lines, at evenly spaced flux."""
LATITUDE = "latitude  [°]"


def draw_all(run: Any) -> Iterator[Drawing]:
    """All maps that the run has snapshots for."""
    if not has_times(run.snapshots):
        return
    for make in (meridian, layers, surface, chirality):
        if (drawing := make(run)) is not None:
            yield drawing


# --- meridional planes -----------------------------------------------------------------------------------------------


def stretching(inner: float, outer: float) -> int:
    """Whole number by which a shell's thickness is drawn larger than it is: 1 unless it is thin."""
    thickness = (outer - inner) / outer
    return 1 if thickness >= THIN else max(1, round(DRAWN / thickness))


def meridian(run: Any) -> Drawing | None:
    """B_φ as colour with poloidal lines, in the meridional half-plane; of a 3-D run the means over longitude.

    `data`: time → {"r": (r,), "theta": (theta,), "b_phi": (theta, r), "flux": (theta, r)}.
    """
    data = run.snapshots
    chosen = chosen_times(data.sizes["t"], MOST_TIMES)
    theta = np.linspace(0, np.pi, ANGLES)
    found = {moment(data, i): _meridional(stored_field(run, i), theta) for i in chosen}
    found = {title: plane for title, plane in found.items() if np.abs(plane["flux"]).max() + np.abs(plane["b_phi"]).max() > 0}
    if not found:
        return None
    inner, outer = stored_field(run, chosen[0]).radii
    factor = stretching(inner, outer)
    what = "Field around the axis (colour) and poloidal lines, between two of which there is the same flux"
    caption = f"{what}{_mean_note(data)}. Every time has colours of its own." + (
        f" The thickness is drawn {factor} times too large; the radii at the axis are the true ones." if factor > 1 else ""
    )
    figure = _meridian_sheet(found, factor, unit(data["r"]), unit(run.series["b_mean"]))
    return Drawing("meridian", "Meridional plane", caption, figure, found)


def _meridional(field: ShellField, theta: np.ndarray) -> dict[str, np.ndarray]:
    r, mean = np.linspace(*field.radii, RADII), axisymmetric(field)
    return {"r": r, "theta": theta, "b_phi": on_grid(mean, r, theta)[2, :, 0], "flux": flux_function(mean, r, theta)}


def _mean_note(data: Any) -> str:
    return ", both as means over longitude" if data.sizes["m"] > 1 else ""


@style.styled
def _meridian_sheet(found: dict[str, dict[str, np.ndarray]], factor: int, length: str, field: str) -> Figure:
    columns = min(len(found), 2)
    rows = -(-len(found) // columns)
    figure = Figure(figsize=(3.5 * columns, 4.6 * rows), layout="constrained")
    for i, (title, plane) in enumerate(found.items()):
        axes = figure.add_subplot(rows, columns, i + 1)
        axes.set_title(title, loc="left", fontweight="bold")
        _half_disc(figure, axes, plane, factor, length, field)
    return figure


def _half_disc(
    figure: Figure, axes: Axes, plane: dict[str, np.ndarray], factor: int, length: str, field: str
) -> None:
    """One half-plane; the numbers on both axes are the true radii of the two spheres."""
    r, theta, values = plane["r"], plane["theta"], plane["b_phi"]
    drawn = r[-1] - factor * (r[-1] - r)
    x, z = np.sin(theta)[:, None] * drawn, np.cos(theta)[:, None] * drawn
    mesh = axes.pcolormesh(
        x, z, values, norm=color_norm("signed", values), cmap=matplotlib.colormaps[DIVERGING], shading="gouraud", rasterized=True
    )
    for radius in drawn[[0, -1]]:
        axes.plot(radius * np.sin(theta), radius * np.cos(theta), color=GREY, linewidth=1.0)
    if (levels := line_levels(plane["flux"])).size:
        axes.contour(x, z, plane["flux"], levels=levels, colors=BLACK, linewidths=0.8, linestyles="-")
    axes.grid(False)
    axes.set_aspect("equal")
    axes.set(xlim=(0, 1.01 * drawn[-1]), ylim=(-1.01 * drawn[-1], 1.01 * drawn[-1]))
    names = [f"{radius:.4g}" for radius in r[[0, -1]]]
    axes.xaxis.set_major_locator(FixedLocator(drawn[[0, -1]]))
    axes.set_xticklabels(names)
    axes.yaxis.set_major_locator(FixedLocator([-drawn[-1], -drawn[0], drawn[0], drawn[-1]]))
    axes.set_yticklabels([names[1], names[0], *names])
    axes.set(xlabel=f"radius at the equator  {length}", ylabel=f"radius at the axis  {length}")
    bar = figure.colorbar(mesh, ax=axes, orientation="vertical", shrink=0.8, pad=0.03, aspect=25)
    bar.set_label(rf"$B_\phi$  {field}")
    _plain_numbers(bar.ax.yaxis)


def _plain_numbers(axis: Any) -> None:
    formatter = ScalarFormatter(useMathText=True)
    formatter.set_powerlimits((-3, 4))
    axis.set_major_formatter(formatter)
    axis.set_offset_position("left")
    axis.OFFSETTEXTPAD = 7


def line_levels(flux: np.ndarray) -> np.ndarray:
    """Levels of the flux function for LINES poloidal lines, evenly spaced over its range, 0 (the axis) left out."""
    low, high = float(min(flux.min(), 0.0)), float(max(flux.max(), 0.0))
    if high - low <= 0:
        return np.zeros(0)
    step = (high - low) / (LINES + 1)
    levels = step * (np.arange(np.floor(low / step), np.ceil(high / step)) + 0.5)
    return levels[(levels > low) & (levels < high)]


def layers(run: Any) -> Drawing | None:
    """The same over latitude and true radius, of thin shells."""
    data = run.snapshots
    first = stored_field(run, 0)
    if stretching(*first.radii) == 1:
        return None
    theta = np.linspace(np.pi, 0, ANGLES)
    found = []
    for i in chosen_times(data.sizes["t"], MOST_TIMES):
        plane = _meridional(stored_field(run, i), theta)
        flux = plane["flux"].T
        lines = Contour("poloidal lines", tuple(line_levels(flux)), of=flux)
        found.append(
            Map(LATITUDE, radius_label(data), rf"$B_\phi$  {unit(run.series['b_mean'])}", 90 - np.degrees(theta), plane["r"],
                plane["b_phi"].T, moment(data, i), z_scale="signed", contours=(lines,))
        )  # fmt: skip
    found = [m for m in found if np.ptp(m.z) > 0]
    caption = f"Field around the axis and poloidal lines over latitude and radius{_mean_note(data)}. Colours are of each time."
    return maps.draw("layers", "Layers of the crust", caption, tuple(found), columns=2)


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
    data, theta = run.snapshots, np.linspace(np.pi, 0, ANGLES)
    curves = []
    for i in range(data.sizes["t"]):
        field = stored_field(run, i)
        b_r = on_grid(field, np.array([field.radii[1]]), theta)[0, :, 0, 0]
        curves.append(Curve("", 90 - np.degrees(theta), b_r, value=float(data["t"][i])))
    label = rf"$B_r$ at the outer boundary  {unit(run.series['b_mean'])}"
    color = f"time $t$  {unit(data['t'])}"
    panel = Panel(LATITUDE, label, tuple(curves), x_scale="linear", y_scale="linear", color_label=color)
    return style.draw("surface", "Field at the surface", "Radial field at the outer boundary over latitude.", (panel,))


@style.styled
def _globes(found: dict[str, dict[str, np.ndarray]], field: str) -> Figure:
    columns = min(len(found), 2)
    rows = -(-len(found) // columns)
    figure = Figure(figsize=(4.4 * columns, 3.1 * rows), layout="constrained")
    for i, (title, one) in enumerate(found.items()):
        axes = figure.add_subplot(rows, columns, i + 1, projection="mollweide")
        axes.set_title(title, loc="left", fontweight="bold")
        longitude, latitude = np.radians(one["longitude"]), np.radians(one["latitude"])
        mesh = axes.pcolormesh(
            longitude, latitude, one["b_r"], norm=color_norm("signed", one["b_r"]), cmap=matplotlib.colormaps[DIVERGING],
            shading="gouraud", rasterized=True,
        )  # fmt: skip
        axes.set_xticklabels([])
        axes.grid(True, color=GREY, linewidth=0.4, alpha=0.6)
        bar = figure.colorbar(mesh, ax=axes, orientation="horizontal", shrink=0.7, pad=0.04, aspect=30)
        bar.set_label(rf"$B_r$  {field}")
        formatter = ScalarFormatter(useMathText=True)
        formatter.set_powerlimits((-3, 4))
        bar.ax.xaxis.set_major_formatter(formatter)
    return figure


# --- chiral wave number ----------------------------------------------------------------------------------------------


def chirality(run: Any) -> Drawing | None:
    """k5 with feedback over latitude and radius, next to that of weak captures alone; None without feedback."""
    data = run.snapshots
    if "k5" not in data or not run.config["model"].get("feedback") or not np.any(data["k5"]):
        return None
    r, theta = np.linspace(*stored_field(run, 0).radii, RADII), np.linspace(np.pi, 0, ANGLES)
    found = []
    for i in chosen_times(data.sizes["t"], MOST_TIMES - 1):
        k5 = chiral_wave_number(run, i, r, theta)
        found.append((moment(data, i), k5.weak, k5.found[:, 0].T))
    top = max(max(np.abs(weak).max(), np.abs(with_it).max()) for _, weak, with_it in found)
    weak = np.broadcast_to(found[-1][1][:, None], found[-1][2].shape)
    sheets = [(f"without feedback, {found[-1][0]}", weak), *((f"with feedback, {title}", z) for title, _, z in found)]
    label = f"$k_5$  {bracketed('1/' + data['r'].attrs.get('units', '1'))}"
    shown = tuple(
        Map(LATITUDE, radius_label(data), label, 90 - np.degrees(theta), r, z, title, z_scale="signed", z_limits=(-top, top))
        for title, z in sheets
    )
    where = "" if data.sizes["m"] == 1 else ", on the meridian of longitude 0"
    caption = f"Chiral wave number after its cap: of weak captures alone, and with what the anomaly takes back{where}."
    return maps.draw("chirality", "Chiral wave number", caption, shown, columns=2)
