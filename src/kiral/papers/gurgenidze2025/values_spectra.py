"""What G25, Sec. VII and Figs. 5–7, say about spectra and about the feedback, measured in our runs at any size."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from kiral.mhd import estimates
from kiral.papers.context import Context, Measured
from kiral.papers.gurgenidze2025.common import ONSET, RUN_A
from kiral.papers.gurgenidze2025.values_runs import (
    LAMBDA_RUNS,
    T_PHI,
    at,
    helicity_max,
    main,
    reference_run,
    series,
    spectra,
    word,
)

# --- Spectra, Figs. 5 and 6 ------------------------------------------------------------------------------------------


def spectra_add_up(spectrum: str, total: str) -> Callable[[Context], Measured]:
    """Whether the spectrum sums to the volume average at all common times."""

    def compare(context: Context) -> Measured:
        t, k, values = spectra(context, spectrum)
        t_series, totals = main(context, total)
        both = [(float(row.sum() * k[0]), at(t_series, totals, when)) for when, row in zip(t, values, strict=True)
                if np.isclose(t_series, when, rtol=1e-9).any()]  # fmt: skip
        error = max(abs(ours / whole - 1) for ours, whole in both)
        return Measured(error < 1e-9, f"largest difference {error:.0e} at {len(both)} times")

    return compare


def high_k_decays(context: Context) -> Measured:
    t, k, e = spectra(context, "energy_spectrum")
    later = e[np.isclose(t, 0.01)][0] / e[0]
    return Measured(later[-1] < 0.1 * later[0], f"E(k) at t = 0.01 over the start: {later[0]:.2g} at {k[0]:.3g}, "
                    f"{later[-1]:.1e} at {k[-1]:.3g}")  # fmt: skip


_FED = 1e-8
"""Shells this far below the largest are no longer their own: products of the modes that have grown feed them, at up to twice
the rate of those, whatever their wave number. In run A-large any bound from 1e-13 to 1e-4 leaves the same fastest shells."""


def _fastest_shell(context: Context, early: float, late: float) -> tuple[float, float, float]:
    """(wave number of the unstable shell that grows fastest, mean mu5/2, allowed difference) between two stored times."""
    t, k, e = spectra(context, "energy_spectrum")
    before, after = e[np.isclose(t, early)][0], e[np.isclose(t, late)][0]
    growth = np.where(after > _FED * after.max(), np.log(after / before), -np.inf)
    t_series, mu5 = main(context, "mu5_mean")
    inside = (t_series > early - 1e-9) & (t_series < late + 1e-9)
    half = float(np.trapezoid(mu5[inside], t_series[inside]) / (late - early) / 2)
    return float(k[np.argmax(growth)]), half, max(k[0], 0.1 * half)


def instability_scans(context: Context) -> Measured:
    """The fastest shell follows mu5/2 from 0.02 to 0.06, and reaches k_phi at t_phi."""
    found = [_fastest_shell(context, *times) for times in ((0.02, 0.03), (0.03, 0.04), (0.05, 0.06))]
    good = all(abs(k - half) <= allowed for k, half, allowed in found) and abs(found[-1][0] - 2e4) <= found[-1][2]
    return Measured(good, "; ".join(f"fastest shell {k:.3g} at μ5/2 = {half:.3g}" for k, half, _ in found))


def cascade(context: Context) -> Measured:
    t, k = main(context, "k_integral")
    after = t > T_PHI
    return Measured(k[-1] < 0.6 * k[after].max(), f"k_I falls from {k[after].max():.3g} to {k[-1]:.3g}")


def envelope(context: Context) -> Measured:
    """Slope of the spectrum's peak against its wave number from t = 0.1 on."""
    t, k, e = spectra(context, "energy_spectrum")
    rows = e[t >= 0.1] * k
    peaks = np.array([(k[np.argmax(row)], row.max()) for row in rows])
    slope = float(np.polyfit(np.log(peaks[:, 0]), np.log(peaks[:, 1]), 1)[0])
    return Measured(abs(slope - 1) < 0.3, f"peak ∝ k^{slope:.2f} from t = 0.1 on")


def random_start(context: Context) -> Measured:
    _, h, b, k = main(context, "magnetic_helicity", "b_rms", "k_integral")
    ratio = float(h[0] * k[0] / b[0] ** 2)
    return Measured(abs(ratio) < 0.2, f"h_M k_I/B² = {ratio:.2g} at the start")


