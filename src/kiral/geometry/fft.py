"""Transforms between modes and grid, for tuples of fields. Every transform of a box subject goes through these two.

On one device: per-field 3-D transforms, not one stacked batch: on a CPU the working set of one field stays in cache.
On a mesh of devices: transforms along the directions that a device holds whole, one all-to-all for all fields together,
transforms along the rest. With modes in slabs along the direction b and the grid in slabs along a (`Box.split`), the
inverse does the complex transforms along directions before b, exchanges slabs of b for slabs of a, and does the rest.

`through_grid` is the way of a right-hand side: what is on the grid only to be multiplied never lies there as a whole.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
from jax import lax
from jax.sharding import PartitionSpec
from jaxtyping import Array, Complex, PyTree

from kiral.geometry.box import SLABS, Box, Grid, Modes
from kiral.geometry.planes import SLAB_POINTS

HalfComplex = Complex[Array, "nx ny half"]


def to_grid(box: Box, fields: tuple[Modes, ...]) -> tuple[Grid, ...]:
    """Values on the grid of fields given as modes. Length 2π periodicity is in `box`; no copy of unused modes is kept."""
    if box.mesh is not None:
        return _slabs(box, _to_grid_slab, fields, box.sharding, box.grid_sharding)
    return tuple(jnp.fft.irfftn(_pad(box, f), s=box.n, axes=(0, 1, 2), norm="forward") for f in fields)


def to_modes(box: Box, fields: tuple[Grid, ...]) -> tuple[Modes, ...]:
    """Modes inside the sphere |k| ≤ k_max of fields given on the grid (the projection that keeps products free of aliasing)."""
    mask = box.mask
    if box.mesh is not None:
        fields = _slabs(box, _to_modes_slab, fields, box.grid_sharding, box.sharding)
        return tuple(jnp.where(mask, f, 0) for f in fields)
    return tuple(jnp.where(mask, _cut(box, jnp.fft.rfftn(f, axes=(0, 1, 2), norm="forward")), 0) for f in fields)


def through_grid(box: Box, modes: PyTree, function: Callable, grids: PyTree = None) -> tuple[PyTree, PyTree]:
    """Modes of products formed point by point on the grid, a few planes of x at a time: (products, summaries).

    function(fields, grids) → (products, summary) gets the fields of `modes` and the grid arrays `grids` on some planes;
    products: grid values there; summary: numbers. All are PyTrees. The summaries of all slabs, which have the same number
    of points, come back stacked along a new first axis.
    """
    if box.mesh is not None:
        return _through_slabs(box, modes, function, grids)
    planes = _planes(box, box.n[0])
    if planes == box.n[0]:
        products, summary = function(_whole(to_grid, box, modes), grids)
        return _whole(to_modes, box, products), jax.tree.map(lambda s: jnp.asarray(s)[None], summary)
    products, summaries = _by_planes(box, planes, _along_x(box, _inverse, modes), function, grids)
    mask = box.mask
    return jax.tree.map(lambda f: jnp.where(mask, f, 0), _along_x(box, _forward, products)), summaries


def _by_planes(box: Box, planes: int, fields: PyTree, function: Callable, grids: PyTree) -> tuple[PyTree, PyTree]:
    """`through_grid` for what is on the grid along x already, some planes at a time."""

    def slab(_, given):
        fields, grids = given
        products, summary = function(jax.tree.map(partial(_plane_to_grid, box), fields), grids)
        return None, (jax.tree.map(partial(_plane_to_modes, box), products), jax.tree.map(jnp.asarray, summary))

    given = jax.tree.map(lambda f: f.reshape(-1, planes, *f.shape[1:]), (fields, grids))
    _, (products, summaries) = lax.scan(slab, None, given)
    return jax.tree.map(lambda f: f.reshape(-1, *f.shape[2:]), products), summaries


def _through_slabs(box: Box, modes: PyTree, function: Callable, grids: PyTree) -> tuple[PyTree, PyTree]:
    """`through_grid` on a mesh of devices, each with its planes of x. Along y and z where x is ignorable: as a whole."""
    a, b = box.split
    if a != 0:
        products, summary = function(_whole(to_grid, box, modes), grids)
        return _whole(to_modes, box, products), jax.tree.map(lambda s: jnp.asarray(s)[None], summary)

    def mine(modes, grids):
        blocks, structure = jax.tree.flatten(modes)
        blocks = _whole_along(box, b, tuple(_inverse_before(box, b, f) for f in blocks))
        planes = _planes(box, box.n[0] // box.mesh.size)
        products, summaries = _by_planes(box, planes, jax.tree.unflatten(structure, blocks), function, grids)
        blocks, structure = jax.tree.flatten(products)
        return jax.tree.unflatten(structure, _to_slabs_of_modes(box, tuple(blocks))), summaries

    cut, planes = box.sharding.spec, box.grid_sharding.spec
    one = jax.shard_map(
        mine, mesh=box.mesh, in_specs=(cut, planes), out_specs=(cut, PartitionSpec(SLABS)), check_vma=False
    )
    products, summaries = one(modes, grids)
    mask = box.mask
    return jax.tree.map(lambda f: jnp.where(mask, f, 0), products), summaries


def _along_x(box: Box, transform: Callable, fields: PyTree) -> PyTree:
    """`transform` along x of all fields, a few rows of ky at a time: the transposes that it needs stay in cache."""
    rows = box.shape[1]
    few = min(rows, max(1, _slab_points(box) // (box.n[0] * box.n[2])))

    def some(done, i):
        first = jnp.minimum(i * few, rows - few)  # the last rows may be done twice
        given = jax.tree.map(lambda f: lax.dynamic_slice_in_dim(f, first, few, axis=1), fields)
        return jax.tree.map(lambda d, f: lax.dynamic_update_slice_in_dim(d, transform(box, f, 0), first, 1), done, given), None

    shapes = jax.eval_shape(lambda given: jax.tree.map(lambda f: transform(box, f, 0), given), fields)
    empty = jax.tree.map(lambda s: jnp.zeros(s.shape, s.dtype), shapes)
    return lax.scan(some, empty, jnp.arange(-(-rows // few)))[0]


def _planes(box: Box, here: int) -> int:
    """Planes of x in a slab: as many as fit into its points and divide the planes that are here."""
    most = max(1, _slab_points(box) // (box.n[1] * box.n[2]))
    return max(d for d in range(1, here + 1) if here % d == 0 and d <= most)


def _slab_points(box: Box) -> int:
    return SLAB_POINTS.get(jax.default_backend(), box.points)


def _whole(transform, box: Box, fields: PyTree) -> PyTree:
    leaves, structure = jax.tree.flatten(fields)
    return jax.tree.unflatten(structure, transform(box, tuple(leaves)))


def _plane_to_grid(box: Box, f: Array) -> Array:
    """The inverse transform along y and z of planes of x."""
    (_, ny, nz), (_, my, mz) = box.n, box.m
    padded = jnp.concatenate([f[:, : my + 1], jnp.zeros((len(f), ny - 2 * my - 1, mz + 1), f.dtype), f[:, my + 1 :]], axis=1)
    padded = jnp.pad(padded, ((0, 0), (0, 0), (0, nz // 2 - mz)))
    return jnp.fft.irfftn(padded, s=(ny, nz), axes=(1, 2), norm="forward")


def _plane_to_modes(box: Box, f: Array) -> Array:
    """Its inverse, cut to the modes kept."""
    (_, ny, _), (_, my, mz) = box.n, box.m
    full = jnp.fft.rfftn(f, axes=(1, 2), norm="forward")[:, :, : mz + 1]
    return jnp.concatenate([full[:, : my + 1], full[:, ny - my :]], axis=1)


def _slabs(box: Box, transform, fields, given, wanted):
    """`transform` of every device's slabs of the fields."""
    if not fields:
        return ()
    one = jax.shard_map(
        lambda *blocks: transform(box, blocks), mesh=box.mesh, in_specs=given.spec, out_specs=wanted.spec, check_vma=False
    )
    return tuple(one(*fields))


