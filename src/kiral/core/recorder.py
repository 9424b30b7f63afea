"""What a run writes along t: samples of the observables, the ledgers' drift, warnings. Knows rows, not the loop."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from kiral.core import processes
from kiral.core.advance import evaluate, evaluate_budgets, together
from kiral.core.equation import Budget, Equation, PyTree
from kiral.core.layout import gather, place
from kiral.core.problem import Observable, Problem
from kiral.core.schedule import Clock, Schedule
from kiral.core.store import Archive, Elsewhere, Variable

SERIES, SPECTRA, SNAPSHOTS = "series", "spectra", "snapshots"
_PLACES = {SERIES: ("series.zarr", "scalars"), SPECTRA: ("series.zarr", "spectra"), SNAPSHOTS: ("snapshots.zarr", "")}


@dataclass(frozen=True)
class StepInfo:
    """Where the stepper is: number of accepted steps, the step it tries next, the rates that limit it; its grid.

    grid: columns of the series about the grid; `lost_<budget>` closes a budget of which a coarser grid dropped a part.
    """

    step: int
    dt: float
    rates: Mapping[str, float]
    grid: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Ledger:
    """One budget from the first row on: baseline, running maximum of its scale, worst drift."""

    total: list[float] | None = None
    production: list[float] | None = None
    scale: float = 0.0
    worst: float = 0.0

    def drift(self, budget: Budget, lost: float = 0.0) -> float:
        """max over components of |Δtotal + lost - Δproduction| / max over rows of |scale|."""
        total, production = np.ravel(budget.total), np.ravel(budget.production)
        if self.total is None:
            self.total, self.production = total.tolist(), production.tolist()
        self.scale = max(self.scale, _norm(budget.scale))
        with np.errstate(invalid="ignore"):  # inf - inf of a state that the loop refuses at its next step
            gap = float(np.max(np.abs((total - self.total) + lost - (production - self.production))))
        drift = gap / max(self.scale, np.finfo(float).tiny)
        self.worst = max(self.worst, drift)
        return drift


@dataclass
class Output:
    """One of the three kinds of rows: when, what, where."""

    clock: Clock
    observables: tuple[Observable, ...]
    archive: Archive


@dataclass
class Recorder:
    """Appends rows to the archives of a run folder and keeps what the next rows need."""

    problem: Problem
    outputs: dict[str, Output]
    ledgers: dict[str, Ledger] = field(default_factory=dict)
    warned: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    last_row: dict[str, float] = field(default_factory=dict)
    switched_off: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def make(cls, problem: Problem, folder: Path, schedules: Mapping[str, Schedule | None]) -> Recorder:
        """One output for each of series, spectra and snapshots that has a schedule and observables."""
        outputs = {}
        for name, schedule in schedules.items():
            chosen = tuple(o for o in problem.observables if _kind(o) == name or (name == SERIES and o.in_series))
            if schedule is not None and (chosen or name == SERIES):
                outputs[name] = Output(Clock(schedule), chosen, _archive(problem, folder, name, chosen))
        return cls(problem, outputs)

    def next_time(self) -> float:
        """The next time at which something is due."""
        return min(output.clock.next_time(self.problem.t_start) for output in self.outputs.values())

    def steps_left(self, step: int) -> float:
        """Accepted steps until something is due."""
        return min(output.clock.steps_left(step) for output in self.outputs.values())

    def due_at(self, t: float) -> list[str]:
        """Outputs due at time t, or before."""
        return [name for name, o in self.outputs.items() if o.clock.next_time(self.problem.t_start) <= t]

    def due_now(self, step: int) -> list[str]:
        """Outputs due at the accepted step, by its number or the wall clock."""
        return [name for name, o in self.outputs.items() if o.clock.due_now(step)]

    def skip_before(self, t: float, step: int) -> None:
        """Drop what changed schedules would have wanted before time t and accepted step `step`."""
        for output in self.outputs.values():
            output.clock.skip_before(t, step)

    def record(self, names: Iterable[str], t: float, y: PyTree, info: StepInfo) -> list[str]:
        """Append the rows of the named outputs for the state y at time t. Returns new warnings."""
        warnings: list[str] = []
        for name in names:
            output = self.outputs[name]
            row = {"t": np.float64(t), **_values(output.observables, self.problem.equation, t, y)}
            if name == SERIES:
                row |= self._extra_columns(t, y, info)
                warnings += self._check_monitors(t, row)
                self.last_row = {key: float(value) for key, value in row.items() if np.ndim(value) == 0}
                _describe_extra(output.archive, row, self.problem.time_unit)
            output.archive.append(row)
            if name == SNAPSHOTS:
                output.archive.flush()
            output.clock.mark(t, info.step)
        return warnings

    def flush(self, *, sync: bool = False) -> None:
        """Write all buffered rows."""
        for output in self.outputs.values():
            output.archive.flush(sync=sync)

    def worst_drift(self) -> dict[str, float]:
        """Largest drift of each budget so far."""
        return {name: ledger.worst for name, ledger in self.ledgers.items()}

    def state(self) -> dict[str, Any]:
        """What belongs to the checkpoint."""
        outputs = {n: {"rows": o.archive.count, **o.clock.state()} for n, o in self.outputs.items()}
        return {
            "outputs": self.switched_off | outputs,
            "ledgers": {name: vars(ledger).copy() for name, ledger in self.ledgers.items()},
            "warned": list(self.warned),
            "warnings": list(self.warnings),
        }

    def restore(self, state: Mapping[str, Any] | None) -> None:
        """Go on from a checkpoint's `state`, later rows dropped; None: from nothing."""
        state = state or {"outputs": {}, "ledgers": {}, "warned": [], "warnings": []}
        self.switched_off = {name: o for name, o in state["outputs"].items() if name not in self.outputs}
        for name, output in self.outputs.items():
            stored = state["outputs"].get(name, {"rows": 0, "last_time": None, "last_step": None})
            output.archive.restore(stored["rows"])
            output.clock.restore(stored)
        self.ledgers = {name: Ledger(**ledger) for name, ledger in state["ledgers"].items()}
        self.warned, self.warnings = list(state["warned"]), list(state["warnings"])

    def _extra_columns(self, t: float, y: PyTree, info: StepInfo) -> dict[str, Any]:
        """Step, dt and rates of the last accepted step, and the budgets at t."""
        row = {"step": np.int64(info.step), "dt": np.float64(info.dt)}
        row |= {f"rate_{_identifier(name)}": np.float64(rate) for name, rate in info.rates.items()} | info.grid
        for name, budget in self._budgets(t, y).items():
            ledger = self.ledgers.setdefault(name, Ledger())
            row |= {f"drift_{name}": np.float64(ledger.drift(budget, info.grid.get(f"lost_{name}", 0.0)))}
            row |= {f"{part}_{name}": np.float64(_norm(getattr(budget, part))) for part in Budget._fields}
        return row

    def _budgets(self, t: float, y: PyTree) -> dict[str, Budget]:
        equation = self.problem.equation
        return _on_host(evaluate_budgets, equation, place(jnp.asarray(t), equation.layout), y)

    def _check_monitors(self, t: float, row: Mapping[str, Any]) -> list[str]:
        found = []
        for monitor in self.problem.monitors:
            if monitor.message not in self.warned and row[monitor.series] > monitor.limit:
                value = float(row[monitor.series])
                self.warned.append(monitor.message)
                found.append(f"{monitor.message} ({monitor.series} = {value:.3g} > {monitor.limit:g} at t = {t:.6g})")
        self.warnings += found
        return found


