"""Transforms between modes and grid, for tuples of fields. Every transform of a box subject goes through these two.

Per-field 3-D transforms, not one stacked batch: on a CPU the working set of one field stays in cache.
"""

from __future__ import annotations

import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Complex

from kiral.geometry.box import Box, Grid, Modes

HalfComplex = Complex[Array, "nx ny half"]


def to_grid(box: Box, fields: tuple[Modes, ...]) -> tuple[Grid, ...]:
    """Values on the grid of fields given as modes. Length 2π periodicity is in `box`; no copy of unused modes is kept."""
    return tuple(jnp.fft.irfftn(_pad(box, f), s=box.n, axes=(0, 1, 2), norm="forward") for f in fields)


def to_modes(box: Box, fields: tuple[Grid, ...]) -> tuple[Modes, ...]:
    """Modes inside the sphere |k| ≤ k_max of fields given on the grid (the projection that keeps products free of aliasing)."""
    mask = box.mask
    return tuple(jnp.where(mask, _cut(box, jnp.fft.rfftn(f, axes=(0, 1, 2), norm="forward")), 0) for f in fields)


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
