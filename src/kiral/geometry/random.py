"""Gaussian random fields keyed by signed mode number: the same mode gets the same number on any grid and device count."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from kiral.geometry.box import Box, Modes


def normal_modes(box: Box, key: Array) -> Modes:
    """Modes of a real Gaussian field with ⟨|f_hat|²⟩ = 1 for every mode kept and f_hat(0) = 0 (complex128).

    Each pair ±k shares one key, made from the signed mode numbers of its first member, so that f_hat(-k) = f_hat(k)*
    and a finer grid continues the coarser one's field.
    """
    shape = box.shape
    numbers = [np.broadcast_to(k, shape).reshape(-1) for k in box.numbers]
    kx, ky, kz = numbers
    first = (kz > 0) | ((kz == 0) & ((ky > 0) | ((ky == 0) & (kx > 0))))
    sign = np.where(first, 1, -1)
    keys = [jnp.asarray((sign * k).astype(np.int64) & 0xFFFFFFFF, jnp.uint32) for k in numbers]
    pairs = jax.vmap(lambda a, b, c: _pair(key, a, b, c))(*keys)
    modes = (pairs[:, 0] + 1j * jnp.asarray(sign) * pairs[:, 1]) / jnp.sqrt(2.0)
    zero = (kx == 0) & (ky == 0) & (kz == 0)
    return jnp.where(jnp.asarray(zero), 0.0, modes).reshape(shape) * box.mask


def _pair(key, kx, ky, kz):
    for number in (kx, ky, kz):
        key = jax.random.fold_in(key, number)
    return jax.random.normal(key, (2,), jnp.float64)
