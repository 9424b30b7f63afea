"""What F24 says about its solutions, measured in ours: Fig. 1, the energy of Eqs. (1) and (16), growth, ensemble, entropy."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from kiral.papers.context import Context, Measured
from kiral.papers.fiorillo2024.common import (
    LENGTH,
    energy_change,
    evolve,
    growing_amplitude,
    overlap,
    printed_energy_change,
    seed,
    word,
)

FIG1, MODES, ENERGY = "fig1", "modes", "energy"
SEEDS = ("fig1", *(f"seed-{i:02d}" for i in range(2, 25)))
QUARTER, QUARTER_SEED = 25.0, ((-4, 1e-4), (-3, 5e-5))
"""The box of the run `energy`, and its modes."""


def series(context: Context, name: str, *quantities: str) -> tuple[np.ndarray, ...]:
    """(t, values, ...) of a run."""
    found = context.run(name).series
    return tuple(np.asarray(found[q], dtype=float) for q in ("t", *quantities))


def spectra(context: Context, name: str, *quantities: str) -> tuple[np.ndarray, ...]:
    """(t, k, values (t, k), ...) of a run."""
    found = context.run(name).spectra
    return tuple(np.asarray(found[q], dtype=float) for q in ("t", "k", *quantities))


def ratio(context: Context, name: str = FIG1) -> tuple[np.ndarray, np.ndarray]:
    """(t, R = U_osc/U_osc(0)) of a run."""
    t, u = series(context, name, "u_osc")
    return t, u / u[0]


def seeds(context: Context) -> tuple[str, ...]:
    """The random runs of this size."""
    return tuple(name for name in SEEDS if context.has(name))


def ensemble(context: Context) -> tuple[np.ndarray, np.ndarray]:
    """(t, R (seed, t)) of the random runs."""
    t = ratio(context)[0]
    return t, np.stack([ratio(context, name)[1] for name in seeds(context)])


def near(t: np.ndarray, when: float) -> int:
    """Index of the sample next to a time."""
    return int(np.argmin(np.abs(t - when)))


# --- Fig. 1 and what the text says about it --------------------------------------------------------------------------


def violation(context: Context) -> Measured:
    """Largest |ΔU_osc|/|U_osc(0)|."""
    t, r = ratio(context)
    return Measured(float(np.abs(r - 1).max()), f"U_osc reaches {r.min():.2f} U_osc(0) at t = {t[np.argmin(r)]:.1f}")


def initial_energy(context: Context) -> float:
    """U_osc(0)."""
    return float(series(context, FIG1, "u_osc")[1][0])


def numbers_kept(context: Context) -> Measured:
    """The number of neutrinos and every |P| stay, while P turns."""
    drift = context.run(FIG1).drift["number"]
    length, content = (float(np.max(x)) for x in series(context, FIG1, "norm_drift", "nux_content")[1:])
    text = f"numbers to {drift:.0e}, every |P| to {length:.0e}; ν_x content of the v = +1 beam up to {content:.2f}"
    return Measured(drift < 1e-12 and length < 1e-12 and content > 0.1, text)


def flavor_map(context: Context) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(t, z, ν_x content (t, z) of the v = +1 beam)."""
    found = context.run(FIG1).snapshots
    first = int(np.argmax(context.run(FIG1).spectra["velocity"][0].values))
    return tuple(np.asarray(x, dtype=float) for x in (found["t"], found["z"], found["nux_fraction"][:, first]))


def contours(context: Context) -> Measured:
    """The ν_x content of the v = +1 beam: nothing at first, nearly everything somewhere later, and not uniform."""
    t, _, content = flavor_map(context)
    late = content[t > 9]
    text = f"largest at t = 4: {content[near(t, 4)].max():.3f}; later from {late.min():.2f} to {late.max():.2f}"
    return Measured(content[0].max() < 1e-5 and late.max() > 0.8 and late.min() < 0.05, text)


