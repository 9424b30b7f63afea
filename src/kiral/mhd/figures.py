"""Figures of a chiral MHD run, drawn from its run folder only: the axes of G25 (Gurgenidze et al. 2025), Figs. 1-7, and
the numerics behind them.

A run is any object with `config` (the resolved case as a mapping), `series` (xarray Dataset over t), `spectra` (Dataset
over t, k) and, where it has fields, `snapshots`. Every panel function returns a `Panel`, or None where the run has nothing
to show there (no source, no flow, no washout, series not stored); `draw_figure` draws one, `draw_all` all, those of
`cascade_figures` and the slices of the fields, `overview` six on one sheet.
Nothing here writes files. Code units: lengths in l*, times in t*, energies in E*.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from kiral.mhd import cascade_figures, slices
from kiral.mhd.analysis import coefficient
from kiral.mhd.panels import (
    DENSITY_UNIT,
    FIELD_UNIT,
    HELICITY_UNIT,
    MU5_UNIT,
    SPEED_UNIT,
    TIME,
    WAVE_NUMBER,
    fluctuates,
    over_time,
    scales_of,
    series,
    series_names,
    several,
    spectrum_panel,
    time_marks,
    time_panel,
    times,
    uniform_field,
    unit,
    unit_per_log_k,
)
from kiral.mhd.relic_figures import CAPTION as RELIC_CAPTION
from kiral.mhd.relic_figures import relic_panel
from kiral.report import style
from kiral.report.style import AMBER, BLACK, BLUE, COLORS, GREEN, GREY, ORANGE, PURPLE, SKY, Curve, Drawing, Mark, Panel

RATE_COLORS = (BLUE, ORANGE, GREEN, PURPLE, SKY, AMBER, GREY)
BUDGETS = {"helicity_chirality": "helicity + chirality", "energy": "energy", "momentum": "momentum"}


@dataclass(frozen=True)
class FigureSpec:
    """What a figure shows: title, caption, and the function that makes its panel from a run."""

    title: str
    caption: str
    panel: Callable[[Any], Panel | None]


def source(run: Any) -> Panel | None:
    """S5(t) / S5bar (G25 Fig. 1)."""
    known = scales_of(run)
    if known.source_peak is None or (s5 := series(run, "source")) is None:
        return None
    curves = (Curve("", times(run), s5 / known.source_peak),)
    marks = time_marks(run)
    return Panel(TIME, r"source $S_5(t)/\bar S_5$  [1]", curves, x_scale="linear", y_scale="linear", vertical=marks)


def chirality(run: Any) -> Panel | None:
    """Mean mu5, S5/gamma5 and the two Chern-Simons terms over gamma5 (G25 Fig. 2, with the λ its caption lacks)."""
    known = scales_of(run)
    mu5, rms, s5, mu5_b2, j_b = several(run, "mu5_mean", "mu5_rms", "source", "mu5_b2", "current_helicity")
    curves = [over_time(run, r"$\langle\mu_5\rangle$", mu5, BLACK, width=2.2)]
    if fluctuates(mu5, rms):
        curves.append(over_time(run, r"$\mu_{5,\mathrm{rms}}$", rms, GREY))
    gamma5 = coefficient(run, "flipping_rate")
    if (gamma5 > 0).any():
        per_gamma5 = np.divide(1.0, gamma5, out=np.full_like(gamma5, np.nan), where=gamma5 > 0)
        factor = coefficient(run, "magnetic_diffusivity") * known.lam * per_gamma5
        if known.source_peak is not None:
            curves.append(over_time(run, r"$S_5/\Gamma_5$", s5, ORANGE, per_gamma5, dash="--"))
        if known.lam > 0:
            label = r"$\eta\lambda\langle\mu_5 B^2\rangle/\Gamma_5$"
            curves.append(over_time(run, label, mu5_b2, GREEN, factor))
            label = r"$\eta\lambda\langle\mathbf{J}\cdot\mathbf{B}\rangle/\Gamma_5$"
            curves.append(over_time(run, label, j_b, BLUE, factor))
    return time_panel(run, f"chiral chemical potential  {MU5_UNIT}", curves, decades=14)


def charge(run: Any) -> Panel | None:
    """The electric chemical potential mu, and how far mu and mu5 are from uniform: a chiral magnetic wave swaps the two."""
    mean, rms, mu5_mean, mu5_rms = several(run, "mu_mean", "mu_rms", "mu5_mean", "mu5_rms")
    if rms is None:
        return None
    curves = [over_time(run, r"$\langle\mu\rangle$", mean, BLACK)]
    for name, color, average, total in ((r"\mu", BLUE, mean, rms), (r"\mu_5", ORANGE, mu5_mean, mu5_rms)):
        if average is not None and total is not None:
            label = rf"$\langle({name}-\langle{name}\rangle)^2\rangle^{{1/2}}$"
            curves.append(over_time(run, label, np.sqrt(np.maximum(total**2 - average**2, 0.0)), color))
    panel = time_panel(run, f"chemical potentials  {MU5_UNIT}", curves)
    return None if panel is None else replace(panel, y_scale="linear")


def coefficients(run: Any) -> Panel | None:
    """Those of eta and gamma5 that vary in time, over their largest values."""
    curves = []
    for name, symbol, color in (("magnetic_diffusivity", r"\eta", BLUE), ("flipping_rate", r"\Gamma_5", ORANGE)):
        values = series(run, name)
        if values is not None and (largest := np.max(values, initial=0.0, where=np.isfinite(values))) > 0:
            label = rf"${symbol}$, largest {style.short_number(largest)} {unit(run, name)}"
            curves.append(over_time(run, label, values, color, 1.0 / largest))
    return time_panel(run, "over the largest value  [1]", curves)


def field_and_flow(run: Any) -> Panel | None:
    """B_rms and u_rms (G25 Fig. 3), and a uniform background field."""
    b, varying, u = several(run, "b_rms", "b_fluctuation", "u_rms")
    curves = [over_time(run, r"$B_\mathrm{rms}$", b, BLUE), over_time(run, r"$u_\mathrm{rms}$", u, ORANGE)]
    curves.append(over_time(run, r"$|\mathbf{B}-\mathbf{B}_0|_\mathrm{rms}$", varying, SKY))
    flow = "" if u is None else rf",  $u_\mathrm{{rms}}$ {SPEED_UNIT}"
    uniform = uniform_field(run)
    marks = (Mark(r"$|\mathbf{B}_0|$", uniform),) if uniform else ()
    return time_panel(run, rf"$B_\mathrm{{rms}}$ {FIELD_UNIT}{flow}", curves, horizontal=marks)


def helicity(run: Any) -> Panel | None:
    """h_M, 2 mu5/lam, their sum, what Eq. 22 says it must be, and the estimate of Eq. 27 (G25 Fig. 4)."""
    known = scales_of(run)
    h, mu5, total, production = several(run, "magnetic_helicity", "mu5_mean", "helicity_total", "helicity_production")
    product = r"\mathbf{b}\rangle+2\langle\mathbf{A}\rangle\cdot\mathbf{B}_0" if uniform_field(run) else r"\mathbf{B}\rangle"
    curves = [over_time(run, rf"$h_M=\langle\mathbf{{A}}\cdot{product}$", h, BLUE)]
    if known.lam > 0:
        curves.insert(0, over_time(run, r"$h_\mathrm{tot}$ (sum of the two)", total, AMBER, width=4.5))
        curves.append(over_time(run, r"$(2/\lambda)\langle\mu_5\rangle$", mu5, GREEN, 2.0 / known.lam))
    if known.lam > 0 and total is not None and production is not None and total.size:
        expected = total[0] + production - production[0]
        curves.append(over_time(run, r"$h_\mathrm{tot}$ by Eq. 22", expected, BLACK, dash=":"))
    marks = () if known.helicity is None else (Mark(f"estimate, {known.helicity_equation}", abs(known.helicity)),)
    return time_panel(run, f"helicity  {HELICITY_UNIT}", curves, horizontal=marks)


def magnetic_spectrum(run: Any) -> Panel | None:
    """dρ_B/dlnk = k E(k) at the stored times (G25 Fig. 5)."""
    label = rf"$d\rho_B/d\ln k=k\,E_M(k)$  {DENSITY_UNIT}"
    return spectrum_panel(run, "energy_spectrum", label)


def helicity_fraction(run: Any) -> Panel | None:
    """Helicity fraction of every shell, between -1 and 1 (G25 Fig. 6)."""
    panel = spectrum_panel(run, "helicity_fraction", r"helicity fraction $\epsilon_H(k)$  [1]", times_k=False)
    if panel is None:
        return None
    lowest = min(c.y[np.isfinite(c.y)].min(initial=0.0) for c in panel.curves)
    return replace(panel, y_scale="linear", y_limits=(-1.08 if lowest < -0.08 else -0.08, 1.08))


def kinetic_spectrum(run: Any) -> Panel | None:
    """k times the kinetic spectrum at the stored times."""
    return spectrum_panel(run, "kinetic_spectrum", rf"$k\,E_K(k)$  {unit_per_log_k(run, 'kinetic_spectrum')}")


def mu5_spectrum(run: Any) -> Panel | None:
    """k times the spectrum of mu5's inhomogeneity at the stored times."""
    return spectrum_panel(run, "mu5_spectrum", rf"$k\,E_{{\mu_5}}(k)$  {unit_per_log_k(run, 'mu5_spectrum')}")


