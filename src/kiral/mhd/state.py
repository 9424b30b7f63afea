"""The unknowns of chiral MHD, as modes and point by point."""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from kiral.geometry.box import Grid, Modes, VectorGrid, VectorModes

RELATIVISTIC, INCOMPRESSIBLE, NO_FLOW = "relativistic", "incompressible", "none"


class Ledger(NamedTuple):
    """Time integrals carried along with the fields (float64): gamma5⟨mu5⟩, S5, and what makes energy and momentum."""

    washout: Float[Array, ""]
    source: Float[Array, ""]
    energy: Float[Array, ""]
    momentum: Float[Array, "3"]


def empty_ledger() -> Ledger:
    """All zero."""
    zero = jnp.zeros((), jnp.float64)
    return Ledger(zero, zero, zero, jnp.zeros(3, jnp.float64))


class State(NamedTuple):
    """Fields as modes: vector potential (transverse; of B - B0), momentum density, energy density, mu5 and mu.

    momentum is None without flow, rho unless the flow is relativistic, mu unless it is coupled.
    """

    A: VectorModes
    momentum: VectorModes | None
    rho: Modes | None
    mu5: Modes
    ledger: Ledger
    mu: Modes | None = None


class GridFields(NamedTuple):
    """The same point by point, with what the products need; b holds the uniform field too."""

    b: VectorGrid
    j: VectorGrid
    mu5: Grid
    momentum: VectorGrid | None = None
    u: VectorGrid | None = None
    rho: Grid | None = None
    grad_rho: VectorGrid | None = None
    mu: Grid | None = None
    force: VectorGrid | None = None
