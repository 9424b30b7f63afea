"""Maps: a quantity z(x, y) as colours, for planes of parameters and for slices of fields. Knows no physics and no files.

The two-dimensional companion of `kiral.report.style`: a figure is described by `Map`s and becomes a `Drawing` whose `data`
holds the arrays that it shows. The colour maps are safe for colour-blind readers: viridis for one-sided quantities,
red-blue about white for signed quantities and for ratios.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, ScalarFormatter

from kiral.report.style import BLACK, SIZE, TIME_COLORS, Curve, Drawing, legend_below, number_format, short_number, styled

DIVERGING = "RdBu_r"
NOT_SHOWN = "#bdbdbd"
"""Colour of cells without a value."""
CONTOUR = 1.1  # line width
SHEET = (5.8, 5.1)
"""Inches of a sheet of four maps."""
LOG_DECADES = 6.0
"""How far below its top a logarithmic colour scale goes where no limits are given."""

ZScale = Literal["linear", "log", "signed", "ratio"]
"""linear, log: one-sided; signed: linear and symmetric about 0; ratio: logarithmic and symmetric about 1."""


@dataclass(frozen=True)
class Contour:
    """Lines z = level of one kind, with their name in the legend; of another quantity `of` (ny, nx) where given."""

    label: str
    levels: tuple[float, ...]
    dash: str = "-"
    color: str = BLACK
    of: np.ndarray | None = None


@dataclass(frozen=True)
class Point:
    """A named point of the plane."""

    label: str
    x: float
    y: float


@dataclass(frozen=True)
class Map:
    """z at the points (x, y): x (nx,), y (ny,) increasing, z (ny, nx): z[j, i] belongs to x[i], y[j].

    Labels name quantity and [unit]. `z_limits` are those of the colours (values beyond keep the end's colour, and the bar
    gets a pointed end); without them the data decide. `equal` gives x and y the same scale, as for slices. Contours are
    interpolated in the logarithm where the colours are logarithmic. `curves` are lines y(x) over the map.
    """

    x_label: str
    y_label: str
    z_label: str
    x: np.ndarray
    y: np.ndarray
    z: np.ndarray
    title: str = ""
    x_scale: str = "linear"
    y_scale: str = "linear"
    z_scale: ZScale = "linear"
    z_limits: tuple[float, float] | None = None
    equal: bool = False
    contours: tuple[Contour, ...] = ()
    curves: tuple[Curve, ...] = ()
    points: tuple[Point, ...] = ()


@styled
def draw(name: str, title: str, caption: str, maps: tuple[Map, ...], columns: int = 1) -> Drawing | None:
    """Draw the maps that have a value to show, on one sheet; None where none has.

    `data` of the drawing: map title (or the figure's name) → {"x": (nx,), "y": (ny,), "z": (ny, nx), NaN where nothing is
    drawn, for every curve its label: (2, n), and for every point inside the axes its label: (2, 1)}.
    """
    shown = [m for m in maps if np.isfinite(_clean(m)).any()]
    if not shown:
        return None
    columns = min(columns, len(shown))
    rows = -(-len(shown) // columns)
    figure = Figure(figsize=(1.15 * SIZE[0] * columns, SIZE[1] * rows), layout="constrained")
    data = {}
    for i, m in enumerate(shown):
        draw_map(figure, figure.add_subplot(rows, columns, i + 1), m)
        data[m.title or name] = _shown(m)
    return Drawing(name, title, caption, figure, data)


def draw_sheet(name: str, title: str, caption: str, found: Sequence[Map], size: tuple[float, float] = SHEET) -> Drawing | None:
    """Up to four maps on a sheet that a phone can show: two in a row, labels at the sheet's edges only; one map as `draw`.

    size: inches of a sheet of four. `data` as that of `draw`; None without maps.
    """
    if len(found) < 2:
        return draw(name, title, caption, tuple(found))
    return Drawing(name, title, caption, _sheet(found, size), {m.title: _shown(m) for m in found})


@styled
def _sheet(found: Sequence[Map], size: tuple[float, float]) -> Figure:
    rows = -(-len(found) // 2)
    layout = "compressed" if all(m.equal for m in found) else "constrained"
    figure = Figure(figsize=(size[0], size[1] * rows / 2), layout=layout)
    for i, m in enumerate(found):
        left, last, lowest = i % 2 == 0, i + 1 == len(found), i + 2 >= len(found)
        outer = replace(
            m,
            x_label=m.x_label if lowest else "",
            y_label=m.y_label if left else "",
            z_label=m.z_label if last or not left else "",
        )
        draw_map(figure, figure.add_subplot(rows, 2, i + 1), outer)
    return figure


def draw_map(figure: Figure, axes: Axes, m: Map) -> None:
    """Draw one map with colour bar, contours, curves, points and legend."""
    z, x_edges, y_edges = _clean(m), edges(m.x, m.x_scale), edges(m.y, m.y_scale)
    axes.set(xscale=m.x_scale, yscale=m.y_scale, xlabel=m.x_label, ylabel=m.y_label)
    axes.grid(False)
    axes.set_facecolor(NOT_SHOWN)
    if m.title:
        axes.set_title(m.title, loc="left", fontweight="bold")
    norm = color_norm(m.z_scale, z, m.z_limits)
    colors = matplotlib.colormaps[DIVERGING if m.z_scale in ("signed", "ratio") else TIME_COLORS]
    mesh = axes.pcolormesh(x_edges, y_edges, np.ma.masked_invalid(z), norm=norm, cmap=colors, rasterized=True)
    _draw_color_bar(figure, axes, m, mesh, z)
    axes.set(xlim=x_edges[[0, -1]], ylim=y_edges[[0, -1]])
    if m.equal:
        axes.set_aspect("equal")
    number_format(axes, m.x_scale, m.y_scale)
    handles = _draw_contours(axes, m, z) + _draw_curves(axes, m)
    if handles:
        legend_below(axes, handles, [str(h.get_label()) for h in handles])
    _draw_points(axes, m)


def edges(centres: np.ndarray, scale: str) -> np.ndarray:
    """Edges (n + 1,) of cells around increasing centres (n,): half-way between, on a log axis in the logarithm."""
    c = np.asarray(centres, float)
    c = np.log(c) if scale == "log" else c
    if c.size == 1:
        e = c[0] + np.array([-0.5, 0.5])
    else:
        middle = (c[1:] + c[:-1]) / 2
        e = np.concatenate([[2 * c[0] - middle[0]], middle, [2 * c[-1] - middle[-1]]])
    return np.exp(e) if scale == "log" else e


def color_norm(z_scale: ZScale, z: np.ndarray, limits: tuple[float, float] | None = None) -> Normalize:
    """The scale of the colours; limits from the finite values of z where not given."""
    finite = z[np.isfinite(z)]
    if z_scale == "ratio":
        top = np.max(np.abs(np.log(finite if limits is None else np.asarray(limits))), initial=0.0)
        top = np.exp(max(top, 0.1))
        return LogNorm(1 / top, top)
    if z_scale == "signed":
        top = np.max(np.abs(finite if limits is None else np.asarray(limits))) or 1.0
        return Normalize(-top, top)
    low, high = limits if limits is not None else (finite.min(), finite.max())
    if z_scale == "log":
        low = low if limits is not None else max(low, high * 10.0**-LOG_DECADES)
        return LogNorm(low, high) if high > low else LogNorm(low / 10, 10 * low)
    around = 0.0 if high > low else abs(low) or 1.0
    return Normalize(low - around, high + around)


def _clean(m: Map) -> np.ndarray:
    """z as floats, NaN where it cannot be drawn: not finite, or not positive on a logarithmic scale."""
    z = np.array(m.z, float)
    z[~np.isfinite(z)] = np.nan
    if m.z_scale in ("log", "ratio"):
        z[z <= 0] = np.nan
    return z


def _draw_color_bar(figure: Figure, axes: Axes, m: Map, mesh: Any, z: np.ndarray) -> None:
    low, high = mesh.norm.vmin, mesh.norm.vmax
    least, most = np.nanmin(z), np.nanmax(z)
    below = least < low and not np.isclose(least, low, rtol=1e-12, atol=0)
    above = most > high and not np.isclose(most, high, rtol=1e-12, atol=0)
    extend = {(0, 0): "neither", (1, 0): "min", (0, 1): "max", (1, 1): "both"}[int(below), int(above)]
    bar = figure.colorbar(mesh, ax=axes, pad=0.02, aspect=25, label=m.z_label, extend=extend)
    if m.z_scale in ("log", "ratio"):
        if np.log10(high / low) < 2.5:
            bar.set_ticks(LogLocator(subs=(1, 2, 5)))
        bar.ax.yaxis.set_major_formatter(FuncFormatter(short_number))
        bar.ax.yaxis.set_minor_formatter(NullFormatter())
    else:
        formatter = ScalarFormatter(useMathText=True)
        formatter.set_powerlimits((-3, 4))
        bar.ax.yaxis.set_major_formatter(formatter)
        bar.ax.yaxis.set_offset_position("left")  # over the bar, not beside it, and clear of a number at its top
        bar.ax.yaxis.OFFSETTEXTPAD = 7


def _draw_contours(axes: Axes, m: Map, z: np.ndarray) -> list[Line2D]:
    """Lines at the levels that occur; returns their entries of the legend."""
    if min(z.shape) < 2:
        return []
    log = m.z_scale in ("log", "ratio")
    handles = []
    for contour in m.contours:
        values, levels = np.array(z if contour.of is None else contour.of, float), np.sort(contour.levels)
        if log:
            values[values <= 0] = np.nan
            values, levels = np.log(values), np.log(levels)
        values = np.ma.masked_invalid(values)
        if np.any((levels > values.min()) & (levels < values.max())):
            style = {"linestyle": contour.dash, "linewidth": CONTOUR, "color": contour.color}
            axes.contour(m.x, m.y, values, levels=levels, colors=contour.color, linestyles=contour.dash, linewidths=CONTOUR)
            handles.append(Line2D([], [], label=contour.label, **style))
    return handles


def _draw_curves(axes: Axes, m: Map) -> list[Line2D]:
    return [axes.plot(c.x, c.y, color=c.color, linestyle=c.dash, linewidth=c.width, label=c.label)[0] for c in m.curves]


def _draw_points(axes: Axes, m: Map) -> None:
    halo: Mapping[str, Any] = {"path_effects": [withStroke(linewidth=2.5, foreground="white")]}
    for p in m.points:
        if _inside(m, p.x, p.y):
            axes.plot([p.x], [p.y], "o", color=BLACK, markersize=5, markeredgecolor="white", zorder=5)
            axes.annotate(p.label, (p.x, p.y), (5, 4), textcoords="offset points", fontsize=10, zorder=6, **halo)


def _inside(m: Map, x: Any, y: Any) -> Any:
    """Which of the points (x, y) lie inside the axes."""
    (left, right), (low, high) = (edges(c, scale)[[0, -1]] for c, scale in ((m.x, m.x_scale), (m.y, m.y_scale)))
    return (x >= left) & (x <= right) & (y >= low) & (y <= high)


def _shown(m: Map) -> dict[str, np.ndarray]:
    """The arrays that the map shows, as `draw` describes them."""
    found = {"x": np.asarray(m.x, float), "y": np.asarray(m.y, float), "z": _clean(m)}
    for curve in m.curves:
        xy = np.stack([curve.x, curve.y]).astype(float)
        found[curve.label] = xy[:, _inside(m, *xy)]
    return found | {p.label: np.array([[p.x], [p.y]]) for p in m.points if _inside(m, p.x, p.y)}
