"""D24: conventions, rates, n5, mu5 and k5, and Fig. 1."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.integrate import solve_ivp

from kiral.constants import FERMI_GEV_2, FINE_STRUCTURE, HBAR_EV_S
from kiral.crust.conductivity import CHARGE_SQUARED
from kiral.crust.rates import (
    ELECTRON_MEV,
    HBAR_C_MEV_CM,
    capture_rate,
    chiral_wavenumber,
    chiral_wavenumber_with_feedback,
    feedback_strength,
    fermi_factor,
)
from kiral.crust.star_calculations import MEASURED_AXIAL_COUPLING
from kiral.papers.context import Context, Measured
from kiral.papers.dehmanpons2024 import common
from kiral.papers.dehmanpons2024.common import CUTOFF, DELTA_MU, TEMPERATURE, at_value, crust, fig1, which

CENTIMETRE, METRE = 1e-5, 1e-3  # km
SOLID = 175.0  # coupling parameter at which a one-component plasma crystallises


# --- Conventions -----------------------------------------------------------------------------------------------------


def _lowest_level(charge: int, field: int, hand: int) -> int:
    """dE/dp_z of the lowest Landau level of H = hand σ·π: its spin has q σ·B > 0, because (σ·π)² = π² - q σ·B."""
    return hand * (1 if charge * field > 0 else -1)


def convention(context: Context) -> Measured:
    """Signs of current, anomaly and source, counted as right less left, from the lowest Landau levels and V - A."""
    signs = []
    for charge in (1, -1):
        for field in (1, -1):
            right, left = (_lowest_level(charge, field, hand) for hand in (1, -1))
            # J·B where mu_R = -mu_L > 0 is that of charges moving with dE/dp_z; E·B > 0 raises E of a hand by dE/dp_z qE.
            signs += [charge * (right - left) * field] * 2
    speed = 0.999
    taken_left, taken_right = (1 + speed) / 2, (1 - speed) / 2  # helicities in the electrons that V - A captures take
    signs.append(taken_left - taken_right)
    word = which(all(sign < 0 for sign in signs), all(sign > 0 for sign in signs))
    return Measured(word, "current and anomaly in lowest Landau levels of both charges, helicity of V - A captures")


def minus_sign(context: Context) -> Measured:
    """Sign of ∫E·B in the growing mode, where k5 > 0."""
    operator, found = common.induction(), common.mode()
    made = operator.productions(np.real(found.f[:1]), np.real(found.g[:1]))
    held = bool(operator.coefficients.k5.min() > 0 and made.linkage[0] > 0)
    return Measured(held, "the fastest mode: -2∫E·B = dH/dt > 0 with k5 > 0 everywhere")


def feedback_sign(context: Context) -> Measured:
    """k5 with the anomaly's E·B over that without, where the field grows, at 1e15 G and with B·∇×B = k5 B²/2."""
    strength, k5 = _feedback(), CUTOFF
    ratio = float(chiral_wavenumber_with_feedback(k5, strength, common.TARGET**2, 0.5 * k5 * common.TARGET**2)) / k5
    return Measured(which(ratio > 1, ratio < 1), f"k5 changes by {100 * (ratio - 1):+.2g} % at 1e15 G, and the growth with it")


def weak_field(context: Context) -> Measured:
    """Size of the anomaly's term in (7) at the field where the linear stage ends."""
    ratio = _feedback() * common.TARGET**2
    return Measured(ratio < 0.1, f"C5 E·B/(n_e Γw) is at most b B² = {ratio:.2g} at 1e15 G where the field grows")


def _feedback() -> float:
    """b [1/G²] at the growing layer."""
    found, chiral, _ = crust()
    i = int(np.argmin(abs(found["r"].values - common.growing_layer()[0])))
    eta = fig1()["diffusivity"].values[1, i]
    return float(feedback_strength(found["electron_chemical_potential"].values[i], eta, chiral.flip_rate[i]))


# --- Eqs. (6)–(12) ---------------------------------------------------------------------------------------------------


def quasi_steady(context: Context) -> Measured:
    """(7) against (6) integrated in time from n5 = 0 with a constant source, at t = 10/Γf."""
    source, flip = 2.3e-12, 1.0  # in units of n_e Γf and 1/Γf
    end = solve_ivp(lambda t, n: source - flip * n, (0, 10), [0.0], rtol=1e-10, atol=1e-25).y[0, -1]
    return Measured(abs(end / source - 1) < 1e-4, f"n5 after 10/Γf over (7): 1 {end / source - 1:+.1e}")


