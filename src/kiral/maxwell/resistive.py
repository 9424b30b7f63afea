"""The resistive limit: no displacement current, no charge. Unknowns B and n5 alone.

    E'     = (c/4π sigma) (∇×B - k_mu B),   k_mu = 2 e² mu5/(π c²),   sigma local
    ∂t B   = -c ∇×E'
    ∂t n5  = D ∇²n5 + (e²/2π²c) E'·B

For rates well below 4π sigma and wavelengths well above the screening length: charge and mu vanish, E = E' + ∇mu/e, and ∇mu
drops out of both equations, its part of the anomaly being the divergence of the chiral separation current. Relative error of a
growth rate: (c k_mu/4π sigma)²/4. At |mu5| ≪ π T this is the induction equation of chiral magnetohydrodynamics without flow.
"""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from kiral.core.equation import Budget, Rate, rate_limit
from kiral.core.phi import ORDERS, phi_functions
from kiral.geometry.box import Box, Grid, VectorGrid, VectorModes, dot
from kiral.geometry.fft import through_grid
from kiral.maxwell import ledgers
from kiral.maxwell.equations import AnomalousMaxwell
from kiral.maxwell.limits import DAMPING_LIMIT, EXACT_LIMIT
from kiral.maxwell.linear import scaled
from kiral.maxwell.state import Ledger

if TYPE_CHECKING:
    from kiral.maxwell.state import State


class Resistivity(eqx.Module):
    """-eta0 k² on B, -D k² on the densities."""

    box: Box
    resistivity: Float[Array, ""]
    diffusion: Float[Array, ""]

    def apply(self, y: State) -> State:
        """L y."""
        k2 = self.box.k2
        b = tuple(-self.resistivity * k2 * f for f in y.B)
        n = tuple(-self.diffusion * k2 * f for f in y.n)
        return y._replace(E=tuple(map(jnp.zeros_like, y.E)), B=b, n=n, ledger=scaled(y.ledger, 0.0))

    def tables(self, h: Float[Array, ""]) -> tuple[list[Array], list[Array]]:
        """φ_0..φ_3 of h L."""
        return tuple(phi_functions(-h * rate * self.box.k2, ORDERS - 1) for rate in (self.resistivity, self.diffusion))

    def phi(self, tables: tuple[list[Array], list[Array]], order: int, y: State) -> State:
        """φ_order(h L) y."""
        plain = jax.tree.map(lambda x: x / math.factorial(order), y)
        b, n = (tuple(table[order] * f for f in field) for table, field in zip(tables, (y.B, y.n), strict=True))
        return plain._replace(B=b, n=n)

    def rates(self) -> dict[str, Rate]:
        """Rates that limit a scheme which treats L explicitly."""
        return {
            "resistivity": rate_limit(self.resistivity * self.box.k_max**2, DAMPING_LIMIT),
            "diffusion": rate_limit(self.diffusion * self.box.k_max**2, DAMPING_LIMIT),
        }


class Resistive(AnomalousMaxwell):
    """B and ±n5/2; see the module's head. The state's E stays zero; `electric_field` gives E'. Transforms: 7 + 5."""

    def linear(self) -> Resistivity:
        """Diffusion of B and n5."""
        return Resistivity(self.box, self.matter.c**2 / (4 * jnp.pi * jnp.sum(self.sigma)), self.matter.diffusion)

    def evaluate(self, t, y: State) -> tuple[State, dict[str, Rate]]:
        """Products on the grid, back to modes; and the rates that limit the step."""
        box, m = self.box, self.matter

        def on_grid(fields, _):
            b, curl_b, n5 = fields
            mu5, sigma, e = self._ohm(b, curl_b, n5)
            heat = jnp.mean(sigma * dot(e, e))
            found = {"electric": e, "anomaly": (2 * m.charge * m.topological * dot(e, b),), "mu5": (mu5,)}
            work = jnp.mean(dot(curl_b, e)) * m.c / (4 * jnp.pi)
            return found, (self._rates(sigma, mu5), {"heat": heat, "work": work})

        back, (rates, means) = through_grid(box, (y.B, box.curl(y.B), y.n[0] - y.n[1]), on_grid)
        means = jax.tree.map(partial(jnp.mean, axis=0), means)
        e, held, n5 = back["electric"], self.linear().apply(y), y.n[0] - y.n[1]
        b = tuple(-m.c * f - h for f, h in zip(box.curl(e), held.B, strict=True))
        heat = means["heat"] + m.diffusion * box.mean_product(n5, box.k2 * back["mu5"][0])
        zero = jnp.zeros(())
        ledger = Ledger(heat, means["work"], zero, zero, -m.c * jnp.stack([box.mean(f) for f in e]))
        half = back["anomaly"][0] / 2
        tendency = type(y)(tuple(map(jnp.zeros_like, y.E)), b, (half, -half), ledger)
        return self.limited(tendency), jax.tree.map(partial(jnp.max, axis=0), rates)

    def _ohm(self, b: VectorGrid, curl_b: VectorGrid, n5: Grid) -> tuple[Grid, Grid, VectorGrid]:
        """mu5, sigma and E' on the grid."""
        m = self.matter
        mu5 = m.potential(n5 / 2)
        sigma = 2 * m.conductivity(mu5)
        k_mu = 2 * m.charge**2 / (jnp.pi * m.c**2) * mu5
        return mu5, sigma, tuple(m.c / (4 * jnp.pi * sigma) * (c - k_mu * f) for c, f in zip(curl_b, b, strict=True))

    def electric_field(self, t, y: State) -> VectorModes:
        """Modes of E' = E - ∇mu/e."""

        def on_grid(fields, _):
            return self._ohm(*fields)[2], ()

        return through_grid(self.box, (y.B, self.box.curl(y.B), y.n[0] - y.n[1]), on_grid)[0]

    def _rates(self, sigma: Grid, mu5: Grid) -> dict[str, Rate]:
        m, k, held = self.matter, self.box.k_max, jnp.sum(self.sigma)
        eta = m.c**2 / (4 * jnp.pi)
        excess = jnp.max(jnp.abs(1 / sigma - 1 / held))
        k_mu = 2 * m.charge**2 / (jnp.pi * m.c**2) * jnp.max(jnp.abs(mu5))
        return {
            "resistivity": rate_limit(eta / held * k**2, EXACT_LIMIT),
            "conductivity": rate_limit(eta * excess * k**2, DAMPING_LIMIT),
            "chiral magnetic effect": rate_limit(eta * jnp.max(1 / sigma) * k * k_mu, DAMPING_LIMIT),
        }

    def error_norm(self, error: State, y: State) -> Float[Array, ""]:
        """Largest relative error of B and of n5."""
        still = tuple(map(jnp.ones_like, y.E))
        return super().error_norm(error, y._replace(E=still))

    def budgets(self, t, y: State) -> dict[str, Budget]:
        """charge, helicity, and free_energy and field_energy without the electric part."""
        ledger = y.ledger
        magnetic = self.box.mean_dot(y.B, y.B) / (8 * jnp.pi)
        energy = ledgers.plasma_energy(self, y) + magnetic
        return {
            "charge": ledgers.charge(self, y),
            "helicity": ledgers.helicity(self, y),
            "free_energy": Budget(energy, -ledger.joule, energy + ledger.joule),
            "field_energy": Budget(magnetic, -ledger.work, magnetic + jnp.abs(ledger.work)),
        }
