"""From a case of kind "crust_linear" to a Problem: star, radial grid, coefficients, seed."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import jax
import jax.numpy as jnp
import numpy as np

from kiral.config.table import TableConfig
from kiral.core.problem import Coordinate, Problem
from kiral.core.table import TimeTable, time_table
from kiral.crust import config as cfg
from kiral.crust.coefficients import CrustMatter, ShellCoefficients, matter_of_star, of_matter, uniform
from kiral.crust.emhd_config import CrustEMHD
from kiral.crust.induction import Induction, make_induction
from kiral.crust.linear import initial_state, make_equation
from kiral.crust.linear_observables import OBSERVABLES
from kiral.crust.material import Cooling, PowerLaw
from kiral.crust.modes import ohmic_modes
from kiral.crust.neutron_star import Star, star
from kiral.geometry.shell import Shell, element_edges, make_shell

if TYPE_CHECKING:
    from kiral.config.run import CrustLinearRun


def build_problem(config: CrustLinearRun, directory: Path) -> Problem:
    """The problem of one case; tables in files are relative to `directory`."""
    model, grid = config.model, config.geometry
    table = load_temperature(model, directory)
    first = temperature_at(table, config.time.t_start)
    found = cached_star(config.star.mass, config.star.eos, config.star.outer_density)
    matter = crust_matter(found, model, grid, first)
    induction = crust_induction(matter, model, grid, first)
    material = None if not isinstance(table, TimeTable) else cooling(matter, model, table)
    equation = make_equation(induction, material)
    return Problem(
        kind=model.kind,
        equation=equation,
        initial_state=lambda: initial_state(*seed(induction, config.initial, grid)),
        observables=OBSERVABLES,
        coordinates=_coordinates(induction),
        t_start=config.time.t_start,
        time_unit="yr",
        progress=("b_mean", "growth_rate"),
        notes={"remarks": []},
    )


Model = cfg.CrustLinear | CrustEMHD


@lru_cache(maxsize=8)
def cached_star(mass: float, eos: str, outer_density: float) -> Star:
    """A star; the last few are kept."""
    return star(mass, eos, outer_density=outer_density)


def load_temperature(model: Model, directory: Path) -> float | TimeTable:
    """The temperature as a number or a compiled table."""
    given = model.temperature
    return time_table(*given.load(directory), given.interpolation) if isinstance(given, TableConfig) else given


def temperature_at(temperature: float | TimeTable, t: float) -> float:
    """Its value at one time [K]."""
    return float(temperature(jnp.asarray(t))) if isinstance(temperature, TimeTable) else temperature


def crust_matter(found: Star, model: Model, grid: cfg.RadialGrid, temperature: float) -> CrustMatter:
    """Matter at the nodes of the grid, whose finer part is put where the instability grows fastest at this temperature."""
    centre = grid.finer_at
    if centre is None:
        whole = matter_of_star(found, gr=model.gr)
        c = of_matter(whole, temperature, model.delta_mu or 0.0, **model.options)
        growth = np.asarray(c.lapse * c.eta * c.k5**2)
        centre = float(whole.r[np.argmax(growth)]) if growth.any() else None
    inner, outer = found.core_radius_km, found.outer_radius_km
    edges = element_edges(inner, outer, grid.n_r // grid.order, centre=centre, width=grid.finer_width, finer=grid.finer)
    return matter_of_star(found, make_shell(edges, grid.order).r, gr=model.gr)


def crust_induction(
    matter: CrustMatter, model: Model, grid: cfg.RadialGrid, temperature: float, degrees: np.ndarray | None = None
) -> Induction:
    """The operator at one temperature, as numpy arrays; degrees 1..l_max where not given."""
    coefficients = ShellCoefficients(*map(np.asarray, of_matter(matter, temperature, model.delta_mu or 0.0, **model.options)))
    shell = Shell(coefficients.r, coefficients.stretch, grid.order)
    degrees = np.arange(1, grid.l_max + 1) if degrees is None else degrees
    return make_induction(shell, coefficients, degrees, compactness=1 - 1 / float(coefficients.stretch[-1]) ** 2)


def cooling(matter: CrustMatter, model: Model, table: TimeTable | PowerLaw) -> Cooling:
    """Coefficients that follow the temperature."""
    arrays = jax.tree.map(lambda x: jnp.asarray(x, jnp.float64), (matter, model.delta_mu or 0.0, model.options))
    return Cooling(arrays[0], table, arrays[1], arrays[2])


def seed(induction: Induction, initial: cfg.DecayMode, grid: cfg.RadialGrid) -> tuple[np.ndarray, np.ndarray]:
    """(f, g) of the seed, (l, nodes): the slowest poloidal mode of uniform eta in each degree, ⟨B²⟩^(1/2) = b_mean in sum."""
    like = induction.coefficients
    even = uniform(induction.shell.r)._replace(lapse=like.lapse, stretch=like.stretch)
    bare = Induction(induction.shell, even, induction.degrees, induction.outside, induction.inner)
    f = np.concatenate([ohmic_modes(bare, i).f for i in range(induction.degrees.size)])
    square = np.asarray(induction.mean_squares(f, 0 * f))
    wanted = initial.b_mean**2 * np.asarray(cfg.shares(grid, initial))
    f = f * np.sqrt(wanted / square)[:, None]
    return f, np.zeros_like(f)


def _coordinates(induction: Induction) -> tuple[Coordinate, ...]:
    return (
        Coordinate("l", np.asarray(induction.degrees), "1", "degree of the spherical harmonic"),
        Coordinate("r", np.asarray(induction.shell.r), "km", "areal radius"),
    )
