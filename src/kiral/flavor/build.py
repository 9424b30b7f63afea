"""From a validated case to a Problem: numbers become arrays, choices stay static."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from kiral.core.layout import place
from kiral.core.problem import Coordinate, Monitor, Problem
from kiral.devices import direction_mesh
from kiral.flavor import config as cfg
from kiral.flavor.blocks import block_count
from kiral.flavor.collisions import Relaxation
from kiral.flavor.equations import Data, FastestMode, FlavorEquation
from kiral.flavor.fastest import fastest_mode
from kiral.flavor.groups import GROUPS
from kiral.flavor.initial import coordinates, from_file, perturbed, read_profile
from kiral.flavor.moments import moments
from kiral.flavor.observables import observables
from kiral.flavor.rays import Rays
from kiral.flavor.state import State
from kiral.flavor.terms_config import Collisions

if TYPE_CHECKING:
    from kiral.config.run import FlavorRun

class Bins(NamedTuple):
    """Populations: p of flavor states (C, D, B) and trace (D, B), and what they count, times quadrature weight: trace part and
    p part (2, D, B); species and energy of every bin."""

    p: np.ndarray
    trace: np.ndarray
    trace_content: np.ndarray
    content: np.ndarray
    species: tuple[int, ...]
    energy: tuple[int, ...]


def build_problem(config: FlavorRun, directory: Path) -> Problem:
    """The problem of one case; `directory` is where its relative paths start. Raises ConfigError for unusable files."""
    bins = populations(config)
    if isinstance(config.initial, cfg.StateFile):
        p = from_file(directory / config.initial.path, bins.p, bins.species, config.geometry)
    else:
        p = perturbed(config.initial, bins.p, bins.content.sum(axis=0), config.geometry, config.seed)
    equation = build_equation(config, bins, _norm(p, config.initial), directory)
    equation = eqx.tree_at(lambda eq: eq.norm, equation, place(equation.norm, equation.layout))
    precision = jnp.dtype(config.devices.precision)
    grid = (1, 1, 1) if config.model.collisions is None else config.geometry.n

    def initial_state() -> State:
        trace = jnp.broadcast_to(jnp.asarray(bins.trace, precision)[..., None, None, None], (*bins.trace.shape, *grid))
        return State(tuple(jnp.asarray(c, precision) for c in p), trace, jnp.zeros((), jnp.float64))

    return Problem(
        kind=config.model.kind,
        equation=equation,
        initial_state=initial_state,
        observables=observables(equation),
        coordinates=_coordinates(config, equation),
        t_start=config.time.t_start,
        time_unit="t*",
        progress=("u_osc", "coherence", "spectral_tail") if equation.rays.axes else ("u_osc", "coherence"),
        monitors=_monitors(equation),
    )


def populations(config: FlavorRun) -> Bins:
    """Bins of every direction. Neutrinos and antineutrinos share one where they turn alike: no vacuum term, equal seeds."""
    model = config.model
    number = model.densities() * model.directions().weight[None, :, None]
    present = [s for s in (0, 1) if number[s].any() or (model.collisions and any(_kappa(model.collisions)[s]))] or [0]
    alike = model.vacuum is None and model.collisions is None
    if alike and len(present) == 2 and model.flavors == 2 and isinstance(config.initial, cfg.GaussianSeed):
        return _shared(number)
    energies = range(1) if alike else range(len(model.energies.values))
    shares = np.ones((2, 1)) if alike else model.energies.shares
    wanted = [(s, e) for s in present for e in energies]
    parts = [_flavor_states(model, number[s] * shares[s, e], s) for s, e in wanted]
    p, trace, scale = (np.stack([part[i] for part in parts], axis=-1) for i in range(3))
    content = np.zeros((2, number.shape[1], len(wanted)))
    for b, (s, _) in enumerate(wanted):
        content[s, :, b] = scale[:, b]
    return Bins(p, trace, content, content, tuple(s for s, _ in wanted), tuple(e for _, e in wanted))


def _flavor_states(model: cfg.Model, number: np.ndarray, species: int) -> tuple[np.ndarray, ...]:
    """p (C, D), trace (D,) and their scale (D,) of densities times weight (D, N): trace 1 and the total, but for what
    collisions will fill, whose scale is the larger of that and equilibrium."""
    scale = total = number.sum(axis=-1)
    if model.collisions is not None:
        scale = np.maximum(total, _equilibrium(model)[species].sum(axis=-1))
    per_scale = np.divide(1.0, scale, out=np.zeros_like(scale), where=scale > 0)[:, None]
    p = GROUPS[model.flavors].vector((number * per_scale)[..., None] * np.eye(model.flavors))
    return p, total * per_scale[:, 0], scale


def _kappa(collisions: Collisions) -> np.ndarray:
    return np.array([collisions.nu, collisions.nubar])


def _equilibrium(model: cfg.Model) -> np.ndarray:
    """Equilibrium densities times weight (2, D, N)."""
    density = np.array([model.collisions.equilibrium_nu, model.collisions.equilibrium_nubar])
    return density[:, None, :] * model.directions().weight[None, :, None]


def _shared(number: np.ndarray) -> Bins:
    """One bin with p = e_z for both species."""
    p = np.zeros((3, number.shape[1], 1))
    p[2] = 1.0
    difference = (number[..., 0] - number[..., 1])[..., None]
    return Bins(p, np.ones(p.shape[1:]), number.sum(axis=-1)[..., None], difference, (0,), (0,))


def build_equation(config: FlavorRun, bins: Bins, norm: np.ndarray, directory: Path) -> FlavorEquation:
    """The equation with its coefficients as arrays."""
    model, geometry = config.model, config.geometry
    directions = model.directions()
    rows, sums = moments(directions.velocity, axial=directions.axial, axes=geometry.axes)
    share = np.sum(np.abs(bins.content), axis=0)
    share = share / max(share.sum(), np.finfo(float).tiny)
    electron = np.einsum("c,cdb->db", GROUPS[model.flavors].flavor_weights[0], bins.p)
    began = bins.trace_content * bins.trace / model.flavors + bins.content * electron
    mostly = 2 * began[0] > bins.trace_content[0] * bins.trace
    coupling = bins.content[0] - bins.content[1]
    rays = Rays(geometry.n, _array(geometry.length), _array(config.time.t_start))
    mesh = direction_mesh(len(rows), config.devices.count)
    each = len(rows) // (1 if mesh is None else mesh.size)
    return FlavorEquation(
        flavors=model.flavors,
        sums=sums,
        block_count=block_count(each, share.shape[1], geometry.n),
        rays=rays,
        data=Data(*(_array(x) for x in (directions.velocity, rows, coupling, share))),
        mu=_array(model.mu),
        vacuum=_vacuum(config, bins),
        matter=_matter(model, rays, directory),
        collisions=_collisions(model, bins),
        trace_content=_array(bins.trace_content),
        content=_array(bins.content),
        weight=_array(directions.weight),
        began=_array(began),
        began_electron=_array(mostly),
        norm=_array(norm),
        energy=bins.energy,
        fastest=_fastest(model, geometry),
        mesh=mesh,
    )


def _fastest(model: cfg.Model, geometry: cfg.Geometry) -> FastestMode | None:
    found = fastest_mode(model, geometry)
    return None if found is None else FastestMode(_array(found.number), jnp.asarray(found.projector, jnp.complex128))


def _array(values: Any) -> jnp.ndarray:
    return jnp.asarray(np.asarray(values, float), jnp.float64)


def _vacuum(config: FlavorRun, bins: Bins) -> jnp.ndarray | None:
    """Components (C, B): U diag(m²/2E) U† of every bin's energy; with the other sign for ρ̄*."""
    model = config.model
    if model.vacuum is None:
        return None
    h = GROUPS[model.flavors].vector(model.vacuum.hamiltonian(config.units))
    sign = np.where(np.array(bins.species) == 0, 1.0, -1.0)
    return _array(np.multiply.outer(h, sign / np.asarray(model.energies.values)[list(bins.energy)]))


