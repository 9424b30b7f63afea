"""What a chiral magnetic conductivity can grow: scales of the chiral plasma instability, helicity, and fields to compare with.

Heaviside–Lorentz, natural units inside. ∂t B = η ∇×(k5 B) + η ∇²B with k5 = ξ/ħc and η = ħc c/σ gives the growth rate
η k (|k5| - k): largest at k5/2, there η k5²/4 (Joyce & Shaposhnikov 1997; Akamatsu & Yamamoto 2013). ξ is held from outside:
what the field takes back from the chirality is not in here.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from kiral.constants import ELECTRON_MASS_EV, FINE_STRUCTURE, SPEED_OF_LIGHT_CM_S
from kiral.core.arrays import namespace
from kiral.units import (
    chiral_wavenumber_from_conductivity,
    gauss_to_mev2,
    inverse_mev_to_cm,
    mev2_to_gauss,
    mev_to_per_second,
)
from kiral.weak.composition import Matter, thermal_energy_density

LEADING_LOG = 15.6964


class InstabilityScales(NamedTuple):
    """Scales of the chiral plasma instability; `wave_number` is signed like ξ: a positive one grows positive helicity."""

    wave_number: Any  # fastest, [1/cm]
    wavelength_cm: Any
    growth_rate: Any  # largest, of the amplitude [1/s]
    growth_time_s: Any


def instability_scales(xi_mev: Any, conductivity_mev: Any) -> InstabilityScales:
    """Fastest growing mode of a chiral conductivity ξ [MeV] at the electric conductivity σ [MeV] (Heaviside–Lorentz)."""
    xp = namespace(xi_mev, conductivity_mev)
    k5 = chiral_wavenumber_from_conductivity(xi_mev)
    rate = magnetic_diffusivity(conductivity_mev) * k5**2 / 4
    size = xp.abs(xp.asarray(k5))
    return InstabilityScales(k5 / 2, _inverse(size / (4 * math.pi)), rate, _inverse(xp.asarray(rate)))


def pair_plasma_conductivity(temperature: Any) -> Any:
    """σ [MeV] = 15.6964 T/(e² ln e⁻¹) of an electron-positron plasma (Arnold, Moore & Yaffe 2000, JHEP 11, 001), T in MeV.

    Leading logarithm: ln e⁻¹ = 1.19 is not large, so it is good to a factor of about 2. Valid for T well above the
    electron's mass and mu_e not above T; heavy charges lower it.
    """
    e = math.sqrt(4 * math.pi * FINE_STRUCTURE)
    return LEADING_LOG * temperature / (e**2 * math.log(1 / e))


def magnetic_diffusivity(conductivity_mev: Any) -> Any:
    """η = ħc c/σ [cm²/s] of a conductivity σ [MeV] (Heaviside–Lorentz; J = σ E)."""
    return inverse_mev_to_cm(SPEED_OF_LIGHT_CM_S) / conductivity_mev


def flipping_rate(temperature: Any) -> Any:
    """α m_e²/T [1/s], T in MeV: how the rate of chirality flips of a hot pair plasma scales, of first order in α.

    Boyarsky, Cheianov, Ruchayskiy & Sobol, Phys. Rev. Lett. 126, 021801 (2021), for 10 MeV < T < 100 GeV. Without the
    prefactor of order one: an order of magnitude. Flips on protons (Grabowska, Kaplan & Reddy 2015) come on top.
    """
    return mev_to_per_second(FINE_STRUCTURE * (1e-6 * ELECTRON_MASS_EV) ** 2 / temperature)


def chirality_for_field(field_gauss: Any, wave_number: Any) -> Any:
    """n_R - n_L [MeV³] that a fully helical field B [G] at the wave number k [1/cm] takes: |h| = B²/k = (π/α) n5.

    By the anomaly, d(n_R - n_L)/dt = (2α/π) E·B and dh/dt = -2 E·B, so that n5 + (α/π) h is conserved.
    """
    k = wave_number * inverse_mev_to_cm(1.0)
    return FINE_STRUCTURE / math.pi * gauss_to_mev2(field_gauss) ** 2 / abs(k)


def helicity_density(field_gauss: Any, wave_number: Any) -> Any:
    """Magnetic helicity density B²/k [MeV³] of a fully helical field of B [G] at k [1/cm], signed like k."""
    return gauss_to_mev2(field_gauss) ** 2 / (wave_number * inverse_mev_to_cm(1.0))


def field_of_helicity(helicity_mev3: Any, wave_number: Any) -> Any:
    """B [G] of a fully helical field of helicity density h [MeV³] at the wave number k [1/cm]: √|h k|."""
    k = wave_number * inverse_mev_to_cm(1.0)
    return mev2_to_gauss(abs(helicity_mev3 * k) ** 0.5)


def equipartition_field(matter: Matter) -> Any:
    """B [G] whose energy density is the thermal one of the matter."""
    return mev2_to_gauss((2 * thermal_energy_density(matter)) ** 0.5)


def _inverse(value: Any) -> Any:
    """1/value, inf for 0."""
    xp = namespace(value)
    return xp.where(value != 0, 1 / xp.where(value != 0, value, 1.0), xp.inf)
