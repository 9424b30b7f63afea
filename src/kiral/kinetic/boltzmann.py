"""The chiral kinetic equation in relaxation-time approximation as an equation that a run advances: homogeneous, or 1-D in z.

G16 (12), divided by 1 + e B·Ω/c and to first order in Ω (Gorbar et al. 2016, see docs/kinetic/runs.md). f = F + g with g linear
in Ω = λ p̂/2p²; unknowns h = p² F and k = p² g, momenta in T/c:

    ∂_t h + c ∂_z(p̂_z h) + L h/τ = (h_eq - h)/τ
    ∂_t k + c ∂_z(p̂_z k) + L k/τ = -k/τ + λ S h/τ - λ c (w/2p²) [ŵ_z - (ŵ·p̂) p̂_z] ∂_z h
    ∂_t E = -4π e j_E            (where the plasma's own field is followed)

L, S: `momentum_space`. h_eq has at every place the mu_λ for which the grid's own sums give the number with its phase-space
factor, so that collisions keep it to round-off. Streaming, Ampère and what differs in fields from place to place are explicit;
collisions and L of fields that are the same everywhere are implicit: the small elements at p = 0 would hold an explicit step
far below τ. An implicit stage is one back-substitution: the number after it obeys a scalar equation for mu_λ (rank one).
"""

from __future__ import annotations

from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from kiral.core import block_tridiagonal as blocks
from kiral.core.equation import Budget, Equation, Rate, Time, rate_limit
from kiral.core.table import TimeTable, at_time
from kiral.kinetic.momentum_space import SIGN, Function, MomentumSpace, PerChirality, Strength

Coefficient = Float[Array, ""] | TimeTable
COLLISION_LIMIT = 4.0  # implicit: for accuracy alone
FIELD_LIMIT, WAVE_LIMIT = 2.5, 3.0
"""Stable steps times rate of the explicit part of ARK4(3)6L, which reaches -4.2 on the real axis and 4.0 i on the other."""


class State(NamedTuple):
    """h, k in turned form; the plasma's own field along ê (z,); the time, for implicit stages; per volume and chirality: number
    made by the anomaly; per volume: energy received from fields and given to the bath."""

    h: Function
    k: Function
    electric: Float[Array, "z"]
    clock: Float[Array, ""]
    made: Float[Array, "chirality"]
    worked: Float[Array, ""]
    heated: Float[Array, ""]


