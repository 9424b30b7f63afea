"""Fig. 1 of F24 from our runs in the paper's axes, and what we found beyond it. Units of F24, which absorb √2 G_F."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from matplotlib.figure import Figure

from kiral.papers.context import Context
from kiral.papers.fiorillo2024.common import growth, linear_matrix
from kiral.papers.fiorillo2024.values_energy import pendulum as pendulum_of_beams
from kiral.papers.fiorillo2024.values_runs import (
    ENERGY,
    FIG1,
    energy_of_modes,
    ensemble,
    flavor_map,
    growth_rates,
    near,
    ratio,
    seeds,
    series,
    shifts,
    spectra,
)
from kiral.report import maps, style
from kiral.report.maps import Contour, Map
from kiral.report.style import BLACK, BLUE, GREEN, GREY, ORANGE, Curve, Drawing, Mark, Panel

TIME, PLACE, WAVE = "time $t$", "position $z$", "wave number $k$"
RATIO = r"$U_\mathrm{osc}(t)/U_\mathrm{osc}(0)$"
LINEAR = {"x_scale": "linear", "y_scale": "linear"}


def fig1(context: Context) -> Drawing | None:
    """Both panels of Fig. 1, one above the other."""
    t, z, content = flavor_map(context)
    above = Map(TIME, PLACE, r"$\nu_x$ content of $v=+1$", t, z, np.clip(content.T, 0, 1), z_limits=(0.0, 1.0),
                contours=(Contour("1/4, 1/2, 3/4", (0.25, 0.5, 0.75)),), title="flavor")  # fmt: skip
    below = Panel(TIME, RATIO, (Curve("", *ratio(context), BLUE),), title="energy", **LINEAR)
    shape = "N = " + str(context.run(FIG1).config["geometry"]["n"][-1])
    caption = (
        f"Two beams in a box of length 100 from random seeds of 1e-4 ({shape}). Top: share of another flavor in the beam that "
        "began as ν_e. Bottom: oscillation energy, which Eq. (1) does not conserve. The paper gives no seeds: ours are others."
    )
    return _stacked("fig1", "Fig. 1: two beams from random seeds", caption, above, below)


@style.styled
def _stacked(name: str, title: str, caption: str, above: Map, below: Panel) -> Drawing:
    """A map over a panel, with one axis of time."""
    figure = Figure(figsize=(1.15 * style.SIZE[0], 1.75 * style.SIZE[1]), layout="constrained")
    upper, lower = figure.subplots(2, 1, height_ratios=(1.25, 1))
    maps.draw_map(figure, upper, above)
    (curve,) = below.curves
    lower.plot(curve.x, curve.y, color=curve.color)
    lower.axhline(0, color=GREY, linewidth=0.8)
    lower.set(xlabel=below.x_label, ylabel=below.y_label, xlim=upper.get_xlim())
    shown = {"x": above.x, "y": above.y, "z": np.asarray(above.z)}
    data = {above.title: shown, below.title: {"": np.stack([curve.x, curve.y])}}
    return Drawing(name, title, caption, figure, data)


def energies(context: Context) -> Drawing | None:
    """The trade of refractive for kinetic energy with momenta resolved, and what is left over."""
    t, kinetic, u, total = series(context, ENERGY, "kinetic_energy", "u_osc", "total_energy")
    unit = abs(u[0])
    curves = (
        Curve(r"$U_\mathrm{osc}$", t, (u - u[0]) / unit, BLUE),
        Curve(r"$K$", t, kinetic / unit, ORANGE),
        Curve(r"$K+U$", t, (total - total[0]) / unit, BLACK, "--"),
    )
    trade = Panel(TIME, r"change over $|U_\mathrm{osc}(0)|$", curves, "trade", **LINEAR)
    left = np.abs(total - total[0])[1:] / unit
    rest = Panel(TIME, r"$|K+U-U(0)|\,/\,|U_\mathrm{osc}(0)|$", (Curve("", t[1:], left, BLACK),), "left over", x_scale="linear")
    caption = (
        "Eq. (16) resolved in momentum, which the paper did not try. U_osc alone is what Eq. (1) has. K + U changes by the "
        "error of the time steps only, which falls with their fourth power."
    )
    return style.draw("energies", "Refractive energy traded with kinetic energy", caption, (trade, rest), columns=2)


def shift_map(context: Context) -> Drawing | None:
    """Where and when the kinetic energy changes."""
    t, z, plus, minus = shifts(context)
    top = float(np.abs(np.stack([plus, minus])).max())
    panels = tuple(
        Map(TIME, PLACE, "mean shift of $|p|$", t, z, values.T, z_scale="signed", z_limits=(-top, top), title=name)
        for name, values in (("beam v = +1", plus), ("beam v = -1", minus))
    )
    caption = "Mean shift of the energy of the neutrinos in units of μ: the force of the gradients. Its sum is K."
    return maps.draw("shifts", "Shifts of the initial energies", caption, panels, columns=2)


def ensemble_figure(context: Context) -> Drawing | None:
    """R of all seeds and their mean with its error."""
    t, r = ensemble(context)
    mean, error = r.mean(axis=0), r.std(axis=0, ddof=1) / np.sqrt(len(r))
    single = tuple(Curve("single seeds" if i == 0 else "", t, each, GREY, width=0.5) for i, each in enumerate(r))
    bounds = tuple(Curve("± standard error" if sign > 0 else "", t, mean + sign * error, ORANGE, "--", 1.0) for sign in (1, -1))
    panel = Panel(TIME, RATIO, (*single, *bounds, Curve(f"mean of {len(r)} seeds", t, mean, ORANGE, width=2.2)), **LINEAR)
    caption = f"{len(seeds(context))} random seeds. The first swing is common to all; later the mean oscillates less than each."
    return style.draw("ensemble", "Random seeds and their mean", caption, (panel,))


def spectra_figure(context: Context) -> Drawing | None:
    """Power of the coherence by wave number at several times."""
    t, k, power = spectra(context, FIG1, "psi_power")
    times = [near(t, when) for when in (0.0, 2.0, 4.0, 6.0, 8.0, 12.0, 20.0)]
    curves = tuple(Curve("", k, power[i], value=float(round(t[i], 6))) for i in dict.fromkeys(times))
    marks = (Mark("$k_1$", -2.0), Mark("$k_2$", 0.0))
    panel = Panel(WAVE, r"$|\tilde\psi_k|^2$", curves, x_scale="linear", decades=12, vertical=marks, color_label=TIME)
    caption = (
        "Coherence of both beams by wave number. The modes of -2 < k < 0 grow out of the seeds, |k| < 6.3; after t = 8 power "
        "spreads to higher k."
    )
    return style.draw("spectra", "From the unstable band to smaller scales", caption, (panel,))


def growth_figure(context: Context) -> Drawing | None:
    """γ_k: formula, eigenvalues, and what a run gives."""
    k = np.linspace(-2.4, 0.4, 281)
    formula = np.array([growth(x).real for x in k])
    coarse = k[::10]
    roots = np.array([np.linalg.eigvals(linear_matrix(x)).real.max() for x in coarse])
    curves = (
        Curve(r"$\sqrt{(k-k_1)(k_2-k)}$", k, formula, BLUE),
        Curve("eigenvalues of Eq. (9)", coarse, roots, GREY, "", marker="."),
        Curve("run, t = 4 to 6", *growth_rates(context), ORANGE, "", marker="o"),
    )
    caption = "Growth rate of two beams with P^z = ±1/2, where both beams have a seed of 1e-6 in seven modes."
    panel = Panel(WAVE, r"growth rate $\gamma_k$", curves, **LINEAR)
    return style.draw("growth", "The band of unstable modes", caption, (panel,))


def eq12(context: Context) -> Drawing | None:
    """ΔU_osc of seven modes against both formulas."""
    t, change, printed, corrected = energy_of_modes(context)
    shown = t > 0.5
    curves = (
        Curve("run", t[shown], change[shown], BLACK, "", marker="."),
        Curve(r"$2L\sum k^2|\alpha_k|^2e^{2\gamma_kt}$", t[shown], corrected[shown], GREEN),
        Curve("Eq. (12) as printed", t[shown], printed[shown], ORANGE),
    )
    panel = Panel(TIME, r"$\Delta U_\mathrm{osc}$", curves, x_scale="linear", decades=11)
    caption = (
        "Seven modes, k = -1/4 to -7/4. Eq. (12) is the transverse part alone; the z part is of the same order. The most "
        "unstable mode, to which Eq. (12) gives nothing, dominates. Dashed: negative."
    )
    return style.draw("eq12", "Eq. (12) and the change of the oscillation energy", caption, (panel,))


def pendulum(context: Context) -> Drawing | None:
    """Homogeneous beams: the flavor pendulum."""
    t, p1 = pendulum_of_beams()
    length = np.linalg.norm(p1, axis=0)
    curve = Curve(r"$P_1^z/|P_1|$", t, p1[2] / length)
    kept = Curve(r"$|P_1|/|P_1(0)|$", t, length / length[0], ORANGE, "--")
    caption = "Four homogeneous beams with a crossing: P_1 swings periodically, at constant length, so that U_osc is conserved."
    panel = Panel(TIME, r"first angular moment $P_1$", (curve, kept), **LINEAR)
    return style.draw("pendulum", "Homogeneous beams are a pendulum", caption, (replace(panel, y_limits=(-1.1, 1.1)),))


FIGURES: dict[str, Callable[[Context], Drawing | None]] = {
    "fig1": fig1,
    "energies": energies,
    "shifts": shift_map,
    "eq12": eq12,
    "growth": growth_figure,
    "spectra": spectra_figure,
    "ensemble": ensemble_figure,
    "pendulum": pendulum,
}
