"""Figures of a chiral MHD run, drawn from its run folder only: the axes of G25 (Gurgenidze et al. 2025), Figs. 1-7, and
the numerics behind them.

A run is any object with `config` (the resolved case as a mapping), `series` (xarray Dataset over t) and `spectra`
(Dataset over t, k). Every panel function returns a `Panel`, or None where the run has nothing to show there (no source,
no flow, no washout, series not stored); `draw_figure` draws one, `draw_all` all, `overview` six on one sheet.
Nothing here writes files. Code units: lengths in l*, times in t*, energies in E*.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from kiral.mhd.analysis import scales
from kiral.report import style
from kiral.report.style import AMBER, BLACK, BLUE, COLORS, GREEN, GREY, ORANGE, PURPLE, SKY, Curve, Drawing, Mark, Panel

TIME = r"conformal time $t$  $[t_\ast]$"
WAVE_NUMBER = r"wave number $k$  $[l_\ast^{-1}]$"
MU5_UNIT = r"$[l_\ast^{-1}]$"
HELICITY_UNIT = r"$[E_\ast\,l_\ast^{-2}]$"
DENSITY_UNIT = r"$[E_\ast\,l_\ast^{-3}]$"
FIELD_UNIT = r"$[E_\ast^{1/2}\,l_\ast^{-3/2}]$"
SPEED_UNIT = r"$[l_\ast\,t_\ast^{-1}]$"
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
    known = scales(run.config)
    if known.source_peak is None or (s5 := _series(run, "source")) is None:
        return None
    curves = (Curve("", _time(run), s5 / known.source_peak),)
    marks = _time_marks(run)
    return Panel(TIME, r"source $S_5(t)/\bar S_5$  [1]", curves, x_scale="linear", y_scale="linear", vertical=marks)


def chirality(run: Any) -> Panel | None:
    """Mean mu5, S5/gamma5 and the two Chern-Simons terms over gamma5 (G25 Fig. 2, with the λ its caption lacks)."""
    known = scales(run.config)
    mu5, s5, mu5_b2, j_b = _several(run, "mu5_mean", "source", "mu5_b2", "current_helicity")
    curves = [_over_time(run, r"$\langle\mu_5\rangle$", mu5, BLACK, width=2.2)]
    if known.gamma5 > 0:
        factor = known.eta * known.lam / known.gamma5
        if known.source_peak is not None:
            curves.append(_over_time(run, r"$S_5/\Gamma_5$", s5, ORANGE, 1.0 / known.gamma5, dash="--"))
        if known.lam > 0:
            label = r"$\eta\lambda\langle\mu_5 B^2\rangle/\Gamma_5$"
            curves.append(_over_time(run, label, mu5_b2, GREEN, factor))
            label = r"$\eta\lambda\langle\mathbf{J}\cdot\mathbf{B}\rangle/\Gamma_5$"
            curves.append(_over_time(run, label, j_b, BLUE, factor))
    return _time_panel(run, f"chiral chemical potential  {MU5_UNIT}", curves, decades=14)


def field_and_flow(run: Any) -> Panel | None:
    """B_rms and u_rms (G25 Fig. 3)."""
    b, u = _several(run, "b_rms", "u_rms")
    curves = [_over_time(run, r"$B_\mathrm{rms}$", b, BLUE), _over_time(run, r"$u_\mathrm{rms}$", u, ORANGE)]
    flow = "" if u is None else rf",  $u_\mathrm{{rms}}$ {SPEED_UNIT}"
    return _time_panel(run, rf"$B_\mathrm{{rms}}$ {FIELD_UNIT}{flow}", curves)


def helicity(run: Any) -> Panel | None:
    """h_M, 2 mu5/lam, their sum, what Eq. 22 says it must be, and the estimate of Eq. 27 (G25 Fig. 4)."""
    known = scales(run.config)
    h, mu5, total, production = _several(run, "magnetic_helicity", "mu5_mean", "helicity_total", "helicity_production")
    curves = [_over_time(run, r"$h_M=\langle\mathbf{A}\cdot\mathbf{B}\rangle$", h, BLUE)]
    if known.lam > 0:
        curves.insert(0, _over_time(run, r"$h_\mathrm{tot}$ (sum of the two)", total, AMBER, width=4.5))
        curves.append(_over_time(run, r"$(2/\lambda)\langle\mu_5\rangle$", mu5, GREEN, 2.0 / known.lam))
    if known.lam > 0 and total is not None and production is not None and total.size:
        expected = total[0] + production - production[0]
        curves.append(_over_time(run, r"$h_\mathrm{tot}$ by Eq. 22", expected, BLACK, dash=":"))
    marks = () if known.helicity is None else (Mark(f"estimate, {known.helicity_equation}", abs(known.helicity)),)
    return _time_panel(run, f"helicity  {HELICITY_UNIT}", curves, horizontal=marks)


def magnetic_spectrum(run: Any) -> Panel | None:
    """dρ_B/dlnk = k E(k) at the stored times (G25 Fig. 5)."""
    label = rf"$d\rho_B/d\ln k=k\,E_M(k)$  {DENSITY_UNIT}"
    return _spectrum_panel(run, "energy_spectrum", label)


def helicity_fraction(run: Any) -> Panel | None:
    """Helicity fraction of every shell, between -1 and 1 (G25 Fig. 6)."""
    panel = _spectrum_panel(run, "helicity_fraction", r"helicity fraction $\epsilon_H(k)$  [1]", times_k=False)
    if panel is None:
        return None
    lowest = min(c.y[np.isfinite(c.y)].min(initial=0.0) for c in panel.curves)
    return replace(panel, y_scale="linear", y_limits=(-1.08 if lowest < -0.08 else -0.08, 1.08))


def kinetic_spectrum(run: Any) -> Panel | None:
    """k times the kinetic spectrum at the stored times."""
    return _spectrum_panel(run, "kinetic_spectrum", rf"$k\,E_K(k)$  {_unit_per_log_k(run, 'kinetic_spectrum')}")


def mu5_spectrum(run: Any) -> Panel | None:
    """k times the spectrum of mu5's inhomogeneity at the stored times."""
    return _spectrum_panel(run, "mu5_spectrum", rf"$k\,E_{{\mu_5}}(k)$  {_unit_per_log_k(run, 'mu5_spectrum')}")


