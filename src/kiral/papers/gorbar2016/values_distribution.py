"""G16, Sec. IV A, Eqs. (38)–(40), (44)–(48): with drag, the distribution order by order, pointwise in momentum."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from kiral.kinetic import printed
from kiral.papers.context import Context, Measured
from kiral.papers.gorbar2016 import direct
from kiral.papers.gorbar2016.common import (
    CHARGE,
    MU,
    MU5,
    TAU,
    TEMPERATURE,
    C,
    apart,
    derivative,
    driving,
    general,
    percent,
    plasma,
    ratio,
)
from kiral.papers.gorbar2016.direct import Plasma

RIGHT = 1
MOMENTUM = np.array([0.9, -0.7, 1.6])


@cache
def _momenta() -> np.ndarray:
    return direct.momenta(TEMPERATURE, C, np.zeros(3))[0]


def _occupied(**changes: Any) -> direct.Occupations:
    state = general() | changes
    return direct.occupations(plasma(state, RIGHT), _momenta(), 1.0)


def _unit_and_d() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """p̂, D and 1 - 2f of right-handed particles."""
    p = _momenta()
    size = np.sqrt(np.sum(p**2, axis=0))
    f = 1 / (np.exp((C * size - MU - MU5) / TEMPERATURE) + 1)
    return p / size, f * (1 - f), 1 - 2 * f


def first_order(context: Context) -> Measured:
    """δf¹ by the operator over (40) and (44), at all momenta; ∂t mu by that of second order."""
    s, (unit, d, _) = plasma(general(), RIGHT), _unit_and_d()
    still = ratio(_occupied().first, CHARGE * C * TAU * d / TEMPERATURE * (driving(s) @ unit))
    moved = ratio(_occupied().second - _occupied(dt_mu=0.0, dt_mu5=0.0).second, -TAU * d / TEMPERATURE * s.dt_mu)
    return Measured(still if abs(moved - 1) < 1e-9 else math.nan, f"at 4200 momenta; the term with ∂t mu has {moved:.9f}")


def _first(t: Any, x: Any, p: Any) -> Any:
    """(44) in the general state, for any t, x, p; terms that (45)–(47) count as higher order are not in it."""
    s = plasma(general(), RIGHT)
    size = np.sqrt(np.sum(p * p, axis=0))
    mu = s.mu + s.grad_mu @ x
    f = 1 / (np.exp((C * size - mu) / TEMPERATURE) + 1)
    e_l = s.e + s.dt_e * t + x @ s.grad_e - (s.grad_mu + s.hessian_mu @ x) / CHARGE
    return CHARGE * C * TAU * f * (1 - f) / TEMPERATURE * (e_l @ p) / size


def _at(p: np.ndarray) -> tuple[np.ndarray, float, float, Plasma]:
    """p̂, e c τ D/T and 1 - 2f at one momentum, and the plasma."""
    size = float(np.linalg.norm(p))
    f = 1 / (math.exp((C * size - MU - MU5) / TEMPERATURE) + 1)
    return p / size, CHARGE * C * TAU * f * (1 - f) / TEMPERATURE, 1 - 2 * f, plasma(general(), RIGHT)


def _derivative(variable: str, p: np.ndarray) -> np.ndarray:
    """∂(44)/∂t, ∂x or ∂p at t = 0, x = 0."""
    rank, size = "txp".index(variable), 1 if variable == "t" else 3
    still = (0.0, np.zeros(3), np.zeros(3))
    rows = np.eye(3) if size == 3 else (1.0,)
    along = [tuple(row if i == rank else zero for i, zero in enumerate(still)) for row in rows]
    return np.array([derivative(_first, (0.0, np.zeros(3), p), a) for a in along])


def rate_of_first(context: Context) -> Measured:
    """∂t of (44) over (45)."""
    unit, scale, _, s = _at(MOMENTUM)
    return Measured(ratio(_derivative("t", MOMENTUM), scale * (s.dt_e @ unit)), "automatic differentiation of (44)")


def _across(p: np.ndarray) -> float:
    """Part of ∂(44)/∂p across p̂, over e c τ D/T times that of E_λ."""
    unit, scale, _, s = _at(p)
    found, e_l = _derivative("p", p), driving(s)
    return ratio(found - unit * (found @ unit), scale * (e_l - unit * (e_l @ unit)))


def momentum_gradient(context: Context) -> Measured:
    """Power of p in the last term of (46), D apart: from p and 2 p; nan unless the whole is (46) with it."""
    values = {"temperature": TEMPERATURE, "mu": MU + MU5, "tau": TAU, "charge": CHARGE, "c": C}
    field, exact = driving(plasma(general(), RIGHT)), _derivative("p", MOMENTUM)
    off = [apart(exact, printed.gradient_of_correction(MOMENTUM, field, **values, corrected=kept)) for kept in (False, True)]
    power = math.log2(_across(2 * MOMENTUM) / _across(MOMENTUM))
    there = f"at c p = {C * np.linalg.norm(MOMENTUM) / TEMPERATURE:.2g} T"
    text = f"automatic differentiation of (44); {there} (46) is off by {percent(off[0])}, with 1/p by {off[1]:.0e}"
    return Measured(power if off[1] < 1e-12 else math.nan, text)


def space_gradient(context: Context) -> Measured:
    """∂x of (44) over (47)."""
    unit, scale, odd, s = _at(MOMENTUM)
    change = s.grad_e - s.hessian_mu / CHARGE
    formula = scale / TEMPERATURE * odd * (driving(s) @ unit) * s.grad_mu + scale * change @ unit
    return Measured(ratio(_derivative("x", MOMENTUM), formula), "automatic differentiation of (44)")


def second_order(context: Context) -> Measured:
    """δf² by the operator over (48), particles, at all momenta."""
    s, (unit, d, odd) = plasma(general(), RIGHT), _unit_and_d()
    p = np.sqrt(np.sum(_momenta() ** 2, axis=0))
    e_l, e, t, berry = driving(s), CHARGE, TEMPERATURE, unit / (2 * p**2)
    along = e_l @ unit
    moving = s.dt_e @ unit + C * np.einsum("in,ij,jn->n", unit, s.grad_e - s.hessian_mu / e, unit)
    formula = (
        -TAU * s.dt_mu + e**2 * C**2 * TAU**2 / t * odd * along**2 - e * C * TAU**2 * moving
        + e**2 * TAU * (e_l @ s.b) / (2 * p**2) - e**2 * C * TAU**2 / p * (np.cross(s.b, e_l) @ unit)
        - e**2 * C * TAU**2 / p * (s.e @ e_l - (s.e @ unit) * along)
        - e**2 * TAU * (s.b @ berry) * along - e * TAU * (np.cross(s.e, berry.T) @ s.grad_mu)
    ) * d / t  # fmt: skip
    return Measured(ratio(_occupied().second, formula), "operator of (12) by automatic differentiation, at 4200 momenta")


VALUES: dict[str, Callable[[Context], Any]] = {
    "eq40": first_order,
    "eq45": rate_of_first,
    "eq46": momentum_gradient,
    "eq47": space_gradient,
    "eq48": second_order,
}
