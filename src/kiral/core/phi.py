"""φ-functions of exponential integrators: φ_0 = exp, φ_{k+1}(z) = (φ_k(z) - 1/k!)/z."""

from __future__ import annotations

import math

import jax.numpy as jnp
from jaxtyping import Array, Float

ORDERS = 4
"""A fourth-order exponential scheme needs φ_0 to φ_3."""
_TAYLOR_TERMS = 16
_MEETING = 1e-5


def phi_functions(z: Array, order: int) -> list[Array]:
    """[φ_0(z), ..., φ_order(z)], elementwise, real z ≤ 0 or complex z with Re z ≤ 0; relative error < 1e-13.

    For |z| < 1 the highest one is summed as a Taylor series and the others follow by φ_k = z φ_{k+1} + 1/k!;
    elsewhere the recursion runs upwards from exp (Hochbruck & Ostermann 2010, Acta Numerica 19, Eq. 2.7).
    """
    small = jnp.abs(z) < 1
    z_small, z_large = jnp.where(small, z, 0), jnp.where(small, 1, z)
    series = _taylor(z_small, order)
    down = [series]
    for k in range(order - 1, -1, -1):
        down.append(z_small * down[-1] + 1 / math.factorial(k))
    down.reverse()
    up = [jnp.exp(z)]
    for k in range(order):
        up.append((up[-1] - 1 / math.factorial(k)) / z_large)
    return [jnp.where(small, a, b) for a, b in zip(down, up, strict=True)]


def pair_functions(h: Float[Array, ""], centre: Array, square: Array) -> list[tuple[Array, Array]]:
    """For each order 0..3: (c0, c1) with φ_order(h M) = c0 + c1 M, for 2×2 blocks M with eigenvalues s± = centre ± √square.

    centre ≤ 0; both arrays are real, as c0 and c1 are: c1 = (φ(h s₊) - φ(h s₋))/(2 √square), c0 = (φ(h s₊) + φ(h s₋))/2 -
    c1 centre. Where h |√square| < 1e-5 c1 is the derivative h φ'_k(h centre) = h (φ_k - k φ_{k+1}), exact where the
    eigenvalues meet and off by less than 2e-11 there.
    """
    split = jnp.sqrt(jnp.abs(square))
    oscillates, meets = square < 0, h * split < _MEETING
    # s₊ is complex for oscillating modes and then s₋ = s₊*; for overdamped ones both are real.
    plus = phi_functions(h * (centre + jnp.where(oscillates, 1j, 1) * split), ORDERS - 1)
    minus = phi_functions(h * (centre - jnp.where(oscillates, 0, split)), ORDERS - 1)
    middle = phi_functions(h * centre, ORDERS)
    functions = []
    for order in range(ORDERS):
        f, g = plus[order], minus[order]
        difference = jnp.where(oscillates, f.imag, (f.real - g) / 2)
        derivative = h * (middle[order] - order * middle[order + 1])
        c1 = jnp.where(meets, derivative, difference / jnp.where(meets, 1, split))
        functions.append((jnp.where(oscillates, f.real, (f.real + g) / 2) - c1 * centre, c1))
    return functions


def _taylor(z: Array, order: int) -> Array:
    total = jnp.full_like(z, 1 / math.factorial(order + _TAYLOR_TERMS))
    for j in range(_TAYLOR_TERMS - 1, -1, -1):
        total = total * z + 1 / math.factorial(order + j)
    return total
