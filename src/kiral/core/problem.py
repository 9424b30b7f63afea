"""A case, built: what the loop needs to advance and to report one run."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import equinox as eqx
import numpy as np

from kiral.core.advance import together
from kiral.core.equation import Equation, PyTree
from kiral.core.layout import constrain

if TYPE_CHECKING:
    from kiral.core.coarsen import Grids


@dataclass(frozen=True)
class Observable:
    """A quantity computed from (equation, t, y). `function` is a module-level function, so that two runs share its compilation.

    dims: () for a number in time, ("k",) for a spectrum, ("component", "x", "y", "z") and the like for a field. in_series: a
    spectrum short enough to be kept with every row of the series as well.
    """

    name: str
    dims: tuple[str, ...]
    unit: str
    long_name: str
    function: Callable[[Any, Any, Any], Any]
    in_series: bool = False


@dataclass(frozen=True)
class Coordinate:
    """Values along one dimension of the observables."""

    name: str
    values: np.ndarray
    unit: str
    long_name: str


@dataclass(frozen=True)
class Monitor:
    """A condition of validity on a series: warn once when `series` exceeds `limit`. `message` says what it means."""

    series: str
    limit: float
    message: str


@dataclass(frozen=True)
class Problem:
    """Everything a run needs. `observables` of dims () go to the series, 1-D ones to the spectra, the rest to snapshots.

    `equation` holds arrays; `t_start` is in `time_unit`. `initial_state` is a function, so that the state exists only once
    the loop takes it; `progress` names the two or three series shown while running. `dt_max` is the largest step that
    input given at points in time allows; `grids`: coarser ones that the run may move to.
    """

    kind: str
    equation: Equation
    initial_state: Callable[[], PyTree]
    observables: tuple[Observable, ...]
    coordinates: tuple[Coordinate, ...]
    t_start: float
    time_unit: str
    progress: tuple[str, ...] = ()
    monitors: tuple[Monitor, ...] = ()
    notes: dict[str, Any] = field(default_factory=dict)
    dt_max: float = math.inf
    grids: Grids | None = None


def first_state(problem: Problem) -> PyTree:
    """The initial state; on several devices each makes its part of it."""
    if (layout := problem.equation.layout) is None:
        return problem.initial_state()
    return together(eqx.filter_jit(lambda: constrain(problem.initial_state(), layout)))