def flips_are_fast(context: Context) -> Measured:
    """Longest 1/Γf of Fig. 1."""
    longest = 1 / float(fig1()["flip_rate"].values.min())
    return Measured(longest < 1.0, f"1/Γf is at most {longest:.1g} s, in cold matter at the core")


def plasma_frequency(context: Context) -> Measured:
    """(mu_e/ħ) sqrt(4α/3π) over sqrt(4π n_e e²/m*), m* = mu_e/c², at 1e13 g/cm³."""
    found = crust()[0]
    i = int(np.argmin(abs(found["density"].values - 1e13)))
    mu, n_e = (float(found[k].values[i]) for k in ("electron_chemical_potential", "electron_density"))
    squared = 4 * math.pi * n_e * CHARGE_SQUARED * (HBAR_C_MEV_CM / (HBAR_EV_S * 1e-6)) ** 2 / (mu * 1.602176634e-6)
    printed = mu / (HBAR_EV_S * 1e-6) * math.sqrt(4 * FINE_STRUCTURE / (3 * math.pi))
    return Measured(printed / math.sqrt(squared), "over the definition with n_e and the relativistic mass; mu_e² = p_F² + m_e²")


def ultrarelativistic(context: Context) -> Measured:
    """Largest m_e c²/mu_e in the crust."""
    largest = ELECTRON_MEV / float(crust()[0]["electron_chemical_potential"].values.min())
    return Measured(largest < 0.1, f"m_e c²/mu_e is at most {largest:.2g}, at 1e10 g/cm³; free neutrons inside 4e11 g/cm³")


def weak_on_temperature(context: Context) -> Measured:
    """Ratios of Γw and of Γf at 1e10 K to those at 1e8 K."""
    captures, flips = (fig1()[k].values[2] / fig1()[k].values[0] for k in ("capture_rate", "flip_rate"))
    word = which(flips.max() < 2 and captures.max() < 2, flips.min() > 5 and captures.max() < 2)
    text = f"1e10 K over 1e8 K: Γw 1 to {captures.max():.2g}, Γf {flips.min():.2g} to {flips.max():.2g}"
    return Measured(word, text)


def captures_and_temperature(context: Context) -> Measured:
    """Γw at 1e10 K over 1e8 K where mu_e > 16 MeV, i.e. inside 1e11 g/cm³."""
    inside = fig1()["density"].values > 1e11
    ratio = (fig1()["capture_rate"].values[2] / fig1()["capture_rate"].values[0])[inside].max()
    return Measured(bool(ratio < 1.1), f"1e10 K over 1e8 K: at most {ratio:.3g} inside 1e11 g/cm³")


def threshold(context: Context) -> Measured:
    """I_F with the threshold that β equilibrium implies, over I_F with m_n - m_p, in the layer that grows."""
    i = int(np.argmin(abs(crust()[0]["r"].values - common.growing_layer()[0])))
    mu = float(crust()[0]["electron_chemical_potential"].values[i])
    ratio = float(common.blocked()(np.array([mu]))[0])
    text = f"captures fall by {ratio:.2g} at mu_e = {mu:.3g} MeV, 1e9 K; nuclei in their ground state have fewer still"
    return Measured(which(ratio > 0.5, ratio < 1e-3), text)


def power_of_mu(context: Context) -> Measured:
    """d ln Γw/d ln mu_e at the core, where w/mu_e is smallest."""
    mu = float(crust()[0]["electron_chemical_potential"].values.max())
    low, high = (float(fermi_factor(mu * (1 + s * 1e-3), TEMPERATURE)) for s in (-1, 1))
    slope = math.log(high / low) / (math.log1p(1e-3) - math.log1p(-1e-3))
    rise = float(capture_rate(mu, TEMPERATURE) / capture_rate(8.228, TEMPERATURE))
    return Measured(abs(slope - 5) < 0.1, f"power {slope:.3f} of mu_e at the core; a factor of {rise:.2g} through the crust")


def detailed_balance(context: Context) -> Measured:
    """Decays over captures when the neutrinos of both leave, against exp(-δmu/kT), at δmu = kT and for small δmu."""
    ratio = common.decay_over_capture(1.0) * math.e
    slope = (1 - common.decay_over_capture(1e-4)) / 1e-4
    text = f"decays over captures are {ratio:.2g} of exp(-δmu/kT) at δmu = kT; 1 - {slope:.3g} δmu/kT for small δmu"
    return Measured(which(abs(ratio - 1) < 0.05, ratio < 0.9), text)


