"""The implicit-explicit scheme of imex.py for a linear part that changes with time: frozen anew at the start of each step.

An equation for it gives

    whole(t, y)        (the whole tendency, linear part included; the rates that limit the step),
    linear_at(t, y)    an ImplicitOperator L frozen at (t, y); what L is not at later stages counts as explicit.

Any L makes the scheme fourth order; a good one makes it stable: with the whole tendency F, stage i solves
Y_i = y + h Σ_j A^E_ij (F_j - L Y_j) + h Σ_j A^I_ij L Y_j. Tables hold for one step and are made in it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from kiral.core.equation import ImplicitOperator, PyTree
from kiral.core.integrators import imex
from kiral.core.integrators.base import Scheme, combine, take


class _Prepared(NamedTuple):
    y: PyTree
    apply: Callable[[PyTree], PyTree]
    solve: Callable[[PyTree], PyTree]


def _slope(equation, t, y):
    """(tendency, the state itself): what L makes of it is known only in the step that uses it."""
    tendency, rates = equation.whole(t, y)
    return (tendency, y), rates


def _tables(equation, h) -> PyTree:
    return ()


def _prepare(equation, tables, t, y: PyTree, h) -> _Prepared:
    operator: ImplicitOperator = equation.linear_at(t, y)
    return _Prepared(y, operator.apply, partial(operator.solve, operator.tables(imex._GAMMA * h)))


def _stage(i: int, p: _Prepared, h, slopes) -> PyTree:
    tendencies, states = slopes
    explicit = [(h * a, take(tendencies, j)) for j, a in enumerate(imex._EXPLICIT[i])]
    differences = zip(imex._IMPLICIT[i], imex._EXPLICIT[i], strict=True)
    linear = combine(*((h * (a - b), take(states, j)) for j, (a, b) in enumerate(differences)))
    return combine((1.0, p.y), *explicit, (1.0, p.apply(linear)))


def _solve(p: _Prepared, r: PyTree) -> PyTree:
    return p.solve(r)


def _new(p: _Prepared, h, slopes) -> PyTree:
    return combine((1.0, p.y), *((h * b, take(slopes[0], j)) for j, b in enumerate(imex._B)))


def _error(p: _Prepared, h, slopes) -> PyTree:
    return combine(*((h * b, take(slopes[0], j)) for j, b in enumerate(imex._B - imex._B_HAT)))


_STAGES = (*(partial(_stage, i) for i in range(1, 6)), _new)
ARK4_REFRESHED = Scheme("ark4_refreshed", 4, imex.ARK4.nodes, _slope, _tables, _prepare, _STAGES, _error, _solve)
