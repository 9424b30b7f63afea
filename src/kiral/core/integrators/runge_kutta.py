"""Explicit Runge-Kutta: everything at 4th order, the step bound by the fastest rate."""

from __future__ import annotations

from kiral.core.equation import Equation, PyTree
from kiral.core.integrators.base import Scheme, Step, combine


def _slope(equation: Equation, t, y):
    tendency, rates = equation.evaluate(t, y)
    linear = equation.linear()
    total = equation.add_forcing(t, combine((1.0, tendency), (1.0, linear.apply(y))))
    return total, rates | linear.rates()


def _step(equation: Equation, t, y: PyTree, k1: PyTree, h) -> Step:
    """The classical 4th-order method; error h (k4 - f(t + h, y_new))/6, the difference to an embedded 3rd-order formula."""
    k2 = _slope(equation, t + h / 2, combine((1.0, y), (h / 2, k1)))[0]
    k3 = _slope(equation, t + h / 2, combine((1.0, y), (h / 2, k2)))[0]
    k4 = _slope(equation, t + h, combine((1.0, y), (h, k3)))[0]
    y_new = combine((1.0, y), (h / 6, k1), (h / 3, k2), (h / 3, k3), (h / 6, k4))
    k5, rates = _slope(equation, t + h, y_new)
    return Step(y_new, k5, rates, combine((h / 6, k4), (-h / 6, k5)))


RK4 = Scheme("rk4", 4, _slope, _step)
