"""Chirality of the electrons in a crust: made by captures out of equilibrium, lost by spin flips, and the k5 that is left.

Signs: mu5 = (mu_R - mu_L)/2 and n5 = n_R - n_L. Dehman & Pons (2024), D24, print both the other way round, with which their
own current, anomaly and source would all have the wrong sign; their equations, unchanged, hold as read here: captures at
δmu > 0 take left-handed electrons away. Gaussian cgs outside, MeV inside. Numbers or arrays, numpy or jax, that broadcast.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from kiral.constants import (
    BOLTZMANN_EV_K,
    ELECTRON_MASS_EV,
    EV_ERG,
    FERMI_GEV_2,
    FINE_STRUCTURE,
    HBAR_C_EV_CM,
    HBAR_EV_S,
    NEUTRON_PROTON_EV,
)
from kiral.core.arrays import check, namespace
from kiral.kinetic.integrals import fermi_integral

CM_PER_KM = 1e5
HBAR_MEV_S = 1e-6 * HBAR_EV_S
HBAR_C_MEV_CM = 1e-6 * HBAR_C_EV_CM
ELECTRON_MEV = 1e-6 * ELECTRON_MASS_EV
THRESHOLD_MEV = 1e-6 * NEUTRON_PROTON_EV
AXIAL_COUPLING_D24 = 1.25
"""g_A of D24; the measured one is 1.2754, which makes Γw 3.5 % larger."""


class Chirality(NamedTuple):
    """The quasi-steady chirality of the electrons without a field's feedback."""

    capture_rate: Any  # Γw [1/s]
    effective_rate: Any  # Γw (1 - e^(-δmu/kT)) [1/s]
    flip_rate: Any  # Γf [1/s]
    fraction: Any  # n5/n_e
    mu5: Any  # [MeV]
    k5: Any  # [1/km]
    wavelength: Any  # λ5 = 2π/k5 [km]; the fastest mode has twice that


def chirality(
    mu_e: Any,
    conductivity: Any,
    temperature: Any,
    delta_mu_over_kt: Any,
    *,
    weak_rate_factor: Any = 1.0,
    flip_factor: Any = 1.0,
    axial_coupling: float = AXIAL_COUPLING_D24,
    threshold: float = THRESHOLD_MEV,
) -> Chirality:
    """From δmu to k5: n5/n_e = Γw (1 - e^(-δmu/kT))/Γf, mu5 = (mu_e/3) n5/n_e, k5 = 2α mu5/(π ħ c).

    Args: mu_e: electrons' chemical potential with rest mass [MeV]. conductivity: σ [1/s], Gaussian. temperature: [K].
        delta_mu_over_kt: departure from beta equilibrium over kT; inf: captures without their inverse (Fig. 1 of D24).
        weak_rate_factor: multiplies Γw, which is that of free protons; nuclei with closed channels have less.
        flip_factor: multiplies Γf; see `flip_factor` of this module.
    Holds for times well above 1/Γf (1e-15 s) and |mu5| well below mu_e. ConfigError for values that are not physical.
    """
    check("mu_e", mu_e, above=0)
    check("conductivity", conductivity, above=0)
    check("temperature", temperature, above=0)
    xp = namespace(mu_e, conductivity, temperature, delta_mu_over_kt)
    capture = weak_rate_factor * capture_rate(mu_e, temperature, axial_coupling=axial_coupling, threshold=threshold)
    effective = capture * -xp.expm1(-xp.asarray(delta_mu_over_kt, dtype=float))
    flip = flip_factor * flip_rate(conductivity)
    fraction = effective / flip
    mu5 = mu_e / 3 * fraction
    k5 = chiral_wavenumber(mu5)
    return Chirality(capture, effective, flip, fraction, mu5, k5, 2 * math.pi / xp.where(k5 != 0, k5, xp.nan))


