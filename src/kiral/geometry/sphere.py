"""Spherical harmonic transforms on a Gauss-Legendre grid: matrix products in theta, FFT in phi. Knows no physics.

Layout. Modes are complex arrays (l, m, ...), l = 0..l_max, m = 0..m_max, with any axes after them (radius); entries with m >
l are 0 and those of m < 0 follow from reality. Grid values are real arrays (theta, phi, ...), theta increasing from the north
pole, phi from 0. Y_lm is orthonormal with the Condon-Shortley phase: f = Σ_l [f_l0 Y_l0 + 2 Re Σ_{m>0} f_lm Y_lm]. m_max = 0
with one point in phi is the axisymmetric case of the same code.

Tangential fields are V = Σ S_lm ∇Y + T_lm ∇Y × r̂ on the unit sphere (spheroidal, toroidal):
V_θ = S ∂θY + T im/sinθ Y, V_φ = S im/sinθ Y - T ∂θY. sinθ V_θ and sinθ V_φ are scalar sums up to l_max + 1, because
sinθ ∂θ Y_l = l α_{l+1} Y_{l+1} - (l+1) α_l Y_{l-1}, α_l = sqrt((l² - m²)/(4l² - 1)): two scalar transforms a vector, no other
tables.

Exactness. Analysis is the adjoint of synthesis in the inner products `mode_product` and `grid_product` whatever the grid, and
its inverse where the grid resolves the product of two fields. A grid for products (`product_grid`, 3/2 rule) integrates the
product of three fields exactly: quadratic terms are free of aliasing.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float

Modes = Complex[Array, "_ _ ..."]  # (l, m, ...)
Grid = Float[Array, "_ _ ..."]  # (theta, phi, ...)


class Sphere(eqx.Module):
    """Grid and tables. even, odd: P_lm at the northern theta for even and odd l up to l_max + 1, (l, m, theta/2)."""

    l_max: int = eqx.field(static=True)
    m_max: int = eqx.field(static=True)
    n_theta: int = eqx.field(static=True)
    n_phi: int = eqx.field(static=True)
    even: Float[Array, "even m half"]
    odd: Float[Array, "odd m half"]

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

    # --- scalars -----------------------------------------------------------------------------------------------------

    def synthesis(self, modes: Modes) -> Grid:
        """Values on the grid of modes up to l_max, or up to l_max + 1 where there is one more row."""
        real = _split(modes)
        even = jnp.einsum("lmt,lmr->mtr", self.even[: (modes.shape[0] + 1) // 2], real[0::2])
        odd = jnp.einsum("lmt,lmr->mtr", self.odd[: modes.shape[0] // 2], real[1::2])
        parity = jnp.asarray((-1.0) ** self.orders)[:, None, None]
        both = jnp.concatenate([even + odd, (parity * (even - odd))[:, ::-1]], axis=1)
        waves = _joined(both, modes.shape[2:])
        return jnp.moveaxis(jnp.fft.irfft(waves, self.n_phi, axis=0, norm="forward"), 0, 1)

    def analysis(self, values: Grid, rows: int = 0) -> Modes:
        """Modes ∫ f Y* dΩ up to l_max, or with `rows` rows."""
        rows = rows or self.l_max + 1
        waves = jnp.fft.rfft(jnp.moveaxis(values, 1, 0), axis=0, norm="forward")[: self.m_max + 1]
        weights = jnp.asarray(2 * np.pi * gauss(self.n_theta)[1])[:, None]
        real = _split(waves) * weights
        half = self.n_theta // 2
        north, south = real[:, :half], real[:, half:][:, ::-1] * jnp.asarray((-1.0) ** self.orders)[:, None, None]
        even = jnp.einsum("lmt,mtr->lmr", self.even[: (rows + 1) // 2], north + south)
        odd = jnp.einsum("lmt,mtr->lmr", self.odd[: rows // 2], north - south)
        odd = jnp.concatenate([odd, jnp.zeros_like(even[: even.shape[0] - odd.shape[0]])])
        both = jnp.stack([even, odd], axis=1).reshape(-1, *even.shape[1:])[:rows]
        return _joined(both, values.shape[2:])

    # --- tangential fields -------------------------------------------------------------------------------------------

    def vector_synthesis(self, spheroidal: Modes, toroidal: Modes) -> tuple[Grid, Grid]:
        """(V_θ, V_φ) of S and T."""
        turn = self._turn(spheroidal)
        s, t = _grown(spheroidal), _grown(toroidal)
        theta = self.synthesis(self._slope(s) + turn * t)
        phi = self.synthesis(turn * s - self._slope(t))
        over = self._over_sine(theta)
        return over * theta, over * phi

    def vector_analysis(self, theta: Grid, phi: Grid) -> tuple[Modes, Modes]:
        """(S, T) of a tangential field: ∫ V·(∇Y)* dΩ/l(l+1) and ∫ V·(∇Y × r̂)* dΩ/l(l+1); those of l = 0 are 0."""
        s, t = self.vector_projection(theta, phi)
        level = self.degrees * (self.degrees + 1.0)
        over = jnp.asarray(np.divide(1.0, level, out=np.zeros_like(level), where=level > 0)).reshape(-1, *(1,) * (s.ndim - 1))
        return over * s, over * t

    def vector_projection(self, theta: Grid, phi: Grid) -> tuple[Modes, Modes]:
        """The adjoint of `vector_synthesis`: (∫ V·(∇Y)* dΩ, ∫ V·(∇Y × r̂)* dΩ)."""
        over = self._over_sine(theta)
        a, c = (self.analysis(over * v, self.l_max + 2) for v in (theta, phi))
        turn = self._turn(a)
        return (self._slope_transposed(a) - turn * c)[:-1], (-turn * a - self._slope_transposed(c))[:-1]

    def _slope(self, modes: Modes) -> Modes:
        """Modes of sinθ ∂θ f, for rows up to l_max + 1 of which the last is 0."""
        below, above = self._couplings(modes)
        return jnp.roll(below * modes, 1, axis=0) - jnp.roll(above * modes, -1, axis=0)

    def _slope_transposed(self, modes: Modes) -> Modes:
        below, above = self._couplings(modes)
        return below * jnp.roll(modes, -1, axis=0) - above * jnp.roll(modes, 1, axis=0)

    def _couplings(self, modes: Modes) -> tuple[Array, Array]:
        """(l α_{l+1}, (l+1) α_l) for rows l up to l_max + 1; 0 in the last row, and where m > l."""
        l, m = np.arange(self.l_max + 2.0)[:, None], self.orders
        alpha = np.sqrt(np.maximum(l**2 - m**2, 0.0) / (4 * l**2 - 1 + (l == 0) * 2))
        ahead = np.sqrt(np.maximum((l + 1) ** 2 - m**2, 0.0) / (4 * (l + 1) ** 2 - 1))
        inside = (m <= l) & (l <= self.l_max)
        shape = (*inside.shape, *(1,) * (modes.ndim - 2))
        below, above = l * ahead * inside, (l + 1) * alpha * inside
        return jnp.asarray(below).reshape(shape), jnp.asarray(above).reshape(shape)

    def _turn(self, modes: Modes) -> Array:
        """im."""
        return jnp.asarray(1j * self.orders).reshape(1, -1, *(1,) * (modes.ndim - 2))

    def _over_sine(self, values: Grid) -> Array:
        x = gauss(self.n_theta)[0]
        return jnp.asarray(1 / np.sqrt((1 - x) * (1 + x))).reshape(-1, *(1,) * (values.ndim - 1))

    # --- inner products ----------------------------------------------------------------------------------------------

    def mode_product(self, a: Modes, b: Modes) -> Array:
        """∫ a b dΩ of the real functions with these modes: (...)."""
        weight = jnp.asarray(np.where(self.orders == 0, 1.0, 2.0)).reshape(1, -1, *(1,) * (a.ndim - 2))
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

    Memory of the tables: about 4 (l_max + 2)(m_max + 1) n_theta bytes; 100 MB for l_max = 256 on its grid for products.
    """
    m_max = l_max if m_max is None else m_max
    n_theta, n_phi = grid or product_grid(l_max, m_max)
    if m_max > l_max or n_theta % 2 or n_theta <= l_max or n_phi <= 2 * m_max:
        raise ValueError(f"l_max = {l_max}, m_max = {m_max} do not fit a grid of {n_theta} x {n_phi} points (n_theta even)")
    table = legendre(l_max + 1, m_max, gauss(n_theta)[0][: n_theta // 2])
    return Sphere(l_max, m_max, n_theta, n_phi, jnp.asarray(table[0::2]), jnp.asarray(table[1::2]))


def legendre(l_max: int, m_max: int, x: np.ndarray) -> np.ndarray:
    """P_lm(x) e^{im phi} orthonormal on the sphere, Condon-Shortley phase: (l_max + 1, m_max + 1, points); 0 for m > l.

    Three-term recurrence upwards in l from l = m, stable for |x| <= 1. Values below the smallest double become 0.
    """
    sine = np.sqrt((1 - x) * (1 + x))
    table = np.zeros((l_max + 1, m_max + 1, x.size))
    diagonal = np.full_like(x, 1 / np.sqrt(4 * np.pi))
    for m in range(m_max + 1):
        if m > 0:
            diagonal = -np.sqrt((2 * m + 1) / (2 * m)) * sine * diagonal
        table[m, m] = diagonal
        for l in range(m + 1, l_max + 1):
            scale = np.sqrt((4 * l**2 - 1) / (l**2 - m**2))
            before = np.sqrt(((l - 1) ** 2 - m**2) / (4 * (l - 1) ** 2 - 1)) if l > m + 1 else 0.0
            table[l, m] = scale * (x * table[l - 1, m] - before * table[l - 2, m])
    return table


@lru_cache
def gauss(n: int) -> tuple[np.ndarray, np.ndarray]:
    """(points, weights) of Gauss-Legendre quadrature, n even, points decreasing: cos theta from the north pole on.

    Newton's method in extended precision where the machine has it: near the poles weights from double precision (numpy's too)
    are wrong by 1e-12 for n = 90 and 3e-10 for n = 390, and transforms there and back with them.
    """
    x = np.cos(np.pi * (np.arange(n // 2) + 0.75) / (n + 0.5)).astype(np.longdouble)
    for _ in range(6):
        value, slope = _polynomial(n, x)
        x = x - value / slope
    w = 2 / ((1 - x) * (1 + x) * _polynomial(n, x)[1] ** 2)
    return np.concatenate([x, -x[::-1]]).astype(float), np.concatenate([w, w[::-1]]).astype(float)


def _polynomial(n: int, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Legendre's P_n and its derivative."""
    before, value = np.ones_like(x), x
    for l in range(2, n + 1):
        before, value = value, ((2 * l - 1) * x * value - (l - 1) * before) / l
    return value, n * (before - x * value) / ((1 - x) * (1 + x))


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


def _grown(modes: Modes) -> Modes:
    """One more row, of zeros."""
    return jnp.concatenate([modes, jnp.zeros_like(modes[:1])])


def _split(values: Array) -> Array:
    """Complex (a, b, ...) → real (a, b, 2·rest): real and imaginary parts side by side."""
    flat = values.reshape(*values.shape[:2], -1)
    return jnp.concatenate([flat.real, flat.imag], axis=-1)


def _joined(values: Array, rest: tuple[int, ...]) -> Array:
    """The inverse of `_split`."""
    half = values.shape[-1] // 2
    return (values[..., :half] + 1j * values[..., half:]).reshape(*values.shape[:2], *rest)
