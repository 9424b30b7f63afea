"""Secs. IV and V of G25 checked against independent derivations: the instability, and the noise it starts from. No run.

G25 = Gurgenidze et al. (2025). Where the paper quotes a formula that follows from another one, the other one is solved here
numerically and the quoted prefactor or exponent is read off.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.integrate import solve_ivp
from scipy.optimize import brentq, minimize_scalar

from kiral import constants as const
from kiral.mhd import eq27, estimates, mean_field, solutions
from kiral.papers.context import Context, Measured
from kiral.papers.gurgenidze2025.common import DENSITY, ONSET, RATES, RUN_A, UNITS, plasma, power

SQRT_E = math.sqrt(math.e)


# --- Sec. IV: the instability ----------------------------------------------------------------------------------------


def _curl_eigenvalues(k: np.ndarray, mu5: float, eta: float) -> np.ndarray:
    """Growth rates of the three polarisations of one Fourier mode of Eq. (11), as eigenvalues of a 3×3 matrix."""
    x, y, z = k
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.sort(np.linalg.eigvals(-eta * (k @ k) * np.eye(3) + 1j * eta * mu5 * cross).real)


def growth_rates(context: Context) -> Measured:
    """Eigenvalues of Eq. (11) against eta k (±mu5 - k), and -eta k² for the longitudinal part."""
    error, eta = 0.0, 1e-6
    for k, mu5 in (((3e3, 1e3, -2e3), 1e4), ((2e4, 5e3, 1e4), -4e4), ((1e4, 0.0, 0.0), 0.0)):
        size = float(np.linalg.norm(k))
        expected = np.sort([solutions.growth_rate(size, mu5, eta, s) for s in (1, -1)] + [-eta * size**2])
        error = max(error, float(np.max(np.abs(_curl_eigenvalues(np.array(k), mu5, eta) - expected)) / (eta * size**2)))
    return Measured(bool(error < 1e-9), f"largest difference {error:.1e} of η k²")


def unstable_band(context: Context) -> bool:
    """Only modes of the sign of mu5 with k < |mu5| grow."""
    k = np.linspace(0.01, 2, 400)
    for mu5 in (1.0, -1.0):
        for helicity in (1, -1):
            grows = solutions.growth_rate(k, mu5, 1.0, helicity) > 0
            if not np.array_equal(grows, (k < 1 - 1e-9) & (helicity == np.sign(mu5))):
                return False
    return True


def _fastest() -> tuple[float, float]:
    """(k/mu5, rate/(eta mu5²)) of the fastest mode."""
    found = minimize_scalar(lambda k: -solutions.growth_rate(k, 1.0, 1.0), bounds=(0, 1), method="bounded",
                            options={"xatol": 1e-10})  # fmt: skip
    return float(found.x), -float(found.fun)


def named_mode(context: Context) -> Measured:
    """Which of k_cpi and k_cpi/2 grows as exp(t/t_cpi), t_cpi = 4/(eta k_cpi²)."""
    rates = {"printed": solutions.growth_rate(1.0, 1.0, 1.0), "corrected": solutions.growth_rate(0.5, 1.0, 1.0)}
    word = next((w for w, rate in rates.items() if math.isclose(rate, 0.25)), "neither")
    return Measured(word, f"k_cpi grows at {rates['printed']:g}, k_cpi/2 at {rates['corrected']:g} η k_cpi²")


def helicity_per_chirality(context: Context) -> float:
    """-dh/dn5 [ħc] with lam = lam*, from h + (2/lam) mu5 = const and n5 = (mu5/…) (k_B T)²/3."""
    t, hbar_c = UNITS.temperature_ev, const.HBAR_C_EV_CM
    feedback_cm_per_ev = estimates.fiducial_feedback(UNITS) * UNITS.length_cm / UNITS.energy_ev
    wave_number_per_n5 = 2 * const.FINE_STRUCTURE / (math.pi * hbar_c) * 3 * hbar_c**3 / t**2
    return 2 / feedback_cm_per_ev * wave_number_per_n5 / hbar_c


def helicity_from_mu5(context: Context) -> float:
    """-Δh/Δmu5 in units of (k_B T/ħc)², from h + (2/lam) mu5 = const in code units."""
    code = estimates.helicity_from_chirality(
        delta_mu5=-1 / estimates.mu5_over_temperature(UNITS, 1.0), chiral_feedback=estimates.fiducial_feedback(UNITS)
    )
    return code * UNITS.energy_ev / UNITS.length_cm**2 / UNITS.temperature_ev * (const.HBAR_C_EV_CM / UNITS.temperature_ev) ** 2


# --- Sec. V: with a source -------------------------------------------------------------------------------------------


def mu5_exact(t: float | np.ndarray) -> Any:
    """mu5 of run A without a field, exact (t_start = 0)."""
    return solutions.chirality_from_decay(t, RUN_A["amplitude"], RUN_A["t_phi"], RUN_A["gamma5"])


def _early(t: float) -> float:
    """mu5 by quadrature: precise also where the closed form cancels."""
    return float(solutions.chirality_without_field(t, lambda s: float(_source(s)), RUN_A["gamma5"]))


def _early_prefactor() -> float:
    """mu5 t_phi/(S5bar t²) at t ≪ 1/Γ5."""
    t = 1e-6 / RUN_A["gamma5"]
    return _early(t) * RUN_A["t_phi"] / (RUN_A["amplitude"] * t**2)


def _source(t: float | np.ndarray) -> Any:
    """S5 of run A."""
    return estimates.source(t, amplitude=RUN_A["amplitude"], t_phi=RUN_A["t_phi"])


def balanced(context: Context) -> Measured:
    """Largest |mu5 Γ5/S5 - 1| from t_cross to 2 t_phi: mu5 lags by 1/Γ5."""
    t = np.linspace(estimates.crossing_time(**ONSET), 0.1, 200)
    error = float(np.max(np.abs(mu5_exact(t) / estimates.mu5_balanced(t, **RATES) - 1)))
    return Measured(error < 0.1, f"largest difference {100 * error:.1f} % from t_cross to 2 t_φ")


def _crossing() -> tuple[float, float]:
    """(t_cross, k_cross) without dimensions: t = 4/(eta mu5²) for mu5 = √e S5bar t/(t_phi Γ5), as (18) derives it."""
    t = brentq(lambda s: s * (SQRT_E * s) ** 2 / 4 - 1, 0.1, 10, xtol=1e-14)
    return t, SQRT_E * t / 2


def no_growth_when_late(context: Context) -> Measured:
    """Largest <B²> over its start for t_cross = t_phi, without feedback."""
    t = np.linspace(1e-5, 0.4, 800)
    late, _ = eq27.plasma_from(eq27.Groups(50.0, 1.0, 1e-30), eta=1e-6, lam=1e-30, t_phi=0.05)
    found = mean_field.solve(late, mean_field.Noise(DENSITY, 6.4e4), t)
    ratio = float(found.b2.max() / found.b2[0])
    return Measured(ratio <= 1, f"largest <B²> over its start: {ratio:.3g}")


def scanned_band(context: Context) -> bool:
    """mu5/2 grows from k_cross at t_cross to k_phi at t_phi, in the paper's approximation (17) with the source of (9)."""
    t = np.linspace(estimates.crossing_time(**ONSET), RUN_A["t_phi"], 50)
    k = estimates.mu5_balanced(t, **RATES) / 2
    k_cross = estimates.crossing_wave_number(**ONSET)
    return bool(np.all(np.diff(k) > 0) and k_cross <= k[0] < 2 * k_cross and math.isclose(k[-1], 2e4))


