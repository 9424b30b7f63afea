"""From a case of kind "shell_emhd" or "crust_emhd" to a Problem: grid, coefficients, initial field."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import jax.numpy as jnp
import numpy as np

from kiral.constants import SPEED_OF_LIGHT_CM_S
from kiral.core.problem import Coordinate, Problem
from kiral.core.table import TimeTable
from kiral.crust import linear_build as star_build
from kiral.crust import shell_config as cfg
from kiral.crust.coefficients import KM2_YEAR, CrustMatter, uniform
from kiral.crust.emhd import ShellEMHD, make_equation
from kiral.crust.emhd_config import CrustEMHD
from kiral.crust.emhd_observables import CRUST, SHELL, Units, observables
from kiral.crust.emhd_state import Matter, initial_state
from kiral.crust.heat_build import thermal
from kiral.crust.heat_emhd import ThermalEMHD, first_heat
from kiral.crust.heat_observables import heat_coordinates, heat_monitors
from kiral.crust.imbalance_material import Driven, driven
from kiral.crust.induction import Induction, make_induction
from kiral.crust.modes import ohmic_modes
from kiral.crust.rates import feedback_strength, flip_rate
from kiral.geometry.shell import element_edges, make_shell
from kiral.geometry.sphere import Sphere, make_sphere

if TYPE_CHECKING:
    from kiral.config.run import CrustEMHDRun, ShellRun


def build_problem(config: ShellRun) -> Problem:
    """The problem of one case of kind "shell_emhd"."""
    model, grid = config.model, config.geometry
    induction, sphere = shell_operator(model, grid), make_sphere(grid.l_max, grid.m_max)
    return problem_of(config, shell_equation(model, induction, sphere), induction, SHELL)


def build_crust(config: CrustEMHDRun, directory: Path) -> Problem:
    """The problem of one case of kind "crust_emhd"; tables in files are relative to `directory`."""
    model, grid = config.model, config.geometry
    table = star_build.load_temperature(model, directory)
    first = star_build.temperature_at(table, config.time.t_start)
    found = star_build.cached_star(config.star.mass, config.star.eos, config.star.outer_density)
    matter = star_build.crust_matter(found, model, grid, first)
    induction = star_build.crust_induction(matter, model, grid, first, np.arange(grid.l_max + 1))
    material = star_build.cooling(matter, model, table) if isinstance(table, TimeTable) else None
    if model.imbalance is not None:
        span = config.time.t_start, config.time.t_end
        material = driven(found, matter, induction.shell, model, table, span, directory)
    equation = crust_equation(model, matter, induction, make_sphere(grid.l_max, grid.m_max), material)
    if model.heat is not None:
        equation = thermal(equation, found, matter, model, table)
    return problem_of(config, equation, induction, CRUST)


def problem_of(config: ShellRun | CrustEMHDRun, equation: ShellEMHD, induction: Induction, units: Units) -> Problem:
    """The problem of an equation and its operator of numpy arrays."""
    sphere, reacting = equation.sphere, equation.reacting
    f, g = first_field(induction, sphere, config.initial, config.seed)
    return Problem(
        kind=config.model.kind,
        equation=equation,
        initial_state=lambda: initial_state(f, g, matter=first_matter(equation, config.time.t_start), reacting=reacting),
        observables=observables(
            units,
            filtered=equation.damping is not None,
            reacting=reacting,
            driven=isinstance(equation.material, Driven),
            thermal=isinstance(equation, ThermalEMHD),
        ),
        coordinates=(
            Coordinate("l", sphere.degrees, "1", "degree of the spherical harmonic"),
            Coordinate("m", sphere.orders, "1", "order of the spherical harmonic"),
            Coordinate("part", np.arange(2), "1", "0: real part, 1: imaginary part"),
            Coordinate("r", np.asarray(induction.shell.r), units.length, "areal radius"),
            *(heat_coordinates(sphere) if isinstance(equation, ThermalEMHD) else ()),
        ),
        t_start=config.time.t_start,
        time_unit=units.time,
        progress=("energy_poloidal", "energy_toroidal") if units is SHELL else ("b_mean", "even_share"),
        monitors=heat_monitors() if isinstance(equation, ThermalEMHD) else (),
        notes={"remarks": []},
    )


def first_matter(equation: ShellEMHD, t: float) -> Matter:
    """Matter at the start: n5 where it is evolved, in balance without a field; heat where it is, as warm as the core."""
    if isinstance(equation, ThermalEMHD):
        return first_heat(equation, t)
    if equation.n5_rate is None:
        return Matter()
    sphere, shell = equation.sphere, equation.shell
    weak = shell.local(equation.induction.coefficients.k5_weak)
    return Matter(jnp.broadcast_to(weak, (sphere.n_theta, sphere.n_phi, *weak.shape)))


def shell_operator(model: cfg.ShellModel, grid: cfg.ShellGrid) -> Induction:
    """Ohm's law with k5(r), capped, for l = 0..l_max, as numpy arrays."""
    shell = make_shell(element_edges(grid.inner, 1.0, grid.n_r // grid.order), grid.order)
    cap = model.k5_max or np.inf
    weak = _k5(model.k5, shell.r)
    coefficients = uniform(shell.r, eta=model.magnetic_diffusivity, k5=weak, hall=model.hall_coefficient)
    coefficients = coefficients._replace(k5=np.clip(weak, -cap, cap))
    return make_induction(shell, coefficients, np.arange(grid.l_max + 1))


def shell_equation(model: cfg.ShellModel, induction: Induction, sphere: Sphere) -> ShellEMHD:
    """The equation with the terms that the model asks for."""
    b = model.feedback_coefficient if model.feedback else None
    return make_equation(induction, sphere, feedback=b, **_terms(model, sphere))


def crust_equation(model: CrustEMHD, matter: CrustMatter, induction: Induction, sphere: Sphere, material: Any) -> ShellEMHD:
    """The equation of a crust."""
    b = star_feedback(matter, induction) if model.feedback and model.chiral else None
    return make_equation(induction, sphere, feedback=b, material=material, **_terms(model, sphere))


def star_feedback(matter: CrustMatter, induction: Induction) -> np.ndarray:
    """b [1/G²] at the nodes. Γf goes as eta, so that b depends on mu_e alone."""
    eta = induction.coefficients.eta / KM2_YEAR
    return feedback_strength(matter.mu_e, eta, flip_rate(SPEED_OF_LIGHT_CM_S**2 / (4 * np.pi * eta)))


def _terms(model: cfg.ShellModel | CrustEMHD, sphere: Sphere) -> dict[str, Any]:
    damping = None if model.filter is None else model.filter.damping(sphere.l_max)
    return {"hall": model.hall, "k5_max": model.k5_max or np.inf, "damping": damping, "n5_rate": model.n5_rate}


def first_field(induction: Induction, sphere: Sphere, initial: Any, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(f, g) of the initial field, complex (l, m, nodes), of the root mean square that it asks for."""
    f, g = (np.zeros((sphere.l_max + 1, sphere.m_max + 1, induction.shell.nodes), complex) for _ in range(2))
    if isinstance(initial, cfg.ShellDecayMode):
        target = g if initial.part == "toroidal" else f
        target[initial.degree, initial.order] = slowest(induction, initial.degree, initial.part)
        if initial.noise > 0:
            f, g = _with_noise(induction, sphere, initial, seed, f, g)
    elif isinstance(initial, cfg.TiltedDipole):
        tilt = np.deg2rad(initial.tilt)
        f[1, 0] = np.cos(tilt) * slowest(induction, 1)
        if sphere.m_max > 0:  # sin(theta) cos(phi) = -sqrt(2 pi/3) (Y_11 - Y_1-1), and the real sum has both
            f[1, 1] = -np.sin(tilt) / np.sqrt(2) * slowest(induction, 1)
    else:
        _fill_random(induction, sphere, initial.degree, seed, f, g)
    return _scaled(induction, f, g, initial.b_mean)


def _with_noise(
    induction: Induction, sphere: Sphere, initial: cfg.ShellDecayMode, seed: int, f: np.ndarray, g: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    f, g = _scaled(induction, f, g, initial.b_mean)
    extra = np.zeros_like(f), np.zeros_like(g)
    _fill_random(induction, sphere, initial.noise_degree, seed, *extra)
    more = _scaled(induction, *extra, initial.noise * initial.b_mean)
    return f + more[0], g + more[1]


def slowest(induction: Induction, degree: int, part: str = "poloidal") -> np.ndarray:
    """Function of the slowest decay mode of uniform diffusivity, (nodes,), of energy 1."""
    like = induction.coefficients
    even = uniform(induction.shell.r)._replace(lapse=like.lapse, stretch=like.stretch)
    bare = Induction(induction.shell, even, induction.degrees, induction.outside, induction.inner)
    found = ohmic_modes(bare, degree, part)
    return (found.g if part == "toroidal" else found.f)[0]


def _fill_random(induction: Induction, sphere: Sphere, degree: int, seed: int, f: np.ndarray, g: np.ndarray) -> None:
    rng = np.random.default_rng(seed)
    for l in range(1, degree + 1):
        orders = min(l, sphere.m_max) + 1
        for target, part in ((f, "poloidal"), (g, "toroidal")):
            amplitude = rng.normal(size=orders) + 1j * rng.normal(size=orders)
            amplitude[0] = amplitude[0].real * np.sqrt(2)
            target[l, :orders] = amplitude[:, None] * slowest(induction, l, part)
        _scale_degree(induction, l, f, g)


def _squares(induction: Induction, f: np.ndarray, g: np.ndarray) -> np.ndarray:
    """Mean squares by degree."""
    square = induction.mean_squares(f, g)
    return square[:, 0] + 2 * square[:, 1:].sum(axis=1)


def _scale_degree(induction: Induction, l: int, f: np.ndarray, g: np.ndarray) -> None:
    factor = 1 / np.sqrt(_squares(induction, f, g)[l])
    f[l] *= factor
    g[l] *= factor


def _scaled(induction: Induction, f: np.ndarray, g: np.ndarray, b_mean: float) -> tuple[np.ndarray, np.ndarray]:
    factor = b_mean / np.sqrt(_squares(induction, f, g).sum())
    return factor * f, factor * g


def _k5(given: float | cfg.RadialTable, r: np.ndarray) -> np.ndarray:
    if not isinstance(given, cfg.RadialTable):
        return np.full_like(r, given)
    from scipy.interpolate import PchipInterpolator

    return PchipInterpolator(given.r, given.value)(r)
