"""Integrals over energies from 0 to infinity: Gauss–Legendre on panels that end where the integrand changes its scale.

Within a panel the variable is q^(1/3), which turns a behaviour like q^2.65 at q → 0 into a smooth one. The integrals converge
spectrally with the number of nodes; every integral comes with the difference to a rule of fewer nodes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from kiral.core.arrays import namespace

NODES = 14
"""Gauss–Legendre nodes of a panel. A Fermi function on panels of 4 T then has a relative error of 3.85^-28, 4e-17."""


@dataclass(frozen=True, eq=False)
class EnergyMesh:
    """Energies q (..., n) [MeV] and the weights of two rules on them; every panel has nodes[0] + nodes[1] of them."""

    q: Any
    weight: Any
    weight_low: Any
    nodes: tuple[int, int]

    def integral(self, values: Any) -> tuple[Any, Any]:
        """(∫ values dq, its difference to the rule of fewer nodes) over the last axis."""
        value = (values * self.weight).sum(-1)
        return value, abs(value - (values * self.weight_low).sum(-1))

    def largest(self, values: Any) -> Any:
        """The largest |value| over all energies, of the polynomial through the nodes of each panel."""
        xp = namespace(values)
        panels = values.reshape((*values.shape[:-1], -1, sum(self.nodes)))[..., : self.nodes[0]]
        fine = panels @ xp.asarray(_to_fine(self.nodes[0]))
        fine = abs(fine.reshape((*values.shape[:-1], -1)))
        i = xp.clip(xp.argmax(fine, axis=-1, keepdims=True), 1, fine.shape[-1] - 2)
        before, here, after = (xp.take_along_axis(fine, i + j, -1)[..., 0] for j in (-1, 0, 1))
        bend = before - 2 * here + after  # the top of the parabola through three points
        top = (bend < 0) & (here >= before) & (here >= after)
        rise = xp.where(top, -((after - before) ** 2) / (8 * xp.where(top, bend, -1.0)), 0.0)
        return xp.maximum(here + rise, xp.max(fine, axis=-1))


def energy_mesh(edges: list[Any], smallest: Any, nodes: int = NODES) -> EnergyMesh:
    """Mesh whose panels end at the edges (any order, any common shape) and at 0; edges below `smallest` are moved to it.

    The rules have `nodes` and 5/7 of them per panel. What lies beyond the last edge is left out.
    """
    xp = namespace(smallest, *edges)
    shape = np.broadcast_shapes(np.shape(smallest), *(np.shape(edge) for edge in edges))
    columns = [xp.broadcast_to(xp.maximum(xp.asarray(edge, dtype=float), smallest), shape) for edge in edges]
    ends = xp.sort(xp.stack(columns, -1), axis=-1) ** (1 / 3)
    start = xp.concatenate([xp.zeros((*shape, 1)), ends[..., :-1]], -1)
    (x, w), (x_low, w_low) = (np.polynomial.legendre.leggauss(n) for n in (nodes, max(2, round(5 * nodes / 7))))
    middle, half = (start + ends)[..., None] / 2, (ends - start)[..., None] / 2
    v = middle + half * xp.asarray(np.r_[x, x_low])
    jacobian = 3 * v**2 * half
    high = jacobian * xp.asarray(np.r_[w, 0 * w_low])
    low = jacobian * xp.asarray(np.r_[0 * w, w_low])
    flat = (*shape, v.shape[-1] * v.shape[-2])
    return EnergyMesh(*(values.reshape(flat) for values in (v**3, high, low)), nodes=(x.size, x_low.size))


@lru_cache
def _to_fine(nodes: int) -> np.ndarray:
    """Matrix (nodes, 8 nodes) from values at the Gauss–Legendre nodes to the polynomial at evenly spaced points."""
    x, _ = np.polynomial.legendre.leggauss(nodes)
    fine = (np.arange(8 * nodes) + 0.5) / (4 * nodes) - 1
    vandermonde = np.polynomial.legendre.legvander
    return np.linalg.solve(vandermonde(x, nodes - 1).T, vandermonde(fine, nodes - 1).T)
