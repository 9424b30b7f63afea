"""From a case of kind "shell_emhd" to a Problem: grid, coefficients, initial field."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from kiral.core.problem import Coordinate, Problem
from kiral.crust import shell_config as cfg
from kiral.crust.coefficients import uniform
from kiral.crust.emhd import ShellEMHD, initial_state, make_equation
from kiral.crust.emhd_observables import OBSERVABLES
from kiral.crust.induction import Induction, make_induction
from kiral.crust.modes import ohmic_modes
from kiral.geometry.shell import element_edges, make_shell
from kiral.geometry.sphere import Sphere, make_sphere

if TYPE_CHECKING:
    from kiral.config.run import ShellRun


def build_problem(config: ShellRun) -> Problem:
    """The problem of one case."""
    model, grid = config.model, config.geometry
    induction, sphere = shell_operator(model, grid), make_sphere(grid.l_max, grid.m_max)
    f, g = first_field(induction, sphere, config.initial, config.seed)
    return Problem(
        kind=model.kind,
        equation=shell_equation(model, induction, sphere),
        initial_state=lambda: initial_state(f, g),
        observables=OBSERVABLES,
        coordinates=(
            Coordinate("l", sphere.degrees, "1", "degree of the spherical harmonic"),
            Coordinate("m", sphere.orders, "1", "order of the spherical harmonic"),
            Coordinate("part", np.arange(2), "1", "0: real part, 1: imaginary part"),
            Coordinate("r", np.asarray(induction.shell.r), "R", "radius"),
        ),
        t_start=config.time.t_start,
        time_unit="t*",
        progress=("energy_poloidal", "energy_toroidal"),
        notes={"remarks": []},
    )


def shell_operator(model: cfg.ShellModel, grid: cfg.ShellGrid) -> Induction:
    """Ohm's law with k5(r), capped, for l = 0..l_max, as numpy arrays."""
    shell = make_shell(element_edges(grid.inner, 1.0, grid.n_r // grid.order), grid.order)
    cap = model.k5_max or np.inf
    k5 = np.clip(_k5(model.k5, shell.r), -cap, cap)
    coefficients = uniform(shell.r, eta=model.magnetic_diffusivity, k5=k5, hall=model.hall_coefficient)
    return make_induction(shell, coefficients, np.arange(grid.l_max + 1))


def shell_equation(model: cfg.ShellModel, induction: Induction, sphere: Sphere) -> ShellEMHD:
    """The equation with the terms that the model asks for."""
    b = model.feedback_coefficient if model.feedback else None
    return make_equation(induction, sphere, hall=model.hall, feedback=b, k5_max=model.k5_max or np.inf)


def first_field(induction: Induction, sphere: Sphere, initial: Any, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(f, g) of the initial field, complex (l, m, nodes), of the root mean square that it asks for."""
    f, g = (np.zeros((sphere.l_max + 1, sphere.m_max + 1, induction.shell.nodes), complex) for _ in range(2))
    if isinstance(initial, cfg.ShellDecayMode):
        target = g if initial.part == "toroidal" else f
        target[initial.degree, initial.order] = slowest(induction, initial.degree, initial.part)
    elif isinstance(initial, cfg.TiltedDipole):
        tilt = np.deg2rad(initial.tilt)
        f[1, 0] = np.cos(tilt) * slowest(induction, 1)
        if sphere.m_max > 0:  # sin(theta) cos(phi) = -sqrt(2 pi/3) (Y_11 - Y_1-1), and the real sum has both
            f[1, 1] = -np.sin(tilt) / np.sqrt(2) * slowest(induction, 1)
    else:
        _fill_random(induction, sphere, initial.degree, seed, f, g)
    return _scaled(induction, f, g, initial.b_mean)


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
