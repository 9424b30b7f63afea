"""Entropy of density matrices, per mode of momentum and space: what Eq. (1) of Fiorillo, Raffelt & Sigl (2024) conserves.

S = -Tr[ρ ln ρ + (1 - ρ) ln(1 - ρ)] in units of k_B, of fermions in modes with occupation matrix ρ. A rotation in flavor space
keeps the eigenvalues of ρ, and advection carries them along: not only ∫Σ S is constant, but S along every ray.
"""

from __future__ import annotations

import jax.numpy as jnp
from jax.scipy.special import xlogy
from jaxtyping import Array, Complex, Float


def entropy_of_occupations(occupations: Float[Array, "..."]) -> Float[Array, "..."]:
    """-[n ln n + (1 - n) ln(1 - n)], 0 ≤ n ≤ 1; values that round-off puts outside count as 0 or 1."""
    n = jnp.clip(occupations, 0.0, 1.0)
    return -(xlogy(n, n) + xlogy(1 - n, 1 - n))


def entropy_two_flavors(p0: Float[Array, "..."], length: Float[Array, "..."]) -> Float[Array, "..."]:
    """Entropy of ρ = (P⁰ + P·σ)/2 with |P| = length: eigenvalues (P⁰ ± |P|)/2."""
    return entropy_of_occupations((p0 + length) / 2) + entropy_of_occupations((p0 - length) / 2)


def entropy(rho: Complex[Array, "... flavor flavor"]) -> Float[Array, "..."]:
    """Entropy of Hermitian occupation matrices of any number of flavors."""
    return jnp.sum(entropy_of_occupations(jnp.linalg.eigvalsh(rho)), axis=-1)