def mu_spectrum(run: Any) -> Panel | None:
    """The same of the electric chemical potential."""
    return spectrum_panel(run, "mu_spectrum", rf"$k\,E_\mu(k)$  {unit_per_log_k(run, 'mu_spectrum')}")


def averages(run: Any) -> Panel | None:
    """Every volume average on one pair of axes (G25 Fig. 7)."""
    mu5, b, h, u = several(run, "mu5_mean", "b_rms", "magnetic_helicity", "u_rms")
    curves = [
        over_time(run, rf"$\langle\mu_5\rangle$ {MU5_UNIT}", mu5, BLACK),
        over_time(run, rf"$B_\mathrm{{rms}}$ {FIELD_UNIT}", b, BLUE, dash="--"),
        over_time(run, rf"$h_M$ {HELICITY_UNIT}", h, GREEN, dash="-."),
        over_time(run, rf"$u_\mathrm{{rms}}$ {SPEED_UNIT}", u, ORANGE, dash=":", width=2.2),
    ]
    return time_panel(run, "volume averages  [unit: see legend]", curves, decades=20)


def energies(run: Any) -> Panel | None:
    """Magnetic, kinetic, chiral energy and the rise of the mean energy density."""
    known = scales_of(run)
    magnetic, kinetic, rho, mu5 = several(run, "energy_magnetic", "energy_kinetic", "rho_mean", "mu5_rms")
    b = series(run, "b_fluctuation")
    curves = [over_time(run, "magnetic", magnetic, BLUE), over_time(run, "kinetic", kinetic, ORANGE)]
    if b is not None:
        curves.append(over_time(run, r"magnetic, of $\mathbf{B}-\mathbf{B}_0$", b**2 / 2, SKY))
    if rho is not None and rho.size:
        curves.append(over_time(run, r"$\langle\rho\rangle-\langle\rho\rangle(t_0)$", rho - rho[0], GREEN))
    if known.lam > 0 and mu5 is not None:
        curves.append(over_time(run, r"chiral $\langle\mu_5^2\rangle/2\lambda$", mu5**2 / (2 * known.lam), BLACK))
    return time_panel(run, f"energy density  {DENSITY_UNIT}", curves)


