"""The run loop from start to end, interrupted in every way, on a tiny chaotic problem."""

import errno
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import jax
import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
from kiral.core import files
from kiral.core import loop as loop_module
from kiral.core import recorder as recorder_module
from kiral.core.advance import step_options
from kiral.core.folder import RunFolder, open_run
from kiral.core.progress import Reporter
from kiral.errors import CheckpointError, ConfigError, NumericalError, RunFolderError
from toy import KILLABLE, Schedule, run_toy, toy_problem

TOY = Path(__file__).parents[1] / "toy.py"
QUICK = {"t_end": 1.5, "scheme": "rk4", "options": step_options(1e-7)}


def rows(path):
    """Every number that a run has written, as bytes."""
    run = open_run(path)
    data = {"series": run.series, "spectra": run.spectra, "snapshots": run.snapshots.load()}
    return {f"{kind}.{name}": values.values.tobytes() for kind, d in data.items() for name, values in d.variables.items()}


def final_state(path):
    """The leaves of the newest checkpoint."""
    newest = max((path / "checkpoints").iterdir())
    return {p.name: p.read_bytes() for p in newest.glob("*.npy")}


@pytest.fixture(scope="module")
def straight(tmp_path_factory):
    """An uninterrupted quick run."""
    path = tmp_path_factory.mktemp("straight") / "run"
    run_toy(path, **QUICK)
    return path


def test_a_run_fills_its_folder(straight):
    run = open_run(straight)
    assert run.status["status"] == "finished"
    assert run.status["t"] == run.status["t_end"] == 1.5
    series = run.series
    assert series["t"].values.tolist() == [0.5 + i * 0.1 for i in range(10)] + [1.5]
    assert run.spectra["t"].values.tolist() == [0.7, 1.0, 1.5]
    assert run.snapshots["t"].values.tolist() == [0.5, 1.0, 1.5]
    assert run.snapshots["u"].dims == ("t", "component", "x", "y")
    assert all({"units", "long_name"} <= v.attrs.keys() for v in series.variables.values())
    assert {"step", "dt", "rate_waves", "rate_damping"} <= set(series)
    assert {f"{part}_energy" for part in ("total", "production", "scale", "drift")} <= set(series)
    provenance = run.provenance
    assert {"versions", "git", "command", "device", "cpu", "started", "ended", "config_hash"} <= provenance.keys()
    assert provenance["sessions"][0]["status"] == "finished"
    assert (straight / "case.toml").read_text() == "title = 'toy'\n"
    assert "finished" in (straight / "log.txt").read_text()


def test_drift_is_the_gap_over_the_running_scale(straight):
    run, series = open_run(straight), open_run(straight).series
    total, production = series["total_energy"], series["production_energy"]
    gap = np.abs((total - total[0]) - (production - production[0]))
    np.testing.assert_array_equal(series["drift_energy"], gap / np.maximum.accumulate(series["scale_energy"].values))
    assert run.drift["energy"] == float(series["drift_energy"].max()) < 1e-6
    vector = open_run(straight).snapshots["u"].isel(component=0).values.reshape(3, -1)[0, :3]
    assert float(series["total_vector"][0]) == pytest.approx(np.linalg.norm(vector), rel=1e-15)


@pytest.mark.parametrize("chunk_seconds", [0.0, 0.01])
def test_results_do_not_depend_on_chunks(tmp_path, straight, chunk_seconds):
    run_toy(tmp_path / "run", chunk_seconds=chunk_seconds, **QUICK)
    assert rows(tmp_path / "run") == rows(straight)
    assert final_state(tmp_path / "run") == final_state(straight)


def test_output_never_moves_accepted_steps(tmp_path, straight):
    other = {"series": Schedule(every_time=0.0137), "spectra": None, "snapshots": Schedule(at=(0.6, 0.61))}
    run_toy(tmp_path / "run", **(QUICK | other))
    assert final_state(tmp_path / "run") == final_state(straight)
    assert open_run(tmp_path / "run").snapshots["t"].values.tolist() == [0.6, 0.61, 1.5]
    series, same = open_run(tmp_path / "run").series, open_run(straight).series
    for name in ("mean", "total_energy"):
        assert series[name].values[0] == same[name].values[0]
        assert series[name].values[-1] == same[name].values[-1]