def _to_grid_slab(box: Box, blocks: tuple[Modes, ...]) -> tuple[Grid, ...]:
    b = box.split[1]
    blocks = _whole_along(box, b, tuple(_inverse_before(box, b, f) for f in blocks))
    if b == 1:
        blocks = tuple(_inverse(box, f, 1) for f in blocks)
    return tuple(jnp.fft.irfft(f, n=box.n[2], axis=2, norm="forward") for f in blocks)


def _to_modes_slab(box: Box, blocks: tuple[Grid, ...]) -> tuple[Modes, ...]:
    blocks = tuple(jnp.fft.rfft(f, axis=2, norm="forward")[:, :, : box.m[2] + 1] for f in blocks)
    if box.split[1] == 1:
        blocks = tuple(_forward(box, f, 1) for f in blocks)
    return _to_slabs_of_modes(box, blocks)


def _inverse_before(box: Box, b: int, f: Array) -> Array:
    """The inverse transforms along the directions before b."""
    for axis in range(b):
        f = _inverse(box, f, axis)
    return f


def _whole_along(box: Box, b: int, blocks: tuple[Array, ...]) -> tuple[Array, ...]:
    """Slabs along b become slabs of the grid. What comes last along b is padded; modes that are kept come first."""
    blocks = _exchange(blocks, box.split[0], b)
    return tuple(lax.slice_in_dim(f, 0, box.logical_shape[b], axis=b) for f in blocks)


