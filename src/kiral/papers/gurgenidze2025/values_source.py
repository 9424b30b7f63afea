"""Secs. II and III of G25 checked against independent derivations: the source, and coefficients of the equations. No run.

G25 = Gurgenidze et al. (2025).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.integrate import quad, solve_ivp
from scipy.optimize import minimize_scalar

from kiral import constants as const
from kiral.mhd import estimates
from kiral.mhd.decay_source import radiation_density_at
from kiral.papers.context import Context, Measured
from kiral.papers.gurgenidze2025.common import UNITS, power
from kiral.units import COMOVING_POWERS, radiation_energy_density

# --- Sec. II: the source ---------------------------------------------------------------------------------------------


def rates_differ_by_epsilon(context: Context) -> bool:
    """Γ_R + Γ_L = β Γ_φ and Γ_R - Γ_L = ε β Γ_φ."""
    gain, loss = estimates.decay_rates(lifetime_s=2.0, epsilon=0.03, branching=0.4)
    return math.isclose(gain + loss, 0.4 / 2.0) and math.isclose(gain - loss, 0.03 * 0.4 / 2.0)


def positron_chirality(context: Context) -> Measured:
    """Chirality of e_R- e_R+ with e_R+ counted as left-chiral (printed) or right-chiral; (1) needs two units."""
    units = {"printed": 1 - 1, "corrected": 1 + 1}
    return Measured(next(word for word, made in units.items() if made == 2), "the decay must make two units of n5")


def susceptibility(context: Context) -> Measured:
    """n5/(mu5 T²) of one Dirac fermion: (1/2π²) ∫p² [f(p-μ) - f(p+μ)] dp per chirality, at μ_R = -μ_L = 1e-3 T."""
    mu = 1e-3

    def excess(p: float) -> float:
        return p**2 * (1 / (math.exp(p - mu) + 1) - 1 / (math.exp(p + mu) + 1))

    per_chirality = quad(excess, 0, 60, epsabs=0, epsrel=1e-10)[0] / (2 * math.pi**2)
    return Measured(2 * per_chirality / mu, "integral of the Fermi–Dirac distributions")


def radiation_coefficient(context: Context) -> float:
    """rho/(g T⁴) of a massless boson, (1/2π²) ∫p³/(e^p - 1) dp."""
    return quad(lambda p: p**3 / math.expm1(p), 0, 80, epsabs=0, epsrel=1e-10)[0] / (2 * math.pi**2)


def decay_solves_its_equation(context: Context) -> Measured:
    """Eq. (4) against dn/dt = -(3H + Γ) n with H = 1/(2t), n(τ) of it, from 0.2 τ to 6 τ."""
    known = {"mass_ev": 1e11, "lifetime_s": 1.0, "epsilon": 0.1, "branching": 0.5, "omega": 0.1}
    t = np.array([0.2, 0.5, 1.0, 3.0, 6.0])
    found = solve_ivp(lambda s, n: -(1.5 / s + 1) * n, (0.2, 6.0), [1.0], t_eval=t, rtol=1e-11, atol=1e-30).y[0]
    ours = np.asarray(estimates.number_source(t, **known))
    start = 0.1 * 0.5 * radiation_density_at(1.0) * 0.1 / 1e11
    error = np.max(np.abs(ours / (start * found / found[2]) - 1))
    return Measured(bool(error < 1e-8), f"largest difference {error:.1e}")


def _comoving_source(t: float, lifetime: float = 1.0, a: float = 1e-8) -> float:
    """a⁴(t_c) S5(t_c) of Eq. (4) at conformal time t [s], per εβ ρ Ω/(m τ) a⁴(τ)."""
    cosmic = a**2 * t**2 / (4 * lifetime)
    known = {"mass_ev": 1e11, "lifetime_s": lifetime, "epsilon": 1.0, "branching": 1.0, "omega": 1.0}
    physical = float(estimates.number_source(cosmic, **known))
    return (cosmic / lifetime) ** 2 * physical * lifetime / (radiation_density_at(lifetime) / 1e11)


def _source_peak(context: Context) -> tuple[float, float]:
    """(t, value) of the maximum of the comoving source of Eq. (4), t in τ/a(τ)."""

    def search() -> tuple[float, float]:
        found = minimize_scalar(lambda s: -_comoving_source(s * 1e8), bounds=(0.5, 3), method="bounded",
                                options={"xatol": 1e-9})  # fmt: skip
        return float(found.x), -float(found.fun)

    return context.cached("peak of the source", search)


def source_shape(context: Context) -> bool:
    """a⁴ S5 of Eq. (4) at any time is Eq. (5) through its maximum."""
    t_peak, top = _source_peak(context)
    s = np.linspace(0.1, 4, 20)
    ours = np.array([_comoving_source(x * t_peak * 1e8) for x in s]) / top
    return bool(np.allclose(ours, estimates.source(s, amplitude=1.0, t_phi=1.0), rtol=1e-6))


def late_source(context: Context) -> Measured:
    """-d ln S5/dt in units of 1/t_phi at 3 and 6 t_phi: constant for an exponential, 1 : 2 for a Gaussian (times t)."""
    rate = [-(math.log(_shape(t + 1e-4)) - math.log(_shape(t - 1e-4))) / 2e-4 for t in (3.0, 6.0)]
    ratio = rate[1] / rate[0]
    word = "printed" if abs(ratio - 1) < 0.1 else "corrected" if abs(ratio - 2) < 0.3 else "neither"
    return Measured(word, f"the rate of decrease grows by {ratio:.2f} from 3 to 6 t_φ")


def _shape(t: float) -> float:
    return float(estimates.source(t, amplitude=1.0, t_phi=1.0))


# --- Sec. III: the equations -----------------------------------------------------------------------------------------

# Powers of energy, length, time in each quantity's unit; with c = ħ = 1 its mass dimension is energy - length - time.
DIMENSIONS = {
    "vector_potential": (0.5, -0.5, 0),
    "magnetic_field": (0.5, -1.5, 0),
    "electric_field": (0.5, -1.5, 0),
    "current_density": (0.5, -2.5, 0),
    "magnetic_diffusivity": (0, 2, -1),
    "mu5": (0, -1, 0),
    "chiral_feedback": (-1, 1, 0),
    "flipping_rate": (0, 0, -1),
    "energy_density": (1, -3, 0),
    "chiral_diffusivity": (0, 2, -1),
    "viscosity": (0, 2, -1),
}
PRINTED_POWERS = {
    "vector_potential": 1, "magnetic_field": 2, "electric_field": 2, "current_density": 3, "magnetic_diffusivity": -1,
    "mu5": 1, "chiral_feedback": -2, "flipping_rate": 1, "energy_density": 4, "chiral_diffusivity": -1, "viscosity": -1,
}  # fmt: skip


def _mass_dimension(energy: float, length: float, time: float) -> float:
    return energy - length - time


def comoving_powers(context: Context) -> bool:
    """The printed powers of a are the mass dimensions of the units, and kiral's."""
    found = {name: _mass_dimension(*powers) for name, powers in DIMENSIONS.items()}
    return found == PRINTED_POWERS == {name: COMOVING_POWERS[name] for name in PRINTED_POWERS}


