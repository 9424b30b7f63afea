"""Solenoidal fields in a shell: poloidal and toroidal functions, their components on the grid, and curls. Knows no physics.

A field has the functions f and g, (l, m, nodes), l from 0 (where both are 0), d/dℓ the derivative by proper length:

    B = Σ L f/r² Y r̂ + (f_ℓ/r) ∇Y + (g/r) ∇Y × r̂,    L = l(l+1);    div B = 0 exactly.

Components are modes (R, S, T), (l, m, elements, order + 1), of v = R Y r̂ + S ∇Y + T ∇Y × r̂ at the points of each element,
because derivatives jump there. The curl of (f, g) has the functions (g, j), j = L f/r² - f_ℓℓ, known at the nodes once the
boundary is. Of any field E, curl E has the functions (r T, R - (r S)_ℓ): `curl_functions` gives them weakly, so that for each
degree

    ∫ [B·curl E] = ∫ [curl B·E] + boundary,   to round-off, where products are formed at these points.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, PyTree

from kiral.geometry import spherical_points as points
from kiral.geometry.shell import Shell
from kiral.geometry.sphere import Sphere

BLOCK_POINTS = {"cpu": 2**18, "gpu": 2**24}
"""Points of the grid in a block of `through_grid`, by platform. CPU: what nine fields need stays in cache; GPU: memory."""


class Components(NamedTuple):
    """Modes R, S, T of a field, each (l, m, elements, order + 1)."""

    radial: Array
    spheroidal: Array
    toroidal: Array


class Pointwise(NamedTuple):
    """What a function of the fields at the points of a block gives, see `through_grid`; None: nothing.

    vector: (v_r, v_θ, v_φ) to be analysed. Over the sphere, at each radius: sums, to be integrated; largest, the maximum is
    taken; grids: values wanted on the grid.
    """

    vector: tuple[Array, Array, Array] | None
    sums: PyTree = None
    largest: PyTree = None
    grids: PyTree = None


def field_components(shell: Shell, sphere: Sphere, f: Array, g: Array) -> Components:
    """Components of the field with the functions f and g, (l, m, nodes)."""
    r = shell.local(shell.r)
    return Components(_level(sphere, f) * shell.local(f) / r**2, shell.derivative(f) / r, shell.local(g) / r)


def to_grid(sphere: Sphere, field: Components) -> tuple[Array, Array, Array]:
    """(v_r, v_θ, v_φ), each (theta, phi, elements, order + 1)."""
    return sphere.synthesis(field.radial), *sphere.vector_synthesis(field.spheroidal, field.toroidal)


def from_grid(sphere: Sphere, v_r: Array, v_theta: Array, v_phi: Array) -> Components:
    """Components of a field on the grid; its parts beyond l_max and m_max are dropped, and the radial one of l = 0 stays."""
    return Components(sphere.analysis(v_r), *sphere.vector_analysis(v_theta, v_phi))


def curl_functions(shell: Shell, field: Components) -> tuple[Array, Array]:
    """(f, g) of the curl of a field, at the nodes, (l, m, nodes); r S vanishes at both ends as a natural boundary."""
    r = shell.local(shell.r)
    weak = shell.derivative_transposed(r * field.spheroidal) + shell.gathered(shell.local_weights * field.radial)
    return shell.projected(r * field.toroidal), weak / shell.weights


def through_grid(
    shell: Shell,
    sphere: Sphere,
    fields: tuple[Components, ...],
    function: Callable,
    radial: PyTree = None,
    grids: PyTree = None,
) -> Pointwise:
    """Products of fields point by point on the grid, a few elements at a time: a block's grids stay in cache.

    function(vectors, radial, grids) → Pointwise gets (v_r, v_θ, v_φ) of every field at the points of a block; the values there
    of `radial`, (elements, order + 1), and of `grids`, (theta, phi, elements, order + 1), PyTrees both. All broadcast against
    each other; the points come in an order of their own. Returned: the vector as Components of columns, sums over the sphere
    and maxima as (elements, order + 1), grids like those given.
    """
    size, few = shell.order + 1, _elements_of_block(shell, sphere)
    firsts = np.minimum(np.arange(0, shell.elements, few), shell.elements - few)  # the last ones may be done twice
    columns, grids = jax.tree.map(_flat, (jax.tree.map(sphere.split, fields), grids))
    # Outside the loop: as long as the points' last axis, in memory, coefficients do not slow the loops over points down.
    spread = jax.tree.map(lambda x: jnp.stack([jnp.tile(x[i : i + few].ravel(), sphere.n_theta) for i in firsts]), radial)
    if few == shell.elements:
        found = _block(sphere, function, columns, jax.tree.map(lambda x: x[0], spread), grids)
    else:

        def some(done: Pointwise, block: tuple) -> tuple[Pointwise, None]:
            first, here = block
            cut = partial(lax.dynamic_slice_in_dim, start_index=first, slice_size=few * size, axis=-1)
            made = _block(sphere, function, jax.tree.map(cut, columns), here, jax.tree.map(cut, grids))
            put = partial(lax.dynamic_update_slice_in_dim, start_index=first, axis=-1)
            return jax.tree.map(put, done, made), None

        given = jax.tree.map(lambda x: x[..., : few * size], (columns, grids))
        shapes = jax.eval_shape(partial(_block, sphere, function), given[0], jax.tree.map(lambda x: x[0], spread), given[1])
        empty = jax.tree.map(lambda s: jnp.zeros((*s.shape[:-1], shell.elements * size), s.dtype), shapes)
        found = lax.scan(some, empty, (jnp.asarray(firsts * size), spread))[0]
    return jax.tree.map(lambda x: x.reshape(*x.shape[:-1], shell.elements, size), found)


def _elements_of_block(shell: Shell, sphere: Sphere) -> int:
    each = sphere.n_theta * sphere.n_phi * (shell.order + 1)
    most = max(1, BLOCK_POINTS.get(jax.default_backend(), each * shell.elements) // each)
    blocks = -(-shell.elements // most)
    return -(-shell.elements // blocks)


def _block(sphere: Sphere, function: Callable, fields: PyTree, radial: PyTree, grids: PyTree) -> Pointwise:
    """`through_grid` for some elements as a whole, their points along one axis."""

    def rows(*columns: Array) -> points.Rows:
        joined = jnp.stack(columns, axis=2)
        return points.to_rows(sphere, joined.reshape(*joined.shape[:2], -1))

    r, s, t = (rows(*parts) for parts in zip(*fields, strict=True))
    theta, phi = points.tangential_rows(sphere, s, t)
    count = len(fields)
    parts = (points.to_points(sphere, r, count), *(points.to_points(sphere, x, count, tangential=True) for x in (theta, phi)))
    vectors = tuple(zip(*parts, strict=True))
    found: Pointwise = function(vectors, radial, jax.tree.map(partial(points.of_grid, sphere), grids))
    return Pointwise(
        None if found.vector is None else _analysed(sphere, found.vector),
        jax.tree.map(partial(points.over_sphere, sphere), found.sums),
        jax.tree.map(partial(points.largest, sphere), found.largest),
        jax.tree.map(partial(points.to_grid, sphere), found.grids),
    )


def _analysed(sphere: Sphere, vector: tuple[Array, Array, Array]) -> Components:
    """Columns of a field at the points, (l, columns, k)."""
    r = points.from_points(sphere, vector[0], sphere.l_max + 1)
    theta, phi = (points.from_points(sphere, v, sphere.l_max + 2, tangential=True) for v in vector[1:])
    r, s, t = (points.from_rows(x) for x in (r, *points.tangential_adjoint(sphere, theta, phi)))
    over = sphere.over_levels[:, None, None]
    return Components(r, over * s, over * t)


def _flat(x: Array) -> Array:
    """(..., elements, order + 1) → (..., k)."""
    return x.reshape(*x.shape[:-2], -1)


def _level(sphere: Sphere, f: Array) -> Array:
    """l(l+1), (l, 1, 1, 1)."""
    return jnp.asarray(sphere.degrees * (sphere.degrees + 1.0)).reshape(-1, *(1,) * f.ndim)
