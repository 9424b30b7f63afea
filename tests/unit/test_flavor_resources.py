"""What a run of flavor kinetics will need: memory against XLA's own count, steps against runs that were made, the refusal."""

import re

import equinox as eqx
import jax
import jax.numpy as jnp
import pytest

from kiral.api import setup_jax
from kiral.config.load import load_case
from kiral.core import estimate
from kiral.core.advance import _advance, start, step_options
from kiral.errors import ConfigError
from kiral.flavor.resources import counts, memory, step_estimate
from kiral.resources import check_fits, resources

MADE = {  # accepted steps of runs of the cases: settings, number
    "fast-flavor-1d": ({"time.t_end": 300.0, "model.n_angles": 16, "geometry.n": 256}, 899),
    "fast-flavor-3d": ({"time.t_end": 10.0}, 105),
    "bipolar": ({}, 5134),
    "two-beam": ({"time.t_end": 4.0, "geometry.n": 256}, 467),
}


def config(case="fast-flavor-1d", **overrides):
    return load_case(case, {key.replace("__", "."): value for key, value in overrides.items()}).config


def test_memory_is_what_the_compiler_allocates():
    """Never below XLA's count of the compiled step and a copy of what it is given, at most 30 % above."""
    case = config(geometry__n=4096)
    setup_jax(case.devices)
    problem, options = case.build("."), step_options(1e-4)
    state = jax.eval_shape(problem.initial_state)
    shapes = eqx.filter_eval_shape(start, problem.equation, "lie4", jnp.zeros(()), state, options)
    carry = jax.tree.map(lambda x: jnp.zeros(x.shape, x.dtype), shapes)
    numbers = (jnp.asarray(1, jnp.int64), jnp.asarray(1.0, jnp.float64), jnp.asarray(False))
    compiled = _advance.lower((problem.equation, "lie4", options), carry, *numbers).compile()
    counted = getattr(compiled, "compiled", compiled).memory_analysis()
    there = 2 * counted.argument_size_in_bytes + counted.temp_size_in_bytes
    found = memory(case, case.geometry.n, "float64", 1)
    assert there <= sum(found.values()) - found["initial state"] <= 1.3 * there
    assert [x.shape for x in state.p] == [(counts(case).directions, counts(case).bins, 1, 1, 4096)] * counts(case).components


@pytest.mark.parametrize("case", MADE)
def test_steps_lie_between_the_bounds(case):
    settings, made = MADE[case]
    steps = step_estimate(load_case(case, settings).config)[1]
    assert steps.low < made < steps.high < 10 * steps.low


def test_devices_share_the_directions():
    case = config("fast-flavor-3d", geometry__n=[64, 64, 64])
    one, four = (resources(case, devices).flat()["memory_state_and_its_slope_bytes"] for devices in (1, 4))
    assert four == one / 4


def test_what_does_not_fit_is_refused(tmp_path, monkeypatch):
    case = config("fast-flavor-3d", geometry__n=[512, 512, 512])
    monkeypatch.setattr(estimate, "_left_in_groups", lambda: [16 * estimate.GIB])
    with pytest.raises(ConfigError, match=r"geometry.n = \[512, 512, 512\].*What fits: geometry.n = \[\d+") as caught:
        check_fits(case, tmp_path)
    fits = [int(size) for size in re.search(r"What fits: geometry.n = \[([\d, ]+)\]", str(caught.value))[1].split(",")]
    assert 16 < fits[0] < 200
    check_fits(config("fast-flavor-3d", geometry__n=fits), tmp_path)