def fraction_grows(context: Context) -> Measured:
    """Helicity fraction of the shells at t = 0.01: unchanged (Ohmic decay alone), or tanh(2 eta k ∫mu5 dt + artanh)."""
    t, k, fraction = spectra(context, "helicity_fraction")
    t_series, mu5 = main(context, "mu5_mean")
    inside = t_series < 0.01 + 1e-9
    drive = 2 * RUN_A["eta"] * k * np.trapezoid(mu5[inside], t_series[inside])
    now = fraction[np.isclose(t, 0.01)][0]
    by_mu5 = float(np.max(np.abs(np.tanh(drive + np.arctanh(fraction[0])) - now)))
    by_decay = float(np.max(np.abs(fraction[0] - now)))
    return Measured(word(by_decay < 0.1, by_mu5 < 0.1 < by_decay),
                    f"largest difference {by_mu5:.2f} with the drive by μ5, {by_decay:.2f} with decay alone")  # fmt: skip


def fraction_saturates(context: Context) -> Measured:
    """Helicity fraction of the shell nearest k_cross at t_phi."""
    t, k, fraction = spectra(context, "helicity_fraction")
    shell = int(np.argmin(np.abs(k - estimates.crossing_wave_number(**ONSET))))
    value = float(fraction[np.isclose(t, T_PHI), shell][0])
    return Measured(value > 0.99, f"ε_H({k[shell]:.3g}) = {value:.4f} at t_φ")


def fraction_bound(context: Context) -> Measured:
    worst = float(np.max(np.abs(spectra(context, "helicity_fraction")[2])))
    return Measured(word(worst > 1 + 1e-3, worst < 1 + 1e-9), f"largest |ε_H| - 1 = {worst - 1:.0e}")


def fraction_shifts(context: Context) -> Measured:
    """At the end the largest scale is more helical than the shell nearest k_phi."""
    t, k, fraction = spectra(context, "helicity_fraction")
    chosen = int(np.argmin(np.abs(t - 0.15)))
    high = int(np.argmin(np.abs(k - 2e4)))
    low, top = float(fraction[chosen, 0]), float(fraction[chosen, high])
    text = f"ε_H = {low:.3f} at the box's smallest k, {top:.3f} at k_φ (t = {t[chosen]:.3g})"
    return Measured(low > 0.95 and low > top, text)


# --- Runs A to D, Fig. 7; seeds --------------------------------------------------------------------------------------


def falls_with_feedback(quantity: str) -> Callable[[Context], Measured]:
    """Whether the quantity's maximum is the smaller the larger lam."""

    def compare(context: Context) -> Measured:
        tops = [float(series(context, name, quantity)[1].max()) for name in LAMBDA_RUNS]
        return Measured(bool(np.all(np.diff(tops) < 0)), "maxima of A to D: " + ", ".join(f"{v:.2e}" for v in tops))

    return compare


def mu5_rises_with_feedback(context: Context) -> Measured:
    """mu5 at t = 0.2, when S5/Γ5 has fallen to 88 and (21) takes over."""
    values = [float(np.interp(0.2, *series(context, name, "mu5_mean"))) for name in LAMBDA_RUNS]
    return Measured(bool(np.all(np.diff(values) > 0)), "μ5(0.2) of A to D: " + ", ".join(f"{v:.3g}" for v in values))


def feedback_power(context: Context) -> Measured:
    """d ln h_M/d ln lam from run A to run D."""
    ratio = helicity_max(context, "A") / helicity_max(context, "D")
    slope = -math.log(ratio) / math.log(1e4)
    text = f"h_M falls {ratio:.0f} times for 10⁴ times λ: λ^{slope:.2f}"
    return Measured(word(abs(slope + 1) < 0.05, -0.9 < slope < -0.2), text)


def seed_matters(context: Context) -> Measured:
    """Largest h_M with a twentieth of the noise over that with all of it."""
    ratio = helicity_max(context, "seed-5e-14") / helicity_max(context, reference_run(context))
    return Measured(word(abs(ratio - 1) < 0.1, ratio < 0.1), f"noise 20 times weaker: h_M {1 / ratio:.0f} times smaller")


VALUES: dict[str, Callable[[Context], Any]] = {
    "eq36": spectra_add_up("energy_spectrum", "energy_magnetic"),
    "eq37": spectra_add_up("helicity_spectrum", "magnetic_helicity"),
    "fig5-diffusion": high_k_decays,
    "fig5-scan": instability_scans,
    "fig5-cascade": cascade,
    "fig5-envelope": envelope,
    "fig6-start": random_start,
    "fig6-growth": fraction_grows,
    "fig6-saturates": fraction_saturates,
    "fig6-bound": fraction_bound,
    "fig6-shift": fraction_shifts,
    "fig7-field": falls_with_feedback("b_rms"),
    "fig7-flow": falls_with_feedback("u_rms"),
    "fig7-helicity": falls_with_feedback("magnetic_helicity"),
    "fig7-mu5": mu5_rises_with_feedback,
    "eq27-lambda": feedback_power,
    "eq27-seed": seed_matters,
}
