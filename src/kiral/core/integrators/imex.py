"""Implicit-explicit additive Runge-Kutta: L by the equation's own solve, the rest explicit."""

from __future__ import annotations

import numpy as np

from kiral.core.equation import Equation, PyTree
from kiral.core.integrators.base import Scheme, Step, combine

# ARK4(3)6L[2]SA, Kennedy & Carpenter (2003), Appl. Numer. Math. 44, 139, Appendix C. L-stable, stiffly accurate.
_C = np.array([0, 1 / 2, 83 / 250, 31 / 50, 17 / 20, 1])
_EXPLICIT = [
    [],
    [1 / 2],
    [13861 / 62500, 6889 / 62500],
    [-116923316275 / 2393684061468, -2731218467317 / 15368042101831, 9408046702089 / 11113171139209],
    [
        -451086348788 / 2902428689909,
        -2682348792572 / 7519795681897,
        12662868775082 / 11960479115383,
        3355817975965 / 11060851509271,
    ],
    [
        647845179188 / 3216320057751,
        73281519250 / 8382639484533,
        552539513391 / 3454668386233,
        3354512671639 / 8306763924573,
        4040 / 17871,
    ],
]
_IMPLICIT = [
    [],
    [1 / 4],
    [8611 / 62500, -1743 / 31250],
    [5012029 / 34652500, -654441 / 2922500, 174375 / 388108],
    [15267082809 / 155376265600, -71443401 / 120774400, 730878875 / 902184768, 2285395 / 8070912],
    [82889 / 524892, 0, 15625 / 83664, 69875 / 102672, -2260 / 8211],
]
_GAMMA = 1 / 4
_B = np.array([82889 / 524892, 0, 15625 / 83664, 69875 / 102672, -2260 / 8211, 1 / 4])
_B_HAT = np.array(
    [4586570599 / 29645900160, 0, 178811875 / 945068544, 814220225 / 1159782912, -3700637 / 11593932, 61727 / 225920]
)


def _slope(equation: Equation, t, y):
    tendency, rates = equation.evaluate(t, y)
    return equation.add_forcing(t, tendency), rates


def _step(equation: Equation, t, y: PyTree, n1: PyTree, h) -> Step:
    """Six stages, one factorisation of (1 - h L/4) for all of them; embedded 3rd-order formula as error estimate."""
    linear = equation.linear()
    solve = linear.factor(_GAMMA * h)
    nonlinear, implicit = [n1], [linear.apply(y)]
    for i in range(1, 6):
        terms = [(h * a, n) for a, n in zip(_EXPLICIT[i], nonlinear, strict=True)]
        terms += [(h * a, l) for a, l in zip(_IMPLICIT[i], implicit, strict=True)]
        stage = solve(combine((1.0, y), *terms))
        nonlinear.append(_slope(equation, t + _C[i] * h, stage)[0])
        implicit.append(linear.apply(stage))
    total = [combine((1.0, n), (1.0, l)) for n, l in zip(nonlinear, implicit, strict=True)]
    y_new = combine((1.0, y), *((h * b, k) for b, k in zip(_B, total, strict=True)))
    error = combine(*((h * d, k) for d, k in zip(_B - _B_HAT, total, strict=True)))
    slope, rates = _slope(equation, t + h, y_new)
    return Step(y_new, slope, rates, error)


ARK4 = Scheme("ark4", 4, _slope, _step)
