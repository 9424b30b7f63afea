"""What a run will need, from numbers that its subject gives: steps, rows on disk, and what this machine has. No jax.

A subject describes itself with `Needs`; `kiral.resources` makes memory, time and disk of it.
"""

from __future__ import annotations

import math
import os
import re
import shutil
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

MIB, GIB = 2.0**20, 2.0**30
CHUNK_ROWS, CHUNK, DESCRIPTION = 256, 2**17, 700
"""Rows and bytes of a chunk on disk; bytes of the file that describes a column."""
_STARTING_STEPS = 12


class Range(NamedTuple):
    """What is known about a number: it lies between the two."""

    low: float
    high: float

    def times(self, factor: float | Range) -> Range:
        """The product."""
        other = factor if isinstance(factor, Range) else Range(factor, factor)
        return Range(self.low * other.low, self.high * other.high)

    def plus(self, other: Range) -> Range:
        """The sum."""
        return Range(self.low + other.low, self.high + other.high)


class Limit(NamedTuple):
    """The longest step that one rate allows: when it is slowest and when it is fastest [the run's time; inf: no bound].

    rates: the same over time, 1/step at the times at which the subject looked: at least, and at most.
    """

    name: str
    widest: float
    narrowest: float
    rates: tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Needs:
    """What a subject says about a case.

    grid: points along each direction; memory: bytes on each device, by what they are for; limits: what bounds the step;
    steps: accepted steps of the run; evaluations: right-hand sides per step; seconds: of one right-hand side on the
    processor that `measured` names, on one device; traffic: bytes that one right-hand side moves at least, on each device;
    rows: bytes of one row by output; floor: bytes of each output without rows; checkpoint: bytes of one; fits(bytes): what
    to set so that a device needs no more; small: overrides that make a case quick to measure; unknown: what the numbers
    leave out, in words; parts: number of parts that devices share, where it is not the box (1: nothing is shared); size:
    the settings that make it so large, in words, where that is not `grid`.
    """

    points: int
    grid: tuple[int, int, int]
    memory: dict[str, float]
    limits: tuple[Limit, ...]
    steps: Range
    evaluations: int
    seconds: Range
    measured: str
    traffic: float
    rows: dict[str, float]
    floor: dict[str, float]
    checkpoint: float
    fits: Callable[[float], str]
    small: dict[str, Any]
    unknown: tuple[str, ...] = ()
    parts: int | None = None
    size: str | None = None


def steady_limits(rates: Mapping[str, Range]) -> tuple[Limit, ...]:
    """Limits that stay as they are over the run, from 1/step at least and at most; 0: no bound."""
    return tuple(
        Limit(name, *(1 / rate if rate else math.inf for rate in pair), tuple(np.full(2, rate) for rate in pair))
        for name, pair in rates.items()
    )


def steady_steps(rates: Mapping[str, Range], span: float, dt: float | None) -> Range:
    """Accepted steps over `span` [the run's time] with such limits; a fixed dt takes what it takes."""
    if dt is not None:
        count = math.ceil(span / dt)
        return Range(count, count)
    low, high = (max(pair[side] for pair in rates.values()) for side in (0, 1))
    return Range(math.ceil(span * low) + 1, math.ceil(span * high) + _STARTING_STEPS)


@cache
def measured_cost(package: Path) -> dict[str, Any]:
    """The measured cost of a subject, the file cost.toml in the folder of its package."""
    return tomllib.loads((package / "cost.toml").read_text(encoding="utf-8"))


def per_transform(table: Mapping[str, list[float]], points: int) -> Range:
    """ns per point and transform, best and median: between the sizes measured by log(points); beyond them as log(points)."""
    sizes = np.log(np.asarray(table["points"], dtype=float))
    x = math.log(points)
    beyond = max(1.0, x / sizes[-1])
    return Range(*(float(np.interp(x, sizes, table[name])) * beyond for name in ("best", "median")))


def empty_outputs(columns: int, spectra: int, shells: int, fields: int) -> dict[str, float]:
    """Bytes of the outputs of a box without rows: columns of the series, spectra, arrays of a snapshot. A chunk is as large
    as when it is full."""
    return {
        "series": float(columns * (8 * CHUNK_ROWS + DESCRIPTION)),
        "spectra": float(spectra * (min(8 * CHUNK_ROWS * shells, CHUNK) + DESCRIPTION) + 2 * CHUNK_ROWS * 8),
        "snapshots": float(fields * (CHUNK + DESCRIPTION) + 8 * CHUNK_ROWS),
    }


