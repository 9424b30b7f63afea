"""Spherical harmonic transforms on a Gauss-Legendre grid: matrix products in theta and in phi. Knows no physics.

Layout. Modes are complex arrays (l, m, ...), l = 0..l_max, m = 0..m_max, with any axes after them (radius); entries with m >
l are 0 and those of m < 0 follow from reality. Or they are real, (l, columns, ...): the real parts of all m and then the
imaginary ones (`split`, `joined`), only the real ones for m_max = 0, the axisymmetric case. Grid values are real arrays (theta,
phi, ...), theta increasing from the north pole, phi from 0. Y_lm is orthonormal with the Condon-Shortley phase:
f = Σ_l [f_l0 Y_l0 + 2 Re Σ_{m>0} f_lm Y_lm].

Tangential fields are V = Σ S_lm ∇Y + T_lm ∇Y × r̂ on the unit sphere (spheroidal, toroidal):
V_θ = S ∂θY + T im/sinθ Y, V_φ = S im/sinθ Y - T ∂θY. sinθ V_θ and sinθ V_φ are scalar sums up to l_max + 1, because
sinθ ∂θ Y_l = l α_{l+1} Y_{l+1} - (l+1) α_l Y_{l-1}, α_l = sqrt((l² - m²)/(4l² - 1)): two scalar transforms a vector, no other
tables.

Exactness. Analysis is the adjoint of synthesis in the inner products `mode_product` and `grid_product` whatever the grid, and
its inverse where the grid resolves the product of two fields. A grid for products (`product_grid`, 3/2 rule) integrates the
product of three fields exactly: quadratic terms are free of aliasing.

Cost. Matrices in phi too, with cosines and sines apart half of their multiplications: on a CPU faster than an FFT up to m_max =
60 or so, half as fast for 128; and radius stays the last axis for everything.
"""

from __future__ import annotations

from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Inexact

from kiral.geometry import spherical_points as points
from kiral.geometry.legendre import gauss, legendre
from kiral.geometry.spherical_points import Parts

Modes = Inexact[Array, "_ _ ..."]  # complex (l, m, ...) or real (l, columns, ...)
Grid = Float[Array, "_ _ ..."]  # (theta, phi, ...)
Tables = tuple[Float[Array, "m _ _"], Float[Array, "m _ _"]]


