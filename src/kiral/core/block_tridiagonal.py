"""Block-tridiagonal systems by block elimination, in compiled code: matrices of elements in a row that touch their neighbours.

Rows are (count, m, m) blocks: lower[e] couples element e to e - 1 (lower[0] is not read as anything but 0), upper[e] to e + 1
(upper[-1] likewise). Pivoting is inside the blocks only: for matrices 1 + θ L of stable L, whose pivot blocks are regular.
"""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

Blocks = Float[Array, "count m m"]


class Factors(NamedTuple):
    """M = (lower, pivots) (1, above): inverse pivot blocks, the blocks below them, and those above the unit diagonal."""

    inverse: Blocks
    lower: Blocks
    above: Blocks


def factorise(lower: Blocks, diagonal: Blocks, upper: Blocks) -> Factors:
    """Block LU factors; 8/3 count m³ multiplications or so."""

    def eliminate(above, row):
        low, here, up = row
        inverse = jnp.linalg.inv(here - low @ above)
        above = inverse @ up
        return above, (inverse, above)

    _, (inverse, above) = lax.scan(eliminate, jnp.zeros_like(diagonal[0]), (lower, diagonal, upper))
    return Factors(inverse, lower, above)


def solve(factors: Factors, r: Float[Array, "count m n"]) -> Float[Array, "count m n"]:
    """M⁻¹ r for n columns."""

    def forward(before, row):
        inverse, low, here = row
        now = inverse @ (here - low @ before)
        return now, now

    def backward(after, row):
        above, here = row
        now = here - above @ after
        return now, now

    zero = jnp.zeros_like(r[0])
    _, z = lax.scan(forward, zero, (factors.inverse, factors.lower, r))
    return lax.scan(backward, zero, (factors.above, z), reverse=True)[1]


def solve_transposed(factors: Factors, r: Float[Array, "count m"]) -> Float[Array, "count m"]:
    """M⁻ᵀ r for one column."""

    def forward(before, row):
        above, here = row
        now = here - before
        return now @ above, now

    def backward(after, row):
        inverse, low, here = row
        now = (here - after) @ inverse
        return now @ low, now

    zero = jnp.zeros_like(r[0])
    _, z = lax.scan(forward, zero, (factors.above, r))
    return lax.scan(backward, zero, (factors.inverse, factors.lower, z), reverse=True)[1]
