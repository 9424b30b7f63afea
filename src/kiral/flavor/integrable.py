"""The integrable two-beam system and its invariants: the trace of the monodromy for every spectral parameter.

Eq. (8) of Fiorillo, Raffelt & Sigl (2024), with the matrices

    ∂z Ψ = ½ (a P_- - b P_+)·σ Ψ,    ∂t Ψ = ½ (a P_- + b P_+)·σ Ψ,    a = -2i/(1 + λ),  b = -2i/(1 - λ),

is the condition that both can be solved together: ∂t∂z Ψ = ∂z∂t Ψ takes a + b = i a b, which these meet for every λ (the
principal chiral model in light-cone form). So the trace of the path-ordered product over a periodic box stays what it is,
for every λ except ±1: a test of a solver that knows nothing of energies.

The product is made by the Magnus expansion of 6th order (Blanes, Casas & Ros 2000, BIT 40, 434) with three Gauss nodes a
cell, where the beams are interpolated by their Fourier series: no error of interpolation, and h⁶ of the cells.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Complex, Float

_NODES = (0.5 - math.sqrt(15) / 10, 0.5, 0.5 + math.sqrt(15) / 10)

class _Factor(NamedTuple):
    """c + s·σ, a 2 × 2 matrix."""

    c: Complex[Array, "*cells"]
    s: Complex[Array, "3 *cells"]


def monodromy_trace(
    p_plus: Float[Array, "3 z"],
    p_minus: Float[Array, "3 z"],
    length: float | Float[Array, ""],
    lam: float | complex | Array,
    refine: int = 4,
) -> Complex[Array, ""]:
    """Tr of the path-ordered exponential of ½ (a P_- - b P_+)·σ along the box; real for real λ.

    Args: p_plus, p_minus - beams of velocity +1 and -1 at n even points; length - of the box, in units where (8) has the
        factor 2; lam - spectral parameter λ, not ±1; refine - cells per point. The error falls as refine⁻⁶.
    """
    a, b = -2j / (1 + lam), -2j / (1 - lam)
    cells = refine * p_plus.shape[-1]
    h = length / cells
    low, middle, high = (a * at(p_minus, cells, c) - b * at(p_plus, cells, c) for c in _NODES)
    first, second, third = h * middle, math.sqrt(15) / 3 * h * (high - low), 10 / 3 * h * (high - 2 * middle + low)
    c1 = _commutator(first, second)
    c2 = -_commutator(first, 2 * third + c1) / 60
    return 2 * _product(_exponential(first + third / 12 + _commutator(c1 - 20 * first - third, second + c2) / 240)).c


def at(p: Float[Array, "3 z"], cells: int, shift: float) -> Float[Array, "3 cells"]:
    """The Fourier series of p at (j + shift)/cells of the period, j = 0 … cells - 1; cells are no fewer than p's points."""
    n = p.shape[-1]
    modes = jnp.fft.rfft(p.astype(jnp.float64), norm="forward")
    if n % 2 == 0:
        modes = modes.at[..., -1].multiply(0.5 if cells > n else 1.0)  # the Nyquist mode is half k and half -k
    phase = jnp.exp(2j * jnp.pi * shift / cells * jnp.arange(modes.shape[-1]))
    return jnp.fft.irfft(phase * modes, n=cells, norm="forward")


def _commutator(u: Array, v: Array) -> Array:
    """[½ u·σ, ½ v·σ] = ½ (i u × v)·σ."""
    return 1j * jnp.cross(u, v, axis=0)


def _exponential(g: Complex[Array, "3 cells"]) -> _Factor:
    """exp(½ g·σ) = cosh θ/2 + g·σ sinh(θ/2)/θ with θ² = g·g."""
    square = jnp.sum(g * g, axis=0)
    small = jnp.abs(square) < 1e-6
    theta = jnp.sqrt(jnp.where(small, 1.0, square))
    ratio = jnp.where(small, 0.5 + square / 48, jnp.sinh(theta / 2) / theta)
    return _Factor(jnp.where(small, 1 + square / 8, jnp.cosh(theta / 2)), ratio * g)


def _product(factor: _Factor) -> _Factor:
    """The product of all cells, later ones on the left: after i rounds each cell holds that of itself and 2^i - 1 more.

    One compiled round for all, at the price of log2(cells) times the products.
    """
    count = factor.c.shape[-1]
    rounds = (count - 1).bit_length()
    rest = 2**rounds - count
    factor = _Factor(jnp.pad(factor.c, (0, rest), constant_values=1), jnp.pad(factor.s, ((0, 0), (0, rest))))

    def one(i, right: _Factor) -> _Factor:
        left = _Factor(*(jnp.roll(x, -(2**i), axis=-1) for x in right))
        c = left.c * right.c + jnp.sum(left.s * right.s, axis=0)
        s = left.c * right.s + right.c * left.s + 1j * jnp.cross(left.s, right.s, axis=0)
        return _Factor(c, s)

    factor = lax.fori_loop(0, rounds, one, factor)
    return _Factor(factor.c[0], factor.s[:, 0])