def _model(context: Context, label: str = "A") -> mean_field.Solution:
    """A row of Table 2 without flow."""
    t = np.linspace(1e-5, 0.2, 4001)
    return context.cached(("no flow", label), lambda: mean_field.solve(plasma(label), mean_field.Noise(DENSITY, 6.4e4), t))


def late_balance(context: Context) -> Measured:
    """Where mu5 of Eq. (7b) ends for a given field without source, from far away, against (21); weak to strong feedback."""
    worst = 0.0
    for coupling_b2 in (0.1, 1.0, 30.0):  # lam eta B²/Γ5; J·B = B² k with k = 1
        found = solve_ivp(lambda t, mu5, x=coupling_b2: -x * (mu5 - 1) - mu5, (0, 40), [5.0], rtol=1e-10, atol=1e-12)
        late = estimates.mu5_late(coupling_b2, coupling_b2, chiral_feedback=1.0, magnetic_diffusivity=1.0, flipping_rate=1.0)
        worst = max(worst, abs(found.y[0, -1] / float(late) - 1))
    return Measured(worst < 1e-6, f"largest difference {worst:.1e}")


def missing_feedback(context: Context) -> Measured:
    """Which form of the second term of lam E·B has the dimension of the first: eta mu5 B² or lam eta mu5 B²."""
    eta, mu5, b2, lam = np.array([0, 2, -1]), np.array([0, -1, 0]), np.array([1, -3, 0]), np.array([-1, 1, 0])
    wanted = np.array([0, -1, -1])  # a rate of mu5: energy, length, time
    forms = {"printed": eta + mu5 + b2, "corrected": lam + eta + mu5 + b2}
    return Measured(next((w for w, f in forms.items() if np.array_equal(f, wanted)), "neither"), "dimensions")


