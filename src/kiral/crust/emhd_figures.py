"""Figures of a run in a shell from its series, spectra and profiles. Units are those that the run has stored."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import matplotlib
import numpy as np

from kiral.crust.emhd_maps import mean_squares, stored_field
from kiral.crust.emhd_stages import stages
from kiral.report import style
from kiral.report.style import AMBER, BLACK, BLUE, GREEN, GREY, ORANGE, PURPLE, Curve, Drawing, Panel

MOST_TIMES = 5
STAGE_COLORS = {"early": GREEN, "exponential": AMBER, "late": PURPLE}
_POWER, _SYMBOL = re.compile(r"\^(-?\d+)"), re.compile(r"[A-Za-z]+\*?")


def unit(variable: Any) -> str:
    """The unit of a stored quantity, in brackets: [erg], [1/yr], $[B^{2}\\,R^{3}]$."""
    return bracketed(variable.attrs.get("units", "1"))


def bracketed(text: str) -> str:
    """The same of a unit as text."""
    if not set(text) & set("^*"):
        return f"[{text}]"
    return "$[" + _SYMBOL.sub(_upright, _POWER.sub(r"^{\1}", text)).replace(" ", r"\,") + "]$"


def _upright(found: re.Match[str]) -> str:
    name = found[0]
    if name.endswith("*"):
        return rf"{name[:-1]}_\ast"
    return rf"\mathrm{{{name}}}" if len(name) > 1 else name


def time_label(data: Any) -> str:
    """Label of an axis of time."""
    return f"time $t$  {unit(data['t'])}"


def moment(data: Any, index: int) -> str:
    """A stored time to read: t = 70 yr."""
    return f"t = {float(data['t'][index]):.4g} {data['t'].attrs.get('units', '')}".rstrip()


def chosen_times(count: int, most: int) -> list[int]:
    """Indices of at most `most` of `count` stored times, evenly over all of them, first and last included."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(int)).tolist()


def has_times(data: Any, fewest: int = 1) -> bool:
    """Is anything stored."""
    return data is not None and data.sizes.get("t", 0) >= fewest


# --- series ----------------------------------------------------------------------------------------------------------


def energies(run: Any) -> Drawing | None:
    """Energies with the stages' fits against time and against its logarithm; field; growth rate (D24, Fig. 2)."""
    if not has_times(run.series, 2):
        return None
    panels = (*energy_panels(run), field_panel(run), rate_panel(run))
    caption = (
        "Energy of the field within the shell, with the stages that the run has (broad lines: fits, see the table); root mean "
        "square field, and how much of it is a dipole at the surface; rate at which the energy grows."
    )
    return style.draw("energies", "Energies and their stages", caption, panels, columns=2)


def energy_panels(run: Any) -> tuple[Panel, Panel]:
    """Energies against time, and against its logarithm where a power of t is a line."""
    data = run.series
    t, poloidal, toroidal = _series(run, "t", "energy_poloidal", "energy_toroidal")
    fits = tuple(
        Curve(s.label, s.t, s.fit, STAGE_COLORS[s.name], width=5.0, dash="-") for s in stages(t, poloidal, toroidal)
    )
    parts = (
        Curve("total", t, poloidal + toroidal, BLACK),
        Curve("poloidal", t, poloidal, BLUE, "-."),
        Curve("toroidal", t, toroidal, ORANGE, ":"),
    )
    label = f"energy in the shell  {unit(data['energy_poloidal'])}"
    curves = (*fits, *parts)
    first = max(float(t[1] - t[0]), 1e-4 * float(t[-1] - t[0]))
    return (
        Panel(time_label(data), label, curves, "energies", x_scale="linear", decades=14),
        Panel(time_label(data), label, curves, "energies, time as logarithm", x_min=first, decades=14),
    )


def field_panel(run: Any) -> Panel:
    """Root mean square field and surface dipole."""
    t, mean, dipole = _series(run, "t", "b_mean", "surface_dipole")
    curves = (Curve("root mean square", t, mean, BLACK), Curve("dipole at its pole", t, dipole, GREY, "--"))
    label = f"magnetic field  {unit(run.series['b_mean'])}"
    return Panel(time_label(run.series), label, curves, "field", x_scale="linear", decades=12)


def rate_panel(run: Any) -> Panel:
    """d ln E/dt of the energy in the shell, between the samples."""
    t, poloidal, toroidal = _series(run, "t", "energy_poloidal", "energy_toroidal")
    total = np.maximum(poloidal + toroidal, np.finfo(float).tiny)
    curve = Curve("", (t[1:] + t[:-1]) / 2, np.diff(np.log(total)) / np.diff(t), BLACK)
    label = rf"$\mathrm{{d}}\ln E/\mathrm{{d}}t$  {bracketed('1/' + run.series['t'].attrs.get('units', '1'))}"
    return Panel(time_label(run.series), label, (curve,), "growth of the energy", x_scale="linear", y_scale="linear")


