"""The regime of a drifting plasma, G16 Sec. III: nothing holds the charges, they move with v = c E×B/B². First order.

    mu_l (mu_l² + π²T²) = 6π²c³ (1 - v²/c²)² n_l
    j_l = n_l v + l e mu_l B/(4π²c) + (part along E_perp) + ∇×M_l - tau [∂t(n_l v) + ∇·Π_l - e (E_par·∂Π_l/∂mu_l)]

and Maxwell's equations and the anomaly as with drag; currents as in `kiral.kinetic.drifting`, with (27) and (30) corrected. In
∂t(n_l v) the rate of n_l is that of first order, -∇·(n_l v), and that of E is solved for point by point:
(1 - a ·×B/B) ∂t E = rest with a = 4π e tau c Σn_l/B, which is never singular. There is no Ohmic current across B and no inertia
of the plasma: no Alfvén waves, and no balance of momentum or free energy. It needs E_perp < B everywhere.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array

from kiral.core.equation import Budget, Rate, rate_limit
from kiral.core.table import at_time
from kiral.geometry.box import Grid, VectorGrid, cross, dot
from kiral.geometry.fft import through_grid, to_grid
from kiral.kinetic.drift import drift, drift_speed
from kiral.kinetic.drifting import DriftingCurrents, drifting_currents
from kiral.maxwell import ledgers
from kiral.maxwell.equations import AnomalousMaxwell
from kiral.maxwell.limits import DAMPING_LIMIT, EXACT_LIMIT, WAVE_LIMIT
from kiral.maxwell.linear import OhmLinear
from kiral.maxwell.state import Ledger

if TYPE_CHECKING:
    from kiral.maxwell.state import State


class _Fields(NamedTuple):
    """Fields with the gradients that the currents need; grad[i][j] = ∂_i F_j."""

    e: VectorGrid
    b: VectorGrid
    n: tuple[Grid, Grid]
    grad_e: tuple[VectorGrid, VectorGrid, VectorGrid]
    grad_b: tuple[VectorGrid, VectorGrid, VectorGrid]
    grad_n: tuple[VectorGrid, VectorGrid]


class Drifting(AnomalousMaxwell):
    """The equations of the module's head. Transforms: 32 + 7."""

    @property
    def has_free_energy(self) -> bool:
        """No."""
        return False

    def linear(self) -> OhmLinear:
        """Light and diffusion; conduction, along B alone, is explicit."""
        m = self.matter
        return OhmLinear(self.box, m.charge, m.c, jnp.zeros(2), m.diffusion, jnp.zeros(()))

    def evaluate(self, t, y: State) -> tuple[State, dict[str, Rate]]:
        """∂t E and the flux of one chirality from products on the grid; and the rates that limit the step."""

        def on_grid(g: _Fields, _):
            found, heat = self._rates_of_change(t, g)
            e_dot_b = dot(g.e, g.b)
            work = jnp.mean(dot(found.pop("flow"), g.e))
            found["anomaly"] = (self.matter.charge * self.matter.topological * e_dot_b,)
            return found, (self._step_rates(g), {"work": work, "heat": heat})

        back, (rates, means) = through_grid(self.box, self._factors(y), on_grid)
        means = jax.tree.map(partial(jnp.mean, axis=0), means)
        mean_e, zero, work = jnp.stack([self.box.mean(f) for f in y.E]), jnp.zeros(()), means["work"]
        if self.external_current is not None:
            work = work + sum(at_time(j, t) * f for j, f in zip(self.external_current, mean_e, strict=True))
        ledger = Ledger(means["heat"], work, zero, zero, -self.matter.c * mean_e)
        tendency = self._assemble_relaxing(t, back, y)._replace(ledger=ledger)
        return self.limited(tendency), jax.tree.map(partial(jnp.max, axis=0), rates)

    def _factors(self, y: State) -> _Fields:
        def gradients(f):
            return tuple(tuple(1j * k * c for c in f) for k in self.box.k)

        return _Fields(y.E, y.B, y.n, gradients(y.E), gradients(y.B), tuple(map(self.box.gradient, y.n)))

    def _rates_of_change(self, t, g: _Fields) -> tuple[dict[str, tuple[Grid, ...]], Array]:
        """∂t E, the flux of chirality -, e Σ j_l; and the heat along B."""
        m = self.matter
        e, b, grad_e, grad_b = jnp.stack(g.e), jnp.stack(g.b), _tensor(g.grad_e), _tensor(g.grad_b)
        curl_e, curl_b = (jnp.stack([d[1, 2] - d[2, 1], d[2, 0] - d[0, 2], d[0, 1] - d[1, 0]]) for d in (grad_e, grad_b))
        found = self._currents(g, e, b, grad_e, grad_b, -m.c * curl_e)
        total, minus = found.electric, found.left.total
        right = m.c * curl_b - 4 * jnp.pi * m.charge * total
        if self.external_current is not None:
            right = right - 4 * jnp.pi * jnp.stack([at_time(j, t) for j in self.external_current]).reshape(3, 1, 1, 1)
        per_b = m.c * m.tau / dot(b, b)  # tau times the change of v with E, v = c E×B/B²
        rate = _solved(right, 4 * jnp.pi * m.charge * (g.n[0] + g.n[1]) * per_b * b)
        swing = per_b * jnp.stack(cross(rate, b))
        minus, total = minus - g.n[1] * swing, total - (g.n[0] + g.n[1]) * swing
        heat = m.charge * jnp.mean(dot(found.electric_terms.ohmic, e))
        return {"electric": tuple(rate), "minus": tuple(minus), "flow": tuple(m.charge * total)}, heat

    def _currents(self, g: _Fields, e: Array, b: Array, grad_e: Array, grad_b: Array, dt_b: Array) -> DriftingCurrents:
        """All currents of first order but what ∂t E makes of -tau n_l ∂t v."""
        m, zero = self.matter, jnp.zeros_like(e)
        flow = drift(e, b, m.c, grad_e, grad_b, zero, dt_b)
        v = flow.velocity
        grad_x = 2 * jnp.stack([dot(v, flow.gradient[i]) for i in range(3)]) / m.c**2  # of beta²
        mu = [m.potential(flow.rest**2 * n) for n in g.n]
        # ∇ of (1 - beta²)² n, over the susceptibility
        grad = [
            6 * jnp.pi**2 * m.c**3 / m.slope(x) * (flow.rest**2 * jnp.stack(d) - 2 * flow.rest * n * grad_x)
            for x, n, d in zip(mu, g.n, g.grad_n, strict=True)
        ]
        return drifting_currents(
            temperature=m.temperature, mu=(mu[0] + mu[1]) / 2, mu5=(mu[0] - mu[1]) / 2, tau=m.tau, charge=m.charge, c=m.c,
            electric_field=e, magnetic_field=b, grad_mu=(grad[0] + grad[1]) / 2, grad_mu5=(grad[0] - grad[1]) / 2,
            grad_electric_field=grad_e, grad_magnetic_field=grad_b, dt_magnetic_field=dt_b,
        )  # fmt: skip

    def _step_rates(self, g: _Fields) -> dict[str, Rate]:
        m, k = self.matter, self.box.k_max
        _, beta2, rest = drift_speed(jnp.stack(g.e), jnp.stack(g.b), m.c)
        mu = [m.potential(rest**2 * n) for n in g.n]
        chi = jnp.minimum(*(jnp.min(m.slope(x)) for x in mu)) / (6 * jnp.pi**2 * m.c**3)
        gamma = 4 * jnp.pi * jnp.max(sum(m.conductivity(x) for x in mu) / rest**2)
        wave = m.topological * jnp.sqrt(jnp.max(dot(g.b, g.b))) / chi
        chiral = m.c * k * 2 * m.charge**2 / (jnp.pi * m.c) * jnp.max(jnp.abs(mu[0] - mu[1])) / 2
        drag = 4 * jnp.pi * m.charge * m.c * jnp.max(jnp.abs(g.n[0] + g.n[1]) / jnp.sqrt(dot(g.b, g.b)))
        return {
            "light": rate_limit(m.c * k, EXACT_LIMIT),
            "drift": rate_limit(k * m.c * jnp.sqrt(jnp.max(beta2)) + drag, WAVE_LIMIT),
            "conduction along B": rate_limit(gamma, DAMPING_LIMIT),
            "chiral magnetic effect": rate_limit(jnp.sqrt(chiral), DAMPING_LIMIT),
            "chiral magnetic waves": rate_limit(wave * jnp.sqrt(k**2 + 8 * jnp.pi * m.charge**2 * chi), WAVE_LIMIT),
        }

    def potentials(self, y: State) -> tuple[Grid, Grid]:
        """mu_l on the grid, in the frame of the drift over gamma, as G16 has it."""
        e, b, n = (to_grid(self.box, f) for f in (y.E, y.B, y.n))
        rest = drift_speed(jnp.stack(e), jnp.stack(b), self.matter.c)[2]
        return tuple(self.matter.potential(rest**2 * f) for f in n)

    def budgets(self, t, y: State) -> dict[str, Budget]:
        """charge, helicity, field_energy, gauss."""
        fields = ledgers.field_energy(self, t, y)
        return {
            "charge": ledgers.charge(self, y),
            "helicity": ledgers.helicity(self, y),
            "field_energy": Budget(fields, -y.ledger.work, fields + jnp.abs(y.ledger.work)),
            "gauss": ledgers.gauss(self, y),
        }


def _solved(right: Array, a: Array) -> Array:
    """x of x - x×a = right: (right + right×a + a (a·right))/(1 + a²)."""
    return (right + jnp.stack(cross(right, a)) + a * dot(a, right)) / (1 + dot(a, a))


def _tensor(gradient: tuple[VectorGrid, VectorGrid, VectorGrid]) -> Array:
    return jnp.stack([jnp.stack(row) for row in gradient])