def comoving_source_power(context: Context) -> Measured:
    """Power of a of the rescaled source, a rate of a wave number."""
    found = _mass_dimension(0, -1, -1)
    return Measured({4: "printed", 2: "corrected"}.get(found, "neither"), f"unit 1/(l t): mass dimension {found:g}")


def heating_that_closes(context: Context) -> Measured:
    """Which heat balances the loss of B²/2 + mu5²/(2 lam) without flow, for random J, B and mu5.

    d(B²/2)/dt = -E·J (periodic box), d(mu5²/2 lam)/dt = mu5 E·B, with E = -eta (mu5 B - J).
    """
    generator = np.random.default_rng(1)
    j, b, mu5, eta = generator.normal(size=(50, 3)), generator.normal(size=(50, 3)), generator.normal(size=(50, 1)), 0.3
    e = -eta * (mu5 * b - j)
    loss = np.sum(e * j - mu5 * e * b, axis=1)
    heats = {"printed": eta * np.sum(j**2, axis=1), "corrected": eta * np.sum((j - mu5 * b) ** 2, axis=1)}
    return Measured(next((word for word, heat in heats.items() if np.allclose(heat, loss)), "neither"), "random vectors")


def anomaly_coefficient(context: Context) -> Measured:
    """dn5/dt over α E·B/ħ by the lowest Landau level: e B/(2π)² dp states per area and momentum, dp = e E dt, R minus L."""
    alpha = const.FINE_STRUCTURE
    charge2 = 4 * math.pi * alpha
    return Measured(2 * charge2 / (2 * math.pi) ** 2 / alpha, "spectral flow of the lowest Landau level")


