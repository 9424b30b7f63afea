"""Which of several grids a run is on: a coarser one once what it would drop is negligible, a finer one when it is not.

The subject gives the grids and says what fits (`Grids`); this module decides when, moves the carry, and remembers. The
spectra are looked at every so many accepted steps, so that neither chunks nor a resume change any decision. Output is
computed on the finest grid, the one of the problem. What a cut drops is booked: the ledgers close with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import jax
import numpy as np

from kiral.core.advance import Carry, StepOptions, moved, together
from kiral.core.equation import Equation, PyTree
from kiral.core.layout import place
from kiral.core.problem import Problem
from kiral.errors import CheckpointError


class Grids(Protocol):
    """The same problem on several grids, the finest, on which it is posed and reported, first.

    `y` is a state on the grid number `here`, `t` its time. All processes of a run call the methods together.
    """

    equations: Sequence[Equation]
    points: Sequence[int]
    """Points along the longest side of each grid."""
    every_steps: int
    """Accepted steps between two looks."""
    loss_names: Sequence[str]
    """What `losses` gives; names of budgets stand for their totals, and close them."""

    def fits(self, t: Any, y: PyTree, here: int, coarser: int) -> bool:
        """The state on grid `here` may be cut to the grid `coarser`, with room to spare."""
        ...

    def outgrown(self, t: Any, y: PyTree, here: int) -> bool:
        """The state on grid `here` needs a finer one."""
        ...

    def regrid(self, y: PyTree, source: int, target: int) -> PyTree:
        """The state on another grid: exact to a finer one; to a coarser one without what that does not hold."""
        ...

    def losses(self, t: Any, y: PyTree, here: int, coarser: int) -> dict[str, Any]:
        """What the cut drops."""
        ...


class GridChoice:
    """The grid that a run is on, and what the cuts so far have dropped. Of a problem with one grid: always that."""

    def __init__(self, problem: Problem) -> None:
        self.problem, self.grids = problem, problem.grids
        self.here, self.checked = 0, 0
        self.lost = dict.fromkeys(problem.grids.loss_names, 0.0) if problem.grids is not None else {}

    @property
    def equation(self) -> Equation:
        """The equation on the present grid."""
        return self.problem.equation if self.grids is None else self.grids.equations[self.here]

    def placed(self, y: PyTree) -> PyTree:
        """A state on the problem's own grid, on the present one."""
        return y if self.here == 0 else self.grids.regrid(y, 0, self.here)

    def reported(self, y: PyTree) -> PyTree:
        """The state on the problem's own grid."""
        return y if self.here == 0 else self.grids.regrid(y, self.here, 0)

    def steps_left(self, step: int) -> float:
        """Accepted steps until the next look."""
        if self.grids is None:
            return np.inf
        every = self.grids.every_steps
        return max(0, (self.checked // every + 1) * every - step)

    def follow(self, scheme: str, carry: Carry, step: int, options: StepOptions) -> tuple[Carry, str | None]:
        """Look at the spectra: the carry, moved where another grid is right, and then what to tell the user."""
        self.checked = step
        target = self._right_grid(carry)
        if target == self.here:
            return carry, None
        source, self.here = self.here, target
        self._book(carry, source, target)
        y = self.grids.regrid(carry.y, source, target)
        scalars = carry._replace(y=(), slope=(), tables=())
        carry = together(moved, self.equation, scheme, scalars, y, place(options, self.equation.layout))
        points = self.grids.points
        return carry, f"t = {float(carry.t):.6g}: {points[source]} -> {points[target]} points along the longest side"

    def _right_grid(self, carry: Carry) -> int:
        """The coarsest one that the state fits on, or the next finer one where it has outgrown the present one."""
        if self.here > 0 and self.grids.outgrown(carry.t, carry.y, self.here):
            return self.here - 1
        target = self.here
        while target + 1 < len(self.grids.points) and self.grids.fits(carry.t, carry.y, self.here, target + 1):
            target += 1
        return target

    def _book(self, carry: Carry, source: int, target: int) -> None:
        if target > source:
            dropped = jax.device_get(self.grids.losses(carry.t, carry.y, source, target))
            self.lost = {name: self.lost[name] + float(value) for name, value in dropped.items()}

    def columns(self) -> dict[str, Any]:
        """What the series keep of it: the present grid and the losses so far."""
        if self.grids is None:
            return {}
        lost = {f"lost_{name}": np.float64(value) for name, value in self.lost.items()}
        return {"grid_points": np.int64(self.grids.points[self.here]), **lost}

    def state(self) -> dict[str, Any] | None:
        """What belongs to the checkpoint."""
        if self.grids is None:
            return None
        return {"points": self.grids.points[self.here], "checked": self.checked, "lost": self.lost}

    def restore(self, state: dict[str, Any] | None) -> None:
        """The inverse of `state`."""
        if self.grids is None or state is None:
            return
        if state["points"] not in self.grids.points:
            known = ", ".join(map(str, self.grids.points))
            raise CheckpointError(f"the checkpoint is on a grid of {state['points']} points; this version knows {known}")
        self.here, self.checked, self.lost = self.grids.points.index(state["points"]), state["checked"], dict(state["lost"])

