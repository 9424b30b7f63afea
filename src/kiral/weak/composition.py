"""Matter of nucleons, electrons and positrons: number densities and chemical potentials from density, temperature, Ye.

Natural units, MeV. Charge neutrality with ultrarelativistic pairs and nondegenerate nucleons:

    n_e- - n_e+ = n_p,   n_p = mu_e (mu_e² + π² T²)/(3π²)                     (exact for massless electrons)
    mu_i = M + T ln[(n_i/2) (2π/(M T))^(3/2)],   i = n, p                    (ideal, nonrelativistic, spin 1/2)

Valid for T or mu_e well above 0.5 MeV, T well below M, and nucleons that are not degenerate (`degeneracy` well below 1).
Y23 = Yamamoto & Yang, Phys. Rev. Lett. 131, 012701 (2023).
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from kiral.core.arrays import check, namespace
from kiral.units import GRAM_MEV, per_cm3_to_mev3

NUCLEON_MASS_MEV = 940.0
"""Nucleon mass of Y23 (printed there as "940 GeV"); the mean of proton and neutron is 938.92 MeV."""


class Matter(NamedTuple):
    """State of the matter: temperature and chemical potentials (those of nucleons with rest mass) [MeV], densities [MeV³]."""

    temperature: Any
    n_p: Any
    n_n: Any
    mu_e: Any
    mu_n: Any
    mu_p: Any


def composition(density: Any, temperature: Any, electron_fraction: Any, nucleon_mass: float = NUCLEON_MASS_MEV) -> Matter:
    """Matter of rho [g/cm³], T [MeV] and Ye; numbers or arrays that broadcast.

    The number of baryons is rho/M. ConfigError: rho or T not positive, Ye not strictly between 0 and 1.
    """
    check("density", density, above=0)
    check("temperature", temperature, above=0)
    check("electron_fraction", electron_fraction, above=0, below=1)
    xp = namespace(density, temperature, electron_fraction)
    density, temperature, electron_fraction = (xp.asarray(v, dtype=float) for v in (density, temperature, electron_fraction))
    n = per_cm3_to_mev3(density * GRAM_MEV / nucleon_mass)
    n_p, n_n = electron_fraction * n, (1 - electron_fraction) * n
    return Matter(
        temperature=temperature,
        n_p=n_p,
        n_n=n_n,
        mu_e=electron_chemical_potential(n_p, temperature),
        mu_n=nucleon_chemical_potential(n_n, temperature, nucleon_mass),
        mu_p=nucleon_chemical_potential(n_p, temperature, nucleon_mass),
    )


def electron_chemical_potential(n_e: Any, temperature: Any) -> Any:
    """mu [MeV] with mu (mu² + π²T²)/(3π²) = n_e [MeV³], the real root in closed form. Any sign of n_e; T > 0."""
    xp = namespace(n_e, temperature)
    scale = math.pi * temperature / math.sqrt(3)
    return 2 * scale * xp.sinh(xp.arcsinh(1.5 * math.pi**2 * n_e / scale**3) / 3)


def nucleon_chemical_potential(n: Any, temperature: Any, mass: float = NUCLEON_MASS_MEV) -> Any:
    """mu [MeV], rest mass included, of nondegenerate nucleons of density n [MeV³]."""
    return mass + temperature * namespace(n, temperature).log(degeneracy(n, temperature, mass))


def degeneracy(n: Any, temperature: Any, mass: float = NUCLEON_MASS_MEV) -> Any:
    """Fugacity exp((mu - M)/T) = (n/2) (2π/(M T))^(3/2) of nucleons; the Boltzmann statistics used here needs it << 1."""
    return n / 2 * (2 * math.pi / (mass * temperature)) ** 1.5


def neutrino_chemical_potential(matter: Matter) -> Any:
    """mu_nu = mu_e + mu_p - mu_n [MeV] of electron neutrinos in beta equilibrium with the matter."""
    return matter.mu_e + matter.mu_p - matter.mu_n


def thermal_energy_density(matter: Matter) -> Any:
    """Thermal energy density [MeV⁴]: photons π²T⁴/15, pairs 7π²T⁴/60 + mu²T²/2 + mu⁴/(4π²), nucleons (3/2) n T."""
    t, mu = matter.temperature, matter.mu_e
    pairs = 7 * math.pi**2 / 60 * t**4 + mu**2 * t**2 / 2 + mu**4 / (4 * math.pi**2)
    return math.pi**2 / 15 * t**4 + pairs + 1.5 * (matter.n_p + matter.n_n) * t