def averages(run: Any) -> Panel | None:
    """Every volume average on one pair of axes (G25 Fig. 7)."""
    mu5, b, h, u = _several(run, "mu5_mean", "b_rms", "magnetic_helicity", "u_rms")
    curves = [
        _over_time(run, rf"$\langle\mu_5\rangle$ {MU5_UNIT}", mu5, BLACK),
        _over_time(run, rf"$B_\mathrm{{rms}}$ {FIELD_UNIT}", b, BLUE, dash="--"),
        _over_time(run, rf"$h_M$ {HELICITY_UNIT}", h, GREEN, dash="-."),
        _over_time(run, rf"$u_\mathrm{{rms}}$ {SPEED_UNIT}", u, ORANGE, dash=":", width=2.2),
    ]
    return _time_panel(run, "volume averages  [unit: see legend]", curves, decades=20)


def energies(run: Any) -> Panel | None:
    """Magnetic, kinetic, chiral energy and the rise of the mean energy density."""
    known = scales(run.config)
    magnetic, kinetic, rho, mu5 = _several(run, "energy_magnetic", "energy_kinetic", "rho_mean", "mu5_rms")
    curves = [_over_time(run, "magnetic", magnetic, BLUE), _over_time(run, "kinetic", kinetic, ORANGE)]
    if rho is not None and rho.size:
        curves.append(_over_time(run, r"$\langle\rho\rangle-\langle\rho\rangle(t_0)$", rho - rho[0], GREEN))
    if known.lam > 0 and mu5 is not None:
        curves.append(_over_time(run, r"chiral $\langle\mu_5^2\rangle/2\lambda$", mu5**2 / (2 * known.lam), BLACK))
    return _time_panel(run, f"energy density  {DENSITY_UNIT}", curves)


