"""Linear evolution of the field in a crust, each degree by itself, with coefficients that follow a prescribed temperature.

∂t (f, g) = A(t) (f, g), A of kiral.crust.induction. A degree's evolution does not depend on its order m. Where the
temperature is a number, A is constant and scheme "ark4" factorises 1 - h A/4 once per step size; where it is a table in time,
"ark4_refreshed" does so in every step. Units: km, yr, G; energies [G² km³], 1e15 erg each.
"""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from kiral.core.equation import Budget, Equation, Rate, rate_limit
from kiral.crust import banded
from kiral.crust.coefficients import ShellCoefficients
from kiral.crust.induction import Induction, Inner, Productions
from kiral.crust.material import Cooling, Steady
from kiral.crust.state import State
from kiral.geometry.shell import Shell

GROWTH_LIMIT = 5.0
"""Largest step times eta k5²/4: only so that a step has a bound at all; accuracy comes from the error estimate."""


class CoupledOperator(eqx.Module):
    """A at one time. tables(h): factors of 1 - h A by blocks of elements."""

    induction: Induction

    def apply(self, y: State) -> State:
        """A y; the ledger is not touched."""
        return State(*self.induction.tendency(y.f, y.g), jax.tree.map(jnp.zeros_like, y.ledger))

    def tables(self, h: Float[Array, ""]) -> banded.Factors:
        """Factors of 1 - h A by degree."""
        operator = self.induction
        return banded.factorise(banded.blocks_of(operator.shell, operator.degrees.shape[0], operator.tendency), h)

    def solve(self, tables: banded.Factors, r: State) -> State:
        """(1 - h A)⁻¹ r."""
        return State(*banded.solve(tables, self.induction.shell, r.f, r.g), r.ledger)


class LinearCrust(Equation):
    """The equation. material(t) → ShellCoefficients; outside: (l,), see `kiral.crust.induction`."""

    shell: Shell
    material: Steady | Cooling
    degrees: Float[Array, "l"]
    outside: Float[Array, "l"]
    inner: Inner = eqx.field(static=True, default="conductor")

    def induction(self, t: Float[Array, ""]) -> Induction:
        """The operator at time t."""
        return Induction(self.shell, self.material(t), self.degrees, self.outside, self.inner)

    def tendency(self, t: Float[Array, ""], y: State) -> State:
        """A(t) y, and what the ledger sums up."""
        operator = self.induction(t)
        return State(*operator.tendency(y.f, y.g), operator.productions(y.f, y.g))

    def whole(self, t: Float[Array, ""], y: State) -> tuple[State, dict[str, Rate]]:
        """`tendency` and `rates`."""
        return self.tendency(t, y), self.rates(t, y)

    def evaluate(self, t: Float[Array, ""], y: State) -> tuple[State, dict[str, Rate]]:
        """What `linear` leaves: the ledger's sums. For a constant A only."""
        return State(jnp.zeros_like(y.f), jnp.zeros_like(y.g), self.induction(t).productions(y.f, y.g)), self.rates(t, y)

    def rates(self, t: Float[Array, ""], y: State) -> dict[str, Rate]:
        """Growth of the chiral instability and decay over the crust: loose bounds, see GROWTH_LIMIT."""
        c = self.material(t)
        thickness = self.shell.nodal_integral(jnp.ones_like(self.shell.r))
        return {
            "growth": rate_limit(jnp.max(c.lapse * c.eta * c.k5**2) / 4, GROWTH_LIMIT),
            "decay": rate_limit(jnp.max(c.eta) * (jnp.pi / thickness) ** 2, GROWTH_LIMIT),
        }

    def linear(self) -> CoupledOperator:
        """A, where it is constant."""
        return self.linear_at(jnp.zeros(()))

    def linear_at(self, t: Float[Array, ""], y: State | None = None) -> CoupledOperator:
        """A at time t."""
        return CoupledOperator(self.induction(t))

    def error_norm(self, error: State, y: State) -> Float[Array, ""]:
        """Root of the error's energy over the field's, the largest of all degrees."""
        operator = Induction(self.shell, self.material(jnp.zeros(())), self.degrees, self.outside, self.inner)
        wrong, there = (sum(operator.energies(s.f, s.g)) for s in (error, y))
        return jnp.sqrt(jnp.max(jnp.where(there > 0, wrong / jnp.where(there > 0, there, 1.0), 0.0)))

    def budgets(self, t: Float[Array, ""], y: State) -> dict[str, Budget]:
        """All degrees together: energy with that outside, energy within the crust, relative helicity."""
        operator, made = self.induction(t), jax.tree.map(jnp.sum, y.ledger)
        poloidal, toroidal, outside = (jnp.sum(e) for e in operator.energies(y.f, y.g))
        inside, whole = poloidal + toroidal, poloidal + toroidal + outside
        helicity = jnp.sum(operator.helicity(y.f, y.g))
        turnover = made.joule + jnp.abs(made.work)
        linked = jnp.abs(helicity) + jnp.abs(made.linkage) + jnp.abs(made.helicity_flux)
        return {
            "energy": Budget(whole, made.work - made.joule, whole + turnover),
            "crust_energy": Budget(inside, made.work - made.joule - made.poynting, inside + turnover + jnp.abs(made.poynting)),
            "helicity": Budget(helicity, made.linkage + made.helicity_flux, linked),
        }


def initial_state(f: Any, g: Any) -> State:
    """A state with an empty ledger. f, g: (l, nodes)."""
    f, g = jnp.asarray(f, jnp.float64), jnp.asarray(g, jnp.float64)
    empty = jnp.zeros(f.shape[0])
    return State(f, g, Productions(empty, empty, empty, empty, empty))


def make_equation(induction: Induction, material: Steady | Cooling | None = None) -> LinearCrust:
    """The equation of an operator of numpy arrays; with its own coefficients where no material is given."""
    shell = jax.tree.map(jnp.asarray, induction.shell)
    if material is None:
        material = Steady(ShellCoefficients(*(jnp.asarray(c, jnp.float64) for c in induction.coefficients)))
    return LinearCrust(shell, material, jnp.asarray(induction.degrees), jnp.asarray(induction.outside), induction.inner)
