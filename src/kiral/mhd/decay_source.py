"""The source of chirality from particle physics: a metastable particle φ decays into chiral electron-positron pairs.

G25 = Gurgenidze et al. (2025), Sec. II and Eq. (9). Γ_R and Γ_L raise and lower the chirality; φ is non-relativistic,
decays in radiation domination and makes up the fraction Ω_φ of the radiation's energy density at t_c = τ_φ.
Physical values carry their unit in the name; l*, t* are those of `kiral.units.comoving_radiation`.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kiral import constants as const
from kiral.units import ComovingRadiation

Values = NDArray[np.float64] | float
"""What a formula returns for a number or an array."""


def decay_rates(*, lifetime_s: float, epsilon: float, branching: float) -> tuple[float, float]:
    """(Γ_R, Γ_L) = (1 ± ε)(β/2)/τ_φ [1/s] (G25 Eq. 1 and below); -1 ≤ ε ≤ 1, 0 < β ≤ 1."""
    half = branching / 2 / lifetime_s
    return (1 + epsilon) * half, (1 - epsilon) * half


def number_source(
    cosmic_time_s: ArrayLike, *, mass_ev: float, lifetime_s: float, epsilon: float, branching: float, omega: float
) -> Values:
    """Physical source of the chirality's number density, (Γ_R - Γ_L) n_φ(t_c) [1/(cm³ s)] (G25 Eqs. 2–4).

    `mass_ev` is m_φ c². The radiation's energy density at decay follows from H = 1/(2 τ_φ): ρ = 3 M_pl² H².
    """
    gain, loss = decay_rates(lifetime_s=lifetime_s, epsilon=epsilon, branching=branching)
    age = np.asarray(cosmic_time_s) / lifetime_s
    density = radiation_density_at(lifetime_s) * omega / mass_ev
    return (gain - loss) * density * age**-1.5 * np.exp(1 - age)


def radiation_density_at(cosmic_time_s: float) -> float:
    """Energy density of a radiation-dominated universe of a given age, 3 M_pl² H²/(ħc³), H = 1/(2 t_c) [eV cm⁻³]."""
    hubble_ev = const.HBAR_EV_S / (2 * cosmic_time_s)
    return 3 * (const.REDUCED_PLANCK_MASS_EV * hubble_ev) ** 2 / const.HBAR_C_EV_CM**3


def number_source_amplitude(
    *, mass_ev: float, lifetime_s: float, scale_factor: float, epsilon: float, branching: float, omega: float
) -> float:
    """Maximum of the comoving number source S5(t), a⁴ S5_phys [1/(cm³ s)] (G25 Eqs. 5, 6); `scale_factor` = a(τ_φ)."""
    density = radiation_density_at(lifetime_s) * omega / mass_ev
    return epsilon * branching * math.sqrt(math.e / 2) * density * scale_factor**4 / lifetime_s


def source_time(*, lifetime_s: float, scale_factor: float) -> float:
    """Conformal time of the source's maximum, t_φ = √2 τ_φ/a(τ_φ) [s] (G25 Eq. 6); `scale_factor` = a(τ_φ)."""
    return math.sqrt(2) * lifetime_s / scale_factor


def rescaled_source(number_source_cgs: float, temperature_ev: float) -> float:
    """Source of the chiral wavenumber [1/(cm s)] of a number source [1/(cm³ s)]: (ħc)³ (3/(k_B T)²)(2α/(π ħc)) S5.

    G25 Eq. (9), first line; valid for mu5 ≪ k_B T. Both comoving, with the comoving temperature, or both physical.
    """
    return 6 * const.FINE_STRUCTURE / math.pi * (const.HBAR_C_EV_CM / temperature_ev) ** 2 * number_source_cgs


def source_from_lifetime(
    units: ComovingRadiation, *, mass_ev: float, lifetime_s: float, epsilon: float, branching: float, omega: float
) -> tuple[float, float]:
    """(amplitude [1/(l* t*)], t_φ [t*]) of the source in code units by Eqs. (1)–(6) and (9), first line.

    a(τ_φ) = a* (τ_φ/t_c*)^½: radiation domination with the degrees of freedom of `units` from decay to T*.
    """
    a = units.scale_factor * math.sqrt(lifetime_s / units.cosmic_time_s)
    number = number_source_amplitude(
        mass_ev=mass_ev, lifetime_s=lifetime_s, scale_factor=a, epsilon=epsilon, branching=branching, omega=omega
    )
    amplitude = rescaled_source(number, units.temperature_ev) * units.length_cm * units.time_s
    return amplitude, source_time(lifetime_s=lifetime_s, scale_factor=a) / units.time_s


def lifetime_from_source_time(units: ComovingRadiation, t_phi: float) -> float:
    """Lifetime τ_φ = 2 t_c* (t_φ/t*)² [s] of a source whose maximum is at t_φ [t*]; the inverse of Eq. (6)."""
    return 2 * units.cosmic_time_s * t_phi**2


def source_amplitude(*, mass_ev: float, t_phi: float, asymmetry: float, g_energy: float) -> float:
    """Amplitude 3 √g_E √(e/5) (M_pl/m_φ) α ε β Ω_φ/t_φ² [1/(l* t*)], t_φ in t* (G25 Eq. 9); `asymmetry` = ε β Ω_φ.

    It falls as t_φ⁻²; the text after G25 Eq. (31) has t_φ².
    """
    ratio = const.REDUCED_PLANCK_MASS_EV * const.FINE_STRUCTURE / mass_ev
    return 3 * math.sqrt(g_energy * math.e / 5) * ratio * asymmetry / t_phi**2


def source(t: ArrayLike, *, amplitude: Values, t_phi: Values) -> Values:
    """S5(t) = amplitude (t/t_φ) exp(-(t² - t_φ²)/(2 t_φ²)) (G25 Eq. 9), in the unit of `amplitude`."""
    s = np.asarray(t) / t_phi
    return amplitude * s * np.exp((1 - s**2) / 2)
