"""What G25, Sec. VII and Figs. 2–4, say about its simulations, measured in ours at any size; what such values share.

The paper's figures show run A*; at the size "laptop" ours is A-large, at "ci" run A. Times in t*, wave numbers in 1/l*.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from kiral.mhd import estimates
from kiral.papers.context import Context, Measured
from kiral.papers.gurgenidze2025.common import ONSET, RATES, RUN_A

T_PHI, T_CROSS = RUN_A["t_phi"], estimates.crossing_time(**ONSET)
LAMBDA_RUNS = ("A", "B", "C", "D")


def main_run(context: Context) -> str:
    """The run that stands for the paper's figures."""
    return next(name for name in ("A-star", "A-large", "A") if context.has(name))


def reference_run(context: Context) -> str:
    """The run that seeds, heatings and boxes are compared with: of the same grid."""
    return "box" if context.size == "laptop" else "A"


def series(context: Context, name: str, *quantities: str) -> tuple[np.ndarray, ...]:
    """(t, values, ...) of a run."""
    found = context.run(name).series
    return tuple(np.asarray(found[q], dtype=float) for q in ("t", *quantities))


def main(context: Context, *quantities: str) -> tuple[np.ndarray, ...]:
    """`series` of the main run."""
    return series(context, main_run(context), *quantities)


