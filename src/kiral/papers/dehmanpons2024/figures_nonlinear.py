"""Figures of the nonlinear runs: Figs. 2 and 3 of D24 on the paper's axes, what ends the growth, other seeds, resolution."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from kiral.crust.emhd_maps import coefficient, mean_squares, stored_field
from kiral.papers.context import Context
from kiral.papers.dehmanpons2024 import common
from kiral.papers.dehmanpons2024.common import TARGET
from kiral.papers.dehmanpons2024.values_late import RESOLUTION
from kiral.papers.dehmanpons2024.values_nonlinear import at, series
from kiral.report import style
from kiral.report.style import BLACK, BLUE, GREEN, GREY, ORANGE, PURPLE, SKY, Curve, Drawing, Mark, Panel

TIME, MEAN = "time  [yr]", r"mean field $\langle B\rangle$  [G]"
NEAR = 0.12
"""Half of what is shown around the largest field [km]."""
SPECTRA = (0.0, 70.0, 100.0, 200.0, 300.0)
"""Times of Fig. 3 [yr]."""
PAPER = {"75 yr": (75.0, TARGET), "100 yr": (100.0, 1e16), "200 yr": (200.0, 3e16)}
"""Mean fields that the text gives: 1e15 G, of the order of 1e16 G, a few 1e16 G [yr, G]."""


def stages(context: Context) -> Drawing | None:
    """Fig. 2: poloidal, toroidal and total energy in time; mean field, and the dipole outside."""
    t, poloidal, toroidal, b, pole = series(context, "crust", "energy_poloidal", "energy_toroidal", "b_mean", "surface_dipole")
    first, early, middle = t > 0, (t > 0) & (t < 45), (t > 35) & (t < 90)
    squares = at(context, "crust", "energy_toroidal", 5) * (t / 5) ** 2
    grown = (poloidal + toroidal)[np.argmin(abs(t - 60))] * np.exp(0.3 * (t - 60))
    energies = (
        Curve("total", t, poloidal + toroidal, ORANGE), Curve("poloidal", t, poloidal, BLACK, "-."),
        Curve("toroidal", t[first], toroidal[first], BLUE, ":", width=2.2),
        Curve(r"$\propto t^2$", t[early], squares[early], GREY, "--", width=1.0),
        Curve(r"$\propto e^{0.3 t/\mathrm{yr}}$", t[middle], grown[middle], PURPLE, "--", width=1.0),
    )  # fmt: skip
    linear = common.evolution()
    said = np.array([point for point in PAPER.values() if point[0] <= t[-1]])
    fields = (
        Curve("ours", t, b, ORANGE), Curve("ours, linear", linear.t, linear.b_mean, GREY, "--", width=1.0),
        Curve("pole outside", t, pole, BLUE), Curve("D24, text", said[:, 0], said[:, 1], BLACK, "", marker="s"),
    )  # fmt: skip
    panels = (
        Panel(TIME, "energy in the crust  [erg]", energies, "energies", "linear", decades=11),
        Panel(TIME, r"$B$  [G]", fields, "mean field and dipole", "linear", decades=6),
    )
    caption = (
        "Left, as Fig. 2: energies with Hall drift, feedback and the star's metric, δmu/kT = 0.01 at 1e9 K. Right: the mean "
        "field, what the text says of it (“of the order of 1e16 G” at 100 yr by our reading of a damaged exponent), and the "
        "dipole at the pole outside."
    )
    return style.draw("fig2", "Fig. 2: energies and fields in time", caption, panels, columns=2)


def spectra(context: Context) -> Drawing | None:
    """Fig. 3: energy by degree at 0, 70, 100, 200, 300 yr, with its poloidal and toroidal parts."""
    found = context.run("crust").spectra
    l = np.asarray(found["l"], dtype=float)[1:]
    curves = []
    for t in SPECTRA:
        if abs(float(found["t"].sel(t=t, method="nearest")) - t) > 1:
            continue
        chosen = found.sel(t=t, method="nearest")
        for name, dash, width in (("energy_l", "-", 1.7), ("energy_poloidal_l", "-.", 1.0), ("energy_toroidal_l", ":", 1.3)):
            values = np.asarray(chosen[name], dtype=float)[1:]
            curves.append(Curve(f"{name}, {t:g} yr", l, values, dash=dash, width=width, value=t))
    last = np.asarray(found["energy_l"], dtype=float)[-1, 1:]
    curves.append(Curve("l^-2", l, 2 * last.max() * l**-2.0, GREY, "--", width=1.0))
    panel = Panel(r"degree $\ell$  [1]", "energy  [erg]", tuple(curves), decades=16, color_label="time  [yr]")
    caption = (
        "Energy by degree: all (solid), poloidal (dash-dotted), toroidal (dotted), dashed l^-2. The seed is a pure dipole. "
        "Degrees above 1 are made by feedback (odd ones) and by Hall drift (even ones)."
    )
    return style.draw("fig3", "Fig. 3: spectra", caption, (panel,))


def growth_rate(context: Context) -> Drawing | None:
    """Growth rate of the energy over the mean field."""
    named = {
        "crust": ("all terms", ORANGE, "-"), "flat": ("flat space", SKY, "-"), "no-hall": ("no Hall drift", BLUE, "--"),
        "no-feedback": ("no feedback", GREEN, "-"),
    }  # fmt: skip
    curves = []
    for name, (label, color, dash) in named.items():
        if context.has(name):
            t, rate, b = series(context, name, "growth_rate", "b_mean")
            shown = t > 40
            curves.append(Curve(label, b[shown], rate[shown], color, dash))
    marks = (Mark("D24", 0.3), Mark("largest eigenvalue", 2 * common.rate()))
    panel = Panel(MEAN, "growth rate of the energy  [1/yr]", tuple(curves), y_scale="linear", horizontal=marks)
    caption = "Growth slows from a few 1e14 G on, where the growing layer has b B² near 1; t > 40 yr."
    return style.draw("growth-rate", "Growth rate and field", caption, (panel,))


def terms(context: Context) -> Drawing | None:
    """Mean field and even degrees, with one term left out."""
    if not context.has("no-feedback"):
        return None
    named = {"crust": ("all terms", ORANGE, "-"), "no-hall": ("no Hall drift", BLUE, "--"),
             "no-feedback": ("no feedback", GREEN, "-"), "degrees": ("all terms, more degrees", PURPLE, ":")}  # fmt: skip
    fields, even = [], []
    for name, (label, color, dash) in named.items():
        t, b, part = series(context, name, "b_mean", "even_share")
        fields.append(Curve(label, t, b, color, dash))
        if name != "no-hall":
            even.append(Curve(label, t[t > 0], part[t > 0], color, dash))
    panels = (
        Panel(TIME, MEAN, tuple(fields), "mean field", "linear"),
        Panel(TIME, "share of even degrees  [1]", tuple(even), "parity", "linear", decades=6),
    )
    caption = (
        "The same run with all terms, without Hall drift, and without the anomaly's feedback. Without Hall drift there are no "
        "even degrees."
    )
    return style.draw("terms", "Which term ends the growth", caption, panels, columns=2)


def departures(context: Context) -> Drawing | None:
    """Mean field over time for other departures from equilibrium, another seed, and the paper's number of cells."""
    if not context.has("delta-one"):
        return None
    named = {
        "delta-one": (r"$\delta\mu/kT=1$", BLUE), "crust": (r"$\delta\mu/kT=10^{-2}$", ORANGE),
        "delta-small": (r"$\delta\mu/kT=10^{-4}$", GREEN), "seed-gauss": ("seed of 3 G", PURPLE),
        "cells-40": ("40 cells, second order", GREY),
    }  # fmt: skip
    curves = []
    for name, (label, color) in named.items():
        t, b = series(context, name, "b_mean")
        curves.append(Curve(label, t, b, color))
    panel = Panel(TIME, MEAN, tuple(curves), x_min=2.0, y_limits=(1e12, 1e17), horizontal=(Mark(r"$10^{15}$ G", TARGET),))
    caption = "Mean field with Hall drift and feedback, 1e9 K."
    return style.draw("departures", "Other departures from equilibrium and seeds", caption, (panel,))


