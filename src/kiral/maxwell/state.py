"""The unknowns of the anomalous Maxwell equations, as modes and point by point. Chirality + first, then -."""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from kiral.geometry.box import Grid, Modes, VectorGrid, VectorModes


class Ledger(NamedTuple):
    """Time integrals carried along with the fields (float64), all means over the box.

    joule: heat Σ sigma_l E_l²; work: e j·E, what the fields do on the plasma; supplied: what changes the free energy besides;
    pumped: axial density that fields from outside make; vector_potential: the mean of A, whose change is -c ∫⟨E⟩dt.
    """

    joule: Float[Array, ""]
    work: Float[Array, ""]
    supplied: Float[Array, ""]
    pumped: Float[Array, ""]
    vector_potential: Float[Array, "3"]


def empty_ledger() -> Ledger:
    """All zero."""
    zero = jnp.zeros((), jnp.float64)
    return Ledger(zero, zero, zero, zero, jnp.zeros(3, jnp.float64))


class State(NamedTuple):
    """Fields as modes: E, B (its mean is the background field), number densities n of both chiralities.

    current: number currents of both chiralities that relax to Ohm's law and diffusion; None unless they are unknowns.
    """

    E: VectorModes
    B: VectorModes
    n: tuple[Modes, Modes]
    ledger: Ledger
    current: tuple[VectorModes, VectorModes] | None = None


class GridFields(NamedTuple):
    """The same point by point, with what the products need."""

    e: VectorGrid
    b: VectorGrid
    n: tuple[Grid, Grid]
    grad_n: tuple[VectorGrid, VectorGrid] | None = None
    curl_e: VectorGrid | None = None
    curl_b: VectorGrid | None = None
    current: tuple[VectorGrid, VectorGrid] | None = None