def rate_equation(context: Context) -> Measured:
    """S5 - Γ5 mu5 against ∂t mu5 + lam eta <(mu5 B - J)·B> in the model without flow, by finite differences."""
    found = _model(context, "D")
    left = _source(found.t) - 1e3 * found.mu5
    right = np.gradient(found.mu5, found.t) + 1e12 * 1e-6 * (found.mu5 * found.b2 - found.j_b)
    inside = slice(100, -100)
    error = float(np.max(np.abs(left - right)[inside]) / np.max(np.abs(left[inside])))
    return Measured(error < 1e-3, f"largest difference {error:.1e} of the largest value")


def weak_field(context: Context) -> Measured:
    """The same without the field's term, from 2/Γ5 to t_phi."""
    found = _model(context)
    left = _source(found.t) - 1e3 * found.mu5
    chosen = (found.t > 2e-3) & (found.t < 0.045)
    error = float(np.max(np.abs(left / np.gradient(found.mu5, found.t) - 1)[chosen]))
    return Measured(error < 0.01, f"largest difference {error:.1e}")


# --- Sec. VII: spectra -----------------------------------------------------------------------------------------------


def _white_noise(context: Context) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(k, dP_A/dlnk, dρ_B/dlnk) over shells of one draw of Eq. (34a) on 64³ points, k in units of k_min."""

    def draw() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        a = np.fft.fftn(np.random.default_rng(1).normal(size=(3, 64, 64, 64)), axes=(1, 2, 3), norm="forward")
        k = np.stack(np.meshgrid(*[np.fft.fftfreq(64, 1 / 64)] * 3, indexing="ij"))
        size, b = np.sqrt(np.sum(k**2, axis=0)), 1j * np.cross(k, a, axis=0)
        shell = np.rint(size).astype(int).ravel()
        power_a, power_b = (np.bincount(shell, np.sum(np.abs(f) ** 2, axis=0).ravel())[2:28] for f in (a, b))
        number = np.arange(2, 28)
        return number, number * power_a / 2, number * power_b / 2

    return context.cached("white noise", draw)


def noise_slope(column: int) -> Callable[[Context], Measured]:
    """Slope of a spectrum of white noise, by least squares in the logarithm over 2 ≤ k/k_min ≤ 27."""

    def slope(context: Context) -> Measured:
        spectra = _white_noise(context)
        value = np.polyfit(np.log(spectra[0]), np.log(spectra[column]), 1)[0]
        return Measured(float(value), "white noise drawn on 64³ points")

    return slope


def power_spectrum_factor(context: Context) -> Measured:
    """(k³/2π²) P_B/(dρ_B/dlnk) of a fully helical field, where P_B = P_aB = (π²/k²) dh/dlnk and h = B²/k."""
    k, b2 = 3.0, 2.0
    p_b = math.pi**2 / k**2 * (b2 / k)
    factor = k**3 / (2 * math.pi**2) * p_b / (b2 / 2)
    word = "printed" if math.isclose(factor, 2) else "corrected" if math.isclose(factor, 1) else "neither"
    return Measured(word, f"(k³/2π²) P_B is {factor:.3g} times dρ_B/dlnk")


VALUES: dict[str, Callable[[Context], Any]] = {
    "eq12": growth_rates,
    "eq12-band": unstable_band,
    "k-fastest": lambda context: Measured(_fastest()[0], "maximum of the growth rate over k"),
    "t-cpi": lambda context: Measured(1 / _fastest()[1], "1/(largest growth rate)"),
    "t-cpi-mode": named_mode,
    "eq13": helicity_per_chirality,
    "eq15a": helicity_from_mu5,
    "eq16": lambda context: Measured(_early_prefactor(), "quadrature at t = 1e-6/Γ5"),
    "eq16-power": lambda context: power(_early, 1e-9),
    "eq17": balanced,
    "eq18": lambda context: Measured(_crossing()[0], "root of t = 4/(η μ5²) with μ5 of (17)"),
    "eq18-late": no_growth_when_late,
    "eq19": lambda context: Measured(_crossing()[1], "μ5/2 at that root"),
    "eq20": lambda context: Measured(_fastest()[0], "fastest mode in units of μ5"),
    "eq20-band": scanned_band,
    "eq21-theory": late_balance,
    "lam-missing": missing_feedback,
    "eq23": lambda context: Measured(2 * _early_prefactor(), "(2/λ) μ5 by quadrature at t = 1e-6/Γ5"),
    "eq24": rate_equation,
    "eq25": weak_field,
    "eq34-slope-b": noise_slope(2),
    "eq34-slope-a": noise_slope(1),
    "eq36-factor": power_spectrum_factor,
}
