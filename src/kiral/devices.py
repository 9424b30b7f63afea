"""Which devices share a run, and how the arrays of a box lie on them."""

from __future__ import annotations

import os
from typing import Literal

import jax
import numpy as np
from jax.sharding import Mesh

from kiral.core import processes
from kiral.core.layout import Layout, Slabs
from kiral.errors import ConfigError
from kiral.geometry.box import SLABS, Box


def slab_mesh(n: tuple[int, int, int], count: int | Literal["auto"], key: str = "devices.count") -> Mesh | None:
    """The devices that share a box of n points; None where it is one.

    "auto": on a single process all GPUs that divide the grid evenly, one CPU device; with several processes all of their
    devices. Raises ConfigError where the number wanted is not there or does not divide the first direction with more than
    one point.
    """
    devices = jax.devices()
    sides = [points for points in n if points > 1]
    several = processes.number() > 1
    most = sides[0] if len(sides) > 1 else 1
    if several and count not in ("auto", len(devices)):
        raise ConfigError(f'{key} = {count}: the processes of this run have {len(devices)} devices; give "auto" or that number')
    if count == "auto":
        count = len(devices) if several else _evenly(most, 1 if devices[0].platform == "cpu" else len(devices))
    if count == 1:
        return None
    if count > len(devices):
        raise ConfigError(f"{key} = {count}: jax finds {len(devices)} {devices[0].platform} device(s); give at most that many")
    if most % count:
        allowed = ", ".join(str(d) for d in range(1, min(most, len(devices)) + 1) if most % d == 0)
        what = "a 1-D box cannot be shared" if most == 1 else f"they must divide the {most} points of the first direction"
        raise ConfigError(f"{key} = {count} devices: {what}; possible with geometry.n = {list(n)}: {allowed}")
    return Mesh(np.array(devices[:count]), (SLABS,))


def _evenly(points: int, most: int) -> int:
    """The largest number of devices that divides the points."""
    return next(d for d in range(most, 0, -1) if points % d == 0)


def direction_mesh(directions: int, count: int | Literal["auto"], key: str = "devices.count") -> Mesh | None:
    """The devices that share the directions of neutrinos, each with the whole box; None where it is one.

    "auto" and what is raised as for `slab_mesh`, with the number of directions in place of the first side.
    """
    devices, several = jax.devices(), processes.number() > 1
    if several and count not in ("auto", len(devices)):
        raise ConfigError(f'{key} = {count}: the processes of this run have {len(devices)} devices; give "auto" or that number')
    if count == "auto":
        count = len(devices) if several else _evenly(directions, 1 if devices[0].platform == "cpu" else len(devices))
    if count == 1:
        return None
    if count > len(devices):
        raise ConfigError(f"{key} = {count}: jax finds {len(devices)} {devices[0].platform} device(s); give at most that many")
    if directions % count:
        allowed = ", ".join(str(d) for d in range(1, min(directions, len(devices)) + 1) if directions % d == 0)
        raise ConfigError(f"{key} = {count} devices must divide the {directions} directions of the model; possible: {allowed}")
    return Mesh(np.array(devices[:count]), (SLABS,))


def box_layout(box: Box) -> Layout | None:
    """How modes and grid values of a box lie on its devices."""
    if box.mesh is None:
        return None
    modes = Slabs(box.logical_shape, box.shape, box.sharding)
    return Layout((modes, Slabs(box.n, box.n, box.grid_sharding)))


# --- several processes -----------------------------------------------------------------------------------------------

_SIZE = ("OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_NTASKS")
_RANK = ("OMPI_COMM_WORLD_RANK", "PMI_RANK", "SLURM_PROCID")


def connect(coordinator: str | None = None, number: int | None = None, index: int | None = None) -> bool:
    """Join the other processes of a run, before jax is used; False where this one is alone.

    Without arguments the launcher's environment decides (Slurm, Open MPI, MPICH and its kin), where more than one task is
    started. coordinator: host:port of the first process. Raises ConfigError for arguments that do not fit together.
    """
    found = _from_environment()
    if number is None and index is None and found is not None:
        number, index = found
    given = {"--coordinator": coordinator, "--processes": number, "--process-id": index}
    if number is None and index is None and coordinator is None:
        return False
    if number == 1:
        return False
    if found is not None and coordinator is None and "SLURM_PROCID" in os.environ:
        _initialize(None, None, None)  # jax reads the rest from Slurm
        return True
    if missing := [name for name, value in given.items() if value is None]:
        raise ConfigError(
            f"several processes: {', '.join(missing)} not given; each process needs --coordinator HOST:PORT (of the first "
            "one), --processes N and --process-id 0 ... N-1; a launcher's environment gives the last two"
        )
    if not 0 <= index < number:
        raise ConfigError(f"--process-id {index}: must be 0 to {number - 1} with --processes {number}")
    host, colon, port = coordinator.rpartition(":")
    if not colon or not host or not port.isdigit():
        raise ConfigError(f"--coordinator {coordinator}: expected HOST:PORT, for example node01:5677")
    _initialize(coordinator, number, index)
    return True


def _from_environment() -> tuple[int, int] | None:
    """(number of processes, index of this one) as a launcher tells them; None where none does or there is one task."""
    for size, rank in zip(_SIZE, _RANK, strict=True):
        if size in os.environ and rank in os.environ and int(os.environ[size]) > 1:
            return int(os.environ[size]), int(os.environ[rank])
    return None


def _initialize(coordinator: str | None, number: int | None, index: int | None) -> None:
    jax.config.update("jax_cpu_collectives_implementation", "gloo")
    try:
        jax.distributed.initialize(coordinator, number, index, heartbeat_timeout_seconds=30)
    except (RuntimeError, ValueError) as error:
        first = str(error).split("\n", 1)[0]
        raise ConfigError(f"the processes of this run did not find each other ({first}); check --coordinator") from None


def disconnect() -> None:
    """Leave the other processes, all at the same time."""
    if processes.number() > 1:
        processes.meet()
        jax.distributed.shutdown()
