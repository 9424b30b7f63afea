"""From a validated case of chiral kinetic theory to a Problem: numbers become arrays, choices stay static."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import jax.numpy as jnp
import numpy as np
import scipy.sparse as sp
from scipy.sparse.linalg import eigs

from kiral.core.problem import Coordinate, Monitor, Problem
from kiral.core.table import TimeTable, time_table
from kiral.kinetic import run_config as cfg
from kiral.kinetic.boltzmann import ChiralKinetic, State
from kiral.kinetic.momentum_space import MomentumSpace, momentum_space
from kiral.kinetic.run_observables import observables
from kiral.kinetic.vlasov import Grid, Resolution

if TYPE_CHECKING:
    from kiral.config.run import ChiralKineticRun
    from kiral.config.table import TableConfig

WEAK_FIRST = 0.5
"""First element [T/c] where no field is prescribed: a weak field of the plasma makes no structure at small momenta."""


def build_problem(config: ChiralKineticRun, directory: Path) -> Problem:
    """The problem of one case; `directory` is where its relative paths start."""
    grid = momentum_grid(config, directory)
    equation = build_equation(config, grid, directory)
    z = places(config.geometry)
    reduced = jnp.asarray(config.initial.potentials(z, config.geometry.length) / config.model.temperature)

    def initial_state() -> State:
        h = jnp.zeros((*grid.shape, 2, 2, z.size)).at[:, 0].set(equation.space.equilibrium(reduced))
        rest = (np.zeros(z.size), config.time.t_start, np.zeros(2), 0.0, 0.0)
        made = State(h, jnp.zeros_like(h), *(jnp.asarray(x, jnp.float64) for x in rest))
        return made._replace(electric=gauss_field(equation, made)) if config.model.ampere != "none" else made

    tables = config.tables().values()
    return Problem(
        kind=config.model.kind,
        equation=equation,
        initial_state=initial_state,
        observables=observables(equation),
        coordinates=_coordinates(grid, z, config),
        t_start=config.time.t_start,
        time_unit="t*",
        progress=("current_z", "mu5") if z.size == 1 else ("mu5_wave_re", "electric_rms"),
        monitors=_monitors(config),
        dt_max=min((float(np.min(np.diff(table.load(directory)[0]))) for table in tables), default=np.inf),
    )


def places(geometry: cfg.KineticGrid) -> np.ndarray:
    """z (n,)."""
    n = geometry.n[0]
    return geometry.length * (np.arange(n) / n - 0.5) if n > 1 else np.zeros(1)


def gauss_field(eq: ChiralKinetic, y: State) -> jnp.ndarray:
    """E along z of the charges, without mean: ∂_z E = 4π e (n - mean n)."""
    if eq.n == 1:
        return jnp.zeros(1)
    k = 2 * jnp.pi / eq.length * jnp.arange(eq.n // 2 + 1)
    charge = jnp.fft.rfft(4 * jnp.pi * eq.charge * jnp.sum(eq.densities(y), axis=0))
    modes = jnp.where(k > 0, charge / jnp.where(k > 0, 1j * k, 1.0), 0.0)
    return jnp.fft.irfft(modes.at[-1].set(0.0), n=eq.n)


def momentum_grid(config: ChiralKineticRun, directory: Path) -> Grid:
    """|p| and harmonics: resolved down to what the prescribed field moves, up to what it fills."""
    model, geometry = config.model, config.geometry
    scale = model.c * model.charge * model.tau / model.temperature
    force = scale * cfg.largest(model.electric_field, model.electric_profile, directory)
    turning = scale * cfg.largest(model.magnetic_field, model.magnetic_profile, directory)
    symmetric = axisymmetric(config)
    first = geometry.first_element or (WEAK_FIRST if symmetric and force == 0 else None)
    resolution = Resolution(geometry.elements, geometry.nodes, geometry.l_max, first)
    potentials = config.initial.potentials(places(geometry), geometry.length) / model.temperature
    return Grid(resolution, axisymmetric=symmetric, force=force, turning=turning, potential=float(np.abs(potentials).max()))


def frame(config: ChiralKineticRun) -> np.ndarray:
    """Rows: axes of the harmonics. z along E (else B), or along space's z; x towards the part of B across it."""
    z = np.array([0.0, 0.0, 1.0]) if config.geometry.n[0] > 1 else config.model.axis
    b = np.asarray(config.model.magnetic_field)
    x = b - (b @ z) * z if cfg.across(b, z) else np.eye(3)[np.argmin(np.abs(z))]
    x = x - (x @ z) * z
    x = x / np.linalg.norm(x)
    return np.array([x, np.cross(z, x), z])


