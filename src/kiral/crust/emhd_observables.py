"""What runs of kinds "shell_emhd" and "crust_emhd" record: functions of (equation, t, state). Energies: integrals of B²/8π."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import jax.numpy as jnp

from kiral.core.problem import Observable
from kiral.crust.coefficients import ERG
from kiral.crust.heat_observables import heat_observables


class Units(NamedTuple):
    """Names of units, and what an energy of the equation is in its unit."""

    field: str
    length: str
    time: str
    energy: str
    factor: float


SHELL = Units("B", "R", "t*", "B^2 R^3", 1.0)
CRUST = Units("G", "km", "yr", "erg", ERG)


def _sum(part):
    return lambda eq, t, y: jnp.sum(eq.energies(y)[part])


def _degrees(part):
    return lambda eq, t, y: eq.energies(y)[part]


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


def _flux(eq, t, y):
    return eq.toroidal_flux(y)


def _even(eq, t, y):
    energy = sum(eq.energies(y))
    return jnp.sum(energy[2::2]) / jnp.sum(energy)


def _growth(eq, t, y):
    """From the powers, not from a difference in time: a right-hand side of its own."""
    made = eq.evaluate(t, y)[0].ledger
    return (made.work - made.joule - made.filtered) / jnp.sum(sum(eq.energies(y)))


def _ledger(name):
    return lambda eq, t, y: getattr(y.ledger, name)


def _chirality(name):
    return lambda eq, t, y: getattr(y.ledger.chirality, name)


def _coefficient(name):
    return lambda eq, t, y: getattr(eq.operator(t, y.matter).coefficients, name)


def _feedback(eq, t, y):
    return eq.feedback


def _parts(name):
    return lambda eq, t, y: jnp.stack([getattr(y, name).real, getattr(y, name).imag])


_FUNCTION = ("part", "l", "m", "r")


def _of_history(name):
    return lambda eq, t, y: eq.material.history.at(getattr(eq.material.history.energies, name), t)


def _delta_mu(eq, t, y):
    history = eq.material.history
    return history.at(history.x[:, history.layer], t)


def _weak(eq, t, y):
    return jnp.max(jnp.abs(eq.operator(t, y.matter).coefficients.k5))


@cache
def observables(
    units: Units, *, filtered: bool = False, reacting: bool = False, driven: bool = False, thermal: bool = False
) -> tuple[Observable, ...]:
    """What a run records. filtered: is there a filter; reacting: does the ledger keep chirality; driven: is δmu evolved;
    thermal: is heat.

    The same functions for the same arguments, so that runs share their compilation.
    """
    found = _series(units) + _spectra(units) + _snapshots(units)
    energy, helicity = units.energy, f"{units.field}^2 {units.length}^4"
    if filtered:
        lost = _scaled("filter_loss", energy, "energy that the filter took since the start", _ledger("filtered"), units.factor)
        found += (lost,)
    if reacting:
        found += (
            Observable("captured", (), helicity, "chirality from captures so far, as helicity", _chirality("captured")),
            Observable("flipped", (), helicity, "chirality lost by spin flips so far, as helicity", _chirality("flipped")),
            Observable("anomaly", (), helicity, "helicity that the anomaly made so far", _chirality("anomaly")),
        )
    found += _driven() if driven else ()
    return found + heat_observables() if thermal else found


def _driven() -> tuple[Observable, ...]:
    put_in, released = "put into delta mu by compression since the start", "released by captures since the start"
    return (
        Observable("delta_mu", (), "1", "delta mu/kT in the layer that would grow fastest at the start", _delta_mu),
        Observable("k5_largest", (), "1/km", "largest chiral wave number of the crust without feedback", _weak),
        Observable("imbalance_stored", (), "erg", "energy stored in delta mu", _of_history("stored")),
        Observable("imbalance_put_in", (), "erg", f"energy {put_in}", _of_history("put_in")),
        Observable("imbalance_released", (), "erg", f"energy {released}", _of_history("released")),
    )


def _scaled(name, unit, title, value, factor, dims=(), in_series=False) -> Observable:
    return Observable(name, dims, unit, title, lambda eq, t, y: factor * value(eq, t, y), in_series)


def _series(u: Units) -> tuple[Observable, ...]:
    return (
        _scaled("energy_poloidal", u.energy, "energy of the poloidal field in the shell", _sum(0), u.factor),
        _scaled("energy_toroidal", u.energy, "energy of the toroidal field in the shell", _sum(1), u.factor),
        _scaled("energy_outside", u.energy, "energy of the field outside", _sum(2), u.factor),
        Observable("b_mean", (), u.field, "root mean square field in the shell, local observers'", _b_mean),
        Observable("surface_dipole", (), u.field, "field of degree 1 at its pole on the outer boundary", _dipole),
        Observable("even_share", (), "1", "share of even degrees in the energy", _even),
        Observable("growth_rate", (), f"1/{u.time}", "growth rate of the energy, that outside included", _growth),
        Observable("helicity", (), f"{u.field}^2 {u.length}^4", "relative magnetic helicity", _helicity),
        Observable("toroidal_flux", (), f"{u.field} {u.length}^2", "toroidal flux through half a meridional plane", _flux),
        _scaled("joule_heat", u.energy, "heat since the start", _ledger("joule"), u.factor),
        _scaled("chiral_work", u.energy, "work of the chiral current since the start", _ledger("work"), u.factor),
    )


def _spectra(u: Units) -> tuple[Observable, ...]:
    poloidal, toroidal = "energy of the poloidal field in the shell, by degree", "energy of the toroidal field, by degree"
    return (
        _scaled("energy_l", u.energy, "energy by degree, that outside included", _energy_by_degree, u.factor, ("l",), True),
        _scaled("energy_poloidal_l", u.energy, poloidal, _degrees(0), u.factor, ("l",)),
        _scaled("energy_toroidal_l", u.energy, toroidal, _degrees(1), u.factor, ("l",)),
        _scaled("energy_m", u.energy, "energy by order, that outside included", _energy_by_order, u.factor, ("m",)),
    )


def _snapshots(u: Units) -> tuple[Observable, ...]:
    field, length, time = u.field, u.length, u.time
    hall = f"{length}^2/({time} {field})"
    return (
        Observable("f", _FUNCTION, f"{field} {length}^2", "poloidal function, B_r = l(l+1) f/r^2 Y", _parts("f")),
        Observable("g", _FUNCTION, f"{field} {length}", "toroidal function, B = (g/r) grad Y x r", _parts("g")),
        Observable("diffusivity", ("r",), f"{length}^2/{time}", "magnetic diffusivity", _coefficient("eta")),
        Observable("k5", ("r",), f"1/{length}", "chiral wave number without feedback", _coefficient("k5")),
        Observable("k5_captures", ("r",), f"1/{length}", "the same before its cap", _coefficient("k5_weak")),
        Observable("hall_coefficient", ("r",), hall, "c/(4 pi e n_e)", _coefficient("hall")),
        Observable("feedback_strength", ("r",), f"1/{field}^2", "b of k5 = (k5 + b B.curl B)/(1 + b B^2)", _feedback),
        Observable("lapse", ("r",), "1", "lapse e^nu", _coefficient("lapse")),
        Observable("stretch", ("r",), "1", "proper over areal length e^lambda", _coefficient("stretch")),
    )
