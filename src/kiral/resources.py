"""What a case will need: memory, steps, wall time, disk; and the refusal of a run that does not fit. Imports no jax itself."""

from __future__ import annotations

import math
import socket
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from kiral.config.case import RunConfig
from kiral.core import processes
from kiral.core.estimate import (
    GIB,
    Needs,
    Range,
    free_disk,
    host_memory,
    in_bytes,
    in_time,
    limiting,
    rows_of,
    stored,
)
from kiral.errors import ConfigError

PROGRAM = 1.0 * GIB
"""Python, jax, the compiler and the program of one process: 0.4 to 0.9 GiB measured."""
ALLOCATOR = 0.25
"""What the allocator and the transforms' own buffers add to XLA's: 25 % measured at 192³, a part of it freed memory kept."""
GPU, GPU_BANDWIDTH = "NVIDIA H100 SXM", 3.35e12
"""A card and its memory bandwidth [B/s] by its data sheet, for the bound that moving the data sets."""


@dataclass(frozen=True)
class Resources:
    """The estimate of one case on `devices` devices. Memory is per device; all in bytes and seconds.

    wall: on a processor like the one measured, every device being one; gpu: at least, on GPU cards, from memory traffic.
    rows: rows of each output; disk: bytes of each output and of the checkpoints; free: bytes of memory that this machine has.
    """

    needs: Needs
    devices: int
    memory: dict[str, float]
    wall: Range
    gpu: Range
    rows: dict[str, Range]
    disk: dict[str, Range]
    free: float | None
    gpu_name: str = GPU

    @property
    def device_memory(self) -> float:
        """Bytes on each device."""
        return sum(self.memory.values())

    @property
    def host_memory(self) -> float:
        """Bytes of one process whose devices are this machine's processor."""
        return self.devices * self.device_memory + PROGRAM

    @property
    def disk_total(self) -> Range:
        """Bytes of the run folder at most at one time, figures apart."""
        return Range(*(sum(part[side] for part in self.disk.values()) for side in (0, 1)))

    def brief(self) -> tuple[str, str, str, str]:
        """Memory on one processor, steps, wall time there, disk: for a reader."""
        steps, wall = self.needs.steps, f"{in_time(self.wall.low)} to {in_time(self.wall.high)}"
        return in_bytes(self.host_memory), f"{steps.low:.2g} to {steps.high:.2g}", wall, in_bytes(self.disk_total.high)

    def flat(self) -> dict[str, Any]:
        """Everything as one flat dictionary; an infinite step is None."""
        needs, (slow, fast) = self.needs, limiting(self.needs.limits)
        found: dict[str, Any] = {"points": needs.points, "devices": self.devices}
        found |= {f"memory_{_key(name)}_bytes": size for name, size in self.memory.items()}
        found |= {"memory_per_device_bytes": self.device_memory, "memory_host_bytes": self.host_memory}
        found |= {"memory_host_available_bytes": self.free}
        found |= _two("steps", needs.steps) | {"limited_by_longest": slow, "limited_by_shortest": fast}
        for limit in needs.limits:
            found |= {f"dt_{_key(limit.name)}_longest": _finite(limit.widest)}
            found |= {f"dt_{_key(limit.name)}_shortest": _finite(limit.narrowest)}
        found |= _two("rhs_s", needs.seconds) | _two("wall_s", self.wall) | {"wall_measured_on": needs.measured}
        found |= _two("gpu_wall_s_at_least", self.gpu) | {"gpu": self.gpu_name, "gpu_bandwidth_bytes_per_s": GPU_BANDWIDTH}
        for name, count in self.rows.items():
            found |= _two(f"{name}_rows", count)
        for name, size in self.disk.items():
            found |= _two(f"disk_{name}_bytes", size)
        return found | _two("disk_bytes", self.disk_total) | {"left_out": ", ".join(needs.unknown)}


