"""A quantity given as a table in time: numbers in the case file, or two columns of a CSV file beside it."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field, model_validator

from kiral.config.base import Number, Section
from kiral.core.provenance import file_checksum
from kiral.errors import ConfigError

MINIMUM_ROWS = {"linear": 2, "cubic": 4}


class TableConfig(Section):
    """`{ t = [...], value = [...] }`, or `{ file = "s5.csv", columns = ["t", "s5"] }`, a file beside the case file.

    A CSV file has a header line with the columns' names; lines that begin with # are comments. Times increase.
    There is no extrapolation: the table must cover the run's [t_start, t_end].
    """

    exclusive: ClassVar[tuple[str, ...]] = ("t", "file")
    t: tuple[Number, ...] | None = Field(default=None, description="times, increasing [t*]")
    value: tuple[Number, ...] | None = Field(default=None, description="values at these times, in the unit of the key")
    file: str | None = Field(default=None, description="CSV file with a header line, path relative to the case file")
    columns: Annotated[tuple[str, ...], Field(min_length=2, max_length=2)] | None = Field(
        default=None, description="names of the file's two columns, time first; the first two by default"
    )
    interpolation: Literal["linear", "cubic"] = Field(default="linear", description="between the rows: linear or cubic")

    @model_validator(mode="after")
    def _consistent(self) -> TableConfig:
        if self.file is not None:
            if self.value is not None:
                raise ValueError("`value` goes with `t`; a `file` has its values in a column")
            return self
        if self.value is None or self.columns is not None:
            raise ValueError("`t` needs `value` (and no `columns`)")
        problem = complaint(np.asarray(self.t), np.asarray(self.value), self.interpolation)
        if problem:
            raise ValueError(problem)
        return self

    def load(self, directory: Path | str) -> tuple[np.ndarray, np.ndarray]:
        """(t, value), float64; `directory` holds the file. ConfigError: no such file, not numeric, not increasing."""
        if self.file is None:
            return np.asarray(self.t, dtype=np.float64), np.asarray(self.value, dtype=np.float64)
        path = Path(directory) / self.file
        t, value = read_csv(path, self.columns)
        problem = complaint(t, value, self.interpolation)
        if problem:
            raise ConfigError(f"{path}: {problem}")
        return t, value

    def checksum(self, directory: Path | str) -> str | None:
        """sha256 of the file's bytes; None where the numbers stand in the case itself."""
        return None if self.file is None else file_checksum(Path(directory) / self.file)


def complaint(t: np.ndarray, value: np.ndarray, interpolation: str) -> str | None:
    """What is wrong with the two columns, or None."""
    if t.size != value.size:
        return f"`t` and `value` must have the same length; got {t.size} and {value.size}"
    if t.size < MINIMUM_ROWS[interpolation]:
        return f"{interpolation} interpolation needs at least {MINIMUM_ROWS[interpolation]} rows; got {t.size}"
    if not (np.isfinite(t).all() and np.isfinite(value).all()):
        return "times and values must be finite numbers"
    late = np.flatnonzero(np.diff(t) <= 0)
    if late.size:
        return f"times must increase; row {late[0] + 2} has t = {t[late[0] + 1]:g} after {t[late[0]]:g}"
    return None


def read_csv(path: Path, columns: tuple[str, ...] | None) -> tuple[np.ndarray, np.ndarray]:
    """Two columns of a CSV file as float64 arrays."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ConfigError(f"no such table file: {path}. Paths are relative to the case file.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read the table file {path}: {error}") from None
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1)]
    rows = [(number, line) for number, line in lines if line and line[0] != "#"]
    if not rows:
        raise ConfigError(f"{path}: the table file is empty")
    header = [name.strip() for name in next(csv.reader([rows[0][1]]))]
    wanted = columns or tuple(header[:2])
    if len(wanted) < 2 or any(name not in header for name in wanted):
        raise ConfigError(f"{path}: needs the columns {', '.join(wanted)}; the header line has: {', '.join(header)}")
    places = [header.index(name) for name in wanted]
    pairs = [_numbers(path, number, line, places) for number, line in rows[1:]]
    t, value = np.asarray(pairs, dtype=np.float64).reshape(-1, 2).T
    return t, value


def _numbers(path: Path, number: int, line: str, places: list[int]) -> list[float]:
    cells = next(csv.reader([line]))
    try:
        return [float(cells[place]) for place in places]
    except (ValueError, IndexError):
        raise ConfigError(f"{path}, line {number}: expected numbers, got {line.strip()[:60]!r}") from None


def number_or_table(value: Any) -> str:
    """The tag of a value that is a number or a table in time."""
    return "table" if isinstance(value, dict | TableConfig) else "number"
