"""Bands of growth and the most unstable mode, of discrete beams and of continuous angular distributions.

Units √2 G_F = 1, modes of ψ = P^x + i P^y with e^{i(kz - ωt)}; `kiral.flavor.linear` has the conventions.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kiral.errors import ConfigError
from kiral.flavor import marginal
from kiral.flavor.angular import AngularDistribution
from kiral.flavor.continuum import Branch, Continuum, unstable_modes
from kiral.flavor.contour import polish
from kiral.flavor.linear import Beams, beams, matrices

NOTHING = (float("nan"), complex("nan"))
GROWS = 1e-6
"""Growth rates below this share of Σ w|g| are round-off: two real eigenvalues that meet are known to its root only."""
FIRST, LAST = 65, 2049
"""Wave numbers of the first and of the last scan."""


class GrowthBand(NamedTuple):
    """Wave numbers low < k < high in which `modes` modes grow."""

    low: float
    high: float
    modes: int


class Peak(NamedTuple):
    """The mode of fastest growth."""

    k: float
    omega: complex


# --- Discrete beams --------------------------------------------------------------------------------------------------


def growth_bands(velocities: Any, weights: Any, lepton_number: Any) -> tuple[GrowthBand, ...]:
    """All bands of growth of beams along the axis, by increasing k; the edges are exact (`kiral.flavor.marginal`).

    Arguments as for `kiral.flavor.dispersion`, velocities (N,). ConfigError for directions (N, 3).
    """
    found = _merged(beams(velocities, weights, lepton_number))
    if found.directions.shape[1] != 1:
        raise ConfigError("velocities: directions on the sphere given; bands are known for beams along the axis, (n,)")
    edges = marginal.of_beams(found)
    smallest = GROWS * found.scale
    middle = (edges[1:] + edges[:-1])[:, None] / 2
    counts = [int(np.sum(np.linalg.eigvals(matrices(found, k)).imag > smallest)) for k in middle]
    return _joined(edges, counts)


def most_unstable(
    velocities: Any,
    weights: Any,
    lepton_number: Any,
    *,
    direction: Any = (0.0, 0.0, 1.0),
    k_range: tuple[float, float] | None = None,
    vacuum: Any = 0.0,
    matter: float = 0.0,
    damping: Any = 0.0,
) -> Peak:
    """(k, ω) of the mode that grows fastest over all real k, to round-off, in units √2 G_F = 1; (nan, nan) if all are stable.

    Args: as for `kiral.flavor.dispersion`; direction - of the wave vector, for velocities (N, 3); k_range - where to look.
        Without it, it follows from the beams for fast modes: all k at which beams of opposite lepton number can resonate.
    Modes with a vacuum term or damping may grow at any k: give k_range then (ConfigError without).
    Wave numbers are scanned at a spacing that is halved until it is smaller than the growth rate found, or 2049 of them are
    done. Two beams resonate over a band at least twice as wide as their growth rate, so that a faster mode is not between.
    For beams along the axis without vacuum term and damping the bands of `growth_bands` are searched instead.
    """
    found = beams(velocities, weights, lepton_number, vacuum=vacuum, matter=matter, damping=damping)
    unit = _direction(found, direction)
    fast = np.ptp(found.detuning) == 0 and not found.detuning.imag.any()
    if not fast and k_range is None:
        raise ConfigError("k_range: needed with a vacuum term or damping that differ between modes; give (lowest, highest) k")
    found = _merged(found) if fast else found
    if fast and k_range is None and found.directions.shape[1] == 1:
        return _best_of_bands(found, growth_bands(velocities, weights, lepton_number))
    along = found.directions @ unit
    low, high = k_range if k_range is not None else _resonant_range(found, along)
    if not low < high:
        return Peak(*NOTHING)
    _check_speed(along)
    return _scanned(_Ray(found, unit), low, high)


def _best_of_bands(found: Beams, bands: tuple[GrowthBand, ...]) -> Peak:
    best = Peak(*NOTHING)
    for band in sorted(bands, key=lambda b: b.low - b.high):
        if best.omega.imag >= band.high - band.low:
            break  # two beams grow at half their band's width at most; narrower bands are left out at twice that
        k = band.low + (band.high - band.low) * _inside(17)
        best = _better(best, _highest(_Ray(found, np.ones(1)), k, fastest(found, k[:, None])))
    return best


def _scanned(ray: _Ray, low: float, high: float) -> Peak:
    n, smallest = FIRST, GROWS * ray.scale
    k = np.linspace(low, high, n)
    omega = fastest(ray.beams, k[:, None] * ray.unit)
    while n < LAST and not (omega.imag.max() > smallest and k[1] - k[0] <= omega.imag.max()):
        between = 0.5 * (k[1:] + k[:-1])
        k = np.insert(k, np.arange(1, n), between)
        omega = np.insert(omega, np.arange(1, n), fastest(ray.beams, between[:, None] * ray.unit))
        n = k.size
    return _highest(ray, k, omega) if omega.imag.max() > smallest else Peak(*NOTHING)


def fastest(found: Beams, k: NDArray[np.float64]) -> NDArray[np.complex128]:
    """The fastest growing ω at wave vectors k (n, d), (n,)."""
    omega = [np.linalg.eigvals(matrices(found, one)) for one in k]
    return np.array([row[np.argmax(row.imag)] for row in omega], dtype=complex)


def _resonant_range(found: Beams, along: NDArray) -> tuple[float, float]:
    """k outside of which no mode grows, by Gershgorin's circles.

    A growing mode needs beams of opposite lepton number whose circles overlap (their modes have opposite signature). Three
    scalings of the matrix are tried; the narrowest range counts. Beams with no lepton number do not act.
    """
    act = found.lepton_number * found.weights != 0
    c, v = found.coupling[np.ix_(act, act)], along[act]
    positive = found.lepton_number[act] > 0
    if positive.all() or not positive.any():
        return 0.0, 0.0
    _, g1 = found.moments
    centre = np.diag(c) + found.directions[act] @ g1
    size = np.abs(c - np.diag(np.diag(c)))
    balanced = np.sqrt(size * size.T)
    distance = v[positive][:, None] - v[~positive]
    offset = centre[positive][:, None] - centre[~positive]
    best = (-np.inf, np.inf)
    for radius in (size.sum(1), size.sum(0), balanced.sum(1)):
        reach = radius[positive][:, None] + radius[~positive]
        if np.any((distance == 0) & (reach >= np.abs(offset))):
            continue
        apart = distance != 0
        ends = np.stack([(-offset - reach)[apart] / distance[apart], (-offset + reach)[apart] / distance[apart]])
        low, high = float(ends.min()), float(ends.max())
        best = (low, high) if high - low < best[1] - best[0] else best
    if not np.isfinite(best).all():
        raise ConfigError("k_range: needed, as beams across the wave vector couple at any k; give (lowest, highest) k")
    return best


def _merged(found: Beams) -> Beams:
    """Beams of one direction as one: ν and ν̄ act by their sum."""
    directions, place = np.unique(found.directions, axis=0, return_inverse=True)
    number = np.bincount(place.ravel(), found.weights * found.lepton_number, minlength=len(directions)).astype(float)
    keep = number != 0
    if not keep.any():
        keep[:1] = True
    return Beams(directions[keep], np.ones(keep.sum()), number[keep], np.full(keep.sum(), found.detuning[0]))


def _direction(found: Beams, direction: Any) -> NDArray[np.float64]:
    if found.directions.shape[1] == 1:
        return np.ones(1)
    unit = np.asarray(direction, dtype=float)
    if unit.shape != (3,) or not np.linalg.norm(unit) > 0:
        raise ConfigError(f"direction: {direction!r} given; allowed: a vector of three numbers, not 0")
    return unit / np.linalg.norm(unit)


def _check_speed(along: NDArray) -> None:
    if np.ptp(along) == 0:
        raise ConfigError("velocities: all the same along the wave vector; growth does not depend on k then, see dispersion")


# --- Continuous angles -----------------------------------------------------------------------------------------------


def continuous_growth_bands(given: AngularDistribution, branch: Branch = "axial") -> tuple[GrowthBand, ...]:
    """All bands of growth of fast modes of a continuous distribution, by increasing k.

    The edges are exact; within a band the number of growing modes is counted by the argument principle.
    """
    edges = marginal.of_continuum(given, branch)
    counts = [len(unstable_modes(given, k, branch=branch)) for k in (edges[1:] + edges[:-1]) / 2]
    return _joined(edges, counts)


def continuous_most_unstable(
    given: AngularDistribution, branch: Branch = "axial", bands: tuple[GrowthBand, ...] | None = None
) -> Peak:
    """(k, ω) of the fast mode of a continuous distribution that grows fastest, to round-off; (nan, nan) if all are stable.

    `bands` are those of `continuous_growth_bands`, where they are known.
    """
    bands = continuous_growth_bands(given, branch) if bands is None else bands
    continuum = Continuum.of(given)
    best = Peak(*NOTHING)
    for band in sorted(bands, key=lambda b: b.low - b.high):
        k = band.low + (band.high - band.low) * _inside(17)
        curve = follow_modes(continuum, k, branch)
        best = _better(best, _highest(_Angles(continuum, branch), k, curve[:, 0]))
    return best


def follow_modes(
    given: Continuum | AngularDistribution, k: NDArray, branch: Branch = "axial", smallest: float = 1e-7
) -> NDArray[np.complex128]:
    """All growing frequencies over wave numbers k (n,), (n, most modes), the fastest first; nan where there are fewer."""
    continuum, rows, last = Continuum.of(given), [], []
    for value in np.asarray(k, dtype=float):
        last = unstable_modes(continuum, float(value), branch=branch, smallest=smallest, guesses=last)
        rows.append(last)
    result = np.full((len(rows), max(map(len, rows), default=0) or 1), complex("nan"))
    for row, modes in zip(result, rows, strict=True):
        row[: len(modes)] = modes
    return result


# --- The top of a branch --------------------------------------------------------------------------------------------


class _Ray(NamedTuple):
    """Beams along a direction of wave vectors."""

    beams: Beams
    unit: NDArray[np.float64]

    @property
    def scale(self) -> float:
        return self.beams.scale

    def determinant(self, omega: Any, k: float) -> NDArray[np.complex128]:
        return self.beams.determinant(omega, k * self.unit)

    def group_velocity(self, omega: complex, k: float) -> complex:
        return self.beams.group_velocity(omega, k * self.unit, self.unit)


class _Angles(NamedTuple):
    """One branch of continuous angles."""

    continuum: Continuum
    branch: Branch

    @property
    def scale(self) -> float:
        return self.continuum.scale

    def determinant(self, omega: Any, k: float) -> NDArray[np.complex128]:
        return self.continuum.determinant(omega, k, self.branch)

    def group_velocity(self, omega: complex, k: float) -> complex:
        return self.continuum.group_velocity(omega, k, self.branch)


def _highest(modes: _Ray | _Angles, k: NDArray[np.float64], omega: NDArray[np.complex128]) -> Peak:
    """The highest maximum of growth near the samples (n,); those below 0.8 of the highest sample are left out."""
    growth, best = np.nan_to_num(omega.imag, nan=-np.inf), Peak(*NOTHING)
    for i in np.flatnonzero((growth >= np.r_[-np.inf, growth[:-1]]) & (growth >= np.r_[growth[1:], -np.inf])):
        if growth[i] >= 0.8 * growth.max():
            ends = k[max(i - 1, 0)], k[min(i + 1, k.size - 1)]
            best = _better(best, _top(modes, *ends, Peak(float(k[i]), complex(omega[i]))))
    return best


def _top(modes: _Ray | _Angles, low: float, high: float, start: Peak) -> Peak:
    """Newton's method for Im dω/dk = 0 along a mode, within (low, high); at its end where growth rises towards it."""
    k, omega = start
    omega = _follow(modes, k, omega) or omega
    h = 1e-5 * (high - low)
    for _ in range(60):
        slope = modes.group_velocity(omega, k).imag
        low, high = (k, high) if slope > 0 else (low, k)
        ahead = _follow(modes, k + h, omega)
        bend = (modes.group_velocity(ahead, k + h).imag - slope) / h if ahead is not None else 0.0
        new = k - slope / bend if bend < 0 and low < k - slope / bend < high else 0.5 * (low + high)
        moved = _follow(modes, new, omega)
        if moved is None or abs(new - k) <= 1e-15 * (abs(k) + modes.scale):
            break
        k, omega = new, moved
    return Peak(float(k), complex(omega))


