"""Memory, time and disk of the crust's cases, counted from their unknowns and their scheme. No jax.

With M the bytes of one function (f or g) of radius in all modes, G those of one field on the grid (theta, phi, elements,
order + 1), T those of one of the three factors of 1 - h A (degrees × blocks × (2 order)²):

    state and its slopes         6 M
    tables of the scheme         3 T       making them: 11.5 T; made and dropped in every step: 8.5 T
    stages of a step             43 M      slopes both implicit and explicit, components of fields
    products on the grid         11 G of Hall drift, 14 G with feedback; a part of the elements at a time
    heat                         10 T, 30 G; each field of matter on the grid that is evolved: 20 G
    a side step for output       state, slope and tables once more

The numbers are what XLA's buffers of the compiled step showed.

Steps. Hall drift bounds them by its fastest whistler, hall k_r (B_r k_r + B_t k_l); of the field there is known what it starts
from, and where feedback ends its growth: b B² = 1. Growth bounds them by the error that is asked for.
"""

from __future__ import annotations

import math
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from kiral.core.estimate import CHUNK, CHUNK_ROWS, DESCRIPTION, Limit, Needs, Range, measured_cost, steady_limits, steady_steps

Run = Any
"""A `CrustLinearRun`, `CrustEMHDRun` or `ShellRun` of `kiral.config.run`."""
EVALUATIONS = 6
STAGES, MAKING, REMAKING, HEAT_MAKING = 43.0, 11.5, 8.5, 10.0
HALL_FIELDS, REACTING_FIELDS, THERMAL_FIELDS = 11.0, 14.0, 30.0
HALL_LIMIT, SHORTEST = 3.5, 2.4
"""As `kiral.crust.emhd` and `kiral.crust.emhd_products` have them."""
PEAK = Range(0.6, 4.0)
"""B of the whistlers over the mean field, while it lasts: 1.3 to 3 measured."""
WOUND = 40.0
"""The same of a field that the instability has made, in its layer: 25 measured."""
FOLDS = Range(1.1, 4.0)
"""E-folds of energy of a step over tolerance^(1/4): 1.2 measured where the field saturates."""
ALIKE = 9.0
"""The same at most, where everything grows or decays alike: 8 measured."""
HEAT_STEPS = Range(2.5, 8.0)
"""What heat multiplies the number of steps by that the error asks for."""
SERIES_COLUMNS, SPECTRA, FIELDS = 80, 4, 9


class Counts(NamedTuple):
    """Degrees and orders; nodes along the radius; blocks and unknowns of a block; bytes of a number of the state; points of
    the grid, 0 where there is none; fields of products; fields of matter on the grid that are evolved; is heat among them;
    are tables kept from step to step."""

    degrees: int
    orders: int
    nodes: int
    blocks: int
    block: int
    number: int
    points: int
    products: float
    evolved: int
    heat: bool
    kept: bool

    @property
    def function(self) -> float:
        """M."""
        return float(self.degrees * self.orders * self.nodes * self.number)

    @property
    def factor(self) -> float:
        """T."""
        return 8.0 * self.degrees * self.blocks * self.block**2


def counts(config: Run, l_max: int | None = None) -> Counts:
    """Of a case, or of the same with another l_max and m_max in proportion."""
    model, grid = config.model, config.geometry
    top = grid.l_max if l_max is None else l_max
    nodes, blocks = grid.n_r + 1, grid.n_r // grid.order + 1
    block, kept = 2 * grid.order, config.time.scheme == "ark4"
    if model.kind == "crust_linear":
        return Counts(top, 1, nodes, blocks, block, 8, 0, 0.0, 0, False, kept)
    m_max = round(grid.m_max * top / grid.l_max)
    reacting = model.chiral and model.feedback
    heat = getattr(model, "heat", None) is not None
    n_theta, n_phi = _grid(top, m_max)
    products = THERMAL_FIELDS * heat + (REACTING_FIELDS if reacting else HALL_FIELDS * model.hall)
    number = 16 if m_max else 8
    points = n_theta * n_phi * (blocks - 1) * (grid.order + 1)
    evolved = (model.n5_rate is not None) + heat
    return Counts(top + 1, m_max + 1, nodes, blocks, block, number, points, products, evolved, heat, kept)


def _grid(l_max: int, m_max: int) -> tuple[int, int]:
    """Points in theta and phi: 3/2 rule."""
    n_theta, n_phi = (3 * l_max) // 2 + 1, 3 * m_max + 1
    while m_max and _rest(n_phi) > 1:
        n_phi += 1
    return n_theta + n_theta % 2, n_phi


def _rest(n: int) -> int:
    for factor in (2, 3, 5):
        while n % factor == 0:
            n //= factor
    return n