def resources(
    config: RunConfig, devices: int = 1, seconds: tuple[Range, str] | None = None, gpu: bool | None = None
) -> Resources:
    """The estimate of a case; nothing is allocated.

    devices: how many share the box; seconds: (of one right-hand side on one device, where measured) instead of the stored
    cost; gpu: the devices are GPUs, by default where the case says so. Raises ConfigError for a subject that gives none.
    """
    needs = config.needs(devices, config.devices.kind == "gpu" if gpu is None else gpu)
    if needs is None:
        raise ConfigError("kiral estimate --resources: cases of this model.kind give no estimate of their resources yet")
    each, measured = seconds or (needs.seconds, needs.measured)
    memory = dict(needs.memory)
    memory["allocator, buffers of transforms"] = ALLOCATOR * sum(memory.values())
    per_step = each.times(needs.evaluations)
    span, output = (config.time.t_start, config.time.t_end), config.output.model_dump()
    wall = needs.steps.times(per_step)
    names = ("series", "spectra", "snapshots")
    rows = {name: rows_of(output[name], span, needs.steps, wall, name == "series") for name in names}
    aside = [rows[name] for name in names if output[name] and (output[name]["every_time"] or output[name]["at"])]
    side_steps = Range(max((r.low for r in aside), default=0), sum(r.high for r in aside))
    steps = needs.steps.plus(side_steps)
    moved = needs.traffic / GPU_BANDWIDTH * needs.evaluations
    disk = {name: count.times(needs.rows[name]) for name, count in rows.items()}
    disk = {name: size.plus(Range(*[needs.floor[name]] * 2)) for name, size in disk.items() if rows[name].high}
    disk["checkpoints"] = Range(*[(config.output.checkpoint.keep + 1) * needs.checkpoint] * 2)
    needs_now = needs if seconds is None else _measured(needs, each, measured)
    return Resources(needs_now, devices, memory, steps.times(per_step), steps.times(moved), rows, disk, host_memory())


def _measured(needs: Needs, seconds: Range, where: str) -> Needs:
    return replace(needs, seconds=seconds, measured=where)


def _key(name: str) -> str:
    return "_".join("".join(c if c.isalnum() else " " for c in name.replace("é", "e").lower()).split())


def _two(name: str, value: Range) -> dict[str, float]:
    return {f"{name}_low": value.low, f"{name}_high": value.high}


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


# --- the guard -------------------------------------------------------------------------------------------------------


def check_fits(config: RunConfig, folder: Path) -> None:
    """Refuse a run that cannot fit, before anything is built: in memory, or on the disk of its folder. After `setup_jax`.

    All processes of a run call it, and all refuse if one must. Raises ConfigError: estimate, what is there, what would fit.
    """
    if (needs := config.needs(1)) is None:
        return
    import jax

    found = resources(config, _devices(config, needs), gpu=jax.default_backend() == "gpu")
    refusals = processes.gathered(_memory_refusal(config, found) or _disk_refusal(found, folder))
    if refusal := next((said for said in refusals if said), None):
        raise ConfigError(refusal)


def _devices(config: RunConfig, needs: Needs) -> int:
    """How many devices will share the case."""
    from kiral.devices import direction_mesh, slab_mesh

    count = config.devices.count
    if needs.parts == 1:
        return 1
    mesh = slab_mesh(needs.grid, count) if needs.parts is None else direction_mesh(needs.parts, count)
    return 1 if mesh is None else mesh.size


def _memory_refusal(config: RunConfig, found: Resources) -> str | None:
    """Why this process's devices cannot hold their share; None where they can, or where nothing is known."""
    import jax

    mine = jax.local_devices()[: found.devices]
    if mine[0].platform == "cpu":
        name = socket.gethostname()
        sharing = processes.gathered(name).count(name)
        there, needed = host_memory(), (len(mine) * found.device_memory + PROGRAM) * sharing
        if there is None or needed <= there:
            return None
        each = (there / sharing - PROGRAM) / len(mine)
        return _refused(config, found, needed, f"this machine has {in_bytes(there)}", each, "machines")
    free = [stats["bytes_limit"] - stats["bytes_in_use"] for d in mine if (stats := d.memory_stats())]
    there, needed = min(free, default=None), found.device_memory
    if there is None or needed <= there:
        return None
    what = mine[0].device_kind if found.devices == 1 else f"each {mine[0].device_kind}"
    return _refused(config, found, needed, f"{what} has {in_bytes(there)}", there, "devices")


def _refused(config: RunConfig, found: Resources, needed: float, there: str, each: float, more: str) -> str:
    """The refusal, with the grid that needs at most `each` bytes per device."""
    needs, precision = found.needs, config.devices.precision
    size = needs.size or f'geometry.n = {list(needs.grid)} with devices.precision = "{precision}"'
    share = "" if needs.parts == 1 else f"; or share the box between more {more}"
    return (
        f"{size} needs {in_bytes(needed)} of memory (estimated), and {there} free; nothing was started. What fits: "
        f"{needs.fits(each / (1 + ALLOCATOR))}{share}"
    )


def _disk_refusal(found: Resources, folder: Path) -> str | None:
    if not processes.is_first():
        return None
    needed, there = found.disk_total.low, free_disk(folder) + stored(folder)
    if needed <= there:
        return None
    parts = ", ".join(f"{name} {in_bytes(size.low)}" for name, size in found.disk.items())
    return (
        f"the run folder {folder} will need {in_bytes(needed)} (estimated: {parts}), and the disk has {in_bytes(there)} free; "
        "nothing was started. Write less often (output.snapshots, output.spectra), keep fewer checkpoints "
        "(output.checkpoint.keep), take a smaller geometry, or choose another folder with --out"
    )
