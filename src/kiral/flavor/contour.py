"""Roots of an analytic function in a rectangle, counted by the argument principle, so that none is missed.

Delves & Lyness (1967), Math. Comp. 21, 543: count by the winding of f along the boundary, halve, and polish what is single.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kiral.errors import NumericalError

Function = Callable[[Any], NDArray[np.complex128]]
"""Vectorised: complex numbers (n,) → values (n,)."""
FIRST, TURN, BEND, MOST = 16, 0.6, 0.15, 60
"""Points per side at the start, largest |f(b)/f(a) - 1| of neighbours, largest curvature, and how often a side is refined."""

NO_KNOTS = np.zeros(0)


class Rectangle(NamedTuple):
    """Corners in the complex plane."""

    low: complex
    high: complex

    @property
    def size(self) -> complex:
        return self.high - self.low

    def holds(self, z: complex, margin: float = 0.0) -> bool:
        """Whether z lies inside, or outside by less than `margin` of the sides."""
        x, y = (z - self.low).real / self.size.real, (z - self.low).imag / self.size.imag
        return -margin <= x <= 1 + margin and -margin <= y <= 1 + margin

    def halves(self, share: float) -> tuple[Rectangle, Rectangle]:
        """Cut across the longer side."""
        if self.size.real >= self.size.imag:
            cut = self.size.real * share
            return Rectangle(self.low, self.low + complex(cut, self.size.imag)), Rectangle(self.low + cut, self.high)
        cut = 1j * self.size.imag * share
        return Rectangle(self.low, self.low + self.size.real + cut), Rectangle(self.low + cut, self.high)


class OnBoundary(Exception):
    """f is too close to 0 on the boundary to tell its phase."""


def winding(f: Function, box: Rectangle, knots: NDArray[np.float64] = NO_KNOTS) -> tuple[int, complex]:
    """Number of roots of f inside the box, with multiplicity; f has no poles there. OnBoundary: a root lies on its sides.

    With the sum of the roots, from the first moment of the logarithmic derivative, good to a few percent of the box.
    Between `knots`, real parts in any order, f does not turn about 0 unseen by FIRST points: the ends of a narrow cut below
    the box belong there.
    """
    corners = [box.low, box.low + box.size.real, box.high, box.low + 1j * box.size.imag, box.low]
    sides = [_phase(f, a, b, knots) for a, b in pairwise(corners)]
    total, moment = (sum(part[i] for part in sides) / (2 * np.pi) for i in range(2))
    count = round(total.real)
    if abs(total.real - count) > 0.01 or count < 0:
        raise OnBoundary
    return count, moment


def _phase(f: Function, start: complex, end: complex, knots: NDArray[np.float64]) -> tuple[complex, complex]:
    """(∫ d ln f, ∫ z d ln f)/i along a straight line; the real part of the first is the change of arg f.

    Intervals are halved until f changes little within each and its middle lies where both ends say: two roots close to each
    other, below the line, then show even if they lie evenly between two points.
    """
    places = (knots - start.real) / (end - start).real if end.real != start.real else NO_KNOTS
    ends = np.unique(np.r_[0.0, places[(places > 0) & (places < 1)], 1.0])
    s = np.unique(np.concatenate([np.linspace(a, b, FIRST) for a, b in pairwise(ends)]))
    values = f(start + s * (end - start))
    left, right, f_left, f_right = s[:-1], s[1:], values[:-1], values[1:]
    total = moment = 0j
    for _ in range(MOST):
        middle = 0.5 * (left + right)
        f_middle = f(start + middle * (end - start))
        every = np.concatenate([f_left, f_middle, f_right])
        if not np.isfinite(every).all() or np.any(every == 0) or np.any(middle == left):
            break
        bent = np.abs(f_middle - 0.5 * (f_left + f_right)) > BEND * np.abs(f_middle)
        coarse = bent | (np.abs(f_middle / f_left - 1) > TURN) | (np.abs(f_right / f_middle - 1) > TURN)
        fine = ~coarse
        first, second = (np.log(b[fine] / a[fine]) / 1j for a, b in ((f_left, f_middle), (f_middle, f_right)))
        total += first.sum() + second.sum()
        quarter = 0.25 * (right - left)[fine]
        place = start + (end - start) * np.stack([left[fine] + quarter, right[fine] - quarter])
        moment += (place[0] * first).sum() + (place[1] * second).sum()
        if not coarse.any():
            return total, moment
        left, right, f_left, f_right = (
            np.concatenate([one[coarse], other[coarse]])
            for one, other in ((left, middle), (middle, right), (f_left, f_middle), (f_middle, f_right))
        )
    raise OnBoundary


def roots(
    f: Function, box: Rectangle, guesses: tuple[complex, ...] = (), knots: NDArray[np.float64] = NO_KNOTS
) -> list[complex]:
    """All roots of f in the box, by falling imaginary part, to round-off; multiple ones as often as they are multiple.

    Where polished `guesses` already make up the count, nothing is searched. Roots closer to each other than 1e-9 of the box
    are not told apart; `knots` as for `winding`. NumericalError: a root on the boundary itself, where no count is possible.
    """
    try:
        count, moment = winding(f, box, knots)
    except OnBoundary:
        raise NumericalError(f"stability: a root lies on the boundary of the region {box.low:.6g} to {box.high:.6g}") from None
    if not count:
        return []
    guesses = (*guesses, moment) if count == 1 else guesses
    polished = (polish(f, guess, abs(box.size)) for guess in guesses)
    found = _distinct([z for z in polished if z is not None and box.holds(z)], box)
    if len(found) != count:
        found = _search(f, box, count, moment, 1e-9 * abs(box.size), knots)
    return sorted(found, key=lambda z: (-z.imag, z.real))


def _search(
    f: Function, box: Rectangle, count: int, moment: complex, smallest: float, knots: NDArray[np.float64]
) -> list[complex]:
    if abs(box.size) < smallest:
        return [box.low + 0.5 * box.size] * count
    if count == 1:
        z = polish(f, moment, abs(box.size))
        if z is not None and box.holds(z, 1e-9):
            return [z]
    for share in (0.5137, 0.4471, 0.5683, 0.3929, 0.6211):  # a cut that meets a root is moved
        halves = box.halves(share)
        try:
            counts = [winding(f, half, knots) for half in halves]
        except OnBoundary:
            continue
        if sum(n for n, _ in counts) == count:
            parts = zip(halves, counts, strict=True)
            return [z for half, (n, s) in parts if n for z in _search(f, half, n, s, smallest, knots)]
    raise NumericalError(f"stability: {count} roots near {box.low:.6g} cannot be told apart")


def polish(f: Function, z: complex, scale: float) -> complex | None:
    """The root that Newton's method reaches from z, None where it does not converge; derivative by differences."""
    z, h, step = complex(z), 1e-5 * scale, complex(scale)
    for _ in range(40):
        value, ahead, behind = f(np.array([z, z + h, z - h]))
        if value == 0:
            return z
        slope = (ahead - behind) / (2 * h)
        if slope == 0 or not np.isfinite(slope):
            return None
        step = complex(value / slope)
        if abs(step) > 0.3 * scale:
            return None
        z -= step
        if abs(step) < 1e-14 * (abs(z) + 1e-3 * scale):
            return z
        h = max(min(h, 0.1 * abs(step)), 1e-9 * scale)
    return z if abs(step) < 1e-11 * scale else None


def _distinct(found: list[complex], box: Rectangle) -> list[complex]:
    kept: list[complex] = []
    for z in found:
        if all(abs(z - other) > 1e-9 * abs(box.size) for other in kept):
            kept.append(z)
    return kept
