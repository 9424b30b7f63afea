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

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array

from kiral.geometry.shell import Shell
from kiral.geometry.sphere import Sphere


class Components(NamedTuple):
    """Modes R, S, T of a field, each (l, m, elements, order + 1)."""

    radial: Array
    spheroidal: Array
    toroidal: Array


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


def _level(sphere: Sphere, f: Array) -> Array:
    """l(l+1), (l, 1, 1, 1)."""
    return jnp.asarray(sphere.degrees * (sphere.degrees + 1.0)).reshape(-1, *(1,) * f.ndim)
