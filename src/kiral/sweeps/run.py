"""`kiral sweep`: run a case at every combination of some values. Started again, a sweep goes on.

`index.json` names every point with its values, folder and state; it is replaced at once after every point.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from kiral.config.load import LoadedCase, plain
from kiral.core.estimate import host_memory
from kiral.core.files import disk_errors, read_json
from kiral.core.lock import RunLock, is_locked
from kiral.errors import ConfigError
from kiral.resources import PROGRAM
from kiral.sweeps import cluster
from kiral.sweeps.page import write_comparison
from kiral.sweeps.plan import Batch, Task, Work, alike, on_gpu, plan, that_fit
from kiral.sweeps.points import ENDED, Point, check_index, load_points, write_index
from kiral.sweeps.progress import SweepProgress
from kiral.sweeps.work import Listener, run_task

PATIENCE_SECONDS = 10.0
"""How long the workers of a sweep that was killed may take to notice."""


def sweep(
    case: str | Path,
    over: Mapping[str, Sequence[Any]],
    out: str | Path,
    *,
    overrides: Mapping[str, Any] | None = None,
    progress: bool = True,
    batch: Batch = "auto",
    workers: int | None = None,
    scheduler: str | None = None,
    report: bool = True,
) -> list[Point]:
    """Run a case at every combination of the given values, one run folder each below `out`.

    A point that is finished is left alone, one that was stopped is resumed, one that fails does not stop the others.
    At the end `points.csv` and `points.zarr` compare the points, with `report` also `figures/` and `report.html`.
    Args: over - {key: values}; overrides - further keys for all points; batch - "auto", "off", or how many points one
        compiled function advances together at most; workers - processes on this machine, 0: only this one; scheduler -
        address of a Dask scheduler whose workers see the same files. Left out: batches where they pay, and one process per
        core where there is more than one batch or point, Dask is installed, and the device is a CPU.
    Returns all points with their states.
    Errors: ConfigError before anything runs if any point is wrong; RunFolderError if `out` holds another sweep.
    """
    over = {key: [plain(value) for value in values] for key, values in over.items()}
    loaded = load_points(case, over, overrides or {})
    _check_arguments(batch, workers, scheduler)
    out = Path(out)
    points = {point.folder: point.now(out) for point, _ in loaded}
    with disk_errors(out):
        out.mkdir(parents=True, exist_ok=True)
    check_index(out, list(points.values()))
    lock = RunLock(out)
    shown = SweepProgress(list(points.values()), quiet=not progress)

    def ended(name: str, status: str, reason: str) -> None:
        points[name] = replace(points[name], status=status, reason=reason)
        write_index(out, case, over, list(points.values()))
        shown.ended(name, status, reason)

    try:
        write_index(out, case, over, list(points.values()))
        left = _left(out, loaded, points)
        _run(left, Listener(ended, shown.update), shown, batch, workers, scheduler)
        write_comparison(out, list(points.values()), report=report)
    finally:
        shown.close()
        lock.release()
    return list(points.values())


def _check_arguments(batch: Batch, workers: int | None, scheduler: str | None) -> None:
    if batch not in ("auto", "off") and (isinstance(batch, bool | str) or batch < 1):
        raise ConfigError(f'batch = {batch!r}: allowed are "auto", "off", or a number of runs (1 and more)')
    if workers is not None and (isinstance(workers, bool) or workers < 0):
        raise ConfigError(f"--workers {workers}: must be 0 (this process only) or more")
    if workers is not None and scheduler is not None:
        raise ConfigError("--workers and --scheduler: give one of them; a scheduler has its own workers")
    if (workers or scheduler) and not cluster.installed():
        raise ConfigError("--workers and --scheduler need Dask: install kiral[sweep]")


def _left(out: Path, loaded: Sequence[tuple[Point, LoadedCase]], points: Mapping[str, Point]) -> list[Work]:
    """What is still to be run. Waits for processes of a killed sweep, which end a moment after it."""
    names = [name for name, point in points.items() if point.status not in ENDED]
    until = time.monotonic() + PATIENCE_SECONDS
    while any(is_locked(out / name) for name in names) and time.monotonic() < until:
        time.sleep(0.1)
    cases = {point.folder: case for point, case in loaded}
    return [Work((out / name).resolve(), replace(cases[name], directory=cases[name].directory.resolve())) for name in names]


def _run(
    left: list[Work], listener: Listener, shown: SweepProgress, batch: Batch, workers: int | None, scheduler: str | None
) -> None:
    """Run what is left, in this process or on a cluster."""
    if not left:
        return
    if scheduler is not None:
        with cluster.scheduler_client(scheduler) as client:
            tasks = plan(left, batch, cluster.threads(client), spread=True)
            _say_plan(tasks, shown, f"the workers of {scheduler}")
            cluster.run_tasks(client, tasks, listener, lambda: _shares(left))
        return
    processes = workers if workers is not None else _default_processes(left)
    tasks = plan(left, batch, processes, spread=bool(workers)) if processes > 1 else []
    if len(tasks) > 1 or workers:
        processes = max(1, min(processes, len(tasks)))
        tasks = tasks or plan(left, batch, 1, spread=False)
        _say_plan(tasks, shown, f"{processes} worker process{'es' if processes > 1 else ''}")
        with cluster.local_client(processes) as client:
            cluster.run_tasks(client, tasks, listener, lambda: _shares(left))
        return
    tasks = plan(left, batch, 1, spread=False)
    _say_plan(tasks, shown, "this process")
    if len(tasks) > 1 and workers is None and not cluster.installed():
        shown.say("the points run one after the other; for several at a time install Dask: pip install 'kiral[sweep]'")
    for task in tasks:
        if not run_task(task, listener):
            return


def _default_processes(left: Sequence[Work]) -> int:
    """One per core on a CPU, as many as the memory holds. Processes would not share a GPU well: one process there."""
    if on_gpu(left[0].loaded.config) or not cluster.installed():
        return 1
    free = host_memory()
    return min(that_fit(group[0].loaded.config, cluster.cores(), free, PROGRAM) for group in alike(left))


def _say_plan(tasks: Sequence[Task], shown: SweepProgress, where: str) -> None:
    together = [min(task.slots, len(task.work)) for task in tasks if task.slots > 1]
    number = sum(len(task.work) for task in tasks)
    how = f", up to {max(together)} together in a batch" if together else ""
    shown.say(f"{number} point{'s' if number > 1 else ''} to run in {where}{how}")


def _shares(left: Sequence[Work]) -> dict[str, float]:
    """How far the points are that run elsewhere, as their folders say."""
    shares = {}
    for work in left:
        status = read_json(work.folder / "status.json") if (work.folder / "config.json").exists() else {}
        span = work.loaded.config.time.t_end - work.loaded.config.time.t_start
        if status.get("status") == "running" and span > 0:
            shares[work.name] = min(1.0, max(0.0, (status["t"] - work.loaded.config.time.t_start) / span))
    return shares
