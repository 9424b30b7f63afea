"""The run loop, the only one: chunks of compiled steps, and between them everything that touches host, disk and user.

Chunks are as long as is convenient (about `chunk_seconds`); no number depends on their length. Samples at given times come
from throw-away side steps, so no output ever moves an accepted step. A checkpoint holds the carry and the host's numbers
(row counts, schedules, ledgers); rows are on disk before the checkpoint that counts them, and a resumed run drops later
ones. The last checkpoint of a finished run stands before its end rows: extending a run gives the bits of a longer run.
"""

from __future__ import annotations

import time
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from kiral.core import processes
from kiral.core.advance import advance, restored, sample, start, to_save, together, trial
from kiral.core.checkpoint import load_checkpoint, write_checkpoint
from kiral.core.coarsen import GridChoice
from kiral.core.equation import PyTree
from kiral.core.failure import fastest, what_failed
from kiral.core.folder import RunFolder
from kiral.core.layout import Layout, place
from kiral.core.moment import Now
from kiral.core.pace import Pace, compile_seconds
from kiral.core.problem import Problem, first_state
from kiral.core.progress import Progress, Reporter, clock
from kiral.core.recorder import SERIES, SNAPSHOTS, SPECTRA, Recorder, StepInfo
from kiral.core.schedule import Clock
from kiral.core.settings import LoopSettings
from kiral.core.stop import StopRequest
from kiral.errors import CheckpointError, ConfigError, KiralError, NumericalError, ProcessError

KEEP_FRESH_SECONDS = 5.0
LOG_SECONDS = 30.0


def run_loop(
    problem: Problem,
    folder: RunFolder,
    settings: LoopSettings,
    *,
    resume: bool = False,
    reporter: Reporter | None = None,
) -> dict[str, Any]:
    """Advance the problem to settings.t_end and fill the run folder; with `resume`, from its newest good checkpoint.

    Returns the status as stored in status.json: "finished", or "stopped" after SIGINT, SIGTERM or the wall limit (then a
    checkpoint has been written). Raises NumericalError (status "failed"), CheckpointError, RunFolderError, ConfigError.
    """
    with StopRequest(settings.wall_limit) as stop:
        loop = Loop(problem, folder, settings, reporter or Reporter(), stop)
        if resume and (done := _already_finished(folder, settings)):
            loop.say(f"{folder.path} is finished at t = {done['t']:g}; give a larger time.t_end to extend it")
            return done
        try:
            loop.begin(resume)
            return loop.run()
        except ProcessError:
            raise loop.left_alone() from None
        except KiralError as error:
            loop.end_badly("failed", str(error))
            raise
        except KeyboardInterrupt:
            loop.end_badly("stopped", f"interrupted; resume with: kiral resume {folder.path}")
            raise
        except Exception as error:
            if processes.lost(error):
                raise loop.left_alone() from None
            loop.end_badly("failed", f"{type(error).__name__}: {error}")
            raise
        finally:
            loop.reporter.close()


