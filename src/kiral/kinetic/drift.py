"""Drift velocity of a plasma in crossed fields, and the functions of beta = v/c that its boosted distribution brings.

All of them are smooth functions of x = beta²; below beta = 1/2 their power series are summed, where closed forms lose up to 25
digits, and above it closed forms with 1 - x from the fields, so that nothing is lost at beta -> 1. Gradients are finite at 0.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from kiral.core.arrays import check, namespace
from kiral.kinetic.integrals import horner
from kiral.kinetic.vectors import cross, dot

_SWITCH = 0.25  # x up to which the series are summed: 34 terms leave 1e-16
_TERMS = 34


class DriftFunctions(NamedTuple):
    """g0, g1, g2 of G16 (28)-(30), with the sign of (30) that its integral has, and the longitudinal gL."""

    g0: Any
    g1: Any
    g2: Any
    gL: Any


class Shapes(NamedTuple):
    """Smooth functions of x = beta²."""

    g0: Any
    rise: Any  # 3 g1/beta = (gL - g0)/x = 2 dg0/dx
    bend: Any  # 3 g2/(2 beta³) = d(rise)/dx
    perpendicular: Any  # (atanh(beta)/beta - 1)/x


class Drift(NamedTuple):
    """The drift c E×B/B² with its derivatives; gradient[i, j] = ∂_i v_j. `rest` is 1 - beta²."""

    velocity: Any
    beta2: Any
    rest: Any
    gradient: Any
    dt: Any


def drift_functions(beta: Any) -> DriftFunctions:
    """g0, g1, g2, gL at 0 <= beta = v/c < 1, in the scale where c = 1 (they have no dimension).

    g0 = ½∫(1-ξ²)/(1-βξ)³ dξ, g1 = ½∫ξ(1-ξ²)/(1-βξ)⁴ dξ, g2 = ½∫ξ(5ξ²-3)/(1-βξ)⁴ dξ, gL = ∫ξ²/(1-βξ)³ dξ, over -1 < ξ < 1.
    G16 (28)-(30); gL = 2/(1-β²)² - 2 g0 is needed for gradients along the drift, which (27) leaves out.
    """
    check("beta", beta, least=0.0, below=1.0)
    beta = namespace(beta).asarray(beta) * 1.0
    x = beta**2
    found = shapes(x, (1 - beta) * (1 + beta))
    return DriftFunctions(found.g0, beta * found.rise / 3, 2 * beta * x * found.bend / 3, found.g0 + x * found.rise)


def perpendicular_function(beta: Any) -> Any:
    """(atanh(beta)/beta - 1)/beta², 1/3 at 0: the transverse chiral current, G16 (25), without its 0/0."""
    check("beta", beta, least=0.0, below=1.0)
    beta = namespace(beta).asarray(beta) * 1.0
    return shapes(beta**2, (1 - beta) * (1 + beta)).perpendicular


def shapes(x: Any, rest: Any) -> Shapes:
    """The smooth functions at x = beta², rest = 1 - x (given apart: it is what counts near 1). nan where rest <= 0."""
    xp = namespace(x, rest)
    low = x <= _SWITCH
    series = [horner(_SERIES[name], xp.where(low, x, 0.0)) for name in Shapes._fields]
    high = _closed(xp, xp.where(low, 0.5, x), xp.where(low, 0.5, xp.where(rest > 0, rest, xp.nan)))
    return Shapes(*(xp.where(low, a, b) for a, b in zip(series, high, strict=True)))


def _closed(xp: Any, x: Any, rest: Any) -> Shapes:
    beta = xp.sqrt(x)
    s = (xp.log1p(beta) - xp.log(rest) / 2) / beta  # atanh(beta)/beta
    g0 = (1 / rest - s) / x
    rise = (2 / rest**2 - 3 * g0) / x
    return Shapes(g0, rise, (4 / rest**3 - 2.5 * rise) / x, (s - 1) / x)


_SERIES = {
    "g0": tuple((2 * k + 2) / (2 * k + 3) for k in range(_TERMS)),
    "rise": tuple(4 * k * (k + 1) / (2 * k + 3) for k in range(1, _TERMS)),
    "bend": tuple(4 * k * (k + 1) * (k - 1) / (2 * k + 3) for k in range(2, _TERMS)),
    "perpendicular": tuple(1 / (2 * k + 3) for k in range(_TERMS)),
}


def drift(e: Any, b: Any, c: Any, grad_e: Any, grad_b: Any, dt_e: Any, dt_b: Any) -> Drift:
    """v = c E×B/B², G16 (11), and its derivatives by the product rule. Gradients are G[i, j] = ∂_i F_j."""
    xp, b2 = namespace(e, b), dot(b, b)
    velocity, beta2, rest = drift_speed(e, b, c)

    def change(de: Any, db: Any) -> Any:
        return c * (cross(de, b) + cross(e, db)) / b2 - 2 * velocity * dot(b, db) / b2

    gradient = xp.stack([change(grad_e[i], grad_b[i]) for i in range(3)])
    return Drift(velocity, beta2, rest, gradient, change(dt_e, dt_b))


def drift_speed(e: Any, b: Any, c: Any) -> tuple[Any, Any, Any]:
    """v, beta² and 1 - beta² = (B² - E²)/B² + (E·B)²/B⁴, which loses nothing when E_perp comes close to B. B = 0 gives nan."""
    b2, exb = dot(b, b), cross(e, b)
    return c * exb / b2, dot(exb, exb) / b2**2, (b2 - dot(e, e)) / b2 + (dot(e, b) / b2) ** 2
