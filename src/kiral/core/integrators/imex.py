"""Implicit-explicit additive Runge-Kutta: L by the equation's own solve, the rest explicit."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np

from kiral.core.equation import Equation, PyTree
from kiral.core.integrators.base import Scheme, combine, take

# ARK4(3)6L[2]SA, Kennedy & Carpenter (2003), Appl. Numer. Math. 44, 139, Appendix C. L-stable, stiffly accurate.
_C = (0.0, 1 / 2, 83 / 250, 31 / 50, 17 / 20, 1.0)
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


class _Prepared(NamedTuple):
    y: PyTree
    solve: Callable[[PyTree], PyTree]


def _slope(equation: Equation, t, y):
    """(explicit part, implicit part) of the tendency."""
    tendency, rates = equation.evaluate(t, y)
    return (equation.add_forcing(t, tendency), equation.linear().apply(y)), rates


def _tables(equation: Equation, h) -> PyTree:
    """One factorisation of 1 - h L/4 serves all stages."""
    return equation.linear().tables(_GAMMA * h)


def _prepare(equation: Equation, tables, t, y: PyTree, h) -> _Prepared:
    return _Prepared(y, partial(equation.linear().solve, tables))


def _stage(i: int, p: _Prepared, h, slopes) -> PyTree:
    explicit, implicit = slopes
    terms = [(h * a, take(explicit, j)) for j, a in enumerate(_EXPLICIT[i])]
    terms += [(h * a, take(implicit, j)) for j, a in enumerate(_IMPLICIT[i])]
    return combine((1.0, p.y), *terms)


def _solve(p: _Prepared, r: PyTree) -> PyTree:
    return p.solve(r)


def _new(p: _Prepared, h, slopes) -> PyTree:
    return combine((1.0, p.y), *_weighted(_B, h, slopes))


def _error(p: _Prepared, h, slopes) -> PyTree:
    return combine(*_weighted(_B - _B_HAT, h, slopes))


def _weighted(weights: np.ndarray, h, slopes):
    return [(h * b, take(part, j)) for part in slopes for j, b in enumerate(weights)]


_STAGES = (*(partial(_stage, i) for i in range(1, 6)), _new)
ARK4 = Scheme("ark4", 4, (*_C[1:], 1.0), _slope, _tables, _prepare, _STAGES, _error, _solve)