def equilibrium(context: Context) -> Measured:
    """Net rate at δmu = 0, and its sign on both sides, by (12) and with leaving neutrinos."""
    by_12 = [-math.expm1(-x) for x in (-DELTA_MU, 0.0, DELTA_MU)]
    other = [1 - common.decay_over_capture(x) for x in (-DELTA_MU, 0.0, DELTA_MU)]
    held = all(abs(rates[1]) < 1e-12 and rates[0] < 0 < rates[2] for rates in (by_12, other))
    return Measured(held, "captures less decays: 0 at δmu = 0, the sign of δmu else")


def potential(context: Context) -> Measured:
    """n5/n_e of two Fermi seas filled to mu_e ± mu5, for mu5 of the crust, against the fraction that it came from."""
    found, chiral, _ = crust()
    mu, mu5 = found["electron_chemical_potential"].values, chiral.mu5
    seas = (6 * mu**2 * mu5 + 2 * mu5**3) / (6 * math.pi**2)  # (mu + mu5)³ - (mu - mu5)³, without cancellation
    error = float(np.max(np.abs(seas / (mu**3 / (3 * math.pi**2)) / chiral.fraction - 1)))
    return Measured(error < 1e-9, f"two Fermi seas filled to mu_e ± mu5, through the crust: {error:.0e}")


# --- The cutoff ------------------------------------------------------------------------------------------------------


def cutoff_wavenumber(context: Context) -> Measured:
    """k5 of the printed mu5max."""
    return Measured(float(chiral_wavenumber(1e-10)), "2α mu5/(πħc) of 1e-10 MeV")


def cutoff_potential(context: Context) -> Measured:
    """mu5 of the printed k5max."""
    return Measured(CUTOFF / float(chiral_wavenumber(1.0)), "πħc k5/2α of 600/km")


def cutoff_wavelength(context: Context) -> Measured:
    """λ5 of the printed k5max."""
    return Measured(2 * math.pi / CUTOFF, "2π/k5 of 600/km")


def fastest_wavelength(context: Context) -> Measured:
    """k of the largest η k (k5 - k), over k5."""
    k = np.linspace(0, 1, 100001)
    best = float(k[np.argmax(k * (1 - k))])
    return Measured(which(abs(best - 1) < 0.01, abs(best - 0.5) < 0.01), f"growth η k (k5 - k) is largest at {best:.3f} k5")


# --- Fig. 1 ----------------------------------------------------------------------------------------------------------


def _at(density: float, name: str) -> np.ndarray:
    """The three temperatures of Fig. 1 at a density."""
    i = int(np.argmin(abs(np.log(fig1()["density"].values / density))))
    return fig1()[name].values[:, i]


def curves(context: Context) -> Measured:
    """n5/n_e and mu5 rise and λ5 falls inwards over every decade of density, at each temperature."""
    rho = np.array([1e10, 1e11, 1e12, 1e13, 1e14])
    rows = {name: np.stack([_at(x, name) for x in rho]) for name in ("fraction", "mu5", "wavelength")}
    signs = {"fraction": 1, "mu5": 1, "wavelength": -1}
    held = all((np.diff(sign * rows[name], axis=0) > 0).all() for name, sign in signs.items())
    text = ", ".join(f"{rows['fraction'][i, 1]:.1g}" for i in range(5))
    return Measured(held, f"n5/n_e at 1e9 K and 1e10, 1e11 … 1e14 g/cm³: {text}")


def density_and_temperature(context: Context) -> Measured:
    """Ranges of ln n5 over density and over temperature."""
    values = np.log10(fig1()["fraction"].values)
    over_density, over_temperature = np.ptp(values, axis=1), np.ptp(values, axis=0)
    held = bool(over_density.min() > 2 * over_temperature.max())
    text = f"n5/n_e spans {over_density.min():.2g} to {over_density.max():.2g} decades over density, "
    return Measured(held, text + f"{over_temperature.min():.2g} to {over_temperature.max():.2g} over temperature")


