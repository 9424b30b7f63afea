"""Thermal microphysics of a crust: heat conduction by electrons, heat capacity, neutrino losses, the envelope above it.

Gaussian cgs and kelvin; numbers or arrays, numpy or jax, that broadcast against each other. Sources at each function.

Left out: free neutrons, as conductors and in the heat capacity (right where they are superfluid: deeply below their critical
temperature), electrons scattered by electrons, conduction by phonons, latent heat, quantizing fields.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from kiral.constants import BOLTZMANN_ERG_K, BOLTZMANN_EV_K, ELECTRON_MASS_EV, EV_ERG, FINE_STRUCTURE, HBAR_C_EV_CM
from kiral.constants import SPEED_OF_LIGHT_CM_S as C_CM_S
from kiral.core.arrays import namespace
from kiral.crust.conductivity import ATOMIC_MASS_G, CHARGE_SQUARED, Scattering, fermi_relativity

STEFAN_BOLTZMANN = math.pi**2 * BOLTZMANN_ERG_K**4 / (60 * (HBAR_C_EV_CM * EV_ERG) ** 3) * C_CM_S
"""σ [erg cm⁻² s⁻¹ K⁻⁴]."""
MELTING = 175.0
"""Γ below which the ions are a liquid."""
SMOOTHING = 6
"""Power of Γ/175 in the passage from one to the other: within a factor 1.5."""
PLASMON_UNIT = 1.023e23 / (96 * math.pi**4 * FINE_STRUCTURE) * 0.9248
"""Q_c Σ C_V²/(96π⁴α) [erg cm⁻³ s⁻¹], Q_c = (G_F²/ħ)(m_e c/ħ)⁹, three flavours: Yakovlev et al. (2001), Sec. 2."""


class Conduction(NamedTuple):
    """Heat conduction by electrons.

    conductivity: κ along the field [erg cm⁻¹ s⁻¹ K⁻¹]; collision_rate: that of heat [1/s]; gyration: ω_B τ of it per gauss.
    """

    conductivity: Any
    collision_rate: Any
    gyration: Any


def conduction(
    electrons: Scattering, temperature: Any, charge_number: Any, electron_density: Any, nuclear_size: Any, impurity: Any
) -> Conduction:
    """Heat conductivity κ = π² k² T n_e/(3 m* ν_κ) of degenerate electrons; `electrons`: `scattering` of the same arguments.

    ν_κ has Λ G_σ F in place of Λ G_σ, with x = T/T_p and

        F = 1 + 0.0105 (1 - 1/Z) (1 + β (v/c)³) x (x² + 0.0081)^(-3/2)/G_0 · (1 + x_nuc² sqrt(2Z)),  G_0 that of `scattering`

    (inelastic scattering, Potekhin et al. 1999; the last factor: Gnedin et al. 2001; both as in their authors' public code
    `condegin`), and the same logarithm of impurities: at high temperature it is the law of Wiedemann and Franz. Across a
    field κ/(1 + (gyration B)²).
    """
    z, x = charge_number, electrons.relativity
    g = (1 + x**2) ** 0.5
    v = x / g
    cold = electrons.quantum / (electrons.quantum**2 + 0.0361 * z ** (-1 / 3)) ** 0.5 * (1 + (z / 125) ** 2)
    inelastic = 0.0105 * (1 - 1 / z) * (1 + math.pi * z * FINE_STRUCTURE * v**4) * electrons.quantum
    inelastic = inelastic / (electrons.quantum**2 + 0.0081) ** 1.5 / cold * (1 + nuclear_size**2 * (2 * z) ** 0.5)
    impurities = electrons.impurity_logarithm * impurity / z**2
    electric = electrons.logarithm + impurities
    rate = electrons.collision_rate * (electric + electrons.logarithm * inelastic) / electric
    mass = g * ELECTRON_MASS_EV * EV_ERG / C_CM_S**2
    kappa = math.pi**2 * BOLTZMANN_ERG_K**2 * temperature * electron_density / (3 * mass * rate)
    return Conduction(kappa, rate, math.sqrt(CHARGE_SQUARED) / (mass * C_CM_S * rate))


# --- heat capacity -------------------------------------------------------------------------------------------------------


def heat_capacity(temperature: Any, charge_number: Any, mass_number: Any, ion_density: Any) -> Any:
    """Heat capacity at constant volume of electrons and ions [erg cm⁻³ K⁻¹]. mass_number: A of the nuclei."""
    ions = ion_density * BOLTZMANN_ERG_K * ion_heat_capacity(temperature, charge_number, mass_number, ion_density)
    return electron_heat_capacity(temperature, charge_number * ion_density) + ions


def electron_heat_capacity(temperature: Any, electron_density: Any) -> Any:
    """Of degenerate electrons, π² k² T n_e/(p_F v_F) [erg cm⁻³ K⁻¹]; wrong by (πkT/(p_F v_F))², 3 % at 1e10 g/cm³ and 5e9 K."""
    x = fermi_relativity(electron_density)
    energy = x**2 / (1 + x**2) ** 0.5 * ELECTRON_MASS_EV * EV_ERG
    return math.pi**2 * BOLTZMANN_ERG_K**2 * temperature * electron_density / energy


def ion_heat_capacity(temperature: Any, charge_number: Any, mass_number: Any, ion_density: Any) -> Any:
    """Heat capacity of the ions, in k per ion: phonons of a body-centred cubic crystal times a classical plasma's over 3.

    The second factor is the liquid's (Γ < 175) and, in the crystal, that of anharmonic vibrations: 1.1 at melting.
    """
    coupling, quantum = _plasma(temperature, charge_number, mass_number, ion_density)
    return crystal_heat_capacity(1 / quantum) * classical_heat_capacity(coupling) / 3


def crystal_heat_capacity(theta: Any) -> Any:
    """Of phonons in a Coulomb crystal, in k per ion; θ = T_p/T.

    Source: D. A. Baiko, A. Y. Potekhin, D. G. Yakovlev (2001), Phys. Rev. E 64, 057402: fit of the free energy, to 5e-6;
    C = -θ² f''. θ → 0: 3 - θ²/12.
    """
    xp = namespace(theta)
    theta = xp.asarray(theta, dtype=float)
    total = 0.0
    for frequency in (0.932446, 0.334547, 0.265764):
        half = 0.5 * frequency * theta
        total = total + (half / xp.sinh(xp.minimum(half, 300.0))) ** 2
    a = (1.0, 0.1839, 0.593586, 0.0054814, 5.01813e-4, 0.0, 3.9247e-7, 0.0, 5.8356e-11)
    b = (261.66, 0.0, 7.07997, 0.0, 0.0409484, 3.97355e-4, 5.11148e-5, 2.19749e-6, 0.0)
    b = (*b, 0.004757014 * a[6], 0.0, 0.0047770935 * a[8])
    up, up1, up2 = _polynomial(a, theta)
    down, down1, down2 = _polynomial(b, theta)
    second = (up2 * down - down2 * up) / down**2 - 2 * down1 * (up1 * down - down1 * up) / down**3
    return total + theta**2 * second


def classical_heat_capacity(coupling: Any) -> Any:
    """Of a classical one-component plasma with coupling Γ, in k per ion.

    Liquid: u = aΓ + bΓ^¼ + cΓ^-¼ + d (W. L. Slattery, G. D. Doolen, H. E. DeWitt 1982, Phys. Rev. A 26, 2255),
    C = 3/2 + u - Γu', for Γ > 1, below it that at 1. Crystal: 3 + Σ (k + 1) A_k/Γ^k (R. T. Farouki & S. Hamaguchi 1993,
    Phys. Rev. E 47, 4330). They differ by 2 % at melting, Γ = 175, where one goes smoothly over into the other.
    """
    xp = namespace(coupling)
    gamma = xp.maximum(xp.asarray(coupling, dtype=float), 1.0)
    liquid = 1.5 + 0.75 * 0.95043 * gamma**0.25 + 1.25 * 0.18956 * gamma**-0.25 - 0.81487
    crystal = 3 + 2 * 10.9 / gamma + 3 * 247 / gamma**2 + 4 * 1.765e5 / gamma**3
    return crystal + (liquid - crystal) / (1 + (gamma / MELTING) ** SMOOTHING)


def _plasma(temperature: Any, z: Any, a: Any, ion_density: Any) -> tuple[Any, Any]:
    """(Γ, T/T_p) of the ions."""
    kt = BOLTZMANN_ERG_K * temperature
    cell = (3 / (4 * math.pi * ion_density)) ** (1 / 3)
    hbar = HBAR_C_EV_CM * EV_ERG / C_CM_S
    frequency = (4 * math.pi * ion_density * z**2 * CHARGE_SQUARED / (a * ATOMIC_MASS_G)) ** 0.5
    return z**2 * CHARGE_SQUARED / (cell * kt), kt / (hbar * frequency)


def _polynomial(coefficients: tuple[float, ...], x: Any) -> tuple[Any, Any, Any]:
    """Value, first and second derivative."""
    value, first, second = 0.0 * x, 0.0 * x, 0.0 * x
    for c in reversed(coefficients):
        second = second * x + 2 * first
        first = first * x + value
        value = value * x + c
    return value, first, second


# --- neutrinos -----------------------------------------------------------------------------------------------------------


def neutrino_emissivity(density: Any, temperature: Any, electron_density: Any) -> Any:
    """Neutrino losses [erg cm⁻³ s⁻¹]: bremsstrahlung of electrons on nuclei and decay of plasmons. density: ρ [g cm⁻³]."""
    return bremsstrahlung(density, temperature) + plasmon_decay(electron_density, temperature)


def bremsstrahlung(density: Any, temperature: Any) -> Any:
    """Neutrino pairs from electrons on nuclei of a crust [erg cm⁻³ s⁻¹].

    Source: A. D. Kaminker et al. (1999), Astron. Astrophys. 343, 1009, Eq. (40): ground-state matter, 1e9 < ρ < 1.5e14 g/cm³,
    5e7 < T < 2e9 K; outside a continuation.
    """
    xp = namespace(density, temperature)
    t, r = xp.log10(temperature / 1e8), xp.log10(density / 1e12)
    lg = 11.204 + 7.304 * t + 0.2976 * r - 0.370 * t**2 + 0.188 * t * r - 0.103 * r**2 + 0.0547 * t**2 * r
    return 10 ** (lg - 6.77 * xp.log10(1 + 0.228 * density / 2.8e14))


def plasmon_decay(electron_density: Any, temperature: Any) -> Any:
    """Neutrino pairs from plasmons in degenerate electrons [erg cm⁻³ s⁻¹].

    Source: D. G. Yakovlev et al. (2001), Phys. Rep. 354, 1, Sec. 2.3: fit (16.23 f⁶ + 4.604 f^7.5) e^-f t_r⁹ of the integrals,
    f = ħω_p/kT, t_r = kT/m_e c²; for ultrarelativistic electrons it is from 3 % below them (f = 0.1) to 19 % above (f = 4).
    """
    xp = namespace(electron_density, temperature)
    x = fermi_relativity(electron_density)
    t = BOLTZMANN_EV_K * temperature / ELECTRON_MASS_EV
    f = (4 * FINE_STRUCTURE * x**3 / (3 * math.pi * (1 + x**2) ** 0.5)) ** 0.5 / t
    return PLASMON_UNIT * t**9 * (16.23 * f**6 + 4.604 * f**7.5) * xp.exp(-f)


# --- envelope ------------------------------------------------------------------------------------------------------------


def envelope_flux(temperature: Any, gravity: Any) -> Any:
    """Flux σT_s⁴ [erg cm⁻² s⁻¹] through a surface whose envelope has this temperature [K] at ρ = 1e10 g/cm³; g [cm s⁻²].

    T_b/1e8 = 1.288 ((T_s/1e6)⁴/g_14)^0.455. Source: E. H. Gudmundsson, C. J. Pethick, R. I. Epstein (1983), Astrophys. J. 272,
    286: iron, no field.
    """
    return STEFAN_BOLTZMANN * 1e24 * (gravity / 1e14) * (temperature / 1.288e8) ** (1 / 0.455)
