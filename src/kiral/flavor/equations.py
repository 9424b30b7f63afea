"""The quantum kinetic equation of mixed neutrinos, (∂t + v·∇) ρ = -i [H, ρ] + C, along the rays of every direction.

H = vacuum(E) + matter λ(x) + μ ∫ dv' (1 - v·v')(ρ' - ρ̄'*), μ = √2 G_F n (Fiorillo, Raffelt & Sigl 2024, "F24", Eqs. 1 and 6).
With ρ = (trace + p·λ)/2 this is dp/dt = h × p. Antineutrinos are held as ρ̄*: they see the same h, with the vacuum term's
sign turned. Rays: p(x + v s) at s = t - t0 is stored at x, so that nothing is advected. h needs only sums over directions:
the transform of each p is turned into the common frame by exp(-i k·v s) and summed with the few weights 1, v; h comes back by
exp(+i k·v s). c = 1; lengths and times in units of one another, rates in 1/t*.
"""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Inexact

from kiral.core.equation import Budget, Equation, NoRelaxation, Rate, Time, rate_limit
from kiral.core.integrators.base import combine
from kiral.core.integrators.lie import Measured, gathered, generators
from kiral.flavor.collisions import Relaxation
from kiral.flavor.groups import GROUPS, Group, Vector, dot
from kiral.flavor.moments import Moments
from kiral.flavor.rays import Rays
from kiral.flavor.state import State

ROTATION_LIMIT = 1.5
"""Largest angle in a step: the classical RK4 is stable to 2.8, the series of the rotations is exact to 2.5."""
_QUIET = 1e-8  # coherence below which an error is absolute, lest round-off of p counts as one


class Data(NamedTuple):
    """What belongs to the leading axis, the directions: velocity (D, 3); angular weights of the sums (D, R); weights of
    each bin in the potential (D, B), signed, and in norms (D, B), positive. turn: phases exp(i k·v s)."""

    velocity: Float[Array, "D 3"]
    angular: Float[Array, "D R"]
    coupling: Float[Array, "D B"]
    share: Float[Array, "D B"]
    turn: Inexact[Array, "D kx ky kz"] | None = None