def _values(observables: tuple[Observable, ...], equation: Equation, t: float, y: PyTree) -> dict[str, Any]:
    return _on_host(evaluate, observables, equation, place(jnp.asarray(t), equation.layout), y) if observables else {}


def _on_host(function: Any, *arguments: Any) -> PyTree:
    """What a compiled function gives, whole, in every process."""
    return jax.tree.map(gather, together(function, *arguments))


def _kind(observable: Observable) -> str:
    """Numbers go to the series, functions of one variable to the spectra, the rest to the snapshots."""
    return (SERIES, SPECTRA)[len(observable.dims)] if len(observable.dims) < 2 else SNAPSHOTS


def _archive(problem: Problem, folder: Path, name: str, observables: tuple[Observable, ...]) -> Archive:
    variables = [Variable("t", (), problem.time_unit, "time")]
    variables += [Variable(o.name, o.dims, o.unit, o.long_name) for o in observables]
    store, group = _PLACES[name]
    kind = Archive if processes.is_first() else Elsewhere
    return kind(folder / store, group, variables, problem.coordinates)


def _describe_extra(archive: Archive, names: Iterable[str], time_unit: str) -> None:
    """Units and long names of the columns that the recorder adds; which ones is known with the first row."""
    for name in names:
        if name not in archive.variables:
            archive.variables[name] = Variable(name, (), *_unit_and_meaning(name, time_unit))


def _unit_and_meaning(name: str, time_unit: str) -> tuple[str, str]:
    fixed = {
        "step": ("1", "accepted steps"),
        "dt": (time_unit, "time step, the next one"),
        "grid_points": ("1", "points along the longest side of the present grid"),
    }
    if name in fixed:
        return fixed[name]
    part, what = name.split("_", 1)
    return {
        "rate": (f"1/{time_unit}", f"rate that limits the step: {what.replace('_', ' ')}"),
        "lost": ("code units", f"dropped so far when the grid became coarser: {what.replace('_', ' ')}"),
        "drift": ("1", f"drift of the budget {what}: |change - production| / largest scale so far"),
        "total": ("code units", f"budget {what}: total"),
        "production": ("code units", f"budget {what}: time integral of the production"),
        "scale": ("code units", f"budget {what}: sum of the absolute terms"),
    }[part]


def _identifier(name: str) -> str:
    """A name for files and for Python: "Alfvén waves" → "alfven_waves"."""
    return "_".join(unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower().split())


def _norm(value: Any) -> float:
    """The number itself (a scalar keeps its sign), or the Euclidean norm of a vector."""
    return float(value) if np.ndim(value) == 0 else math.sqrt(float(np.sum(np.square(value))))