def billion(context: Context) -> Measured:
    """Density at which n5/n_e of Fig. 1 reaches 1e-9, at the three temperatures."""
    largest = float(fig1()["fraction"].values[1].max())
    where = ", ".join(f"{at_value('fraction', 1e-9, i):.2g}" for i in range(3))
    text = f"1e-9 is reached at {where} g/cm³ at 1e8, 1e9, 1e10 K; {largest:.1g} at the core, 1e9 K"
    return Measured(which(largest < 1e-9, largest > 1e-8), text)


def sufficient(context: Context) -> Measured:
    """n5/n_e of the layer that grows, with δmu/kT = 0.01."""
    found, chiral, _ = crust()
    i = int(np.argmin(abs(found["r"].values - common.growing_layer()[0])))
    fraction = float(chiral.fraction[i]) * min(1.0, CUTOFF / float(chiral.k5[i]))
    return Measured(fraction, f"at {common.growing_layer()[2]:.2g} g/cm³, with the cutoff")


def kilometres(context: Context) -> Measured:
    """λ5 at 1e10 g/cm³ and where it is 1 km."""
    outer = _at(1e10, "wavelength")
    where = [at_value("wavelength", 1.0, i) for i in range(3)]
    held = all(1 < x < 100 for x in outer) and all(x < 1e11 for x in where)
    text = f"λ5 at 1e10 g/cm³: {outer[0]:.2g}, {outer[1]:.2g}, {outer[2]:.2g} km at 1e8, 1e9, 1e10 K; 1 km at "
    return Measured(held, text + ", ".join(f"{x:.2g}" for x in where) + " g/cm³")


def centimetres(context: Context) -> Measured:
    """λ5 at the core."""
    inner = fig1()["wavelength"].values[:, 0] / CENTIMETRE
    where = ", ".join(f"{at_value('wavelength', CENTIMETRE, i):.2g}" for i in range(3))
    text = f"{inner[0]:.1g}, {inner[1]:.1g}, {inner[2]:.1g} cm at the core, 1e8, 1e9, 1e10 K; 1 cm at {where} g/cm³"
    return Measured(which(inner.min() > 0.1, inner.max() < 0.1), text)


def smaller_is_faster(context: Context) -> Measured:
    """Nη k5²/4, the local bound of growth without the cutoff, over density."""
    found, chiral, _ = crust()
    local = found["lapse"].values * fig1()["diffusivity"].values[1] * chiral.k5**2
    index = [int(np.argmin(abs(np.log(found["density"].values / x)))) for x in (1e10, 1e11, 1e12, 1e13, 1e14)]
    held = bool((np.diff(local[index]) > 0).all() and (np.diff(chiral.wavelength[index]) < 0).all())
    return Measured(held, "λ5 falls and η k5²/4 rises inwards, at every decade of density, without cutoff")


def crystallisation(context: Context) -> Measured:
    """Temperature at which ions at 1e10 g/cm³ crystallise, Γ = 175."""
    melting = 1e9 * float(_at(1e10, "coupling")[1]) / SOLID
    return Measured(1e8 < melting < 1e9, f"ions of 1e10 g/cm³ crystallise at {melting:.2g} K")


VALUES: dict[str, Callable[[Context], Any]] = {
    "mu5-sign": convention,
    "eq5-sign": minus_sign,
    "eb-drives": feedback_sign,
    "weak-field": weak_field,
    "eq7": quasi_steady,
    "eq7-times": flips_are_fast,
    "eq8": potential,
    "plasma-frequency": plasma_frequency,
    "ultrarelativistic": ultrarelativistic,
    "rates-temperature": weak_on_temperature,
    "eq10-temperature": captures_and_temperature,
    "eq10-power": power_of_mu,
    "eq10-threshold": threshold,
    "fermi-constant": lambda context: Measured(FERMI_GEV_2, "CODATA 2022"),
    "axial-coupling": lambda context: Measured(MEASURED_AXIAL_COUPLING, "Particle Data Group 2022"),
    "eq12-balance": detailed_balance,
    "eq12": equilibrium,
    "mu5-max": cutoff_potential,
    "k5-max": cutoff_wavenumber,
    "lambda5-min": cutoff_wavelength,
    "fastest-wavelength": fastest_wavelength,
    "fig1": curves,
    "fig1-density": density_and_temperature,
    "fig1-billion": billion,
    "billion-sufficient": sufficient,
    "fig1-kilometres": kilometres,
    "fig1-centimetres": centimetres,
    "smaller-faster": smaller_is_faster,
    "outer-boundary": crystallisation,
}