class FlavorEquation(Equation):
    """Two or three flavors, any set of directions, homogeneous to 3-D.

    vacuum: components of the vacuum term of every bin (C, B) [1/t*], or None; matter: modes of λ(x) [1/t*], or None;
    collisions: emission and absorption, or None; mu: √2 G_F n in the unit of densities [1/t*].

    For counting: trace_content, content: density × weight of (neutrinos, antineutrinos) by bin, what Tr ρ and p stand for;
    weight of the directions; began: electron (anti)neutrinos at the start; began_electron: 1 for bins that began mostly as
    ν_e; norm: |p|² at the start; energy: energy bin of every bin.
    """

    flavors: int = eqx.field(static=True)
    sums: Moments = eqx.field(static=True)
    block_count: int = eqx.field(static=True)
    rays: Rays
    data: Data
    mu: Float[Array, ""]
    vacuum: Float[Array, "C B"] | None
    matter: Inexact[Array, "kx ky kz"] | None
    collisions: Relaxation | None
    trace_content: Float[Array, "2 D B"]
    content: Float[Array, "2 D B"]
    weight: Float[Array, "D"]
    began: Float[Array, "2 D B"]
    began_electron: Float[Array, "D B"]
    norm: Float[Array, "D B nx ny nz"]
    energy: tuple[int, ...] = eqx.field(static=True, default=(0,))

    @property
    def group(self) -> Group:
        """SU(2) or SU(3)."""
        return GROUPS[self.flavors]

    # ---- what the Lie-group scheme asks for

    def blocks(self) -> int:
        """In how many blocks of directions a stage goes over the state."""
        return self.block_count

    def along_axis(self, t: Time) -> Data:
        """What belongs to the directions at time t."""
        return self.data._replace(turn=self.rays.phases(t, self.data.velocity))

    def split(self, y: State) -> tuple[Vector, Array, Array]:
        """(p, ∫ dK, trace)."""
        return y.p, y.kinetic, y.trace

    def join(self, turned: Vector, numbers: Array, constant: Array) -> State:
        """The state again."""
        return State(turned, constant, numbers)

    def gather(self, p: Vector, data: Data) -> Inexact[Array, "R C kx ky kz"]:
        """Σ over a block's directions and bins, as modes in the common frame, unscaled: rows of `sums`, components."""
        found = []
        for component in p:
            bins = jnp.einsum("db,db...->d...", data.coupling.astype(component.dtype), component)
            modes = self.rays.to_modes(bins, scaled=False)
            modes = modes * jnp.conj(data.turn).astype(modes.dtype)
            found.append(jnp.einsum("dr,d...->r...", data.angular.astype(modes.dtype), modes))
        return jnp.stack(found, axis=1)

    def field(self, t: Time, sums: Array) -> tuple[Array, Array, dict[str, Rate]]:
        """(modes of the potential's parts (M, C, ...), dK/dt, rates that limit the step) from the sums."""
        sums = sums / self.rays.points
        first = sums[: self.sums.count]
        metric = jnp.asarray(self.sums.metric).reshape(-1, 1, 1, 1, 1)
        potential = (self.mu * metric).astype(first.real.dtype) * first
        if self.matter is not None:
            toward = self.electron.reshape(-1, 1, 1, 1).astype(first.real.dtype)
            potential = potential.at[0].add(toward * self.matter.astype(first.dtype))
        return potential, self._kinetic_rate(sums, potential), self._rates(potential)

    def generator(self, potential: Array, data: Data) -> Vector:
        """h of a block along its rays: tuple of components, each (directions, bins or 1, nx, ny, nz)."""
        first = data.angular[:, : self.sums.count].astype(potential.dtype)
        found = []
        for c in range(self.group.components):
            parts = [first[:, m, None, None, None] * potential[m, c] for m in range(self.sums.count)]
            modes = sum(parts[1:], parts[0]) * data.turn.astype(potential.dtype)
            h = self.rays.to_grid(modes * self.rays.points, scaled=False)[:, None]
            if self.vacuum is not None:
                h = h + self.vacuum[c][None, :, None, None, None].astype(h.dtype)
            found.append(h)
        return tuple(found)

    def turn(self, u: Vector, p: Vector) -> Vector:
        """exp(u ×) p."""
        return self.group.rotate(u, p)

    def differential(self, u: Vector, k: Vector) -> Vector:
        """dexp_u(k)."""
        return self.group.differential(u, k)

    def inverse_differential(self, u: Vector, w: Vector) -> Vector:
        """dexp⁻¹_u(w)."""
        return self.group.inverse_differential(u, w)

    def measure(self, error: Vector, p: Vector, data: Data) -> tuple[Array, Array]:
        """Weighted sums of |u_error × p|² and of the coherence |p_ex|²."""
        return self._weighed(self.group.cross(error, p), data), self._weighed(self._coherent(p), data)

    # ---- what every scheme asks for

    def evaluate(self, t: Time, y: State) -> tuple[State, dict[str, Rate]]:
        """h × p, and the rates."""
        field, kinetic, rates = self.field(t, gathered(self, t, y.p))
        h = generators(self, t, field)
        tendency = State(self.group.cross(h, y.p), jnp.zeros_like(y.trace), kinetic)
        if self.collisions is not None:
            tendency = combine((1.0, tendency), (1.0, self.collisions.source(y)))
        return tendency, rates

    def linear(self) -> NoRelaxation | Relaxation:
        """Emission and absorption; vacuum and matter turn with the rest."""
        return NoRelaxation() if self.collisions is None else self.collisions

    def relaxation(self) -> NoRelaxation | Relaxation:
        """The same, exact in every scheme."""
        return self.linear()

    def linear_rates(self) -> dict[str, Rate]:
        """None: what is linear is exact."""
        return {}

    def moments_of(self, t: Time, p: Vector) -> Array:
        """Modes (R, C, kx, ky, kz) of the sums over directions in the common frame."""
        return gathered(self, t, p) / self.rays.points

    def error_norm(self, error: State | Measured, y: State) -> Float[Array, ""]:
        """Mean square error of p over the coherence (|p_ex|, as long as that is small): a seed grows with its own accuracy."""
        if isinstance(error, Measured):
            wrong, coherent = error.sums
        else:
            wrong, coherent = self._weighed(error.p, self.data), self.coherence_square(y.p)
        return jnp.sqrt(wrong / (coherent + _QUIET**2))

    def coherence_square(self, p: Vector) -> Float[Array, ""]:
        """Mean |p_ex|², every bin by its share."""
        return self._weighed(self._coherent(p), self.data)

    def budgets(self, t: Time, y: State) -> dict[str, Budget]:
        """See `ledgers`."""
        from kiral.flavor.ledgers import budgets

        return budgets(self, t, y)

    # ---- parts

    @cached_property
    def electron(self) -> np.ndarray:
        """Components of diag(1, 0[, 0]): what matter acts on."""
        unit = np.zeros((self.flavors, self.flavors))
        unit[0, 0] = 1.0
        return self.group.vector(unit)

    def _coherent(self, p: Vector) -> Vector:
        return tuple(p[i] for i in self.group.off_diagonal)

    def _weighed(self, p: Vector, data: Data) -> Array:
        """Σ share |p|², averaged over the box (float64)."""
        total = jnp.mean(dot(p, p), axis=(-3, -2, -1), dtype=jnp.float64)
        return jnp.sum(data.share * total)

    def _kinetic_rate(self, sums: Array, potential: Array) -> Array:
        """dK/dt = ½ ∫ Σ h_v · (v·∇) P_v (F24 Eqs. 21 and 22 without the trace, which does not change)."""
        total = jnp.zeros((), jnp.float64)
        for axis, rows in zip(self.sums.axes, self.sums.second, strict=True):
            k = self.rays.k[axis]
            flux = jnp.stack([sums[row] for row in rows])
            total = total + self.rays.integral(potential, 1j * k.astype(flux.real.dtype) * flux)
        return total / 2

    def _rates(self, potential: Array) -> dict[str, Rate]:
        """The largest |h|: how fast polarization vectors turn."""
        parts = self.rays.to_grid(potential)
        size = jnp.sqrt(jnp.sum(parts * parts, axis=1))
        reach = jnp.max(jnp.abs(self.data.angular[:, : self.sums.count]), axis=0).astype(size.dtype)
        fastest = jnp.max(jnp.einsum("m,m...->...", reach, size)).astype(jnp.float64)
        if self.vacuum is not None:
            fastest = fastest + jnp.max(jnp.sqrt(jnp.sum(self.vacuum**2, axis=0)))
        return {"precession": rate_limit(fastest, ROTATION_LIMIT)}

