"""Figures of the linear chiral magnetic instability in a crust, from datasets of calculations and from run folders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from kiral.report import style
from kiral.report.style import AMBER, BLACK, BLUE, GREEN, GREY, ORANGE, Curve, Drawing, Mark, Panel

if TYPE_CHECKING:
    import xarray

TIME, RADIUS, DEGREE = "time $t$  [yr]", "areal radius $r$  [km]", r"degree $\ell$  [1]"
PAPER_TIMES = {1.0: 22.0, 1e-2: 75.0, 1e-4: 400.0, 1e-5: 6000.0}
"""Years from <B> = 3e12 G to 1e15 G by delta mu/kT, as Dehman & Pons (2024) state them in their text."""


def curve_of(run: Any, name: str, label: str, color: str, dash: str = "-") -> Curve:
    """A series of a run against time."""
    return Curve(label, np.asarray(run.series["t"], float), np.asarray(run.series[name], float), color, dash)


def energies_and_field(run: Any, time: str, energy: str, field: str, decades: float) -> tuple[Panel, ...]:
    """Energies by kind, and the mean field with the surface dipole, of a run in a shell; () before its second sample.

    time, energy, field: labels of the axes; decades: how far down energies are shown.
    """
    if run.series.sizes.get("t", 0) < 2:
        return ()
    parts = (
        curve_of(run, "energy_poloidal", "poloidal", BLUE),
        curve_of(run, "energy_toroidal", "toroidal", ORANGE, "--"),
        curve_of(run, "energy_outside", "outside", GREEN, ":"),
    )
    fields = (curve_of(run, "b_mean", "mean", BLACK), curve_of(run, "surface_dipole", "dipole at its pole", GREY, "--"))
    return (
        Panel(time, energy, parts, "energies", x_scale="linear", decades=decades),
        Panel(time, field, fields, "field", x_scale="linear"),
    )


def growth(data: xarray.Dataset) -> Drawing | None:
    """Growth rates against degree."""
    rates, l = data["growth_rate"].values, data["l"].values
    colors = (BLUE, ORANGE, GREEN, AMBER, GREY)
    curves = tuple(
        Curve(f"mode {i}" if i else "fastest mode", l, rates[:, i], colors[i % 5], marker=".") for i in range(rates.shape[1])
    )
    panel = Panel(DEGREE, "growth rate of the field  [1/yr]", curves, y_scale="linear", y_limits=(0.0, 1.15 * rates.max()))
    caption = "The growth rate hardly depends on the degree: layers of metres grow, and the horizontal scale is far larger."
    return style.draw("crust_growth", "Growth rate by degree", caption, (panel,))


def mode(data: xarray.Dataset) -> Drawing | None:
    """The fastest mode of the first degree, and where it grows."""
    r, l = data["r"].values, int(data["l"].values[0])
    f, g = (np.hypot(data[f"{name}_real"].values, data[f"{name}_imag"].values) for name in ("f", "g"))
    slope = np.abs(np.gradient(data["f_real"].values, r) + 1j * np.gradient(data["f_imag"].values, r))
    poloidal, toroidal = slope / slope.max(), g / max(g.max(), 1e-300)
    where = np.flatnonzero(g > 0.02 * g.max())
    inside = slice(max(where[0] - 4, 0), where[-1] + 5)
    real = data["g_real"].values[inside] / np.abs(data["g_real"].values).max()
    mode_panel = Panel(
        RADIUS, "over its largest value  [1]",
        (
            Curve(r"$|B_{\rm pol}|$, tangential", r[inside], poloidal[inside], BLUE),
            Curve(r"$|B_{\rm tor}|$", r[inside], toroidal[inside], ORANGE, "--"),
            Curve(r"$\mathrm{Re}\,B_{\rm tor}$", r[inside], real, GREY, width=0.9),
        ),
        f"fastest mode, l = {l}", x_scale="linear", y_scale="linear",
    )  # fmt: skip
    rate = Panel(
        RADIUS, r"$N\eta k_5^2/4$  [1/yr]", (Curve("", r, data["local_rate"].values, GREEN),), "local bound of growth",
        x_scale="linear", decades=9, horizontal=(Mark("fastest mode", float(data["growth_rate"].values[0, 0])),),
    )  # fmt: skip
    waves = Panel(
        RADIUS, r"$|k_5|$  [1/km]", (Curve("", r, np.abs(data["k5"].values), BLACK),), "chiral wave number",
        x_scale="linear", decades=7,
    )  # fmt: skip
    caption = (
        "Moduli of the fastest mode's tangential fields where they matter, the bound of growth set by diffusivity and chiral "
        f"wave number, and the latter with its cap. max|f| = {f.max():.3g} of the mode of energy 1."
    )
    return style.draw("crust_mode", "The fastest mode in the crust", caption, (mode_panel, rate, waves), columns=3)


def amplification(data: xarray.Dataset) -> Drawing | None:
    """Energies and mean field in time."""
    t = data["t"].values
    energies = tuple(
        Curve(name, t, data[f"energy_{name}"].values, color, dash)
        for name, color, dash in (("poloidal", BLUE, "-"), ("toroidal", ORANGE, "--"))
    )
    field = Curve("", t, data["b_mean"].values, BLACK)
    panels = (
        Panel(TIME, "energy in the crust  [erg]", energies, "energies", x_scale="linear", decades=10),
        Panel(TIME, r"$\langle B^2\rangle^{1/2}$  [G]", (field,), "mean field", x_scale="linear"),
    )
    caption = "From the slowest poloidal decay mode. The toroidal field is wound up as t until both grow together."
    return style.draw("crust_amplification", "Amplification", caption, panels, columns=2)


def times(data: xarray.Dataset) -> Drawing | None:
    """Amplification times against delta mu/kT, the paper's beside ours."""
    x = data["delta_mu"].values
    order = np.argsort(x)
    wide = np.concatenate([[x.min() / 2], x[order], [2 * x.max()]])  # room beside the outermost points

    def curve(what: str, name: str, color: str, dash: str) -> Curve:
        values = np.concatenate([[np.nan], data[f"{what}_{name}"].values[order], [np.nan]])
        return Curve(name, wide, values, color, dash, marker="o")

    ours = tuple(
        curve("time", name, color, dash)
        for name, color, dash in (("isothermal", BLUE, "-"), ("cooling", ORANGE, "--"))
    )
    theirs = np.array(list(PAPER_TIMES.items())).T
    paper = Curve("Dehman & Pons (2024), text", theirs[0], theirs[1], BLACK, "", marker="s")
    rates = tuple(
        curve("field_rate", name, color, dash)
        for name, color, dash in (("isothermal", BLUE, "-"), ("cooling", ORANGE, "--"))
    )
    label = r"$\delta\mu/kT$  [1]"
    panels = (
        Panel(label, r"time from $3\times10^{12}$ to $10^{15}$ G  [yr]", (*ours, paper), "amplification time"),
        Panel(label, "growth rate of the field  [1/yr]", rates, "growth rate"),
    )
    caption = (
        "Amplification of a dipole from 3e12 G to 1e15 G; cooling: the temperature falls as a power of time. Rates: over the "
        "last e-folding."
    )
    return style.draw("crust_times", "Amplification times", caption, panels, columns=2)


def resolution(data: xarray.Dataset) -> Drawing | None:
    """Growth rate over the converged one, against the number of radial intervals."""
    n, best = data["n_r"].values, float(data["rate_reference"])
    kinds = (("second_order", "second order, even grid", ORANGE), ("even", "order 8, even grid", GREEN),
             ("refined", "order 8, refined grid", BLUE))  # fmt: skip
    ratio = tuple(Curve(label, n, data[f"rate_{name}"].values / best, color, marker="o") for name, label, color in kinds)
    error = tuple(Curve(c.label, n, np.abs(c.y - 1), c.color, marker="o") for c in ratio)
    label = r"radial intervals $N_r$  [1]"
    panels = (
        Panel(label, "growth rate over the converged one  [1]", ratio, "growth rate", y_scale="linear",
              vertical=(Mark("40 (D24)", 40.0),), horizontal=(Mark("converged", 1.0),)),
        Panel(label, "error of the growth rate  [1]", error, "error", decades=7),
    )  # fmt: skip
    caption = f"Largest growth rate, {best:.5g}/yr when converged. D24: Dehman & Pons (2024), who had 40 radial cells."
    return style.draw("crust_resolution", "How many radial points", caption, panels, columns=2)
