"""float32 as a choice: only the fields are single, in a unit of the magnetic field that keeps their products in range."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from setups import EXTENSIONS, NONLINEAR, distance, equation, helical_force, number, random_state, run, tendency

from kiral.config.load import load_case
from kiral.core.advance import advance, evaluate, evaluate_budgets, sample, start, step_options
from kiral.core.equation import PyTree
from kiral.errors import ConfigError
from kiral.mhd.initial import helical_mode, state_from, uniform
from kiral.mhd.precision import (
    FLOAT32_RANGE,
    RANGE_MONITOR,
    double,
    field_unit,
    in_code_units,
    in_float32,
    lowered,
    replace_units,
    rescaled,
)
from kiral.mhd.precision import _in_unit as in_unit
from kiral.mhd.source import NoSource

PLANE = (8, 8, 1)
NAMES = ("b_rms", "u_rms", "mu5_mean", "magnetic_helicity", "energy_spectrum")


def weaker(y, b):
    """The state with its magnetic field times b, at rest."""
    return y._replace(
        A=tuple(b * a for a in y.A),
        momentum=y.momentum and tuple(jnp.zeros_like(m) for m in y.momentum),
        rho=None if y.rho is None else jnp.zeros_like(y.rho).at[0, 0, 0].set(1.0),
    )


def ratio(a: PyTree, b: PyTree) -> dict:
    """Largest difference of each field over its largest value."""
    names = [n for n in ("A", "momentum", "rho", "mu5", "mu") if getattr(b, n) is not None]
    stacked = {n: [np.stack(jax.tree.leaves(getattr(y, n))) for y in (a, b)] for n in names}
    return {n: np.max(np.abs(x - y)) / np.max(np.abs(y)) for n, (x, y) in stacked.items()}


FLOWS = {
    "relativistic": NONLINEAR | {"form": "roperpol2025"},
    "incompressible": NONLINEAR | EXTENSIONS | {"flow": "incompressible"},
    "none": NONLINEAR | {"flow": "none", "heating": "none"},
}


@pytest.mark.parametrize("flow", FLOWS)
def test_another_unit_of_the_field_is_the_same_physics_to_the_last_bit(flow):
    eq = equation(PLANE, **FLOWS[flow])
    if flow == "incompressible":
        eq = equation(PLANE, **FLOWS[flow], forcing=helical_force(eq.box))
    y, t, b = random_state(eq), number(0.3), number(2.0**-37)
    there = tendency(replace_units(eq, b), t, in_unit(y, b))
    for x, z in zip(jax.tree.leaves(in_unit(there, 1 / b)), jax.tree.leaves(tendency(eq, t, y)), strict=True):
        np.testing.assert_array_equal(np.asarray(x), np.asarray(z))
    weak = weaker(y, 1e-24)
    exact = tendency(eq, t, weak)
    if flow == "incompressible":  # a uniform field and a force of order one besides: nothing weak is left to drive it
        return
    unit = field_unit(equation(PLANE, **FLOWS[flow]), 1e-24, 1.0)
    assert unit < 1e-9 and np.log2(unit) % 1 == 0

    def single(unit):
        there = tendency(replace_units(eq, number(unit)), t, lowered(weak, unit))
        return in_unit(double(there), 1 / number(unit))

    assert max(ratio(single(unit), exact).values()) < 3e-6
    assert (max(ratio(single(1.0), exact).values()) > 0.9) == eq.moves  # B² is 0 there, and nothing sets the fluid in motion


def test_budgets_of_another_unit_are_reported_in_code_units():
    eq = equation(PLANE, **NONLINEAR)
    y = random_state(eq)
    ours = evaluate_budgets(rescaled(eq, 2.0**-20), number(0.0), lowered(y, 2.0**-20))
    for name, budget in evaluate_budgets(eq, number(0.0), y).items():
        np.testing.assert_allclose(ours[name].total, budget.total, rtol=1e-6, err_msg=name)


def dtypes(y):
    return {x.dtype for x in jax.tree.leaves(y._replace(ledger=()))}, {x.dtype for x in jax.tree.leaves(y.ledger)}


def test_a_float32_run_stays_float32_and_near_the_float64_one():
    eq = equation(PLANE, **NONLINEAR)
    y, single = random_state(eq), rescaled(eq, 2.0**-3)
    found, exact = run(single, lowered(y, 2.0**-3), 0.4, 20, "rk4"), run(eq, y, 0.4, 20, "rk4")
    assert 1e-9 < distance(eq, in_code_units(single, found)[1], exact) < 1e-5
    options = step_options(1.0, dt_fixed=0.02)
    there = jax.eval_shape(lambda e, y: start(e, "etdrk4", number(0.0), y, options).slope, single, lowered(y, 1.0))
    for state in (found, there):
        assert dtypes(state) == ({jnp.dtype("complex64")}, {jnp.dtype("float64")})


def at_end(problem, t_end, tolerance):
    """Chosen observables, budgets' drift and steps at t_end."""
    options, t0 = step_options(tolerance), number(problem.t_start)
    eq, y = problem.equation, problem.initial_state()
    before = evaluate_budgets(eq, t0, y)
    carry = advance(eq, "rk4", start(eq, "rk4", t0, y, options), 10**6, t_end, options)
    t, y = sample(eq, "rk4", carry, t_end, options)
    wanted = tuple(o for o in problem.observables if o.name in NAMES)
    drift = {
        name: float(jnp.max(jnp.abs(b.total - before[name].total - b.production) / b.scale))
        for name, b in evaluate_budgets(eq, t, y).items()
    }
    return {k: np.asarray(v) for k, v in evaluate(wanted, eq, t, y).items()}, drift, int(carry.step)