def wave_numbers(run: Any) -> Panel | None:
    """The field's integral wave number, the fastest growing one, and the box's."""
    mu5, of_field, of_flow = _several(run, "mu5_mean", "k_integral", "k_integral_kinetic")
    curves = [_over_time(run, "integral scale of B", of_field, BLUE)]
    curves.append(_over_time(run, "integral scale of u", of_flow, ORANGE))
    if mu5 is not None:
        curves.append(_over_time(run, r"fastest growing $|\langle\mu_5\rangle|/2$", np.abs(mu5) / 2, BLACK))
    marks = ()
    if "k" in run.spectra:
        k = np.asarray(run.spectra["k"], dtype=float)
        marks = (Mark(r"smallest $k$ of the box", k[k > 0].min()), Mark(r"largest $k$", k.max()))
    return _time_panel(run, WAVE_NUMBER, curves, decades=4, horizontal=marks)


def budgets(run: Any) -> Panel | None:
    """How well each exact budget closes."""
    names = sorted(_names(run, "drift_"), key=lambda name: (name not in BUDGETS, name != "helicity_chirality", name))
    drifts = _several(run, *(f"drift_{name}" for name in names))
    curves = [
        _over_time(run, BUDGETS.get(name, name), drift, COLORS[i % len(COLORS)])
        for i, (name, drift) in enumerate(zip(names, drifts, strict=True))
    ]
    exact = [name for name, drift in zip(names, drifts, strict=True) if drift.size and not drift.any()]
    remarks = tuple(f"{BUDGETS.get(name, name)}: exactly 0" for name in exact)
    panel = _time_panel(run, "drift of the budget  [1]", curves)
    return None if panel is None else replace(panel, remarks=remarks)


def step_size(run: Any) -> Panel | None:
    """The step taken and the time scales that could limit it; those far above the step are left out."""
    dt = _series(run, "dt")
    curves = [_over_time(run, r"step $\Delta t$", dt, BLACK, width=2.4)]
    longest = np.inf if dt is None or not np.isfinite(dt).any() else 1e3 * np.nanmax(dt)
    for i, (names, rate) in enumerate(_distinct_rates(run)):
        time = np.divide(1.0, rate, out=np.full_like(rate, np.nan), where=rate > 1.0 / longest)
        curves.append(_over_time(run, f"1/rate: {names}", time, RATE_COLORS[i % len(RATE_COLORS)], dash="--"))
    return _time_panel(run, r"time  $[t_\ast]$", curves, decades=10)


def _distinct_rates(run: Any) -> list[tuple[str, np.ndarray]]:
    """(names, values) of the rates; those that are equal throughout (eta = D5) are one curve."""
    found: dict[bytes, tuple[str, np.ndarray]] = {}
    for name in _names(run, "rate_"):
        rate = np.asarray(run.series[f"rate_{name}"], dtype=float)
        others = found.get(rate.tobytes(), ("", rate))[0]
        found[rate.tobytes()] = (", ".join(filter(None, (others, name.replace("_", " ")))), rate)
    return list(found.values())


def resolution(run: Any) -> Panel | None:
    """Share of each spectrum in the top tenth of the wave numbers: small where the grid resolves the field."""
    tails = (("tail_magnetic", "magnetic", BLUE), ("tail_kinetic", "kinetic", ORANGE), ("tail_mu5", r"$\mu_5$", PURPLE))
    curves = [_over_time(run, label, _series(run, name), color) for name, label, color in tails]
    return _time_panel(run, "share of energy in top 10 % of $k$  [1]", curves, decades=20)


def validity(run: Any) -> Panel | None:
    """The small numbers the model relies on."""
    cme, chiral = _several(run, "cme_ratio", "chiral_energy_ratio")
    curves = [
        _over_time(run, r"$\lambda\eta B^2/\Gamma_5$", cme, BLUE),
        _over_time(run, r"chiral energy / $\langle\rho\rangle$", chiral, ORANGE),
    ]
    return _time_panel(run, "should stay well below 1  [1]", curves, horizontal=(Mark("limit", 1.0),))


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
    "wave_numbers": FigureSpec(
        "Wave numbers", "Integral scale of the field, fastest growing mode, and what the box holds.", wave_numbers
    ),
    "kinetic_spectrum": FigureSpec("Kinetic spectra", "Kinetic energy per logarithmic wave number.", kinetic_spectrum),
    "mu5_spectrum": FigureSpec("Spectra of μ5", "Inhomogeneity of μ5 per logarithmic wave number.", mu5_spectrum),
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


