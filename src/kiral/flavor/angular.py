"""A continuous angular distribution G(v), and its integrals ∫ G vⁿ/(Ω - K v) dv for complex Ω and K.

G is a polynomial on each of a few panels (Legendre coefficients), found by bisection until it is resolved to round-off, so
that each integral is a sum of Legendre functions of the second kind, ½ ∫ P_l(x)/(ζ - x) dx = Q_l(ζ). Close to a panel Q_l
comes from its three-term recurrence, farther away, where that one is unstable, from Gauss–Legendre sums.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.polynomial import legendre
from numpy.typing import NDArray

from kiral.errors import ConfigError
from kiral.flavor.distributions import check_points

DEGREE = 24
RESOLVED = 1e-14
MOST_PANELS = 1000
# A Bernstein ellipse of this parameter parts near from far: the recurrence then loses RHO^DEGREE = 5e2 round-offs at most
# (in coefficients that have decayed), and NODES nodes leave RHO^(DEGREE + 3 - 2 NODES) = 1e-17.
RHO, NODES = 1.3, 96
POWERS = 4
# A peak between the nodes, such as that of a beam at v = 1, is seen at the ends of a panel and at these points.
CHECKED = np.array([-1.0, -0.53, 0.13, 0.71, 1.0])


@dataclass(frozen=True, eq=False)
class AngularDistribution:
    """G(v) per dv on panels between `edges` (m+1,), with Legendre coefficients (m, n) on each; 0 outside the panels."""

    edges: NDArray[np.float64]
    coefficients: NDArray[np.float64]

    @classmethod
    def from_function(cls, g: Callable[[NDArray], Any], breaks: Sequence[float] = ()) -> AngularDistribution:
        """Of a function of velocities in [-1, 1]. Jumps and kinks cost fewer panels where `breaks` names them.

        ConfigError: values that are not finite, or noise that no panels resolve.
        """
        x = np.r_[legendre.leggauss(DEGREE + 1)[0], CHECKED]
        to_coefficients = np.linalg.inv(legendre.legvander(x[: DEGREE + 1], DEGREE))
        at_checked = legendre.legvander(x[DEGREE + 1 :], DEGREE)
        edges = np.unique([-1.0, *breaks, 1.0])
        if edges[0] < -1 or edges[-1] > 1:
            raise ConfigError(f"breaks: {list(breaks)} given; allowed: velocities between -1 and 1")
        waiting, done, scale = list(pairwise(edges)), [], 0.0
        while waiting:
            a, b = waiting.pop()
            values = np.asarray(g(0.5 * (a + b) + 0.5 * (b - a) * x), dtype=float) * np.ones(x.size)
            if not np.isfinite(values).all():
                raise ConfigError(f"angular distribution: not finite between v = {a:g} and {b:g}")
            c = to_coefficients @ values[: DEGREE + 1]
            size = np.abs(values).max()
            scale = max(scale, size)
            error = max(np.abs(c[-4:]).max(), 0.1 * np.abs(at_checked @ c - values[DEGREE + 1 :]).max())
            round_off = 8 * np.finfo(float).eps * np.ptp(values) / (b - a)  # what the last digit of v makes of G
            if error <= RESOLVED * size + round_off or size * (b - a) <= 1e-18 * scale:
                done.append((a, b, c))
            elif len(waiting) + len(done) > MOST_PANELS:
                raise ConfigError(f"angular distribution: noise near v = {0.5 * (a + b):.6g}; allowed: few jumps and kinks")
            else:
                waiting += [(a, 0.5 * (a + b)), (0.5 * (a + b), b)]
        return cls._of_panels(sorted(done, key=lambda panel: panel[0]))

    @classmethod
    def from_table(cls, velocities: Any, values: Any) -> AngularDistribution:
        """Piecewise linear through the points, 0 outside. ConfigError as for `kiral.flavor.distributions.table`."""
        v, g = np.asarray(velocities, dtype=float), np.asarray(values, dtype=float)
        check_points(v, g)
        return cls(v, np.stack([(g[1:] + g[:-1]) / 2, np.diff(g) / 2], -1))

    @classmethod
    def _of_panels(cls, panels: list[tuple]) -> AngularDistribution:
        return cls(np.array([panels[0][0], *(b for _, b, _ in panels)]), np.stack([c for *_, c in panels]))

    def __call__(self, v: Any) -> NDArray[np.float64]:
        """G at velocities of any shape; at an inner edge that of the panel above it."""
        v = np.asarray(v, dtype=float)
        i = np.clip(np.searchsorted(self.edges, v, side="right") - 1, 0, self._center.size - 1)
        values = legendre.legval((v - self._center[i]) / self._half[i], np.moveaxis(self.coefficients[i], -1, 0), tensor=False)
        return np.where((v < self.edges[0]) | (v > self.edges[-1]), 0.0, values)

    def scaled(self, factor: float) -> AngularDistribution:
        """The same times a number."""
        return AngularDistribution(self.edges, factor * self.coefficients)

    @cached_property
    def moments(self) -> NDArray[np.float64]:
        """G_n = ∫ G vⁿ dv for n = 0 … 3, (4,)."""
        return self._node_values.sum(axis=0)

    @cached_property
    def magnitude(self) -> float:
        """∫ |G| dv, to a few digits: the scale of frequencies."""
        return float(np.abs(self._node_values[:, 0]).sum())

    def crossings(self) -> NDArray[np.float64]:
        """Velocities inside (-1, 1) where G changes its sign, within panels and at edges between them."""
        found = []
        for c, center, half in zip(self.coefficients, self._center, self._half, strict=True):
            if np.abs(c[1:]).max() > 0:
                roots = legendre.legroots(np.trim_zeros(c, "b"))
                near = roots[(np.abs(roots.imag) < 1e-9) & (np.abs(roots.real) < 1)].real
                found += [center + half * r for r in near if self._changes_sign(center + half * r, half)]
        found += [v for v in self.edges[1:-1] if self._changes_sign(v, float(np.diff(self.edges).min()))]
        found = np.sort(found)
        return found[np.r_[True, np.diff(found) > 1e-12]] if found.size else found

    def _changes_sign(self, v: float, scale: float) -> bool:
        around = self(np.array([v - 1e-5 * scale, v + 1e-5 * scale]))
        noise = 1e-13 * np.abs(self.coefficients).max()
        return bool(around[0] * around[1] < 0 and np.abs(around).min() > noise)

    def integrals(self, omega: Any, k: Any) -> tuple[NDArray[np.complex128], NDArray[np.complex128]]:
        """(I, M), each (4, *S): I_n = ∫ G vⁿ/(Ω - K v) dv and M_n = ∫ G vⁿ/(Ω - K v)² dv = -∂I_n/∂Ω, for n = 0 … 3.

        Ω and K broadcast to S; Ω/K must not be real between -1 and 1. For the limit from above give Ω + 1e-300j with K > 0.
        M_n+1 = ∂I_n/∂K.
        """
        omega, k = np.broadcast_arrays(np.asarray(omega, complex), np.asarray(k, complex))
        shape, omega, k = omega.shape, omega.ravel(), k.ravel()
        near, place = self._nearness(omega, k)
        kernel = 1 / (omega[:, None] - k[:, None] * self._nodes)
        kernel = np.where(np.repeat(near, NODES, axis=1), 0.0, kernel)
        values, slopes = kernel @ self._node_values, kernel**2 @ self._node_values
        point, panel = np.nonzero(near)
        if point.size:
            close, close_slopes = self._close(place[point, panel], panel, k[point])
            np.add.at(values, point, close)
            np.add.at(slopes, point, close_slopes)
        return values.T.reshape(POWERS, *shape), slopes.T.reshape(POWERS, *shape)

    def _nearness(self, omega: NDArray, k: NDArray) -> tuple[NDArray, NDArray]:
        """Which panels (P, m) are close to the pole, and where that one lies in their own coordinates."""
        scale = np.where(k == 0, 1.0, k)[:, None]
        place = (omega[:, None] / scale - self._center) / self._half
        root = np.sqrt(place - 1) * np.sqrt(place + 1)
        return (np.abs(place + root) < RHO) & (k != 0)[:, None], place

    def _close(self, place: NDArray, panel: NDArray, k: NDArray) -> tuple[NDArray, NDArray]:
        """Contributions (p, 4) of one panel each, by Legendre functions."""
        q, slope = _legendre_q(place, self._powers.shape[-1])
        c = self._powers[:, panel]
        factor = 2 / k[:, None]
        value = factor * np.einsum("npl,lp->pn", c, q)
        return value, -factor * np.einsum("npl,lp->pn", c, slope) / (k * self._half[panel])[:, None]

    @cached_property
    def _center(self) -> NDArray:
        return (self.edges[1:] + self.edges[:-1]) / 2

    @cached_property
    def _half(self) -> NDArray:
        return np.diff(self.edges) / 2

    @cached_property
    def _nodes(self) -> NDArray:
        """Velocities (m NODES,)."""
        x, _ = legendre.leggauss(NODES)
        return (self._center[:, None] + self._half[:, None] * x).ravel()

    @cached_property
    def _node_values(self) -> NDArray:
        """Weight times G vⁿ at the nodes (m NODES, 4)."""
        x, w = legendre.leggauss(NODES)
        g = legendre.legval(x, self.coefficients.T) * self._half[:, None] * w
        return g.reshape(-1, 1) * self._nodes[:, None] ** np.arange(POWERS)

    @cached_property
    def _powers(self) -> NDArray:
        """Coefficients (4, m, n + 3) of G vⁿ in the coordinates of the panels."""
        rows = [np.pad(self.coefficients, ((0, 0), (0, POWERS - 1)))]
        for _ in range(POWERS - 1):
            rows.append(self._center[:, None] * rows[-1] + self._half[:, None] * _times_x(rows[-1]))
        return np.stack(rows)


def _times_x(c: NDArray) -> NDArray:
    """Legendre coefficients (m, n) of x times a series whose last one is 0: x P_l = ((l+1) P_l+1 + l P_l-1)/(2l+1)."""
    n = np.arange(c.shape[-1])
    part, result = c / (2 * n + 1), np.zeros_like(c)
    result[:, 1:] += (part * (n + 1))[:, :-1]
    result[:, :-1] += (part * n)[:, 1:]
    return result


def _legendre_q(z: NDArray, count: int) -> tuple[NDArray, NDArray]:
    """Q_l(z) and its derivative for l < count, (count, p), by the forward recurrence: for z close to [-1, 1]."""
    q = [0.5 * np.log((z + 1) / (z - 1))]
    q.append(z * q[0] - 1)
    for n in range(1, count - 1):
        q.append(((2 * n + 1) * z * q[n] - n * q[n - 1]) / (n + 1))
    values = np.stack(q[:count])
    degree = np.arange(1, count)[:, None]
    slope = np.concatenate([np.ones_like(values[:1]), degree * (values[:-1] - z * values[1:])])
    return values, slope / (1 - z**2)
