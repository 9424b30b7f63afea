"""Several runs advanced by one compiled function, `jax.vmap` over the runs; each keeps its folder, rows and checkpoints.

The runs stand in the slots of one stacked carry. A chunk takes each of them to the next time at which it has something due,
or by some steps; who is there waits for the others. Then every run does its own host part, as it would alone. A run that
ends leaves its slot to the next one of the queue. Numbers are those of the run alone up to round-off: the compiler orders
sums differently in mapped code.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from kiral.core.advance import SCHEDULE, UNLIMITED, Carry, StepOptions, drive
from kiral.core.equation import Equation, PyTree
from kiral.core.folder import RunFolder
from kiral.core.loop import Loop
from kiral.core.pace import Pace, compile_seconds
from kiral.core.problem import Problem
from kiral.core.progress import Progress, Reporter
from kiral.core.settings import LoopSettings
from kiral.core.stop import StopRequest
from kiral.errors import KiralError, RunFolderError

_AXIS = "runs"


@dataclass(frozen=True)
class Job:
    """One run of a batch. `open` gives its locked folder and whether to resume; called when its turn has come."""

    name: str
    problem: Problem
    settings: LoopSettings
    open: Callable[[], tuple[RunFolder, bool]]


@dataclass(frozen=True)
class BatchReporter:
    """Who wants to know: `ended` is told the status of a run or its error, `update` after every chunk how far all are."""

    ended: Callable[[str, dict[str, Any] | KiralError], None]
    update: Callable[[dict[str, Progress]], None] = lambda progress: None


def signature(problem: Problem, settings: LoopSettings) -> Any:
    """Runs with equal signatures can share a batch: same sizes, static choices and scheme; coefficients may differ."""
    leaves, structure = jax.tree.flatten(problem.equation)
    kinds = tuple((leaf.shape, str(leaf.dtype)) if eqx.is_array(leaf) else leaf for leaf in leaves)
    return settings.scheme, structure, kinds


def run_batch(jobs: Sequence[Job], slots: int, reporter: BatchReporter) -> bool:
    """Run all jobs, at most `slots` at a time. True when all came to an end, False when asked to stop before that.

    A run that fails is told to `reporter` and does not touch the others. Raises RunFolderError (disk full, folder in use).
    """
    with StopRequest() as stop:
        batch = _Batch(jobs, min(slots, len(jobs)), reporter, stop)
        try:
            return batch.run()
        except KeyboardInterrupt:
            batch.abandon("interrupted")
            raise
        except Exception as error:
            batch.abandon(f"another run of its batch ended with {type(error).__name__}")
            raise
        finally:
            batch.close()


# ---- the compiled part


class Constants(eqx.Module):
    """Equation and options of all runs: the leaves in which they differ, stacked, and those that are the same for all."""

    differing: list[jax.Array | None]
    same: list[Any]
    structure: Any = eqx.field(static=True)

    @classmethod
    def of(cls, problems: Sequence[tuple[Equation, StepOptions]], slots: int) -> Constants:
        """Of all runs that will come, with the first one in every slot."""
        columns = list(zip(*(jax.tree.leaves(one) for one in problems), strict=True))
        first, differs = [column[0] for column in columns], [_differ(column) for column in columns]
        differing = [jnp.stack([x] * slots) if d else None for x, d in zip(first, differs, strict=True)]
        same = [None if d else x for x, d in zip(first, differs, strict=True)]
        return cls(differing, same, jax.tree.structure(problems[0]))

    def own(self, one: tuple[Equation, StepOptions]) -> list[jax.Array | None]:
        """What of a run belongs into its slot."""
        pairs = zip(jax.tree.leaves(one), self.differing, strict=True)
        return [None if stacked is None else leaf for leaf, stacked in pairs]

    def of_slots(self, kept: np.ndarray) -> Constants:
        """Of some slots only."""
        return Constants(jax.tree.map(lambda x: x[kept], self.differing), self.same, self.structure)

    def member(self, own: list[jax.Array | None]) -> tuple[Equation, StepOptions]:
        """Equation and options of one run, `own` being a slice of `differing`."""
        leaves = [same if o is None else o for o, same in zip(own, self.same, strict=True)]
        return jax.tree.unflatten(self.structure, leaves)


def _differ(leaves: Sequence[Any]) -> bool:
    """Have not all of these arrays the same bytes?"""
    if not eqx.is_array(leaves[0]):
        return False
    return any(np.asarray(leaf).tobytes() != np.asarray(leaves[0]).tobytes() for leaf in leaves[1:])


@partial(eqx.filter_jit, donate="all-except-first", compiler_options=SCHEDULE)
def advance_all(constant, carry: Carry, n: jax.Array, t_stop: jax.Array, clip: jax.Array) -> Carry:
    """`advance` or `sample` for all slots: carry stacked, n and t_stop (slots,). constant: (Constants, scheme)."""
    constants, scheme = constant

    def one(own, carry, n, t_stop):
        equation, options = constants.member(own)
        return drive((equation, scheme, options), carry, n, t_stop, clip, _AXIS)

    return jax.vmap(one, axis_name=_AXIS)(constants.differing, carry, n, t_stop)


@jax.jit
def _take(tree: PyTree, slot: jax.Array) -> PyTree:
    return jax.tree.map(lambda x: x[slot], tree)


@partial(jax.jit, donate_argnums=0)
def _put(tree: PyTree, slot: jax.Array, one: PyTree) -> PyTree:
    return jax.tree.map(lambda x, new: x.at[slot].set(new), tree, one)


@jax.jit
def _copy(tree: PyTree) -> PyTree:
    return jax.tree.map(jnp.copy, tree)


# ---- one run among others


class _SharedStop(StopRequest):
    """The stop request of the batch and the run's own wall limit. Every run may still have to write a checkpoint."""

    def __init__(self, shared: StopRequest, wall_limit: float | None, running: Callable[[], int]) -> None:
        super().__init__(wall_limit)
        self._shared, self._running = shared, running

    def reason(self, reserve: float) -> str | None:
        return self._shared.reason(0.0) or super().reason(reserve * self._running())


