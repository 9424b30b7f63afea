"""The same field on another grid of the same box: modes are copied by their signed numbers, nothing is interpolated."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Complex

from kiral.geometry.box import Box, Modes


def regrid(source: Box, target: Box, f: Modes) -> Complex[Array, "new_kx new_ky new_kz"]:
    """The modes of f that both grids keep, in the target's layout; the target's other modes are zero.

    Exact to the bit: to a finer grid nothing is lost; to a coarser one, what lies outside its sphere |k| ≤ k_max. Both
    boxes must have the same sides. Gathers by mode number, so that no order, padding or place of the modes is assumed.
    """
    for axis in range(3):
        index, found = _positions(source.numbers[axis], target.numbers[axis])
        shape = [-1 if i == axis else 1 for i in range(3)]
        f = jnp.where(found.reshape(shape), jnp.take(f, index, axis=axis), 0)
    f = jnp.where(target.mask, f, 0)
    return f if target.sharding is None else lax.with_sharding_constraint(f, target.sharding)


def _positions(source: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where in the source each of the target's mode numbers stands, and whether it does (0 where not)."""
    where: dict[int, int] = {}
    for position, number in enumerate(source.ravel().tolist()):
        where.setdefault(number, position)
    wanted = target.ravel().tolist()
    return np.array([where.get(number, 0) for number in wanted]), np.array([number in where for number in wanted])


def coarser_sizes(n: tuple[int, int, int], n_min: int) -> list[tuple[int, int, int]]:
    """Grids below n, each about two thirds of the one before, until the longest side would have fewer than n_min points.

    Every side transforms well (no prime factors above 5) and has a power of two as a factor that grows with it, so that
    devices can share it; ignorable directions stay. The sizes depend on n alone.
    """
    sizes: list[tuple[int, int, int]] = []
    while True:
        n = tuple(1 if points == 1 else _below(int(0.7 * points)) for points in n)
        if max(n) < n_min or 0 in n:
            return sizes
        sizes.append(n)


def _below(most: int) -> int:
    """The largest number 2^a 3^b 5^c ≤ most that the largest power of two ≤ most/8 divides; 0 where none is above 5."""
    unit = 2 ** max(1, (most // 8).bit_length() - 1)
    return next((n for n in range(most - most % unit, 5, -unit) if _without_small_factors(n) == 1), 0)


def _without_small_factors(n: int) -> int:
    for factor in (2, 3, 5):
        while n % factor == 0:
            n //= factor
    return n
