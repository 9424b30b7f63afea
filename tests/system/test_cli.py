"""The `kiral` command: every mistake is one message with its exit status, and a small run goes through all commands."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import xarray

import kiral
from kiral.cli import main

TINY = """
title = "A decaying mode in one dimension"
[model]
kind = "chiral_mhd"
magnetic_diffusivity = 1e-2
viscosity = 1e-2
chiral_diffusivity = 1e-2
chiral_feedback = 1.0
flow = "none"
xi = { file = "xi.csv" }
[geometry]
n = [8, 1, 1]
k_min = 1.0
[initial]
kind = "helical_mode"
amplitude = 1e-3
[time]
t_end = 0.5
dt = 0.05
[output]
series = { every_steps = 2 }
spectra = { at = [0.5] }
snapshots = { at = [0.5] }
checkpoint = { every_steps = 4 }
[devices]
kind = "cpu"
"""
XI = "t, xi\n0, 0\n2, 0\n"


def call(capsys, *arguments):
    status = main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    assert "Traceback" not in captured.err
    return status, captured.out, captured.err


@pytest.fixture
def case_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "tiny.toml"
    path.write_text(TINY)
    (tmp_path / "xi.csv").write_text(XI)
    return path


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("finished")
    (folder / "tiny.toml").write_text(TINY)
    (folder / "xi.csv").write_text(XI)
    assert main(["run", str(folder / "tiny.toml"), "--out", str(folder / "run")]) == 0
    return folder / "run"


# --- without jax -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments", [["--help"], ["list"], ["check", "cpi"], ["estimate", "sourced-cpi"], ["calc"], ["run", "--help"]]
)
def test_light_commands_start_without_jax(arguments, tmp_path):
    code = (
        "import sys; from kiral.cli import main; status = main(sys.argv[1:]); sys.exit(status or 'jax' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code, *arguments], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_estimate_json_is_flat_and_follows_overrides(capsys):
    status, out, _ = call(capsys, "estimate", "sourced-cpi", "--json")
    values = json.loads(out)
    assert status == 0
    assert values["t_cross"] == pytest.approx(0.018420, rel=1e-4)
    assert values["k_cross"] == pytest.approx(7368, rel=1e-4)
    assert values["k_phi"] == 2e4
    assert values["helicity"] == pytest.approx(1.319e-5, rel=1e-3)
    assert values["helicity_gauss2_mpc"] == pytest.approx(2.62e-26, rel=1e-2)
    assert not any(isinstance(value, dict | list) for value in values.values())
    doubled = call(capsys, "estimate", "sourced-cpi", "--json", "--set", "model.source.amplitude=8e7")[1]
    assert json.loads(doubled)["k_phi"] == 4e4


def test_list_names_title_and_cost_of_the_cases(capsys, case_file):
    status, out, _ = call(capsys, "list")
    assert status == 0
    assert all(text in out for text in ("sourced-cpi", "cpi", "Gurgenidze", "cores"))


def test_copy_gives_the_commented_file_and_overwrites_nothing(capsys, case_file):
    assert call(capsys, "copy", "sourced-cpi", "my.toml")[0] == 0
    assert "# cost:" in (case_file.parent / "my.toml").read_text()
    assert call(capsys, "check", "my.toml")[0] == 0
    status, _, err = call(capsys, "copy", "cpi", "my.toml")
    assert status == 2
    assert "my.toml exists" in err
    assert call(capsys, "copy", "cpi", "none/my.toml")[0] == 2


@pytest.mark.parametrize(
    ("arguments", "status", "expected"),
    [
        (["run", "sourced-cp"], 2, ["no case named", "did you mean 'sourced-cpi'"]),
        (["run", "none.toml"], 2, ["no such case file", "none.toml"]),
        (["run", "tiny.toml", "--set", "geometry.m=3"], 2, ["geometry.m", "unknown key", "n, k_min, length"]),
        (["run", "tiny.toml", "--set", "geometry.n"], 2, ["--set 'geometry.n'", "KEY=VALUE"]),
        (["run", "tiny.toml", "--set", "time.scheme=rk5"], 2, ["time.scheme", "did you mean 'rk4'"]),
        (["check", "tiny.toml", "--set", "model.viscosity=-1"], 2, ["model.viscosity", ">= 0"]),
        (["run", "tiny.toml", "--ot", "x"], 2, ["--ot", "--out"]),
        (["run", "tiny.toml", "--out", "tiny.toml"], 5, ["cannot write tiny.toml", "Choose another folder"]),
        (["run", "tiny.toml", "--out", "tiny.toml/x"], 5, ["cannot write tiny.toml/x", "Choose another folder"]),
        (["run", "tiny.toml", "--out", "."], 5, ["not empty and no run folder", "tiny.toml"]),
        (["calc", "growth", "--out", "tiny.toml/x"], 5, ["cannot write tiny.toml/x", "Choose another folder"]),
        (["sweep", "tiny.toml", "--over", "seed=1,2", "--out", "."], 5, ["holds no sweep", "tiny.toml"]),
        (["rum", "tiny.toml"], 2, ["rum", "run"]),
        (["run"], 2, ["CASE"]),
        (["resume", "nowhere"], 5, ["no run folder nowhere"]),
        (["show", "nowhere"], 5, ["no run folder nowhere"]),
        (["plot", "nowhere"], 5, ["no run folder nowhere"]),
        (["cite", "nowhere"], 5, ["no run folder nowhere"]),
        (["export", "nowhere", "--to", "x.nc"], 5, ["no run folder nowhere"]),
        (["calc", "grow"], 2, ["no calculation 'grow'", "did you mean 'growth'"]),
        (["calc", "growth", "--set", "eta=1"], 2, ["eta", "unknown key", "magnetic_diffusivity"]),
        (["sweep", "tiny.toml", "--over", "seed", "--out", "s"], 2, ["--over 'seed'", "KEY=V1,V2"]),
        (["sweep", "tiny.toml", "--over", "seed=1,x", "--out", "s"], 2, ["seed", "whole number", "'x'"]),
        (["sweep", "tiny.toml", "--over", "sed=1,2", "--out", "s"], 2, ["sed", "did you mean 'seed'"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else str(value),
)
def test_mistakes_are_one_message_and_an_exit_status(capsys, case_file, arguments, status, expected):
    got, out, err = call(capsys, *arguments)
    assert (got, out) == (status, "")
    assert err.startswith("error: ")
    assert all(part in err for part in expected), err
    assert sorted(p.name for p in case_file.parent.iterdir()) == ["tiny.toml", "xi.csv"]


def test_output_that_cannot_be_written_is_one_message(case_file):
    command = [sys.executable, "-c", "import sys; from kiral.cli import main; sys.exit(main())"]
    with open("/dev/full", "w") as full:
        done = subprocess.run([*command, "estimate", "cpi", "--json"], stdout=full, stderr=subprocess.PIPE, text=True)
    assert (done.returncode, done.stderr.count("\n")) == (5, 1)
    assert done.stderr.startswith("error: ")


def test_interrupt_and_library_bugs_are_told_apart(capsys, case_file, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("kiral.config.load.load_case", interrupted)
    assert call(capsys, "check", "tiny.toml")[0] == 130
    monkeypatch.setattr("kiral.config.load.load_case", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        main(["check", "tiny.toml"])


# --- calculations ----------------------------------------------------------------------------------------------------


def test_figures_of_a_calculation_lie_in_its_folder(capsys, case_file):
    status, out, _ = call(capsys, "calc", "weak", "--figures", "--json")
    found = json.loads(out)
    assert status == 0
    assert len(found["figures"]) == 3 and all(Path(name).is_relative_to(found["folder"]) for name in found["figures"])
    assert all(Path(name).read_bytes().startswith(b"\x89PNG") for name in found["figures"])
    status, out, _ = call(capsys, "calc", "growth", "--figures")
    assert status == 0 and "this calculation has none" in out


def test_calculation_is_stored_and_read_the_next_time(capsys, case_file):
    arguments = ["calc", "growth", "--set", "mu5=2e4", "--json"]
    status, out, _ = call(capsys, *arguments)
    first = json.loads(out)
    assert status == 0
    assert (first["rate_max"], first["k_fastest"], first["k_unstable"], first["cached"]) == (100.0, 1e4, 2e4, False)
    rate, k = np.asarray(first["growth_rate"]), np.asarray(first["k"])
    np.testing.assert_allclose(rate, 1e-6 * k * (np.array([[1], [-1]]) * 2e4 - k), rtol=1e-15)
    again = json.loads(call(capsys, *arguments)[1])
    assert again == first | {"cached": True}
    stored = xarray.open_zarr(f"{first['folder']}/result.zarr", consolidated=False)
    assert stored.growth_rate.attrs["units"] == "1/t*"
    status, _, err = call(capsys, "calc", "growth", "--out", first["folder"])
    assert status == 5
    assert "mu5" in err


def test_estimates_calculation_agrees_with_estimate(capsys, case_file):
    values = json.loads(call(capsys, "calc", "estimates", "--json")[1])
    known = json.loads(call(capsys, "estimate", "sourced-cpi", "--json")[1])
    assert all(values[name] == known[name] for name in ("t_cross", "k_cross", "k_phi", "helicity"))


# --- one small run ---------------------------------------------------------------------------------------------------


def test_run_leaves_folder_page_and_table(capsys, finished):
    status, out, _ = call(capsys, "plot", finished)
    assert status == 0
    assert "run folder" in out and "report.html" in out and "drift" in out
    assert (finished / "report.html").exists()
    assert (finished / "case.toml").read_text() == TINY


def test_show_json_has_status_final_values_and_drift(capsys, finished):
    status, out, _ = call(capsys, "show", finished, "--json")
    values = json.loads(out)
    assert (status, values["status"]) == (0, "finished")
    assert values["series"]["t"] == 0.5
    assert values["series"]["b_rms"] == pytest.approx(1e-3 * np.exp(-1e-2 * 0.5), rel=1e-4)
    assert "helicity_chirality" in values["drift"]
    assert "b_rms" in call(capsys, "show", finished)[1]


def test_export_writes_one_netcdf_file_and_overwrites_nothing(capsys, finished, tmp_path):
    target = tmp_path / "run.nc"
    assert call(capsys, "export", finished, "--to", target)[0] == 0
    tree = xarray.open_datatree(target, engine="h5netcdf")
    assert {"scalars", "spectra", "snapshots"} <= set(tree.children)
    np.testing.assert_array_equal(tree["scalars"]["b_rms"], kiral.open_run(finished).series["b_rms"])
    assert json.loads(tree.attrs["config"])["geometry"]["n"] == [8, 1, 1]
    status, _, err = call(capsys, "export", finished, "--to", target)
    assert status == 2
    assert "exists" in err


def test_export_as_relic_holds_the_run_s_energy_and_helicity(capsys, finished, tmp_path):
    """The spectra in comoving gauss and Mpc, read again, against the series of the run."""
    target, table = tmp_path / "relic.nc", tmp_path / "relic.csv"
    assert call(capsys, "export", finished, "--to", target, "--as", "relic")[0] == 0
    data, run = xarray.load_dataset(target, engine="h5netcdf"), kiral.open_run(finished)
    last, gauss2_mpc = run.series.sel(t=0.5), data.attrs["helicity_unit_gauss2_mpc"]
    assert float(data.t[-1]) == 0.5
    energy, helicity = ((data[name] * data.dlnk).sum("k")[-1] for name in ("rho_b", "helicity_gauss2_mpc"))
    assert float(energy) == pytest.approx(float(last.energy_magnetic), rel=1e-12)
    assert float(helicity) == pytest.approx(float(last.magnetic_helicity) * gauss2_mpc, rel=1e-12)
    # One helical mode: B^2 lambda_B = 2 pi h.
    assert float(data.b_rms[-1]) ** 2 * float(data.lambda_b[-1]) == pytest.approx(2 * np.pi * float(helicity), rel=1e-9)
    assert call(capsys, "export", finished, "--to", table, "--as", "relic")[0] == 0
    assert "rho_b [E*/l*^3]" in table.read_text()
    status, _, err = call(capsys, "export", finished, "--to", tmp_path / "run.csv")
    assert status == 2 and "--as relic" in err
    found = json.loads(call(capsys, "calc", "relic", "--set", f"run={finished}", "--out", tmp_path / "calc", "--json")[1])
    assert found["helicity"] == pytest.approx(float(helicity), rel=1e-12)


def test_cite_names_kiral_and_the_papers(capsys, finished):
    out = call(capsys, "cite", finished)[1]
    assert all(name in out for name in ("kiral", "Gurgenidze", "Rogachevskii", "Krogstad"))


def test_same_and_other_case_in_one_folder_are_refused(capsys, finished):
    case = finished.parent / "tiny.toml"
    status, _, err = call(capsys, "run", case, "--out", finished)
    assert status == 5
    assert "finished" in err
    status, _, err = call(capsys, "run", case, "--set", "seed=7", "--out", finished)
    assert status == 5
    assert "another case" in err and "seed" in err


def test_resume_extends_a_run_and_refuses_other_changes(capsys, case_file):
    whole = kiral.run("tiny.toml", {"time.t_end": 1.0}, out="whole", progress=False)
    kiral.run("tiny.toml", out="part", progress=False)
    assert call(capsys, "resume", "part", "--no-report", "--set", "time.t_end=1.0")[0] == 0
    part = kiral.open_run("part")
    assert part.config["time"]["t_end"] == 1.0
    assert part.series["b_rms"][-1] == whole.series["b_rms"][-1]
    assert part.provenance["resumed"][0]["changes"] == {"time.t_end": [0.5, 1.0]}
    for override, named in (("seed=3", "seed"), ("time.dt=1e-3", "time.dt"), ("time.t_end=0.1", "time.t_end")):
        status, _, err = call(capsys, "resume", "part", "--set", override)
        assert status in (2, 5)
        assert named in err


def test_resume_notices_a_changed_table(capsys, case_file):
    kiral.run("tiny.toml", out="run", progress=False)
    (case_file.parent / "xi.csv").write_text("t, xi\n0, 0\n2, 0.2\n")
    status, _, err = call(capsys, "resume", "run", "--set", "time.t_end=1.0")
    assert status == 5
    assert "model.xi.file" in err and "changed" in err


# --- sweeps ----------------------------------------------------------------------------------------------------------


def test_sweep_runs_all_points_once_and_goes_on(capsys, case_file):
    arguments = ["sweep", "tiny.toml", "--over", "initial.amplitude=1e-3,2e-3", "--over", "seed=1,2", "--out", "s"]
    assert call(capsys, *arguments)[0] == 0
    index = json.loads((case_file.parent / "s" / "index.json").read_text())
    assert [point["values"] for point in index["points"]] == [
        {"initial.amplitude": a, "seed": s} for a in (1e-3, 2e-3) for s in (1, 2)
    ]
    assert all(point["status"] == "finished" for point in index["points"])
    records = [case_file.parent / "s" / point["folder"] / "provenance.json" for point in index["points"]]
    before = [record.read_bytes() for record in records]
    assert call(capsys, *arguments)[0] == 0
    assert [record.read_bytes() for record in records] == before
    status, _, err = call(capsys, "sweep", "tiny.toml", "--over", "seed=5,6", "--out", "s")
    assert status == 5
    assert "another sweep" in err or "larger sweep" in err


@pytest.mark.parametrize("batch", ["auto", "off"])
def test_sweep_isolates_a_point_that_fails(capsys, case_file, batch):
    values = "model.magnetic_diffusivity=1e12,1e-2"
    arguments = ["sweep", "tiny.toml", "--over", values, "--out", "s", "--batch", batch, "--workers", "0", "--no-report"]
    status, out, err = call(capsys, *arguments)
    assert status == 4
    assert "1 of 2 points failed" in err and "point_0000: overflow" in err
    assert "finished" in out and "s/points.csv" in out

