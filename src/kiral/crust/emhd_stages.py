"""Stages in the energies of a run in a shell: winding up, exponential growth, what comes after; each with its fitted slope.

Dehman and Pons (2024), Fig. 2, read three stages off by eye; here each has a definition, and is there only where it is met.
Any consistent units.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from kiral.report.style import short_number

SMALL = 0.1
"""Toroidal over poloidal energy up to which the toroidal field is being wound up."""
FROM_NOTHING = 1e-3
"""Largest toroidal energy at the start over that at the end of this stage."""
STEADY = 0.1
"""How far the local slope may be from its middle value, over that, within a stage."""
WIDTH = 3.0
"""Least ratio of the times since the start between the ends of the early stage."""
FOLDS = 2.0
"""Fewest e-foldings of the energy in an exponential stage."""
OVER = 0.1
"""Share of the exponential rate below which what comes after begins."""
FEWEST = 5
"""Samples of a stage."""
MOST_TRIED = 500
"""Slopes that are tried as the middle one."""


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
        return rf"total $\propto \exp({short_number(self.slope).strip('$')}\,t)$"


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
    """The power law of the toroidal energy while it comes from nothing and is far below the poloidal one.

    Each ln t counts alike in the fit.
    """
    large = np.flatnonzero(toroidal > SMALL * poloidal)
    end = large[0] if large.size else t.size
    x, energy = np.log(np.maximum(t[1:end] - t[0], 1e-300)), toroidal[1:end]
    if x.size < FEWEST or (energy <= 0).any() or toroidal[0] > FROM_NOTHING * energy[-1]:
        return None
    part = _steadiest(x, np.log(energy), x, np.log(WIDTH))
    if part is None:
        return None
    return _fitted("early", t[1:end][part], x[part], energy[part], np.exp(-x[part] / 2))


def _exponential(t: np.ndarray, total: np.ndarray) -> Stage | None:
    """The stretch of time with the most e-foldings in which the energy grows at one rate."""
    log = np.log(total)
    part = _steadiest(t, log, log, FOLDS)
    return None if part is None else _fitted("exponential", t[part], t[part], total[part], np.ones(t[part].size))


def _steadiest(x: np.ndarray, y: np.ndarray, measure: np.ndarray, least: float) -> slice | None:
    """The stretch of neighbours in which dy/dx > 0 stays within STEADY of one value, the longest by `measure`; at least
    `least` long, else None.
    """
    slope = np.gradient(y, x)
    best, most = None, least
    for value in np.unique(slope[slope > 0][:: max(1, x.size // MOST_TRIED)]):
        for part in _stretches(np.abs(slope - value) <= STEADY * value):
            length = measure[part][-1] - measure[part][0]
            if length >= most and x[part].size >= FEWEST:
                best, most = part, length
    return best


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