def axisymmetric(config: ChiralKineticRun) -> bool:
    """Whether harmonics with m = 0 are enough."""
    return not cfg.across(config.model.magnetic_field, frame(config)[2])


def build_equation(config: ChiralKineticRun, grid: Grid, directory: Path) -> ChiralKinetic:
    """The equation with its coefficients as arrays."""
    model, geometry, axes = config.model, config.geometry, frame(config)
    electric_axis = np.array([0.0, 0.0, 1.0])  # of the frame
    strength = float(np.linalg.norm(model.magnetic_field))
    magnetic_axis = axes @ model.magnetic_field / strength if strength else electric_axis
    magnetic_axis = np.where(np.abs(magnetic_axis) < cfg.PARALLEL, 0.0, magnetic_axis)
    space = momentum_space(grid, electric_axis, magnetic_axis, np.array([0.0, 0.0, 1.0]))
    electric = float(axes[2] @ model.electric_field)
    inhomogeneous, follows = geometry.n[0] > 1, model.ampere != "none"
    values = {name: getattr(model, name) for name in ("temperature", "tau", "charge", "c")}
    values |= {"electric": electric, "magnetic": strength, "frame": axes, "electric_axis": electric_axis}
    values |= {"magnetic_axis": magnetic_axis, "length": geometry.length, "spread": _spread(space)}
    return ChiralKinetic(
        space=space,
        **{name: jnp.asarray(value, jnp.float64) for name, value in values.items()},
        electric_profile=_profile(model.electric_profile, directory),
        magnetic_profile=_profile(model.magnetic_profile, directory),
        n=geometry.n[0],
        mode=config.initial.mode,
        follows=model.ampere,
        symmetric=axisymmetric(config),
        frozen=bool(electric) or (follows and not inhomogeneous) or not axisymmetric(config),
        steady=not config.tables() and not (follows and not inhomogeneous),
    )


def _profile(table: TableConfig | None, directory: Path) -> jnp.ndarray | TimeTable:
    return jnp.ones(()) if table is None else time_table(*table.load(directory), table.interpolation)


def _spread(space: MomentumSpace) -> float:
    """Largest |eigenvalue| of L for a = 1: what an explicit treatment of the field must resolve."""
    m = {name: np.asarray(getattr(space, name)) for name in ("p", "mean_flux", "upwind", "along", "absolute", "pull")}
    parts = [(m["mean_flux"], m["along"]), (m["upwind"], m["absolute"]), (np.diag(1 / m["p"]), m["pull"])]
    matrix = sum(sp.kron(sp.csr_array(radial), sp.csr_array(angular)) for radial, angular in parts)
    found = eigs(matrix.astype(complex), k=1, v0=np.ones(matrix.shape[0]), tol=1e-2, return_eigenvectors=False)
    return 1.05 * float(np.abs(found[0]))


def _coordinates(grid: Grid, z: np.ndarray, config: ChiralKineticRun) -> tuple[Coordinate, ...]:
    momentum = grid.radius.p * config.model.temperature / config.model.c
    found = [
        Coordinate("momentum", momentum, "E* t*/l*", "|p|"),
        Coordinate("degree", np.arange(int(grid.angles.degree.max()) + 1), "1", "degree of the Legendre polynomial"),
    ]
    return (*found, Coordinate("z", z, "l*", "position along z")) if z.size > 1 else tuple(found)


def _monitors(config: ChiralKineticRun) -> tuple[Monitor, ...]:
    found = [
        Monitor("berry", 0.3, "e c B/T^2 exceeds 0.3: the equation is of first order in it"),
        Monitor("edge_content", 1e-8, "f reaches the largest momentum: the field has heated more than the grid holds"),
    ]
    if config.geometry.n[0] > 1:
        text = "the finest third of the waves holds more than 1e-4 of all: raise geometry.n"
        found.append(Monitor("spectral_tail", 1e-4, text))
    return tuple(found)
