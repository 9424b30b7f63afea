"""Where growth begins and ends: the exact marginal wave numbers of fast modes, of discrete beams and of continuous angles.

With u = Ω/K and J_n(u) = Σ w g vⁿ/(u - v) (or ∫ G vⁿ/(u - v) dv) the dispersion relation gives K at once (module texts of
`linear` and `continuum` have the symbols):

    axial modes                 K = ½ [J0 - J2 ± √((J0 + J2)² - 4 J1²)]
    modes that break the axis   K = ½ (J2 - J0)

A mode of real K ceases to grow where u becomes real. On the cut of a continuum, -1 < u < 1, J is real only where G = 0: at the
crossings. On any other real u, J and K are real, and two modes of real Ω meet, to become a growing and a decaying one, where
dK/du = 0. The K of these points, in order, part the bands of growth from the rest.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kiral.flavor.angular import AngularDistribution
from kiral.flavor.continuum import Branch
from kiral.flavor.linear import Beams

Array = NDArray[np.float64]
Integrals = Callable[[Array], Array]
"""u (n,), real → J_0, J_1, J_2 (3, n); or the same as functions of 1/u."""


def of_continuum(given: AngularDistribution, branch: Branch = "axial") -> Array:
    """Marginal k, sorted; found to round-off where extrema of K are apart by more than 1e-3 of the range of 1/u."""

    def integrals(u: Array) -> Array:
        return given.integrals(u + 1e-300j, 1.0)[0][:3].real

    crossings = given.crossings()
    found = [_waves(integrals(crossings), branch)] if crossings.size else []
    found += _extrema(lambda x: integrals(1 / x), _outside(), branch)
    return _sorted(found, given.moments[1], given.magnitude)


def of_beams(found: Beams) -> Array:
    """Marginal k of beams along one axis that differ in velocity, without detuning; axial modes."""
    v, number = found.directions[:, 0], found.weights * found.lepton_number

    def integrals(u: Array) -> Array:
        return (number * v ** np.arange(3)[:, None]) @ (1 / (u - v[:, None]))

    t = (1 - np.cos(np.pi * (np.arange(33) + 0.5) / 33)) / 2
    extrema = _extrema(lambda x: integrals(1 / x), _outside(), "axial")
    for a, b in zip(np.sort(v)[:-1], np.sort(v)[1:], strict=True):
        extrema += _extrema(integrals, a + (b - a) * t, "axial")
    return _sorted(extrema, float(number @ v), float(np.abs(number).sum()))


def _outside() -> Array:
    """1/u for |u| > 1, dense towards ±1, where J may diverge slowly; 0 is not among them."""
    y = np.linspace(-1, 1, 2002)[1:-1]
    return np.sin(np.pi / 2 * np.sin(np.pi / 2 * y))


def _waves(j: Array, branch: Branch) -> Array:
    """The solutions K (branches, n) at real u; nan where they are complex."""
    if branch == "breaking":
        return (j[2] - j[0])[None] / 2
    square = (j[0] + j[2]) ** 2 - 4 * j[1] ** 2
    root = np.sqrt(np.where(square >= 0, square, np.nan))
    return np.stack([(j[0] - j[2] + root) / 2, (j[0] - j[2] - root) / 2])


def _extrema(integrals: Integrals, x: Array, branch: Branch) -> list[Array]:
    """Extreme values of the branches K between the samples x, which increase; `integrals` takes x."""
    from scipy.optimize import minimize_scalar

    found = []
    for number, values in enumerate(_waves(integrals(x), branch)):
        slope = np.diff(values)
        for i in np.flatnonzero(slope[1:] * slope[:-1] < 0):
            sign = 1.0 if slope[i] < 0 else -1.0

            def away(at: float, sign: float = sign, number: int = number) -> float:
                return float(sign * _waves(integrals(np.array([at])), branch)[number, 0])

            best: Any = minimize_scalar(away, bounds=(x[i], x[i + 2]), method="bounded", options={"xatol": 1e-13})
            found.append(np.array([sign * best.fun]))
    return found


def _sorted(found: list[Array], g1: float, scale: float) -> Array:
    every = np.sort(np.concatenate([np.ravel(part) for part in found])) if found else np.zeros(0)
    every = every[np.isfinite(every)]
    return every[np.r_[True, np.diff(every) > 1e-11 * scale]] - g1 if every.size else every
