"""Which sums over directions the equations need: the metric's (1, v), and those with one more v for the energy ledger."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Moments(NamedTuple):
    """What the rows of the sums over directions are; hashable, so that it can be a static part of an equation.

    The first rows, 1 and v_i, make the potential; metric: their signs (+, -, ...). second[i][m]: index of the row v_a · (row m)
    with a = axes[i]; axes: the box's directions in which fields vary.
    """

    metric: tuple[float, ...]
    axes: tuple[int, ...]
    second: tuple[tuple[int, ...], ...]

    @property
    def count(self) -> int:
        """Number of first rows: 2 with axial symmetry, else 4."""
        return len(self.metric)


def moments(velocity: np.ndarray, *, axial: bool, axes: tuple[int, ...]) -> tuple[np.ndarray, Moments]:
    """Rows (D, R) for unit vectors (D, 3), and what they are: 1 - v·v' = Σ metric[m] row[m](v) row[m](v').

    Axially symmetric sets need v_z only.
    """
    used = (2,) if axial else (0, 1, 2)
    rows = [np.ones(len(velocity)), *(velocity[:, i] for i in used)]
    names: list[tuple[int, ...]] = [(), *((i,) for i in used)]
    second = []
    for axis in axes:
        found = []
        for m in range(1 + len(used)):
            name = tuple(sorted((*names[m], axis)))
            if name not in names:
                names.append(name)
                rows.append(rows[m] * velocity[:, axis])
            found.append(names.index(name))
        second.append(tuple(found))
    return np.stack(rows, axis=1), Moments((1.0, *(-1.0 for _ in used)), axes, tuple(second))
