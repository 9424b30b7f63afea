"""Stages in the energies of a run in a shell: winding up, exponential growth, what comes after; each with its fitted slope.

Dehman and Pons (2024), Fig. 2, read three stages off by eye; here each has a definition, and is there only where it is met.
Any consistent units.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

SMALL = 0.1
"""Toroidal over poloidal energy up to which the toroidal field is being wound up."""
FROM_NOTHING = 1e-3
"""Largest toroidal energy at the start over that at the end of this stage."""
STEADY = 0.8
"""Share of the largest growth rate above which growth is called exponential."""
FOLDS = 2.0
"""Fewest e-foldings of the energy in an exponential stage."""
OVER = 0.2
"""Share of the exponential rate below which what comes after begins."""
FEWEST = 5
"""Samples of a stage."""


@dataclass(frozen=True)
class Stage:
    """A stage and its fit. slope: power of the time since the start ("early"), else rate of the energy [1/time].

    t: the samples in it, (n,); fit: the fitted energy there, (n,), toroidal ("early") or total; scatter: root mean square of
    ln(energy) about the fit.
    """

    name: Literal["early", "exponential", "late"]
    slope: float
    t: np.ndarray
    fit: np.ndarray
    scatter: float

    @property
    def label(self) -> str:
        """The fit, for a legend."""
        if self.name == "early":
            return rf"toroidal $\propto t^{{{self.slope:.2f}}}$"
        return rf"total $\propto \exp({self.slope:.3g}\,t)$"


def stages(t: np.ndarray, poloidal: np.ndarray, toroidal: np.ndarray) -> list[Stage]:
    """The stages that a run has, in their order; all arrays (samples,), energies in the shell."""
    total = poloidal + toroidal
    if t.size < FEWEST or not (np.isfinite(total).all() and (total > 0).all()):
        return []
    growth = _exponential(t, total)
    found = (_early(t, poloidal, toroidal), growth, _late(t, total, growth))
    return [stage for stage in found if stage is not None]


def equal_energies(t: np.ndarray, poloidal: np.ndarray, toroidal: np.ndarray) -> float | None:
    """First time at which the toroidal energy reaches the poloidal one, between samples; None where it starts larger."""
    above = np.flatnonzero(toroidal >= poloidal)
    if above.size == 0 or above[0] == 0:
        return None
    i = above[0]
    before, after = toroidal[i - 1] - poloidal[i - 1], toroidal[i] - poloidal[i]
    return float(t[i - 1] - before / (after - before) * (t[i] - t[i - 1]))


def _early(t: np.ndarray, poloidal: np.ndarray, toroidal: np.ndarray) -> Stage | None:
    """Toroidal energy while it is far below the poloidal one, from next to nothing: power of t, each ln t counted alike."""
    large = np.flatnonzero(toroidal > SMALL * poloidal)
    end = large[0] if large.size else t.size
    since, energy = t[1:end] - t[0], toroidal[1:end]
    if since.size < FEWEST or (energy <= 0).any() or since[-1] < 3 * since[0] or toroidal[0] > FROM_NOTHING * energy[-1]:
        return None
    return _fitted("early", t[1:end], np.log(since), energy, 1 / np.sqrt(since))


def _exponential(t: np.ndarray, total: np.ndarray) -> Stage | None:
    """Where the energy's rate stays above STEADY of its largest, the longest such stretch in e-foldings."""
    log = np.log(total)
    rate = np.gradient(log, t)
    best = max(_stretches(rate >= STEADY * rate.max()), key=lambda part: log[part][-1] - log[part][0])
    if rate.max() <= 0 or t[best].size < FEWEST or log[best][-1] - log[best][0] < FOLDS:
        return None
    return _fitted("exponential", t[best], t[best], total[best], np.ones(t[best].size))


def _late(t: np.ndarray, total: np.ndarray, growth: Stage | None) -> Stage | None:
    """From where growth has fallen below OVER of the exponential rate; without such growth the second half of a decay."""
    rate = np.gradient(np.log(total), t)
    if growth is None:
        begin = t.size // 2
        if total[-1] >= total[begin]:
            return None
    else:
        over = np.flatnonzero((t > growth.t[-1]) & (rate < OVER * growth.slope))
        begin = int(over[0]) if over.size else t.size
    if t.size - begin < FEWEST:
        return None
    return _fitted("late", t[begin:], t[begin:], total[begin:], np.ones(t.size - begin))


def _fitted(
    name: Literal["early", "exponential", "late"], t: np.ndarray, x: np.ndarray, energy: np.ndarray, weight: np.ndarray
) -> Stage:
    """Straight line through ln(energy) against x, least squares."""
    slope, offset = np.polyfit(x, np.log(energy), 1, w=weight)
    fit = offset + slope * x
    scatter = np.sqrt(np.average((np.log(energy) - fit) ** 2, weights=weight**2))
    return Stage(name, float(slope), t, np.exp(fit), float(scatter))


def _stretches(inside: np.ndarray) -> list[slice]:
    """Slices of neighbours that are all True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], inside.astype(int), [0]])))
    return [slice(a, b) for a, b in edges.reshape(-1, 2)]
