"""Exponential time differencing: L exact, the rest at 4th order."""

from __future__ import annotations

from kiral.core.equation import Equation, PyTree
from kiral.core.integrators.base import Scheme, Step, add, combine


def _slope(equation: Equation, t, y):
    return equation.evaluate(t, y)


def _step(equation: Equation, t, y: PyTree, n1: PyTree, h) -> Step:
    """ETDRK4-B of Krogstad (2005, J. Comput. Phys. 203, 72, Eq. 51), 4 evaluations a step.

    Error estimate: the same weights with the last stage's tendency replaced by the one at the new state, a 3rd-order
    formula (exact check of the order conditions for L = 0: Σb = 1, Σbc = 1/2, Σbc² = 1/3, Σbac = 1/6), which costs nothing
    because that tendency is the next step's first stage. The forcing, a known function of time, is integrated on its own.
    """
    phi_half, phi = equation.linear().phi(h / 2), equation.linear().phi(h)
    half, full = t + h / 2, t + h
    start_half = equation.add_forced(t, h / 2, phi_half(0, y))
    start_full = equation.add_forced(t, h, phi(0, y))

    n2 = equation.nonlinear(half, add(start_half, combine((h / 2, phi_half(1, n1)))))
    u3 = combine((h / 2, phi_half(1, n1)), (h, phi_half(2, combine((1.0, n2), (-1.0, n1)))))
    n3 = equation.nonlinear(half, add(start_half, u3))
    u4 = combine((h, phi(1, n1)), (2 * h, phi(2, combine((1.0, n3), (-1.0, n1)))))
    n4 = equation.nonlinear(full, add(start_full, u4))

    middle = combine((1.0, n2), (1.0, n3))
    new = combine(
        (h, phi(1, n1)),
        (h, phi(2, combine((-3.0, n1), (2.0, middle), (-1.0, n4)))),
        (4 * h, phi(3, combine((1.0, n1), (-1.0, middle), (1.0, n4)))),
    )
    y_new = add(start_full, new)
    n5, rates = equation.evaluate(full, y_new)
    defect = combine((1.0, n4), (-1.0, n5))
    error = combine((4 * h, phi(3, defect)), (-h, phi(2, defect)))
    return Step(y_new, n5, rates, error)


ETDRK4 = Scheme("etdrk4", 4, _slope, _step)
