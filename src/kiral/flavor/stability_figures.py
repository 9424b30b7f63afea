"""Figures of linear stability, from the dataset of `kiral calc stability`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kiral.report import style
from kiral.report.style import BLACK, BLUE, GREEN, GREY, ORANGE, Curve, Drawing, Mark, Panel, unit_math

if TYPE_CHECKING:
    import xarray

WAVE = f"wave number $k$  {unit_math('1/l*')}"
BRANCHES = (("", "axial", BLUE), ("_breaking", "breaks axial symmetry", ORANGE))


def growth(data: xarray.Dataset) -> Drawing | None:
    """Growth rate of the fastest mode against k, with the edges of the bands and the most unstable mode."""
    k, curves, marks = _values(data, "k"), [], []
    for end, text, color in BRANCHES:
        if f"growth{end}" not in data:
            continue
        rate = _values(data, f"growth{end}")
        fastest = np.where(np.isfinite(rate).any(axis=1), np.nanmax(np.nan_to_num(rate, nan=0.0), axis=1), 0.0)
        curves.append(Curve(text, k, np.maximum(fastest, 0.0), color))
        if np.isfinite(data[f"k_star{end}"]):
            top = np.array([float(data[f"growth_rate{end}"])])
            curves.append(Curve(f"fastest, {text}", np.array([float(data[f"k_star{end}"])]), top, color, marker="o"))
        if end == "" and "band_low" in data:
            marks = [Mark("", float(edge)) for name in ("band_low", "band_high") for edge in data[name]]
    label = rf"growth rate Im $\omega$  {unit_math('1/t*')}"
    panel = Panel(WAVE, label, tuple(curves), "", "linear", y_scale="linear", vertical=tuple(marks))
    caption = "Growth rate of flavor waves against wave number. Dotted: edges of the bands in which axial modes grow."
    return style.draw("stability_growth", "Growth rate against wave number", caption, (panel,))


def branches(data: xarray.Dataset) -> Drawing | None:
    """Real and imaginary part of the frequencies against k: all modes of beams, the growing ones of continuous angles."""
    k, parts = _values(data, "k"), ([], [])
    for end, text, color in BRANCHES:
        if f"growth{end}" not in data:
            continue
        frequency, rate = _values(data, f"frequency{end}"), _values(data, f"growth{end}")
        grows = np.isfinite(rate) & (rate > 1e-6 * np.nanmax(np.abs(rate), initial=1e-300))
        if data.attrs["discrete"]:
            parts[0].append(_points("no growth", k, np.where(grows, np.nan, frequency), GREY))
        parts[0].append(_points(text, k, np.where(grows, frequency, np.nan), color))
        parts[1].append(_points(text, k, np.where(grows, rate, np.nan), color))
    panels = tuple(
        Panel(WAVE, rf"{part} $\omega$  {unit_math('1/t*')}", tuple(curves), title, "linear", y_scale="linear")
        for part, title, curves in (("Re", "frequency", parts[0]), ("Im", "growth rate", parts[1]))
    )
    which = "All modes of the beams" if data.attrs["discrete"] else "The growing modes"
    return style.draw("stability_branches", "Frequencies against wave number", f"{which}; coloured where they grow.", panels, 2)


def distribution(data: xarray.Dataset) -> Drawing | None:
    """Lepton number against velocity, with its crossings."""
    discrete = bool(data.attrs["discrete"])
    v, g = _values(data, "v"), _values(data, "lepton_number")
    curve = Curve("", v, g, BLACK, "" if discrete else "-", marker="o" if discrete else "")
    marks = tuple(Mark(f"{float(c):.3g}", float(c)) for c in data["crossings"]) if "crossings" in data else ()
    unit = "[n*]" if discrete else "[n*], per dv"
    zero = (Mark("", 0.0),)
    axes = ("velocity $v$  [c]", f"lepton number  {unit}")
    panel = Panel(*axes, (curve,), "", "linear", y_scale="linear", vertical=marks, horizontal=zero)
    caption = "Neutrinos less antineutrinos, electron less other flavor, over the velocity along the axis."
    return style.draw("stability_distribution", "Lepton number of the directions", caption, (panel,))


def spatial(data: xarray.Dataset) -> Drawing | None:
    """Complex wave numbers at real frequencies, where they were asked for."""
    if "spatial_growth" not in data:
        return None
    omega, panels = _values(data, "omega"), []
    grows = np.abs(_values(data, "spatial_growth")) > 1e-9
    for name, part in (("spatial_wave_number", "Re"), ("spatial_growth", "Im")):
        values = np.where(grows, _values(data, name), np.nan)
        curves = (_points("", omega, values, GREEN),)
        axes = (rf"frequency $\omega$  {unit_math('1/t*')}", f"{part} $k$  {unit_math('1/l*')}")
        panels.append(Panel(*axes, curves, f"{part} k", "linear", y_scale="linear"))
    caption = "Complex wave numbers of steady perturbations at real frequencies; their conjugates are modes as well."
    return style.draw("stability_spatial", "Branches in space", caption, tuple(panels), 2)


def _points(label: str, x: np.ndarray, y: np.ndarray, color: str) -> Curve:
    """All branches y (n, m) over x (n,) as points of one kind."""
    return Curve(label, np.tile(x, y.shape[1]), y.T.ravel(), color, "", marker=".")


def _values(data: xarray.Dataset, name: str) -> np.ndarray:
    return np.asarray(data[name], dtype=float)
