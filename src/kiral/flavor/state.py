"""The unknowns of flavor kinetics, and the static description of what they stand for."""

from __future__ import annotations

from typing import NamedTuple

from jaxtyping import Array, Float

from kiral.flavor.groups import Vector


class State(NamedTuple):
    """Polarization vectors along the rays: p(x, t) of direction v is the value at x + v (t - t0), so that advection is exact.

    p: tuple of 3 or 8 components, each (directions, bins, nx, ny, nz); a bin is a species and energy, antineutrinos as
    the components of ρ̄*. trace: Tr ρ in the same units, (directions, bins, 1, 1, 1) where it is uniform.
    kinetic: ∫ dK/dt dt (float64), the kinetic energy that the flavor gradients have fed.
    """

    p: Vector
    trace: Float[Array, "directions bins nx ny nz"]
    kinetic: Float[Array, ""]
