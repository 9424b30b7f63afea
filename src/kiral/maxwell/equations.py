"""Anomalous Maxwell equations of an inhomogeneous chiral plasma in a periodic box, regime with drag, in conservative form.

Unknowns E, B, n_l (l = ±1). G16 = Gorbar et al. 2016 (arXiv:1603.03442), its Sec. IV, corrected; Gaussian, ħ = 1, any c.

    ∂t B   = -c ∇×E
    ∂t E   =  c ∇×B - 4π e Σ j_l - 4π j_ext
    ∂t n_l = -∇·j_l + l e² E·B/(4π²c)
    j_l    =  l e mu_l B/(4π²c) + (sigma_l/e) E_l                                first order: chiral magnetic, Ohm, diffusion
              - e² tau² mu_l B×E_l/(6π²) + ∇×(l e tau mu_l E/(12π²)) - (sigma_l tau/e) ∂t E        second order, each optional
    mu_l (mu_l² + π²T²) = 6π²c³ n_l,   sigma_l = e² tau (3 mu_l² + π²T²)/(18π²c),   E_l = E - ∇mu_l/e = E + E_ext - ∇mu_l/e

With the Drude current (sigma_l/e) E_l is an unknown J_l, tau ∂t J_l + J_l = (sigma_l/e) E_l, in place of the term with ∂t E.
The same j_l stands in Ampère's law and in the continuity equations: ∂t(∇·E - 4π e Σ n_l) = 0 identically. ∂t E with the local
1 - 4π sigma tau is solved for point by point; the charge then follows from its divergence. Diffusion, -D ∇n_l, is linear
whatever mu_l is. What a uniform plasma does linearly is in `linear`; the rest is here.

Transforms in one right-hand side, inverse + forward: 8 + 9 of first order, 8 + 15 with a Drude current; of second order 14 + 7
with the Hall term, 17 + 7 with the magnetization too, 20 + 7 with the electric relaxation (a Drude current: 2 + 8 more back).
"""

from __future__ import annotations

from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from kiral.core.equation import Budget, Equation, ExponentialOperator, Rate
from kiral.core.layout import Layout
from kiral.core.table import TimeTable, at_time
from kiral.devices import box_layout
from kiral.geometry.box import Box, Grid, Modes, VectorModes, dot
from kiral.geometry.fft import through_grid, to_grid
from kiral.maxwell import ledgers, local
from kiral.maxwell.drude import DrudeLinear
from kiral.maxwell.linear import OhmLinear
from kiral.maxwell.matter import Matter
from kiral.maxwell.state import GridFields, State

_FIELD_FLOOR = 1e-10  # fields weaker than this (relative to the background field) are round-off of what it induces
_ELECTRIC_FLOOR = 1e-4  # electric fields weaker than this (relative to the waves of the magnetic one) have no effect on it
_DENSITY_FLOOR = 1e-12  # densities below this, relative to T³/c³, are nothing

Imposed = tuple[Float[Array, ""] | TimeTable, ...]
Products = dict[str, tuple]


