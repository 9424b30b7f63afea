"""What a run of kind "shell_emhd" records: functions of (equation, t, state). Energies are integrals of B²/8π."""

from __future__ import annotations

import jax.numpy as jnp

from kiral.core.problem import Observable


def _poloidal(eq, t, y):
    return jnp.sum(eq.energies(y)[0])


def _toroidal(eq, t, y):
    return jnp.sum(eq.energies(y)[1])


def _outside(eq, t, y):
    return jnp.sum(eq.energies(y)[2])


def _energy_by_degree(eq, t, y):
    return sum(eq.energies(y))


def _energy_by_order(eq, t, y):
    energy = jnp.sum(sum(eq.induction.energies(y.f, y.g)), axis=0)
    return jnp.where(jnp.asarray(eq.sphere.orders) == 0, 1.0, 2.0) * energy


def _b_mean(eq, t, y):
    return jnp.sqrt(jnp.sum(eq.by_degree(eq.induction.mean_squares(y.f, y.g))))


def _dipole(eq, t, y):
    square = eq.by_degree(jnp.abs(y.f[1:2, :2, -1]) ** 2)[0]
    return 2 * jnp.sqrt(3 / (4 * jnp.pi) * square) / eq.shell.r[-1] ** 2


def _helicity(eq, t, y):
    return jnp.sum(eq.helicity(y))


def _heat(eq, t, y):
    return y.ledger.joule


def _work(eq, t, y):
    return y.ledger.work


def _even(eq, t, y):
    energy = sum(eq.energies(y))
    return jnp.sum(energy[2::2]) / jnp.sum(energy)


def _f(eq, t, y):
    return jnp.stack([y.f.real, y.f.imag])


def _g(eq, t, y):
    return jnp.stack([y.g.real, y.g.imag])


_FUNCTION = ("part", "l", "m", "r")
OBSERVABLES: tuple[Observable, ...] = (
    Observable("energy_poloidal", (), "B^2 R^3", "energy of the poloidal field in the shell", _poloidal),
    Observable("energy_toroidal", (), "B^2 R^3", "energy of the toroidal field in the shell", _toroidal),
    Observable("energy_outside", (), "B^2 R^3", "energy of the field outside", _outside),
    Observable("b_mean", (), "B", "root mean square field in the shell", _b_mean),
    Observable("surface_dipole", (), "B", "field of degree 1 at its pole on the outer boundary", _dipole),
    Observable("even_share", (), "1", "share of even degrees in the energy", _even),
    Observable("helicity", (), "B^2 R^4", "relative magnetic helicity", _helicity),
    Observable("joule_heat", (), "B^2 R^3", "heat since the start", _heat),
    Observable("chiral_work", (), "B^2 R^3", "work of the chiral current since the start", _work),
    Observable("energy_l", ("l",), "B^2 R^3", "energy by degree, that outside included", _energy_by_degree),
    Observable("energy_m", ("m",), "B^2 R^3", "energy by order, that outside included", _energy_by_order),
    Observable("f", _FUNCTION, "B R^2", "poloidal function, B_r = l(l+1) f/r^2 Y", _f),
    Observable("g", _FUNCTION, "B R", "toroidal function, B = (g/r) grad Y x r", _g),
)
"""What a run records."""
