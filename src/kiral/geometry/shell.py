"""Radius in a spherical shell: Legendre-Gauss-Lobatto spectral elements with summation by parts. Knows no physics.

Nodes. [inner, outer] is cut into elements at `edges`; each holds order + 1 Legendre-Gauss-Lobatto points, the ends included and
shared with its neighbours: nodes = elements·order + 1. A continuous function is its values at the nodes, shape (..., nodes),
with any leading axes (degree l, order m). What jumps between elements, as a derivative does, is kept per element: "local"
arrays of shape (..., elements, order + 1). Integrals are sums over the same points (exact up to degree 2 order - 1), so that
for each element Σ w (u' v + u v') = [u v] to round-off: what a weak form conserves, the sums conserve.

Metric. The shell may be curved, dℓ = stretch dr with areal radius r: derivatives are d/dℓ, integrals ∫ dℓ, and summation by
parts holds all the same.

Accuracy. Derivatives are wrong by O(h^order), eigenvalues and integrals of smooth solutions converge faster. Coefficients
that jump should jump at edges, else the order is that of the jump. All methods take numpy or jax arrays, inside compiled code
as well.

Source: Canuto, Hussaini, Quarteroni & Zang, Spectral Methods (2006), Secs. 2.3 and 5.4.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import equinox as eqx
import numpy as np

Array = Any


class Shell(eqx.Module):
    """Nodes of a shell. r: (nodes,) areal radius; stretch: (nodes,) dℓ/dr, 1 in flat space; order: of the polynomials."""

    r: Array
    stretch: Array
    order: int = eqx.field(static=True)

    @property
    def elements(self) -> int:
        """Number of elements."""
        return (self.r.shape[0] - 1) // self.order

    @property
    def nodes(self) -> int:
        """Number of nodes."""
        return self.r.shape[0]

    @property
    def half_widths(self) -> Array:
        """Half the width of each element in r, (elements, 1)."""
        edges = self.r[:: self.order]
        return ((edges[1:] - edges[:-1]) / 2)[:, None]

    @property
    def local_weights(self) -> Array:
        """Weights of ∫ dℓ at the points of each element, (elements, order + 1)."""
        return self.half_widths * lobatto(self.order)[1] * self.local(self.stretch)

    @property
    def weights(self) -> Array:
        """Weights of ∫ dℓ at the nodes, (nodes,): the diagonal mass matrix."""
        return self.gathered(self.local_weights)

    def local(self, u: Array) -> Array:
        """(..., nodes) → (..., elements, order + 1): the values at the points of each element."""
        xp, p = u.__array_namespace__(), self.order
        first = u[..., :-1].reshape(*u.shape[:-1], self.elements, p)
        return xp.concatenate([first, u[..., p::p][..., None]], axis=-1)

    def gathered(self, u: Array) -> Array:
        """(..., elements, order + 1) → (..., nodes): the transpose of `local`, a node's values from both sides added."""
        xp = u.__array_namespace__()
        head, tail = u[..., :1, :1], u[..., -1, -1:]
        first = xp.concatenate([head, u[..., 1:, :1] + u[..., :-1, -1:]], axis=-2)
        body = xp.concatenate([first, u[..., 1:-1]], axis=-1)
        return xp.concatenate([body.reshape(*u.shape[:-2], -1), tail], axis=-1)

    def derivative(self, u: Array) -> Array:
        """du/dℓ of (..., nodes) at the points of each element, (..., elements, order + 1)."""
        return (self.local(u) @ lobatto(self.order)[2].T) / (self.half_widths * self.local(self.stretch))

    def derivative_transposed(self, flux: Array) -> Array:
        """∫ (dφ/dℓ) flux dℓ for the function φ of every node: (..., elements, order + 1) → (..., nodes).

        For any u: Σ u derivative_transposed(flux) = integral(derivative(u) flux), to round-off.
        """
        return self.gathered((flux * lobatto(self.order)[1]) @ lobatto(self.order)[2])

    def integral(self, u: Array) -> Array:
        """∫ u dℓ of values (..., elements, order + 1) at the points of each element: (...)."""
        return (u * self.local_weights).sum(axis=(-2, -1))

    def nodal_integral(self, u: Array) -> Array:
        """∫ u dℓ of values (..., nodes): (...)."""
        return (u * self.weights).sum(axis=-1)

    def projected(self, u: Array) -> Array:
        """The continuous function nearest to (..., elements, order + 1) in ∫ dℓ: the weighted mean at shared nodes."""
        return self.gathered(u * self.local_weights) / self.weights

    def interpolation(self, r: np.ndarray) -> np.ndarray:
        """Matrix (points, nodes) to any radii within the shell, by the elements' polynomials (numpy)."""
        nodes = np.asarray(self.r)
        edges, r = nodes[:: self.order], np.atleast_1d(np.asarray(r, float))
        where = np.clip(np.searchsorted(edges, r, side="right") - 1, 0, self.elements - 1)
        x = 2 * (r - edges[where]) / (edges[where + 1] - edges[where]) - 1
        matrix = np.zeros((r.size, self.nodes))
        columns = where[:, None] * self.order + np.arange(self.order + 1)
        np.put_along_axis(matrix, columns, _lagrange(self.order, x), axis=1)
        return matrix