def band_grows(context: Context) -> Measured:
    """Growth of the coherence's power from t = 1 to 5 inside and outside -2 < k < 0."""
    t, k, power = spectra(context, FIG1, "psi_power")
    seeded = np.abs(k) <= 100.5 * 2 * np.pi / LENGTH
    factor = power[near(t, 5.0), seeded] / power[near(t, 1.0), seeded]
    inside = (k[seeded] > -1.9) & (k[seeded] < -0.1)
    outside = (k[seeded] < -2.1) | (k[seeded] > 0.1)
    text = f"median growth of |ψ_k|²: {np.median(factor[inside]):.0f} in the band, {np.median(factor[outside]):.2f} outside"
    return Measured(float(np.median(factor[inside])) > 50 and float(np.median(factor[outside])) < 2, text)


def keeps_oscillating(context: Context) -> Measured:
    """R after t = 10: turning points, and differences between two seeds."""
    t, r = ratio(context)
    late, other = r[t >= 10], ratio(context, SEEDS[1])[1][t >= 10]
    turns = int((np.diff(np.sign(np.diff(late))) != 0).sum())
    apart = float(np.abs(late - other).max())
    text = f"{turns} turning points, standard deviation {late.std():.2f}; another seed differs by up to {apart:.2f}"
    return Measured(turns >= 4 and late.std() > 0.1 and apart > 0.3, text)


def smaller_scales(context: Context) -> Measured:
    """Share of the coherence's power at |k| > 2 when the linear modes saturate and later."""
    t, k, power = spectra(context, FIG1, "psi_power")
    share = power[:, np.abs(k) > 2].sum(axis=1) / power.sum(axis=1)
    early, late = float(share[near(t, 7.0)]), float(share[t >= 15].mean())
    return Measured(late > 3 * early, f"{early:.3f} at t = 7, {late:.3f} from t = 15 on")


def average_shrinks(context: Context) -> Measured:
    """Standard deviation in time of the mean R of the seeds, over the mean of those of single ones, from t = 14 on."""
    t, r = ensemble(context)
    late = r[:, t >= 14]
    single, mean = float(late.std(axis=1).mean()), float(late.mean(axis=0).std())
    text = f"{single:.2f} for single seeds, {mean:.2f} for the mean of {len(r)}; their ratio {mean / single:.2f}"
    return Measured(mean < 0.9 * single, text)


def bulk_at_first(context: Context) -> Measured:
    """The first minimum of R beside all later values."""
    t, r = ensemble(context)
    first = [float(1 - each[t <= 10].min()) for each in r]
    whole = [float(1 - each.min()) for each in r]
    text = f"1 - R reaches {np.mean(first):.2f} before t = 10, {np.mean(whole):.2f} at any time (mean of {len(r)} seeds)"
    return Measured(min(f / w for f, w in zip(first, whole, strict=True)) > 0.7 and min(first) > 0.5, text)


def final_state(context: Context) -> Measured:
    """Mean R and ν_x content from t = 12 on, over the seeds: the conserved energy would be R = 1."""
    t, r = ensemble(context)
    late = float(r[:, t >= 12].mean())
    content = [series(context, name, "nux_content")[1][t >= 12].mean() for name in seeds(context)]
    text = f"⟨R⟩ = {late:.2f}, ν_x content {np.mean(content):.2f} ({len(r)} seeds)"
    return Measured(abs(late) < 0.3, text)


def variance(context: Context) -> Measured:
    """Variance of the amplitudes in the seeds at t = 0: within four standard errors of 1e-8, nothing beyond n = 100."""
    found = []
    beyond = 0.0
    for name in seeds(context):
        _, k, plus, minus = spectra(context, name, "psi_plus_power", "psi_minus_power")
        n = np.rint(k * LENGTH / (2 * np.pi))
        for power in (plus[0], minus[0]):  # |F_x|² + |F_y|² = half the sum of k and -k
            found.append(power[(np.abs(n) <= 100)].sum() / (2 * 201))
            beyond = max(beyond, float(power[np.abs(n) > 100].max()))
    mean, error = float(np.mean(found)), float(np.std(found, ddof=1) / math.sqrt(len(found)))
    expected = 1e-8 * math.sqrt(2 * 2 / 402 / len(found))  # c² has the variance 2 σ⁴; c_n = c_-n
    text = f"σ² = {mean:.3e} ± {error:.0e} from {len(found)} functions; largest |ψ_k|² beyond n = 100: {beyond:.0e}"
    return Measured(abs(mean - 1e-8) < 4 * expected and beyond < 1e-24, text)