def force_power(run: Any) -> Panel | None:
    """What the force does to the fluid per time and volume."""
    power = series(run, "force_power")
    curves = [over_time(run, r"$\langle\mathbf{u}\cdot\mathbf{f}\rangle$", power, BLUE)]
    panel = time_panel(run, f"power of the force  {unit(run, 'force_power')}", curves)
    return None if panel is None else replace(panel, y_scale="linear")


def wave_numbers(run: Any) -> Panel | None:
    """The field's integral wave number, the fastest growing one, and the box's."""
    mu5, rms, largest = several(run, "mu5_mean", "mu5_rms", "mu5_max")
    of_field, of_flow = several(run, "k_integral", "k_integral_kinetic")
    curves = [over_time(run, "integral scale of B", of_field, BLUE)]
    curves.append(over_time(run, "integral scale of u", of_flow, ORANGE))
    if mu5 is not None:
        curves.append(over_time(run, r"fastest growing $|\langle\mu_5\rangle|/2$", np.abs(mu5) / 2, BLACK))
    if largest is not None and fluctuates(mu5, rms):
        curves.append(over_time(run, r"fastest growing where $|\mu_5|$ is largest", largest / 2, GREY))
    marks = ()
    if "k" in run.spectra:
        k = np.asarray(run.spectra["k"], dtype=float)
        marks = (Mark(r"smallest $k$ of the box", k[k > 0].min()), Mark(r"largest $k$", k.max()))
    return time_panel(run, WAVE_NUMBER, curves, decades=4, horizontal=marks)


