"""Sweeps: together, on a cluster and alone the numbers are the same; killed, failed and refused ones."""

import csv
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import xarray

import kiral
from kiral.config.load import load_case
from kiral.core.folder import open_run
from kiral.errors import ConfigError
from kiral.sweeps import sweep
from kiral.sweeps.figures import draw_overview
from kiral.sweeps.plan import CPU_POINTS, Work, plan
from kiral.sweeps.table import make_table

CASE = """
title = "A field in one dimension"
[model]
kind = "chiral_mhd"
magnetic_diffusivity = 0.1
viscosity = 1e-2
chiral_diffusivity = 1e-2
chiral_feedback = 1.0
flow = "none"
xi = { file = "xi0.csv" }
[geometry]
n = [16, 1, 1]
k_min = 1.0
[initial]
kind = "white_noise"
amplitude = 0.3
mu5 = 3.0
[time]
t_end = 2.0
[output]
series = { every_time = 0.5 }
spectra = { every_time = 1.0 }
checkpoint = { every_steps = 50 }
[devices]
kind = "cpu"
"""
OVER = {"model.xi.file": ["xi0.csv", "xi1.csv"], "model.chiral_feedback": [1.0, 50.0]}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("sweeps")
    (path / "case.toml").write_text(CASE)
    (path / "xi0.csv").write_text("t, xi\n0, 0\n2, 0\n2000, 0\n")
    (path / "xi1.csv").write_text("t, xi\n0, 0\n2, 1\n2000, 1\n")
    return path


def run(folder, name, over=OVER, **options):
    return sweep(folder / "case.toml", over, folder / name, progress=False, report=False, **options)


@pytest.fixture(scope="module")
def together(folder):
    points = run(folder, "together")
    assert [point.status for point in points] == ["finished"] * 4
    return folder / "together"


@pytest.fixture(scope="module")
def alone(folder):
    assert {point.status for point in run(folder, "alone", batch="off", workers=0)} == {"finished"}
    return folder / "alone"


def rows(path):
    parts = {"series": open_run(path).series, "spectra": open_run(path).spectra}
    return {f"{part}.{name}": v.values for part, data in parts.items() for name, v in data.variables.items()}


def largest_difference(a, b):
    """Relative to the largest value of each quantity; drifts, which are round-off, are left out."""
    a, b = rows(a), rows(b)
    assert a.keys() == b.keys()
    names = [name for name in a if ".drift_" not in name and ".production_" not in name]
    return max(float(np.max(np.abs(a[n] - b[n])) / max(np.max(np.abs(a[n])), 1e-300)) for n in names)


def test_points_of_a_batch_are_those_alone(together, alone):
    """With other coefficients, other tables in time, and other steps."""
    steps = set()
    for i in range(4):
        kept = [open_run(path / f"point_{i:04d}").status for path in (together, alone)]
        assert kept[0]["batch"] == 4 and "batch" not in kept[1]
        assert kept[0]["step"] == kept[1]["step"]
        steps.add(kept[0]["step"])
        assert largest_difference(together / f"point_{i:04d}", alone / f"point_{i:04d}") < 1e-12
    assert len(steps) > 1