def test_run_a_in_a_plane():
    """From the seed of 1e-8 to saturation at B ~ 1, u ~ 0.1; the time stepper itself errs by 1e-7 to 1e-5."""
    overrides = {"geometry.n": list(PLANE), "geometry.k_min": 8e3, "initial.amplitude": 1e-12}
    problem = load_case("sourced-cpi", overrides).config.build()
    single = load_case("sourced-cpi", overrides | {"devices.precision": "float32"}).config.build()
    exact, drift, steps = at_end(problem, 0.1, 1e-5)
    found, drift_single, steps_single = at_end(single, 0.1, 1e-5)
    assert exact["b_rms"] > 0.9 and abs(steps_single - steps) <= 0.01 * steps
    for name in NAMES:
        np.testing.assert_allclose(found[name], exact[name], rtol=1e-4, err_msg=name)
    assert max(drift.values()) < 1e-6 and max(drift_single.values()) < 1e-5


CPI = """
[model]
kind = "chiral_mhd"
viscosity = 0.0
flow = "none"
{matter}
[initial]
kind = "helical_mode"
amplitude = {seed}
helicity = {helicity}
[time]
t_end = 1.0
tolerance = 1e-5
[devices]
precision = "float32"
"""
# Supernova matter as in supernova-cpi, the unit of length 1e-5 cm; the early Universe at 100 GeV, G25 Sec. III, unscaled.
MATTER = {
    "supernova": (1.6e-9, 9.668e9, -9.3, 5.0),
    "early Universe": (1.405e-18, 1.152e29, 2.03e10, 1e10),
}


def matter_case(folder, name, seed):
    eta, lam, xi, k = MATTER[name]
    matter = f"magnetic_diffusivity = {eta}\nchiral_diffusivity = {eta}\nchiral_feedback = {lam}\nxi = {xi}\n"
    path = folder / "case.toml"
    box = f"[geometry]\nn = [8, 1, 1]\nk_min = {k}\n"
    path.write_text(CPI.format(matter=matter + box, seed=seed, helicity=int(np.sign(xi))))
    return load_case(str(path)).config


