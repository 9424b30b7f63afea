"""How the arrays of a run lie on several devices: which shapes are cut into slabs, and where they are padded.

Padding is always at the end of an axis and holds zeros. What is stored has the logical shape, so that files know nothing
of devices.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import numpy as np
from jax import lax
from jax.sharding import NamedSharding, PartitionSpec

PyTree = Any
Index = tuple[slice, ...]


class Slabs(NamedTuple):
    """Arrays of the shape `padded`, of which `logical` is data, lie on the devices as `sharding` says."""

    logical: tuple[int, ...]
    padded: tuple[int, ...]
    sharding: NamedSharding


class Layout(NamedTuple):
    """The layout of a PyTree: leaves whose shape is one of the `slabs` are cut, all others are the same on every device."""

    slabs: tuple[Slabs, ...]

    def of(self, shape: tuple[int, ...]) -> Slabs | None:
        """The slabs of an array of this (padded) shape; None where it is not cut."""
        return next((s for s in self.slabs if s.padded == tuple(shape)), None)

    def logical(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The shape without padding."""
        slabs = self.of(shape)
        return tuple(shape) if slabs is None else slabs.logical

    def sharding(self, shape: tuple[int, ...]) -> NamedSharding:
        """Where an array of this shape lies."""
        slabs = self.of(shape)
        return NamedSharding(self.slabs[0].sharding.mesh, PartitionSpec()) if slabs is None else slabs.sharding

    def shardings(self, tree: PyTree) -> PyTree:
        """The same for every leaf of a tree of arrays or of their shapes."""
        return jax.tree.map(lambda leaf: self.sharding(leaf.shape), tree)


def constrain(tree: PyTree, layout: Layout | None) -> PyTree:
    """Inside compiled code: what is cut stays cut."""
    if layout is None:
        return tree

    def leaf(x):
        return x if layout.of(x.shape) is None else lax.with_sharding_constraint(x, layout.sharding(x.shape))

    return jax.tree.map(leaf, tree)


def place(tree: PyTree, layout: Layout | None) -> PyTree:
    """The arrays of a tree, which every process has whole, on the devices of the layout; other leaves as they are."""
    if layout is None:
        return tree

    def leaf(x):
        if not eqx.is_array(x):
            return x
        if jax.dtypes.issubdtype(x.dtype, jax.dtypes.prng_key):
            return x
        values = np.asarray(x)
        return assemble(values.shape, values.dtype, lambda index: values[index], layout)

    return jax.tree.map(leaf, tree)


def assemble(shape: tuple[int, ...], dtype: Any, read: Callable[[Index], np.ndarray], layout: Layout | None) -> jax.Array:
    """An array of the (padded) shape from `read`, which gives the data of an index range of the padded array."""
    if layout is None:
        return jax.numpy.array(read(tuple(slice(0, n) for n in shape)), copy=True)

    def piece(index: Index) -> np.ndarray:
        whole = tuple(slice(*s.indices(n)) for s, n in zip(index, shape, strict=True))
        return np.asarray(read(whole), dtype=dtype, order="C")

    return jax.make_array_from_callback(tuple(shape), layout.sharding(shape), piece)


def gather(array: Any) -> np.ndarray:
    """The whole array on every process (all must call)."""
    if isinstance(array, jax.Array) and not array.is_fully_addressable and not array.is_fully_replicated:
        from jax.experimental import multihost_utils

        return np.asarray(multihost_utils.process_allgather(array, tiled=True))
    return np.asarray(array)
