"""Sizes of a periodic box and of what a right-hand side holds of it, for estimates. Apart from the box: no jax."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from kiral.geometry.planes import SLAB_POINTS

STAGES, MORE_FIELDS, NEW_TABLES = 8, 4.5, 1.35
"""On the whole grid: modes of all unknowns in the stages, fields besides those transformed; new tables over tables."""
SLAB_STAGES, SLAB_FIELDS, SLAB_SHARE, MESH_SHARE = 6, 2.5, 6, 4
"""On planes: the same of stages, fields besides, and the part of a field that each transform takes besides its planes (on a
mesh of devices more, for the exchange)."""
PASSES, SWEEPS = 6, 12
"""Reads and writes: of a field by its transform (three one-dimensional ones), of a state by a stage with its products."""


class Counts(NamedTuple):
    """Fields among the unknowns; fields to the grid and back in one right-hand side; real tables per mode; and where products
    need many more fields than those at a time, how many more."""

    unknowns: int
    to_grid: int
    to_modes: int
    tables: int
    between: int = 0

    @property
    def transforms(self) -> int:
        """All transforms of one right-hand side."""
        return self.to_grid + self.to_modes

    def traffic(self, points: int, kept: int, real: int) -> float:
        """Bytes that one right-hand side moves at least; points, kept: see `share`, real: bytes of a real number."""
        return float(self.transforms * (PASSES + 1) * points * real + SWEEPS * self.unknowns * kept * 2 * real)


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


def working(count: Counts, n: Sequence[int], devices: int, gpu: bool = False) -> tuple[int, float]:
    """(modes of all unknowns in the stages of a step, real numbers in fields on the way to the grid and back), each device.

    The products are formed on the whole grid, or on a few planes of x at a time (`geometry.fft.through_grid`).
    """
    points, kept = share(n, devices)
    stages, fields = STAGES, (count.transforms + MORE_FIELDS + count.between) * points
    here = math.ceil(n[0] / devices)
    if (n[0] > 1 or devices == 1) and (slab := _slab(n, here, gpu)) < points:
        stages, (_, my, mz) = SLAB_STAGES, modes(n)
        through = here * my * mz * 2 + slab + points / (SLAB_SHARE if devices == 1 else MESH_SHARE)
        fields = count.transforms * through + max(count.to_grid, count.to_modes) * kept * 2 + SLAB_FIELDS * points
        fields += count.between * slab
    return stages, fields


def _slab(n: Sequence[int], here: int, gpu: bool) -> int:
    """Points on the grid at a time: the most planes of x within SLAB_POINTS that divide the planes of a device."""
    plane = n[1] * n[2]
    most = max(1, SLAB_POINTS["gpu" if gpu else "cpu"] // plane)
    return plane * max(d for d in range(1, here + 1) if here % d == 0 and d <= most)


def largest_grid(shape: Sequence[int], fits: Callable[[list[int]], bool], good: bool = True) -> list[int] | None:
    """The largest even grid of this shape that fits; good: its longest side has no prime factor above 5. None: none does."""
    longest = max(shape)
    for points in range(longest - longest % 2, 3, -2):
        if good and not _transforms_well(points):
            continue
        n = [1 if side == 1 else max(4, 2 * round(side * points / longest / 2)) for side in shape]
        if fits(n):
            return n
    return None


def in_words(n: list[int] | None) -> str:
    """As a case file has it: one number where all sides are alike."""
    if n is None:
        return "nothing"
    return str(n[0] if len(set(n)) == 1 else n)


def _transforms_well(points: int) -> bool:
    for factor in (2, 3, 5):
        while points % factor == 0:
            points //= factor
    return points == 1