def budgets(run: Any) -> Panel | None:
    """How well each exact budget closes."""
    names = sorted(series_names(run, "drift_"), key=lambda name: (name not in BUDGETS, name != "helicity_chirality", name))
    drifts = several(run, *(f"drift_{name}" for name in names))
    curves = [
        over_time(run, BUDGETS.get(name, name), drift, COLORS[i % len(COLORS)])
        for i, (name, drift) in enumerate(zip(names, drifts, strict=True))
    ]
    exact = [name for name, drift in zip(names, drifts, strict=True) if drift.size and not drift.any()]
    remarks = tuple(f"{BUDGETS.get(name, name)}: exactly 0" for name in exact)
    panel = time_panel(run, "drift of the budget  [1]", curves)
    return None if panel is None else replace(panel, remarks=remarks)


def step_size(run: Any) -> Panel | None:
    """The step taken and the time scales that could limit it; those far above the step are left out."""
    dt = series(run, "dt")
    curves = [over_time(run, r"step $\Delta t$", dt, BLACK, width=2.4)]
    longest = np.inf if dt is None or not np.isfinite(dt).any() else 1e3 * np.nanmax(dt)
    for i, (names, rate) in enumerate(_distinct_rates(run)):
        time = np.divide(1.0, rate, out=np.full_like(rate, np.nan), where=rate > 1.0 / longest)
        curves.append(over_time(run, f"1/rate: {names}", time, RATE_COLORS[i % len(RATE_COLORS)], dash="--"))
    return time_panel(run, r"time  $[t_\ast]$", curves, decades=10)


def _distinct_rates(run: Any) -> list[tuple[str, np.ndarray]]:
    """(names, values) of the rates; those that are equal throughout (eta = D5) are one curve."""
    found: dict[bytes, tuple[str, np.ndarray]] = {}
    for name in series_names(run, "rate_"):
        rate = np.asarray(run.series[f"rate_{name}"], dtype=float)
        others = found.get(rate.tobytes(), ("", rate))[0]
        found[rate.tobytes()] = (", ".join(filter(None, (others, name.replace("_", " ")))), rate)
    return list(found.values())


def resolution(run: Any) -> Panel | None:
    """Share of each spectrum in the top tenth of the wave numbers: small where the grid resolves the field."""
    tails = (("tail_magnetic", "magnetic", BLUE), ("tail_kinetic", "kinetic", ORANGE), ("tail_mu5", r"$\mu_5$", PURPLE))
    curves = [over_time(run, label, series(run, name), color) for name, label, color in tails]
    return time_panel(run, "share of energy in top 10 % of $k$  [1]", curves, decades=20)


def validity(run: Any) -> Panel | None:
    """The small numbers the model relies on."""
    cme, chiral = several(run, "cme_ratio", "chiral_energy_ratio")
    curves = [
        over_time(run, r"$\lambda\eta B^2/\Gamma_5$", cme, BLUE),
        over_time(run, r"chiral energy / $\langle\rho\rangle$", chiral, ORANGE),
    ]
    return time_panel(run, "should stay well below 1  [1]", curves, horizontal=(Mark("limit", 1.0),))


