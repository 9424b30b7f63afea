"""G16, appendix, Eqs. (81)–(90): table integrals and reflections."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.special import expit

from kiral.kinetic import integrals
from kiral.papers.context import Context, Measured
from kiral.papers.gorbar2016.common import PI2, TEMPERATURE, C

POTENTIALS = (-4.5, -0.9, 0.0, 0.9, 4.5)
"""mu/T at which every integral is taken."""
POWERS = (0, 1, 2, 3)


def momentum_sum(power: int, function: Callable[[np.ndarray], np.ndarray], upper: float = 60.0) -> float:
    """∫ d³p/(2π)³ p^(power - 2) function(c p/T) by Gauss-Legendre quadrature on panels."""
    y, w = np.polynomial.legendre.leggauss(20)
    edges = np.arange(0.0, upper, 4.0)
    u = (edges[:, None] + 2 * (y + 1)).ravel()
    total = np.tile(2 * w, len(edges)) @ (u**power * function(u))
    return float(total) / (2 * PI2) * (TEMPERATURE / C) ** (power + 1)


def _d(x: np.ndarray) -> np.ndarray:
    return expit(x) * expit(-x)


def farthest(ratios: list[float]) -> float:
    """The ratio farthest from one."""
    return max(ratios, key=lambda r: abs(r - 1))


def against(formula: Callable[[int, float], float], powers: tuple[int, ...], kind: Callable) -> Callable[[Context], Measured]:
    """Integral over formula, the worst of all potentials and powers."""

    def value(context: Context) -> Measured:
        found = [momentum_sum(n, lambda u, m=m: kind(u - m)) / float(formula(n, m)) for n in powers for m in POTENTIALS]
        return Measured(farthest(found), f"quadrature, mu/T = {', '.join(f'{m:g}' for m in POTENTIALS)}")

    return value


def _derivative_formula(n: int, m: float) -> float:
    """Right side of (84)."""
    scale = TEMPERATURE ** (n + 1) * math.gamma(n + 1) / (2 * PI2 * C ** (n + 1))
    return scale * float(integrals.fermi_integral(n, m))


def reflected(order: int, sign: int, polynomial: Callable[[float], float]) -> Callable[[Context], Measured]:
    """φ_s(x) + sign φ_s(-x) by quadrature, over the printed polynomial; φ_s = -Li_s(-e^x), s = 0 and 1 for (86), (87)."""

    def value(context: Context) -> Measured:
        def phi(x: float) -> float:
            if order == 0:
                return 1 / (1 + math.exp(-x))
            y, w = np.polynomial.legendre.leggauss(20)
            edges = np.arange(0.0, 60.0, 4.0)
            u = (edges[:, None] + 2 * (y + 1)).ravel()
            return float(np.tile(2 * w, len(edges)) @ (u ** (order - 1) * expit(x - u))) / math.gamma(order)

        found = [(phi(x) + sign * phi(-x)) / polynomial(x) for x in (0.4, 0.9, 3.0, 7.0)]
        return Measured(farthest(found), "integrals ∫ t^(s-1)/(e^(t-x) + 1) dt at x = ±0.4, ±0.9, ±3, ±7")

    return value


VALUES: dict[str, Callable[[Context], Any]] = {
    "eq81": against(lambda n, m: TEMPERATURE / (2 * PI2 * C) / (1 + math.exp(-m)), (0,), _d),
    "eq82": against(lambda n, m: TEMPERATURE**2 / (2 * PI2 * C**2) * math.log1p(math.exp(m)), (1,), _d),
    "eq83": against(
        lambda n, m: TEMPERATURE ** (n + 1) * math.gamma(n + 1) / (2 * PI2 * C ** (n + 1)) * integrals.fermi_integral(n + 1, m),
        POWERS, lambda x: expit(-x),
    ),
    "eq84": against(_derivative_formula, POWERS, _d),
    "eq85": against(
        lambda n, m: TEMPERATURE**3 / (PI2 * C**3) * math.log1p(math.exp(m)), (2,), lambda x: _d(x) * np.tanh(x / 2)
    ),
    "eq86": reflected(0, 1, lambda x: 1.0),
    "eq87": reflected(1, -1, lambda x: x),
    "eq88": reflected(2, 1, lambda x: x**2 / 2 + PI2 / 6),
    "eq89": reflected(3, -1, lambda x: x**3 / 6 + PI2 * x / 6),
    "eq90": reflected(4, 1, lambda x: x**4 / 24 + PI2 * x**2 / 12 + 7 * PI2**2 / 360),
}  # fmt: skip