class ChiralKinetic(Equation):
    """temperature, tau, charge, c: Gaussian, ħ = 1. electric, magnetic: prescribed strengths along ê and ŵ, with their profiles
    in time. frame: rows are the axes of the harmonics; electric_axis, magnetic_axis: ê and ŵ in it. spread: largest |L| per a.
    mode: wave number that observables follow. follows: "none", or which current drives the own field, "full" or "without_mean".
    symmetric: harmonics with m = 0 only. frozen: L has a part that is the same
    everywhere; steady: and it is constant."""

    space: MomentumSpace
    temperature: Float[Array, ""]
    tau: Float[Array, ""]
    charge: Float[Array, ""]
    c: Float[Array, ""]
    electric: Float[Array, ""]
    electric_profile: Coefficient
    magnetic: Float[Array, ""]
    magnetic_profile: Coefficient
    frame: Float[Array, "3 3"]
    electric_axis: Float[Array, "3"]
    magnetic_axis: Float[Array, "3"]
    length: Float[Array, ""]
    spread: Float[Array, ""]
    n: int = eqx.field(static=True)
    mode: int = eqx.field(static=True)
    follows: str = eqx.field(static=True)
    symmetric: bool = eqx.field(static=True)
    frozen: bool = eqx.field(static=True)
    steady: bool = eqx.field(static=True)

    # ---- units and fields

    @property
    def per_volume(self) -> Array:
        """T³/c³."""
        return (self.temperature / self.c) ** 3

    def force(self, electric: Array) -> Array:
        """c e τ E/T."""
        return self.c * self.charge * self.tau / self.temperature * electric

    def berry(self, clock: Time) -> Array:
        """e c B/T²."""
        return self.charge * self.c / self.temperature**2 * self.magnetic * at_time(self.magnetic_profile, clock)

    def prescribed(self, clock: Time) -> Array:
        """E along ê at this time."""
        return self.electric * at_time(self.electric_profile, clock)

    def field(self, y: State) -> Float[Array, "z"]:
        """All of E along ê."""
        return self.prescribed(y.clock) + y.electric

    def strength(self, a: Array, clock: Time) -> Strength:
        """With the magnetic field of this time."""
        w = self.berry(clock)
        return Strength(a, jnp.abs(a), w * self.tau * self.temperature, w)

    def everywhere(self, y: State) -> Strength:
        """The fields of the implicit part: all where nothing varies in space, else the prescribed one."""
        electric = self.field(y)[0] if self.n == 1 else self.prescribed(y.clock)
        return self.strength(self.force(electric), y.clock)

    def total(self, y: State) -> Strength:
        """All fields, from place to place."""
        return self.strength(self.force(self.field(y)), y.clock)

    # ---- moments in units

    def densities(self, y: State) -> PerChirality:
        """Number densities n_λ."""
        return self.per_volume * self.space.number(y.h, y.k, self.berry(y.clock))

    def potentials(self, y: State) -> PerChirality:
        """mu_λ."""
        return self.temperature * self.space.potentials(self.space.number(y.h, y.k, self.berry(y.clock)))

    def currents(self, y: State) -> Float[Array, "3 chirality z"]:
        """Number currents j_λ in the frame: ∫ v f + (e/c) B ∫ (v·Ω) F + e E × ∫ Ω F, G16 (9)."""
        w = self.berry(y.clock)
        free = self.space.flow(y.h) + self.space.flow(y.k)
        magnetic = w * SIGN[:, None] * self.magnetic_axis[:, None, None] * self.space.occupied(y.h)
        hall = jnp.cross(self.electric_axis[:, None, None], self.space.flow(y.h, -2) / 2, axis=0)
        strength = self.force(self.field(y)) / (self.tau * self.temperature)
        return self.c * self.per_volume * (free + magnetic + strength * SIGN[:, None] * hall)

    def along(self, currents: Float[Array, "3 chirality z"]) -> PerChirality:
        """The component along E."""
        return jnp.einsum("i,ixz->xz", self.electric_axis, currents)

    def production(self, y: State) -> PerChirality:
        """dn_λ/dt by the anomaly; with a changing B also by its phase-space factor."""
        made = self.space.production(y.h, self.total(y)) / self.tau
        if isinstance(self.magnetic_profile, TimeTable):
            made = made + self._berry_rate(y.clock) * self.space.weighed(y.h, -2)
        return self.per_volume * made

    def _induced(self, y: State) -> Array:
        """Energy that the phase-space factor of a changing B adds."""
        if not isinstance(self.magnetic_profile, TimeTable):
            return jnp.zeros(())
        one, none = (jnp.sum(jnp.mean(self.space.energy(y.h, y.k, jnp.asarray(w)), axis=-1)) for w in (1.0, 0.0))
        return self.temperature * self.per_volume * self._berry_rate(y.clock) * (one - none)

    def _berry_rate(self, clock: Time) -> Array:
        """d/dt of e c B/T²."""
        i = jnp.clip(jnp.searchsorted(self.magnetic_profile.t, clock, side="right") - 1, 0, self.magnetic_profile.t.size - 2)
        slope = jnp.polyval(jnp.polyder(self.magnetic_profile.coefficients[:, i]), clock - self.magnetic_profile.t[i])
        return self.charge * self.c / self.temperature**2 * self.magnetic * slope

    def plasma_energy(self, y: State) -> Float[Array, ""]:
        """Energy density of the particles, mean over the box."""
        energy = self.space.energy(y.h, y.k, self.berry(y.clock))
        return self.temperature * self.per_volume * jnp.sum(jnp.mean(energy, axis=-1))

    # ---- what a scheme asks for

    def evaluate(self, t: Time, y: State) -> tuple[State, dict[str, Rate]]:
        """Streaming, Ampère, fields that differ from place to place, and what the ledgers gain."""
        currents = self.along(self.currents(y))
        h, k = self._streaming(y) if self.n > 1 else (jnp.zeros_like(y.h), jnp.zeros_like(y.k))
        if self.n > 1 and self.follows != "none":
            h, k = self._varying(y, h, k)
        electric = self._ampere(currents)
        worked = self.charge * jnp.mean(self.field(y) * jnp.sum(currents, axis=0))
        worked = worked + self._induced(y)
        made = jnp.mean(self.production(y), axis=-1)
        return State(h, k, electric, jnp.ones(()), made, worked, jnp.zeros(())), self._rates(y)

    def _streaming(self, y: State) -> tuple[Function, Function]:
        """-c ∂_z of h and k, and what it makes of g."""
        by_z = self.derivative(jnp.stack([y.h, y.k]))
        moved = -self.c * SIGN[:, None, None] * jnp.einsum("ab,ipb...->ipa...", self.space.streaming, by_z)
        made = jnp.einsum("p,ab,pb...->pa...", self.space.p**-2 / 2, self.space.excess, by_z[0])
        return moved[0], moved[1] - self.c * self.berry(y.clock) * SIGN[:, None] * made

    def _varying(self, y: State, h: Function, k: Function) -> tuple[Function, Function]:
        """h, k with the fields that the implicit part leaves."""
        total, there = self.total(y), self.everywhere(y)
        rest = Strength(total.a - there.a, total.size - there.size, 0 * total.b, total.w)
        moved = self.space.transport(jnp.stack([y.h, y.k], axis=2), rest)
        pushed = self._signed(self.space.source(y.h, rest))
        return h - moved[:, :, 0] / self.tau, k + (pushed - moved[:, :, 1]) / self.tau

    def _signed(self, y: Function) -> Function:
        """λ s y."""
        return SIGN[:, None, None] * SIGN[:, None] * y

    def _ampere(self, currents: PerChirality) -> Float[Array, "z"]:
        """∂_t of the own field."""
        if self.follows == "none":
            return jnp.zeros(self.n)
        j = jnp.sum(currents, axis=0)
        j = j - jnp.mean(j) if self.follows == "without_mean" else j
        return -4 * jnp.pi * self.charge * j

    def _collisions(self, y: State) -> tuple[Function, Function]:
        """(h_eq - h, -k)."""
        mu = self.space.potentials(self.space.number(y.h, y.k, self.berry(y.clock)))
        return (-y.h).at[:, 0].add(self.space.equilibrium(mu)), -y.k

    def derivative(self, y: Array) -> Array:
        """∂_z by Fourier modes, the Nyquist mode's derivative being 0."""
        k = 2 * jnp.pi / self.length * jnp.arange(self.n // 2 + 1)
        return jnp.fft.irfft(1j * k.at[-1].set(0.0) * jnp.fft.rfft(y, axis=-1), n=self.n, axis=-1)

    def _rates(self, y: State) -> dict[str, Rate]:
        rates = {"collisions": rate_limit(1 / self.tau, COLLISION_LIMIT)}
        if self.n > 1:
            rates["streaming"] = rate_limit(jnp.pi * self.c * (self.n - 2) / self.length, WAVE_LIMIT)
        if self.follows != "none":
            susceptibility = self.temperature**2 / (3 * self.c**3)
            rates["plasma"] = rate_limit(jnp.sqrt(4 * jnp.pi * self.charge**2 * self.c**2 * susceptibility / 3), WAVE_LIMIT)
        if self.n > 1 and self.follows != "none":
            rates["field"] = rate_limit(self.spread * jnp.max(jnp.abs(self.force(y.electric))) / self.tau, FIELD_LIMIT)
        return rates

    def linear(self) -> Implicit:
        """Collisions and the fields that are the same everywhere."""
        return Implicit(self)

    def linear_rates(self) -> dict[str, Rate]:
        """For a scheme that would treat collisions and fields explicitly."""
        rate = (1 + self.spread * jnp.abs(self.force(self.electric))) / self.tau
        return {"collisions": rate_limit(rate, FIELD_LIMIT)}

    def error_norm(self, error: State, y: State) -> Float[Array, ""]:
        """Mean square error of h over h, of k over w h, and of c e τ E/T."""

        def square(x: Function) -> Array:
            return jnp.mean(jnp.einsum("p,pasxz->z", self.space.weights, x**2))

        size = square(y.h)
        berry = jnp.maximum(jnp.abs(self.berry(y.clock)), 1e-12)
        parts = square(error.h) / size + square(error.k) / (berry**2 * size) + jnp.mean(self.force(error.electric) ** 2)
        return jnp.sqrt(parts)

    def budgets(self, t: Time, y: State) -> dict[str, Budget]:
        """Number of each chirality with what the anomaly makes; charge; energy of the particles with e E·j and what the bath
        takes. The first two close to round-off; so does the last in uniform fields of one axis, else as far as the grid
        resolves what they do to g."""
        number, zero = jnp.mean(self.densities(y), axis=-1), jnp.zeros(())
        size = self.per_volume * jnp.ones(2) / 6 + jnp.abs(number)
        energy = self.plasma_energy(y)
        return {
            "number": Budget(number, y.made, size + jnp.abs(y.made)),
            "charge": Budget(jnp.sum(number), jnp.sum(y.made) + zero, jnp.sum(size)),
            "energy": Budget(energy, y.worked - y.heated, energy + jnp.abs(y.worked) + jnp.abs(y.heated)),
        }


class Implicit(eqx.Module):
    """The part of the tendency that is solved for: not linear in the state, because mu_λ follows from it."""

    equation: ChiralKinetic

    def apply(self, y: State) -> State:
        """Collisions, with the energy that the bath takes, and L, S of the fields that are the same everywhere."""
        eq = self.equation
        h, k = eq._collisions(y)
        energy = jnp.sum(jnp.mean(eq.space.energy(h, k, eq.berry(y.clock)), axis=-1))
        heated = -eq.temperature * eq.per_volume / eq.tau * energy
        if eq.frozen:
            f = eq.everywhere(y)
            moved = eq.space.transport(jnp.stack([y.h, y.k], axis=2), f)
            h, k = h - moved[:, :, 0], k - moved[:, :, 1] + eq._signed(eq.space.source(y.h, f))
        rest = State(*(jnp.zeros_like(x) for x in y))
        return rest._replace(h=h / eq.tau, k=k / eq.tau, heated=heated)

    def tables(self, step: Array) -> Array | tuple[Array, blocks.Factors]:
        """θ = step/τ, with the factors of 1 + θ + θ L where the fields are constant."""
        eq, theta = self.equation, jnp.asarray(step / self.equation.tau)
        if not (eq.frozen and eq.steady):
            return theta
        a = eq.force(eq.prescribed(jnp.zeros(())))
        return theta, eq.space.factorise(theta, eq.strength(a, jnp.zeros(())))

    def solve(self, tables: Array | tuple[Array, blocks.Factors], r: State) -> State:
        """The stage y with y - θ τ apply(y) = r, but for the ledger `heated`, on which no tendency depends.

        The number after it, n = number(r) + θ λ G·h with the row G of the production, and h = M⁻¹(h_r + θ h_eq(mu)), M =
        1 + θ + θ L: with q = M⁻ᵀ G this is one equation for mu_λ at each place.
        """
        eq = self.equation
        number = eq.space.number(r.h, r.k, eq.berry(r.clock))
        if not eq.frozen:
            theta = tables
            h = r.h.at[:, 0].add(theta * eq.space.equilibrium(eq.space.potentials(number))) / (1 + theta)
            return r._replace(h=h, k=r.k / (1 + theta))
        f = eq.everywhere(r)
        theta, factors = tables if eq.steady else (tables, eq.space.factorise(tables, f))
        q = eq.space.solve_transposed(factors, eq.space.gain(f))
        number = number + theta * SIGN[:, None] * jnp.einsum("pa,pasxz->xz", q, r.h)
        mu = eq.space.potentials(number, theta**2 * q[:, 0])
        h = eq.space.solve(factors, r.h.at[:, 0].add(theta * eq.space.equilibrium(mu)))
        k = eq.space.solve(factors, r.k + theta * eq._signed(eq.space.source(h, f)))
        return r._replace(h=h, k=k)
