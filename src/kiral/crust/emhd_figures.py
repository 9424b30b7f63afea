"""Figures of a run in a shell from its series, spectra and profiles. Units are those that the run has stored."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import matplotlib
import numpy as np
from matplotlib.colors import to_hex

from kiral.crust.emhd_maps import drawable, mean_squares, stored_field
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


def draw_all(run: Any) -> Iterator[Drawing]:
    """All figures of this module that the run has data for."""
    for make in (energies, winding, field, growth, degrees, orders, parity):
        if (drawing := make(run)) is not None:
            yield drawing
    yield from profiles(run)


# --- series ----------------------------------------------------------------------------------------------------------


def energies(run: Any) -> Drawing | None:
    """Energies with the fits of their stages (D24, Fig. 2)."""
    caption = "Energy of the field within the shell. Broad lines are fits to the stages that the run has, see the table."
    return style.draw("energies", "Energies and their stages", caption, energy_panels(run)[:1]) if _sampled(run) else None


def winding(run: Any) -> Drawing | None:
    """The same against the logarithm of time, where the power of t of the early toroidal energy is a line."""
    caption = "The same energies against the logarithm of time, where a power of t is a straight line."
    return style.draw("winding", "Energies from the start", caption, energy_panels(run)[1:]) if _sampled(run) else None


def field(run: Any) -> Drawing | None:
    """Root mean square field and surface dipole."""
    caption = "Root mean square field in the shell, and the field of degree 1 at its pole on the outer boundary."
    return style.draw("field", "Strength of the field", caption, (field_panel(run),)) if _sampled(run) else None


def growth(run: Any) -> Drawing | None:
    """Growth rate of the energy."""
    caption = "Growth rate of the energy, that outside included, from the powers that change it."
    return style.draw("growth", "Growth of the energy", caption, (rate_panel(run),)) if _sampled(run) else None


def _sampled(run: Any) -> bool:
    return has_times(run.series, 2)


def energy_panels(run: Any) -> tuple[Panel, Panel]:
    """Energies with fits against time, and against its logarithm."""
    data = run.series
    t, poloidal, toroidal = _series(run, "t", "energy_poloidal", "energy_toroidal")
    fits = tuple(Curve(s.label, s.t, s.fit, STAGE_COLORS[s.name], width=5.0) for s in stages(t, poloidal, toroidal))
    parts = (
        Curve("total", t, poloidal + toroidal, BLACK),
        Curve("poloidal", t, poloidal, BLUE, "-."),
        Curve("toroidal", t, toroidal, ORANGE, ":"),
    )
    time, label = time_label(data), f"energy in the shell  {unit(data['energy_poloidal'])}"
    first = max(float(t[1] - t[0]), 1e-4 * float(t[-1] - t[0]))
    return (
        Panel(time, label, (*fits, *parts), "energies", x_scale="linear", decades=14),
        Panel(time, label, (*fits, *parts), x_min=first, decades=14),
    )


def field_panel(run: Any) -> Panel:
    """Root mean square field and surface dipole."""
    t, mean, dipole = _series(run, "t", "b_mean", "surface_dipole")
    curves = (Curve("root mean square", t, mean, BLACK), Curve("dipole at its pole", t, dipole, GREY, "--"))
    label = f"magnetic field  {unit(run.series['b_mean'])}"
    return Panel(time_label(run.series), label, curves, "field", x_scale="linear", decades=12)


def rate_panel(run: Any) -> Panel:
    """Growth rate of the energy, that outside included."""
    t, rate = _series(run, "t", "growth_rate")
    label = f"growth rate  {unit(run.series['growth_rate'])}"
    curves = (Curve("", t, rate, BLACK),)
    return Panel(time_label(run.series), label, curves, "growth of the energy", x_scale="linear", y_scale="linear")


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
    for i, color in colored(chosen_times(data.sizes["t"], most)):
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
        for i, color in colored(chosen_times(data.sizes["t"], MOST_TIMES))
    )
    label = f"energy  {unit(data['energy_m'])}"
    panel = Panel("order $m$  [1]", label, curves, "by order", x_scale="linear", decades=16)
    return style.draw("orders", "Energy by order", "Energy of every order, m and −m together, that outside included.", (panel,))


# --- profiles --------------------------------------------------------------------------------------------------------


def profiles(run: Any) -> Iterator[Drawing]:
    """Root mean square of each component over the spheres, at stored times: a figure for each."""
    data = run.snapshots
    if not drawable(run):
        return
    chosen, r = chosen_times(data.sizes["t"], MOST_TIMES), np.asarray(data["r"], float)
    found = [(moment(data, i), np.sqrt(mean_squares(stored_field(run, i), r)), color) for i, color in colored(chosen)]
    names = (("r", "r", "Radial field"), ("theta", r"\theta", "Meridional field"), ("phi", r"\phi", "Azimuthal field"))
    for i, (name, symbol, title) in enumerate(names):
        label = rf"$\langle B_{symbol}^2\rangle^{{1/2}}$  {unit(run.series['b_mean'])}"
        curves = tuple(Curve(text, r, rms[i], color, width=1.3) for text, rms, color in found)
        panel = Panel(radius_label(data), label, curves, x_scale="linear", decades=7)
        caption = "Root mean square of the component over the sphere of every radius."
        drawing = style.draw(f"profile_{name}", f"{title} over radius", caption, (panel,))
        if drawing is not None:
            yield drawing


def radius_label(data: Any) -> str:
    """Label of an axis of radius."""
    return f"radius $r$  {unit(data['r'])}"


def _series(run: Any, *names: str) -> tuple[np.ndarray, ...]:
    return tuple(np.asarray(run.series[name], float) for name in names)


def colored(chosen: Sequence[int]) -> list[tuple[int, str]]:
    """Each index of a time with its colour, dark to light."""
    if len(chosen) == 1:
        return [(chosen[0], BLUE)]
    colors = matplotlib.colormaps[style.TIME_COLORS](np.linspace(0, 0.88, len(chosen)))
    return [(i, to_hex(color)) for i, color in zip(chosen, colors, strict=True)]
