"""One look for all figures: sizes, colours, and how curves become a panel. Knows no physics and no files.

A figure is described by `Panel`s of `Curve`s and drawn with matplotlib's object interface (no pyplot, no global state).
Colours are those of Okabe and Ito, which people with any common colour vision tell apart; sizes stay readable when a
figure is shown 360 px wide.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any, Literal

import matplotlib
import numpy as np
from matplotlib import ticker
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.transforms import ScaledTranslation

BLACK, BLUE, ORANGE, GREEN = "#000000", "#0072B2", "#D55E00", "#009E73"
PURPLE, SKY, AMBER, GREY = "#CC79A7", "#56B4E9", "#E69F00", "#666666"
COLORS = (BLUE, ORANGE, GREEN, PURPLE, SKY, AMBER, BLACK, GREY)
TIME_COLORS = "viridis"
LINE = 1.7
MARK_LABEL = {"xytext": (0, 3), "textcoords": "offset points", "ha": "center", "va": "bottom", "fontsize": 10}
SIZE = (5.2, 4.2)
LEGEND_DROP = 0.5  # inches from the axis to its legend: room for numbers and label
DPI, OVERVIEW_DPI = 170, 120
RC: dict[Any, Any] = {
    "font.size": 11,
    "axes.labelsize": 11,
    "axes.titlesize": 11,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "grid.color": "#e3e3e3",
    "grid.linewidth": 0.6,
    "legend.fontsize": 10,
    "legend.framealpha": 0.85,
    "legend.edgecolor": "none",
    "lines.linewidth": LINE,
    "mathtext.fontset": "dejavusans",
    "xtick.labelsize": 10,
    "ytick.labelsize": 10,
    "figure.constrained_layout.h_pad": 0.06,
}

_UNIT_FACTOR = re.compile(r"([Elt])\*(?:\^?\(?(-?\d+(?:/\d+)?)\)?)?")
_PLAIN = str.maketrans({"½": "1/2", "⁻": "-", "−": "-"} | dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789", strict=True)))

styled = matplotlib.rc_context(RC)
"""Decorator (or context): whatever is drawn inside uses the shared style and leaves matplotlib's settings alone."""


@dataclass(frozen=True)
class Curve:
    """y(x). On a log axis |y| is drawn, dashed where y < 0. With `value`, its rank sets the colour.

    `fill` shades all that lies above or below the curve, `band` (2, points) what lies between its rows, and `marker` is
    matplotlib's, at every point.
    """

    label: str
    x: np.ndarray
    y: np.ndarray
    color: str = BLUE
    dash: str = "-"
    width: float = LINE
    value: float | None = None
    fill: Literal["", "above", "below"] = ""
    marker: str = ""
    band: np.ndarray | None = None


@dataclass(frozen=True)
class Mark:
    """A dotted line at one position of an axis, with its name."""

    label: str
    position: float


@dataclass(frozen=True)
class Panel:
    """One pair of axes. Labels name quantity and [unit]; `decades` is how far below its top a log axis goes.

    `remarks` are lines of the legend without a curve, for what cannot be drawn.
    """

    x_label: str
    y_label: str
    curves: tuple[Curve, ...]
    title: str = ""
    x_scale: str = "log"
    x_min: float = -np.inf
    y_scale: str = "log"
    decades: float = 12.0
    y_limits: tuple[float, float] | None = None
    vertical: tuple[Mark, ...] = ()
    horizontal: tuple[Mark, ...] = ()
    color_label: str = ""
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Drawing:
    """A drawn figure: `data` maps panel title → curve label → array (2, n) of exactly the points that are visible."""

    name: str
    title: str
    caption: str
    figure: Figure = field(repr=False)
    data: dict[str, dict[str, np.ndarray]] = field(repr=False)


def visible(panel: Panel) -> tuple[Curve, ...]:
    """The panel's curves with what cannot be drawn as NaN: not finite, zero on a log axis, below the floor."""
    floor = _floor(panel)
    return tuple(curve for curve in (_clean(panel, c, floor) for c in panel.curves) if np.isfinite(curve.y).any())


