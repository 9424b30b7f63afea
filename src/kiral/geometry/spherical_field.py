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
from kiral.geometry.shell import Shell, lobatto
from kiral.geometry.sphere import Sphere

BLOCK_POINTS = {"cpu": 3 * 2**16, "gpu": 2**24}
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


def outer_circulation(shell: Shell, field: Components) -> Array:
    """What `curl_functions` gives for the toroidal function of the last node, times its weight: (l, m)."""
    _, weights, matrix = lobatto(shell.order)
    r = shell.r[-shell.order - 1 :]
    along = (r * field.spheroidal[..., -1, :]) @ (weights * matrix[:, -1])
    return along + shell.local_weights[-1, -1] * field.radial[..., -1, -1]


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
    given = jax.tree.map(_flat, (jax.tree.map(sphere.split, fields), radial, grids))
    if few == shell.elements:
        fields, radial, grids = given
        found = _block(sphere, function, fields, jax.tree.map(lambda x: jnp.tile(x, sphere.n_theta), radial), grids)
    else:
        firsts = np.minimum(np.arange(0, shell.elements, few), shell.elements - few)  # the last ones may be done twice

        def one(given: tuple) -> Pointwise:
            fields, radial, grids = given
            return _block(sphere, function, fields, _spread(sphere, radial), grids)

        def some(done: Pointwise, first: Array) -> tuple[Pointwise, None]:
            cut = partial(lax.dynamic_slice_in_dim, start_index=first, slice_size=few * size, axis=-1)
            put = partial(lax.dynamic_update_slice_in_dim, start_index=first, axis=-1)
            return jax.tree.map(put, done, one(jax.tree.map(cut, given))), None

        block = jax.tree.map(lambda x: x[..., : few * size], given)
        shapes = jax.eval_shape(one, block)
        empty = jax.tree.map(lambda s: jnp.zeros((*s.shape[:-1], shell.elements * size), s.dtype), shapes)
        found = lax.scan(some, empty, jnp.asarray(firsts * size))[0]
    return jax.tree.map(lambda x: x.reshape(*x.shape[:-1], shell.elements, size), found)


def _elements_of_block(shell: Shell, sphere: Sphere) -> int:
    each = sphere.n_theta * sphere.n_phi * (shell.order + 1)
    most = max(1, BLOCK_POINTS.get(jax.default_backend(), each * shell.elements) // each)
    blocks = -(-shell.elements // most)
    return -(-shell.elements // blocks)


def _block(sphere: Sphere, function: Callable, fields: PyTree, radial: PyTree, grids: PyTree) -> Pointwise:
    """`through_grid` for some elements as a whole, their points along one axis."""

    vectors = tuple(_vector(sphere, field) for field in fields)
    found: Pointwise = function(vectors, radial, jax.tree.map(partial(points.of_grid, sphere), grids))
    return Pointwise(
        None if found.vector is None else _analysed(sphere, found.vector),
        jax.tree.map(partial(points.over_sphere, sphere), found.sums),
        jax.tree.map(partial(points.largest, sphere), found.largest),
        jax.tree.map(partial(points.to_grid, sphere), found.grids),
    )


def _spread(sphere: Sphere, radial: PyTree) -> PyTree:
    """Functions of radius, (k,), at the points' last axis. By a matrix product: a result of its own in memory.

    As a repetition or slice within the loops over points it would keep those from being vectorised.
    """
    leaves, structure = jax.tree.flatten(radial)
    if not leaves:
        return radial
    copies = np.tile(np.eye(leaves[0].size), sphere.n_theta)
    return jax.tree.unflatten(structure, list(jnp.stack(leaves) @ copies))


def _vector(sphere: Sphere, field: Components) -> tuple[Array, Array, Array]:
    """A field at the points."""
    r, s, t = (points.to_rows(sphere, x) for x in field)
    theta, phi = points.tangential_rows(sphere, s, t)
    return points.to_points(sphere, r), *(points.to_points(sphere, x, tangential=True) for x in (theta, phi))


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