class _Member(Loop):
    """A run in a slot: its carry and its scalars are slices of the batch's."""

    batch: _Batch
    name = ""
    slot = -1  # none yet
    _own: PyTree = None

    @property
    def carry(self) -> PyTree:
        if self.slot < 0:
            return self._own
        if self._own is None:
            self._own = _take(self.batch.carry, self.slot)
        return self._own

    @carry.setter
    def carry(self, value: PyTree) -> None:
        self._own = value

    def enter(self, batch: _Batch, slot: int) -> PyTree:
        """Take a slot; returns the carry to put there."""
        own, self._own, self.batch, self.slot = self._own, None, batch, slot
        return own

    def look(self, seconds: float | None) -> None:
        """The batch has moved on, in so many seconds (None: it compiled)."""
        self._own = None
        before = self._look()
        if seconds is not None:
            self.pace.learn(self.now.step - before.step, self.now.t - before.t, seconds)

    def wants_sample(self, due: float) -> bool:
        """Is something due at a time between two steps?"""
        if self.now.failed or not self.now.reaches(due) or self.now.t == due:
            return False
        return due == self.settings.t_end or bool(self.recorder.due_at(due))

    def progress(self) -> Progress:
        return self._progress()

    def _scalars(self) -> PyTree:
        if self.slot < 0:
            return super()._scalars()
        return jax.tree.map(lambda x: x[self.slot], self.batch.scalars)

    def _side_step(self, t: float) -> tuple[Any, PyTree]:
        return _take(self.batch.samples, self.slot)


# ---- all of them


def _constants(job: Job) -> tuple[Equation, StepOptions]:
    return job.problem.equation, job.settings.options


