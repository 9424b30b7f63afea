"""From a case of flavor kinetics resolved in momentum to a Problem, and what such a run records."""

from __future__ import annotations

from typing import TYPE_CHECKING

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from kiral.core.problem import Coordinate, Monitor, Observable, Problem
from kiral.flavor.resolved import (
    ResolvedFlavor,
    State,
    Values,
    edge_content,
    interaction_energies,
    kinetic_energy,
    total_number,
)

if TYPE_CHECKING:
    from kiral.config.run import FlavorEnergyRun

BEAMS = ("plus", "minus")
LIMITS = {"float64": 1e-8, "float32": 1e-5}
"""Above these the ends of a range are filled; float32 has its round-off there."""


def build_resolved(config: FlavorEnergyRun) -> Problem:
    """The problem of one case."""
    equation, limit = build_resolved_equation(config), LIMITS[config.devices.precision]

    def initial_state() -> State:
        values = initial_values(config, equation)
        return State(equation.to_modes(jnp.asarray(values, config.devices.precision)))

    return Problem(
        kind=config.model.kind,
        equation=equation,
        initial_state=initial_state,
        observables=OBSERVABLES,
        coordinates=_coordinates(config),
        t_start=config.time.t_start,
        time_unit="t*",
        progress=("u_osc", "kinetic_energy"),
        monitors=(
            Monitor("edge_content", limit, "the spectra reach the ends of their range: raise geometry.half_width"),
            Monitor("spectral_tail", limit, "the highest third of the wave numbers is filled: raise geometry.n"),
        ),
    )


def build_resolved_equation(config: FlavorEnergyRun) -> ResolvedFlavor:
    """The equation with its coefficients as arrays."""
    model, grid = config.model, config.geometry
    momenta = np.stack([sign * model.momentum + _offsets(config) for sign in (1, -1)])
    spectra = _spectra(config)
    energies = np.hypot(momenta, model.transverse_momentum)
    reference = (spectra * energies).sum(axis=1) / spectra.sum(axis=1)
    perpendicular, number = np.full(2, model.transverse_momentum), np.full(2, grid.length / 2)
    arrays = (model.interaction, grid.length, momenta, perpendicular, reference, number)
    return ResolvedFlavor(*(jnp.asarray(x, jnp.float64) for x in arrays), n=grid.n[0], gradients=model.gradients)


def initial_values(config: FlavorEnergyRun, eq: ResolvedFlavor) -> np.ndarray:
    """P⁰ and P per dq, (4, 2, q, z): spectra of number 1/2 times a flavor polarization of |P| = P⁰."""
    z = _positions(config)
    angle = 2 * np.pi * z / config.geometry.length
    psi = sum(amplitude * np.exp(1j * n * angle) for n, amplitude in config.initial.modes)
    along = np.sqrt(0.25 - np.abs(psi) ** 2)
    beams = np.stack([[np.full_like(z, 0.5), psi.real, psi.imag, sign * along] for sign in (1, -1)], axis=1)
    return _spectra(config)[None, :, :, None] * beams[:, :, None, :]


def _offsets(config: FlavorEnergyRun) -> np.ndarray:
    """q minus the centre of the beam's spectrum."""
    n, half = config.geometry.n_momentum, config.geometry.half_width
    return half * (2 * np.arange(n) / n - 1)


def _spectra(config: FlavorEnergyRun) -> np.ndarray:
    """Number per dq of every beam, (2, q): sums to 1 with the weight dq."""
    offsets = _offsets(config)
    spectrum = np.exp(-((offsets / config.model.spread) ** 2) / 2)
    return np.stack([spectrum / (spectrum.sum() * (offsets[1] - offsets[0]))] * 2)


def _positions(config: FlavorEnergyRun) -> np.ndarray:
    n = config.geometry.n[0]
    return config.geometry.length * (np.arange(n) / n - 0.5)


def _coordinates(config: FlavorEnergyRun) -> tuple[Coordinate, ...]:
    return (
        Coordinate("z", _positions(config), "l*", "position along z"),
        Coordinate("momentum", _offsets(config), "E*", "p_z minus the centre of the beam's spectrum"),
    )