@styled
def draw(name: str, title: str, caption: str, panels: tuple[Panel, ...], columns: int = 1) -> Drawing | None:
    """Draw the panels that have something to show; None where none has."""
    shown = [(panel, curves) for panel in panels if (curves := visible(panel))]
    if not shown:
        return None
    columns = min(columns, len(shown))
    rows = -(-len(shown) // columns)
    figure = Figure(figsize=(SIZE[0] * columns, SIZE[1] * rows), layout="constrained")
    data = {}
    for i, (panel, curves) in enumerate(shown):
        _draw_panel(figure, figure.add_subplot(rows, columns, i + 1), panel, curves)
        data[panel.title or name] = {curve.label: _points(curve) for curve in curves}
    return Drawing(name, title, caption, figure, data)


@styled
def png_bytes(figure: Figure, dpi: int = DPI) -> bytes:
    """The figure as a PNG file's bytes, without the date, so that equal figures are equal files."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=dpi, metadata={"Software": "kiral"})
    return buffer.getvalue()


def unit_math(unit: str, length: int = 0) -> str:
    """Mathtext of a stored unit such as "E*^1/2 l*^-3/2", "l*²/t*" or "1/(l* t*)", times l*^length; "" is a number."""
    powers = {"E": Fraction(0), "l": Fraction(length), "t": Fraction(0)}
    unit, sign, end = unit.translate(_PLAIN), 1, 0
    for match in _UNIT_FACTOR.finditer(unit):
        sign = -1 if "/" in unit[end : match.start()] else sign
        powers[match[1]] += sign * Fraction(match[2] or 1)
        end = match.end()
    factors = [rf"{name}_\ast" + (f"^{{{power}}}" if power != 1 else "") for name, power in powers.items() if power]
    return "$[" + r"\,".join(factors) + "]$" if factors else "[1]"


def _floor(panel: Panel) -> float:
    """Smallest |y| that a log axis shows."""
    if panel.y_scale != "log":
        return -np.inf
    values = [np.abs(c.y[np.isfinite(c.y)]) for c in panel.curves]
    largest = max((v.max() for v in values if v.size), default=0.0)
    return max(largest * 10.0**-panel.decades, np.finfo(float).tiny)


def _clean(panel: Panel, curve: Curve, floor: float) -> Curve:
    x, y = np.asarray(curve.x, dtype=float), np.array(curve.y, dtype=float)
    bad = ~_drawable(panel, x) | ~np.isfinite(y)
    if panel.y_scale == "log":
        bad |= np.abs(y) < floor
    y[bad] = np.nan
    return replace(curve, x=x, y=y)


def _drawable(panel: Panel, x: np.ndarray) -> np.ndarray:
    """Which x lie on the panel's axis."""
    return np.isfinite(x) & (x >= panel.x_min) & ((x > 0) | (panel.x_scale != "log"))


def _points(curve: Curve) -> np.ndarray:
    keep = np.isfinite(curve.y)
    return np.stack([curve.x[keep], curve.y[keep]])


def _draw_panel(figure: Figure, axes: Axes, panel: Panel, curves: tuple[Curve, ...]) -> None:
    axes.set(xscale=panel.x_scale, yscale=panel.y_scale, xlabel=panel.x_label, ylabel=panel.y_label)
    if panel.title:
        axes.set_title(panel.title, loc="left", pad=18 if panel.vertical else 6, fontweight="bold")
    values = sorted({c.value for c in curves if c.value is not None})
    colors = matplotlib.colormaps[TIME_COLORS](np.linspace(0, 0.92, len(values)))
    for curve in curves:
        _draw_curve(axes, panel, curve, curve.color if curve.value is None else colors[values.index(curve.value)])
    _set_limits(axes, panel, curves)
    for curve in curves:
        _shade(axes, curve)
    _draw_marks(axes, panel)
    number_format(axes, panel.x_scale, panel.y_scale)
    if values:
        _draw_color_bar(figure, axes, panel, values, colors)
    elif any(curve.label for curve in curves):
        _draw_legend(axes, panel, curves)


def _draw_curve(axes: Axes, panel: Panel, curve: Curve, color: object) -> None:
    """A curve; on a log axis its negative parts as thin dashes of the same colour. Single points get a marker."""
    style = {"color": color, "linewidth": curve.width, "linestyle": curve.dash, "marker": curve.marker}
    if np.isfinite(curve.y).sum() == 1:
        style["marker"] = "o"
    if panel.y_scale != "log":
        axes.plot(curve.x, curve.y, label=curve.label, **style)
        return
    positive = np.where(curve.y > 0, curve.y, np.nan)
    negative = np.where(curve.y < 0, -curve.y, np.nan)
    axes.plot(curve.x, positive, label=curve.label, **style)
    axes.plot(curve.x, negative, **(style | {"linestyle": (0, (2.5, 1.5)), "linewidth": 0.75 * curve.width}))


def _shade(axes: Axes, curve: Curve) -> None:
    """The side of a curve that `fill` names, to the edge of the axes; and its band."""
    if curve.band is not None:
        axes.fill_between(curve.x, *curve.band, color=curve.color, alpha=0.25, linewidth=0)
    if curve.fill:
        edge = axes.get_ylim()[1 if curve.fill == "above" else 0]
        axes.fill_between(curve.x, curve.y, edge, color=curve.color, alpha=0.13, linewidth=0)


def _set_limits(axes: Axes, panel: Panel, curves: tuple[Curve, ...]) -> None:
    # All x that the axis can show, also where no y is: the panels of a run then begin and end alike.
    x = np.concatenate([c.x[_drawable(panel, c.x)] for c in curves])
    low, high = x.min(), x.max()
    if high > low:
        axes.set_xlim(low, high)
    if panel.y_limits is not None:
        axes.set_ylim(*panel.y_limits)
    for mark, dash in zip(panel.horizontal, (":", "-.", "--"), strict=False):
        axes.axhline(mark.position, color=GREY, linestyle=dash, linewidth=1.3, label=mark.label)


def _draw_marks(axes: Axes, panel: Panel) -> None:
    """Dotted lines, named outside the frame so that no curve is covered; those outside the axes are left out."""
    low, high = axes.get_xlim()
    for mark in panel.vertical:
        if low <= mark.position <= high:
            axes.axvline(mark.position, color=GREY, linestyle=":", linewidth=1.1)
            axes.annotate(mark.label, (mark.position, 1.0), xycoords=("data", "axes fraction"), **MARK_LABEL)


def number_format(axes: Axes, x_scale: str, y_scale: str) -> None:
    """Powers of ten as such, also on linear axes; numbers between them where a log axis spans little."""
    for axis, scale in ((axes.xaxis, x_scale), (axes.yaxis, y_scale)):
        if scale == "log":
            low, high = axis.get_view_interval()
            span = np.log10(high / low)
            if span < 1.5:
                few = ticker.MaxNLocator(5, steps=(1, 2, 5, 10))
                axis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5)) if span > 0.7 else few)
                axis.set_major_formatter(ticker.FuncFormatter(short_number))
            axis.set_minor_formatter(ticker.NullFormatter())  # numbers between the powers of ten would overlap
        else:
            formatter = ticker.ScalarFormatter(useMathText=True)
            formatter.set_powerlimits((-3, 4))
            axis.set_major_formatter(formatter)
            if axis is axes.xaxis:  # numbers side by side: few, so that they keep apart
                axis.set_major_locator(ticker.MaxNLocator("auto", steps=(1, 2, 5, 10)))


