"""What a run will need: memory against XLA's own count, steps against runs that were measured, and the refusal."""

import math
import re
from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import pytest

import kiral
from kiral import resources as guard
from kiral.api import setup_jax
from kiral.config.load import load_case, validate
from kiral.config.run import ChiralMHDRun
from kiral.config.write import to_toml
from kiral.core import estimate
from kiral.core.advance import _advance, start, step_options
from kiral.core.estimate import Range, rows_of
from kiral.errors import ConfigError
from kiral.mhd.build import build_equation
from kiral.mhd.resources import fitting, memory
from kiral.mhd.step_estimate import step_estimate
from kiral.papers.cases import write_cases
from kiral.papers.runs import load_runs
from kiral.resources import resources

MEASURED = {  # right-hand sides of run A on 32³ points to t = 0.11: the table of docs/mhd/numerics.md
    ("rk4", 1e-3): 3228, ("rk4", 1e-5): 4848, ("rk4", 1e-7): 13476,
    ("etdrk4", 1e-3): 1236, ("etdrk4", 1e-5): 4076, ("etdrk4", 1e-7): 12608,
}  # fmt: skip
SINGLE = {"devices__precision": "float32"}
MAXWELL = {
    "model": {"kind": "anomalous_maxwell", "charge": 0.3, "relaxation_time": 2.0},
    "geometry": {"n": 32, "length": 20.0},
    "initial": {"kind": "noise", "amplitude": 1e-3, "mu5": 0.1, "background_field": [0.0, 0.0, 1.0]},
    "time": {"t_end": 1.0, "tolerance": 1e-4},
}
GOOD_SIZES = [n for n in range(200, 500, 2) if n in {2**a * 3**b * 5**c for a in range(10) for b in range(6) for c in range(4)}]


def config(case="sourced-cpi", **overrides):
    return load_case(case, {key.replace("__", "."): value for key, value in overrides.items()}).config


@pytest.mark.parametrize(
    "changed",
    [
        {"geometry__n": 12, "time__scheme": "etdrk4", "time__tolerance": 1e-4, "model__flow": "none"} | SINGLE,
        {"geometry__n": 48, "time__scheme": "rk4"},
    ],
    ids=["whole grid, still, etdrk4, float32", "planes, relativistic, rk4"],
)
def test_memory_is_what_the_compiler_allocates(changed):
    """Never below XLA's count of the compiled step and a copy of what it is given, at most a quarter above."""
    compare_with_the_compiler(config(**changed))


@pytest.mark.slow
@pytest.mark.parametrize("current", ["ohm", "drude"])
def test_memory_of_the_maxwell_equations(current):
    """The same, of first order with both currents, its products formed on planes."""
    compare_with_the_compiler(validate(MAXWELL | {"model": MAXWELL["model"] | {"current": current}}))


def compare_with_the_compiler(case):
    setup_jax(case.devices)
    problem, options = case.build("."), step_options(1e-4)
    state = jax.eval_shape(problem.initial_state)
    shapes = eqx.filter_eval_shape(start, problem.equation, case.time.scheme, jnp.zeros(()), state, options)
    carry = jax.tree.map(lambda x: jnp.zeros(x.shape, x.dtype), shapes)
    numbers = (jnp.asarray(1, jnp.int64), jnp.asarray(1.0, jnp.float64), jnp.asarray(False))
    compiled = _advance.lower((problem.equation, case.time.scheme, options), carry, *numbers).compile()
    counted = getattr(compiled, "compiled", compiled).memory_analysis()
    there = 2 * counted.argument_size_in_bytes + counted.temp_size_in_bytes
    found = sum(case.needs(1).memory.values())
    assert there <= found <= 1.25 * there


def test_devices_share_the_memory():
    """But for the few planes of x on which each of them forms its products: 2^14 points."""
    case = config(geometry__n=128)
    two, four = (sum(memory(case, (128, 128, 128), "float64", devices).values()) for devices in (2, 4))
    assert two / 2 <= four < 1.05 * two / 2


@pytest.mark.parametrize(("scheme", "tolerance"), MEASURED)
def test_steps_lie_between_the_bounds(scheme, tolerance):
    case = config(geometry__n=32, time__t_end=0.11, time__scheme=scheme, time__tolerance=tolerance)
    steps = step_estimate(case)[1]
    assert steps.low < MEASURED[scheme, tolerance] / 4 < steps.high < 10 * steps.low + 100


def test_limits_are_those_of_the_equation():
    case = config(geometry__n=12, model__viscosity=3e-6, model__chiral_diffusivity=2e-6)
    setup_jax(case.devices)
    rates = build_equation(case, Path(".")).linear_rates()
    limits = {limit.name: limit.narrowest for limit in step_estimate(case)[0]}
    assert {"sound", "viscosity", "resistivity", "chiral diffusion"} <= rates.keys()
    for name, rate in rates.items():
        assert limits[name] == pytest.approx(float(rate.limit / rate.rate), rel=1e-12)


def test_fixed_steps_are_counted():
    assert step_estimate(config(time__dt=1e-3, time__t_start=0.0, time__t_end=0.1))[1] == (100, 100)