def _follow(modes: _Ray | _Angles, k: float, guess: complex) -> complex | None:
    """The mode at k that Newton's method reaches from a guess; None where it gets lost or no longer grows."""
    root = polish(lambda omega: modes.determinant(omega, k), guess, modes.scale)
    return root if root is not None and root.imag > 0 else None


def continuous_peak(
    given: Continuum, k: NDArray[np.float64], omega: NDArray[np.complex128], branch: Branch = "axial"
) -> Peak:
    """The highest maximum of growth between wave numbers k (n,), from the fastest mode ω (n,) at each, nan where none grows."""
    return _highest(_Angles(given, branch), k, omega) if np.isfinite(omega).any() else Peak(*NOTHING)


def _inside(n: int) -> NDArray[np.float64]:
    """Chebyshev points between 0 and 1, without the ends."""
    return (1 - np.cos(np.pi * (np.arange(n) + 0.5) / n)) / 2


def _better(one: Peak, other: Peak) -> Peak:
    if not np.isfinite(other.k):
        return one
    return other if not np.isfinite(one.k) or other.omega.imag > one.omega.imag else one


def _joined(edges: NDArray, counts: list[int]) -> tuple[GrowthBand, ...]:
    """Bands between the edges with growing modes; neighbours with as many modes are one."""
    bands: list[GrowthBand] = []
    for low, high, modes in zip(edges[:-1], edges[1:], counts, strict=True):
        if modes and bands and bands[-1].modes == modes and bands[-1].high == low:
            bands[-1] = bands[-1]._replace(high=float(high))
        elif modes:
            bands.append(GrowthBand(float(low), float(high), modes))
    return tuple(bands)