def make_shell(edges: np.ndarray, order: int, stretch: Any = None) -> Shell:
    """A shell of numpy arrays. edges: (elements + 1,), increasing; stretch: function of r giving dℓ/dr, None for flat space."""
    edges = np.asarray(edges, float)
    x = lobatto(order)[0]
    centre, half = (edges[1:] + edges[:-1]) / 2, np.diff(edges) / 2
    r = np.append((centre[:, None] + half[:, None] * x)[:, :-1].ravel(), edges[-1])
    r[::order] = edges
    return Shell(r, np.ones_like(r) if stretch is None else np.asarray(stretch(r), float), order)


def element_edges(
    inner: float, outer: float, elements: int, *, centre: float | None = None, width: float = 0.0, finer: float = 1.0
) -> np.ndarray:
    """Edges (elements + 1,) of elements between inner and outer, evenly spaced, or finer around a radius.

    With `centre` the density of elements is 1 + (finer - 1)/(1 + ((r - centre)/width)²) times that far from it.
    """
    if centre is None or finer == 1.0:
        return np.linspace(inner, outer, elements + 1)

    def content(r):
        return r - inner + (finer - 1) * width * (np.arctan((r - centre) / width) - np.arctan((inner - centre) / width))

    fine = np.linspace(inner, outer, 50 * elements + 1)  # starts Newton's method for the inverse of `content`
    wanted = np.linspace(0, content(outer), elements + 1)
    r = np.interp(wanted, content(fine), fine)
    for _ in range(4):
        r = r - (content(r) - wanted) / (1 + (finer - 1) / (1 + ((r - centre) / width) ** 2))
    r[0], r[-1] = inner, outer
    return r


def potential_slope(degrees: np.ndarray, radius: float, compactness: float = 0.0) -> np.ndarray:
    """-f'/f [1/length] just outside the sphere `radius`: poloidal function of a current-free field that vanishes far away.

    f'' = l(l+1) f/r² gives f ~ r^-l and l/radius. compactness x = r_s/radius, r_s the Schwarzschild radius of what is inside:
    ((1 - r_s/r) f')' = l(l+1) f/r² gives f ~ r^-l 2F1(l, l+2; 2l+2; r_s/r) (Wasserman & Shapiro 1983), here for every l;
    for l = 1 this is r² [ln(1 - x) + x + x²/2]. f' is d/dr. Valid for 0 <= x < 1.
    """
    degrees = np.asarray(degrees, float)
    if compactness == 0.0:
        return degrees / radius
    from scipy.special import hyp2f1

    l, x = degrees, compactness
    rising = l * (l + 2) / (2 * l + 2) * hyp2f1(l + 1, l + 3, 2 * l + 3, x) / hyp2f1(l, l + 2, 2 * l + 2, x)
    return (l + x * rising) / radius


@lru_cache
def lobatto(order: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(points, weights, derivative matrix) of Legendre-Gauss-Lobatto quadrature with order + 1 points on [-1, 1]."""
    legendre = np.polynomial.legendre.Legendre.basis(order)
    x = np.concatenate([[-1.0], np.sort(legendre.deriv().roots().real), [1.0]])
    x = (x - x[::-1]) / 2
    slope, curve = legendre.deriv(), legendre.deriv(2)
    x[1:-1] -= slope(x[1:-1]) / curve(x[1:-1])
    values = legendre(x)
    weights = 2 / (order * (order + 1) * values**2)
    difference = x[:, None] - x + np.eye(order + 1)
    matrix = values[:, None] / (values * difference)
    np.fill_diagonal(matrix, 0.0)
    np.fill_diagonal(matrix, -matrix.sum(axis=1))  # derivatives of a constant vanish to round-off
    return x, weights, matrix


def _lagrange(order: int, x: np.ndarray) -> np.ndarray:
    """Values (points, order + 1) of the Lobatto points' Lagrange polynomials at x, by the barycentric formula."""
    nodes, _, _ = lobatto(order)
    bary = 1 / np.polynomial.legendre.Legendre.basis(order)(nodes)
    difference = x[:, None] - nodes
    exact = difference == 0
    terms = bary / np.where(exact, 1.0, difference)
    values = terms / terms.sum(axis=1, keepdims=True)
    return np.where(exact.any(axis=1, keepdims=True), exact.astype(float), values)