def overview(run: Any) -> Drawing | None:
    """Six panels on one sheet."""
    panels = ((FIGURES[name].title, FIGURES[name].panel(run)) for name in OVERVIEW)
    titled = tuple(replace(panel, title=title) for title, panel in panels if panel is not None)
    return style.draw("overview", "Overview", "The run at a glance.", titled, columns=3)


def _series(run: Any, name: str) -> np.ndarray | None:
    return np.asarray(run.series[name], dtype=float) if name in run.series else None


def _several(run: Any, *names: str) -> tuple[np.ndarray | None, ...]:
    return tuple(_series(run, name) for name in names)


def _time(run: Any) -> np.ndarray:
    return np.asarray(run.series["t"], dtype=float) if "t" in run.series else np.zeros(0)


def _names(run: Any, prefix: str) -> list[str]:
    return [str(name).removeprefix(prefix) for name in run.series.data_vars if str(name).startswith(prefix)]


def _over_time(run: Any, label: str, values: np.ndarray | None, color: str, factor: float = 1.0, *,
               dash: str = "-", width: float = style.LINE) -> Curve | None:  # fmt: skip
    """factor * values(t) as a curve; None where the run has no such series."""
    return None if values is None else Curve(label, _time(run), factor * values, color, dash, width)


def _time_panel(
    run: Any, y_label: str, curves: list[Curve | None], decades: float = 12.0, horizontal: tuple[Mark, ...] = ()
) -> Panel | None:
    """A panel over time with the times of Eq. 32 marked; None without curves."""
    present = tuple(curve for curve in curves if curve is not None)
    t = _time(run)
    if not present or not t.size:
        return None
    log = bool(t.size > 2 and t[0] > 0 and t[-1] > 30 * t[0])
    # A lone first sample at a tiny t_start would take up half of a logarithmic axis.
    start = t[1] if log and t[1] > 10 * t[0] else t[0]
    scale, marks = "log" if log else "linear", _time_marks(run)
    return Panel(TIME, y_label, present, "", scale, start, decades=decades, vertical=marks, horizontal=horizontal)


def _time_marks(run: Any) -> tuple[Mark, ...]:
    known = scales(run.config)
    times = (
        (r"$1/\Gamma_5$", 1 / known.gamma5 if known.gamma5 > 0 else None),
        (r"$t_\mathrm{cross}$", known.t_cross),
        (r"$t_\phi$", known.t_phi),
        (r"$t_\mathrm{cpi}$", known.t_cpi),
    )
    return tuple(Mark(label, value) for label, value in times if value is not None)


def _spectrum_panel(run: Any, name: str, y_label: str, times_k: bool = True) -> Panel | None:
    """The spectra (times k, so that they are per ln k) at all stored times; None where the run has none."""
    if name not in run.spectra or run.spectra.sizes.get("t", 0) == 0:
        return None
    data = run.spectra[name].transpose("t", "k")
    k, t = np.asarray(data["k"], dtype=float), np.asarray(data["t"], dtype=float)
    values = np.asarray(data, dtype=float) * (k if times_k else 1.0)
    curves = tuple(Curve(f"t = {time:.4g}", k, row, value=time) for time, row in zip(t, values, strict=True))
    known = scales(run.config)
    found = ((r"$k_\mathrm{cross}$", known.k_cross), (r"$k_\phi$", known.k_phi), (r"$\mu_5(t_0)/2$", known.k_cpi))
    marks = tuple(Mark(label, value) for label, value in found if value is not None)
    color_label = r"time $t$  $[t_\ast]$"
    return Panel(WAVE_NUMBER, y_label, curves, decades=22, vertical=marks, color_label=color_label)


def _unit_per_log_k(run: Any, name: str) -> str:
    """Unit of k times a spectrum, from the unit stored with it."""
    unit = run.spectra[name].attrs.get("units", "") if name in run.spectra else ""
    return style.unit_math(unit, length=-1)
