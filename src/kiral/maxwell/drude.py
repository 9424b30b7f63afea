"""The linear part of the anomalous Maxwell equations with Drude currents J_l as unknowns, exact for exponential schemes.

    tau ∂t J_l + J_l = (sigma_l0/e) E - D ∇n_l,   ∂t E = c ∇×B - 4π e Σ J_l,   ∂t B = -c ∇×E,   ∂t n_l = -∇·J_l

transverse (E, ∇×B/k, J = J₊ + J₋):   one 3×3 block per |k|;   J_l - (sigma_l0/sigma0) J decays with 1/tau
longitudinal (n, ∇·J):                one oscillator per |k|, tau ∂t² n + ∂t n = -(Γ + D k²) n; the rest of n_l with D k²

Γ = 4π sigma0. The longitudinal E follows from n, as with Ohm's law.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from kiral.core.equation import Rate, rate_limit
from kiral.core.phi import ORDERS, pair_functions, phi_functions
from kiral.geometry.box import Box, Modes, VectorModes
from kiral.maxwell.blocks import block_functions
from kiral.maxwell.limits import DAMPING_LIMIT, WAVE_LIMIT
from kiral.maxwell.linear import longitudinal, scaled

if TYPE_CHECKING:
    from kiral.maxwell.state import State

Pair = tuple[Modes, Modes]


class DrudeTables(NamedTuple):
    """φ-functions of one step size, by order: transverse blocks (3, 3, *modes), both oscillators, decay with tau."""

    transverse: list[Array]
    charge: list[tuple[Array, Array]]
    axial: list[tuple[Array, Array]]
    decay: list[Array]


class DrudeLinear(eqx.Module):
    """L for given coefficients; see the module's head."""

    box: Box
    charge: Float[Array, ""]
    light_speed: Float[Array, ""]
    sigma: Float[Array, "2"]
    diffusion: Float[Array, ""]
    tau: Float[Array, ""]

    @property
    def rate(self) -> Float[Array, ""]:
        """Γ = 4π sigma0."""
        return 4 * jnp.pi * jnp.sum(self.sigma)

    @property
    def permittivity(self) -> Float[Array, ""]:
        """1: a Drude current has no term with ∂t E."""
        return jnp.ones(())

    def apply(self, y: State) -> State:
        """L y."""
        box, c, e, tau = self.box, self.light_speed, self.charge, self.tau
        total = tuple(a + b for a, b in zip(*y.current, strict=True))
        electric = tuple(c * b - 4 * jnp.pi * e * j for b, j in zip(box.curl(y.B), total, strict=True))
        currents = tuple(
            tuple(((s / e) * f - self.diffusion * g - j) / tau for f, g, j in zip(y.E, box.gradient(n), flow, strict=True))
            for s, n, flow in zip(self.sigma, y.n, y.current, strict=True)
        )
        n = tuple(-box.divergence(flow) for flow in y.current)
        magnetic = tuple(-c * f for f in box.curl(y.E))
        return y._replace(E=electric, B=magnetic, n=n, ledger=scaled(y.ledger, 0.0), current=currents)

    def tables(self, h: Float[Array, ""]) -> DrudeTables:
        """φ_0..φ_3 of h L for every mode (real arrays)."""
        k2, tau = self.box.k2, self.tau
        ck, one, none = self.light_speed * jnp.sqrt(k2), jnp.ones_like(k2), jnp.zeros_like(k2)
        push, pull = -4 * jnp.pi * self.charge * one, jnp.sum(self.sigma) / (self.charge * tau) * one
        rows = [[none, ck, push], [-ck, none, none], [pull, none, -one / tau]]
        block = jnp.stack([jnp.stack(row, axis=-1) for row in rows], axis=-2)
        transverse = [jnp.moveaxis(f, (-2, -1), (0, 1)) for f in block_functions(h, block)]
        centre = jnp.broadcast_to(-0.5 / tau, k2.shape)
        charge, axial = (
            pair_functions(h, centre, centre**2 - rate / tau) for rate in (self._charge_rate, self.diffusion * k2)
        )
        return DrudeTables(transverse, charge, axial, phi_functions(-h / tau, ORDERS - 1))

    def phi(self, tables: DrudeTables, order: int, y: State) -> State:
        """φ_order(h L) y."""
        box = self.box
        share = self.sigma / jnp.sum(self.sigma)
        e = box.transverse(y.E)
        across = tuple(box.transverse(flow) for flow in y.current)
        total = _add(*across)
        e, b, flow = self._transverse(tables.transverse[order], e, y.B, total)
        spread = tuple(tables.decay[order] * (share[1] * f - share[0] * g) for f, g in zip(*across, strict=True))
        n, q = self._longitudinal(tables, order, y, share)
        along = longitudinal(box, self.charge, n[0] + n[1])
        over = 1 / (4 * jnp.pi * self.charge)  # E has the divergence 4π e n, J has q
        along_j = [longitudinal(box, self.charge, part) for part in q]
        currents = tuple(
            tuple(s * f + sign * d + over * a for f, d, a in zip(flow, spread, part, strict=True))
            for s, sign, part in zip(share, (1, -1), along_j, strict=True)
        )
        return y._replace(E=_add(e, along), B=b, n=n, ledger=scaled(y.ledger, 1 / math.factorial(order)), current=currents)

    def _transverse(self, f: Array, e: VectorModes, b: VectorModes, j: VectorModes):
        """The 3×3 block on (E, ∇×B/k, J); the mean of B stays what φ makes of nothing happening."""
        box = self.box
        k = jnp.sqrt(box.k2)
        per_k = jnp.where(k > 0, 1 / jnp.where(k > 0, k, 1.0), 0.0)
        turned = tuple(per_k * c for c in box.curl(b))
        given = jnp.stack([jnp.stack(e), jnp.stack(turned), jnp.stack(j)])
        out_e, out_turned, out_j = jnp.sum(f[:, :, None] * given, axis=1)
        back = box.curl(tuple(per_k * c for c in out_turned))
        return tuple(out_e), tuple(jnp.where(k > 0, g, f[1, 1] * h) for g, h in zip(back, b, strict=True)), tuple(out_j)

    @property
    def _charge_rate(self) -> Array:
        """Γ + D k² of the charge; its mean stays."""
        return jnp.where(self.box.k2 > 0, self.rate, 0.0) + self.diffusion * self.box.k2

    def _longitudinal(self, tables: DrudeTables, order: int, y: State, share) -> tuple[Pair, Pair]:
        """The oscillators of the charge and of what is left: (n_l, ∇·J_l)."""
        k2, q = self.box.k2, tuple(self.box.divergence(flow) for flow in y.current)
        n, flow = _oscillate(tables.charge[order], y.n[0] + y.n[1], q[0] + q[1], self._charge_rate / self.tau, self.tau)
        rest, rest_flow = (share[1] * f[0] - share[0] * f[1] for f in (y.n, q))
        m, p = _oscillate(tables.axial[order], rest, rest_flow, self.diffusion * k2 / self.tau, self.tau)
        return (share[0] * n + m, share[1] * n - m), (share[0] * flow + p, share[1] * flow - p)

    def rates(self) -> dict[str, Rate]:
        """Rates that limit a scheme which treats L explicitly."""
        k = self.box.k_max
        sound = jnp.sqrt((self.rate + self.diffusion * k**2) / self.tau)
        return {
            "light": rate_limit(self.light_speed * k, WAVE_LIMIT),
            "plasma oscillation": rate_limit(sound, WAVE_LIMIT),
            "collisions": rate_limit(1 / self.tau, DAMPING_LIMIT),
        }


def _oscillate(table: tuple[Array, Array], n: Modes, q: Modes, square: Array, tau: Array) -> tuple[Modes, Modes]:
    """c0 + c1 M on (n, q), M = [[0, -1], [square, -1/tau]]."""
    c0, c1 = table
    return c0 * n - c1 * q, c0 * q + c1 * (square * n - q / tau)


def _add(a: VectorModes, b: VectorModes) -> VectorModes:
    return tuple(f + g for f, g in zip(a, b, strict=True))
