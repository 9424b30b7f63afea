"""What a subject gives the integrators and the loop: its equation, budgets and rates. Knows no physics, files or clock.

An equation is  dy/dt = L y + nonlinear(t, y) + forcing(t)  on a PyTree y (a NamedTuple with named fields). L is linear,
constant over a step, and given by `linear()` as an operator that applies L and, for exponential schemes, its φ-functions,
or, for implicit ones, solves (1 - a L) x = r. `forcing` is the part that is a known function of time only; exponential
schemes integrate it to round-off, so that stiff washout against a source costs no accuracy. Ledger unknowns (time integrals of productions) are part of y, so that every scheme
integrates them with the weights of the fields themselves.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import equinox as eqx
from jaxtyping import Array, Float

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


class LinearOperator(Protocol):
    """L of one equation, frozen over a step. A scheme uses `apply` and one of `phi` (exponential) or `factor` (implicit)."""

    def apply(self, y: PyTree) -> PyTree:
        """L y."""
        ...

    def phi(self, h: Array) -> Callable[[int, PyTree], PyTree]:
        """The function (k, y) → φ_k(h L) y, k = 0..3, with φ_0 = exp and φ_{k+1}(z) = (φ_k(z) - 1/k!)/z."""
        ...

    def factor(self, a: Array) -> Callable[[PyTree], PyTree]:
        """The function r → (1 - a L)⁻¹ r, factorised once."""
        ...

    def rates(self) -> dict[str, Rate]:
        """Rates of L that limit the step of a scheme that treats it explicitly."""
        ...


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

    def linear(self) -> LinearOperator:
        """The frozen linear operator."""
        raise NotImplementedError

    def add_forcing(self, t: Time, tendency: PyTree) -> PyTree:
        """tendency + f(t): the part of the equation that is a known function of time alone. None by default."""
        return tendency

    def add_forced(self, t: Time, h: Array, y: PyTree) -> PyTree:
        """y + ∫₀ʰ exp((h - s) L) f(t + s) ds, to round-off (see core/quadrature.py)."""
        return y

    def error_norm(self, error: PyTree, y: PyTree) -> Float[Array, ""]:
        """The embedded error of a step relative to the fields' magnitudes: the largest over the fields (float64)."""
        raise NotImplementedError

    def budgets(self, t: Time, y: PyTree) -> dict[str, Budget]:
        """The exact budgets."""
        raise NotImplementedError
