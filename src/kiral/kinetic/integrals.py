"""Fermi functions and the table integrals of Gorbar et al. (2016), Eqs. (81)-(90), for any mu/T: no exp of x > 0.

φ_s(x) = -Li_s(-e^x) for integer s >= 0: the Fermi-Dirac integral (1/Γ(s)) ∫ t^(s-1)/(e^(t-x) + 1) dt. ħ = 1. Relative error
of all functions below 1e-15 times a few, also far in the tails, and derivatives by jax of any order, also at x = 0.
"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import cache
from typing import Any

from kiral.core.arrays import namespace

_MIDDLE = 1.2  # |x| below which the Taylor series is summed, and beyond it powers of e^-|x|
_TAYLOR_TERMS, _POWER_TERMS = 48, 36


def expit(x: Any) -> Any:
    """1/(1 + e^-x) = φ_0(x), the occupation at (mu - c p)/T = x."""
    xp = namespace(x)
    x = xp.asarray(x)
    positive = x >= 0
    falling = xp.exp(xp.where(positive, 0.0, x))
    return xp.where(positive, 1 / (1 + xp.exp(-xp.where(positive, x, 0.0))), falling / (1 + falling))


def softplus(x: Any) -> Any:
    """ln(1 + e^x) = φ_1(x)."""
    xp = namespace(x)
    x = xp.asarray(x)
    positive = x >= 0
    above, below = xp.where(positive, x, 0.0), xp.where(positive, 0.0, x)
    return xp.where(positive, above + xp.log1p(xp.exp(-above)), xp.log1p(xp.exp(below)))


def fermi_integral(s: int, x: Any) -> Any:
    """φ_s(x) = -Li_s(-e^x), s = 0, 1, 2, ... (static). Underflows to 0 below x = -745.

    Taylor series about 0 with the coefficients η(s - m)/m!; for x < 0 powers of e^x; for x > 0 the reflection (86)-(90).
    """
    if s == 0:
        return expit(x)
    if s == 1:
        return softplus(x)
    xp = namespace(x)
    x = xp.asarray(x)
    near, positive = xp.abs(x) < _MIDDLE, x > 0
    taylor = horner(_taylor(s), xp.where(near, x, 0.0))
    falling = xp.exp(xp.where(near, -_MIDDLE, xp.where(positive, -x, x)))
    tail = falling * horner(_powers(s), falling)
    far = xp.where(positive, reflection(s, x) - (-1) ** s * tail, tail)
    return xp.where(near, taylor, far)


def reflection(s: int, x: Any) -> Any:
    """φ_s(x) + (-1)^s φ_s(-x), a polynomial: Eqs. (86)-(90) for s = 0 ... 4, and its continuation to any s >= 0."""
    coefficients = [0.0] * (s + 1)
    for j in range(s // 2 + 1):
        coefficients[s - 2 * j] = 2 * eta(2 * j) / math.factorial(s - 2 * j)
    return horner(tuple(coefficients), x) + 0 * x


def occupation_integral(n: int, mu: Any, temperature: Any, c: Any = 1.0) -> Any:
    """∫ d³p/(2π)³ p^(n-2) f, Eq. (83); f = 1/(e^((c p - mu)/T) + 1), n >= 0. Antiparticles: -mu."""
    return temperature * _scale(n, temperature, c) / c * fermi_integral(n + 1, mu / temperature)


def derivative_integral(n: int, mu: Any, temperature: Any, c: Any = 1.0) -> Any:
    """∫ d³p/(2π)³ p^(n-2) D, D = f (1 - f) = T df/dmu: Eq. (84), with (81) at n = 0 and (82) at n = 1."""
    return temperature * _scale(n, temperature, c) / c * fermi_integral(n, mu / temperature)


def slope_integral(mu: Any, temperature: Any, c: Any = 1.0) -> Any:
    """∫ d³p/(2π)³ D (1 - 2 f), Eq. (85)."""
    return temperature**3 / (math.pi**2 * c**3) * softplus(mu / temperature)


def horner(coefficients: tuple[float, ...], x: Any) -> Any:
    """Σ_k a_k x^k, lowest power first."""
    total = coefficients[-1]
    for coefficient in reversed(coefficients[:-1]):
        total = total * x + coefficient
    return total


@cache
def eta(k: int) -> float:
    """Dirichlet's η(k) = Σ (-1)^(j+1)/j^k, continued to k <= 0, where it is rational."""
    if k <= 0:
        return float((2 ** (1 - k) - 1) * _bernoulli(1 - k) / (1 - k))
    if k == 1:
        return math.log(2.0)
    from scipy.special import zeta

    return float((1 - 2.0 ** (1 - k)) * zeta(k))


@cache
def _bernoulli(n: int) -> Fraction:
    """Bernoulli's numbers, with B_1 = +1/2."""
    total = sum((math.comb(n, k) * _bernoulli(k) / (n - k + 1) for k in range(n)), Fraction(0))
    return 1 - total


@cache
def _taylor(s: int) -> tuple[float, ...]:
    return tuple(eta(s - m) / math.factorial(m) for m in range(_TAYLOR_TERMS + s))


@cache
def _powers(s: int) -> tuple[float, ...]:
    return tuple((-1) ** k / (k + 1.0) ** s for k in range(_POWER_TERMS))


def _scale(n: int, temperature: Any, c: Any) -> Any:
    """T^n Γ(n + 1)/(2π² c^n)."""
    return math.factorial(n) / (2 * math.pi**2) * (temperature / c) ** n
