"""Explicit Runge-Kutta: everything at 4th order, the step bound by the fastest rate.

The classical 4th-order method; error h (k4 - f(t + h, y_new))/6, the difference to an embedded 3rd-order formula.
"""

from __future__ import annotations

from kiral.core.equation import Equation, PyTree
from kiral.core.integrators.base import Scheme, combine, take


def _slope(equation: Equation, t, y):
    tendency, rates = equation.evaluate(t, y)
    linear = equation.linear()
    total = equation.add_forcing(t, combine((1.0, tendency), (1.0, linear.apply(y))))
    return total, rates | linear.rates()


def _tables(equation: Equation, h) -> tuple:
    return ()


def _prepare(equation: Equation, tables, t, y: PyTree, h) -> PyTree:
    return y


def _second(y: PyTree, h, k: PyTree) -> PyTree:
    return combine((1.0, y), (h / 2, take(k, 0)))


def _third(y: PyTree, h, k: PyTree) -> PyTree:
    return combine((1.0, y), (h / 2, take(k, 1)))


def _fourth(y: PyTree, h, k: PyTree) -> PyTree:
    return combine((1.0, y), (h, take(k, 2)))


def _new(y: PyTree, h, k: PyTree) -> PyTree:
    return combine((1.0, y), (h / 6, take(k, 0)), (h / 3, take(k, 1)), (h / 3, take(k, 2)), (h / 6, take(k, 3)))


def _error(y: PyTree, h, k: PyTree) -> PyTree:
    return combine((h / 6, take(k, 3)), (-h / 6, take(k, 4)))


RK4 = Scheme("rk4", 4, (0.5, 0.5, 1.0, 1.0), _slope, _tables, _prepare, (_second, _third, _fourth, _new), _error)