def test_every_steps_samples_accepted_states(tmp_path):
    changes = {"series": Schedule(every_steps=5), "spectra": Schedule(every_steps=20), "snapshots": None}
    run_toy(tmp_path / "run", **(QUICK | changes))
    series, spectra = open_run(tmp_path / "run").series, open_run(tmp_path / "run").spectra
    steps = series["step"].values
    assert steps[:-1].tolist() == list(range(0, steps[-2] + 1, 5))
    np.testing.assert_array_equal(spectra["t"].values[:-1], series["t"].values[:-1][::4])
    assert series["t"].values[-1] == spectra["t"].values[-1] == 1.5


def test_every_wall_samples_and_checkpoints(tmp_path):
    changes = {"series": Schedule(every_wall=1e-9), "checkpoint": Schedule(every_wall=1e-9), "chunk_seconds": 0.0}
    status = run_toy(tmp_path / "run", **(QUICK | changes | {"t_end": 0.6}))
    assert open_run(tmp_path / "run").series.sizes["t"] == status["step"] + 2


@pytest.mark.parametrize("checkpoint", [{"every_time": 0.25}, {"at": [0.9]}, {"every_steps": 40}])
def test_checkpoint_schedules(tmp_path, monkeypatch, checkpoint):
    written = []
    real = loop_module.write_checkpoint
    monkeypatch.setattr(loop_module, "write_checkpoint", lambda *a, **k: written.append(a[2]["t"]) or real(*a, **k))
    run_toy(tmp_path / "run", checkpoint=Schedule.from_dict(checkpoint), **QUICK)
    if "every_steps" not in checkpoint:
        due = [0.75, 1.0, 1.25, 1.5] if "every_time" in checkpoint else [0.9, 1.5]
        assert len(written) == len(due)
        assert all(t <= T < t + 0.05 for t, T in zip(written, due, strict=True))
    assert len(list((tmp_path / "run/checkpoints").iterdir())) == 2


def test_a_finished_run_extends_to_the_bits_of_a_longer_one(tmp_path, straight):
    run_toy(tmp_path / "run", **(QUICK | {"t_end": 1.2345}))
    assert open_run(tmp_path / "run").series["t"].values[-1] == 1.2345
    run_toy(tmp_path / "run", resume=True, **QUICK)
    assert rows(tmp_path / "run") == rows(straight)
    assert final_state(tmp_path / "run") == final_state(straight)
    again = run_toy(tmp_path / "run", resume=True, **QUICK)
    assert again["status"] == "finished"
    assert rows(tmp_path / "run") == rows(straight)


def test_a_second_run_compiles_nothing_new(straight, tmp_path):
    before = loop_module.compile_seconds()
    problem = toy_problem(forcing=7.5, scale=0.9, t_start=0.4)
    run_toy(tmp_path / "run", problem, **(QUICK | {"t_end": 1.1, "options": step_options(1e-6)}))
    assert loop_module.compile_seconds() == before


class Interrupt(Reporter):
    """Sends a signal to its own process at the third chunk."""

    def __init__(self, number, times=1):
        self.number, self.times, self.chunks, self.messages = number, times, 0, []

    def update(self, progress):
        self.chunks += 1
        if self.chunks == 3:
            for _ in range(self.times):
                os.kill(os.getpid(), self.number)

    def message(self, text):
        self.messages.append(text)


def run_interrupted(path, reporter, **changes):
    with RunFolder.create(path, "", {}) as folder:
        settings = loop_settings(**changes)
        return loop_module.run_loop(toy_problem(), folder, settings, reporter=reporter)


def loop_settings(**changes):
    from toy import toy_settings

    return toy_settings(**(QUICK | {"chunk_seconds": 0.0} | changes))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_finishes_the_chunk_and_says_how_to_resume(tmp_path, straight, number):
    path, before = tmp_path / "run", signal.getsignal(number)
    reporter = Interrupt(number)
    status = run_interrupted(path, reporter)
    assert (status["status"], status["reason"]) == ("stopped", signal.Signals(number).name)
    assert f"resume with: kiral resume {path}" in reporter.messages[-1]
    assert signal.getsignal(number) == before  # a process in the background may have been told to ignore Ctrl-C
    with RunFolder.open(path) as folder:
        loop_module.run_loop(toy_problem(), folder, loop_settings(), resume=True)
    assert rows(path) == rows(straight)
    assert open_run(path).provenance["resumed"][0]["changes"] == {}


