"""Exponential time differencing: L or a part of it exact, the rest at 4th order.

ETDRK4-B of Krogstad (2005, J. Comput. Phys. 203, 72, Eq. 51), 4 evaluations a step. Error estimate: the same weights with
the last stage's tendency replaced by the one at the new state, a 3rd-order formula (order conditions for L = 0: Σb = 1,
Σbc = 1/2, Σbc² = 1/3, Σbac = 1/6), which costs nothing because that tendency is the next step's first stage. The forcing,
a known function of time, is integrated on its own (core/quadrature.py). Where L = 0 all of this is classical RK4.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from kiral.core.equation import Equation, ExponentialOperator, PyTree
from kiral.core.integrators.base import Scheme, add, combine, take


class _Prepared(NamedTuple):
    phi_half: Callable
    phi: Callable
    start_half: PyTree
    start_full: PyTree


def exponential_scheme(name: str, exact: Callable[[Equation], ExponentialOperator], slope) -> Scheme:
    """The scheme that treats `exact(equation)` exactly and the rest, `slope(equation, t, y)`, explicitly."""

    def tables(equation: Equation, h) -> tuple[PyTree, PyTree]:
        operator = exact(equation)
        return operator.tables(h / 2), operator.tables(h)

    def prepare(equation: Equation, both, t, y: PyTree, h) -> _Prepared:
        phi_half, phi = (partial(exact(equation).phi, table) for table in both)
        start_half = equation.add_forced(t, h / 2, phi_half(0, y))
        start_full = equation.add_forced(t, h, phi(0, y))
        return _Prepared(phi_half, phi, start_half, start_full)

    return Scheme(name, 4, (0.5, 0.5, 1.0, 1.0), slope, tables, prepare, (_second, _third, _fourth, _new), _error)


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


ETDRK4 = exponential_scheme("etdrk4", lambda equation: equation.linear(), lambda equation, t, y: equation.evaluate(t, y))
