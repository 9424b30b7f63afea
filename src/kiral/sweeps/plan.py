"""Which points of a sweep run together, and how many: batches where they pay, else every point alone.

On a CPU a step of a small box is mostly overhead, which a batch shares; from two hundred points on, the work per point
counts, and a batch only spreads it over more memory (measured: docs/how-to/sweep.md). A GPU is idle on small boxes.
"""

from __future__ import annotations

import importlib.util
import json
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from kiral.config.case import RunConfig
from kiral.config.load import LoadedCase
from kiral.errors import ConfigError
from kiral.resources import resources

CPU_POINTS, CPU_TOTAL = 128, 2048
"""Largest grid that is batched on a CPU, and the points of a whole batch."""
GPU_POINTS, GPU_TOTAL = 64**3, 64**3
"""The same on a GPU. Not measured: benchmarks/batch.py does it where there is one."""
MEASURED = "chiral_mhd"
"""Subject for which these numbers hold."""
MOST = 64
"""Most runs in a batch that is made without being asked for."""

Batch = Literal["auto", "off"] | int


@dataclass(frozen=True)
class Work:
    """A point to run: its folder, as an absolute path, and its case."""

    folder: Path
    loaded: LoadedCase

    @property
    def name(self) -> str:
        return self.folder.name


@dataclass(frozen=True)
class Task:
    """Points that one process runs, up to `slots` of them together."""

    work: tuple[Work, ...]
    slots: int


def parse_batch(text: str) -> Batch:
    """ "auto", "off" or the number of runs in a batch."""
    if text in ("auto", "off"):
        return text
    if not text.isdecimal() or int(text) < 1:
        raise ConfigError(f"--batch {text!r}: allowed are auto, off, or how many points run together at most (1 and more)")
    return int(text)


def plan(work: Sequence[Work], batch: Batch, processes: int, *, spread: bool) -> list[Task]:
    """The tasks of a sweep. spread: make batches smaller, so that all processes have one.

    With one process the points of a batch queue up for its slots, so that none stays empty.
    """
    tasks = []
    for group in alike(work):
        slots = batch_limit(group[0].loaded.config, batch)
        if slots == 1:
            tasks += [Task((one,), 1) for one in group]
        elif processes == 1:
            tasks.append(Task(tuple(group), min(slots, len(group))))
        else:
            number = math.ceil(len(group) / slots)
            number = max(number, min(processes, len(group))) if spread or number > 1 else number
            size = math.ceil(len(group) / number)
            parts = [tuple(group[i : i + size]) for i in range(0, len(group), size)]
            tasks += [Task(part, len(part)) for part in parts]
    return tasks


def batch_limit(config: RunConfig, batch: Batch) -> int:
    """How many runs of this kind to advance together, at most; 1 where it does not pay or cannot be."""
    points = grid_points(config)
    if batch == "off" or config.devices.count not in ("auto", 1):
        return 1
    if batch != "auto":
        return batch
    largest, total = (GPU_POINTS, GPU_TOTAL) if on_gpu(config) else (CPU_POINTS, CPU_TOTAL)
    return 1 if points is None or points > largest else min(MOST, max(1, total // points))


def that_fit(config: RunConfig, number: int, free: float | None, program: float = 0.0) -> int:
    """How many runs, at most `number`, fit into `free` bytes, each with `program` bytes besides its own; at least 1."""
    if free is None or config.needs(1) is None:
        return number
    return max(1, min(number, int(free // (resources(config).device_memory + program))))


def grid_points(config: RunConfig) -> int | None:
    """Points of the box of chiral MHD; None for other subjects, of which nothing has been measured."""
    if config.as_dict()["model"].get("kind") != MEASURED:
        return None
    return math.prod(config.as_dict()["geometry"]["n"])


def on_gpu(config: RunConfig) -> bool:
    """Will jax run this case on a GPU? Told without starting jax, which would take the GPU's memory."""
    if config.devices.kind != "auto":
        return config.devices.kind == "gpu"
    platforms = os.environ.get("JAX_PLATFORMS", "")
    plugin = any(importlib.util.find_spec(name) for name in ("jax_cuda12_plugin", "jax_cuda13_plugin"))
    return plugin and Path("/dev/nvidiactl").exists() and (not platforms or "cuda" in platforms or "gpu" in platforms)


def alike(work: Sequence[Work]) -> list[list[Work]]:
    """Points that may share a batch by what the configuration says; whether they do is seen when they are built."""
    groups: dict[str, list[Work]] = {}
    for one in work:
        config = one.loaded.config.as_dict()
        kinds = [config["model"].get("kind"), config.get("geometry", {}).get("n"), config["time"].get("scheme")]
        groups.setdefault(json.dumps([*kinds, config["devices"]]), []).append(one)
    return list(groups.values())