class AnomalousMaxwell(Equation):
    """The equations in the module's head with their coefficients as arrays.

    sigma: conductivities (2,) of the uniform plasma that `linear` holds; cutoff: modes beyond this |k| stay zero; uniform:
    densities are uniform, and the anomaly is averaged; terms: of second order; drude: the Ohmic current is an unknown.
    """

    box: Box
    matter: Matter
    sigma: Float[Array, "2"]
    cutoff: Float[Array, ""]
    external_current: Imposed | None
    external_field: Imposed | None
    terms: tuple[str, ...] = eqx.field(static=True)
    uniform: bool = eqx.field(static=True)
    drude: bool = eqx.field(static=True, default=False)

    @property
    def has_free_energy(self) -> bool:
        """Is there a free energy that only heat takes from?"""
        return True

    @property
    def layout(self) -> Layout | None:
        """How fields lie on the devices of the box."""
        return box_layout(self.box)

    @property
    def relaxes(self) -> bool:
        """Is the electric relaxation -(sigma_l tau/e) ∂t E a part of the current?"""
        return "electric_relaxation" in self.terms

    def linear(self) -> ExponentialOperator:
        """Light, Ohmic relaxation and diffusion in the uniform plasma."""
        m = self.matter
        if self.drude:
            return DrudeLinear(self.box, m.charge, m.c, self.sigma, m.diffusion, m.tau)
        return OhmLinear(self.box, m.charge, m.c, self.sigma, m.diffusion, m.tau if self.relaxes else jnp.zeros(()))

    def linear_rates(self) -> dict[str, Rate]:
        """Rates that limit explicit schemes."""
        return self.linear().rates()

    # --- right-hand side ---------------------------------------------------------------------------------------------

    def evaluate(self, t, y: State) -> tuple[State, dict[str, Rate]]:
        """Products on the grid, back to modes; and the rates that limit the step."""

        def on_grid(g: GridFields, _):
            here = local.local(self, t, g)
            products, means = self._relaxing(t, g, here) if self.relaxes else self._plain(g, here)
            return products, (local.step_rates(self, g, here), means)

        back, (rates, means) = through_grid(self.box, self.factors(y), on_grid)
        means = jax.tree.map(partial(jnp.mean, axis=0), means)
        assemble = self._assemble_relaxing if self.relaxes else self._assemble
        tendency = assemble(t, back, y)._replace(ledger=ledgers.productions(self, t, y, back, means))
        return self.limited(tendency), jax.tree.map(partial(jnp.max, axis=0), rates)

    def factors(self, y: State) -> GridFields:
        """Modes of all fields that the right-hand side multiplies."""
        box = self.box
        n = tuple(self._mean_alone(f) for f in y.n) if self.uniform else y.n
        return GridFields(
            e=y.E,
            b=y.B,
            n=n,
            grad_n=tuple(box.gradient(f) for f in n) if self.terms else None,
            curl_e=box.curl(y.E) if "magnetization" in self.terms else None,
            curl_b=box.curl(y.B) if self.relaxes else None,
        )

    def _plain(self, g: GridFields, here: local.Local) -> tuple[Products, dict[str, Array]]:
        """Without electric relaxation: the currents beyond those of `linear`."""
        chiral = [local.anomalous(self, i, g, here) for i in (0, 1)]
        excess = tuple(local.excess_ohmic(self, i, g, here) for i in (0, 1))
        currents = chiral if self.drude else [local.add(a, b) for a, b in zip(chiral, excess, strict=True)]
        total = local.add(*currents)
        products = {"current": total, "minus": currents[1], "anomaly": (self._anomaly(g, here),)}
        means = {"work": self.matter.charge * jnp.mean(dot(total, g.e))}
        if self.drude:
            products |= {"plus_drive": excess[0], "minus_drive": excess[1]}
        if self.drude or not self.terms:
            products["mu"] = here.mu
            means["heat"] = jnp.mean((here.sigma[0] + here.sigma[1]) * dot(here.e, here.e))
        return products, means | ledgers.second_order_means(self, g, here, None)

    def _relaxing(self, t, g: GridFields, here: local.Local) -> tuple[Products, dict[str, Array]]:
        """With electric relaxation: ∂t E and the whole flux of one chirality; the other follows from the divergence of ∂t E."""
        flows = [local.add(local.anomalous(self, i, g, here), local.ohmic(self, i, here)) for i in (0, 1)]
        total = local.add(*flows)
        rate = local.electric_rate(self, t, g, here, total)
        e, tau = self.matter.charge, self.matter.tau
        minus = tuple(j - here.sigma[1] * tau / e * f for j, f in zip(flows[1], rate, strict=True))
        products = {"electric": rate, "minus": minus, "anomaly": (self._anomaly(g, here),)}
        lag = tau * (here.sigma[0] + here.sigma[1])
        work = jnp.mean(dot(tuple(e * j - lag * f for j, f in zip(total, rate, strict=True)), g.e))
        return products, {"work": work} | ledgers.second_order_means(self, g, here, rate)

    def _anomaly(self, g: GridFields, here: local.Local) -> Grid:
        """e² E·B/(4π²c)."""
        return self.matter.charge * self.matter.topological * dot(here.e, g.b)

    def _assemble(self, t, back: Products, y: State) -> State:
        """Tendencies from the transformed products."""
        box, m = self.box, self.matter
        push = tuple(-4 * jnp.pi * m.charge * j for j in back["current"])
        if self.external_current is not None:
            push = tuple(
                box.add_mean(p, -4 * jnp.pi * at_time(j, t)) for p, j in zip(push, self.external_current, strict=True)
            )
        plus = tuple(a - b for a, b in zip(back["current"], back["minus"], strict=True))
        (anomaly,) = back["anomaly"]
        n = (anomaly - box.divergence(plus), -anomaly - box.divergence(back["minus"]))
        current = None
        if self.drude:
            current = tuple(tuple(f / m.tau for f in back[name]) for name in ("plus_drive", "minus_drive"))
        return State(push, _zeros(y.B), n, y.ledger, current)

    def _assemble_relaxing(self, t, back: Products, y: State) -> State:
        """The same from ∂t E and one flux, less the part of `linear`."""
        (anomaly,), box = back["anomaly"], self.box
        minus = -anomaly - box.divergence(back["minus"])
        plus = box.divergence(back["electric"]) / (4 * jnp.pi * self.matter.charge) - minus
        held = self.linear().apply(y)
        electric = tuple(f - h for f, h in zip(back["electric"], held.E, strict=True))
        return State(electric, _zeros(y.B), (plus - held.n[0], minus - held.n[1]), y.ledger)

    def limited(self, y: State) -> State:
        """Without the modes beyond the cutoff; of uniform densities the mean alone."""

        def keep(f: Modes) -> Modes:
            return jnp.where(self.box.k2 <= self.cutoff**2, f, 0)

        n = tuple(self._mean_alone(f) if self.uniform else keep(f) for f in y.n)
        return State(*(tuple(map(keep, f)) for f in (y.E, y.B)), n, y.ledger, jax.tree.map(keep, y.current))

    def _mean_alone(self, f: Modes) -> Modes:
        return jnp.where(self.box.k2 > 0, 0, f)

    def electric_field(self, t, y: State) -> VectorModes:
        """Modes of E."""
        return y.E

    def potentials(self, y: State) -> tuple[Grid, Grid]:
        """mu_l of both chiralities on the grid."""
        return tuple(self.matter.potential(n) for n in to_grid(self.box, y.n))

    # --- step control ------------------------------------------------------------------------------------------------

    def error_norm(self, error: State, y: State) -> Float[Array, ""]:
        """Largest relative error of B, of E and of the densities (root mean squares)."""
        box = self.box
        b2, e2 = ledgers.fluctuation_squared(self, y), box.mean_dot(y.E, y.E)
        b0 = sum(box.mean(b) ** 2 for b in y.B)
        least = (_DENSITY_FLOOR * (self.matter.temperature / self.matter.c) ** 3) ** 2
        n2, missed = (sum(box.mean_product(f, f) for f in s.n) for s in (y, error))
        ratios = [
            ledgers.fluctuation_squared(self, error) / (b2 + _FIELD_FLOOR**2 * b0 + 1e-300),
            box.mean_dot(error.E, error.E) / (e2 + _ELECTRIC_FLOOR**2 * b2 + _FIELD_FLOOR**2 * b0 + 1e-300),
            missed / (n2 + least),
        ]
        return jnp.sqrt(jnp.max(jnp.stack(ratios)))

    def budgets(self, t, y: State) -> dict[str, Budget]:
        """charge, helicity, free_energy, field_energy, gauss: see `ledgers`."""
        return ledgers.budgets(self, t, y)


def _zeros(f: VectorModes) -> VectorModes:
    return tuple(map(jnp.zeros_like, f))