class _Batch:
    """The stacked carry, who stands in which slot, and the queue."""

    def __init__(self, jobs: Sequence[Job], slots: int, reporter: BatchReporter, stop: StopRequest) -> None:
        self.queue: Iterator[Job] = iter(jobs)
        self.reporter, self.stop = reporter, stop
        self.members: list[_Member | None] = [None] * slots
        self.folders: dict[int, RunFolder] = {}
        self.scheme = jobs[0].settings.scheme
        self.constants = Constants.of([_constants(job) for job in jobs], slots)
        self.carry: PyTree = None
        self.scalars: PyTree = None
        self.samples: PyTree = None
        self.pace = Pace(jobs[0].settings.chunk_seconds)
        self.stopping = False
        self.compile_seconds = 0.0

    def run(self) -> bool:
        """Chunks until the queue is empty and every run has ended, or until asked to stop."""
        self._fill()
        while self._active():
            self._chunk()
            self._fill()
            self._shrink()
        return not self.stopping

    def abandon(self, reason: str) -> None:
        """Leave status and rows of all runs behind."""
        for member in self._active():
            member.end_badly("stopped", reason)

    def close(self) -> None:
        for folder in self.folders.values():
            folder.close()

    def _active(self) -> list[_Member]:
        return [member for member in self.members if member is not None]

    def _at(self, slot: int) -> _Member:
        member = self.members[slot]
        assert member is not None
        return member

    # ---- slots

    def _fill(self) -> None:
        """The next runs of the queue into the empty slots."""
        for slot, member in enumerate(self.members):
            while member is None and not self.stopping and (job := next(self.queue, None)) is not None:
                member = self._begin(job, slot)

    def _shrink(self) -> None:
        """Half the slots or fewer, once no more are needed, where the rest of the way is worth another compilation."""
        active = self._active()
        if not active or 2 * len(active) > len(self.members):
            return
        left = max(member.pace.seconds_for(member.settings.t_end - member.now.t) or 0.0 for member in active)
        if left < 2 * self.compile_seconds:
            return
        kept = np.array([member.slot for member in active])
        self.carry = jax.tree.map(lambda x: x[kept], self.carry)
        self.constants = self.constants.of_slots(kept)
        self.folders = {new: self.folders[old] for new, old in enumerate(kept.tolist())}
        self.members = list(active)
        for slot, member in enumerate(active):
            member.slot = slot

    def _begin(self, job: Job, slot: int) -> _Member | None:
        """Start or resume a run in this slot; None where that fails or nothing is left to do."""
        try:
            folder, resume = job.open()
        except RunFolderError:
            raise
        except KiralError as error:
            self.reporter.ended(job.name, error)
            return None
        self.folders[slot] = folder
        stop = _SharedStop(self.stop, job.settings.wall_limit, lambda: len(self._active()))
        member = _Member(job.problem, folder, job.settings, Reporter(), stop)
        member.name = job.name
        member.status["batch"] = len(self.members)
        self.members[slot] = member
        if self._guarded(slot, lambda: member.begin(resume)):
            self._enter(member, slot, job)
        return self.members[slot]

    def _enter(self, member: _Member, slot: int, job: Job) -> None:
        carry, own = member.enter(self, slot), self.constants.own(_constants(job))
        if self.carry is None:
            self.carry = jax.tree.map(lambda x: jnp.stack([x] * len(self.members)), carry)
        self.carry = _put(self.carry, slot, carry)
        differing = _put(self.constants.differing, slot, own)
        self.constants = Constants(differing, self.constants.same, self.constants.structure)

    def _guarded(self, slot: int, action: Callable[[], Any]) -> bool:
        """Do something for the run of this slot; False where it failed: it is told, and the slot is free."""
        member = self._at(slot)
        try:
            action()
            return True
        except KiralError as error:
            member.end_badly("failed", str(error))
            self._leave(slot, error)
            if isinstance(error, RunFolderError):
                raise
            return False

    def _leave(self, slot: int, result: dict[str, Any] | KiralError) -> None:
        member, self.members[slot] = self._at(slot), None
        self.folders.pop(slot).close()
        self.reporter.ended(member.name, result)

    # ---- chunks

    def _chunk(self) -> None:
        """One call of the compiled function, and the host part of every run."""
        due, n = np.zeros(len(self.members)), np.zeros(len(self.members), np.int64)
        for member in self._active():
            member.pace.steps = self.pace.steps
            due[member.slot], n[member.slot] = member.next_chunk()
        self._advance(n, due)
        self._sample(due)
        self.reporter.update({member.name: member.progress() for member in self._active()})
        for member in self._active():
            self._guarded(member.slot, partial(self._after, member, float(due[member.slot])))

    def _after(self, member: _Member, due: float) -> None:
        done = member.after_chunk(due)
        if done is not None:
            self.stopping |= done["status"] == "stopped"
            self._leave(member.slot, done)

    def _advance(self, n: np.ndarray, due: np.ndarray) -> None:
        began, compiled = time.perf_counter(), compile_seconds()
        before = [member.now.step + member.now.rejected for member in self._active()]
        self.carry = self._call(self.carry, n, due, clip=False)
        self.scalars = jax.device_get(self.carry._replace(y=(), slope=(), tables=()))
        compiling = compile_seconds() - compiled
        self.compile_seconds = max(self.compile_seconds, compiling)
        seconds = time.perf_counter() - began if compiling == 0 else None
        for member in self._active():
            member.look(seconds)
        if seconds is not None:
            after = [member.now.step + member.now.rejected for member in self._active()]
            self.pace.learn(max(b - a for a, b in zip(before, after, strict=True)), 0.0, seconds)

    def _sample(self, due: np.ndarray) -> None:
        """The states at due times between steps, for all runs that need one, by throw-away steps."""
        n = np.zeros(len(self.members), np.int64)
        for member in self._active():
            n[member.slot] = UNLIMITED if member.wants_sample(float(due[member.slot])) else 0
        if n.any():
            end = self._call(_copy(self.carry), n, due, clip=True)
            self.samples = (jax.device_get(end.t), end.y)

    def _call(self, carry: PyTree, n: np.ndarray, due: np.ndarray, *, clip: bool) -> PyTree:
        numbers = (jnp.asarray(n), jnp.asarray(due, jnp.float64), jnp.asarray(clip))
        return advance_all((self.constants, self.scheme), carry, *numbers)