class Loop:
    """One run in one process. Its methods are the paragraphs of `run_loop`."""

    def __init__(
        self, problem: Problem, folder: RunFolder, settings: LoopSettings, reporter: Reporter, stop: StopRequest
    ) -> None:
        self.problem, self.folder, self.settings, self.reporter, self.stop = problem, folder, settings, reporter, stop
        schedules = {SERIES: settings.series, SPECTRA: settings.spectra, SNAPSHOTS: settings.snapshots}
        self.recorder = Recorder.make(problem, folder.path, schedules)
        self.checkpoint = Clock(settings.checkpoint)
        self.grid = GridChoice(problem)
        self.carry: PyTree = None
        self.now = Now(problem.t_start, 0.0, 0, 0, False, "", {})
        self.status: dict[str, Any] = {"t_end": settings.t_end}
        self.checkpoint_name: str | None = None
        self.wall_before = self.compile_before = 0.0
        self.compile_start, self.compilation_told = compile_seconds(), False
        self.pace = Pace(settings.chunk_seconds)
        self.checkpoint_seconds = 1.0
        self.fresh = self.logged = time.monotonic()

    # ---- start

    def begin(self, resume: bool) -> None:
        """Load the newest checkpoint or build the initial state, and write the rows due at the start."""
        self._warn_about_times()
        self.folder.begin_session()
        loaded = resume and self._load()
        if not loaded:
            self.recorder.restore(None)
            self.carry = together(start, *self._start_arguments())
        self._look()
        if self.settings.t_end < self.now.t:
            raise ConfigError(f"time.t_end = {self.settings.t_end:g}: the run is at t = {self.now.t:g} already")
        self.write_status("running", "")
        if loaded:
            self.recorder.skip_before(self.now.t, self.now.step)
            self.checkpoint.skip_before(self.now.t, self.now.step)
        else:
            self.checkpoint.mark(self.problem.t_start, 0)
            for remark in self.problem.notes.get("remarks", ()):
                self.say(remark)
            names = dict.fromkeys([SERIES, *self.recorder.due_at(self.now.t), *self.recorder.due_now(0)])
            self._record(names, self.now.t, self.carry.y)

    def _start_arguments(self) -> tuple[Any, ...]:
        problem, settings = self.problem, self.settings
        equation, y = self.grid.equation, self.grid.placed(first_state(problem))
        t_start, options = place((jnp.asarray(problem.t_start, jnp.float64), settings.options), equation.layout)
        return equation, settings.scheme, t_start, y, options

    def _load(self) -> bool:
        """Restore the newest good checkpoint; False where there is none yet."""
        loaded = load_checkpoint(self.folder.checkpoints, self._template, self.folder.run_hash, self.say)
        if loaded is None:
            if lost := self.folder.status().get("checkpoint"):
                raise CheckpointError(
                    f"{self.folder.checkpoints} is empty, but {lost} had been written. Put it back, or run the case again into "
                    "another folder with --out."
                )
            self.say("no checkpoint yet: starting from the beginning")
            return False
        saved, host, self.checkpoint_name = loaded
        self.recorder.restore(host["recorder"])
        self.carry = together(restored, self.grid.equation, self.settings.scheme, saved)
        self.checkpoint.restore(host["checkpoint"])
        self.wall_before, self.compile_before = host["wall_s"], host["compile_s"]
        self.say(f"resumed from checkpoint {self.checkpoint_name}")
        return True

    def _template(self, host: dict[str, Any]) -> tuple[PyTree, Layout | None]:
        """Structure, shapes and dtypes of what a checkpoint with these host numbers holds; goes to its grid."""
        self.grid.restore(host.get("grid"))
        return to_save(eqx.filter_eval_shape(start, *self._start_arguments())), self.grid.equation.layout

    def _warn_about_times(self) -> None:
        for name, output in self.recorder.outputs.items():
            schedule = output.clock.schedule
            if schedule and (missed := schedule.outside(self.problem.t_start, self.settings.t_end)):
                self.say(f"output.{name}.at: {', '.join(f'{t:g}' for t in missed)} lie outside the run and are skipped")

    # ---- the loop

    def run(self) -> dict[str, Any]:
        """Chunks until the end or until asked to stop. Returns the status."""
        done = None
        while done is None:
            due, steps = self.next_chunk()
            began, compiled = time.perf_counter(), compile_seconds()
            equation, settings = self.grid.equation, self.settings
            self.carry = advance(equation, settings.scheme, self.carry, steps, due, settings.options)
            before = self._look()
            if compile_seconds() == compiled:
                self.pace.learn(self.now.step - before.step, self.now.t - before.t, time.perf_counter() - began)
            done = self.after_chunk(due)
        return done

    def next_chunk(self) -> tuple[float, int]:
        """(time at which something is due next, number of attempts until the host wants to look in)."""
        processes.tick()
        step = self.now.step
        left = min(self.recorder.steps_left(step), self.checkpoint.steps_left(step), self.grid.steps_left(step))
        return self._next_time(), int(min(left, processes.agreed(self.pace.steps)))

    def after_chunk(self, due: float) -> dict[str, Any] | None:
        """Whatever is due now that the carry has moved on towards `due`. The status, where the run has come to an end."""
        self._tell_compilation()
        if self.now.failed or self.now.stuck(self.settings.t_end - self.problem.t_start):
            raise self._failure()
        if self.grid.steps_left(self.now.step) == 0:
            self._follow_spectra()
        self._sample_step()
        if self.now.reaches(due) and due == self.settings.t_end:
            return self._finish()
        self._sample_time(due)
        if self._checkpoint_due(due):
            self.write_checkpoint(due if self.now.reaches(due) else self.now.t)
        self._tell()
        reserve = self.pace.chunk_seconds + 2 * self.checkpoint_seconds + 0.2
        reason = processes.agreed(self.stop.reason(reserve))
        return self._stop(reason) if reason else None

    def _follow_spectra(self) -> None:
        """Go on with the grid that suits the state."""
        self.carry, said = self.grid.follow(self.settings.scheme, self.carry, self.now.step, self.settings.options)
        if said:
            self._look()
            self.say(said)

    def _sample_step(self) -> None:
        """Write what is due at the accepted step."""
        if names := self.recorder.due_now(self.now.step):
            self._record(names, self.now.t, self.carry.y)

    def _sample_time(self, due: float) -> None:
        """Write what is due at the time `due`, when the next step would pass it."""
        if self.now.reaches(due) and (names := self.recorder.due_at(due)):
            self._record(names, *self._state_at(due))

    def _state_at(self, t: float) -> tuple[float, PyTree]:
        if t == self.now.t:
            return t, self.carry.y
        arrived, y = self._side_step(t)
        if float(arrived) != t:
            raise self._failure()
        return t, y

    def _side_step(self, t: float) -> tuple[Any, PyTree]:
        """(t, state there) by throw-away steps."""
        return sample(self.grid.equation, self.settings.scheme, self.carry, t, self.settings.options)

    def _record(self, names: Any, t: float, y: PyTree) -> None:
        info = StepInfo(self.now.step, self.now.dt, self.now.rates, self.grid.columns())
        for warning in self.recorder.record(names, t, self.grid.reported(y), info):
            self.say(f"warning: {warning}")

    def _next_time(self) -> float:
        """The next time at which something is due; t_end stands for what would come within round-off before it."""
        due = min(self.recorder.next_time(), self.checkpoint.next_time(self.problem.t_start), self.settings.t_end)
        close = 1e-12 * (self.settings.t_end - self.problem.t_start)
        return self.settings.t_end if self.settings.t_end - due <= close else due

    def _checkpoint_due(self, due: float) -> bool:
        if self.checkpoint.due_now(self.now.step):
            return True
        return self.now.reaches(due) and self.checkpoint.next_time(self.problem.t_start) <= due

    def _look(self) -> Now:
        """Read the scalars of the carry; returns those of before."""
        before = self.now
        self.now = Now.of(jax.device_get(self._scalars()))
        return before

    def _scalars(self) -> PyTree:
        return self.carry._replace(y=(), slope=(), tables=())

    def _failure(self) -> NumericalError:
        now, settings = self.now, self.settings
        state = together(trial, self.grid.equation, settings.scheme, self.carry)
        what = what_failed(state, collapsed=now.limiter != "fixed step")
        last = f"last good checkpoint: {self.checkpoint_name or 'none'}"
        return NumericalError(
            f"{what} at step {now.step + 1}, t = {now.t:.8g}: dt = {now.dt:.3g}, limited by: {now.limiter}"
            f"{fastest(self.carry.rates)}; {last}. Try a smaller time.tolerance or time.dt, a finer grid, or a weaker "
            f"drive; the series up to here are in {self.folder.path}."
        )

    # ---- what is kept and told

    def write_checkpoint(self, due: float) -> None:
        """Rows first, then the checkpoint that counts them, for the time `due`. One per step, not the same one again."""
        began = time.monotonic()
        self.checkpoint.mark(due, self.now.step)
        self.recorder.flush(sync=True)
        if self.checkpoint_name != f"step_{self.now.step:010d}":
            host = {
                "recorder": self.recorder.state(),
                "checkpoint": self.checkpoint.state(),
                "grid": self.grid.state(),
                "t": self.now.t,
                "wall_s": self._wall(),
                "compile_s": self._compiled(),
            }
            place, name = self.folder.checkpoints, self.folder.run_hash
            self.checkpoint_name = write_checkpoint(
                place, to_save(self.carry), host, step=self.now.step, run_hash=name, keep=self.settings.keep,
                layout=self.grid.equation.layout,
            )
        self.checkpoint_seconds = time.monotonic() - began

    def _tell_compilation(self) -> None:
        """Once, after the first chunk."""
        if not self.compilation_told:
            self.compilation_told = True
            self.say(f"compiled in {compile_seconds() - self.compile_start:.1f} s")

    def _tell(self) -> None:
        """Progress after every chunk; rows, status and log on disk every few seconds, so that one can watch."""
        progress = self._progress()
        self.reporter.update(progress)
        moment = time.monotonic()
        if moment - self.fresh >= KEEP_FRESH_SECONDS:
            self.recorder.flush()
            self.write_status("running", "")
            self.fresh = time.monotonic()
        if moment - self.logged >= LOG_SECONDS:
            self.folder.log(f"{progress.head()} | {progress.detail()}")
            self.logged = moment

    def _progress(self) -> Progress:
        row, now = self.recorder.last_row, self.now
        return Progress(
            t=now.t,
            t_start=self.problem.t_start,
            t_end=self.settings.t_end,
            step=now.step,
            dt=now.dt,
            limiter=now.limiter,
            steps_per_s=self.pace.steps_per_s,
            eta=self.pace.seconds_for(self.settings.t_end - now.t),
            values={name: row[name] for name in self.problem.progress if name in row},
            drift=self.recorder.worst_drift(),
        )

    def _wall(self) -> float:
        return self.wall_before + self.stop.elapsed()

    def _compiled(self) -> float:
        return self.compile_before + compile_seconds() - self.compile_start

    def say(self, text: str) -> None:
        """To the user and to log.txt."""
        self.reporter.message(text)
        self.folder.log(text)

    def write_status(self, status: str, reason: str, t: float | None = None) -> dict[str, Any]:
        """Replace status.json and return what it says."""
        now = self.now
        self.status |= {"status": status, "reason": reason, "drift": self.recorder.worst_drift()}
        self.status |= {"t": now.t if t is None else t, "step": now.step, "rejected": now.rejected}
        self.status |= {"wall_s": self._wall(), "compile_s": self._compiled(), "warnings": self.recorder.warnings}
        self.status |= {"checkpoint": self.checkpoint_name}
        self.folder.write_status(self.status)
        return self.status

    # ---- end

    def _finish(self) -> dict[str, Any]:
        """The last checkpoint, the rows at t_end, and the status."""
        self.write_checkpoint(self.now.t)
        t_end = self.settings.t_end
        missing = [name for name, output in self.recorder.outputs.items() if output.clock.last_time != t_end]
        self._record(missing, *self._state_at(t_end))
        self.recorder.flush(sync=True)
        status = self.write_status("finished", "", t=t_end)
        self.folder.end_session("finished")
        self.reporter.update(self._progress())
        self.reporter.close()
        compiled, wall = status["compile_s"], status["wall_s"]
        self.say(f"finished: t = {status['t']:g}, {self.now.step} steps in {clock(wall)} (compiling {compiled:.1f} s)")
        return status

    def _stop(self, reason: str) -> dict[str, Any]:
        """Asked to stop: all rows and a checkpoint, and how to go on."""
        self.write_checkpoint(self.now.t)
        status = self.write_status("stopped", reason)
        self.folder.end_session("stopped")
        self.reporter.close()
        self.say(f"stopped by {reason} at t = {self.now.t:.6g}; resume with: kiral resume {self.folder.path}")
        return status

    def left_alone(self) -> ProcessError:
        """Another process of the run has gone: what the user is told."""
        path, last = self.folder.path, self.checkpoint_name or "none"
        self.end_badly("stopped", f"another process of the run ended; resume with: kiral resume {path}")
        return ProcessError(
            f"another process of this run ended, so this one stops, at t = {self.now.t:.6g}; last good checkpoint: {last}. "
            f"Go on, on any number of processes, with: kiral resume {path}"
        )

    def end_badly(self, status: str, reason: str) -> None:
        """Leave rows and status behind as well as the disk allows. No checkpoint: the state may be what went wrong.

        A resume that found no usable checkpoint keeps the status of before, which knows about the checkpoints.
        """
        try:
            if self.carry is not None or not self.folder.status().get("checkpoint"):
                self.recorder.flush()
                self.write_status(status, reason)
            self.folder.log(f"{status}: {reason}")
            self.folder.end_session(status)
        except (OSError, KiralError, LookupError, AttributeError):
            return


def _already_finished(folder: RunFolder, settings: LoopSettings) -> dict[str, Any] | None:
    status = folder.status()
    return status if status.get("status") == "finished" and status["t_end"] >= settings.t_end else None
