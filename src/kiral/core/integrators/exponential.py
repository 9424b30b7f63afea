"""Exponential time differencing: L exact, the rest at 4th order.

ETDRK4-B of Krogstad (2005, J. Comput. Phys. 203, 72, Eq. 51), 4 evaluations a step. Error estimate: the same weights with
the last stage's tendency replaced by the one at the new state, a 3rd-order formula (order conditions for L = 0: Σb = 1,
Σbc = 1/2, Σbc² = 1/3, Σbac = 1/6), which costs nothing because that tendency is the next step's first stage. The forcing,
a known function of time, is integrated on its own (core/quadrature.py).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from kiral.core.equation import Equation, PyTree
from kiral.core.integrators.base import Scheme, add, combine, take


class _Prepared(NamedTuple):
    phi_half: Callable
    phi: Callable
    start_half: PyTree
    start_full: PyTree


def _slope(equation: Equation, t, y):
    return equation.evaluate(t, y)


def _tables(equation: Equation, h) -> tuple[PyTree, PyTree]:
    linear = equation.linear()
    return linear.tables(h / 2), linear.tables(h)


def _prepare(equation: Equation, tables, t, y: PyTree, h) -> _Prepared:
    phi_half, phi = (partial(equation.linear().phi, table) for table in tables)
    start_half = equation.add_forced(t, h / 2, phi_half(0, y))
    start_full = equation.add_forced(t, h, phi(0, y))
    return _Prepared(phi_half, phi, start_half, start_full)


def _second(p: _Prepared, h, n: PyTree) -> PyTree:
    return add(p.start_half, combine((h / 2, p.phi_half(1, take(n, 0)))))


def _third(p: _Prepared, h, n: PyTree) -> PyTree:
    change = p.phi_half(2, combine((1.0, take(n, 1)), (-1.0, take(n, 0))))
    return add(p.start_half, combine((h / 2, p.phi_half(1, take(n, 0))), (h, change)))


def _fourth(p: _Prepared, h, n: PyTree) -> PyTree:
    change = p.phi(2, combine((1.0, take(n, 2)), (-1.0, take(n, 0))))
    return add(p.start_full, combine((h, p.phi(1, take(n, 0))), (2 * h, change)))


def _new(p: _Prepared, h, n: PyTree) -> PyTree:
    n1, n2, n3, n4 = (take(n, i) for i in range(4))
    second = p.phi(2, combine((-3.0, n1), (2.0, n2), (2.0, n3), (-1.0, n4)))
    third = p.phi(3, combine((1.0, n1), (-1.0, n2), (-1.0, n3), (1.0, n4)))
    return add(p.start_full, combine((h, p.phi(1, n1)), (h, second), (4 * h, third)))


def _error(p: _Prepared, h, n: PyTree) -> PyTree:
    defect = combine((1.0, take(n, 3)), (-1.0, take(n, 4)))
    return combine((4 * h, p.phi(3, defect)), (-h, p.phi(2, defect)))


ETDRK4 = Scheme("etdrk4", 4, (0.5, 0.5, 1.0, 1.0), _slope, _tables, _prepare, (_second, _third, _fourth, _new), _error)
