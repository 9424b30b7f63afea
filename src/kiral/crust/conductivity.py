"""Electric conductivity of degenerate electrons in the crust: scattering on phonons or ions, and on impurities.

Effective Coulomb logarithms of A. Y. Potekhin, D. A. Baiko, P. Haensel, D. G. Yakovlev (1999), Astron. Astrophys. 346, 345,
with the form factor of nuclei of O. Y. Gnedin, D. G. Yakovlev, A. Y. Potekhin (2001), Mon. Not. R. Astron. Soc. 324, 725:

    σ = n_e e²/(m* ν),   ν = 4π n_i (Z α)² (Λ G_σ + Λ_imp Q/Z²) γ/x³    (ħ = c = m_e = 1),   m* = γ m_e
    Λ = ½ ∫₀¹ dt t (1 - v² t)/(t + s)² e^{-w1 t} (1 - e^{-w t}),   t = (q/2p)²

One fit for liquid and solid. Strongly degenerate electrons (kT well below mu_e - m_e), no quantizing field, B = 0; electrons on
electrons and on free neutrons are left out. Numbers or arrays, numpy or jax, that broadcast against each other.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from kiral.constants import ATOMIC_MASS_EV, BOLTZMANN_EV_K, ELECTRON_MASS_EV, EV_ERG, FINE_STRUCTURE, HBAR_C_EV_CM, HBAR_EV_S
from kiral.constants import SPEED_OF_LIGHT_CM_S as C_CM_S
from kiral.core.arrays import check, column, namespace

COMPTON_CM = HBAR_C_EV_CM / ELECTRON_MASS_EV  # reduced Compton wavelength of the electron
ATOMIC_MASS_G = ATOMIC_MASS_EV * EV_ERG / C_CM_S**2
ATOMIC_PER_ELECTRON = ATOMIC_MASS_EV / ELECTRON_MASS_EV
ELECTRON_MEV = 1e-6 * ELECTRON_MASS_EV
CHARGE_SQUARED = FINE_STRUCTURE * HBAR_C_EV_CM * EV_ERG  # e² [erg cm], Gaussian
U_MINUS_2 = 12.973
"""Frequency moment <(ω_p/ω)²> of a body-centred cubic Coulomb crystal."""
NODES = 48


class Scattering(NamedTuple):
    """Everything that a conductivity is made of; dimensionless unless a unit is given."""

    coupling: Any  # Γ, Coulomb coupling parameter
    quantum: Any  # T/T_p, temperature over the ions' plasma temperature
    relativity: Any  # x = p_F/m_e c
    logarithm: Any  # Λ G_σ of phonons or ions
    impurity_logarithm: Any
    collision_rate: Any  # ν [1/s]
    conductivity: Any  # σ [1/s]
    flip_logarithm: Any  # as `logarithm`, with t for t (1 - v² t): what flips the helicity


def electron_conductivity(
    density: Any = None,
    temperature: Any = None,
    charge_number: Any = None,
    mass_number: Any = None,
    *,
    ion_density: Any = None,
    nuclear_size: Any = 0.0,
    impurity: Any = 0.0,
) -> Any:
    """Electric conductivity σ [1/s] (Gaussian); η = c²/4πσ.

    Args: density: ρ [g/cm³], all of it in nuclei: n_i = ρ/(A m_u); not read where ion_density is given.
        temperature: [K]. charge_number, mass_number: Z and A of the nuclei (A without free neutrons).
        ion_density: n_i [1/cm³], for the inner crust, where not all baryons are in nuclei.
        nuclear_size: x_nuc, radius of a nucleus over that of its cell; 0: points.
        impurity: Q = <(Z - <Z>)²>, 0 in a perfect crystal.
    Errors: ConfigError for values that are not physical.
    Checked against an independent implementation to 0.15 %.
    """
    return scattering(density, temperature, charge_number, mass_number, ion_density, nuclear_size, impurity).conductivity


def scattering(
    density: Any,
    temperature: Any,
    charge_number: Any,
    mass_number: Any,
    ion_density: Any = None,
    nuclear_size: Any = 0.0,
    impurity: Any = 0.0,
) -> Scattering:
    """The conductivity with everything on the way to it; arguments as of `electron_conductivity`."""
    check("temperature", temperature, above=0)
    check("charge_number", charge_number, above=0)
    check("mass_number", mass_number, above=0)
    check("nuclear_size", nuclear_size, least=0, below=1)
    check("impurity", impurity, least=0)
    if ion_density is None:
        check("density", density, above=0)
        ion_density = density / (mass_number * ATOMIC_MASS_G)
    check("ion_density", ion_density, above=0)
    xp = namespace(density, temperature, charge_number, mass_number, ion_density, nuclear_size, impurity)
    t, z, a, n_i, size, q_imp = (
        xp.asarray(v, dtype=float) for v in (temperature, charge_number, mass_number, ion_density, nuclear_size, impurity)
    )
    return _scattering(xp, t, z, a, n_i, size, q_imp)


def fermi_relativity(electron_density: Any) -> Any:
    """x = p_F/(m_e c) = (ħ/m_e c)(3π² n_e)^(1/3) of n_e [1/cm³]."""
    return COMPTON_CM * (3 * math.pi**2 * electron_density) ** (1 / 3)


def electron_chemical_potential(electron_density: Any) -> Any:
    """mu_e = sqrt((p_F c)² + (m_e c²)²) [MeV], with rest mass, of n_e [1/cm³] at T = 0."""
    return ELECTRON_MEV * (1 + fermi_relativity(electron_density) ** 2) ** 0.5


def magnetic_diffusivity(conductivity: Any) -> Any:
    """η = c²/4πσ [cm²/s] of σ [1/s]."""
    return C_CM_S**2 / (4 * math.pi * conductivity)


def hall_prefactor(electron_density: Any) -> Any:
    """f_h = c/(4π e n_e) [cm² s⁻¹ G⁻¹] of n_e [1/cm³]."""
    return C_CM_S / (4 * math.pi * math.sqrt(CHARGE_SQUARED) * electron_density)


def _scattering(xp: Any, t: Any, z: Any, a: Any, n_i: Any, size: Any, q_imp: Any) -> Scattering:
    n_e = z * n_i
    x = fermi_relativity(n_e)
    g = (1 + x**2) ** 0.5
    v = x / g
    cell = (3 / (4 * math.pi * n_i)) ** (1 / 3) / COMPTON_CM  # radius of the ion's cell, in Compton wavelengths
    theta = BOLTZMANN_EV_K * t / ELECTRON_MASS_EV
    coupling = z**2 * FINE_STRUCTURE / (cell * theta)
    quantum = z / coupling * (a * ATOMIC_PER_ELECTRON * cell * FINE_STRUCTURE / 3) ** 0.5
    zero_point = math.pi * z * FINE_STRUCTURE * v
    q_ions = 3 * coupling / cell**2
    q_electrons = 4 * FINE_STRUCTURE / math.pi * x * g
    q_screening = (q_ions * (1 + 0.06 * coupling) * xp.exp(-(coupling**0.5)) + q_electrons) * xp.exp(-zero_point)
    w = U_MINUS_2 / q_ions * (1 + zero_point / 3) * 4 * x**2
    w1 = 14.7327 * size**2 * (1 + zero_point / 3) * (1 + z / 13 * size**0.5)
    screening = q_screening / (4 * x**2)
    momentum, flip = _logarithms(xp, screening, w, w1, v)
    phonons = _quantum_correction(xp, z, a, x, quantum)
    impurities = _impurity_logarithm(xp, q_electrons / (4 * x**2), v)
    total = momentum * phonons + impurities * q_imp / z**2
    rate = 4 * math.pi * n_i * COMPTON_CM**3 * (z * FINE_STRUCTURE) ** 2 * total * g / x**3 * (ELECTRON_MASS_EV / HBAR_EV_S)
    sigma = n_e * CHARGE_SQUARED * C_CM_S**2 / (ELECTRON_MASS_EV * EV_ERG * g * rate)
    return Scattering(coupling, quantum, x, momentum * phonons, impurities, rate, sigma, flip * phonons)


def _logarithms(xp: Any, s: Any, w: Any, w1: Any, v: Any) -> tuple[Any, Any]:
    """½ ∫₀¹ dt t f/(t + s)² e^{-w1 t} (1 - e^{-w t}) for f = 1 - v² t (momentum) and f = 1 (helicity).

    With t = a (e^y - 1), a the smaller of s and 1/w, the integrand is smooth in y on scales of 1, whatever s and w:
    Gauss–Legendre converges fast.
    """
    s, w, w1, v = (column(value) for value in (s, w, w1, v))
    nodes, weights = _gauss()
    scale = 1 / (1 / s + w)
    length = xp.log1p(1 / scale)
    t = scale * xp.expm1(length * nodes)
    kernel = 0.5 * length * weights * t * (t + scale) / (t + s) ** 2 * xp.exp(-w1 * t) * -xp.expm1(-w * t)
    return xp.sum(kernel * (1 - v**2 * t), -1), xp.sum(kernel, -1)


def _impurity_logarithm(xp: Any, s: Any, v: Any) -> Any:
    """The same for w → ∞, w1 = 0, in closed form."""
    log = xp.log1p(1 / s)
    return 0.5 * (log - 1 / (1 + s) - v**2 * (1 + s / (1 + s) - 2 * s * log))


def _quantum_correction(xp: Any, z: Any, a: Any, x: Any, quantum: Any) -> Any:
    """G_σ: freezing of phonons below the ions' plasma temperature."""
    frozen = quantum / (quantum**2 + 0.0361 * z ** (-1 / 3)) ** 0.5
    umklapp = xp.exp(-(1.683 * (x / (a * z)) ** 0.5 / 4) * 2.78 * xp.exp(-9.1 * quantum))
    return frozen * (1 + (z / 125) ** 2) * umklapp


@cache
def _gauss() -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights on (0, 1)."""
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    return (nodes + 1) / 2, weights / 2
