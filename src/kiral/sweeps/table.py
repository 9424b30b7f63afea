"""One row per point of a sweep: swept values, final values of all series, drift, state. As CSV and as zarr."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kiral.core.files import PARTIAL, atomic_write, disk_errors
from kiral.core.folder import open_run
from kiral.summary import summary
from kiral.sweeps.points import Point

STATES = ("pending", "running", "stopped", "failed", "finished")
NUMBERS = {
    "steps": ("step", "accepted steps", "1"),
    "rejected": ("rejected", "rejected steps", "1"),
    "wall_s": ("wall_s", "wall time; runs of a batch share it", "s"),
    "compile_s": ("compile_s", "part of it that went into compiling", "s"),
    "batch": ("batch", "runs advanced together", "1"),
}
"""Columns from status.json: (its key, meaning, unit)."""


@dataclass(frozen=True)
class Column:
    """One column: a value or None for every point. role: swept, state, series or drift."""

    name: str
    role: str
    values: tuple[Any, ...]
    long_name: str = ""
    unit: str = ""

    def numbers(self) -> np.ndarray:
        """The values as floats, NaN where there is none."""
        return np.array([np.nan if v is None or isinstance(v, str | list) else v for v in self.values], float)

    @property
    def numeric(self) -> bool:
        """Numbers throughout (or missing)?"""
        return all(v is None or (isinstance(v, int | float) and not isinstance(v, bool)) for v in self.values)


@dataclass(frozen=True)
class Table:
    """The columns by name, in their order."""

    columns: dict[str, Column]

    def of(self, role: str) -> list[Column]:
        """The columns of one role."""
        return [column for column in self.columns.values() if column.role == role]


def make_table(out: Path, points: Sequence[Point]) -> Table:
    """The table of all points, from what their folders hold; a point without a run has its values only."""
    found = [_record(out / point.folder) for point in points]
    columns = [Column("point", "state", tuple(point.folder for point in points), "run folder")]
    columns += [Column(key, "swept", tuple(point.values[key] for point in points), "swept value") for key in points[0].values]
    columns.append(Column("status", "state", tuple(point.status for point in points), "state of the run"))
    columns.append(Column("reason", "state", tuple(point.reason for point in points), "why"))
    for name, (key, long_name, unit) in NUMBERS.items():
        columns.append(Column(name, "state", tuple(r.get(key) for r in found), long_name, unit))
    for name in dict.fromkeys(name for r in found for name in r.get("series", {})):
        unit = next(r["units"][name] for r in found if name in r.get("units", {}))
        values = tuple(r.get("series", {}).get(name) for r in found)
        columns.append(Column(name, "series", values, f"final value of {name}", unit))
    for name in dict.fromkeys(name for r in found for name in r.get("drift", {})):
        values = tuple(r.get("drift", {}).get(name) for r in found)
        columns.append(Column(f"worst_drift_{name}", "drift", values, f"largest drift of the budget {name}", "1"))
    return Table({column.name: column for column in columns})


def _record(folder: Path) -> dict[str, Any]:
    return summary(open_run(folder)) if (folder / "config.json").exists() else {}


def write_csv(path: Path, table: Table) -> None:
    """Numbers with all their digits; empty where there is none; lists as JSON."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table.columns)
    writer.writerows(zip(*([_cell(v) for v in column.values] for column in table.columns.values()), strict=True))
    atomic_write(path, text.getvalue().encode())


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)


def write_zarr(path: Path, table: Table) -> None:
    """The same along `point`, with units; swept values that are no numbers as text."""
    import xarray

    variables = {name: ("point", _array(column), _attributes(column)) for name, column in table.columns.items()}
    data = xarray.Dataset(variables).set_coords([column.name for column in table.of("swept")])
    partial = path.with_name(PARTIAL + path.name)
    with disk_errors(path):
        shutil.rmtree(partial, ignore_errors=True)
        data.to_zarr(partial, mode="w", zarr_format=3, consolidated=False)
        shutil.rmtree(path, ignore_errors=True)
        os.replace(partial, path)


def _array(column: Column) -> np.ndarray:
    if column.name == "status":
        return np.array([STATES.index(v) if v in STATES else 0 for v in column.values], np.int8)
    if column.numeric:
        return column.numbers()
    return np.array([_cell(v) for v in column.values], dtype=object)  # zarr: text of any length


def _attributes(column: Column) -> dict[str, Any]:
    found: dict[str, Any] = {"long_name": column.long_name, "units": column.unit}
    if column.name == "status":
        found |= {"flag_values": list(range(len(STATES))), "flag_meanings": " ".join(STATES)}
    return found
