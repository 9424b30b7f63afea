"""Solving with the induction operator: the elements of the radial grid in a row, a block-tridiagonal matrix for every degree.

Block i holds f and g at the nodes i·order to (i + 1)·order - 1, the last block one node and padding. 16 elements of order 8
take 1/100 of the work of a dense matrix.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from kiral.core import block_tridiagonal
from kiral.geometry.shell import Shell

COLORS = 3  # columns of blocks three apart touch no common row
Factors = block_tridiagonal.Factors
Fields = Float[Array, "l ... nodes"]


class Blocks(NamedTuple):
    """A as blocks (l, blocks, 2 order, 2 order): row i couples to i - 1, i, i + 1. Unknowns of a block: first f, then g."""

    lower: Float[Array, "l blocks m m"]
    diagonal: Float[Array, "l blocks m m"]
    upper: Float[Array, "l blocks m m"]


def blocks_of(shell: Shell, degrees: int, tendency: Callable[[Array, Array], tuple[Array, Array]]) -> Blocks:
    """The blocks of (f, g) → tendency(f, g), read off its action on 6·order vectors. degrees: how many there are."""
    p, count = shell.order, shell.elements + 1
    probes = jnp.broadcast_to(jnp.asarray(_probes(p, count, shell.nodes)), (degrees, 2 * COLORS * p, 2, shell.nodes))
    found = jnp.stack(tendency(probes[:, :, 0], probes[:, :, 1]), axis=2)
    found = _padded(found, p).reshape(degrees, COLORS, 2 * p, 2, count, p)  # (l, color, column; field, block, node)
    found = jnp.moveaxis(found, (4, 1), (1, 2))  # (l, block, color, column, field, node)
    matrices = found.reshape(degrees, count, COLORS, 2 * p, 2 * p).swapaxes(-1, -2)
    rows = np.arange(count)
    lower, diagonal, upper = (matrices[:, rows, (rows + shift) % COLORS] for shift in (-1, 0, 1))
    return Blocks(lower.at[:, 0].set(0.0), diagonal, upper.at[:, -1].set(0.0))


def factorise(blocks: Blocks, h: Float[Array, ""]) -> Factors:
    """Factors of 1 - h A by degree."""
    one = jnp.eye(blocks.diagonal.shape[-1])
    return jax.vmap(block_tridiagonal.factorise)(-h * blocks.lower, one - h * blocks.diagonal, -h * blocks.upper)


def solve(factors: Factors, shell: Shell, f: Fields, g: Fields) -> tuple[Array, Array]:
    """(1 - h A)⁻¹ (f, g), for any number of real fields of each degree."""
    p, count, degrees = shell.order, shell.elements + 1, f.shape[0]
    r = _padded(jnp.stack([f, g], axis=-2), p).reshape(degrees, -1, 2, count, p)
    r = r.transpose(0, 3, 2, 4, 1).reshape(degrees, count, 2 * p, -1)
    x = jax.vmap(block_tridiagonal.solve)(factors, r).reshape(degrees, count, 2, p, -1)
    x = x.transpose(0, 4, 2, 1, 3).reshape(degrees, -1, 2, count * p)[..., : shell.nodes]
    return x[:, :, 0].reshape(f.shape), x[:, :, 1].reshape(g.shape)


def _padded(values: Array, p: int) -> Array:
    """Zeros after the last node, up to a whole block."""
    return jnp.pad(values, [(0, 0)] * (values.ndim - 1) + [(0, p - 1)])


def _probes(p: int, count: int, nodes: int) -> np.ndarray:
    """1 at one node of every third block, in f or g: (color·field·node, 2, nodes)."""
    probes = np.zeros((COLORS, 2, p, 2, count, p))
    for color in range(COLORS):
        for field in range(2):
            for node in range(p):
                probes[color, field, node, field, color::COLORS, node] = 1.0
    return probes.reshape(2 * COLORS * p, 2, count * p)[..., :nodes]
