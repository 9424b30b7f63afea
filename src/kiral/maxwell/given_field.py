"""Chiral magnetic waves in a given field: E = 0, B as it is, G16 Sec. V. It contradicts Gauss's law wherever there is charge.

    ∂t n_l = -∇·(l e mu_l B/(4π²c)) + D ∇²n_l

For comparison with G16 (65): with E from Maxwell's equations the long waves are overdamped or have a gap.
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
from kiral.geometry.box import Box, dot
from kiral.geometry.fft import through_grid
from kiral.maxwell import ledgers, local
from kiral.maxwell.equations import AnomalousMaxwell
from kiral.maxwell.limits import DAMPING_LIMIT, EXACT_LIMIT, WAVE_LIMIT
from kiral.maxwell.state import GridFields, empty_ledger

if TYPE_CHECKING:
    from kiral.maxwell.state import State


class Diffusion(eqx.Module):
    """-D k² on both densities, nothing on the fields."""

    box: Box
    diffusion: Float[Array, ""]

    def apply(self, y: State) -> State:
        """L y."""
        zero = jax.tree.map(jnp.zeros_like, y)
        return zero._replace(n=tuple(-self.diffusion * self.box.k2 * f for f in y.n))

    def tables(self, h: Float[Array, ""]) -> list[Array]:
        """φ_0..φ_3 of h L."""
        return phi_functions(-h * self.diffusion * self.box.k2, ORDERS - 1)

    def phi(self, tables: list[Array], order: int, y: State) -> State:
        """φ_order(h L) y."""
        plain = jax.tree.map(lambda x: x / math.factorial(order), y)
        return plain._replace(n=tuple(tables[order] * f for f in y.n))

    def rates(self) -> dict[str, Rate]:
        """Rates that limit a scheme which treats L explicitly."""
        return {"diffusion": rate_limit(self.diffusion * self.box.k_max**2, DAMPING_LIMIT)}


class GivenField(AnomalousMaxwell):
    """The densities alone; see the module's head. Transforms: 5 + 6."""

    @property
    def has_free_energy(self) -> bool:
        """No."""
        return False

    def linear(self) -> Diffusion:
        """Diffusion."""
        return Diffusion(self.box, self.matter.diffusion)

    def evaluate(self, t, y: State) -> tuple[State, dict[str, Rate]]:
        """Divergence of the chiral magnetic currents; and the rates that limit the step."""

        def on_grid(fields, _):
            b, n = fields
            g = GridFields(b, b, n)  # no electric field
            here = local.Local(tuple(self.matter.potential(f) for f in n), (), (), None, None)
            currents = tuple(local.anomalous(self, i, g, here) for i in (0, 1))
            return currents, self._rates(jnp.sqrt(jnp.max(dot(b, b))), here)

        currents, rates = through_grid(self.box, (y.B, y.n), on_grid)
        n = tuple(-self.box.divergence(j) for j in currents)
        still = (jax.tree.map(jnp.zeros_like, f) for f in (y.E, y.B))
        return self.limited(type(y)(*still, n, empty_ledger())), jax.tree.map(partial(jnp.max, axis=0), rates)

    def _rates(self, b: Array, here: local.Local) -> dict[str, Rate]:
        chi = jnp.minimum(*(jnp.min(self.matter.slope(mu)) for mu in here.mu)) / (6 * jnp.pi**2 * self.matter.c**3)
        k = self.box.k_max
        return {
            "chiral magnetic waves": rate_limit(k * self.matter.topological * b / chi, WAVE_LIMIT),
            "diffusion": rate_limit(self.matter.diffusion * k**2, EXACT_LIMIT),
        }

    def budgets(self, t, y: State) -> dict[str, Budget]:
        """charge and axial_charge, which is kept without E."""
        size = ledgers.charge(self, y).scale
        axial = self.box.mean(y.n[0]) - self.box.mean(y.n[1])
        return {"charge": ledgers.charge(self, y), "axial_charge": Budget(axial, jnp.zeros((), jnp.float64), size)}
