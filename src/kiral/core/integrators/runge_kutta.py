"""Explicit Runge-Kutta: everything at 4th order, the step bound by the fastest rate.

The classical method, written as the exponential scheme whose exact part is only the uniform relaxation (washout) with its
forcing: decay against a source then costs no accuracy at any rate, and everything else is classical RK4 to the letter.
"""

from __future__ import annotations

from kiral.core.equation import Equation
from kiral.core.integrators.base import combine
from kiral.core.integrators.exponential import exponential_scheme


def _slope(equation: Equation, t, y):
    tendency, rates = equation.evaluate(t, y)
    rest = combine((1.0, tendency), (1.0, equation.linear().apply(y)), (-1.0, equation.relaxation().apply(y)))
    return rest, rates | equation.linear_rates()


RK4 = exponential_scheme("rk4", lambda equation: equation.relaxation(), _slope)
