"""Discretised momentum space: real spherical harmonics in direction times discontinuous Galerkin in |p|.

Functions of momentum are expanded as h(p) = Σ_lm h_lm(|p|) Y_lm(p̂) with real orthonormal Y_lm, l ≤ l_max; the order is
l = 0, 1, …, and m = -l … l within one l (m < 0: sin|m|φ, m ≥ 0: cos mφ). Each h_lm is a polynomial in every element of |p|,
given at the element's Gauss-Legendre nodes: quadrature and collocation nodes are the same, the mass matrix is diagonal.
The matrices are small and made once per resolution with numpy; momenta are in any unit.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
from scipy.special import sph_legendre_p_all


def real_harmonics(degree: np.ndarray, order: np.ndarray, directions: np.ndarray) -> np.ndarray:
    """Orthonormal real Y_lm of unit vectors: degree, order (n,) and directions (3, …) → (n, …).

    Y_00 = 1/√4π; order m > 0 goes with cos mφ, m < 0 with sin |m|φ, φ from x towards y.
    """
    x, y, z = np.asarray(directions, dtype=float)
    phi = np.arctan2(y, x)
    top = int(np.max(degree, initial=0))
    legendre = sph_legendre_p_all(top, top, np.arccos(np.clip(z, -1.0, 1.0)))[0]
    rows = []
    for l, m in zip(degree, order, strict=True):
        wave = 1.0 if m == 0 else np.sqrt(2) * (np.cos(m * phi) if m > 0 else np.sin(-m * phi))
        rows.append(legendre[l, abs(m)] * wave)
    return np.array(rows)


@dataclass(frozen=True)
class Angles:
    """Real harmonics up to a degree and the matrices ⟨Y| · |Y⟩ of the operations that the kinetic equation needs.

    degree, order – (n,) l and m. direction – (3, n, n) of p̂. gradient – (3, n, n) of the surface gradient |p| ∇_p at fixed
    |p|. rotation – (3, n, n) of p × ∇_p, exact and antisymmetric. direction_twice, direction_gradient – (3, 3, n, n) of
    p̂_i p̂_j and p̂_i (|p| ∇_p)_j, exact: the product of truncated matrices would lose the excursion through l_max + 1.
    """

    degree: np.ndarray
    order: np.ndarray
    direction: np.ndarray
    gradient: np.ndarray
    rotation: np.ndarray
    direction_twice: np.ndarray
    direction_gradient: np.ndarray

    @property
    def size(self) -> int:
        """Number of harmonics."""
        return len(self.degree)

    def turned(self) -> np.ndarray:
        """Signs (n,) of the harmonics under x → -x, z → -z, a half turn about y."""
        return np.where(self.order < 0, -1, 1) * (-1.0) ** self.degree


@lru_cache(maxsize=8)
def angles(l_max: int, axisymmetric: bool = False) -> Angles:
    """Harmonics up to l_max: all of them, or those of functions with rotational symmetry about z (m = 0)."""
    pairs = [(l, m) for l in range(l_max + 2) for m in ([0] if axisymmetric else range(-l, l + 1))]
    degree, order = np.array(pairs).T
    cosine, weight = np.polynomial.legendre.leggauss(l_max + 3)
    phi = 2 * np.pi * np.arange(2 * l_max + 6) / (2 * l_max + 6)
    sine = np.sqrt(1 - cosine**2)[:, None]
    p_hat = np.array([sine * np.cos(phi), sine * np.sin(phi), cosine[:, None] + 0 * phi])
    values = real_harmonics(degree, order, p_hat)
    measure = weight[:, None] * np.full(phi.size, 2 * np.pi / phi.size)
    direction = np.einsum("aij,kij,bij,ij->kab", values, p_hat, values, measure, optimize=True)
    direction[np.abs(direction) < 1e-14] = 0.0
    # |p| ∇ = [Δ_S, p̂]/2 + p̂ on the unit sphere, where Δ_S Y = -l(l+1) Y and Δ_S p̂ = -2 p̂
    casimir = degree * (degree + 1.0)
    gradient = direction * (1 + (casimir[None, :] - casimir[:, None]) / 2)
    twice = np.einsum("iab,jbc->ijac", direction, direction)
    mixed = np.einsum("iab,jbc->ijac", direction, gradient)
    n = int(np.count_nonzero(degree <= l_max))
    rotation = np.array([mixed[(i + 1) % 3, (i + 2) % 3] - mixed[(i + 2) % 3, (i + 1) % 3] for i in range(3)])
    cut = np.s_[..., :n, :n]
    return Angles(degree[:n], order[:n], direction[cut], gradient[cut], rotation[cut], twice[cut], mixed[cut])


@dataclass(frozen=True)
class Radius:
    """Elements in |p| with their Gauss nodes, all in one row: node (e, i) has index e·nodes + i.

    p, weights – (n,) nodes and quadrature weights. mean_flux, upwind – (n, n): the weak form of d/dp of A h is
    mean_flux ⊗ A + upwind ⊗ |A|, with the upwind flux between elements and none through |p| = 0 and p_max, so that
    weights @ mean_flux = weights @ upwind = 0: what moves is conserved. derivative – (n, n) d/dp inside each element.
    """

    edges: np.ndarray
    p: np.ndarray
    weights: np.ndarray
    mean_flux: np.ndarray
    upwind: np.ndarray
    derivative: np.ndarray


def radius(edges: np.ndarray, nodes: int) -> Radius:
    """Discontinuous Galerkin elements between the edges, polynomials of degree nodes - 1."""
    x, w = np.polynomial.legendre.leggauss(nodes)
    difference, ends = _differentiation(x), np.array([_lagrange(x, end) for end in (-1.0, 1.0)])
    count = len(edges) - 1
    half = np.diff(edges) / 2
    weights = (half[:, None] * w).ravel()
    mean_flux, upwind, derivative = (np.zeros((count * nodes, count * nodes)) for _ in range(3))
    for e in range(count):
        here = slice(e * nodes, (e + 1) * nodes)
        derivative[here, here] = difference / half[e]
        mean_flux[here, here] = -difference.T * w
    for e in range(count - 1):
        pair = slice(e * nodes, (e + 2) * nodes)
        left, right = np.r_[ends[1], 0 * x], np.r_[0 * x, ends[0]]
        jump = left - right  # test function and solution, from the left minus from the right
        mean_flux[pair, pair] += np.outer(jump, (left + right) / 2)
        upwind[pair, pair] += np.outer(jump, jump / 2)
    p = ((edges[1:] + edges[:-1])[:, None] / 2 + half[:, None] * x).ravel()
    return Radius(edges, p, weights, mean_flux / weights[:, None], upwind / weights[:, None], derivative)


def geometric_edges(first: float, last: float, count: int) -> np.ndarray:
    """Edges (count + 1,) of elements of growing size: [0, first] and geometric ones up to `last`."""
    return np.r_[0.0, np.geomspace(first, last, count)]


def divided(edges: np.ndarray, start: float, end: float, size: float) -> np.ndarray:
    """The edges with every element that overlaps [start, end] divided into equal ones of at most `size`."""
    parts = []
    for left, right in pairwise(edges):
        count = int(np.ceil((right - left) / size)) if right > start and left < end else 1
        parts.append(np.linspace(left, right, count + 1)[:-1])
    return np.concatenate([*parts, edges[-1:]])


def _lagrange(x: np.ndarray, at: float) -> np.ndarray:
    """Values at one point of the Lagrange polynomials of the nodes x."""
    return np.array([np.prod([(at - b) / (a - b) for b in x if b != a]) for a in x])


def _differentiation(x: np.ndarray) -> np.ndarray:
    """Matrix (n, n) that takes values at the nodes x to the derivative of their polynomial, from barycentric weights."""
    gaps = x[:, None] - x[None, :] + np.eye(len(x))
    barycentric = 1 / np.prod(gaps, axis=1)
    matrix = barycentric[None, :] / barycentric[:, None] / gaps
    np.fill_diagonal(matrix, 0.0)
    np.fill_diagonal(matrix, -matrix.sum(axis=1))
    return matrix