# --- what is recorded: functions of (equation, t, y) -----------------------------------------------------------------


def _values(eq: ResolvedFlavor, y: State) -> Values:
    return eq.to_grid(y.modes).astype(jnp.float64)


def _beams(eq: ResolvedFlavor, y: State) -> Float[Array, "4 beam z"]:
    """P⁰ and P of the beams, all momenta together."""
    return jnp.einsum("gq,cgqz->cgz", eq.spacing * jnp.ones_like(eq.momenta), _values(eq, y))


def _u_osc(eq, t, y):
    return interaction_energies(eq, _values(eq, y))[0]


def _u_nonosc(eq, t, y):
    return interaction_energies(eq, _values(eq, y))[1]


def _kinetic(eq, t, y):
    return kinetic_energy(eq, _values(eq, y))


def _total(eq, t, y):
    values = _values(eq, y)
    return kinetic_energy(eq, values) + sum(interaction_energies(eq, values))


def _number(eq, t, y):
    return total_number(eq, _values(eq, y))


def _nux_content(eq, t, y):
    beams = jnp.mean(_beams(eq, y), axis=-1)
    return 0.5 - beams[3, 0] / (2 * beams[0, 0])


def _edges(eq, t, y):
    return edge_content(eq, _values(eq, y))


def _tail(eq, t, y):
    power = jnp.sum(jnp.abs(y.modes) ** 2, axis=(0, 1, 2)).astype(jnp.float64)
    return jnp.sum(power[2 * power.size // 3 :]) / jnp.sum(power)


def _excess(eq, t, y):
    """Largest |P| - P⁰ of any z and q, over the largest P⁰."""
    values = _values(eq, y)
    length = jnp.sqrt(jnp.sum(values[1:] ** 2, axis=0))
    return jnp.max(length - values[0]) / jnp.max(values[0])


def _spectrum(beam: int):
    return lambda eq, t, y: jnp.mean(_values(eq, y)[0, beam], axis=-1)


def _shift(beam: int):
    def shift(eq, t, y):
        number = _values(eq, y)[0, beam]
        offset = eq.momenta[beam] - eq.momentum_reference[beam] - eq.spacing[beam] / 2
        return jnp.einsum("q,qz->z", offset, number) / jnp.sum(number, axis=0)

    return shift


def _number_map(beam: int):
    return lambda eq, t, y: _values(eq, y)[0, beam]


def _per_beam(name: str, dims: tuple[str, ...], unit: str, long_name: str, make) -> tuple[Observable, ...]:
    return tuple(
        Observable(f"{name}_{beam}", dims, unit, f"{long_name}, beam along {sign}z", make(i))
        for i, (beam, sign) in enumerate(zip(BEAMS, "+-", strict=True))
    )


OBSERVABLES: tuple[Observable, ...] = (
    Observable("u_osc", (), "E*", "refractive energy of the polarization vectors, in the box", _u_osc),
    Observable("u_nonosc", (), "E*", "refractive energy of the numbers, in the box", _u_nonosc),
    Observable("kinetic_energy", (), "E*", "change of the kinetic energy of the box", _kinetic),
    Observable("total_energy", (), "E*", "kinetic and refractive energy, in the box", _total),
    Observable("number", (), "1", "neutrinos in the box per unit area", _number),
    Observable("nux_content", (), "1", "share of other flavors in the beam along +z", _nux_content),
    Observable("edge_content", (), "1", "largest |P| at the ends of the range of momenta, over the largest of all", _edges),
    Observable("spectral_tail", (), "1", "share of the highest third of wave numbers in the power of all modes", _tail),
    Observable("length_excess", (), "1", "largest |P| - P0, over the largest P0; above 0 rho is not positive", _excess),
    *_per_beam("spectrum", ("momentum",), "1/E*", "number per momentum, mean over z", _spectrum),
    *_per_beam("shift", ("z",), "E*", "mean p_z minus that at the start", _shift),
    *_per_beam("number", ("momentum", "z"), "1/(E* l*)", "number per momentum and length", _number_map),
)
"""What a run records."""
