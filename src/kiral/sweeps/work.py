"""What one process does for a sweep: runs some of its points, together where they fit, the others in turn."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from kiral.core.estimate import host_memory
from kiral.core.progress import Progress, Reporter, Shown
from kiral.errors import KiralError, RunFolderError
from kiral.sweeps.plan import Task, Work, that_fit

if TYPE_CHECKING:
    from kiral.core.batch import Job


@dataclass(frozen=True)
class Listener:
    """Who wants to know: `ended` is told (name, status, reason) of a point, `update` the shares done, 0 to 1, by name."""

    ended: Callable[[str, str, str], None]
    update: Callable[[Mapping[str, float]], None] = lambda shares: None


def run_task(task: Task, listener: Listener) -> bool:
    """Run or resume the points of a task. True when all came to an end, False when asked to stop before that.

    A point that fails is told to the listener and does not stop the others. Raises RunFolderError (disk full, in use).
    """
    together, alone = _sorted(task, listener) if task.slots > 1 else ([], task.work)
    slots = that_fit(task.work[0].loaded.config, task.slots, _free_memory()) if together else 1
    return all(_run_together(jobs, slots, listener) for jobs in together) and all(
        _run_alone(work, listener) for work in alone
    )


def _free_memory() -> float | None:
    """Bytes on the first device; of the machine, where that is a CPU."""
    import jax

    device = jax.local_devices()[0]
    if device.platform == "cpu":
        return host_memory()
    stats = device.memory_stats()
    return stats["bytes_limit"] - stats["bytes_in_use"] if stats else None


def _sorted(task: Task, listener: Listener) -> tuple[list[list[Job]], list[Work]]:
    """(groups of runs that can share a batch, points that cannot)."""
    from kiral.api import loop_settings, open_folder, setup_jax
    from kiral.core.batch import Job, signature
    from kiral.resources import check_fits

    groups: dict[Any, list[tuple[Job, Work]]] = {}
    alone: list[Work] = []
    setup_jax(task.work[0].loaded.config.devices)
    for work in task.work:
        config = work.loaded.config
        try:
            check_fits(config, work.folder)
            problem = config.build(work.loaded.directory)
        except KiralError as error:
            listener.ended(work.name, "failed", str(error))
            continue
        if problem.grids is not None or problem.equation.layout is not None:
            alone.append(work)  # runs that change their grid, or are cut into slabs
            continue
        settings = loop_settings(config, problem.dt_max)
        job = Job(work.name, problem, settings, partial(open_folder, work.loaded, work.folder))
        groups.setdefault(signature(problem, settings), []).append((job, work))
    together = [[job for job, _ in group] for group in groups.values() if len(group) > 1]
    return together, [*alone, *(group[0][1] for group in groups.values() if len(group) == 1)]


def _run_together(jobs: Sequence[Job], slots: int, listener: Listener) -> bool:
    """A batch; one that does not fit into the memory goes on in smaller ones."""
    from kiral.core.batch import BatchReporter, run_batch

    left = {job.name: job for job in jobs}

    def ended(name: str, result: dict[str, Any] | KiralError) -> None:
        left.pop(name)
        failed = isinstance(result, KiralError)
        status = ("failed", str(result)) if failed else (result["status"], result.get("reason") or "")
        listener.ended(name, *status)

    def update(progress: Mapping[str, Progress]) -> None:
        listener.update({name: p.fraction for name, p in progress.items()})

    while True:
        try:
            return run_batch(list(left.values()), slots, BatchReporter(ended, update))
        except (MemoryError, RuntimeError) as error:  # jax raises a RuntimeError
            if slots == 1 or not (isinstance(error, MemoryError) or "RESOURCE_EXHAUSTED" in str(error)):
                raise
            slots = slots // 2


class _PointReporter(Reporter):
    """Hands the progress of a run on to the listener; its messages are in its log.txt."""

    def __init__(self, name: str, listener: Listener) -> None:
        self._name, self._listener = name, listener

    def update(self, progress: Shown) -> None:
        self._listener.update({self._name: progress.fraction})


def _run_alone(work: Work, listener: Listener) -> bool:
    """One run. Its own failures are told; a full disk and the like end the sweep."""
    from kiral.api import run_or_resume

    try:
        status = run_or_resume(work.loaded, work.folder, _PointReporter(work.name, listener)).status
    except RunFolderError:
        raise
    except KiralError as error:
        status = {"status": "failed", "reason": str(error)}
    listener.ended(work.name, status["status"], status.get("reason") or "")
    return status["status"] != "stopped"