def convergence(context: Context) -> Drawing | None:
    """Mean field on other grids over that of the run."""
    if not context.has("radius"):
        return None
    colors = dict(zip(RESOLUTION, (BLUE, GREEN, PURPLE, BLACK), strict=True))
    curves = []
    for name, what in RESOLUTION.items():
        t, b = series(context, name, "b_mean")
        own = np.exp(np.interp(t, series(context, "crust", "b_mean")[0], np.log(series(context, "crust", "b_mean")[1])))
        curves.append(Curve(what, t, 100 * (b / own - 1), colors[name]))
    panel = Panel(TIME, r"difference of $\langle B\rangle$  [%]", tuple(curves), "", "linear", y_scale="linear")
    caption = "Mean field with other grids and steps and in three dimensions (with 1 % of noise in the seed), against the run."
    return style.draw("convergence", "Resolution of the runs", caption, (panel,))


def layer(context: Context) -> Drawing | None:
    """Mean square field over the radius at the start and at 100 yr, and b B² there."""
    run = context.run("crust")
    times, r = (np.asarray(run.snapshots[name], dtype=float) for name in ("t", "r"))
    first, last = (mean_squares(stored_field(run, int(np.argmin(abs(times - t)))), r).sum(axis=0) for t in (0, 100))
    strength = coefficient(run, "feedback_strength", 100.0)
    near = np.abs(r - r[np.argmax(last)]) < NEAR
    label = "areal radius  [km]"
    panels = (
        Panel(label, r"$\langle B^2\rangle^{1/2}$ over the sphere  [G]",
              (Curve("100 yr", r, np.sqrt(last), ORANGE), Curve("start", r, np.sqrt(first), GREY, "--")),
              "in the crust", "linear", decades=6),
        Panel(label, r"$b\langle B^2\rangle$  [1]", (Curve("100 yr", r[near], (strength * last)[near], BLUE, marker="."),),
              "feedback", "linear", y_scale="linear"),
    )  # fmt: skip
    caption = "Root mean square field over spheres, and the strength b B² of the feedback where it is largest."
    return style.draw("layer", "The layer that grew", caption, panels, columns=2)


FIGURES: dict[str, Callable[[Context], Drawing | None]] = {
    "fig2": stages,
    "fig3": spectra,
    "growth-rate": growth_rate,
    "layer": layer,
    "terms": terms,
    "departures": departures,
    "convergence": convergence,
}
