"""Momentum space of a kinetic run in compiled code: the operators of `kiral.kinetic.vlasov` with fields that may change.

E and B keep their directions ê and ŵ, which lie in the plane x-z of the harmonics' frame; their strengths are arguments:
a = c e τ E/T along ê, b = c e τ B/T and w = ħ e c B/T² along ŵ. Momenta in T/c, times in τ. With λ = ±1 the chirality and
s = ±1 the charge sign of particles and antiparticles,

    L h = a { ∂_p[(ê·p̂) h] + [ê·∇_S - 2 ê·p̂] h/p } + |a| (upwind) - b [ŵ·(p̂ × ∇_S)] h/p
    S h = ½ w { a [(ŵ·p̂)(ê·p̂) - ŵ·ê] ∂_p + a (ŵ·p̂)(ê·∇_S)/p - b (ŵ·p̂)(ŵ·(p̂ × ∇_S))/p } h/p²

Functions are (p, lm, species, chirality, z): those of antiparticles turned by half about y, where they feel the fields of
particles and S, streaming and ŵ·p̂ have the sign s.
"""

from __future__ import annotations

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from kiral.core import block_tridiagonal as blocks
from kiral.kinetic.equilibrium import chemical_potential
from kiral.kinetic.phase_space import Angles, Radius
from kiral.kinetic.vlasov import _SPHERE, _STATES, Grid, _absolute, _along

Function = Float[Array, "p lm species chirality z"]
PerChirality = Float[Array, "chirality z"]
Scalar = Float[Array, ""]
SIGN = np.array([1.0, -1.0])
"""λ of right- and left-handed, s of particles and antiparticles."""
_NEWTON = 8  # from the closed form, whose error is that of the quadrature: two or three are enough on any usable grid


class Strength(NamedTuple):
    """Reduced fields: force a, its size |a| (where it multiplies the upwind part), turning b, Berry strength w."""

    a: Array
    size: Array
    b: Scalar
    w: Scalar


