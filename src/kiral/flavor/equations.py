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
from jax import lax
from jax.sharding import Mesh, NamedSharding, PartitionSpec
from jaxtyping import Array, Float, Inexact

from kiral.core.equation import Budget, Equation, NoRelaxation, Rate, Time, rate_limit
from kiral.core.integrators.base import combine
from kiral.core.integrators.lie import Measured, gathered, generators
from kiral.core.layout import Layout, Slabs
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
    each bin in the potential (D, B), signed, and in norms (D, B), positive."""

    velocity: Float[Array, "D 3"]
    angular: Float[Array, "D R"]
    coupling: Float[Array, "D B"]
    share: Float[Array, "D B"]


class FastestMode(NamedTuple):
    """The mode along z that grows fastest (`kiral.flavor.fastest`): its number, and its projector (D,) complex."""

    number: Float[Array, ""]
    projector: Inexact[Array, "D"]


class FlavorEquation(Equation):
    """Two or three flavors, any set of directions, homogeneous to 3-D.

    vacuum: components of the vacuum term of every bin (C, B) [1/t*], or None; matter: modes of λ(x) [1/t*], or None;
    collisions: emission and absorption, or None; mu: √2 G_F n in the unit of densities [1/t*].

    For counting: trace_content, content: density × weight of (neutrinos, antineutrinos) by bin, what Tr ρ and p stand for;
    weight of the directions; began: electron (anti)neutrinos at the start; began_electron: 1 for bins that began mostly as
    ν_e; norm: |p|² at the start; energy: energy bin of every bin;
    fastest: the mode that grows fastest in linear theory, or None; mesh: devices that share the directions.
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
    fastest: FastestMode | None = None
    mesh: Mesh | None = eqx.field(static=True, default=None)

    @property
    def group(self) -> Group:
        """SU(2) or SU(3)."""
        return GROUPS[self.flavors]

    @property
    def layout(self) -> Layout | None:
        """Arrays over directions and bins are cut along the directions; None on one device."""
        if self.mesh is None:
            return None
        cut = NamedSharding(self.mesh, PartitionSpec(*self.mesh.axis_names))
        shapes = {(*self.data.share.shape, *box) for box in ((1, 1, 1), self.rays.n)}
        return Layout(tuple(Slabs(shape, shape, cut) for shape in sorted(shapes)))

    # ---- what the Lie-group scheme asks for

    def blocks(self) -> int:
        """In how many blocks of its directions a device goes over the state."""
        return self.block_count

    def split(self, y: State) -> tuple[Vector, Array, Array]:
        """(p, ∫ dK, trace)."""
        return y.p, y.kinetic, y.trace

    def join(self, turned: Vector, numbers: Array, constant: Array) -> State:
        """The state again."""
        return State(turned, constant, numbers)

    def frame(self, t: Time, data: Data) -> Inexact[Array, "D kx ky kz"]:
        """exp(i k·v s) of a block."""
        return self.rays.phases(t, data.velocity)

    def gather(self, turn: Array, p: Vector, data: Data) -> Inexact[Array, "R C kx ky kz"]:
        """Σ over a block's directions and bins, as modes in the common frame, unscaled: rows of `sums`, components."""
        found = []
        for component in p:
            bins = _over_bins(data.coupling, component)
            modes = self.rays.to_modes(bins, scaled=False)
            found.append(_weighted(data.angular, modes * jnp.conj(turn).astype(modes.dtype)))
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

    def generator(self, turn: Array, potential: Array, data: Data) -> Vector:
        """h of a block along its rays without the vacuum term: tuple of components, each (directions, 1, nx, ny, nz)."""
        turn, found = turn.astype(potential.dtype), []
        rows = self.rays.points * data.angular[:, : self.sums.count].astype(potential.real.dtype)
        for c in range(self.group.components):
            parts = [_scaled(rows[:, m], potential[m, c]) for m in range(self.sums.count)]
            found.append(self.rays.to_grid(sum(parts[1:], parts[0]) * turn, scaled=False)[:, None])
        return tuple(found)

    def whole(self, h: Vector) -> Vector:
        """h with the vacuum term of every bin: (directions, bins, nx, ny, nz)."""
        if self.vacuum is None:
            return h
        return tuple(x + v[None, :, None, None, None].astype(x.dtype) for x, v in zip(h, self.vacuum, strict=True))

    def turn(self, u: Vector, p: Vector) -> Vector:
        """exp(u ×) p."""
        return self.group.rotate(u, p)

    def bracket(self, u: Vector, w: Vector) -> Vector:
        """u × w."""
        return self.group.cross(u, w)

    def measure(self, p: Vector, data: Data) -> tuple[Array, Array]:
        """Weighted sums of |p|², by pairs of the potential's rows (M, M), and of the coherence |p_ex|²."""
        rows = data.angular[:, : self.sums.count]
        size = jnp.sum(data.share * _mean_square(p), axis=1)
        return jnp.einsum("d,dm,dn->mn", size, rows, rows), self._weighed(self._coherent(p), data)

    # ---- what every scheme asks for

    def evaluate(self, t: Time, y: State) -> tuple[State, dict[str, Rate]]:
        """h × p, and the rates."""
        field, kinetic, rates = self.field(t, gathered(self, t, y.p))
        h = generators(self, t, field)
        return State(self.group.cross(h, y.p), jnp.zeros_like(y.trace), kinetic), rates

    def linear(self) -> NoRelaxation | Relaxation:
        """Emission and absorption; vacuum and matter turn with the rest."""
        return NoRelaxation() if self.collisions is None else self.collisions

    def relaxation(self) -> NoRelaxation | Relaxation:
        """The same, exact in every scheme."""
        return self.linear()

    def add_forced(self, t: Time, h: Array, y: State) -> State:
        """y + h φ_1(h L) κ ρ_eq: what is emitted in h and not absorbed again."""
        if self.collisions is None:
            return y
        emitted = self.collisions.phi(self.collisions.tables(h), 1, self.collisions.source(y))
        return combine((1.0, y), (h, emitted))

    def linear_rates(self) -> dict[str, Rate]:
        """None: what is linear is exact."""
        return {}

    def moments_of(self, t: Time, p: Vector) -> Array:
        """Modes (R, C, kx, ky, kz) of the sums over directions in the common frame."""
        return gathered(self, t, p) / self.rays.points

    def error_norm(self, error: State | Measured, y: State) -> Float[Array, ""]:
        """Mean square error of p over the coherence (|p_ex|, as long as that is small): a seed grows with its own accuracy."""
        if isinstance(error, Measured):  # |e × p| ≤ |e| |p|, the field e in all directions by its modes
            pairs, coherent = error.sums
            products = jnp.stack([self.rays.integrals(f, error.field) for f in error.field])
            wrong = jnp.sum(pairs * products) / self.rays.volume
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
        return jnp.sum(data.share * _mean_square(p))

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


