"""Exact results that tests and documentation share. Natural units, MeV; Y23 = Yamamoto & Yang (2023)."""

from __future__ import annotations

import math

import numpy as np
from scipy.special import gamma, sici

from kiral.constants import AXIAL_COUPLING
from kiral.weak.collision import coupling
from kiral.weak.currents import E_SQUARED, energy_factor


def kappa_total_without_potential(
    *,
    time: float,
    n: float,
    temperature: float,
    alpha: float,
    mean_energy: float,
    energy_current: str = "consistent",
    axial_coupling: float = AXIAL_COUPLING,
) -> float:
    """κ_tot [MeV²] at mu_e = 0 for the pinched occupation of Y23 (25) for both: C x0 K n [7π⁴T⁴/120 - ∫ q³ f_nu dq].

    There F_W + F̃_W = K q³ n (f - f_nu), n = n_p + n_n [MeV³], whatever Ye is. time in 1/MeV.
    """
    neutrinos = mean_energy**4 * (alpha + 1) ** -(alpha + 4) * gamma(alpha + 4)
    electrons = 7 * math.pi**4 * temperature**4 / 120
    return energy_factor(energy_current) * time * coupling(axial_coupling) * n * (electrons - neutrinos)


def pauli_limits_xi(temperature: float, mu_e: float) -> float:
    """Largest ξ_B [MeV]: all left-handed electrons removed, (e²/4π²) ∫ f dq = (e²/4π²) T ln(1 + e^(mu/T))."""
    return E_SQUARED / (4 * math.pi**2) * temperature * float(np.logaddexp(0.0, mu_e / temperature))


def equilibrium_kappa(temperature: float, mu: float) -> float:
    """κ [MeV²] of one right-handed chirality, particles and antiparticles, in equilibrium: mu²/8π² + T²/24."""
    return mu**2 / (8 * math.pi**2) + temperature**2 / 24


def x_eff_of_wave(k: float, x: float, time: float, along: bool) -> float:
    """x_eff of the source cos(k x): for B along the wave vector cos(kx) sin(kt)/k, across it cos(kx) Si(kt)/k."""
    return math.cos(k * x) * (math.sin(k * time) if along else float(sici(k * time)[0])) / k
