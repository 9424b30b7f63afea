"""Runs advanced together in one compiled function against the same runs alone, on the chaotic toy."""

import json
import sys
from pathlib import Path

import jax
import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
from kiral.api import setup_jax
from kiral.core import batch as batch_module
from kiral.core.advance import step_options
from kiral.core.batch import BatchReporter, Job, run_batch, signature
from kiral.core.folder import RunFolder, open_run
from kiral.errors import KiralError, NumericalError
from toy import Schedule, run_toy, toy_problem, toy_settings

setup_jax()  # compiled programs are kept on disk
SETTINGS = {"t_end": 1.5, "options": step_options(1e-7)}
FORCINGS = (8.0, 9.0, 10.0, 11.0, 12.0)


def job(path, problem, **changes):
    config = {"model": {"forcing": 8.0}, "time": {"t_end": 2.5}}

    def open_folder():
        if (path / "config.json").exists():
            return RunFolder.open(path), True
        return RunFolder.create(path, "title = 'toy'\n", config), False

    return Job(path.name, problem, toy_settings(**(SETTINGS | changes)), open_folder)


class Ends(dict):
    """What the batch told about its runs."""

    def reporter(self):
        return BatchReporter(self.__setitem__)


def data(path):
    run = open_run(path)
    parts = {"series": run.series, "spectra": run.spectra, "snapshots": run.snapshots.load()}
    return {f"{kind}.{name}": values.values for kind, d in parts.items() for name, values in d.variables.items()}


def difference(a, b):
    """Largest difference of two runs' stored numbers, relative to the largest value of each quantity."""
    a, b = data(a), data(b)
    assert {name: values.shape for name, values in a.items()} == {name: values.shape for name, values in b.items()}
    drifts = [name for name in a if ".drift_" in name]
    return max(
        float(np.max(np.abs(a[name] - b[name])) / max(np.max(np.abs(a[name])), 1e-300)) for name in a if name not in drifts
    )


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """Every run of the batch on its own."""
    folder = tmp_path_factory.mktemp("alone")
    for i, forcing in enumerate(FORCINGS):
        run_toy(folder / f"run{i}", toy_problem(forcing), scheme="etdrk4", **SETTINGS)
    return folder


def test_runs_in_a_batch_are_the_runs_alone(tmp_path, alone):
    """Five runs in two slots: who ends leaves its slot to the next one."""
    ends = Ends()
    assert run_batch([job(tmp_path / f"run{i}", toy_problem(f)) for i, f in enumerate(FORCINGS)], 2, ends.reporter())
    assert sorted(ends) == [f"run{i}" for i in range(5)]
    assert all(status["status"] == "finished" and status["batch"] == 2 for status in ends.values())
    for name in ends:
        assert difference(tmp_path / name, alone / name) < 1e-12
        kept = [json.loads((folder / name / "status.json").read_text()) for folder in (tmp_path, alone)]
        assert kept[0]["step"] == kept[1]["step"] and kept[0]["checkpoint"] == kept[1]["checkpoint"]


def test_a_run_that_fails_leaves_the_others_alone(tmp_path, alone):
    problems = {"run0": toy_problem(8.0), "bad": toy_problem(float("nan")), "run1": toy_problem(9.0)}
    ends = Ends()
    assert run_batch([job(tmp_path / name, problem) for name, problem in problems.items()], 2, ends.reporter())
    assert isinstance(ends["bad"], NumericalError) and "non-finite u" in str(ends["bad"])
    assert open_run(tmp_path / "bad").status["status"] == "failed"
    for name in ("run0", "run1"):
        assert ends[name]["status"] == "finished"
        assert difference(tmp_path / name, alone / name) < 1e-12


def test_a_batch_that_is_killed_goes_on_from_the_checkpoints(tmp_path, alone):
    """Killed inside a chunk: no checkpoint then, the last ones count; alone or in another batch."""

    class Killed(BaseException):
        pass

    def kill(progress):
        if min(p.t for p in progress.values()) > 1.0:
            raise Killed

    changes = {"checkpoint": Schedule(every_steps=7)}
    jobs = [job(tmp_path / f"run{i}", toy_problem(f), **changes) for i, f in enumerate(FORCINGS[:2])]
    with pytest.raises(Killed):
        run_batch(jobs, 2, BatchReporter(lambda name, result: None, kill))
    assert {open_run(tmp_path / f"run{i}").status["status"] for i in range(2)} == {"stopped"}
    ends = Ends()
    assert run_batch(jobs, 2, ends.reporter())
    for i in range(2):
        assert "resumed from checkpoint" in (tmp_path / f"run{i}" / "log.txt").read_text()
        assert difference(tmp_path / f"run{i}", alone / f"run{i}") < 1e-12


def test_runs_of_a_batch_go_on_alone(tmp_path, alone):
    """Their checkpoints are those of any run."""
    jobs = [job(tmp_path / f"run{i}", toy_problem(f), t_end=1.0) for i, f in enumerate(FORCINGS[:2])]
    assert run_batch(jobs, 2, Ends().reporter())
    run_toy(tmp_path / "run0", toy_problem(8.0), resume=True, scheme="etdrk4", **SETTINGS)
    last = float(open_run(tmp_path / "run0").series["mean"][-1])
    assert last == pytest.approx(float(open_run(alone / "run0").series["mean"][-1]), rel=1e-12)


def test_a_batch_shrinks_when_few_are_left(tmp_path, alone, monkeypatch):
    """The long run goes on in a smaller batch, with the same numbers."""
    sizes = []
    call = batch_module._Batch._call

    def counted(self, carry, n, due, *, clip):
        sizes.append(len(n))
        return call(self, carry, n, due, clip=clip)

    monkeypatch.setattr(batch_module._Batch, "_call", counted)
    monkeypatch.setattr(batch_module, "compile_seconds", lambda: 0.0)  # compiling costs nothing: it always pays
    ends = Ends()
    jobs = [job(tmp_path / "run0", toy_problem(8.0)), job(tmp_path / "short", toy_problem(9.0), t_end=0.7)]
    assert run_batch(jobs, 2, ends.reporter())
    assert set(sizes) == {2, 1} and sizes == sorted(sizes, reverse=True)
    assert {status["status"] for status in ends.values()} == {"finished"}
    assert difference(tmp_path / "run0", alone / "run0") < 1e-12


def test_what_shares_a_batch():
    settings = toy_settings()
    assert signature(toy_problem(8.0), settings) == signature(toy_problem(9.0), settings)
    assert signature(toy_problem(8.0), settings) != signature(toy_problem(8.0), toy_settings(scheme="rk4"))
    other = toy_problem(8.0)
    wider = jax.numpy.ones(3)
    assert signature(other, settings) != signature(toy_problem(8.0, equation=type(other.equation)(wider, wider)), settings)


def test_a_folder_in_use_ends_the_batch(tmp_path):
    jobs = [job(tmp_path / "run0", toy_problem(8.0)), job(tmp_path / "run1", toy_problem(9.0))]
    holder, _ = jobs[1].open()
    with pytest.raises(KiralError, match="being written"):
        run_batch(jobs, 2, Ends().reporter())
    holder.close()
    assert open_run(tmp_path / "run0").status["status"] == "stopped"
