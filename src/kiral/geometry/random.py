"""Gaussian random fields keyed by signed mode number: the same mode gets the same number on any grid and device count."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jaxtyping import Array

from kiral.geometry.box import Box, Modes


def normal_modes(box: Box, key: Array) -> Modes:
    """Modes of a real Gaussian field with ⟨|f_hat|²⟩ = 1 for every mode kept and f_hat(0) = 0 (complex128).

    Each pair ±k shares one key, made from the signed mode numbers of its first member, so that f_hat(-k) = f_hat(k)*
    and a finer grid continues the coarser one's field.
    """
    kx, ky, kz = (jnp.asarray(k, jnp.int64) for k in box.numbers)
    first = (kz > 0) | ((kz == 0) & ((ky > 0) | ((ky == 0) & (kx > 0))))
    sign = jnp.where(first, 1, -1)
    numbers = [((sign * k) & 0xFFFFFFFF).astype(jnp.uint32) for k in (kx, ky, kz)]
    pairs = jnp.vectorize(lambda a, b, c: _pair(key, a, b, c), signature="(),(),()->(pair)")(*numbers)
    modes = (pairs[..., 0] + 1j * sign * pairs[..., 1]) / jnp.sqrt(2.0)
    zero = (kx == 0) & (ky == 0) & (kz == 0)
    return jnp.where(zero, 0.0, modes) * box.mask


def _pair(key, kx, ky, kz):
    for number in (kx, ky, kz):
        key = jax.random.fold_in(key, number)
    return jax.random.normal(key, (2,), jnp.float64)
