"""Memory, time and disk of a case of flavor kinetics, counted from its unknowns and its scheme. No jax.

Per device, with D directions on it, B bins, N grid points, C components (3 or 8) of a polarization vector and r bytes of a real
number of the state; S = C B numbers of the state by point and direction (B more with collisions, for Tr ρ), G = C of the
generators (C B with a vacuum term, whose bins turn apart):

    state, and the slope of rk4                  S, or 2 S        D N r each
    lie4: new state and generators               S + C + 3 G      D N r, and with collisions the state once more
          blocks of directions on their way      (24 + 9 S)/blocks D N r
    rk4:  stages                                 8 S + 2, with collisions 10 S
    sums over directions                         3 R C N r        R rows of moments
    a side step for output                       the state once more
    the initial state, kept to start from        S float64

The numbers are what XLA's buffers of the compiled step showed: the sum (but for the initial state) is not below them, and at
most 30 % above. Collective motion bounds the step: so much of an e-fold, or of a turn of the pendulum, per step.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from kiral.core.estimate import CHUNK, CHUNK_ROWS, DESCRIPTION, Limit, Needs, Range, measured_cost, steady_limits, steady_steps
from kiral.flavor.blocks import block_count
from kiral.flavor.estimates import lepton_number
from kiral.flavor.fastest import fastest_mode
from kiral.geometry.counts import largest_grid

if TYPE_CHECKING:
    from kiral.config.run import FlavorRun

ROTATION_LIMIT = 1.5
"""Largest turn in a step (`kiral.flavor.equations`)."""
FOLDS = Range(0.5, 2.0)
"""E-folds of a step over tolerance^(1/4): 0.8 measured for the standard 1-D test, 1.5 for two beams."""
SERIES_COLUMNS = 44
"""At most."""
BY_DIRECTION, FIELDS = 8, 2
"""Spectra over directions and over wave numbers; fields of a snapshot."""


class Counts(NamedTuple):
    """Directions, bins, components; numbers of the state by point and direction; rows of moments."""

    directions: int
    bins: int
    components: int
    state: int
    rows: int


def counts(config: FlavorRun) -> Counts:
    """As the head of this module lists them."""
    from kiral.flavor import config as cfg

    model = config.model
    densities, directions = model.densities(), model.directions()
    species = sum(bool(d.any()) for d in densities) if model.collisions is None else 2
    alike = model.vacuum is None and model.collisions is None
    shared = alike and model.flavors == 2 and isinstance(config.initial, cfg.GaussianSeed)
    bins = 1 if shared else max(species, 1) * (1 if alike else len(model.energies.values))
    components = {2: 3, 3: 8}[model.flavors]
    rows = 2 + len(config.geometry.axes) if directions.axial else 10
    relaxed = bins if model.collisions is not None else 0
    return Counts(len(directions.velocity), bins, components, components * bins + relaxed, rows)


def memory(config: FlavorRun, n: Sequence[int], precision: str, devices: int) -> dict[str, float]:
    """Bytes on each device, by what they are for."""
    count, real = counts(config), 8 if precision == "float64" else 4
    here = math.ceil(count.directions / devices)
    one = float(here * math.prod(n))
    if config.time.scheme == "lie4":
        vacuum = count.bins if config.model.vacuum is not None else 1
        slope, stages = 0.0, count.state + count.components * (1.0 + 3.0 * vacuum)
        stages += count.state if config.model.collisions is not None else 0
        stages += (24 + 9 * count.state) / block_count(here, count.bins, (n[0], n[1], n[2]))
    else:
        slope, stages = float(count.state), (10.0 if config.model.collisions is not None else 8.0) * count.state + 2
    return {
        "state and its slope": (count.state + slope) * one * real,
        "stages of a step": stages * one * real,
        "sums over directions": 3.0 * count.rows * count.components * math.prod(n) * real,
        "side step for output": (count.state + slope) * one * real,
        "initial state": count.state * count.directions * math.prod(n) * 8.0,
    }


def needs(config: FlavorRun, devices: int) -> Needs:
    """All that `kiral estimate --resources` reports, for `devices` devices that share the directions."""
    count, n, precision = counts(config), config.geometry.n, config.devices.precision
    limits, steps, unknown = step_estimate(config)
    real, points = 8 if precision == "float64" else 4, math.prod(n)
    here = math.ceil(count.directions / devices) * points
    cost = measured_cost(Path(__file__).parent)
    per, extra = Range(*cost[_row(config)]), 1 + cost["more_bins"] * (count.bins - 1)
    columns = count.directions * 8.0
    line = config.geometry.axes == (2,)
    spectrum = BY_DIRECTION * columns + 3 * 8.0 * (n[2] if line else 0)
    snapshot = 8.0 * points * ((1 + count.directions) if line else 1)
    return Needs(
        points=points * count.directions,
        grid=n,
        memory=memory(config, n, precision, devices),
        limits=limits,
        steps=steps,
        evaluations=4 if config.model.collisions is None or config.time.scheme == "rk4" else 13,
        seconds=per.times(extra * here * count.components / 3 * 1e-9 / 4).plus(Range(*cost["each"])),
        measured=f"{cost['machine']}, {cost['date']}",
        traffic=float((2 * count.state + 10 * count.components) * here * real),
        rows={"series": SERIES_COLUMNS * 8.0, "spectra": spectrum, "snapshots": snapshot},
        floor={
            "series": float(SERIES_COLUMNS * (8 * CHUNK_ROWS + DESCRIPTION)),
            "spectra": float(BY_DIRECTION * (min(CHUNK_ROWS * columns, CHUNK) + DESCRIPTION)),
            "snapshots": float(FIELDS * (CHUNK + DESCRIPTION)),
        },
        checkpoint=float(count.state * (2 if config.time.scheme == "rk4" else 1) * count.directions * points * real + 12000),
        fits=lambda size: fitting(config, size, devices),
        small={},
        unknown=unknown,
        parts=count.directions,
    )


def step_estimate(config: FlavorRun) -> tuple[tuple[Limit, ...], Range, tuple[str, ...]]:
    """(limits, number of accepted steps, what is left out). A fixed time.dt takes what it takes."""
    span = config.time.t_end - config.time.t_start
    slow, fast = turning(config)
    rates = {"precession": Range(slow / ROTATION_LIMIT, fast / ROTATION_LIMIT)}
    collective, unknown = collective_rate(config)
    if collective.high:
        step = config.time.tolerance**0.25
        rates["error control"] = Range(collective.low / (step * FOLDS.high), collective.high / (step * FOLDS.low))
    count = steady_steps(rates, span, config.time.dt)
    return steady_limits(rates), count, () if config.time.dt is not None else unknown


def turning(config: FlavorRun) -> Range:
    """Largest |H_ee - H_xx| and the like [1/t*]: of the flavor states at the start, and at most."""
    model = config.model
    directions = model.directions()
    number = lepton_number(model) * directions.weight
    v = directions.velocity
    first = np.abs(number.sum() - v @ (number @ v)).max()
    rest = abs(model.matter)
    if model.vacuum is not None:
        levels = np.linalg.eigvalsh(model.vacuum.hamiltonian(config.units))
        rest += float(np.ptp(levels)) / min(model.energies.values)
    return Range(float(first) + rest, float(np.abs(number).sum() * (1 + np.linalg.norm(v, axis=1).max())) + rest)


def collective_rate(config: FlavorRun) -> tuple[Range, tuple[str, ...]]:
    """How fast the directions move together [1/t*]: the fastest growth, or the pendulum's √(2 ω mu n), of which half is seen;
    and what is left out."""
    model = config.model
    found = fastest_mode(model, config.geometry)
    if found is not None:
        return Range(found.omega.imag, found.omega.imag), ("steps of motion faster than the fastest growth",)
    if model.vacuum is not None and model.mu:
        levels = np.linalg.eigvalsh(model.vacuum.hamiltonian(config.units))
        total = float((model.densities().sum(axis=(0, 2)) * model.directions().weight).sum())
        rate = math.sqrt(2 * float(np.ptp(levels)) / min(model.energies.values) * model.mu * total)
        return Range(rate / 2, rate), ("growth of fast modes beside the vacuum term",)
    return Range(0.0, 0.0), () if model.mu == 0 else ("steps that error control asks for",)


def fitting(config: FlavorRun, size: float, devices: int) -> str:
    """What to set so that each device needs at most `size` bytes: the largest grid of this shape, in both precisions."""
    now, other = config.devices.precision, "float32"
    if not config.geometry.axes:
        return "fewer directions"
    advice = f"geometry.n = {_grid(config, now, size, devices)}"
    return advice if now == other else advice + f', or {_grid(config, other, size, devices)} with devices.precision = "{other}"'


def _grid(config: FlavorRun, precision: str, size: float, devices: int) -> str:
    shape = config.geometry.n
    n = largest_grid(shape, lambda n: sum(memory(config, n, precision, devices).values()) <= size, good=False)
    return "nothing" if n is None else str(n[2] if n[:2] == [1, 1] else n)


def _row(config: FlavorRun) -> str:
    return f"{config.time.scheme}_{'1d' if len(config.geometry.axes) < 2 else '3d'}"