def _matter(model: cfg.Model, rays: Rays, directory: Path) -> jnp.ndarray | None:
    """Modes of the matter term."""
    if model.matter == 0 and model.matter_file is None:
        return None
    field = np.full(rays.n, model.matter)
    if model.matter_file is not None:
        field = field + read_profile(directory / model.matter_file, rays.n)
    return rays.to_modes(_array(field))


def _collisions(model: cfg.Model, bins: Bins) -> Relaxation | None:
    if model.collisions is None:
        return None
    species, shares = list(bins.species), model.energies.shares[list(bins.species), list(bins.energy)]
    density = np.moveaxis(_equilibrium(model)[species], 0, -1) * shares  # (D, N, B)
    scale = np.sum(bins.content, axis=0)
    per_scale = np.divide(1.0, scale, out=np.zeros_like(scale), where=scale > 0)
    equilibrium = np.swapaxes(density, 0, 1) * per_scale
    return Relaxation(model.flavors, _array(_kappa(model.collisions)[species].T), _array(equilibrium))


def _norm(p: np.ndarray, start: cfg.Initial) -> np.ndarray:
    """|p|² at the start (D, B, nx, ny, nz); (D, B, 1, 1, 1) for seeds that only turn flavor states."""
    uniform = isinstance(start, cfg.GaussianSeed | cfg.FlavorStates) or getattr(start, "keep", "") == "length"
    norm = np.sum(p**2, axis=0)
    return norm[..., :1, :1, :1] if uniform else norm


def _coordinates(config: FlavorRun, equation: FlavorEquation) -> tuple[Coordinate, ...]:
    geometry = config.geometry
    places = coordinates(geometry.n, geometry.length)
    found = [Coordinate(name, x, "l*", f"position along {name}") for name, x in zip("xyz", places, strict=True)]
    found.append(Coordinate("direction", np.arange(equation.weight.size), "1", "number of the direction"))
    if geometry.axes == (2,):
        k = 2 * np.pi * np.fft.fftshift(np.fft.fftfreq(geometry.n[2], geometry.length[2] / geometry.n[2]))
        found.append(Coordinate("k", k, "1/l*", "wave number along z"))
    return tuple(found)


def _monitors(equation: FlavorEquation) -> tuple[Monitor, ...]:
    if not equation.rays.axes:
        return ()
    return (Monitor("spectral_tail", 1e-4, "the finest third of the modes holds more than 1e-4 of sum |P|^2: refine the grid"),)