def test_a_second_ctrl_c_aborts_at_once(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        run_interrupted(tmp_path / "run", Interrupt(signal.SIGINT, times=2))
    assert open_run(tmp_path / "run").status["status"] == "stopped"


def test_wall_limit_stops_in_time_with_a_checkpoint(tmp_path, straight):
    path = tmp_path / "run"
    began = time.monotonic()
    changes = {"wall_limit": 2.5, "chunk_seconds": 0.0, "checkpoint": Schedule(every_steps=1)}
    status = run_toy(path, **(QUICK | {"t_end": 1e3} | changes))
    assert time.monotonic() - began < 4.0
    assert status["status"] == "stopped"
    assert "wall_limit" in status["reason"]
    assert len(list((path / "checkpoints").iterdir())) == 2
    assert open_run(path).series.sizes["t"] >= 1


@pytest.mark.parametrize("options", [step_options(1e-7), step_options(1e-7, dt_fixed=1e-3)])
def test_blow_up_names_field_time_step_rate_and_checkpoint(tmp_path, options):
    path = tmp_path / "run"
    changes = {"options": options, "checkpoint": Schedule(every_steps=100), "t_end": 100.0}
    with pytest.raises(NumericalError) as error:
        run_toy(path, toy_problem(growth=0.01), **(QUICK | changes))
    text = str(error.value)
    for part in (" at step ", "t = ", "limited by: ", "last good checkpoint: step_", "Try a smaller"):
        assert part in text
    assert ("non-finite u" in text) or ("largest field: " in text)
    assert " (fastest rate: " in text
    status = open_run(path).status
    assert (status["status"], status["reason"]) == ("failed", text)
    newest = max((path / "checkpoints").iterdir())
    assert all(np.isfinite(np.load(p)).all() for p in newest.glob("*.npy"))
    assert np.isfinite(open_run(path).series["mean"]).all()


def test_monitors_warn_once(tmp_path):
    from dataclasses import replace

    problem = toy_problem()
    problem = replace(problem, monitors=(replace(problem.monitors[0], limit=5.0),))
    status = run_toy(tmp_path / "run", problem, **QUICK)
    assert len(status["warnings"]) == 1
    assert "the mean is out of range (mean = " in status["warnings"][0]
    assert "warning: the mean" in (tmp_path / "run/log.txt").read_text()


def test_listed_times_outside_the_run_are_told(tmp_path):
    run_toy(tmp_path / "run", spectra=Schedule(at=(0.1, 0.7, 9.0)), **QUICK)
    assert "output.spectra.at: 0.1, 9 lie outside the run and are skipped" in (tmp_path / "run/log.txt").read_text()
    assert open_run(tmp_path / "run").spectra["t"].values.tolist() == [0.7, 1.5]


def test_resume_without_the_checkpoints_destroys_nothing(tmp_path):
    path = tmp_path / "run"
    run_toy(path, **(QUICK | {"t_end": 0.7}))
    before = rows(path)
    shutil.rmtree(path / "checkpoints")
    with pytest.raises(CheckpointError, match=r"is empty, but step_.* had been written"):
        run_toy(path, resume=True, **QUICK)
    assert rows(path) == before


def test_a_resume_that_finds_only_damage_leaves_status_and_rows(tmp_path):
    path = tmp_path / "run"
    run_toy(path, **(QUICK | {"t_end": 0.7}))
    before, status = rows(path), open_run(path).status
    for manifest in path.glob("checkpoints/*/manifest.json"):
        manifest.write_text("{")
    with pytest.raises(CheckpointError, match="damaged"):
        run_toy(path, resume=True, **QUICK)
    assert (rows(path), open_run(path).status) == (before, status)


def test_an_altered_configuration_is_refused(tmp_path):
    path = tmp_path / "run"
    run_toy(path, wall_limit=1e-9, **(QUICK | {"chunk_seconds": 0.0}))
    config = json.loads((path / "config.json").read_text())
    config["model"]["forcing"] = 8.5
    (path / "config.json").write_text(json.dumps(config))
    with pytest.raises(RunFolderError, match=r"config\.json has been altered"):
        RunFolder.open(path)


def test_damaged_rows_are_told_to_a_reader(tmp_path):
    path = tmp_path / "run"
    run_toy(path, **(QUICK | {"t_end": 0.7}))
    (path / "series.zarr/scalars/mean/c/0").write_bytes(b"half")
    with pytest.raises(RunFolderError, match=r"series\.zarr/scalars, it is damaged"):
        _ = open_run(path).series


def test_damaged_snapshots_are_told_where_they_are_used_and_other_errors_go_through(tmp_path):
    path = tmp_path / "run"
    run_toy(path, **(QUICK | {"t_end": 0.7}))
    run = open_run(path)
    name = str(next(iter(run.snapshots.data_vars)))
    with pytest.raises(ZeroDivisionError), run.reading():
        _ = 1 / 0
    chunk = next(p for p in (path / "snapshots.zarr" / name / "c").rglob("*") if p.is_file())
    chunk.write_bytes(b"half")
    with pytest.raises(RunFolderError, match=rf"snapshots\.zarr/{name}, row 0: it is damaged"), run.reading():
        run.snapshots[name].load()


def test_rates_get_names_for_files_and_variables():
    assert recorder_module._identifier("Alfvén waves") == "alfven_waves"


def test_a_run_killed_before_its_first_checkpoint_starts_again(tmp_path, straight):
    with RunFolder.create(tmp_path / "run", "", {}) as folder:
        loop = loop_module.Loop(toy_problem(), folder, loop_settings(), Reporter(), loop_module.StopRequest())
        loop.begin(False)
        loop.recorder.flush()
    with RunFolder.open(tmp_path / "run") as folder:
        loop_module.run_loop(toy_problem(), folder, loop_settings(), resume=True)
    assert rows(tmp_path / "run") == rows(straight)


def test_resume_with_an_earlier_end_is_refused(tmp_path):
    run_toy(tmp_path / "run", wall_limit=1e-9, **(QUICK | {"chunk_seconds": 0.0}))
    with pytest.raises(ConfigError, match=r"the run is at t = 0\.5"):
        run_toy(tmp_path / "run", resume=True, **(QUICK | {"t_end": 0.4}))


# ---- the folder


def test_another_case_the_same_case_and_strangers_are_refused(tmp_path, straight):
    with pytest.raises(RunFolderError, match=r"another case: model\.forcing = 9\.0 \(there: 8\.0\)"):
        RunFolder.create(straight, "", {"model": {"forcing": 9.0}, "time": {"t_end": 2.5}})
    with pytest.raises(RunFolderError, match="holds this case, finished"):
        run_toy(straight)
    (tmp_path / "thesis.tex").write_text("precious")
    with pytest.raises(RunFolderError, match=r"no run folder .*thesis\.tex"):
        RunFolder.create(tmp_path, "", {})
    assert not (tmp_path / "run.lock").exists()
    assert open_run(straight).status["status"] == "finished"


def test_open_run_says_what_is_wrong(tmp_path):
    with pytest.raises(RunFolderError, match="no run folder"):
        open_run(tmp_path / "nothing")
    with pytest.raises(RunFolderError, match="is no run folder"):
        open_run(tmp_path)


def test_resume_takes_only_changes_that_keep_the_run(tmp_path):
    path = tmp_path / "run"
    run_toy(path, wall_limit=1e-9, **(QUICK | {"chunk_seconds": 0.0}))
    changed = {"model": {"forcing": 8.5}, "time": {"t_end": 3.0}}
    with pytest.raises(RunFolderError, match=r"cannot be resumed with model\.forcing = 8\.5"):
        RunFolder.open(path, changed, ["time.t_end"])
    changed["model"]["forcing"] = 8.0
    with RunFolder.open(path, changed, ["time.t_end"]) as folder:
        assert folder.config == changed
    assert open_run(path).provenance["resumed"][-1]["changes"] == {"time.t_end": [2.5, 3.0]}
    assert open_run(path).config == changed


def test_a_killed_start_leaves_a_folder_that_can_be_used(tmp_path, monkeypatch):
    real = files.write_bytes
    for killed_at in range(4):
        count = []

        def killed(path, pieces, *, sync, count=count, killed_at=killed_at):
            count.append(path)
            if len(count) > killed_at:
                raise SystemError("killed")
            real(path, pieces, sync=sync)

        monkeypatch.setattr(files, "write_bytes", killed)
        with pytest.raises(SystemError):
            RunFolder.create(tmp_path / "run", "", {"a": 1})
    monkeypatch.setattr(files, "write_bytes", real)
    RunFolder.create(tmp_path / "run", "", {"a": 1}).close()


@pytest.mark.parametrize(
    ("number", "says"),
    [
        (errno.ENOSPC, "disk full .* the last checkpoint, step_.*, is intact; free space and `kiral resume"),
        (errno.EDQUOT, "disk full"),
        (errno.EROFS, "Change its permissions, or choose another folder with --out"),
        (errno.EACCES, "Change its permissions"),
    ],
)
def test_disk_errors_lose_nothing(tmp_path, straight, monkeypatch, number, says):
    path, real = tmp_path / "run", files.write_bytes
    begun = []

    def broken(file, pieces, *, sync):
        if file.name == "manifest.json":
            begun.append(file)
        if len(begun) > 3:
            raise OSError(number, os.strerror(number))
        real(file, pieces, sync=sync)

    monkeypatch.setattr(files, "write_bytes", broken)
    with pytest.raises(RunFolderError, match=says):
        run_toy(path, checkpoint=Schedule(every_steps=20), **QUICK)
    monkeypatch.setattr(files, "write_bytes", real)
    run_toy(path, resume=True, **QUICK)
    assert rows(path) == rows(straight)


def test_a_folder_that_cannot_be_made_is_told(tmp_path, monkeypatch):
    def refuse(self, *_, **__):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(RunFolderError, match="Read-only file system"):
        RunFolder.create(tmp_path / "run", "", {})


def test_one_writer_at_a_time(tmp_path):
    with RunFolder.create(tmp_path / "run", "", {}):
        code = "import sys; from kiral.core.folder import RunFolder; RunFolder.open(sys.argv[1])"
        other = subprocess.run([sys.executable, "-c", code, tmp_path / "run"], capture_output=True, text=True)
        assert other.returncode != 0
        assert f"is being written by process {os.getpid()} on " in other.stderr
        assert open_run(tmp_path / "run").status["status"] == "created"
    assert open_run(tmp_path / "run").status["status"] == "stopped"


def test_reading_needs_no_jax(straight):
    code = (
        "import sys; from kiral.core.folder import open_run; r = open_run(sys.argv[1]); r.series, r.spectra, r.snapshots, "
        "r.status, r.config, r.provenance, r.drift; sys.exit('jax' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code, straight], check=True)


def test_it_runs_outside_the_main_thread(tmp_path):
    found = []
    thread = threading.Thread(target=lambda: found.append(run_toy(tmp_path / "run", **(QUICK | {"t_end": 0.7}))))
    thread.start()
    thread.join()
    assert found[0]["status"] == "finished"


# ---- kill -9


def start_process(path, cache, *arguments):
    environment = os.environ | {
        "JAX_PLATFORMS": "cpu", "JAX_COMPILATION_CACHE_DIR": str(cache), "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
    }  # fmt: skip
    return subprocess.Popen([sys.executable, TOY, path, *arguments], env=environment, stderr=subprocess.PIPE)


def finish(process):
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors.decode()


def wait_for_checkpoints(path, process, number):
    """Until `number` new ones have been seen."""
    old, seen = set((path / "checkpoints").glob("step_*")), set()
    while process.poll() is None and len(seen) < number:
        seen |= set((path / "checkpoints").glob("step_*")) - old
        time.sleep(0.002)


def inside_a_write(path):
    """What was being written when the process died is left half-done under a temporary name."""
    return any(path.rglob(".partial-*")) or any((path / "checkpoints").glob(".new-step*"))


def kill_and_resume(path, cache, times, seed, slow):
    """Kill a run `times` times, each at a random moment after new progress, then let it finish. Returns hits in a write."""
    rng, hits, killed = random.Random(seed), 0, 0
    while killed < times:
        process = start_process(path, cache, slow)
        if rng.random() < 0.8:
            wait_for_checkpoints(path, process, rng.randint(1, 4))
            time.sleep(rng.uniform(0, 0.2))
        else:
            time.sleep(rng.uniform(0, 2.0))
        process.kill()
        process.communicate()
        assert process.returncode == -signal.SIGKILL, "the run ended before it was killed: make it longer"
        killed += 1
        hits += inside_a_write(path)
    finish(start_process(path, cache))
    return hits


@pytest.mark.parametrize(
    ("times", "least_hits"), [(3, 0), pytest.param(20, 5, marks=pytest.mark.slow)], ids=["3 kills", "20 kills"]
)
def test_kill_at_random_moments_and_resume_gives_the_same_bits(tmp_path, times, least_hits):
    cache = tmp_path / "cache"
    run_toy(tmp_path / "straight", **KILLABLE)
    hits = kill_and_resume(tmp_path / "killed", cache, times, seed=times, slow="0.002")
    assert hits >= least_hits  # three kills may all miss a write; of twenty a quarter hits one
    assert rows(tmp_path / "killed") == rows(tmp_path / "straight")
    assert final_state(tmp_path / "killed") == final_state(tmp_path / "straight")
    assert json.loads((tmp_path / "killed/status.json").read_text())["status"] == "finished"
    assert jax.config.jax_enable_x64