def memory(count: Counts) -> dict[str, float]:
    """Bytes by what they are for."""
    one, table, field = count.function, count.factor, 8.0 * count.points
    carried = 6 * one + 3 * count.evolved * field + 3 * table * count.kept
    found = {
        "state, its slopes, tables": carried,
        "making new tables": (MAKING if count.kept else REMAKING) * table + HEAT_MAKING * table * count.heat,
        "stages of a step": STAGES * one + 17 * count.evolved * field,
        "products on the grid": count.products * field,
        "side step for output": carried,
    }
    return {name: size for name, size in found.items() if size}


def needs(config: Run) -> Needs:
    """All that `kiral estimate --resources` reports."""
    count, grid = counts(config), config.geometry
    limits, steps, unknown = step_estimate(config)
    cost = measured_cost(Path(__file__).parent)
    points = count.degrees * count.orders * count.nodes
    per = Range(*cost[("three_dimensional" if count.orders > 1 else "axisymmetric") if count.products else "linear"])
    if not count.kept:
        per = per.times(Range(*cost["heat" if count.heat else "refreshed"]))
    field, columns = 8.0 * count.points, 8.0 * (count.degrees + count.orders)
    shape = (grid.n_r, grid.l_max, 0 if model_is_linear(config) else grid.m_max)
    return Needs(
        points=points,
        grid=shape,
        memory=memory(count),
        limits=limits,
        steps=steps,
        evaluations=EVALUATIONS,
        seconds=per.times(points * 1e-9).plus(Range(*cost["each"])),
        measured=f"{cost['machine']}, {cost['date']}",
        traffic=18 * field + 10 * count.function + 3 * count.factor,
        rows={
            "series": 8.0 * (SERIES_COLUMNS + count.degrees),
            "spectra": SPECTRA * columns,
            "snapshots": 32.0 * count.degrees * count.orders * count.nodes + count.evolved * field,
        },
        floor={
            "series": float(SERIES_COLUMNS * (8 * CHUNK_ROWS + DESCRIPTION)),
            "spectra": float(SPECTRA * (min(CHUNK_ROWS * columns, CHUNK) + DESCRIPTION)),
            "snapshots": float(FIELDS * DESCRIPTION),
        },
        checkpoint=6 * count.function + 3 * count.evolved * field + 40000,
        fits=lambda size: fitting(config, size),
        small=_small(config),
        unknown=unknown,
        parts=1,
        size=f"geometry of n_r = {shape[0]}, l_max = {shape[1]}, m_max = {shape[2]}",
    )


def model_is_linear(config: Run) -> bool:
    """Is it the linear problem, without orders m?"""
    return config.model.kind == "crust_linear"


def fitting(config: Run, size: float) -> str:
    """The largest l_max, with m_max in proportion, of at most `size` bytes."""
    top, full = config.geometry.l_max, 0 if model_is_linear(config) else config.geometry.m_max
    for l_max in range(top, 0, -1):
        if sum(memory(counts(config, l_max)).values()) <= size:
            return f"geometry.l_max = {l_max}" + (f", m_max = {round(full * l_max / top)}" if full else "")
    return "a smaller geometry.n_r"


def _small(config: Run) -> dict[str, Any]:
    """At most 16 degrees and orders, but all that the initial field has."""
    grid, initial = config.geometry, config.initial
    top = min(grid.l_max, max(16, getattr(initial, "degree", 0), getattr(initial, "noise_degree", 0)))
    small: dict[str, Any] = {"geometry.l_max": top}
    if not model_is_linear(config):
        small["geometry.m_max"] = min(grid.m_max, top)
    return small


# --- steps -----------------------------------------------------------------------------------------------------------


def step_estimate(config: Run) -> tuple[tuple[Limit, ...], Range, tuple[str, ...]]:
    """(limits, number of accepted steps, what is left out). A fixed time.dt takes what it takes."""
    span = config.time.t_end - config.time.t_start
    if config.model.kind == "shell_emhd":
        rates, unknown = _shell_rates(config)
        return steady_limits(rates), steady_steps(rates, span, config.time.dt), unknown if config.time.dt is None else ()
    rates, late = _crust_rates(config)
    steps = steady_steps(rates, span, config.time.dt)
    if config.time.dt is None and late is not None:
        begins, rate = late
        steps = Range(steps.low, steps.high + math.ceil(max(span - begins, 0.0) * rate))
        rates["Hall drift, saturated"] = Range(0.0, rate)
    unknown = () if config.time.dt is not None or late is None else ("what the field does beyond b B² = 1",)
    return steady_limits(rates), steps, unknown


def _error_control(growth: float, tolerance: float, most: float = FOLDS.high) -> Range:
    """1/step that the error of a growing field asks for."""
    step = tolerance**0.25
    return Range(growth / (step * most), growth / (step * FOLDS.low))