def test_rows_of_every_schedule():
    span, steps, wall = (1.0, 2.0), Range(100, 300), Range(60, 120)
    assert rows_of({"every_time": 0.25}, span, steps, wall, True) == (5, 5)
    assert rows_of({"every_time": 0.3}, span, steps, wall, True) == (5, 5)  # 1, 1.3, 1.6, 1.9, 2
    assert rows_of({"at": (0.5, 1.0, 1.5, 3.0)}, span, steps, wall, False) == (3, 3)
    assert rows_of({"at": (1.5,)}, span, steps, wall, True) == (3, 3)
    assert rows_of({"every_steps": 10}, span, steps, wall, True) == (12, 32)
    assert rows_of({"every_wall": 60.0}, span, steps, wall, True) == (3, 4)
    assert rows_of(None, span, steps, wall, True) == (0, 0)


def test_estimate_is_flat_and_grows_with_the_grid():
    small, large = (resources(config(geometry__n=n)).flat() for n in (128, 256))
    assert all(value is None or isinstance(value, int | float | str) for value in small.values())
    assert large["memory_per_device_bytes"] == pytest.approx(8 * small["memory_per_device_bytes"], rel=0.1)
    assert large["wall_s_low"] > 8 * small["wall_s_low"]
    assert large["steps_low"] > 1.5 * small["steps_low"]  # sound crosses half the spacing
    for name in ("steps", "wall_s", "disk_bytes", "gpu_wall_s_at_least"):
        assert 0 < small[f"{name}_low"] <= small[f"{name}_high"]


def test_what_fits_fits():
    """The grid of the advice is within the memory, the next one that transforms well is not; sides keep their ratio."""
    case, size = config(geometry__n=4096), 1e10
    advice = fitting(case, size, 1)
    fitted, single = (int(n) for n in re.match(r"geometry.n = (\d+), or (\d+) with devices.precision", advice).groups())
    needed = {n: sum(memory(case, (n,) * 3, "float64", 1).values()) for n in GOOD_SIZES}
    assert fitted == max(n for n in GOOD_SIZES if needed[n] <= size)
    assert fitted < single < 2 * fitted
    flat = config(geometry__n=[4096, 2048, 1], initial={"kind": "white_noise"})
    long, short = (int(n) for n in re.match(r"geometry.n = \[(\d+), (\d+), 1\]", fitting(flat, 1e9, 1)).groups())
    assert long == pytest.approx(2 * short, rel=0.01)
    assert sum(memory(flat, (long, short, 1), "float64", 1).values()) <= 1e9
    assert "nothing" in fitting(case, 1e3, 1)


# --- refusal ---------------------------------------------------------------------------------------------------------


def test_a_run_that_cannot_fit_is_refused_before_it_is_built(tmp_path, monkeypatch):
    monkeypatch.setattr(ChiralMHDRun, "build", lambda *_: pytest.fail("was built"))
    monkeypatch.setattr(guard, "host_memory", lambda: 8 * estimate.GIB)
    with pytest.raises(ConfigError) as refused:
        kiral.run("sourced-cpi", {"geometry.n": 4096, "devices.kind": "cpu"}, out=tmp_path / "run", progress=False)
    for part in ("geometry.n = [4096, 4096, 4096]", 'devices.precision = "float64"', "TiB of memory", "8 GiB free",
                 "What fits: geometry.n = "):  # fmt: skip
        assert part in str(refused.value)
    assert not (tmp_path / "run").exists()


def test_a_run_that_fills_the_disk_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(guard, "free_disk", lambda path: 1e5)
    with pytest.raises(ConfigError, match=r"will need .* the disk has 97.7 KiB free.*output.checkpoint.keep"):
        kiral.run("sourced-cpi", {"geometry.n": 16}, out=tmp_path / "run", progress=False)
    assert not (tmp_path / "run").exists()


def test_control_groups_limit_the_memory(tmp_path):
    """The tighter of the group's own limit and its parent's; what files it caches is free."""
    for name, limit, used, cached in (("a", "max", 10, 0), ("a/b", "5000", 3000, 500), ("a/b/c", "4000", 1000, 0)):
        folder = tmp_path / "root" / name
        folder.mkdir(parents=True)
        (folder / "memory.max").write_text(f"{limit}\n")
        (folder / "memory.current").write_text(f"{used}\n")
        (folder / "memory.stat").write_text(f"anon 1\ninactive_file {cached}\n")
    (tmp_path / "own").write_text("0::/a/b/c\n")
    assert sorted(estimate._left_in_groups(tmp_path / "root", tmp_path / "own")) == [2500.0, 3000.0]
    assert estimate._left_in_groups(tmp_path / "root", tmp_path / "none") == []


# --- case files of a paper -------------------------------------------------------------------------------------------


def test_runs_of_a_paper_become_case_files(tmp_path):
    """Files that load as exactly the configurations of the reproduction; none is overwritten."""
    written = write_cases("gurgenidze2025", "paper", tmp_path / "cases")
    runs = load_runs("gurgenidze2025", "paper").runs
    assert {"A", "A-star", "B", "C", "D"} <= {run.name for _, run, _ in written} == set(runs)
    for path, run, found in written:
        assert load_case(path).config.config_hash() == run.case.config.config_hash()
        assert math.isfinite(found.host_memory)
    with pytest.raises(ConfigError, match="overwrites nothing"):
        write_cases("gurgenidze2025", "paper", tmp_path / "cases")


def test_toml_reads_back():
    import tomllib

    values = {"title": 'μ "5"\n\\', "on": True, "n": [1, 2], "x": {"y z": 1e-30, "deep": {"a": -1.5}}, "empty": {}}
    assert tomllib.loads(to_toml(values | {"nothing": None})) == values
    case = config("cpi", model__charge={"separation": 1.0, "magnetic": 2.0, "diffusivity": 0.0})
    assert validate(tomllib.loads(to_toml(case.as_dict()))).config_hash() == case.config_hash()
