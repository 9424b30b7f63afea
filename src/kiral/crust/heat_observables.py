"""What a run whose crust conducts heat records beside its field: functions of (equation, t, state)."""

from __future__ import annotations

import jax.numpy as jnp

from kiral.constants import YEAR_S
from kiral.core.problem import Coordinate, Monitor, Observable
from kiral.crust.coefficients import ERG
from kiral.geometry.sphere import Sphere


def _mean(eq, t, y):
    heat = eq.heat
    weights = heat.shell.weights * heat.shell.r**2
    return jnp.sum(weights * heat.over_sphere(heat.temperature(y.matter.heat))) / (4 * jnp.pi * jnp.sum(weights))


def _extreme(function):
    return lambda eq, t, y: function(eq.heat.temperature(y.matter.heat))


def _edge(function):
    return lambda eq, t, y: function(eq.heat.temperature(y.matter.heat)[..., -1])


def _content(eq, t, y):
    return ERG * eq.heat.content(y.matter.heat)


def _power(name):
    """From the tendency, which other observables of the same time share."""
    return lambda eq, t, y: ERG / YEAR_S * getattr(eq.evaluate(t, y)[0].ledger.heat, name)


def _since(name):
    return lambda eq, t, y: ERG * getattr(y.ledger.heat, name)


def _temperature(eq, t, y):
    return eq.heat.temperature(y.matter.heat)


def _share_at_ends(eq, t, y):
    heat = eq.heat
    weights = heat.shell.weights * heat.shell.r**2
    at_end = jnp.abs(heat.tables.place(y.matter.heat)) >= 1.0
    return jnp.sum(weights * heat.over_sphere(at_end.astype(float))) / (4 * jnp.pi * jnp.sum(weights))


def heat_monitors() -> tuple[Monitor, ...]:
    """Temperatures that the tables do not hold."""
    what = "part of the crust is colder than model.heat.lowest or hotter than model.heat.highest: it is taken to be as there"
    return (Monitor("beyond_tables", 0.0, what),)


def heat_coordinates(sphere: Sphere) -> tuple[Coordinate, ...]:
    """The angles at which the temperature is stored: those where it is evolved."""
    return (
        Coordinate("theta", sphere.theta, "rad", "colatitude"),
        Coordinate("phi", sphere.phi, "rad", "longitude"),
    )


def heat_observables() -> tuple[Observable, ...]:
    """Temperatures, powers at infinity, and what they sum up to."""
    infinity = "at infinity"
    return (
        Observable("temperature_mean", (), "K", "temperature, mean over the crust's volume", _mean),
        Observable("temperature_max", (), "K", "highest temperature", _extreme(jnp.max)),
        Observable("temperature_min", (), "K", "lowest temperature", _extreme(jnp.min)),
        Observable("edge_temperature_max", (), "K", "highest temperature at the outer boundary", _edge(jnp.max)),
        Observable("edge_temperature_min", (), "K", "lowest temperature at the outer boundary", _edge(jnp.min)),
        Observable("beyond_tables", (), "1", "share of the crust's volume beyond the ends of the tables in T", _share_at_ends),
        Observable("heat_content", (), "erg", f"heat content {infinity}", _content),
        Observable("joule_power", (), "erg/s", f"power that currents heat the crust with, {infinity}", _power("joule")),
        Observable("neutrino_luminosity", (), "erg/s", f"neutrinos from the crust, {infinity}", _power("neutrinos")),
        Observable("photon_luminosity", (), "erg/s", f"photons from the surface, {infinity}", _power("photons")),
        Observable("core_luminosity", (), "erg/s", f"heat from the core into the crust, {infinity}", _power("core")),
        Observable("neutrino_energy", (), "erg", f"energy of neutrinos since the start, {infinity}", _since("neutrinos")),
        Observable("photon_energy", (), "erg", f"energy of the photons since the start, {infinity}", _since("photons")),
        Observable("core_energy", (), "erg", f"heat from the core since the start, {infinity}", _since("core")),
        Observable("temperature", ("theta", "phi", "r"), "K", "temperature of local observers", _temperature),
    )
