"""What the page of a run says about chiral kinetic theory: equations, conventions, exact results beside what was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from kiral.kinetic import run_estimates as theory

ESTIMATE_HEADER = ("quantity", "unit", "theory", "measured", "ratio", "how measured")
SOURCE = (
    "Gorbar, Shovkovy, Vilchinskii, Rudenok, Boyarsky, Ruchayskiy, “Anomalous Maxwell equations for inhomogeneous chiral "
    "plasma” (2016), called G16 here, as corrected in the documentation. Steady currents and anomaly: along the "
    "characteristics, to every order in E. Waves: roots of the linear kinetic equation, to all orders in k."
)
CONVENTIONS = (
    "ħ = 1, Gaussian, c and e as in the case; lengths in l*, times in t*, energies in E*. Number currents: e times them is the "
    "electric current. Chirality λ = ±1, charge sign s = ±1, Ω = λ p̂/2p²; first order in Ω. T is a fixed bath."
)
_TRANSIENT = 5.0  # relaxation times before a wave is measured
_SMALLEST = 1e-5  # of the largest amplitude: below, round-off and the tolerance are measured


def equations(config: Mapping[str, Any]) -> list[str]:
    """One line per equation, from the configuration."""
    model, inhomogeneous = config["model"], config["geometry"]["n"][0] > 1
    stream = " + c ∂z(p̂z f)" if inhomogeneous else ""
    anomalous = " − λ(e c B/2p²)[1 − …] ∂z F" if inhomogeneous else ""
    found = [
        f"∂t F{stream} + (s eE + s (e/c) v×B)·∂p F = −(F − f_eq(mu_λ))/τ",
        f"∂t g + (the same of g) = −g/τ + (e²/c)[(B·Ω)E − (E·B)Ω]·∂p F + (e/c)²(B·Ω)(v×B)·∂p F{anomalous}     (G16, Eq. 12)",
        "n_λ = Σ s ∫ (1 + eB·Ω/c) f,    mu_λ from ∫ (1 + eB·Ω/c)(f − f_eq) = 0 on the grid",
        "j_λ = Σ s ∫ [v + eE×Ω + (e/c)(v·Ω)B] f     (G16, Eq. 9)",
    ]
    mean = {"full": "∂t E = −4π e j", "without_mean": "∂t E = −4π e (j − mean of j)"}
    return found + ([mean[model["ampere"]]] if model["ampere"] in mean else [])


def estimate_rows(run: Any) -> list[Sequence[str]]:
    """Cells of the exact results that the case has, beside the run's last values."""
    case = theory.sections(run.config)
    series = run.series
    if not series.sizes.get("t", 0):
        return []
    last = {str(name): float(series[name][-1]) for name in series.data_vars}
    rows = []
    current = theory.ohm_current(case, float(series["t"][-1]) - float(series["t"][0]))
    if current is not None:
        axis = case.model.axis
        measured = float(axis @ [last[f"current_{x}"] for x in "xyz"])
        rows.append(_row("number current along E", theory.CURRENT, current, measured, "last row; exact at its time"))
    factor = theory.anomaly_factor(case, last["mu"], last["mu5"])
    if factor is not None and "anomaly_factor" in last:
        rows.append(_row("anomaly factor A", "1", factor, last["anomaly_factor"], "last row; exact for its mu, mu5"))
    roots = theory.wave_roots(case)
    measured_root = measured_wave(run, roots)
    if measured_root is not None:
        s, how = measured_root
        expected = roots[np.argmin(np.abs(roots - s))]
        rows.append(_row("wave: growth rate", "1/t*", expected.real, s.real, how))
        if abs(expected.imag) > 1e-12 * abs(expected):
            rows.append(_row("wave: frequency", "1/t*", abs(expected.imag), abs(s.imag), how))
    return rows


def _row(name: str, unit: str, expected: float, measured: float, how: str) -> Sequence[str]:
    return (name, unit, f"{expected:.8g}", f"{measured:.8g}", f"{measured / expected:.7f}", how)


def measured_wave(run: Any, roots: np.ndarray) -> tuple[complex, str] | None:
    """(s of the slowest wave, how): two exponentials fitted to evenly spaced rows of mu, mu5 and E of the seeded wave.

    Prony's method: x(t + 2Δ) = a x(t + Δ) + b x(t) by least squares, s from the zeros of z² - a z - b. None without rows
    after the first few relaxation times, or without linear theory to name the wave by.
    """
    series, tau = run.series, run.config["model"]["tau"]
    if not roots.size or "mu5_wave_re" not in series or series.sizes.get("t", 0) < 8:
        return None
    t = np.asarray(series["t"], float)
    amplitudes = wave_amplitudes(run)
    size = np.sqrt(sum(np.abs(a) ** 2 / max(np.abs(a).max(), 1e-300) ** 2 for a in amplitudes))
    rows = np.flatnonzero((t - t[0] > _TRANSIENT * tau) & (size > _SMALLEST))
    spacing = np.diff(t[rows])
    if rows.size < 6 or np.ptp(spacing[:-1]) > 1e-9 * t[-1]:
        return None
    step = float(spacing[0])
    rows = rows[:-1]  # the last row is at t_end, off the spacing
    scaled = [a[rows] / np.abs(a).max() for a in amplitudes if np.abs(a[rows]).max() > 0]
    matrix = np.concatenate([np.stack([x[1:-1], x[:-2]], axis=1) for x in scaled])
    a, b = np.linalg.lstsq(matrix, np.concatenate([x[2:] for x in scaled]), rcond=1e-12)[0]
    found = np.log(np.roots([1, -a, -b]).astype(complex)) / step
    distance = np.abs(found[:, None] - roots)
    s = found[np.unravel_index(np.argmin(distance), distance.shape)[0]]
    return complex(s), f"two exponentials fitted to mu, mu5, E of the wave, t = {t[rows[0]]:.4g} to {t[rows[-1]]:.4g}"


def wave_amplitudes(run: Any) -> list[np.ndarray]:
    """Complex amplitudes (t,) of mu, mu5 and E of the seeded wave."""
    series = run.series
    names = ("mu_wave", "mu5_wave", "electric_wave")
    return [np.asarray(series[f"{x}_re"], float) + 1j * np.asarray(series[f"{x}_im"], float) for x in names]


def remarks(run: Any) -> list[str]:
    """What a reader of the numbers must know."""
    found = []
    series = run.series
    if "angular_tail" in series and series.sizes.get("t", 0) and float(series["angular_tail"].max()) > 1e-4:
        share = float(series["angular_tail"].max())
        found.append(f"The highest degree holds up to {share:.2g} of the anisotropic part: raise geometry.l_max.")
    if "drift_energy" in series and series.sizes.get("t", 0) and float(series["drift_energy"].max()) > 1e-6:
        found.append("The energy of the particles differs from work less heat by what the grid does not resolve of g.")
    return found