def spectra(context: Context, quantity: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(t, k, values (t, k)) of the main run."""
    found = context.run(main_run(context)).spectra
    return tuple(np.asarray(found[q], dtype=float) for q in ("t", "k", quantity))


def at(t: np.ndarray, values: np.ndarray, when: float) -> float:
    """Value at the stored time `when`. LookupError: no such sample."""
    found = np.flatnonzero(np.isclose(t, when, rtol=1e-9))
    if not found.size:
        raise LookupError(f"no sample at t = {when:g}")
    return float(values[found[0]])


def helicity_max(context: Context, name: str) -> float:
    """Largest h_M of a run."""
    return float(series(context, name, "magnetic_helicity")[1].max())


def word(printed: bool, corrected: bool) -> str:
    """The value of a statement with a corrected one."""
    return "printed" if printed else "corrected" if corrected else "neither"


# --- mu5, Fig. 2 -----------------------------------------------------------------------------------------------------


def mu5_slope(early: float, late: float) -> Callable[[Context], Measured]:
    """d ln mu5/d ln t between two stored times."""

    def slope(context: Context) -> Measured:
        t, mu5 = main(context, "mu5_mean")
        value = math.log(at(t, mu5, late) / at(t, mu5, early)) / math.log(late / early)
        return Measured(value, f"from t = {early:g} to {late:g}")

    return slope


def mu5_largest(context: Context) -> Measured:
    t, mu5 = main(context, "mu5_mean")
    return Measured(at(t, mu5, T_PHI), "at t_φ; the largest is reached at 0.051 and is 3.998e4")


def mu5_tracks(context: Context) -> Measured:
    t, mu5 = main(context, "mu5_mean")
    chosen = (t >= T_CROSS) & (t <= 0.07)
    error = float(np.max(np.abs(mu5[chosen] / estimates.mu5_balanced(t[chosen], **RATES) - 1)))
    return Measured(error < 0.1, f"largest difference {100 * error:.1f} % from t_cross to 0.07")


def late_mu5(context: Context) -> Measured:
    """mu5 over (21) in run D, where the field's part is ten times that of the source."""
    t, mu5, j_b, b = series(context, "D", "mu5_mean", "current_helicity", "b_rms")
    late = estimates.mu5_late(j_b, b**2, chiral_feedback=1e12, magnetic_diffusivity=RUN_A["eta"], flipping_rate=RUN_A["gamma5"])
    chosen = (t > T_PHI) & (estimates.mu5_balanced(t, **RATES) < 0.1 * late)
    error = float(np.max(np.abs(mu5[chosen] / late[chosen] - 1)))
    return Measured(error < 0.2, f"run D from t = {t[chosen][0]:.3g} on: largest difference {100 * error:.0f} %")


def weak_feedback(context: Context) -> Measured:
    largest = float(main(context, "cme_ratio")[1].max())
    return Measured(largest < 0.2, f"largest λ η B²/Γ5 = {largest:.2g}")


def source_works(context: Context) -> Measured:
    """Growth of the field while washout alone would have taken mu5 down by exp(-Γ5 t_phi)."""
    _, b = main(context, "b_rms")
    growth = float(b.max() / b.min())
    lost = math.exp(-RUN_A["gamma5"] * T_PHI)
    return Measured(growth > 1e6 and lost < 1e-20, f"B_rms grows {growth:.1e} times; without source μ5 falls to {lost:.0e}")


# --- Field and flow, Fig. 3 ------------------------------------------------------------------------------------------


def noise_level(context: Context) -> Measured:
    """B_rms at the start against <B²> = 2σ²δ³ Σk²/V over the modes that the grid keeps."""
    name = main_run(context)
    config = context.run(name).config
    k_min, n = config["geometry"]["k_min"][0], config["geometry"]["n"][0]
    spacing = config["initial"]["reference_spacing"]
    m = np.arange(-(n // 2), n // 2 + 1)
    k2 = (m[:, None, None] ** 2 + m[:, None] ** 2 + m**2).astype(float)
    kept = k2 <= ((n - 1) // 3) ** 2
    expected = 1e-12 * math.sqrt(2 * np.sum(k2[kept]) * k_min**2 * (spacing * k_min / (2 * math.pi)) ** 3)
    start = float(main(context, "b_rms")[1][0])
    scatter = 3 / math.sqrt(2 * np.count_nonzero(kept))
    text = f"B_rms = {start:.3g}, expected {expected:.3g} ± {100 * scatter:.0f} %"
    return Measured(abs(start / expected - 1) < scatter, text)


def starts_at_rest(context: Context) -> bool:
    _, mu5, u, rho = main(context, "mu5_rms", "u_rms", "rho_mean")
    return bool(mu5[0] == 0 and u[0] == 0 and rho[0] == 1)


def growth_sets_in(context: Context) -> Measured:
    """Time at which B_rms is e times its minimum."""
    t, b = main(context, "b_rms")
    lowest = int(np.argmin(b[t <= T_PHI]))
    rising = slice(lowest, int(np.count_nonzero(t <= T_PHI)))
    when = float(np.interp(math.log(b[lowest]) + 1, np.log(b[rising]), t[rising]))
    good = b[lowest] < b[0] and T_CROSS / 2 < when < 2 * T_CROSS
    return Measured(bool(good), f"B_rms is smallest at t = {t[lowest]:.3g}, e times that at {when:.3g}")


def growth_goes_on(context: Context) -> Measured:
    """B_rms grows until after t_phi, and falls at the end."""
    t, b = main(context, "b_rms")
    top = float(t[np.argmax(b)])
    good = at(t, b, 0.04) < at(t, b, T_PHI) < b.max() and T_PHI < top <= 0.2 and b[-1] < b.max()
    return Measured(bool(good), f"largest at t = {top:.3g}")


def equipartition(context: Context) -> Measured:
    """Largest kinetic over magnetic energy once the field is more than a seed."""
    _, kinetic, magnetic = main(context, "energy_kinetic", "energy_magnetic")
    ratio = float(np.max((kinetic / magnetic)[magnetic > 1e-3 * magnetic.max()]))
    return Measured(word(ratio > 0.5, ratio < 0.25), f"kinetic energy is at most {ratio:.2g} of the magnetic one")


def vortical(context: Context) -> Measured:
    """Share of <u²> with ∇·u ≠ 0 at t = 0.1, and u² that the correction of footnote 2 is proportional to."""
    run = context.run(main_run(context))
    snapshot = run.snapshots["u"].sel(t=0.1, method="nearest").transpose("component", "x", "y", "z")
    u = np.fft.fftn(np.asarray(snapshot, dtype=float), axes=(1, 2, 3))
    k = np.stack(np.meshgrid(*[np.fft.fftfreq(s, 1 / s) for s in u.shape[1:]], indexing="ij"))
    k2 = np.sum(k**2, axis=0)
    along = np.abs(np.sum(k * u, axis=0)) ** 2 / np.where(k2 > 0, k2, 1)
    share = float(along.sum() / np.sum(np.abs(u) ** 2))
    u2 = float(np.max(np.asarray(run.series["u_rms"], dtype=float)) ** 2)
    return Measured(share < 0.5 and u2 < 0.05, f"{100 * (1 - share):.0f} % of <u²> is vortical; largest <u²> = {u2:.2g}")


def power_law_decay(context: Context) -> Measured:
    """Largest deviation of ln u_rms from a straight line in ln t, from t = 0.5 on."""
    t, u = main(context, "u_rms")
    x, y = np.log(t[t >= 0.5]), np.log(u[t >= 0.5])
    slope, offset = np.polyfit(x, y, 1)
    error = float(np.max(np.abs(y - slope * x - offset)))
    return Measured(error < 0.1, f"u_rms falls as t^{slope:.2f}, to {100 * error:.0f} %")


# --- Helicity, Fig. 4 ------------------------------------------------------------------------------------------------


def ledger(context: Context) -> float:
    """Drift of h + (2/lam) mu5 against Eq. (22), relative to its largest terms."""
    return float(context.run(main_run(context)).drift["helicity_chirality"])


def ledgers_close(context: Context) -> Measured:
    drifts = [context.run(name).drift for name in LAMBDA_RUNS]
    worst = {name: max(d[name] for d in drifts) for name in ("helicity_chirality", "energy", "momentum")}
    text = ", ".join(f"{name} {value:.0e}" for name, value in worst.items())
    return Measured(max(worst.values()) < 1e-3, f"largest drifts of runs A to D: {text}")


def chirality_first(context: Context) -> Measured:
    t, h, mu5 = main(context, "magnetic_helicity", "mu5_mean")
    chosen = (t > 1e-3) & (t < T_CROSS)
    ratio = float(np.max(np.abs(h[chosen]) / (2 / RUN_A["lam"] * mu5[chosen])))
    return Measured(ratio < 1e-3, f"h_M is at most {ratio:.0e} of (2/λ)<μ5> before t_cross")


def total_peaks(context: Context) -> Measured:
    t, total = main(context, "helicity_total")
    top = float(t[np.argmax(total)])
    return Measured(abs(top - T_PHI) <= 0.005 + 1e-9 and total[-1] < total.max(), f"largest at t = {top:.3g}")


def total_is_magnetic(context: Context) -> Measured:
    _, h, mu5 = main(context, "magnetic_helicity", "mu5_mean")
    ratio = float(2 / RUN_A["lam"] * mu5[-1] / h[-1])
    return Measured(ratio < 0.1, f"(2/λ)<μ5> is {ratio:.2g} of h_M at the end")


def saturation_time(context: Context) -> Measured:
    """When (2/lam)<mu5> has come down to h_M."""
    t, h, mu5 = main(context, "magnetic_helicity", "mu5_mean")
    ratio = h / (2 / RUN_A["lam"] * np.where(mu5 > 0, mu5, np.nan))
    first = int(np.flatnonzero((t > T_PHI) & (ratio >= 1))[0])
    when = np.interp(0, np.log(ratio[first - 1 : first + 1]), t[first - 1 : first + 1])
    return Measured(float(when), "when h_M = (2/λ)<μ5>")


def helicity_constant(context: Context) -> Measured:
    t, h = main(context, "magnetic_helicity")
    change = at(t, h, 2.0) / at(t, h, 0.5) - 1
    return Measured(abs(change) < 0.2, f"changes by {100 * change:.0f} % from t = 0.5 to 2")


def helicity_end(context: Context) -> Measured:
    t, h = main(context, "magnetic_helicity")
    return Measured(float(h[-1]), f"h_M at t = {t[-1]:g}")


def maximally_helical(context: Context) -> Measured:
    """h k_I/B² at the end: 1 for a maximally helical field, with 1/k_I = ∫E dk/k / ∫E dk."""
    _, h, b, k = main(context, "magnetic_helicity", "b_rms", "k_integral")
    ratio = float(h[-1] * k[-1] / b[-1] ** 2)
    return Measured(0.9 < ratio < 1 + 1e-9, f"h_M k_I/B² = {ratio:.4f} at the end")


VALUES: dict[str, Callable[[Context], Any]] = {
    "source-works": source_works,
    "fig2-early": mu5_slope(1e-4, 3e-4),
    "fig2-linear": mu5_slope(5e-3, 0.015),
    "fig2-largest": mu5_largest,
    "fig2-tracks": mu5_tracks,
    "eq21-run": late_mu5,
    "fig2-weak": weak_feedback,
    "eq34-noise": noise_level,
    "eq34-rest": starts_at_rest,
    "fig3-onset": growth_sets_in,
    "fig3-growth": growth_goes_on,
    "fig3-equipartition": equipartition,
    "fig3-decay": power_law_decay,
    "footnote2": vortical,
    "fig4-ledger": ledger,
    "eq22": ledgers_close,
    "fig4-chirality": chirality_first,
    "fig4-maximum": total_peaks,
    "fig4-equilibrium": total_is_magnetic,
    "t-sat": saturation_time,
    "fig4-constant": helicity_constant,
    "h-end": helicity_end,
    "b2-lambda": maximally_helical,
}