def _to_slabs_of_modes(box: Box, blocks: tuple[Array, ...]) -> tuple[Array, ...]:
    """The inverse: padded, slabs along b, transformed along the directions before b."""
    a, b = box.split
    padding = [(0, box.shape[i] - box.logical_shape[i] if i == b else 0) for i in range(3)]
    blocks = _exchange(tuple(jnp.pad(f, padding) for f in blocks), b, a)
    for axis in range(b):
        blocks = tuple(_forward(box, f, axis) for f in blocks)
    return blocks


def _exchange(blocks: tuple[Array, ...], split: int, join: int) -> tuple[Array, ...]:
    """Whole along `split` and slabs along `join` become slabs along `split` and whole along `join`: one all-to-all."""
    moved = lax.all_to_all(jnp.stack(blocks), SLABS, split_axis=split + 1, concat_axis=join + 1, tiled=True)
    return tuple(moved[i] for i in range(len(blocks)))


def _inverse(box: Box, f: Array, axis: int) -> Array:
    """Modes 0..m, -m..-1 along one axis to its n points."""
    n, m = box.n[axis], box.m[axis]
    if n == 1:
        return f
    low, high = lax.slice_in_dim(f, 0, m + 1, axis=axis), lax.slice_in_dim(f, m + 1, 2 * m + 1, axis=axis)
    shape = list(f.shape)
    shape[axis] = n - 2 * m - 1
    return jnp.fft.ifft(jnp.concatenate([low, jnp.zeros(shape, f.dtype), high], axis=axis), axis=axis, norm="forward")


def _forward(box: Box, f: Array, axis: int) -> Array:
    """The inverse of `_inverse`, cut to the modes kept."""
    n, m = box.n[axis], box.m[axis]
    if n == 1:
        return f
    full = jnp.fft.fft(f, axis=axis, norm="forward")
    return jnp.concatenate(
        [lax.slice_in_dim(full, 0, m + 1, axis=axis), lax.slice_in_dim(full, n - m, n, axis=axis)], axis=axis
    )


def _pad(box: Box, f: Modes) -> HalfComplex:
    """Modes in the half-complex layout of the full grid, zero where truncated: four block copies into zeros."""
    (nx, ny, nz), (mx, my, _) = box.n, box.m
    full = jnp.zeros((nx, ny, nz // 2 + 1), f.dtype)
    for x, px in ((slice(0, mx + 1), 0), (slice(mx + 1, None), nx - mx)):
        for y, py in ((slice(0, my + 1), 0), (slice(my + 1, None), ny - my)):
            block = f[x, y]
            if block.size:
                full = lax.dynamic_update_slice(full, block, (px, py, 0))
    return full


def _cut(box: Box, full: HalfComplex) -> Modes:
    """The inverse of `_pad`: the block |kx| ≤ mx, |ky| ≤ my, kz ≤ mz of the full half-complex layout."""
    (nx, ny, _), (mx, my, mz) = box.n, box.m
    full = full[:, :, : mz + 1]
    rows = [full[: mx + 1], full[nx - mx :]] if mx else [full]
    parts = [jnp.concatenate([r[:, : my + 1], r[:, ny - my :]], axis=1) if my else r for r in rows]
    return jnp.concatenate(parts, axis=0) if len(parts) > 1 else parts[0]