class MomentumSpace(eqx.Module):
    """Matrices over |p| (P, P) and over harmonics (A, A), rows of moments, and what the grid's sums need.

    along ê·p̂; absolute |ê·p̂|; pull ê·∇_S - 2 ê·p̂; turn ŵ·(p̂ × ∇_S); outward, around, twist the angular parts of S;
    streaming p̂_z; excess ŵ_z - (ŵ·p̂) p̂_z, all of space's z. direction (3, A): moments of p̂. across (A,): of ŵ·p̂.
    gains (3, P, A): rows of the number made per a w, |a| w and b w. turned (2, A): signs that turn antiparticles back.
    """

    p: Float[Array, "p"]
    weights: Float[Array, "p"]
    mean_flux: Float[Array, "p p"]
    upwind: Float[Array, "p p"]
    derivative: Float[Array, "p p"]
    along: Float[Array, "lm lm"]
    absolute: Float[Array, "lm lm"]
    pull: Float[Array, "lm lm"]
    turn: Float[Array, "lm lm"]
    outward: Float[Array, "lm lm"]
    around: Float[Array, "lm lm"]
    twist: Float[Array, "lm lm"]
    streaming: Float[Array, "lm lm"]
    excess: Float[Array, "lm lm"]
    direction: Float[Array, "3 lm"]
    across: Float[Array, "lm"]
    gains: Float[Array, "3 p lm"]
    turned: Float[Array, "2 lm"]
    elements: int = eqx.field(static=True)

    # ---- operators

    def transport(self, y: Float[Array, "p lm *rest"], f: Strength) -> Float[Array, "p lm *rest"]:
        """L y for any further axes, z last; a and |a| may differ from place to place."""
        moved = jnp.einsum("pq,ab,qb...->pa...", self.mean_flux, self.along, y)
        moved = moved + jnp.einsum("p,ab,pb...->pa...", 1 / self.p, self.pull, y)
        smoothed = jnp.einsum("pq,ab,qb...->pa...", self.upwind, self.absolute, y)
        turning = jnp.einsum("p,ab,pb...->pa...", 1 / self.p, self.turn, y)
        return f.a * moved + f.size * smoothed - f.b * turning

    def source(self, y: Function, f: Strength) -> Function:
        """S y of particles and λ = 1."""
        pushed = jnp.einsum("pq,q,ab,qb...->pa...", self.derivative, self.p**-2, self.outward, y)
        pushed = pushed + jnp.einsum("p,ab,pb...->pa...", self.p**-3, self.around, y)
        return f.w / 2 * (f.a * pushed - f.b * jnp.einsum("p,ab,pb...->pa...", self.p**-3, self.twist, y))

    def gain(self, f: Strength) -> Float[Array, "p lm"]:
        """Row of the number made of λ = 1 per τ in fields that are the same everywhere, to be summed over species."""
        return f.w * (f.a * self.gains[0] + f.size * self.gains[1] + f.b * self.gains[2])

    def production(self, h: Function, f: Strength) -> PerChirality:
        """λ dn/dt per τ by the anomaly, as the grid has it: zero where E ⊥ B."""
        parts = jnp.einsum("ipa,pasxz->ixz", self.gains, h)
        return f.w * (f.a * parts[0] + f.size * parts[1] + f.b * parts[2]) * SIGN[:, None]

    # ---- (1 + θ)(1) + θ L, one matrix for both species, both chiralities and all places

    def factorise(self, theta: Scalar, f: Strength) -> blocks.Factors:
        """Factors of 1 + θ + θ L with fields that are the same everywhere."""
        radial = theta * jnp.stack([f.a * self.mean_flux, f.size * self.upwind])
        angular = jnp.stack([self.along, self.absolute])
        n, count, harmonics = self.p.size // self.elements, self.elements, self.along.shape[0]
        tiled = radial.reshape(2, count, n, count, n)
        each = jnp.arange(count)

        def part(shift: int) -> Array:
            """Blocks of every element with its neighbour, zero where there is none."""
            other = each + shift
            there = jnp.where((other >= 0) & (other < count), 1.0, 0.0)
            chosen = tiled[:, each, :, jnp.clip(other, 0, count - 1)] * there[:, None, None, None]
            return jnp.einsum("erij,rab->eiajb", chosen, angular).reshape(count, n * harmonics, n * harmonics)

        local = jnp.einsum("ei,ij,ab->eiajb", theta / self.p.reshape(count, n), jnp.eye(n), f.a * self.pull - f.b * self.turn)
        own = part(0) + local.reshape(count, n * harmonics, n * harmonics)
        return blocks.factorise(part(-1), (1 + theta) * jnp.eye(n * harmonics) + own, part(1))

    def solve(self, factors: blocks.Factors, y: Function) -> Function:
        """(1 + θ + θ L)⁻¹ y."""
        return blocks.solve(factors, y.reshape(self.elements, -1, y[0, 0].size)).reshape(y.shape)

    def solve_transposed(self, factors: blocks.Factors, row: Float[Array, "p lm"]) -> Float[Array, "p lm"]:
        """The same of the transposed matrix, for a row."""
        return blocks.solve_transposed(factors, row.reshape(self.elements, -1)).reshape(row.shape)

    # ---- equilibrium

    def occupations(self, potentials: PerChirality) -> Float[Array, "p species chirality z"]:
        """Fermi functions of mu_λ/T, particles and antiparticles."""
        return jax.nn.sigmoid(SIGN[:, None, None] * potentials - self.p[:, None, None, None])

    def equilibrium(self, potentials: PerChirality) -> Float[Array, "p species chirality z"]:
        """The only harmonic of h_eq, l = 0."""
        return _SPHERE * self.p[:, None, None, None] ** 2 * self.occupations(potentials)

    def potentials(self, number: PerChirality, extra: Float[Array, "p"] | None = None) -> PerChirality:
        """mu_λ/T for which the grid's sum of the Fermi functions is `number` + λ extra·Σ_s h_eq, by Newton's method.

        number in T³/c³; `extra` is what an implicit stage makes of the equilibrium that it relaxes to.
        """
        measure = _SPHERE * _STATES * self.weights * self.p**2
        row = jnp.zeros_like(self.p) if extra is None else _SPHERE * self.p**2 * extra

        def step(_, mu):
            f = self.occupations(mu)
            d = f * (1 - f)
            made, made_slope = jnp.einsum("p,psxz->xz", row, f), jnp.einsum("p,s,psxz->xz", row, SIGN, d)
            wrong = jnp.einsum("p,s,psxz->xz", measure, SIGN, f) - number - SIGN[:, None] * made
            slope = jnp.einsum("p,psxz->xz", measure, d) - SIGN[:, None] * made_slope
            return mu - wrong / slope

        return jax.lax.fori_loop(0, _NEWTON, step, chemical_potential(1.0, number))

    # ---- moments, in T³/c³ and c

    def number(self, h: Function, k: Function, w: Scalar) -> PerChirality:
        """Net number of each chirality, with the phase-space factor."""
        plain = jnp.einsum("p,s,psxz->xz", _STATES * self.weights, SIGN, h[:, 0] + k[:, 0])
        return plain + w * self.weighed(h, -2)

    def weighed(self, h: Function, power: int) -> PerChirality:
        """λ Σ_s s ∫ (ŵ·p̂/2) p^power F: what the phase-space factor adds to a net number, over w."""
        return SIGN[:, None] * jnp.einsum("p,a,pasxz->xz", _STATES * self.weights * self.p**power / 2, self.across, h)

    def energy(self, h: Function, k: Function, w: Scalar) -> PerChirality:
        """Σ_s ∫ p [F + g + λ (w·p̂/2p²) F]: energy in T⁴/c³."""
        plain = jnp.einsum("p,psxz->xz", _STATES * self.weights * self.p, h[:, 0] + k[:, 0])
        factor = jnp.einsum("p,a,s,pasxz->xz", _STATES * self.weights / self.p / 2, self.across, SIGN, h)
        return plain + w * SIGN[:, None] * factor

    def flow(self, y: Function, power: int = 0) -> Float[Array, "3 chirality z"]:
        """Σ_s s ∫ p̂ p^power f in the frame."""
        weights = _STATES * self.weights * self.p**power
        return jnp.einsum("p,ia,sa,s,pasxz->ixz", weights, self.direction, self.turned, SIGN, y)

    def occupied(self, h: Function) -> PerChirality:
        """Σ_s s ∫ F/2p²: the chiral magnetic current over λ w."""
        return jnp.einsum("p,s,psxz->xz", _STATES * self.weights / self.p**2 / 2, SIGN, h[:, 0])


