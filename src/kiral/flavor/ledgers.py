"""What the equation conserves, and the energies: exact sums over the box, from the modes of the angular moments.

Energies are per unit area (1-D: ∫ dz), in units of √2 G_F n n* / mu: with mu = 1 and densities as given, F24's.
"""

from __future__ import annotations

import jax.numpy as jnp
from jaxtyping import Array, Float

from kiral.core.equation import Budget
from kiral.flavor.equations import FlavorEquation
from kiral.flavor.groups import dot
from kiral.flavor.state import State


def oscillation_energy(eq: FlavorEquation, moments: Array) -> Float[Array, ""]:
    """U_osc = (mu/4) ∫ Σ Σ' (1 - v·v') P·P', F24 Eq. (5)."""
    first = moments[: eq.sums.count]
    metric = jnp.asarray(eq.sums.metric).reshape(-1, 1, 1, 1, 1)
    return eq.mu / 4 * eq.rays.integral(metric * first, first)


def nonoscillation_energy(eq: FlavorEquation, t: Array, y: State) -> Float[Array, ""]:
    """U_nonosc = (mu/2) (1 + 1/N) ∫ Σ Σ' (1 - v·v') Tr ρ Tr ρ', the rest of F24 Eq. (3); N = 2 makes 3/2."""
    back = jnp.conj(eq.rays.phases(t, eq.data.velocity))
    uniform = y.trace.shape[-3:] == (1, 1, 1)
    signed = eq.trace_content[0] - eq.trace_content[1]
    count = jnp.einsum("db,db...->d...", signed, y.trace)
    rows = eq.data.angular[:, : eq.sums.count]
    metric = jnp.asarray(eq.sums.metric).reshape(-1, 1, 1, 1)
    if uniform:
        first = jnp.einsum("dr,d...->r...", rows, count)
        total = eq.rays.volume * jnp.sum(metric * first**2)
    else:
        first = jnp.einsum("dr,d...->r...", rows, back * eq.rays.to_modes(count))
        total = eq.rays.integral(metric * first, first)
    return eq.mu / 2 * (1 + 1 / eq.flavors) * total


def matter_energy(eq: FlavorEquation, moments: Array) -> Float[Array, ""]:
    """∫ λ(x) (n_ee - n̄_ee) without its trace part, which does not change by flavor conversion."""
    if eq.matter is None:
        return jnp.zeros(())
    toward = jnp.asarray(eq.electron).reshape(-1, 1, 1, 1)
    return eq.rays.integral(toward * eq.matter, moments[0]) / 2


def vacuum_energy(eq: FlavorEquation, y: State) -> Float[Array, ""]:
    """∫ Σ Tr(H_vac ρ) without its trace part."""
    if eq.vacuum is None:
        return jnp.zeros(())
    total = jnp.zeros(())
    for h, p in zip(eq.vacuum, y.p, strict=True):
        mean = jnp.mean(p, axis=(-3, -2, -1), dtype=jnp.float64)
        total = total + jnp.sum(eq.data.coupling * h * mean)
    return eq.rays.volume * total / 2


def number(eq: FlavorEquation, y: State) -> Float[Array, "2"]:
    """Numbers of neutrinos and antineutrinos in the box."""
    trace = jnp.mean(y.trace, axis=(-3, -2, -1), dtype=jnp.float64)
    return eq.rays.volume * jnp.sum(eq.trace_content * trace, axis=(1, 2))


def squares(eq: FlavorEquation, y: State) -> Float[Array, ""]:
    """∫ Σ |p|², every direction and bin by its share of the particles."""
    total = jnp.mean(dot(y.p, y.p), axis=(-3, -2, -1), dtype=jnp.float64)
    return eq.rays.volume * jnp.sum(eq.data.share * total)


def budgets(eq: FlavorEquation, t: Array, y: State) -> dict[str, Budget]:
    """Particles, Σ |p|², energy (refractive and kinetic), and flavor (∫ Σ P, kept by the self-interaction alone).

    None with collisions, which keep nothing.
    """
    moments = eq.moments_of(t, y.p)
    zero = jnp.zeros(())
    count, length = number(eq, y), squares(eq, y)
    parts = [oscillation_energy(eq, moments), vacuum_energy(eq, y), matter_energy(eq, moments), y.kinetic]
    energy = sum(parts, zero)
    if eq.collisions is not None:
        return {}
    found = {
        "number": Budget(count, jnp.zeros(2), jnp.sum(jnp.abs(count))),
        "polarization": Budget(length, zero, length),
        "energy": Budget(energy, zero, sum((jnp.abs(part) for part in parts), zero)),
    }
    if eq.vacuum is None and eq.matter is None:
        flavor = eq.rays.volume * moments[0, :, 0, 0, 0].real.astype(jnp.float64)
        scale = eq.rays.volume * jnp.sum(jnp.abs(eq.data.coupling))
        found["flavor"] = Budget(flavor, jnp.zeros_like(flavor), scale * jnp.ones_like(flavor))
    return found
