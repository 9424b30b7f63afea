"""The algebra of flavor: what SU(2) and SU(3) need of polarization vectors, two and three flavors.

A traceless Hermitian matrix is p·λ/2 with the Pauli (two flavors) or Gell-Mann matrices λ, Tr(λa λb) = 2 δab, and is held
as a tuple of its 3 or 8 real components, each an array of any one shape. -i[h·λ/2, p·λ/2] is (h × p)·λ/2 with the cross
product of the algebra, (a × b)_c = f_abc a_a b_b. Rotations keep |p| to round-off whatever the angle.
"""

from __future__ import annotations

from functools import cached_property
from itertools import product

import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array

Vector = tuple[Array, ...]

_PAULI = np.array([[[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])
_GELL_MANN = np.array(
    [
        [[0, 1, 0], [1, 0, 0], [0, 0, 0]],
        [[0, -1j, 0], [1j, 0, 0], [0, 0, 0]],
        [[1, 0, 0], [0, -1, 0], [0, 0, 0]],
        [[0, 0, 1], [0, 0, 0], [1, 0, 0]],
        [[0, 0, -1j], [0, 0, 0], [1j, 0, 0]],
        [[0, 0, 0], [0, 0, 1], [0, 1, 0]],
        [[0, 0, 0], [0, 0, -1j], [0, 1j, 0]],
        np.diag([1, 1, -2]) / np.sqrt(3),
    ]
)
_TAN_LEVELS = 7  # continued fraction of tan(y)/y: 1e-15 for y < 0.75, and any value keeps the rotation orthogonal
_SERIES = 20  # terms of exp(iQ): below round-off for eigenvalues of Q up to 1, rotations of 1.7


class Group:
    """One of SU2, SU3 below; immutable, compared by identity, so that it can be a static part of an equation."""

    def __init__(self, name: str, matrices: np.ndarray) -> None:
        self.name, self.matrices = name, matrices
        self.components, self.flavors = matrices.shape[:2]
        self.diagonal = tuple(i for i, m in enumerate(matrices) if np.array_equal(m, np.diag(np.diag(m))))
        self.off_diagonal = tuple(i for i in range(self.components) if i not in self.diagonal)

    def __repr__(self) -> str:
        return self.name

    def vector(self, matrix: np.ndarray) -> np.ndarray:
        """Components p_a = Tr(λa M) of the traceless part of Hermitian M (..., N, N) → (n, ...)."""
        return np.real(np.einsum("aij,...ji->a...", self.matrices, matrix))

    def matrix(self, vector: np.ndarray, trace: np.ndarray | float = 0.0) -> np.ndarray:
        """trace/N + p·λ/2, (n, ...) → (..., N, N)."""
        unit = np.eye(self.flavors) / self.flavors
        return np.einsum("a...,aij->...ij", vector, self.matrices) / 2 + np.multiply.outer(np.asarray(trace), unit)

    @cached_property
    def flavor_weights(self) -> np.ndarray:
        """(N, n): ρ_ff = trace/N + Σ_a weights[f, a] p_a."""
        return np.real(np.einsum("aff->fa", self.matrices)) / 2

    @cached_property
    def structure(self) -> tuple[tuple[int, int, int, float], ...]:
        """All (a, b, c, f_abc) with a < b and f ≠ 0."""
        m = self.matrices
        f = np.real((np.einsum("aij,bjk,cki->abc", m, m, m) - np.einsum("bij,ajk,cki->abc", m, m, m)) / 4j)
        n = self.components
        found = ((a, b, c, float(f[a, b, c])) for a, b, c in product(range(n), repeat=3) if a < b)
        return tuple(entry for entry in found if abs(entry[3]) > 1e-14)

    def cross(self, a: Vector, b: Vector) -> Vector:
        """a × b, with -i[a·λ/2, b·λ/2] = (a × b)·λ/2."""
        out: list = [None] * self.components
        for i, j, k, f in self.structure:
            term = a[i] * b[j] - a[j] * b[i]
            term = term if f == 1 else f * term
            out[k] = term if out[k] is None else out[k] + term
        return tuple(out)

    def rotate(self, u: Vector, p: Vector) -> Vector:
        """exp(u ×) p: the rotation by the generator u, p·λ → U p·λ U† with U = exp(-i u·λ/2)."""
        return _rotate_two(self, u, p) if self.flavors == 2 else _rotate_three(self, u, p)


def dot(a: Vector, b: Vector) -> Array:
    """a·b."""
    total = a[0] * b[0]
    for x, y in zip(a[1:], b[1:], strict=True):
        total = total + x * y
    return total


def _rotate_two(group: Group, u: Vector, p: Vector) -> Vector:
    """Rodrigues' rotation by the quaternion (a, b) ∝ (1, tan(|u|/2) u/|u|): p + 2 (a b × p + b (b·p) - b² p)/(a² + b²).

    Orthogonal to round-off for any (a, b). tan(y)/y = d(y²)/a(y²) by polynomials: no square root, branch or pole; b = d u/2.
    """
    square = dot(u, u)
    a, half = _polynomial(_TAN[0], square / 4), _polynomial(_TAN[1], square / 4) / 2
    size = (a * a + half * half * square) / 2
    first, second = a * half / size, half * half / size  # XLA on CPUs computes quotients once, all else anew for every use
    along, rest = second * dot(u, p), 1 - second * square
    turned = group.cross(u, p)
    return tuple(rest * x + (first * y + along * z) for x, y, z in zip(p, turned, u, strict=True))


def _tangent(levels: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Coefficients (a, d), lowest first, of tan(y)/y = d(y²)/a(y²) by so many levels of its continued fraction."""
    a, d = np.array([2.0 * levels + 1]), np.array([1.0])
    for odd in range(2 * levels - 1, 0, -2):
        shifted = np.concatenate([[0.0], d])
        size = max(len(a), len(shifted))
        new = odd * np.pad(a, (0, size - len(a))) - np.pad(shifted, (0, size - len(shifted)))
        a, d = new, a
    return tuple((a / a[0]).tolist()), tuple((d / a[0]).tolist())


_TAN = _tangent(_TAN_LEVELS)


def _polynomial(coefficients: tuple[float, ...], x: Array) -> Array:
    total = jnp.full_like(x, coefficients[-1])
    for c in coefficients[-2::-1]:
        total = total * x + c
    return total


def _rotate_three(group: Group, u: Vector, p: Vector) -> Vector:
    """exp(-iQ) P exp(iQ) with Q = u·λ/2, P = p·λ/2; exp as a polynomial in Q by Q³ = (u²/4) Q + det Q (Cayley-Hamilton)."""
    q = _matrix_three(u)
    square = _product(q, q)
    c1, c0 = dot(u, u) / 4, _determinant(q)
    f = _exponential(c0, c1)
    unitary = [[f[1] * q[i][j] + f[2] * square[i][j] + (f[0] if i == j else 0) for j in range(3)] for i in range(3)]
    # Rows of length 1 to round-off; and XLA computes what ends in a division once, not anew for every use.
    lengths = [jnp.sqrt(sum(z.real**2 + z.imag**2 for z in row)) for row in unitary]
    unitary = [[lax.complex(z.real / s, z.imag / s) for z in row] for row, s in zip(unitary, lengths, strict=True)]
    dagger = [[jnp.conj(unitary[j][i]) for j in range(3)] for i in range(3)]
    m = _product(_product(unitary, _matrix_three(p)), dagger)
    new = (
        2 * m[0][1].real, -2 * m[0][1].imag, m[0][0].real - m[1][1].real, 2 * m[0][2].real, -2 * m[0][2].imag,
        2 * m[1][2].real, -2 * m[1][2].imag, (m[0][0].real + m[1][1].real - 2 * m[2][2].real) / float(np.sqrt(3)),
    )  # fmt: skip
    before = dot(p, p)
    stretch = dot(new, new) / jnp.where(before > 0, before, 1.0)
    return tuple((1.5 - 0.5 * stretch) * x for x in new)


def _exponential(c0: Array, c1: Array) -> list[Array]:
    """f with exp(-iQ) = f0 + f1 Q + f2 Q² where Q³ = c1 Q + c0: the power series, two terms at a time, in a loop."""
    zero, one = jnp.zeros_like(c1), jnp.ones_like(c1)

    def times_q(a: Array, b: Array, c: Array) -> Vector:
        return c0 * c, a + c1 * c, b

    def two_terms(m, carry):
        powers, factor, even, odd = carry
        even = tuple(x + factor * y for x, y in zip(even, powers, strict=True))
        powers, factor = times_q(*powers), factor / (2 * m + 1)
        odd = tuple(x - factor * y for x, y in zip(odd, powers, strict=True))
        return times_q(*powers), -factor / (2 * m + 2), even, odd

    nothing = (zero, zero, zero)
    start = ((one, zero, zero), jnp.ones((), c1.dtype), nothing, nothing)
    _, _, even, odd = lax.fori_loop(0, _SERIES // 2, two_terms, start)
    return [lax.complex(e, o) for e, o in zip(even, odd, strict=True)]


def _matrix_three(u: Vector) -> list[list[Array]]:
    """u·λ/2 as rows of complex arrays."""
    a, b, c = (u[0] - 1j * u[1]) / 2, (u[3] - 1j * u[4]) / 2, (u[5] - 1j * u[6]) / 2
    eight = u[7] / float(np.sqrt(12))
    zero = jnp.zeros_like(a)
    return [
        [zero + u[2] / 2 + eight, a, b],
        [jnp.conj(a), zero - u[2] / 2 + eight, c],
        [jnp.conj(b), jnp.conj(c), zero - 2 * eight],
    ]


def _product(a: list, b: list) -> list:
    return [[sum(a[i][k] * b[k][j] for k in range(3)) for j in range(3)] for i in range(3)]


def _determinant(q: list) -> Array:
    """det of a Hermitian 3 × 3 matrix, real."""
    a, b, c = (
        q[1][1] * q[2][2] - q[1][2] * q[2][1],
        q[1][0] * q[2][2] - q[1][2] * q[2][0],
        q[1][0] * q[2][1] - q[1][1] * q[2][0],
    )
    return (q[0][0] * a - q[0][1] * b + q[0][2] * c).real


SU2, SU3 = Group("SU(2)", _PAULI), Group("SU(3)", _GELL_MANN)
GROUPS = {2: SU2, 3: SU3}
"""The group by the number of flavors."""
