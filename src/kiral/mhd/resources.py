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
import tomllib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from kiral.core.estimate import Needs, Range
from kiral.geometry.planes import SLAB_POINTS
from kiral.mhd import config as cfg
from kiral.mhd.step_estimate import step_estimate

if TYPE_CHECKING:
    from kiral.config.run import ChiralMHDRun

EVALUATIONS = 4
STAGES, NEW_TABLES, MORE_FIELDS = 8, 1.35, 4.5
"""On the whole grid: modes of all unknowns in the stages, new tables over tables, fields besides those transformed."""
SLAB_STAGES, SLAB_FIELDS, SLAB_SHARE, MESH_SHARE = 6, 2.5, 6, 4
"""On planes: the same of stages, fields besides, and the part of a field that each transform takes besides its planes (on a
mesh of devices more, for the exchange)."""
LARGEST_MEASURED = 64
SERIES_COLUMNS, CHUNK_ROWS, CHUNK, DESCRIPTION = 58, 256, 2**17, 700
"""Columns of the series, at most; rows and bytes of a chunk on disk; bytes of the file that describes a column."""
PASSES, SWEEPS = 6, 12
"""Reads and writes: of a field by its transform (three one-dimensional ones), of a state by a stage with its products."""


class Counts(NamedTuple):
    """Fields among the unknowns; fields to the grid and back in one right-hand side; real tables per mode."""

    unknowns: int
    to_grid: int
    to_modes: int
    tables: int

    @property
    def transforms(self) -> int:
        """All transforms of one right-hand side."""
        return self.to_grid + self.to_modes


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


def modes(n: Sequence[int]) -> tuple[int, int, int]:
    """Shape of an array of modes, without padding."""
    mx, my, mz = ((points - 1) // 3 for points in n)
    return 2 * mx + 1, 2 * my + 1, mz + 1


def share(n: Sequence[int], devices: int) -> tuple[int, int]:
    """(grid points, modes of one field) on each device, in slabs along the first two directions that are not ignorable."""
    grid, kept = list(n), list(modes(n))
    if devices > 1:
        active = [axis for axis in range(3) if n[axis] > 1]
        grid[active[0]] = math.ceil(grid[active[0]] / devices)
        kept[active[min(1, len(active) - 1)]] = math.ceil(kept[active[min(1, len(active) - 1)]] / devices)
    return math.prod(grid), math.prod(kept)


def memory(config: ChiralMHDRun, n: Sequence[int], precision: str, devices: int, gpu: bool = False) -> dict[str, float]:
    """Bytes on each device, by what they are for."""
    count, real = counts(config), 8 if precision == "float64" else 4
    points, kept = share(n, devices)
    field = kept * 2 * real
    carried = 2 * count.unknowns * field
    tables = count.tables * kept * 8.0
    stages, fields = STAGES, (count.transforms + MORE_FIELDS) * points
    here = math.ceil(n[0] / devices)
    if (n[0] > 1 or devices == 1) and (slab := _slab(n, here, gpu)) < points:
        stages, (_, my, mz) = SLAB_STAGES, modes(n)
        through = here * my * mz * 2 + slab + points / (SLAB_SHARE if devices == 1 else MESH_SHARE)
        fields = count.transforms * through + max(count.to_grid, count.to_modes) * kept * 2 + SLAB_FIELDS * points
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


def _slab(n: Sequence[int], here: int, gpu: bool) -> int:
    """Points on the grid at a time: the most planes of x within SLAB_POINTS that divide the planes of a device."""
    plane = n[1] * n[2]
    most = max(1, SLAB_POINTS["gpu" if gpu else "cpu"] // plane)
    return plane * max(d for d in range(1, here + 1) if here % d == 0 and d <= most)


def needs(config: ChiralMHDRun, devices: int, gpu: bool = False) -> Needs:
    """All that `kiral estimate --resources` reports, for `devices` devices together; gpu: they are GPUs."""
    limits, steps, unknown = step_estimate(config)
    n, precision = config.geometry.n, config.devices.precision
    points, kept = share(n, devices)
    count, real = counts(config), 8 if precision == "float64" else 4
    total, shells = modes(n), max(n) // 3 + 1
    cost = _cost()
    tables = cost[config.time.scheme]
    nanoseconds = _per_transform(tables.get(precision, tables["float64"]), math.prod(n)).times(count.transforms)
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
        traffic=float(count.transforms * (PASSES + 1) * points * real + SWEEPS * count.unknowns * kept * 2 * real),
        rows={
            "series": SERIES_COLUMNS * 8.0,
            "spectra": spectra * shells * 8.0,
            "snapshots": float((3 * vectors + scalars) * math.prod(n) * real),
        },
        floor={  # a chunk is as large as when it is full
            "series": float(SERIES_COLUMNS * (8 * CHUNK_ROWS + DESCRIPTION)),
            "spectra": float(spectra * (min(8 * CHUNK_ROWS * shells, CHUNK) + DESCRIPTION) + 2 * CHUNK_ROWS * 8),
            "snapshots": float((vectors + scalars) * (CHUNK + DESCRIPTION) + 8 * CHUNK_ROWS),
        },
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
    shape = config.geometry.n
    for longest in reversed([points for points in range(4, max(shape) + 1, 2) if _transforms_well(points)]):
        n = [1 if points == 1 else max(4, 2 * round(points * longest / max(shape) / 2)) for points in shape]
        if sum(memory(config, n, precision, devices, gpu).values()) <= size:
            return str(n[0] if len(set(n)) == 1 else n)
    return "nothing"


def _transforms_well(points: int) -> bool:
    for factor in (2, 3, 5):
        while points % factor == 0:
            points //= factor
    return points == 1


@cache
def _cost() -> dict[str, Any]:
    """The measured cost, `mhd/cost.toml`."""
    return tomllib.loads((Path(__file__).parent / "cost.toml").read_text(encoding="utf-8"))


def _per_transform(table: dict[str, list[float]], points: int) -> Range:
    """ns per point and transform, best and median: between the sizes measured by log(points); beyond them as log(points)."""
    sizes = np.log(np.asarray(table["points"], dtype=float))
    x = math.log(points)
    beyond = max(1.0, x / sizes[-1])
    return Range(*(float(np.interp(x, sizes, table[name])) * beyond for name in ("best", "median")))