def _shell_rates(config: Run) -> tuple[dict[str, Range], tuple[str, ...]]:
    model, grid = config.model, config.geometry
    decay = model.magnetic_diffusivity * (math.pi / (1 - grid.inner)) ** 2
    k5 = model.k5 if isinstance(model.k5, float | int) else max(map(abs, model.k5.value))
    k5 = min(abs(k5), model.k5_max or math.inf)
    growth = model.magnetic_diffusivity * k5**2 / 4
    rates = {"decay": _twice(decay), "error control": _error_control(max(decay, growth), config.time.tolerance, ALIKE)}
    if model.hall:
        across = SHORTEST / (_smallest_gap(grid.order) * (1 - grid.inner) / (grid.n_r // grid.order))
        along = math.sqrt(grid.l_max * (grid.l_max + 1)) / grid.inner
        strength = abs(model.hall_coefficient) * config.initial.b_mean / HALL_LIMIT
        rates["Hall drift"] = Range(PEAK.low * strength * across**2, PEAK.high * strength * across * (across + along))
    return rates, ("Hall drift of a field that grows",) if k5 and model.hall else ()


def _twice(rate: float) -> Range:
    return Range(rate, rate)


def _crust_rates(config: Run) -> tuple[dict[str, Range], tuple[float, float] | None]:
    """(1/step of what stays as it is, at least and at most; of saturated Hall drift: its earliest beginning, 1/step)."""
    model, grid = config.model, config.geometry
    there = _coefficients(config)
    growth = float(np.max(there["growth"])) if getattr(model, "chiral", True) else 0.0
    rates = {"decay": _twice(float(np.max(there["eta"])) * (math.pi / float(np.ptp(there["r"]))) ** 2)}
    if growth > 0:
        most = ALIKE if model_is_linear(config) else FOLDS.high
        rates["error control"] = _error_control(growth, config.time.tolerance, most)
        if getattr(model, "heat", None) is not None:
            rates["error control"] = rates["error control"].times(HEAT_STEPS)
    if model_is_linear(config) or not model.hall:
        return rates, None
    along = math.sqrt(grid.l_max * (grid.l_max + 1)) / there["r"]
    across, drift = there["across"], there["hall"] / HALL_LIMIT
    b = config.initial.b_mean
    whistlers = b * float(np.max(drift * across**2))
    if growth == 0:
        rates["Hall drift"] = Range(0.05 * PEAK.low * whistlers, PEAK.high * whistlers)
        return rates, None
    layer = int(np.argmax(there["growth"]))
    saturated = 1 / math.sqrt(float(there["feedback"][layer]))
    late = WOUND * saturated * float(drift[layer] * across[layer] * along[layer])
    return rates, (math.log(max(saturated / b, 1.0)) / growth, late)


@lru_cache
def _smallest_gap(order: int) -> float:
    """Smallest spacing of Legendre-Gauss-Lobatto points over the width of their element."""
    inside = np.polynomial.legendre.Legendre.basis(order).deriv().roots().real
    points = np.sort(np.concatenate([[-1.0], inside, [1.0]]))
    return float(np.min(np.diff(points))) / 2


def _coefficients(config: Run) -> dict[str, np.ndarray]:
    """By radius, at the start: r, eta, hall, local growth, b of the feedback, largest radial wave number of the grid."""
    model, grid, star = config.model, config.geometry, config.star
    given = model.temperature
    if not isinstance(given, float | int):
        given = given.value[0] if given.value is not None else 1e9
    r, eta, hall, growth, feedback = _star_coefficients(
        star.mass, star.eos, star.outer_density, float(given), model.delta_mu or 0.0, model.gr, tuple(model.options.items())
    )
    centre = grid.finer_at or (float(r[np.argmax(growth)]) if growth.any() else None)
    density = np.ones_like(r)
    if centre is not None:
        density = 1 + (grid.finer - 1) / (1 + ((r - centre) / grid.finer_width) ** 2)
    elements = grid.n_r // grid.order
    gap = _smallest_gap(grid.order) * float(np.trapezoid(density, r)) / (elements * density)
    return {"r": r, "eta": eta, "hall": hall, "growth": growth, "feedback": feedback, "across": SHORTEST / gap}


@lru_cache(maxsize=8)
def _star_coefficients(
    mass: float, eos: str, outer: float, temperature: float, delta_mu: float, gr: bool, options: tuple[tuple[str, float], ...]
) -> tuple[np.ndarray, ...]:
    from kiral.constants import SPEED_OF_LIGHT_CM_S
    from kiral.crust.coefficients import KM2_YEAR, matter_of_star, of_matter
    from kiral.crust.neutron_star import star
    from kiral.crust.rates import feedback_strength, flip_rate

    matter = matter_of_star(star(mass, eos, outer_density=outer), gr=gr)
    c = of_matter(matter, temperature, delta_mu, **dict(options))
    eta = np.asarray(c.eta) / KM2_YEAR
    strength = feedback_strength(matter.mu_e, eta, flip_rate(SPEED_OF_LIGHT_CM_S**2 / (4 * math.pi * eta)))
    growth = np.asarray(c.lapse * c.eta * c.k5**2) / 4
    return tuple(np.asarray(x) for x in (c.r, c.eta, c.hall, growth, strength))
