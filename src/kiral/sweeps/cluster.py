"""Tasks of a sweep on a Dask cluster: worker processes on this machine, or the workers of a scheduler that is there."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from kiral.core.folder import open_run
from kiral.core.stop import StopRequest, ask_to_stop, asked_to_stop, part_of
from kiral.errors import ConfigError, RunFolderError
from kiral.sweeps.plan import Task
from kiral.sweeps.work import Listener, run_task

if TYPE_CHECKING:
    from distributed import Client

POLL_SECONDS = 0.5
START_SECONDS = 60.0

_one_at_a_time = threading.Lock()


def installed() -> bool:
    """Is Dask here?"""
    import importlib.util

    return importlib.util.find_spec("distributed") is not None


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def scheduler_client(address: str) -> Iterator[Client]:
    """A client of a scheduler that is there."""
    from distributed import Client

    try:
        client = Client(address, timeout=10, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        raise ConfigError(
            f"--scheduler {address}: no Dask scheduler answers there ({error}); start one with `dask scheduler`, and workers "
            "with `dask worker ADDRESS --nthreads 1`, in an environment with kiral"
        ) from None
    with client:
        if not threads(client):
            raise ConfigError(f"--scheduler {address}: it has no workers; start some with `dask worker {address} --nthreads 1`")
        yield client


@contextmanager
def local_client(workers: int) -> Iterator[Client]:
    """A client of `workers` processes of one thread each, which share the cores; they end with the context."""
    from distributed import Client, LocalCluster

    share = str(max(1, cores() // workers))
    settings = {"NPROC": share, "OMP_NUM_THREADS": share, "XLA_PYTHON_CLIENT_PREALLOCATE": "false"}
    settings["DASK_LOGGING__DISTRIBUTED"] = "error"
    options: dict[str, Any] = {"n_workers": 0, "dashboard_address": None, "silence_logs": logging.CRITICAL}
    with TemporaryDirectory(prefix="kiral-sweep-", ignore_cleanup_errors=True) as folder, LocalCluster(**options) as cluster:
        local: Any = cluster  # its attributes are coroutines for asynchronous clusters only
        command = [sys.executable, "-m", "kiral.sweeps.worker", local.scheduler_address, folder]
        # In a session of their own: Ctrl-C is for this process, which asks the runs to stop.
        quiet: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "start_new_session": True}
        children = [subprocess.Popen(command, env=os.environ | settings, **quiet) for _ in range(workers)]
        try:
            with Client(cluster, set_as_default=False) as client:
                _await_workers(client, children)
                yield client
        finally:
            for child in children:
                child.terminate()
            for child in children:
                child.wait()


def threads(client: Client) -> int:
    """How many tasks the workers do at a time."""
    found: Any = client.nthreads()  # a coroutine for asynchronous clients only
    return sum(found.values())


def _await_workers(client: Client, children: Sequence[subprocess.Popen]) -> None:
    """One is enough to begin."""
    began = time.monotonic()
    while not threads(client):
        if all(child.poll() is not None for child in children) or time.monotonic() - began > START_SECONDS:
            raise ConfigError("the worker processes of the sweep did not start; --workers 0 runs the points in this process")
        time.sleep(0.1)


def run_tasks(
    client: Client, tasks: Sequence[Task], listener: Listener, poll: Callable[[], Mapping[str, float]]
) -> bool:
    """Run all tasks. True when all points came to an end, False when asked to stop before that.

    poll: shares of the points that run, read from their folders. A task whose worker dies is tried again on another one,
    where its points go on from their checkpoints; after three workers its points have failed.
    """
    label = f"kiral-sweep-{uuid.uuid4().hex}"
    finished = True
    with StopRequest() as stop:
        waiting = {client.submit(run_remote, task, label, pure=False, key=f"{label}-{i}"): task for i, task in enumerate(tasks)}
        asked = False
        while waiting:
            time.sleep(POLL_SECONDS)
            for future in [future for future in waiting if future.done()]:
                finished &= _collect(future, waiting.pop(future), listener)
            listener.update(poll())
            if not asked and (reason := stop.reason(0.0)):
                asked, finished = True, False
                client.run(ask_to_stop, label, reason)
            if waiting and not threads(client):
                raise ConfigError("no worker of the sweep is left; the same command goes on with what is not finished")
    return finished


def run_remote(task: Task, label: str) -> list[tuple[str, str, str]]:
    """In a worker: (name, status, reason) of every point of the task that came to an end or was stopped."""
    ends: list[tuple[str, str, str]] = []
    with _one_at_a_time, part_of(label):
        if not asked_to_stop(label):
            run_task(task, Listener(lambda name, status, reason: ends.append((name, status, reason))))
    return ends


def _collect(future: Any, task: Task, listener: Listener) -> bool:
    """Tell the ends of a task's points. False where one was stopped."""
    if (error := future.exception()) is not None:
        if isinstance(error, RunFolderError):
            raise error
        for work in task.work:
            done = (work.folder / "config.json").exists() and open_run(work.folder).status["status"] == "finished"
            listener.ended(work.name, *(("finished", "") if done else ("failed", f"{type(error).__name__}: {error}")))
        return True
    ends = future.result()
    for end in ends:
        listener.ended(*end)
    return len(ends) == len(task.work) and all(status != "stopped" for _, status, _ in ends)