@pytest.mark.parametrize("name", MATTER)
@pytest.mark.parametrize("seed", [1e-12, 1e-20, 1e-24])
def test_the_weakest_seeds_grow_at_the_exact_rate_in_real_matter(tmp_path, name, seed):
    """eta k (|xi| - k), four e-foldings; in code units 1e-24 of the early Universe errs by 6e-4, and 1e-28 becomes 0."""
    eta, _, xi, k = MATTER[name]
    problem = matter_case(tmp_path, name, seed).build()
    t = 4 / (eta * k * (abs(xi) - k))
    options = step_options(1e-5)
    eq = problem.equation
    b_rms = next(o for o in problem.observables if o.name == "b_rms")
    b0 = evaluate((b_rms,), eq, number(0.0), problem.initial_state())["b_rms"]
    end, y = sample(eq, "rk4", start(eq, "rk4", number(0.0), problem.initial_state(), options), t, options)
    found = evaluate((b_rms, FLOAT32_RANGE), eq, end, y)
    assert float(b0) == pytest.approx(seed, rel=1e-6)
    assert np.log(found["b_rms"] / b0) == pytest.approx(4, abs=2e-5)
    assert found["float32_range"] < RANGE_MONITOR.limit


def test_what_no_unit_keeps_in_range_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=r'float32" holds numbers.*B\^2.*set devices.precision = "float64"'):
        matter_case(tmp_path, "early Universe", 1e-36).build()


def test_the_unit_depends_on_the_physics_alone():
    case = {"devices.precision": "float32", "initial.amplitude": 1e-30}
    units = [
        float(load_case("sourced-cpi", case | more).config.build().equation.field_unit)
        for more in ({}, {"time.t_end": 3.0, "output.series": {"every_steps": 3}, "time.tolerance": 1e-3})
    ]
    assert units[0] == units[1] < 1
    plain = load_case("sourced-cpi", {"devices.precision": "float32"}).config.build()
    assert float(plain.equation.field_unit) == 1


def test_a_field_near_the_limits_trips_the_monitor():
    problem = load_case("sourced-cpi", {"geometry.n": list(PLANE), "geometry.k_min": 8e3}).config.build()
    single = in_float32(problem, 1.0)
    assert RANGE_MONITOR in single.monitors
    y = lowered(problem.initial_state(), 1.0)
    for factor, near in ((1.0, False), (1e-12, True)):
        weak = y._replace(A=tuple(a * jnp.float32(factor) for a in y.A))
        used = float(evaluate((FLOAT32_RANGE,), single.equation, number(0.0), weak)["float32_range"])
        assert (used > RANGE_MONITOR.limit) == near


def test_tolerances_that_float32_cannot_deliver_are_refused():
    with pytest.raises(ConfigError, match=r"time.tolerance = 1e-07 is finer than float32.*1e-06 and more"):
        load_case("supernova-cpi", {"devices.precision": "float32"})
    load_case("supernova-cpi", {"devices.precision": "float32", "time.tolerance": 1e-6})


@pytest.mark.parametrize("scheme", ["rk4", "etdrk4"])
def test_slow_exact_decay_does_not_err_alike_in_every_step(scheme):
    """4000 steps of exp(-z), z = 3.3e-5: rounding exp(-z) to float32 errs by 2e-8 a step, 8e-5 in all."""
    eq = equation((8, 1, 1), flow="none", magnetic_diffusivity=0.05, flipping_rate=0.05, source=NoSource())
    a = helical_mode(eq.box, 1.0, (1, 0, 0), 1)
    y = state_from(eq.box, a, uniform(eq.box, 1e-12), flow="none")  # so weak that it does not drive the field
    n, z = 4000, 3.3e-5
    end = run(rescaled(eq, 1.0), lowered(y, 1.0), n * z / 0.05, n, scheme)
    left = np.exp(-n * z)
    assert float(jnp.abs(end.A[1][1, 0, 0]) / jnp.abs(a[1][1, 0, 0])) == pytest.approx(left, rel=5e-6)
    assert float(end.mu5[0, 0, 0].real) == pytest.approx(1e-12 * left, rel=5e-6)
    assert float(end.ledger.washout) == pytest.approx(1e-12 * (1 - left), rel=5e-5)
