"""Chirality without a field: mu5(t) under source and washout against exact integrals, at any step."""

import itertools

import numpy as np
import pytest
from setups import equation, number, random_state, run

from kiral.core.advance import advance, evaluate_budgets, sample, start, step_options
from kiral.core.table import time_table
from kiral.mhd import solutions
from kiral.mhd.source import ConstantSource, DecaySource

TINY, LENGTH = (4, 1, 1), 2 * np.pi / 2500
TIMES = np.array([1e-3, 0.01, 0.05, 0.1, 0.15])
AMPLITUDE, T_PHI, T_START = 4e7, 0.05, 1e-5


def plasma(source, gamma5=1e3):
    """Run A without field and flow."""
    diffusion = {"magnetic_diffusivity": 1e-6, "chiral_diffusivity": 1e-6}
    return equation(TINY, length=LENGTH, flow="none", flipping_rate=gamma5, chiral_feedback=1e8, source=source, **diffusion)


def still(eq):
    return random_state(eq, a=0.0, mu5=0.0, mean_mu5=0.0)


def decay(s):
    return float(DecaySource(number(AMPLITUDE), number(T_PHI))(number(s)))


def mean(y):
    return float(y.mu5[0, 0, 0].real)


def test_closed_form_and_quadrature_agree():
    """Two independent evaluations of the exact integral, over all regimes of x = (gamma5 t_phi² - t)/(√2 t_phi)."""

    def source(s):
        return AMPLITUDE * s / T_PHI * np.exp((1 - (s / T_PHI) ** 2) / 2)

    for gamma5 in (0.0, 1.0, 40.0, 1e3):
        by_erf = solutions.chirality_from_decay(TIMES, AMPLITUDE, T_PHI, gamma5, t_start=T_START)
        by_quadrature = [solutions.chirality_without_field(t, source, gamma5, t_start=T_START) for t in TIMES]
        np.testing.assert_allclose(by_erf, by_quadrature, rtol=1e-11)
    assert decay(0.03) == pytest.approx(source(0.03), rel=1e-14)


@pytest.mark.parametrize("scheme", ["etdrk4", "rk4"])
@pytest.mark.parametrize("gamma5", [1.0, 1e3])
def test_decaying_source_at_the_controllers_step(scheme, gamma5):
    eq = plasma((AMPLITUDE, T_PHI), gamma5)
    options = step_options(1e-6)
    carry = start(eq, scheme, number(T_START), still(eq), options)
    exact = solutions.chirality_from_decay(TIMES, AMPLITUDE, T_PHI, gamma5, t_start=T_START)
    for t, expected in zip(TIMES, exact, strict=True):
        carry = advance(eq, scheme, carry, 10**6, t, options)
        _, y = sample(eq, scheme, carry, t, options)
        assert abs(mean(y) - expected) <= 1e-10 * exact.max()
        budget = evaluate_budgets(eq, number(t), y)["helicity_chirality"]
        assert abs(float(budget.total - budget.production)) <= 1e-14 * float(y.ledger.source)


@pytest.mark.parametrize("scheme", ["etdrk4", "rk4"])
def test_steps_ten_times_longer_than_the_washout_time(scheme):
    """dt = 1e-2 with gamma5 = 1e3: stable, and exact, which is better than 4th order."""
    eq = plasma((AMPLITUDE, T_PHI))
    peak = solutions.chirality_from_decay(T_PHI, AMPLITUDE, T_PHI, 1e3, t_start=0.0)
    for steps in (15, 30):
        expected = solutions.chirality_from_decay(0.15, AMPLITUDE, T_PHI, 1e3, t_start=0.0)
        assert abs(mean(run(eq, still(eq), 0.15, steps, scheme)) - expected) <= 1e-10 * peak


def test_constant_source():
    """mu5 -> S5/gamma5; exact in one step from any start."""
    eq = plasma(ConstantSource(number(3e3)), 20.0)
    y = random_state(eq, a=0.0, mu5=0.0, mean_mu5=-40.0)
    expected = 150.0 - 190.0 * np.exp(-20.0 * 0.3)
    assert mean(run(eq, y, 0.3, 1, "rk4")) == pytest.approx(expected, rel=1e-13)
    exact = solutions.chirality_without_field(0.3, lambda s: 3e3, 20.0, mu5_start=-40.0)
    assert exact == pytest.approx(expected, rel=1e-13)


def test_table_source_with_steps_that_end_at_its_points():
    t = np.linspace(0.0, 0.2, 21)
    value = np.sin(20 * t) * 1e3
    expected = 0.0
    for a, b in itertools.pairwise(t):
        expected = solutions.chirality_without_field(
            b, lambda s: float(np.interp(s, t, value)), 300.0, t_start=a, mu5_start=expected
        )
    eq = plasma(time_table(t, value), 300.0)
    assert mean(run(eq, still(eq), 0.2, 20, "rk4")) == pytest.approx(expected, rel=1e-12)


def test_steps_stay_within_the_smallest_interval_of_a_linear_table():
    """A cubic table has no corners and does not bound the step."""
    import kiral

    table = {"t": [0.0, 0.1, 0.13, 0.5], "value": [0.0, 1.0, 2.0, 0.0]}
    for interpolation, largest in (("linear", 0.03), ("cubic", np.inf)):
        overrides = {"geometry.n": [8, 1, 1], "model.xi": table | {"interpolation": interpolation}}
        assert kiral.build("sourced-cpi", overrides).dt_max == pytest.approx(largest)