# --- growth ----------------------------------------------------------------------------------------------------------


def growth_rates(context: Context, early: float = 4.0, late: float = 6.0) -> tuple[np.ndarray, np.ndarray]:
    """(k, growth rate of ψ_+) of the seeded modes between two times."""
    t, k, power = spectra(context, MODES, "psi_plus_power")
    seeded, a, b = power[0] > 1e-16, near(t, early), near(t, late)
    return k[seeded], np.log(power[b, seeded] / power[a, seeded]) / (2 * (t[b] - t[a]))


def growth_rate(context: Context) -> Measured:
    """Growth rate of ψ_+ for k = -1."""
    k, gamma = growth_rates(context)
    i = near(k, -1.0)
    return Measured(float(gamma[i]), f"k = {k[i]:.6f}, from t = 4 to 6, seed 1e-6")


def energy_of_modes(context: Context) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """(t, ΔU_osc, Eq. (12) as printed, corrected) of the seven modes."""
    t, u = series(context, MODES, "u_osc")
    length = context.run(MODES).config["geometry"]["length"][2]
    k = growth_rates(context)[0]
    alpha = np.array([growing_amplitude(x, 1e-6, 1e-6) for x in k])
    printed, corrected = (np.array([f(k, alpha, x, length) for x in t]) for f in (printed_energy_change, energy_change))
    return t, u - u[0], printed, corrected


def energy_of_run(context: Context) -> Measured:
    """ΔU_osc of the run beside both sums over its modes, at t = 8."""
    t, change, printed, corrected = energy_of_modes(context)
    i = near(t, 8.0)
    shares = printed[i] / change[i], corrected[i] / change[i]
    text = f"over what the run gives at t = {t[i]:g}: {shares[0]:.3f} as printed, {shares[1]:.4f} corrected"
    return Measured(word(abs(shares[0] - 1) < 0.01, abs(shares[1] - 1) < 0.01), text)


# --- energy and entropy ----------------------------------------------------------------------------------------------


def traded(context: Context) -> Measured:
    """Drift of U_osc + K in the random run, K from (21, 22)."""
    drift = context.run(FIG1).drift["energy"]
    t, u, kinetic = series(context, FIG1, "u_osc", "kinetic_energy")
    i = int(np.argmax(u))
    return Measured(drift < 1e-4, f"U_osc {u[i] - u[0]:+.3f} and K {kinetic[i]:+.3f} at t = {t[i]:.1f}; drift {drift:.0e}")


def resolved_energy(context: Context) -> Measured:
    """Largest |K + U - U(0)| over the largest |K|, with the momenta resolved."""
    kinetic, total = series(context, ENERGY, "kinetic_energy", "total_energy")[1:]
    left = float(np.abs(total - total[0]).max() / np.abs(kinetic).max())
    return Measured(left, f"K changes by {np.abs(kinetic).max():.4f} (quarter of the box); error of the time steps")


def usual_equations(context: Context) -> Measured:
    """U_osc of Eq. (16), momenta resolved, and of Eq. (1) by another method (NumPy, RK4), at the end of the run."""
    t, u = series(context, ENERGY, "u_osc")
    start = seed(QUARTER_SEED, 64, QUARTER, keep_length=True)
    alone = overlap(evolve(start, QUARTER, float(t[-1]), 0.01), QUARTER)
    text = f"U_osc({t[-1]:g}) = {u[-1]:.8f} and {alone:.8f}"
    return Measured(abs(u[-1] - alone) < 1e-5 * abs(u[0]), text)


