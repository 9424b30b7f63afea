"""The linear part of the anomalous Maxwell equations with Ohm's law, exact for exponential schemes.

With Γ = 4π sigma0 (sigma_l0: of a uniform plasma), D = c² tau/3 and eps = 1 - Γ tau (with electric relaxation) or 1:

transverse E, and B:     eps ∂t E = c ∇×B - Γ E,   ∂t B = -c ∇×E:   one 2×2 block per |k|, of (E, ∇×B/k)
densities, and the       eps ∂t n = -(Γ + D k²) n,                  n = n₊ + n₋
longitudinal E:          ∂t m = -D k² m,                            m = n_l - (sigma_l0/sigma0) n

sigma_l/(e² chi_l) = D whatever mu_l is: all of the diffusion is here. The longitudinal E is not advanced for itself but follows
from n by Gauss's law, which the equations keep: it then holds to round-off at any number of steps.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from kiral.core.equation import Rate, rate_limit
from kiral.core.phi import ORDERS, pair_functions, phi_functions
from kiral.geometry.box import Box, Modes, VectorModes, dot
from kiral.maxwell.limits import DAMPING_LIMIT, WAVE_LIMIT

if TYPE_CHECKING:
    from kiral.maxwell.state import Ledger, State


class OhmTables(NamedTuple):
    """φ-functions of one step size, by order: of light (c0, c1), of the charge n and of m."""

    light: list[tuple[Array, Array]]
    charge: list[Array]
    diffusion: list[Array]


class OhmLinear(eqx.Module):
    """L for given coefficients; see the module's head. relaxation: tau of the electric relaxation, 0 without it."""

    box: Box
    charge: Float[Array, ""]
    light_speed: Float[Array, ""]
    sigma: Float[Array, "2"]
    diffusion: Float[Array, ""]
    relaxation: Float[Array, ""]

    @property
    def rate(self) -> Float[Array, ""]:
        """Γ = 4π sigma0."""
        return 4 * jnp.pi * jnp.sum(self.sigma)

    @property
    def permittivity(self) -> Float[Array, ""]:
        """eps."""
        return 1 - self.rate * self.relaxation

    def apply(self, y: State) -> State:
        """L y."""
        box, c, gamma = self.box, self.light_speed, self.rate
        gradient = box.gradient(y.n[0] + y.n[1])
        push = 4 * jnp.pi * self.charge * self.diffusion
        e = tuple(
            (c * b - gamma * e + push * g) / self.permittivity for b, e, g in zip(box.curl(y.B), y.E, gradient, strict=True)
        )
        pull = box.divergence(tuple(f - self.relaxation * df for f, df in zip(y.E, e, strict=True))) / self.charge
        n = tuple(-s * pull - self.diffusion * box.k2 * f for s, f in zip(self.sigma, y.n, strict=True))
        return y._replace(E=e, B=tuple(-c * f for f in box.curl(y.E)), n=n, ledger=scaled(y.ledger, 0.0))

    def tables(self, h: Float[Array, ""]) -> OhmTables:
        """φ_0..φ_3 of h L for every mode (real arrays)."""
        k2, gamma, eps = self.box.k2, self.rate, self.permittivity
        centre = jnp.broadcast_to(-gamma / (2 * eps), k2.shape)
        return OhmTables(
            pair_functions(h, centre, centre**2 - self.light_speed**2 * k2 / eps),
            phi_functions(-h * (jnp.where(k2 > 0, gamma, 0.0) + self.diffusion * k2) / eps, ORDERS - 1),  # a mean charge stays
            phi_functions(-h * self.diffusion * k2, ORDERS - 1),
        )

    def phi(self, tables: OhmTables, order: int, y: State) -> State:
        """φ_order(h L) y."""
        box, c, (c0, c1) = self.box, self.light_speed, tables.light[order]
        e = box.transverse(y.E)
        n = self._densities(tables, order, y.n)
        along = longitudinal(box, self.charge, n[0] + n[1])
        turned_e, turned_b = box.curl(e), box.curl(y.B)
        drive = tuple((c * b - self.rate * f) / self.permittivity for b, f in zip(turned_b, e, strict=True))
        return y._replace(
            E=tuple(c0 * f + c1 * d + a for f, d, a in zip(e, drive, along, strict=True)),
            B=tuple(c0 * f - c1 * c * d for f, d in zip(y.B, turned_e, strict=True)),
            n=n,
            ledger=scaled(y.ledger, 1 / math.factorial(order)),
        )

    def _densities(self, tables: OhmTables, order: int, n: tuple[Modes, Modes]) -> tuple[Modes, Modes]:
        sigma = jnp.sum(self.sigma)
        share = jnp.where(sigma > 0, self.sigma / jnp.where(sigma > 0, sigma, 1.0), 0.5)
        total = n[0] + n[1]
        spread = tables.diffusion[order] * (share[1] * n[0] - share[0] * n[1])
        relaxed = tables.charge[order] * total
        return share[0] * relaxed + spread, share[1] * relaxed - spread

    def rates(self) -> dict[str, Rate]:
        """Rates that limit a scheme which treats L explicitly."""
        k, eps = self.box.k_max, self.permittivity
        return {
            "light": rate_limit(self.light_speed * k / jnp.sqrt(eps), WAVE_LIMIT),
            "conduction": rate_limit((self.rate + self.diffusion * k**2) / eps, DAMPING_LIMIT),
        }


def longitudinal(box: Box, charge: Array, n: Modes) -> VectorModes:
    """The longitudinal E of the number density n: ∇·E = 4π e n (less its mean)."""
    over = -4 * jnp.pi * charge / jnp.where(box.k2 > 0, box.k2, 1.0)
    return tuple(1j * k * (over * n) for k in box.k)


def gauss_residual(box: Box, charge: Array, e: VectorModes, n: Modes) -> Modes:
    """∇·E - 4π e (n - ⟨n⟩)."""
    kx, ky, kz = box.k
    return jnp.where(box.k2 > 0, 1j * dot((kx, ky, kz), e) - 4 * jnp.pi * charge * n, 0.0)


def scaled(ledger: Ledger, factor: float) -> Ledger:
    """All entries times a number."""
    return jax.tree.map(lambda x: factor * x, ledger)
