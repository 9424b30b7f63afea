"""What a run of a crust will need: memory against XLA's own count, steps against runs that were made, the refusal."""

import re

import equinox as eqx
import jax
import jax.numpy as jnp
import pytest

from kiral.api import setup_jax
from kiral.config.load import load_case
from kiral.core import estimate
from kiral.core.advance import _advance, start, step_options
from kiral.crust.emhd_resources import counts, memory, step_estimate
from kiral.errors import ConfigError
from kiral.geometry.sphere import product_grid
from kiral.resources import check_fits, resources

SMALL = {"geometry.n_r": 64, "geometry.l_max": 30, "time.t_end": 0.05}
CI = {"geometry.n_r": 96, "geometry.l_max": 6, "time.tolerance": 1e-4, "time.t_end": 100.0}
MADE = [  # accepted steps of runs that were made: case, settings, number
    ("crust-hall", {}, 3930),
    ("crust-hall", SMALL, 6402),
    ("crust-cmi-axisymmetric", {}, 200),
    ("crust-cmi-axisymmetric", CI, 50),
    ("crust-linear", {}, 63),
    ("crust-decay", {}, 63),
    ("crust-magnetothermal", {}, 1071),
    ("crust-cmi-3d", {}, 94),
]


def test_memory_is_what_the_compiler_allocates():
    """Never below XLA's count of the compiled step and a copy of what it is given, at most 30 % above."""
    case = load_case("crust-hall", {"geometry.l_max": 15, "geometry.m_max": 15, "geometry.n_r": 48}).config
    setup_jax(case.devices)
    problem, options = case.build("."), step_options(1e-4)
    state = jax.eval_shape(problem.initial_state)
    shapes = eqx.filter_eval_shape(start, problem.equation, "ark4", jnp.zeros(()), state, options)
    carry = jax.tree.map(lambda x: jnp.zeros(x.shape, x.dtype), shapes)
    numbers = (jnp.asarray(1, jnp.int64), jnp.asarray(1.0, jnp.float64), jnp.asarray(False))
    compiled = _advance.lower((problem.equation, "ark4", options), carry, *numbers).compile()
    counted = getattr(compiled, "compiled", compiled).memory_analysis()
    there, count = 2 * counted.argument_size_in_bytes + counted.temp_size_in_bytes, counts(case)
    assert there <= sum(memory(count).values()) <= 1.3 * there
    assert count.function == state.f.size * state.f.dtype.itemsize
    sphere, shell = problem.equation.sphere, problem.equation.shell
    assert count.points == sphere.n_theta * sphere.n_phi * shell.elements * (shell.order + 1)


@pytest.mark.parametrize("l_max, m_max", [(1, 0), (24, 0), (10, 10), (60, 60), (7, 3)])
def test_the_grid_is_that_of_the_transforms(l_max, m_max):
    case = load_case("crust-hall", {"geometry.l_max": l_max, "geometry.m_max": m_max, "initial.degree": 1}).config
    n_theta, n_phi = product_grid(l_max, m_max)
    assert counts(case).points == n_theta * n_phi * 8 * 5


@pytest.mark.parametrize("case, settings, made", MADE)
def test_steps_lie_between_the_bounds(case, settings, made):
    steps = step_estimate(load_case(case, settings | {"output.spectra": None, "output.snapshots": None}).config)[1]
    assert steps.low < made < steps.high < 20 * steps.low


def test_a_fixed_step_takes_what_it_takes():
    assert resources(load_case("crust-linear", {"time.dt": 0.5, "time.t_end": 90.0}).config).needs.steps == (180, 180)


def test_what_does_not_fit_is_refused(tmp_path, monkeypatch):
    large = {"geometry.n_r": 1024, "geometry.l_max": 250, "geometry.m_max": 250}
    monkeypatch.setattr(estimate, "_left_in_groups", lambda: [16 * estimate.GIB])
    with pytest.raises(ConfigError, match=r"l_max = 250, m_max = 250 needs .*What fits: geometry.l_max = \d+, m_max") as caught:
        check_fits(load_case("crust-hall", large).config, tmp_path)
    fits = int(re.search(r"What fits: geometry.l_max = (\d+)", str(caught.value))[1])
    assert 20 < fits < 200
    check_fits(load_case("crust-hall", large | {"geometry.l_max": fits, "geometry.m_max": fits}).config, tmp_path)