class Sphere(eqx.Module):
    """Grid and tables: P_lm at the northern theta for even and for odd l up to l_max + 1.

    synthesis_tables: (m, theta/2, l); analysis_tables: (m, l, theta/2), the same in the order that matrix products want.
    """

    l_max: int = eqx.field(static=True)
    m_max: int = eqx.field(static=True)
    n_theta: int = eqx.field(static=True)
    n_phi: int = eqx.field(static=True)
    synthesis_tables: Tables
    analysis_tables: Tables

    @property
    def theta(self) -> np.ndarray:
        """Colatitudes (n_theta,)."""
        return np.arccos(gauss(self.n_theta)[0])

    @property
    def phi(self) -> np.ndarray:
        """Longitudes (n_phi,)."""
        return 2 * np.pi * np.arange(self.n_phi) / self.n_phi

    @property
    def degrees(self) -> np.ndarray:
        """l = 0..l_max."""
        return np.arange(self.l_max + 1)

    @property
    def orders(self) -> np.ndarray:
        """m = 0..m_max."""
        return np.arange(self.m_max + 1)

    @property
    def mask(self) -> np.ndarray:
        """(l, m): 1 where m <= l."""
        return (self.orders <= self.degrees[:, None]).astype(float)

    @property
    def over_levels(self) -> np.ndarray:
        """1/l(l+1), 0 for l = 0."""
        level = self.degrees * (self.degrees + 1.0)
        return np.divide(1.0, level, out=np.zeros_like(level), where=level > 0)

    # --- modes -------------------------------------------------------------------------------------------------------

    def split(self, modes: Modes) -> Modes:
        """Modes as real columns."""
        if not jnp.iscomplexobj(modes):
            return modes
        return modes.real if self.m_max == 0 else jnp.concatenate([modes.real, modes.imag], axis=1)

    def joined(self, columns: Modes) -> Modes:
        """The inverse of `split`; real for m_max = 0."""
        if self.m_max == 0 or jnp.iscomplexobj(columns):
            return columns
        return columns[:, : self.m_max + 1] + 1j * columns[:, self.m_max + 1 :]

    def like(self, modes: Modes, others: Modes) -> Modes:
        """Modes in the form of others, complex or columns."""
        return self.joined(modes).astype(others.dtype) if jnp.iscomplexobj(others) else self.split(modes)

    def over_columns(self, values: np.ndarray, modes: Modes) -> np.ndarray:
        """What depends on m, (..., m), for each column of these modes."""
        return np.tile(values, modes.shape[1] // (self.m_max + 1))

    # --- scalars -----------------------------------------------------------------------------------------------------

    def synthesis(self, modes: Modes) -> Grid:
        """Values on the grid."""
        return self._on_grid(points.to_points(self, self._rows(modes)), modes)

    def analysis(self, values: Grid) -> Modes:
        """Modes ∫ f Y* dΩ up to l_max."""
        return self._modes(points.from_points(self, self._at_points(values), self.l_max + 1), values)

    # --- tangential fields -------------------------------------------------------------------------------------------

    def vector_synthesis(self, spheroidal: Modes, toroidal: Modes) -> tuple[Grid, Grid]:
        """(V_θ, V_φ) of S and T."""
        both = points.tangential_rows(self, self._rows(spheroidal), self._rows(toroidal))
        theta, phi = (self._on_grid(points.to_points(self, x, tangential=True), spheroidal) for x in both)
        return theta, phi

    def vector_analysis(self, theta: Grid, phi: Grid) -> tuple[Modes, Modes]:
        """(S, T) of a tangential field: ∫ V·(∇Y)* dΩ/l(l+1) and ∫ V·(∇Y × r̂)* dΩ/l(l+1); those of l = 0 are 0."""
        s, t = self.vector_projection(theta, phi)
        over = self.over_levels.reshape(-1, *(1,) * (s.ndim - 1))
        return over * s, over * t

    def vector_projection(self, theta: Grid, phi: Grid) -> tuple[Modes, Modes]:
        """The adjoint of `vector_synthesis`: (∫ V·(∇Y)* dΩ, ∫ V·(∇Y × r̂)* dΩ)."""
        parts = (points.from_points(self, self._at_points(v), self.l_max + 2, tangential=True) for v in (theta, phi))
        s, t = (self._modes(x, theta) for x in points.tangential_adjoint(self, *parts))
        return s, t

    def _rows(self, modes: Modes) -> Parts:
        columns = self.split(modes)
        return points.to_rows(self, columns.reshape(*columns.shape[:2], -1))

    def _modes(self, rows: Parts, values: Grid) -> Modes:
        columns = points.from_rows(rows)
        return self.joined(columns.reshape(*columns.shape[:2], *values.shape[2:]))

    def _on_grid(self, values: Array, modes: Modes) -> Grid:
        return points.to_grid(self, values).reshape(self.n_theta, self.n_phi, *modes.shape[2:])

    def _at_points(self, values: Grid) -> Array:
        return points.of_grid(self, values.reshape(*values.shape[:2], -1))

    # --- inner products ----------------------------------------------------------------------------------------------

    def mode_product(self, a: Modes, b: Modes) -> Array:
        """∫ a b dΩ of the real functions with these modes: (...)."""
        weight = self.over_columns(np.where(self.orders == 0, 1.0, 2.0), a).reshape(1, -1, *(1,) * (a.ndim - 2))
        return jnp.sum(weight * (a.conj() * b).real, axis=(0, 1))

    def grid_product(self, a: Grid, b: Grid) -> Array:
        """∫ a b dΩ by the grid's quadrature: (...)."""
        weight = 2 * np.pi / self.n_phi * gauss(self.n_theta)[1]
        return jnp.einsum("t,tp...->...", jnp.asarray(weight), a * b)


class GridSize(NamedTuple):
    """Points of a grid."""

    n_theta: int
    n_phi: int


def product_grid(l_max: int, m_max: int) -> GridSize:
    """The smallest grid that integrates products of three fields exactly (3/2 rule); n_theta even, n_phi of factors 2, 3, 5."""
    return GridSize(*_fitting((3 * l_max) // 2 + 1, 3 * m_max + 1))


def linear_grid(l_max: int, m_max: int) -> GridSize:
    """The smallest grid for transforms there and back."""
    return GridSize(*_fitting(l_max + 1, 2 * m_max + 1))


def make_sphere(l_max: int, m_max: int | None = None, grid: GridSize | None = None) -> Sphere:
    """Tables for l <= l_max, m <= m_max (l_max where not given), on `grid`, by default that for products.

    Memory of the tables: about 8 (l_max + 2)(m_max + 1) n_theta bytes; 200 MB for l_max = 256 on its grid for products.
    """
    m_max = l_max if m_max is None else m_max
    n_theta, n_phi = grid or product_grid(l_max, m_max)
    if m_max > l_max or n_theta % 2 or n_theta <= l_max or n_phi <= 2 * m_max:
        raise ValueError(f"l_max = {l_max}, m_max = {m_max} do not fit a grid of {n_theta} x {n_phi} points (n_theta even)")
    table = legendre(l_max + 1, m_max, gauss(n_theta)[0][: n_theta // 2])
    tables = [tuple(jnp.asarray(np.moveaxis(table[first::2], 1, 0).swapaxes(1, 2)) for first in (0, 1))]
    tables.append(tuple(x.swapaxes(1, 2) for x in tables[0]))
    return Sphere(l_max, m_max, n_theta, n_phi, *tables)


def _fitting(n_theta: int, n_phi: int) -> tuple[int, int]:
    if n_phi == 1:
        return n_theta + n_theta % 2, 1
    while not _smooth(n_phi):
        n_phi += 1
    return n_theta + n_theta % 2, n_phi


def _smooth(n: int) -> bool:
    for factor in (2, 3, 5):
        while n % factor == 0:
            n //= factor
    return n == 1
