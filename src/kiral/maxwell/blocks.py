"""φ-functions of small real blocks, one per mode, by scaling and squaring; of 2×2 ones see `kiral.core.phi`."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from kiral.core.phi import ORDERS

_TERMS = 12  # Taylor terms behind the leading one; |z| < 1/2 leaves (1/2)^13 3!/16! < 1e-16


def block_functions(h: Float[Array, ""], block: Float[Array, "*modes m m"]) -> list[Float[Array, "*modes m m"]]:
    """φ_0..φ_3 of h times real m×m blocks, by Taylor series of the scaled block and repeated doubling.

    φ_k(2z) = 2^-k [φ_0(z) φ_k(z) + Σ_{j=1..k} φ_j(z)/(k-j)!] (Higham, Functions of Matrices, 2008, Sec. 10.7.4). The number of
    doublings follows from the largest norm and is traced: other coefficients do not recompile.
    """
    size = block.shape[-1]
    one = jnp.eye(size)
    norm = jnp.max(jnp.sum(jnp.abs(h * block), axis=-1))
    doublings = jnp.maximum(0, jnp.ceil(jnp.log2(jnp.maximum(norm, 1e-300)) + 1)).astype(jnp.int64)
    z = h * block / 2.0**doublings
    highest = ORDERS - 1
    series = jnp.broadcast_to(one / math.factorial(highest + _TERMS), block.shape)
    for j in range(_TERMS - 1, -1, -1):
        series = _product(z, series) + one / math.factorial(highest + j)
    found = [series]
    for k in range(highest - 1, -1, -1):
        found.append(_product(z, found[-1]) + one / math.factorial(k))
    return jax.lax.fori_loop(0, doublings, lambda _, f: _doubled(f), found[::-1])


def _doubled(f: list[Array]) -> list[Array]:
    rest = [sum(f[j] / math.factorial(k - j) for j in range(1, k + 1)) for k in range(ORDERS)]
    return [(_product(f[0], f[k]) + rest[k]) / 2**k for k in range(ORDERS)]


def _product(a: Array, b: Array) -> Array:
    """Products of many small matrices; written out, which XLA fuses, where a batched matrix product would be slow."""
    return jnp.sum(a[..., :, :, None] * b[..., None, :, :], axis=-2)