def steps_between(t: np.ndarray, limits: tuple[Limit, ...]) -> Range:
    """Number of steps over the times t, when every step is the longest that all limits allow: ∫ max(1/step) dt."""
    low, high = (np.max([limit.rates[side] for limit in limits], axis=0) for side in (0, 1))
    return Range(float(np.trapezoid(low, t)), float(np.trapezoid(high, t)))


def limiting(limits: tuple[Limit, ...]) -> tuple[str, str]:
    """Names of the limits that bind the step when it is longest, and when it is shortest."""
    low = max(limits, key=lambda limit: float(np.min(limit.rates[0])))
    return low.name, min(limits, key=lambda limit: limit.narrowest).name


def rows_of(when: Mapping[str, Any] | None, span: tuple[float, float], steps: Range, wall: Range, first: bool) -> Range:
    """Rows that a schedule of a case makes in a run over `span`: always one at the end, with `first` one at the start."""
    if when is None:
        return Range(0, 0)
    start, end = span
    if (listed := when.get("at")) is not None:
        return Range(*[len({t for t in listed if start <= t <= end} | {end} | ({start} if first else set()))] * 2)
    if (every := when.get("every_time")) is not None:
        return Range(*[math.ceil((end - start) / every * (1 - 1e-12)) + 1] * 2)
    if (every := when.get("every_steps")) is not None:
        return steps.times(1 / every).plus(Range(2, 2))
    return wall.times(1 / when["every_wall"]).plus(Range(2, 2))


def host_memory() -> float | None:
    """Bytes that a new process may still use: what the system says is available, within its control groups; None: unknown."""
    found = [_available(), *_left_in_groups()]
    known = [value for value in found if value is not None]
    return min(known) if known else None


def _available() -> float | None:
    try:
        match = re.search(r"MemAvailable:\s*(\d+) kB", Path("/proc/meminfo").read_text())
    except OSError:
        match = None
    if match:
        return int(match[1]) * 1024.0
    try:
        return float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    except (ValueError, OSError, AttributeError):
        return None


def _left_in_groups(root: Path = Path("/sys/fs/cgroup"), own: Path = Path("/proc/self/cgroup")) -> list[float]:
    """What the limits of this process's control groups (version 2, and 1) leave; file caches count as free."""
    try:
        lines = own.read_text().splitlines()
    except OSError:
        return []
    left = []
    for line in lines:
        _, controllers, group = line.split(":", 2)
        if controllers not in ("", "memory") and "memory" not in controllers.split(","):
            continue
        base = root if controllers == "" else root / "memory"
        names = ("memory.max", "memory.current") if controllers == "" else ("memory.limit_in_bytes", "memory.usage_in_bytes")
        place = base / group.lstrip("/")
        for folder in (place, *place.parents):
            if folder != base and base not in folder.parents:
                break
            left += _left(folder, *names)
    return left


def _left(folder: Path, limit_name: str, used_name: str) -> list[float]:
    try:
        limit, used = (folder / limit_name).read_text().strip(), int((folder / used_name).read_text())
        if not limit.isdigit():  # "max"
            return []
        cached = re.search(r"^(?:total_)?inactive_file (\d+)", (folder / "memory.stat").read_text(), re.MULTILINE)
    except (OSError, ValueError):
        return []
    return [float(max(0, int(limit) - used + (int(cached[1]) if cached else 0)))]


def free_disk(path: Path) -> float:
    """Free bytes where `path` is or will be."""
    place = path.absolute()
    while not place.exists() and place != place.parent:
        place = place.parent
    return float(shutil.disk_usage(place).free)


def stored(path: Path) -> float:
    """Bytes of the files in a folder; 0 where there is none."""
    return float(sum(p.stat().st_size for p in path.rglob("*") if p.is_file())) if path.is_dir() else 0.0


def in_bytes(value: float) -> str:
    """Bytes for a reader: "3.1 GiB"."""
    for unit, name in ((2.0**40, "TiB"), (GIB, "GiB"), (MIB, "MiB")):
        if value >= unit:
            return f"{value / unit:.3g} {name}"
    return f"{value / 1024:.3g} KiB"


def in_time(seconds: float) -> str:
    """Seconds for a reader: "4.2 h"."""
    for unit, name in ((3.156e7, "years"), (86400.0, "days"), (3600.0, "h"), (60.0, "min")):
        if seconds >= 2 * unit:
            return f"{seconds / unit:.3g} {name}"
    return f"{seconds:.3g} s"