def momentum_space(grid: Grid, electric: np.ndarray, magnetic: np.ndarray, space: np.ndarray) -> MomentumSpace:
    """From a grid and the unit vectors (3,) of E, B and of space's z in its frame, none with a y component."""
    lm, r = grid.angles, grid.radius
    parts = _angular(lm, electric, magnetic, space)
    turned = np.array([np.ones(lm.size), lm.turned()])
    gains = _gains(r, parts)
    values = {"p": r.p, "weights": r.weights, "mean_flux": r.mean_flux, "upwind": r.upwind, "derivative": r.derivative}
    values |= parts | {"gains": gains, "turned": turned, "direction": lm.direction[:, 0]}
    arrays = {name: jnp.asarray(value, jnp.float64) for name, value in values.items()}
    return MomentumSpace(**arrays, elements=len(r.edges) - 1)


def _angular(lm: Angles, e: np.ndarray, b: np.ndarray, z: np.ndarray) -> dict[str, np.ndarray]:
    along, unit = _along(e, lm.direction), np.eye(lm.size)
    return {
        "along": along,
        "absolute": _absolute(along),
        "pull": _along(e, lm.gradient) - 2 * along,
        "turn": _along(b, lm.rotation),
        "outward": np.einsum("i,j,ijab->ab", b, e, lm.direction_twice) - (b @ e) * unit,
        "around": np.einsum("i,j,ijab->ab", b, e, lm.direction_gradient),
        "twist": _along(b, lm.direction) @ _along(b, lm.rotation),
        "streaming": _along(z, lm.direction),
        "excess": (b @ z) * unit - np.einsum("i,j,ijab->ab", b, z, lm.direction_twice),
        "across": _along(b, lm.direction)[0],
    }


def _gains(r: Radius, m: dict[str, np.ndarray]) -> np.ndarray:
    """Rows of the number from S less what L takes from the phase-space factor (see `vlasov.Operator`)."""
    plain = _STATES * r.weights
    factor, row = plain / r.p**2 / 2, m["across"]
    pushed = (np.outer((plain @ r.derivative) / r.p**2, m["outward"][0]) + np.outer(plain / r.p**3, m["around"][0])) / 2
    moved = np.outer(factor @ r.mean_flux, row @ m["along"]) + np.outer(factor / r.p, row @ m["pull"])
    smoothed = np.outer(factor @ r.upwind, row @ m["absolute"])
    turning = np.outer(factor / r.p, row @ m["turn"]) - np.outer(plain / r.p**3, m["twist"][0]) / 2
    return np.array([pushed - moved, -smoothed, turning])
