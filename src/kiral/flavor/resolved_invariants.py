"""An entropy of Eq. (16) beyond the quadratic one: it is conserved order by order in the gradients, with a density of its own.

The whole expansion in gradients is the product of operators written for Wigner functions, and ∫Tr f(ρ) with that product is
conserved for any f. For f = ρ² it is the ordinary ∫Tr ρ², for f = ρ³ and further ones it is not: to first order

    ∫∫ Tr ρ³ + (i/2) ∫∫ Tr ρ (∂z ρ ∂q ρ - ∂q ρ ∂z ρ).

Under Eq. (16) the first term alone changes at the order of the new terms, the sum at the next one.
"""

from __future__ import annotations

import jax.numpy as jnp
from jaxtyping import Array, Float

from kiral.flavor.resolved import ResolvedFlavor, Values


def third_moments(eq: ResolvedFlavor, values: Values) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """(∫∫ Tr ρ³, its gradient term). With ρ = (P⁰ + P·σ)/2: (P⁰³ + 3 P⁰ P²)/4 and -P·(∂z P × ∂q P)/4."""
    weight = eq.spacing[:, :, None] * eq.length / eq.n
    p0, p = values[0], values[1:]
    local = (p0**3 + 3 * p0 * jnp.sum(p**2, axis=0)) / 4
    by_z = eq.to_grid(eq.derivative_z(eq.to_modes(p)))
    by_q = eq.derivative_q(values)[1:]
    return jnp.sum(weight * local), -jnp.sum(weight * jnp.sum(p * jnp.cross(by_z, by_q, axis=0), axis=0)) / 4
