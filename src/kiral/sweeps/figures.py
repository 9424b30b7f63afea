"""Final values against what was swept: curves over one parameter, maps over two."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from kiral.report import maps, style
from kiral.report.style import COLORS, Curve, Drawing, Panel, unit_math
from kiral.sweeps.table import Column, Table

MOST_PANELS, MOST_CURVES = 6, len(COLORS)
LOG_RATIO = 10.0
"""Positive values that span at least this factor are shown on a logarithmic scale."""
_NOT_RESULTS = ("rate_", "drift_", "total_", "production_", "scale_", "lost_")
_STEPS = ("t", "step", "dt", "grid_points")


def draw_overview(table: Table, names: Sequence[str]) -> Drawing | None:
    """The named series (others where none of them is there), at the end of the finished points."""
    finished = np.array([status == "finished" for status in table.columns["status"].values])
    shown = _chosen(table, names, finished)
    if not shown:
        return None
    numeric = [column for column in table.of("swept") if column.numeric and column.name != "seed"]
    varying = [column for column in table.of("swept") if len(set(map(str, column.values))) > 1]
    caption = f"Values at the end of the runs: {finished.sum()} of {len(finished)} points are finished."
    if len(varying) == 2 and all(column in numeric for column in varying):
        drawn = tuple(_map(column, varying[0], varying[1], finished) for column in shown)
        return maps.draw("overview", "The sweep", caption, drawn, columns=2)
    panels = tuple(_panel(table, column, _axis(numeric, varying), varying, finished) for column in shown)
    return style.draw("overview", "The sweep", caption, panels, columns=2)


def _chosen(table: Table, names: Sequence[str], finished: np.ndarray) -> list[Column]:
    """The named series that differ between the points; where none does, any others that do."""
    series = [column for column in table.of("series") if _differs(column.numbers()[finished])]
    named = sorted((c for c in series if c.name in names), key=lambda c: list(names).index(c.name))
    rest = [c for c in series if c.name not in _STEPS and not c.name.startswith(_NOT_RESULTS)]
    return (named or rest)[:MOST_PANELS]


def _differs(values: np.ndarray) -> bool:
    """Is there more than one value, beyond round-off?"""
    values = values[np.isfinite(values)]
    return values.size > 0 and bool(np.ptp(values) > 1e-9 * np.abs(values).max())


def _axis(numeric: list[Column], varying: list[Column]) -> Column | None:
    """The parameter along x: the first one with numbers; None where there is none."""
    numbers = [c for c in varying if c in numeric] or [c for c in varying if c.numeric]
    return numbers[0] if numbers else None


def _panel(table: Table, column: Column, axis: Column | None, varying: list[Column], finished: np.ndarray) -> Panel:
    """One quantity: a curve over the axis for every combination of the other parameters."""
    y = np.where(finished, column.numbers(), np.nan)
    x = np.arange(len(y), dtype=float) if axis is None else axis.numbers()
    others = [c for c in varying if c is not axis] if axis is not None else []
    groups: dict[str, list[int]] = {}
    for i in range(len(y)):
        groups.setdefault(", ".join(f"{c.name} = {c.values[i]}" for c in others), []).append(i)
    if len(groups) > MOST_CURVES:
        curves = (Curve("", x, y, dash="none", marker="o"),)
    else:
        curves = tuple(_curve(label, x, y, rows, COLORS[n], axis is None) for n, (label, rows) in enumerate(groups.items()))
    return Panel(
        "point" if axis is None else axis.name,
        f"{column.name} {unit_math(column.unit)}",
        curves,
        title=column.name,
        x_scale=_scale(x) if axis is not None else "linear",
        y_scale=_scale(y),
    )


def _curve(label: str, x: np.ndarray, y: np.ndarray, rows: list[int], color: str, apart: bool) -> Curve:
    rows = sorted(rows, key=lambda i: x[i])
    return Curve(label, x[rows], y[rows], color, dash="none" if apart else "-", marker="o")


def _map(column: Column, first: Column, second: Column, finished: np.ndarray) -> maps.Map:
    """One quantity over two parameters."""
    x, column_of = np.unique(first.numbers(), return_inverse=True)
    y, row_of = np.unique(second.numbers(), return_inverse=True)
    z = np.full((len(y), len(x)), np.nan)
    z[row_of, column_of] = np.where(finished, column.numbers(), np.nan)
    values = z[np.isfinite(z)]
    signed = (values > 0).any() and (values < 0).any()
    return maps.Map(
        first.name,
        second.name,
        f"{column.name} {unit_math(column.unit)}",
        x,
        y,
        z,
        title=column.name,
        x_scale=_scale(x),
        y_scale=_scale(y),
        z_scale="signed" if signed else _scale(z),
    )


def _scale(values: np.ndarray) -> Literal["log", "linear"]:
    values = values[np.isfinite(values)]
    return "log" if values.size and values.min() > 0 and values.max() >= LOG_RATIO * values.min() else "linear"