def test_the_table_holds_what_the_runs_hold(together):
    with open(together / "points.csv") as file:
        table = list(csv.DictReader(file))
    stored = xarray.open_zarr(together / "points.zarr", consolidated=False, chunks=None)
    assert len(table) == stored.sizes["point"] == 4
    for i, row in enumerate(table):
        found = open_run(together / row["point"])
        assert (row["model.xi.file"], float(row["model.chiral_feedback"])) == tuple(
            OVER[key][(i // 2, i % 2)[n]] for n, key in enumerate(OVER)
        )
        assert row["status"] == "finished" and int(row["steps"]) == found.status["step"]
        for name in found.series.data_vars:
            assert float(row[name]) == float(found.series[name][-1]) == float(stored[name][i])
        for name, drift in found.drift.items():
            assert float(row[f"worst_drift_{name}"]) == drift
    assert stored["b_rms"].attrs["units"] == found.series["b_rms"].attrs["units"]


def test_overview_draws_the_table(together):
    points = run(together.parent, "together")  # all there: nothing runs
    drawing = draw_overview(make_table(together, points), ("b_rms", "mu5_mean"))
    assert list(drawing.data) == ["b_rms", "mu5_mean"]
    for file in OVER["model.xi.file"]:
        x, y = drawing.data["b_rms"][f"model.xi.file = {file}"]
        chosen = [point for point in points if point.values["model.xi.file"] == file]
        assert x.tolist() == [point.values["model.chiral_feedback"] for point in chosen]
        assert y.tolist() == [float(open_run(together / point.folder).series["b_rms"][-1]) for point in chosen]


def test_a_cluster_runs_the_points_alone(folder, alone):
    over = {"model.chiral_feedback": OVER["model.chiral_feedback"]}
    assert {point.status for point in run(folder, "cluster", over, batch="off", workers=2)} == {"finished"}
    for i in range(2):
        assert largest_difference(folder / "cluster" / f"point_{i:04d}", alone / f"point_{i:04d}") < 1e-13
        assert open_run(folder / "cluster" / f"point_{i:04d}").provenance["sessions"][0]["command"] != sys.argv


LONG = {"time.t_end": [0.1, 1500.0], **OVER}
RARE = {f"output.{what}": {"every_steps": 200} for what in ("series", "spectra", "checkpoint")}


def test_a_killed_sweep_goes_on(folder, together):
    """SIGKILL when four points are finished and four have begun: those stay, these go on from their checkpoints."""
    code = f"from kiral.sweeps import sweep; sweep('case.toml', {LONG}, 'killed', overrides={RARE}, batch=4, workers=0)"
    command = [sys.executable, "-c", code]
    process = subprocess.Popen(command, cwd=folder, env=os.environ | {"JAX_PLATFORMS": "cpu"}, stderr=subprocess.DEVNULL)
    out, until = folder / "killed", time.monotonic() + 300
    while len(list(out.glob("*/checkpoints/step_*"))) < 8:
        assert process.poll() is None and time.monotonic() < until
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    names = [f"point_{i:04d}" for i in range(8)]
    assert [open_run(out / name).status["status"] for name in names] == ["finished"] * 4 + ["stopped"] * 4
    before = [(out / name / "provenance.json").read_bytes() for name in names[:4]]
    points = run(folder, "killed", LONG, overrides=RARE, batch=4, workers=0)
    assert [point.status for point in points] == ["finished"] * 8
    assert [(out / name / "provenance.json").read_bytes() for name in names[:4]] == before
    assert all("resumed from checkpoint" in (out / name / "log.txt").read_text() for name in names[4:])
    assert (out / "points.csv").read_text().count("finished") == 8


@pytest.mark.slow
def test_a_killed_sweep_goes_on_behind_a_scheduler(folder):
    """SIGKILL of the process that sweeps, while the workers of a scheduler that is not its own run the points."""
    over = {"model.chiral_feedback": OVER["model.chiral_feedback"], "time.t_end": [0.1, 300.0]}
    from distributed import LocalCluster

    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as workers:
        given = {"overrides": RARE, "batch": "off", "scheduler": workers.scheduler_address}
        code = f"from kiral.sweeps import sweep; sweep('case.toml', {over}, 'behind', **{given})"
        command = [sys.executable, "-c", code]
        process = subprocess.Popen(command, cwd=folder, env=os.environ | {"JAX_PLATFORMS": "cpu"}, stderr=subprocess.DEVNULL)
        out, until = folder / "behind", time.monotonic() + 300
        while len(list(out.glob("*/checkpoints/step_*"))) < 3:
            assert process.poll() is None and time.monotonic() < until
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
        points = run(folder, "behind", over, **given)
    assert [point.status for point in points] == ["finished"] * 4
    for point in points:
        assert point.values["time.t_end"] == open_run(out / point.folder).series["t"].values[-1]
    assert (out / "points.csv").read_text().count("finished") == 4


def test_what_runs_together(folder):
    """Equal grids that are small; other grids, large ones and other schemes alone."""

    def work(name, **overrides):
        return Work(folder / name, load_case(folder / "case.toml", {k.replace("__", "."): v for k, v in overrides.items()}))

    small = [work(f"s{seed}", seed=seed) for seed in range(5)]
    other = [work("n", geometry__n=[32, 1, 1]), work("scheme", time__scheme="etdrk4")]
    large = [work(f"l{seed}", seed=seed, geometry__n=[CPU_POINTS * 2, 1, 1]) for seed in range(2)]

    def sizes(*arguments, spread=False):
        return sorted((len(task.work), task.slots) for task in plan(small + other + large, *arguments, spread=spread))

    assert sizes("auto", 1) == sizes("auto", 4) == [(1, 1)] * 4 + [(5, 5)]
    assert sizes("auto", 2, spread=True) == [(1, 1)] * 4 + [(2, 2), (3, 3)]
    assert sizes("off", 4) == [(1, 1)] * 9
    assert sizes(2, 1) == [(1, 1)] * 2 + [(2, 2), (5, 2)]
    assert sizes(2, 2) == [(1, 1)] * 3 + [(2, 2)] * 3


@pytest.mark.parametrize(
    ("over", "options", "words"),
    [
        ({"seed": [1, 2, 1]}, {}, ["same case", "seed = 1"]),
        ({"model.viscosity": [1, 1.0]}, {}, ["same case"]),
        ({"seed": [1]}, {"batch": 0}, ["batch"]),
        ({"seed": [1]}, {"workers": -1}, ["--workers -1"]),
        ({"seed": [1]}, {"workers": 2, "scheduler": "tcp://127.0.0.1:1"}, ["give one of them"]),
    ],
)
def test_refusals(folder, over, options, words):
    with pytest.raises(ConfigError) as caught:
        run(folder, "refused", over, **options)
    assert all(word in str(caught.value) for word in words)
    assert not (folder / "refused").exists()


def test_sweep_is_a_function_of_kiral_however_often():
    """The name of a module must not hide it after the first use."""
    assert kiral.sweep is sweep and callable(kiral.sweep)
