"""What a run of kind "crust_linear" records: functions of (equation, t, state), all degrees summed unless a dim says "l"."""

from __future__ import annotations

import jax.numpy as jnp

from kiral.core.problem import Observable
from kiral.crust.coefficients import ERG


def _energies(eq, t, y):
    return tuple(ERG * e for e in eq.induction(t).energies(y.f, y.g))


def _poloidal(eq, t, y):
    return jnp.sum(_energies(eq, t, y)[0])


def _toroidal(eq, t, y):
    return jnp.sum(_energies(eq, t, y)[1])


def _outside(eq, t, y):
    return jnp.sum(_energies(eq, t, y)[2])


def _b_mean(eq, t, y):
    return jnp.sqrt(jnp.sum(eq.induction(t).mean_squares(y.f, y.g)))


def _dipole(eq, t, y):
    radius = eq.shell.r[-1]
    share = jnp.where(eq.degrees == 1, 2 * jnp.sqrt(3 / (4 * jnp.pi)), 0.0)
    return jnp.abs(jnp.sum(share * y.f[:, -1])) / radius**2


def _growth(eq, t, y):
    operator = eq.induction(t)
    made = operator.productions(y.f, y.g)
    total = sum(operator.energies(y.f, y.g))
    return jnp.sum(made.work - made.joule) / jnp.sum(total)


def _helicity(eq, t, y):
    return jnp.sum(eq.induction(t).helicity(y.f, y.g))


def _heat(eq, t, y):
    return ERG * jnp.sum(y.ledger.joule)


def _work(eq, t, y):
    return ERG * jnp.sum(y.ledger.work)


def _by_degree(part: int):
    return lambda eq, t, y: _energies(eq, t, y)[part]


def _growth_by_degree(eq, t, y):
    operator = eq.induction(t)
    made = operator.productions(y.f, y.g)
    total = sum(operator.energies(y.f, y.g))
    return jnp.where(total > 0, (made.work - made.joule) / jnp.where(total > 0, total, 1.0), jnp.nan)


def _f(eq, t, y):
    return y.f


def _g(eq, t, y):
    return y.g


def _diffusivity(eq, t, y):
    return eq.material(t).eta


def _chiral(eq, t, y):
    return eq.material(t).k5


OBSERVABLES: tuple[Observable, ...] = (
    Observable("energy_poloidal", (), "erg", "energy of the poloidal field in the crust", _poloidal),
    Observable("energy_toroidal", (), "erg", "energy of the toroidal field in the crust", _toroidal),
    Observable("energy_outside", (), "erg", "energy of the field outside the crust", _outside),
    Observable("b_mean", (), "G", "root mean square field in the crust, local observers'", _b_mean),
    Observable("surface_dipole", (), "G", "radial field of degree 1 at the pole of the outer boundary, for m = 0", _dipole),
    Observable("growth_rate", (), "1/yr", "growth rate of the energy, that outside included", _growth),
    Observable("helicity", (), "G^2 km^4", "relative magnetic helicity", _helicity),
    Observable("joule_heat", (), "erg", "heat since the start", _heat),
    Observable("chiral_work", (), "erg", "work of the chiral current since the start", _work),
    Observable("energy_poloidal_l", ("l",), "erg", "energy of the poloidal field in the crust, by degree", _by_degree(0)),
    Observable("energy_toroidal_l", ("l",), "erg", "energy of the toroidal field in the crust, by degree", _by_degree(1)),
    Observable("energy_outside_l", ("l",), "erg", "energy of the field outside, by degree", _by_degree(2)),
    Observable("growth_rate_l", ("l",), "1/yr", "growth rate of the energy, by degree", _growth_by_degree),
    Observable("diffusivity", ("r",), "km^2/yr", "magnetic diffusivity", _diffusivity),
    Observable("k5", ("r",), "1/km", "chiral wave number", _chiral),
    Observable("f", ("l", "r"), "G km^2", "poloidal function, B_r = l(l+1) f/r^2 Y", _f),
    Observable("g", ("l", "r"), "G km", "toroidal function, B = (g/r) grad Y x r", _g),
)
"""What a run records."""