def fermi_factor(mu_e: Any, temperature: Any, threshold: float = THRESHOLD_MEV) -> Any:
    """I_F = ∫_w^∞ E² (E - w)²/(1 + e^((E - mu_e)/kT)) dE [MeV⁵] in closed form, w = m_n - m_p; mu_e [MeV], T [K].

    With y = E - w it is a sum of complete Fermi integrals: exact at any T, T → 0 being mu⁵/5 - w mu⁴/2 + w² mu³/3 - w⁵/30.
    """
    kt = 1e-6 * BOLTZMANN_EV_K * temperature
    eta, w = (mu_e - threshold) / kt, threshold
    linear = 12 * w * kt**4 * fermi_integral(4, eta)
    return 24 * kt**5 * fermi_integral(5, eta) + linear + 2 * w**2 * kt**3 * fermi_integral(3, eta)


def capture_rate(
    mu_e: Any, temperature: Any, *, axial_coupling: float = AXIAL_COUPLING_D24, threshold: float = THRESHOLD_MEV
) -> Any:
    """Γw = G_F² (1 + 3 g_A²)/(2π³ ħ) I_F [1/s], captures per proton without blocking, leading order (D24)."""
    fermi_mev = 1e-6 * FERMI_GEV_2
    strength = fermi_mev**2 * (1 + 3 * axial_coupling**2) / (2 * math.pi**3 * HBAR_MEV_S)
    return strength * fermi_factor(mu_e, temperature, threshold)


def flip_rate(conductivity: Any) -> Any:
    """Γf = (m_e c²/mu_e)² ω_p²/(4πσ) with ħω_p = mu_e sqrt(4α/3π): (α/3π²) (m_e c²/ħ)²/σ [1/s]; σ [1/s]. mu_e drops out."""
    return FINE_STRUCTURE / (3 * math.pi**2) * (ELECTRON_MASS_EV / HBAR_EV_S) ** 2 / conductivity


def flip_factor(flip_logarithm: Any, logarithm: Any) -> Any:
    """What Γf gains when flips are averaged over angles themselves, not with the weight of momentum loss.

    Mott scattering keeps the helicity with E² cos²(θ/2) and flips it with m² sin²(θ/2), at the same momentum transfer: the
    rate of n5 = n_R - n_L has t where the collision frequency has t (1 - v² t), t = sin²(θ/2). Both logarithms are those of
    `kiral.crust.conductivity.Scattering`.
    """
    return flip_logarithm / logarithm


def chiral_wavenumber(mu5_mev: Any) -> Any:
    """k5 = 2α mu5/(π ħ c) [1/km] of mu5 [MeV]: 2354.28 per 1e-10 MeV."""
    return 2 * FINE_STRUCTURE / (math.pi * HBAR_C_MEV_CM) * CM_PER_KM * mu5_mev


def feedback_strength(mu_e: Any, diffusivity: Any, flip: Any) -> Any:
    """b = α² ħ c eta/(π mu_e² Γf) [1/G²] of mu_e [MeV], eta [cm²/s], Γf [1/s]: how the anomaly E·B acts back on k5.

    With Γf from the same σ, b B² = (3/4)(B/B_Q)²(m_e c²/mu_e)², B_Q = 4.414e13 G.
    """
    mu_ev = 1e6 * mu_e
    return FINE_STRUCTURE**2 * HBAR_C_EV_CM * diffusivity / (math.pi * mu_ev**2 * flip) / EV_ERG


def chiral_wavenumber_with_feedback(k5_weak: Any, strength: Any, b_squared: Any, b_curl_b: Any, k5_max: Any = None) -> Any:
    """k5 = (k5w + b B·∇×B)/(1 + b B²), the quasi-steady state with the anomaly, then cut to |k5| <= k5_max where given.

    It follows from n5 = (n_e Γw_eff + C5 E·B)/Γf with E = (eta/c)(∇×B - k5 B). Units: k5, B·∇×B/B² alike; b B² without unit.
    """
    xp = namespace(k5_weak, strength, b_squared, b_curl_b)
    found = (k5_weak + strength * b_curl_b) / (1 + strength * b_squared)
    return found if k5_max is None else xp.clip(found, -k5_max, k5_max)