def shifts(context: Context) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """(t, z, mean shift of |p| of the v = +1 and of the v = -1 beam (t, z))."""
    found = context.run(ENERGY).spectra
    t, z, plus, minus = (np.asarray(found[q], dtype=float) for q in ("t", "z", "shift_plus", "shift_minus"))
    return t, z, plus, -minus


def small_shifts(context: Context) -> Measured:
    """Shifts of the spectra: their size, and their sum over the neutrinos, which should be K."""
    t, _, plus, minus = shifts(context)
    summed = QUARTER * (plus + minus).mean(axis=1) / 2
    kinetic = np.interp(t, *series(context, ENERGY, "kinetic_energy"))
    largest = float(np.abs(np.stack([plus, minus])).max())
    momentum = context.run(ENERGY).config["model"]["momentum"]
    wrong = float(np.abs(summed - kinetic).max() / np.abs(kinetic).max())
    text = f"up to {largest:.2f} of p = {momentum:g}, in units of μ; summed over the neutrinos, K to {wrong:.0e}"
    varies = max(float(np.ptp(x)) for x in plus)
    return Measured(wrong < 1e-6 and largest < 0.1 * momentum and varies > 0.1, f"{text}; they differ by {varies:.2f} along z")


def order_of_gain(context: Context) -> Measured:
    """Largest mean shift of a neutrino's energy over μ."""
    _, _, plus, minus = shifts(context)
    largest = float(np.abs(np.stack([plus, minus])).max())
    return Measured(0.1 < largest < 10, f"{largest:.2f} μ")


def entropy_kept(context: Context) -> Measured:
    """Eigenvalues (P⁰ ± |P|)/2 of every ρ in the random run: P⁰ and |P| along every ray."""
    run = context.run(FIG1)
    length, number = float(run.series["norm_drift"].max()), run.drift["number"]
    return Measured(max(length, number) < 1e-12, f"|P| to {length:.0e} along every ray, numbers to {number:.0e}")


def entropy_as_test(context: Context) -> Measured:
    """Largest change of |P|, and so of the entropy, with a method that does not keep it, at two steps; and in fig1."""
    start = seed(QUARTER_SEED, 64, QUARTER, keep_length=True)
    changes = [float(np.abs(2 * np.linalg.norm(evolve(start, QUARTER, 12.0, dt), axis=1) - 1).max()) for dt in (0.1, 0.05)]
    kept = float(series(context, FIG1, "norm_drift")[1].max())
    text = f"RK4: {changes[0]:.0e} at dt = 0.1, {changes[1]:.0e} at 0.05; rotations, which keep it at any step: {kept:.0e}"
    return Measured(changes[0] > 5 * changes[1] > 1e-9, text)


def invariants(context: Context) -> Measured:
    """U_osc changes by its own size, while the traces of the monodromy of the same equations stay."""
    traces = series(context, FIG1, "monodromy_0", "monodromy_2")[1:]
    drift = max(float(np.ptp(x)) for x in traces)
    change = float(np.abs(ratio(context)[1] - 1).max())
    return Measured(change > 1, f"U_osc by {change:.2f} of itself; the integrable system's traces (λ = 0, 2) by {drift:.0e}")


VALUES: dict[str, Callable[[Context], Any]] = {
    "violation": violation,
    "u-start": initial_energy,
    "trace-kept": numbers_kept,
    "fig1-contours": contours,
    "band-grows": band_grows,
    "keeps-oscillating": keeps_oscillating,
    "smaller-scales": smaller_scales,
    "average-shrinks": average_shrinks,
    "bulk-at-first": bulk_at_first,
    "final-state": final_state,
    "eq13-variance": variance,
    "growth-rate": growth_rate,
    "eq12-run": energy_of_run,
    "traded": traded,
    "eq16-run": resolved_energy,
    "usual-equations": usual_equations,
    "small-shifts": small_shifts,
    "order-of-gain": order_of_gain,
    "entropy": entropy_kept,
    "entropy-as-test": entropy_as_test,
    "no-other-energy": invariants,
}
