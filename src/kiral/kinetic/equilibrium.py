"""Equilibrium of massless chiral fermions and antifermions, and the coefficients of their transport. Gaussian, ħ = 1, any c.

Of one chirality λ = ±1, mu is mu_λ = mu + λ mu5, and X = 3 mu² + π² T². Temperature is a fixed bath. Formulas are exact for
free fermions; coefficients hold in the relaxation-time approximation. Sources: G16 = Gorbar et al. 2016 (arXiv:1603.03442).
All functions broadcast, run on numpy and jax arrays, and are differentiable.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from kiral.core.arrays import namespace

PI2 = math.pi**2


class Densities(NamedTuple):
    """Net number densities [1/length³]: particles less antiparticles. The charge density is e times `number`."""

    number: Any
    axial: Any


class ChemicalPotentials(NamedTuple):
    """mu and mu5 [energy], mu_λ = mu + λ mu5."""

    mu: Any
    mu5: Any


class Susceptibilities(NamedTuple):
    """dn/dmu = dn5/dmu5, and dn/dmu5 = dn5/dmu [1/(energy length³)]."""

    diagonal: Any
    cross: Any


def polynomial(mu: Any, temperature: Any) -> Any:
    """mu³ + π² T² mu, which is 6π² c³ n."""
    return mu * (mu**2 + PI2 * temperature**2)


def slope(mu: Any, temperature: Any) -> Any:
    """X = 3 mu² + π² T², the derivative of `polynomial`."""
    return 3 * mu**2 + PI2 * temperature**2


# --- one chirality ---------------------------------------------------------------------------------------------------


def density(temperature: Any, mu: Any, c: Any = 1.0) -> Any:
    """n⁰ of one chirality, G16 (41): mu (mu² + π²T²)/(6π²c³)."""
    return polynomial(mu, temperature) / (6 * PI2 * c**3)


def susceptibility(temperature: Any, mu: Any, c: Any = 1.0) -> Any:
    """dn⁰/dmu of one chirality: X/(6π²c³)."""
    return slope(mu, temperature) / (6 * PI2 * c**3)


def chemical_potential(temperature: Any, density: Any, c: Any = 1.0) -> Any:
    """mu of one chirality from its net density: the real root of mu³ + π²T² mu = 6π²c³ n, to round-off. T > 0.

    The hyperbolic form has no cancellation; one Newton step removes the rounding of asinh at large n.
    """
    xp = namespace(temperature, density, c)
    linear, target = PI2 * temperature**2, 6 * PI2 * c**3 * density
    scale = 2 * math.pi / math.sqrt(3) * temperature
    argument = 9 * math.sqrt(3) / math.pi * c**3 * (density / temperature**3)
    root = scale * xp.sinh(xp.arcsinh(xp.asarray(argument)) / 3)
    return root - (root * (root**2 + linear) - target) / (3 * root**2 + linear)


def pressure(temperature: Any, mu: Any, c: Any = 1.0) -> Any:
    """Pressure of one chirality, a third of its energy density: (mu⁴/4 + π²T²mu²/2 + 7π⁴T⁴/60)/(6π²c³)."""
    t2 = PI2 * temperature**2
    return (mu**4 / 4 + t2 * mu**2 / 2 + 7 * t2**2 / 60) / (6 * PI2 * c**3)


# --- both ------------------------------------------------------------------------------------------------------------


def densities(temperature: Any, mu: Any, mu5: Any, c: Any = 1.0) -> Densities:
    """n⁰ and n5⁰, G16 (70): mu (mu² + 3 mu5² + π²T²)/(3π²c³), and the same with mu and mu5 exchanged."""
    t2, factor = PI2 * temperature**2, 3 * PI2 * c**3
    return Densities(mu * (mu**2 + 3 * mu5**2 + t2) / factor, mu5 * (mu5**2 + 3 * mu**2 + t2) / factor)


def chemical_potentials(temperature: Any, number: Any, axial: Any, c: Any = 1.0) -> ChemicalPotentials:
    """mu and mu5 from the net number and axial densities (inverse of `densities`). T > 0."""
    right = chemical_potential(temperature, (number + axial) / 2, c)
    left = chemical_potential(temperature, (number - axial) / 2, c)
    return ChemicalPotentials((right + left) / 2, (right - left) / 2)


def susceptibilities(temperature: Any, mu: Any, mu5: Any, c: Any = 1.0) -> Susceptibilities:
    """chi⁰ = (3 mu² + 3 mu5² + π²T²)/(3π²c³), G16 (69), and 2 mu mu5/(π²c³)."""
    diagonal = (3 * mu**2 + 3 * mu5**2 + PI2 * temperature**2) / (3 * PI2 * c**3)
    return Susceptibilities(diagonal, 2 * mu * mu5 / (PI2 * c**3))


# --- coefficients of transport ---------------------------------------------------------------------------------------


def chirality_conductivity(temperature: Any, mu: Any, tau: Any, charge: Any, c: Any = 1.0) -> Any:
    """sigma_λ = e² τ X/(18π²c) [1/time] of one chirality, G16 (42): e J = sigma E."""
    return charge**2 * tau * slope(mu, temperature) / (18 * PI2 * c)


def conductivity(temperature: Any, mu: Any, mu5: Any, tau: Any, charge: Any, c: Any = 1.0) -> Any:
    """Electric conductivity e² c² τ chi⁰/3 [1/time] of both chiralities, G16 (68)."""
    return charge**2 * c**2 * tau / 3 * susceptibilities(temperature, mu, mu5, c).diagonal


def relaxation_time(temperature: Any, mu: Any, mu5: Any, conductivity: Any, charge: Any, c: Any = 1.0) -> Any:
    """tau for a given electric conductivity: G16 (68) solved for tau.

    G16 (71) puts sigma = 0.37 T. Lattice results are normally quoted as sigma/(C T) with C = e² Σ q_f², which makes tau about
    1/T and not 1/(alpha T): give sigma itself.
    """
    return 3 * conductivity / (charge**2 * c**2 * susceptibilities(temperature, mu, mu5, c).diagonal)


def diffusion_constant(tau: Any, c: Any = 1.0) -> Any:
    """D = c² τ/3 [length²/time], G16 below (64); the same along and across B to this order."""
    return c**2 * tau / 3


def wave_speed(temperature: Any, magnetic_field: Any, charge: Any, c: Any = 1.0, mu: Any = 0.0) -> Any:
    """Speed of the chiral magnetic wave along B of one chirality with mu: 3 c² e B/(2 X); at mu = 0 that of G16 (66).

    At given E. With E that obeys Maxwell's equations there is no such wave at small k: it is overdamped.
    """
    return 3 * c**2 * charge * magnetic_field / (2 * slope(mu, temperature))


def permittivity(temperature: Any, mu: Any, mu5: Any, tau: Any, charge: Any, c: Any = 1.0) -> Any:
    """1 - 4π sigma τ: what the term -sigma τ ∂t E of the current makes of the vacuum's permittivity, and where it fails.

    Not positive: electric fields grow at 4π sigma/|eps|, an artefact of the expansion in τ ∂t. Then let the Ohmic current relax
    instead: τ ∂t J + J = sigma E, which is exact for a homogeneous plasma.
    """
    return 1 - 4 * math.pi * conductivity(temperature, mu, mu5, tau, charge, c) * tau