def short_number(value: float, _: object = None) -> str:
    """1000 → $10^{3}$, 20000 → $2\\times10^{4}$, 0.2 → 0.2."""
    if value == 0 or 0.01 <= abs(value) < 999.5:
        return f"{value:.3g}"
    factor, exponent = f"{value:.2e}".split("e")
    factor = factor.rstrip("0").rstrip(".")
    return f"$10^{{{int(exponent)}}}$" if factor == "1" else rf"${factor}\times10^{{{int(exponent)}}}$"


def _draw_color_bar(figure: Figure, axes: Axes, panel: Panel, values: list[float], colors: np.ndarray) -> None:
    """One block of colour per value, so that the bar is readable however the values are spaced; at most 9 named."""
    count = len(values)
    scale = ScalarMappable(BoundaryNorm(np.arange(count + 1) - 0.5, count), ListedColormap(colors))
    bar = figure.colorbar(scale, ax=axes, pad=0.02, aspect=30, label=panel.color_label)
    named = np.unique(np.linspace(0, count - 1, min(count, 9)).round().astype(int)).tolist()
    bar.set_ticks(named, labels=[short_number(values[i]) for i in named])
    bar.minorticks_off()


def _draw_legend(axes: Axes, panel: Panel, curves: tuple[Curve, ...]) -> None:
    handles, labels = axes.get_legend_handles_labels()
    if panel.y_scale == "log" and any((c.y < 0).any() for c in curves):
        handles += axes.plot([], [], color=GREY, linestyle=(0, (2.5, 1.5)), linewidth=1.2)
        labels.append("dashed: negative")
    handles += [Line2D([], [], linestyle="none")] * len(panel.remarks)
    labels += panel.remarks
    legend_below(axes, handles, labels)


def legend_below(axes: Axes, handles: list[Any], labels: list[str]) -> None:
    """A legend under the axis label, where it covers no curve."""
    below = axes.transAxes + ScaledTranslation(0, -LEGEND_DROP, axes.figure.dpi_scale_trans)
    place = {"loc": "upper center", "bbox_to_anchor": (0.5, 0), "bbox_transform": below}
    axes.legend(handles, labels, **place, ncols=2, handlelength=1.8, borderpad=0)