FIGURES = {
    "source": FigureSpec("Source of chirality", "Source over its peak value (axes of G25, Fig. 1).", source),
    "chirality": FigureSpec(
        "Chiral chemical potential",
        "Mean μ5, the value S5/Γ5 at which source and washout balance, and the two parts of the anomaly (G25, Fig. 2).",
        chirality,
    ),
    "field_and_flow": FigureSpec(
        "Magnetic field and flow", "Root mean square of magnetic field and velocity (G25, Fig. 3).", field_and_flow
    ),
    "helicity": FigureSpec(
        "Helicity",
        "Magnetic helicity, the helicity stored in μ5, their sum, and what source and washout say it must be "
        "(Eq. 22); horizontal: the analytic estimate (G25, Fig. 4).",
        helicity,
    ),
    "magnetic_spectrum": FigureSpec(
        "Magnetic spectra", "Magnetic energy per logarithmic wave number (G25, Fig. 5).", magnetic_spectrum
    ),
    "helicity_fraction": FigureSpec(
        "Helicity fraction",
        "Helicity of each shell over the largest that its energy allows; ±1 is a fully helical field (G25, Fig. 6).",
        helicity_fraction,
    ),
    "averages": FigureSpec("All averages", "Volume averages on common axes (G25, Fig. 7).", averages),
    "energies": FigureSpec("Energies", "Where the energy is.", energies),
    "force_power": FigureSpec("Power of the force", "Mean work of the external force per time and volume.", force_power),
    "wave_numbers": FigureSpec(
        "Wave numbers", "Integral scale of the field, fastest growing mode, and what the box holds.", wave_numbers
    ),
    "charge": FigureSpec(
        "Electric chemical potential",
        "Mean of μ, and root mean square of what is not uniform in μ and in μ5: a chiral magnetic wave turns one into the "
        "other.",
        charge,
    ),
    "coefficients": FigureSpec(
        "Coefficients in time", "Magnetic diffusivity and washout rate over their largest values.", coefficients
    ),
    "kinetic_spectrum": FigureSpec("Kinetic spectra", "Kinetic energy per logarithmic wave number.", kinetic_spectrum),
    "mu5_spectrum": FigureSpec("Spectra of μ5", "Inhomogeneity of μ5 per logarithmic wave number.", mu5_spectrum),
    "mu_spectrum": FigureSpec("Spectra of μ", "Inhomogeneity of μ per logarithmic wave number.", mu_spectrum),
    "budgets": FigureSpec(
        "Budgets",
        "Change of each total minus its integrated production, over the largest sum of its terms. What remains is the "
        "time stepper's error.",
        budgets,
    ),
    "step_size": FigureSpec(
        "Time step",
        "Step size and what may limit it: 1/rate of each process, up to 1000 steps. A stable explicit step is up to 2.5 of "
        "these.",
        step_size,
    ),
    "resolution": FigureSpec(
        "Resolution", "Energy in the top tenth of the wave numbers: the smaller, the better resolved.", resolution
    ),
    "validity": FigureSpec("Validity", "Numbers that the model assumes to be small.", validity),
    "relic": FigureSpec("Field today", RELIC_CAPTION, relic_panel),
}
OVERVIEW = ("chirality", "field_and_flow", "helicity", "magnetic_spectrum", "helicity_fraction", "budgets")


def draw_figure(run: Any, name: str) -> Drawing | None:
    """One figure of `FIGURES`; None where the run has nothing to show in it."""
    spec = FIGURES[name]
    panel = spec.panel(run)
    return None if panel is None else style.draw(name, spec.title, spec.caption, (panel,))


def draw_all(run: Any) -> Iterator[Drawing]:
    """All figures that make sense for this run, one after the other (each can be freed before the next)."""
    for name in FIGURES:
        if (drawing := draw_figure(run, name)) is not None:
            yield drawing
    yield from cascade_figures.draw_all(run)
    yield from slices.draw_all(run)


def overview(run: Any) -> Drawing | None:
    """Six panels on one sheet."""
    panels = ((FIGURES[name].title, FIGURES[name].panel(run)) for name in OVERVIEW)
    titled = tuple(replace(panel, title=title) for title, panel in panels if panel is not None)
    return style.draw("overview", "Overview", "The run at a glance.", titled, columns=3)
