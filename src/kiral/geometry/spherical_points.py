"""What `kiral.geometry.sphere` is made of: matrix products in theta and phi over the sphere's points in an order of their own.

Columns. Modes as real arrays (l, columns, ...): real parts of all m, then the imaginary ones; only the real ones for m_max = 0.
Rows. The same by part and by parity of l, (m, rows, k), k whatever comes after: what Legendre functions multiply. North and
south are sum and difference of even and odd l, +phi and -phi those of cosines and sines: half of the multiplications each.
Points. Grid values (signs, half circle, k'): sign of phi, phi from 0 to pi, and k' = (north and south, theta from the pole, k).
phi = 0 (and pi) stands there for both signs, with half the weight. One point in phi: (1, 1, k').
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from kiral.geometry.legendre import gauss

if TYPE_CHECKING:
    from kiral.geometry.sphere import Sphere


class Rows(NamedTuple):
    """Modes of even and of odd degree, each (m, rows, k)."""

    even: Array
    odd: Array


Parts = tuple[Rows, ...]  # real, and imaginary but for m_max = 0


# --- modes -----------------------------------------------------------------------------------------------------------


def to_rows(sphere: Sphere, columns: Array) -> Parts:
    """(l, columns, k) → rows."""
    parts = columns.reshape(columns.shape[0], -1, sphere.m_max + 1, columns.shape[-1])
    return tuple(Rows(*(jnp.swapaxes(parts[first::2, part], 0, 1) for first in (0, 1))) for part in range(parts.shape[1]))


def from_rows(parts: Parts) -> Array:
    """The inverse of `to_rows`: as many l as there are rows."""
    found = []
    for rows in parts:
        even, odd = (jnp.swapaxes(x, 0, 1) for x in rows)
        degrees = len(even) + len(odd)
        odd = jnp.pad(odd, [(0, len(even) - len(odd)), (0, 0), (0, 0)])
        found.append(jnp.stack([even, odd], axis=1).reshape(-1, *even.shape[1:])[:degrees])
    return jnp.concatenate(found, axis=1)


def tangential_rows(sphere: Sphere, s: Parts, t: Parts) -> tuple[Parts, Parts]:
    """sinθ V_θ and sinθ V_φ, rows up to l_max + 1, of S and T, rows up to l_max."""
    theta = tuple(_sum(_slope(sphere, a), b) for a, b in zip(s, _turned(sphere, t), strict=True))
    return theta, tuple(_sum(_slope(sphere, b), a, -1.0) for a, b in zip(_turned(sphere, s), t, strict=True))


def tangential_adjoint(sphere: Sphere, theta: Parts, phi: Parts) -> tuple[Parts, Parts]:
    """The transpose of `tangential_rows`, with rows up to l_max."""
    turned = (_turned(sphere, x) for x in (theta, phi))
    pairs = zip(theta, phi, *turned, strict=True)
    found = [
        (_minus(_slope_transposed(sphere, a), 1.0, d), _minus(_slope_transposed(sphere, b), -1.0, c)) for a, b, c, d in pairs
    ]
    return tuple(s for s, _ in found), tuple(t for _, t in found)


def _sum(slope: Rows, other: Rows, sign: float = 1.0) -> Rows:
    """sign slope + other, which has fewer rows."""
    return Rows(*(sign * a + _grown(b, a.shape[1]) for a, b in zip(slope, other, strict=True)))


def _minus(slope: Rows, sign: float, other: Rows) -> Rows:
    """sign slope - other, which has more rows."""
    return Rows(*(sign * a - b[:, : a.shape[1]] for a, b in zip(slope, other, strict=True)))


def _slope(sphere: Sphere, x: Rows) -> Rows:
    """sinθ ∂θ of rows up to l_max, up to l_max + 1: what degree l gives to l + 1, less what it gives to l - 1."""
    even, odd = (sphere.l_max + 3) // 2, (sphere.l_max + 2) // 2
    up, down = (Rows(c[:, 0::2] * x.even, c[:, 1::2] * x.odd) for c in _couplings(sphere.l_max, sphere.m_max))
    return Rows(_grown(up.odd, even, 1) - _grown(down.odd, even), _grown(up.even, odd) - _grown(down.even[:, 1:], odd))


def _slope_transposed(sphere: Sphere, x: Rows) -> Rows:
    """Rows up to l_max of those up to l_max + 1."""
    below, above = _couplings(sphere.l_max, sphere.m_max)
    even = below[:, 0::2] * x.odd - above[:, 0::2] * _grown(x.odd[:, :-1], x.odd.shape[1], 1)
    return Rows(even, below[:, 1::2] * x.even[:, 1:] - above[:, 1::2] * x.even[:, :-1])


@lru_cache
def _couplings(l_max: int, m_max: int) -> tuple[np.ndarray, np.ndarray]:
    """(l α_{l+1}, (l+1) α_l), each (m, l, 1), 0 where m > l."""
    l, m = np.arange(l_max + 1.0), np.arange(m_max + 1.0)[:, None]
    inside = m <= l
    alpha = np.sqrt(np.maximum(l**2 - m**2, 0.0) / (4 * l**2 - 1 + (l == 0) * 2))
    ahead = np.sqrt(np.maximum((l + 1) ** 2 - m**2, 0.0) / (4 * (l + 1) ** 2 - 1))
    return (l * ahead * inside)[..., None], ((l + 1) * alpha * inside)[..., None]


def _grown(x: Array, rows: int, before: int = 0) -> Array:
    """`rows` rows: zeros, `before` ahead and the rest behind."""
    after = rows - before - x.shape[1]
    return jnp.pad(x, ((0, 0), (before, after), (0, 0))) if before or after else x


def _turned(sphere: Sphere, parts: Parts) -> Parts:
    """im times the modes."""
    m = sphere.orders[:, None, None]
    if sphere.m_max == 0:
        return tuple(Rows(*(jnp.zeros_like(x) for x in rows)) for rows in parts)
    real, imaginary = parts
    return Rows(*(-m * x for x in imaginary)), Rows(*(m * x for x in real))


# --- points ----------------------------------------------------------------------------------------------------------


def to_points(sphere: Sphere, parts: Parts, *, tangential: bool = False) -> Array:
    """Values at the points; tangential: over sinθ."""
    m = sphere.m_max + 1
    scale = 1 / _sine(sphere.n_theta)[:, None] if tangential else 1.0
    signs = [s * scale for s in _reflections(sphere.m_max)]
    waves = []
    for rows in parts:
        found = (_batched(table[..., : x.shape[1]], x) for table, x in zip(sphere.synthesis_tables, rows, strict=True))
        even, odd = (x[:, None] for x in found)
        waves.append((signs[0] * even + signs[1] * odd).reshape(m, -1))
    if sphere.n_phi == 1:
        return waves[0].reshape(1, 1, -1)
    cosine, sine = _turns(sphere.m_max, sphere.n_phi)
    both = (cosine @ waves[0])[None]
    if sphere.m_max > 0:
        both = both + np.array([1.0, -1.0])[:, None, None] * (sine @ waves[1])
    return jnp.broadcast_to(both, (2, *both.shape[1:]))


def from_points(sphere: Sphere, values: Array, rows: int, *, tangential: bool = False) -> Parts:
    """∫ f Y* dΩ of values at the points, `rows` degrees. tangential: of f/sinθ."""
    m, half = sphere.m_max + 1, sphere.n_theta // 2
    weights = 2 * np.pi * gauss(sphere.n_theta)[1][:half]
    scale = (weights / _sine(sphere.n_theta) if tangential else weights)[:, None]
    signs = [s * scale for s in _reflections(sphere.m_max)]
    sizes = (rows + 1) // 2, rows // 2
    found = []
    for wave in _waves(sphere, values):
        wave = wave.reshape(m, 2, half, -1)
        both = (sign[:, 0] * wave[:, 0] + sign[:, 1] * wave[:, 1] for sign in signs)
        found.append(Rows(*(_batched(t[:, :n], x) for t, n, x in zip(sphere.analysis_tables, sizes, both, strict=True))))
    return tuple(found)


def _waves(sphere: Sphere, values: Array) -> list[Array]:
    """Real and imaginary parts of ∫ f e^{-imφ} dφ/2π, (m, k')."""
    if sphere.n_phi == 1:
        return [values[0]]
    cosine, sine = _turns(sphere.m_max, sphere.n_phi)
    weights = point_weights(sphere)[0][:, None]  # to the table: the transform of a table is made once
    even, odd = values[0] + values[1], values[0] - values[1]
    doubled = np.where(sphere.orders == 0, 1.0, 2.0)[:, None]
    waves = [(cosine * weights).T / doubled @ even]
    return waves if sphere.m_max == 0 else [*waves, (sine * weights).T / doubled @ odd]


def _batched(a: Array, b: Array) -> Array:
    """Matrix products for each m."""
    return jnp.einsum("mij,mjk->mik", a, b)


@lru_cache
def _reflections(m_max: int) -> tuple[np.ndarray, np.ndarray]:
    """Signs of even and odd l in the north and the south: (m, 2, 1, 1)."""
    parity = (-1.0) ** np.arange(m_max + 1)
    one = np.ones_like(parity)
    return tuple(np.stack([one, sign * parity], axis=1)[:, :, None, None] for sign in (1, -1))


@lru_cache
def _turns(m_max: int, n_phi: int) -> tuple[np.ndarray, np.ndarray]:
    """What real and imaginary parts give at phi >= 0, m < 0 included: (half circle, m)."""
    m = np.arange(m_max + 1)
    angle = 2 * np.pi / n_phi * np.arange(n_phi // 2 + 1)[:, None] * m
    twice = np.where(m == 0, 1.0, 2.0)
    return twice * np.cos(angle), -twice * np.sin(angle)


@lru_cache
def _sine(n_theta: int) -> np.ndarray:
    x = gauss(n_theta)[0][: n_theta // 2]
    return np.sqrt((1 - x) * (1 + x))


def point_weights(sphere: Sphere) -> tuple[np.ndarray, np.ndarray]:
    """Shares of the circle, (half circle,), for each sign; weights 2π w of theta, north and south, (2 half,)."""
    n = sphere.n_phi
    circle = np.full(n // 2 + 1, 1 / n)
    if n > 1:
        circle[0] /= 2
        if n % 2 == 0:
            circle[-1] /= 2
    return circle, np.tile(2 * np.pi * gauss(sphere.n_theta)[1][: sphere.n_theta // 2], 2)


def over_sphere(sphere: Sphere, values: Array) -> Array:
    """∫ f dΩ of values at the points: (k,)."""
    circle, theta = point_weights(sphere)
    around = np.tile(circle, len(values)) @ values.reshape(-1, values.shape[-1])
    return theta @ around.reshape(len(theta), -1)


def largest(sphere: Sphere, values: Array) -> Array:
    """The largest of the values at the points: (k,)."""
    return jnp.max(jnp.max(values, axis=(0, 1)).reshape(sphere.n_theta, -1), axis=0)


# --- the grid --------------------------------------------------------------------------------------------------------


def to_grid(sphere: Sphere, values: Array) -> Array:
    """Values at the points → (theta, phi, k)."""
    half, n = sphere.n_theta // 2, sphere.n_phi
    values = values.reshape(*values.shape[:2], 2, half, -1)
    around = values[0] if n == 1 else jnp.concatenate([values[0], values[1, 1 : (n + 1) // 2][::-1]])
    return jnp.moveaxis(jnp.concatenate([around[:, 0], around[:, 1, ::-1]], axis=1), 0, 1)


def of_grid(sphere: Sphere, values: Array) -> Array:
    """(theta, phi, k) → values at the points."""
    half, n = sphere.n_theta // 2, sphere.n_phi
    values = jnp.stack([values[:half], values[half:][::-1]])
    if n == 1:
        return values.reshape(1, 1, -1)
    there = np.arange(n // 2 + 1)
    around = jnp.stack([values[:, :, there], values[:, :, -there % n]])
    return jnp.transpose(around, (0, 3, 1, 2, 4)).reshape(2, len(there), -1)