def _mean_square(p: Vector) -> Float[Array, "D B"]:
    """|p|² averaged over the box (float64)."""
    return jnp.mean(dot(p, p), axis=(-3, -2, -1), dtype=jnp.float64)


def _over_bins(weights: Float[Array, "D B"], component: Array) -> Array:
    """Σ over bins, (D, nx, ny, nz)."""
    weights = weights.astype(component.dtype)[..., None, None, None]
    return sum((weights[:, b] * component[:, b] for b in range(1, component.shape[1])), weights[:, 0] * component[:, 0])


def _scaled(weights: Float[Array, "D"], modes: Array) -> Array:
    """weights × modes, (D, kx, ky, kz), without products of real numbers made complex."""
    column = weights[:, None, None, None]
    if not jnp.iscomplexobj(modes):
        return column * modes
    return lax.complex(column * modes.real, column * modes.imag)


def _weighted(rows: Float[Array, "D R"], modes: Array) -> Array:
    """Σ over directions of rows × modes, (R, kx, ky, kz), in real arithmetic."""
    rows = rows.astype(modes.real.dtype)
    if not jnp.iscomplexobj(modes):
        return jnp.einsum("dr,d...->r...", rows, modes)
    parts = [jnp.einsum("dr,d...->r...", rows, part) for part in (modes.real, modes.imag)]
    return lax.complex(*parts)