def parity(run: Any) -> Drawing | None:
    """Shares of even and odd degrees in the energy: what the chiral current keeps and Hall drift mixes."""
    if not has_times(run.series, 2) or "even_share" not in run.series:
        return None
    panel = parity_panel(run)
    caption = (
        "Share of even and of odd degrees in the energy, that outside included. In a spherically symmetric medium the chiral "
        "current does not mix degrees; Hall drift and feedback do."
    )
    return style.draw("parity", "Even and odd degrees", caption, (panel,))


def parity_panel(run: Any) -> Panel:
    """Even and odd share against time."""
    t, even = _series(run, "t", "even_share")
    curves = (Curve("even degrees", t, even, BLUE), Curve("odd degrees", t, 1 - even, ORANGE, "--"))
    return Panel(time_label(run.series), "share of the energy  [1]", curves, "parity", x_scale="linear", decades=16)


# --- spectra ---------------------------------------------------------------------------------------------------------


def degrees(run: Any) -> Drawing | None:
    """Energy by degree at stored times: total, poloidal, toroidal (D24, Fig. 3); None for fewer than two degrees."""
    panel = degree_panel(run)
    if panel is None:
        return None
    caption = (
        "Energy of every degree; dash-dotted: poloidal, dotted: toroidal, both within the shell."
        if "energy_poloidal_l" in run.spectra
        else "Energy of every degree, that outside included."
    )
    return style.draw("degrees", "Energy by degree", caption, (panel,))


def degree_panel(run: Any, most: int = MOST_TIMES) -> Panel | None:
    """Energies by degree at up to `most` stored times."""
    data = run.spectra
    if not has_times(data) or data.sizes.get("l", 0) < 3:
        return None
    l = np.asarray(data["l"], float)[1:]
    kinds = (("energy_l", "", "-"), ("energy_poloidal_l", "_poloidal, ", "-."), ("energy_toroidal_l", "_toroidal, ", ":"))
    curves = []
    for i, color in _colored(chosen_times(data.sizes["t"], most)):
        for name, prefix, dash in kinds:
            if name in data:
                rows = np.asarray(data[name][i], float)[1:]
                marker = "." if dash == "-" else ""
                curves.append(Curve(prefix + moment(data, i), l, rows, color, dash, 1.3, marker=marker))
    label = f"energy  {unit(data['energy_l'])}"
    return Panel(r"degree $\ell$  [1]", label, tuple(curves), "by degree", decades=16)


def orders(run: Any) -> Drawing | None:
    """Energy by order m at stored times; None for axisymmetric runs."""
    data = run.spectra
    if not has_times(data) or data.sizes.get("m", 0) < 2 or "energy_m" not in data:
        return None
    m = np.asarray(data["m"], float)
    curves = tuple(
        Curve(moment(data, i), m, np.asarray(data["energy_m"][i], float), color, marker=".")
        for i, color in _colored(chosen_times(data.sizes["t"], MOST_TIMES))
    )
    label = f"energy  {unit(data['energy_m'])}"
    panel = Panel("order $m$  [1]", label, curves, "by order", x_scale="linear", decades=16)
    return style.draw("orders", "Energy by order", "Energy of every order, m and −m together, that outside included.", (panel,))


# --- profiles --------------------------------------------------------------------------------------------------------


def profiles(run: Any) -> Drawing | None:
    """Root mean square components over the spheres, at stored times."""
    data = run.snapshots
    if not has_times(data):
        return None
    chosen = chosen_times(data.sizes["t"], MOST_TIMES)
    r = np.asarray(data["r"], float)
    found = [(moment(data, i), np.sqrt(mean_squares(stored_field(run, i), r)), color) for i, color in _colored(chosen)]
    names = ((r"B_r", "radial"), (r"B_\theta", "along the meridian"), (r"B_\phi", "around the axis"))
    field = unit(run.series["b_mean"])
    panels = tuple(
        Panel(
            radius_label(data), rf"$\langle {symbol}^2\rangle^{{1/2}}$  {field}",
            tuple(Curve(label, r, rms[i], color, width=1.3) for label, rms, color in found), title, x_scale="linear", decades=7,
        )
        for i, (symbol, title) in enumerate(names)
    )  # fmt: skip
    caption = "Root mean square of each component over the sphere of every radius."
    return style.draw("profiles", "Field over radius", caption, panels, columns=3)


def radius_label(data: Any) -> str:
    """Label of an axis of radius."""
    return f"radius $r$  {unit(data['r'])}"


def _series(run: Any, *names: str) -> tuple[np.ndarray, ...]:
    return tuple(np.asarray(run.series[name], float) for name in names)


def _colored(chosen: Sequence[int]) -> list[tuple[int, str]]:
    """Each index with its colour, dark to light."""
    if len(chosen) == 1:
        return [(chosen[0], BLUE)]
    colors = matplotlib.colormaps[style.TIME_COLORS](np.linspace(0, 0.88, len(chosen)))
    return [(i, matplotlib.colors.to_hex(color)) for i, color in zip(chosen, colors, strict=True)]
