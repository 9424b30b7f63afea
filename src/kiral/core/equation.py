"""What a subject gives the integrators and the loop: its equation, budgets and rates. Knows no physics, files or clock.

An equation is  dy/dt = L y + nonlinear(t, y) + forcing(t)  on a PyTree y (a NamedTuple with named fields). L is linear,
constant over a step, and given by `linear()` as an operator that applies L and, for exponential schemes, its φ-functions,
or, for implicit ones, solves (1 - a L) x = r. `forcing` is the part that is a known function of time only; exponential
schemes integrate it to round-off, so that stiff washout against a source costs no accuracy. Ledger unknowns (time
integrals of productions) are part of y, so that every scheme integrates them with the weights of the fields themselves.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple, Protocol, runtime_checkable

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from kiral.core.layout import Layout

PyTree = Any
Time = Float[Array, ""]


class Budget(NamedTuple):
    """One exact budget at one time: `total(t) - total(0) = production(t)` up to the time stepper's error.

    `scale` is the sum of the absolute terms of the budget; drift = |Δtotal - production| / max over time of scale.
    All three are float64 arrays of the same shape, () or (3,).
    """

    total: Array
    production: Array
    scale: Array


class Rate(NamedTuple):
    """A rate [1/time] that limits the step: dt ≤ limit / rate. `limit` is dimensionless (a stability or accuracy number)."""

    rate: Array
    limit: Array


def rate_limit(rate: Array, limit: float) -> Rate:
    """A Rate from a traced rate and a number."""
    return Rate(jnp.asarray(rate, jnp.float64), jnp.asarray(limit, jnp.float64))


@runtime_checkable
class LinearOperator(Protocol):
    """L of one equation, frozen over a step.

    Tables depend on the step size alone; the loop keeps them and makes new ones only when the step size changes.
    """

    def apply(self, y: PyTree) -> PyTree:
        """L y."""
        ...

    def tables(self, h: Array) -> PyTree:
        """What `phi` needs for h L, or `solve` for the factorised 1 - h L."""
        ...


@runtime_checkable
class ExponentialOperator(LinearOperator, Protocol):
    """One whose φ-functions are at hand: diagonal, or a small block per mode."""

    def phi(self, tables: PyTree, order: int, y: PyTree) -> PyTree:
        """φ_order(h L) y for order 0..3, with φ_0 = exp and φ_{k+1}(z) = (φ_k(z) - 1/k!)/z."""
        ...


@runtime_checkable
class ImplicitOperator(LinearOperator, Protocol):
    """One that can be solved with: banded, or dense per degree."""

    def solve(self, tables: PyTree, r: PyTree) -> PyTree:
        """(1 - h L)⁻¹ r."""
        ...


class NoRelaxation(eqx.Module):
    """L = 0."""

    def apply(self, y: PyTree) -> PyTree:
        """0."""
        return jax.tree.map(jnp.zeros_like, y)

    def tables(self, h: Array) -> PyTree:
        """None needed."""
        return ()

    def phi(self, tables: PyTree, order: int, y: PyTree) -> PyTree:
        """y/order!."""
        return jax.tree.map(lambda x: x / math.factorial(order), y)


class Equation(eqx.Module):
    """Base class of all equations. Physical coefficients are 0-d arrays (a new value never recompiles), sizes static."""

    def evaluate(self, t: Time, y: PyTree) -> tuple[PyTree, dict[str, Rate]]:
        """(nonlinear tendency, named rates that limit the step) from one pass over the grid."""
        raise NotImplementedError

    def nonlinear(self, t: Time, y: PyTree) -> PyTree:
        """Everything that is neither in `linear` nor in `forcing`."""
        return self.evaluate(t, y)[0]

    def rates(self, t: Time, y: PyTree) -> dict[str, Rate]:
        """Named rates that limit the step."""
        return self.evaluate(t, y)[1]

    def linear(self) -> ExponentialOperator | ImplicitOperator:
        """The frozen linear operator."""
        raise NotImplementedError

    def linear_rates(self) -> dict[str, Rate]:
        """Rates of L (but for `relaxation`) that limit the step of a scheme that treats it explicitly."""
        raise NotImplementedError

    def relaxation(self) -> ExponentialOperator:
        """The part of L that is the same number for all modes and works against the forcing; none by default.

        Explicit schemes treat this part exactly too: it costs nothing.
        """
        return NoRelaxation()

    def add_forcing(self, t: Time, tendency: PyTree) -> PyTree:
        """tendency + f(t): the part of the equation that is a known function of time alone. None by default."""
        return tendency

    def add_forced(self, t: Time, h: Array, y: PyTree) -> PyTree:
        """y + ∫₀ʰ exp((h - s) L) f(t + s) ds, to round-off (see core/quadrature.py)."""
        return y

    @property
    def layout(self) -> Layout | None:
        """How the state's arrays lie on several devices; None on one."""
        return None

    def error_norm(self, error: PyTree, y: PyTree) -> Float[Array, ""]:
        """The embedded error of a step relative to the fields' magnitudes: the largest over the fields (float64)."""
        raise NotImplementedError

    def budgets(self, t: Time, y: PyTree) -> dict[str, Budget]:
        """The exact budgets."""
        raise NotImplementedError
