"""Memory, time and disk of a case of chiral MHD, counted from its unknowns, transforms and scheme. No jax.

Per device, with G grid points and M modes of one field on it, F fields among the unknowns, T transforms of a right-hand
side; r bytes of a real number of the state, c = 2 r of a complex one:

    state, and its slope kept for the next step   2 F M c
    stages of a step                              6 or 8 F M c   slopes, starts, the stage itself
    tables of the scheme                          N M 8          real, always float64; 4 orders of each φ-function, at h/2 and h
    making new tables                             1.35 of them   in etdrk4, when the step changes
    fields on the way to the grid and back        T G r          all of them, where the products are formed on the whole grid;
                                                  T H + .5 T M c where they are formed on a few planes of x at a time: fields
                                                                 of which only x is transformed, H = nx (2 my + 1)(mz + 1) c,
                                                                 and the modes that they come from or go to
    a side step for output                        state, slope and tables once more

The numbers 6 (with planes), 8 and 1.35, and a little more of fields, are what XLA's buffers of the compiled step showed
(`python benchmarks/memory.py`): the sum is not below them, and at most 25 % above, for every form of the equations, both
schemes and precisions, one device and several.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kiral.core.estimate import Needs, empty_outputs, measured_cost, per_transform
from kiral.geometry.counts import NEW_TABLES, Counts, in_words, largest_grid, modes, share, working
from kiral.mhd import config as cfg
from kiral.mhd.step_estimate import step_estimate

if TYPE_CHECKING:
    from kiral.config.run import ChiralMHDRun

EVALUATIONS = 4
LARGEST_MEASURED = 64
SERIES_COLUMNS = 58
"""At most."""


def counts(config: ChiralMHDRun) -> Counts:
    """As the head of `mhd/equations.py` lists them."""
    model = config.model
    charge, force = model.charge is not None, model.forcing is not None
    relativistic = model.flow == "relativistic"
    unknowns = {"none": 4, "incompressible": 7, "relativistic": 8}[model.flow] + charge
    to_grid = {"none": 7, "incompressible": 10, "relativistic": 14}[model.flow] + charge + 3 * (force and relativistic)
    to_modes = {"none": 4, "incompressible": 12, "relativistic": 14}[model.flow]
    to_modes += 3 * (model.form == "roperpol2025") + charge * (6 if model.flow == "none" else 3)
    functions = {"none": 2, "incompressible": 3, "relativistic": 5}[model.flow] + charge
    return Counts(unknowns, to_grid, to_modes, 2 * 4 * functions if config.time.scheme == "etdrk4" else 0)


def memory(config: ChiralMHDRun, n: Sequence[int], precision: str, devices: int, gpu: bool = False) -> dict[str, float]:
    """Bytes on each device, by what they are for."""
    count, real = counts(config), 8 if precision == "float64" else 4
    points, kept = share(n, devices)
    field = kept * 2 * real
    carried = 2 * count.unknowns * field
    tables = count.tables * kept * 8.0
    stages, fields = working(count, n, devices, gpu)
    found = {
        "state and its slope": carried,
        "stages of a step": stages * count.unknowns * field + 3 * field * (config.model.forcing is not None),
        "tables of the scheme": tables * (1 + NEW_TABLES),
        "fields to the grid and back": fields * real,
        "side step for output": carried + tables,
    }
    if isinstance(config.model.xi, cfg.FieldInSpace):
        found["xi in space"] = points * 8.0
    return {name: float(size) for name, size in found.items() if size}


def needs(config: ChiralMHDRun, devices: int, gpu: bool = False) -> Needs:
    """All that `kiral estimate --resources` reports, for `devices` devices together; gpu: they are GPUs."""
    limits, steps, unknown = step_estimate(config)
    n, precision = config.geometry.n, config.devices.precision
    points, kept = share(n, devices)
    count, real = counts(config), 8 if precision == "float64" else 4
    total, shells = modes(n), max(n) // 3 + 1
    cost = measured_cost(Path(__file__).parent)
    tables = cost[config.time.scheme]
    nanoseconds = per_transform(tables.get(precision, tables["float64"]), math.prod(n)).times(count.transforms)
    scalars = {"none": 1, "incompressible": 1, "relativistic": 2}[config.model.flow] + (config.model.charge is not None)
    vectors = 1 if config.model.flow == "none" else 2
    spectra = 4 + (config.model.flow != "none") + (config.model.charge is not None)
    return Needs(
        points=math.prod(n),
        grid=n,
        memory=memory(config, n, precision, devices, gpu),
        limits=limits,
        steps=steps,
        evaluations=EVALUATIONS,
        seconds=nanoseconds.times(points * 1e-9),
        measured=f"{cost['machine']}, {cost['date']}",
        traffic=count.traffic(points, kept, real),
        rows={
            "series": SERIES_COLUMNS * 8.0,
            "spectra": spectra * shells * 8.0,
            "snapshots": float((3 * vectors + scalars) * math.prod(n) * real),
        },
        floor=empty_outputs(SERIES_COLUMNS, spectra, shells, vectors + scalars),
        checkpoint=float(2 * count.unknowns * (math.prod(total) * 2 * real + 128) + 12000),
        fits=lambda size: fitting(config, size, devices, gpu),
        small=_small(config),
        unknown=unknown,
    )


def _small(config: ChiralMHDRun) -> dict[str, Any]:
    """A grid of at most 64 points a side; the case's own where its fields are given on the grid."""
    given = isinstance(config.model.xi, cfg.FieldInSpace) or isinstance(config.initial, cfg.FieldFile)
    return {} if given else {"geometry.n": [min(points, LARGEST_MEASURED) for points in config.geometry.n]}


def fitting(config: ChiralMHDRun, size: float, devices: int, gpu: bool = False) -> str:
    """What to set so that each device needs at most `size` bytes: the largest grid of this shape, in both precisions."""
    now, other = config.devices.precision, "float32"
    advice = f"geometry.n = {_grid(config, now, size, devices, gpu)}"
    if now != other:
        advice += f', or {_grid(config, other, size, devices, gpu)} with devices.precision = "{other}"'
    return advice


def _grid(config: ChiralMHDRun, precision: str, size: float, devices: int, gpu: bool) -> str:
    """The largest grid of the case's shape, its longest side with no prime factor above 5."""
    return in_words(largest_grid(config.geometry.n, lambda n: sum(memory(config, n, precision, devices, gpu).values()) <= size))