def feedback_coefficient(context: Context) -> Measured:
    """lam (k_B T)²/(ħc α²): chirality per mu5 (3/T²), mu5 to wave number (2α/π), the anomaly."""
    anomaly = anomaly_coefficient(context).value
    return Measured(1 / susceptibility(context).value * 2 / math.pi * anomaly, "susceptibility and anomaly, both computed")


def source_prefactor(context: Context) -> Measured:
    """S5bar t_phi² m_φ/(√gE M_pl α εβΩ) from Eqs. (1)–(6) and the first line of (9), for a lifetime of its own."""
    known = {"mass_ev": 3e11, "lifetime_s": 2e-13, "epsilon": 0.01, "branching": 0.3, "omega": 0.02}
    amplitude, t_phi = estimates.source_from_lifetime(UNITS, **known)
    scale = math.sqrt(UNITS.g_energy) * const.REDUCED_PLANCK_MASS_EV * const.FINE_STRUCTURE * 0.01 * 0.3 * 0.02
    return Measured(amplitude * t_phi**2 * 3e11 / scale, "from lifetime, mass and branching, step by step")


def radiation_relation(context: Context) -> float:
    """rho_rad/(M_pl T² √gE H) in natural units, with H from the Friedmann equation."""
    temperature, g = 1e11, 106.75
    rho = radiation_energy_density(temperature, g) * const.HBAR_C_EV_CM**3
    hubble = math.sqrt(rho / 3) / const.REDUCED_PLANCK_MASS_EV
    return rho / (const.REDUCED_PLANCK_MASS_EV * temperature**2 * math.sqrt(g) * hubble)


VALUES: dict[str, Callable[[Context], Any]] = {
    "eq1": rates_differ_by_epsilon,
    "eq1-positron": positron_chirality,
    "susceptibility": susceptibility,
    "radiation-coefficient": radiation_coefficient,
    "eq4": decay_solves_its_equation,
    "eq5": source_shape,
    "eq5-late": late_source,
    "eq5-early": lambda context: power(_shape, 1e-4),
    "eq6-amplitude": lambda context: Measured(_source_peak(context)[1], "maximum of a⁴ S5 of Eq. (4)"),
    "eq6-t-phi": lambda context: Measured(_source_peak(context)[0], "where a⁴ S5 of Eq. (4) is largest"),
    "lifetime-in-t": lambda context: 2 / _source_peak(context)[0],
    "comoving-powers": comoving_powers,
    "comoving-source": comoving_source_power,
    "eq7d": heating_that_closes,
    "eq8": anomaly_coefficient,
    "eq9": source_prefactor,
    "eq9-radiation": radiation_relation,
    "eq10": feedback_coefficient,
}
