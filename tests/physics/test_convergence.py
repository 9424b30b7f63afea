"""Orders in time and space on nonlinear runs with flow, feedback, diffusion, washout and source; schemes against each other."""

import numpy as np
import pytest
from setups import NONLINEAR, box, distance, equation, number, random_state, rms, run, tendency

from kiral.core.advance import evaluate_budgets
from kiral.core.integrators.base import combine

T_END, STEPS, FINE = 1.0, (12, 24, 48), 384
EQ = equation(**NONLINEAR)
CONSISTENT = equation(heating="consistent", **NONLINEAR)
NAMES = ("helicity_chirality", "energy")


@pytest.fixture(scope="module")
def runs():
    """States at T_END by (scheme, steps)."""
    start = random_state(EQ)
    return {(s, n): run(EQ, start, T_END, n, s) for s in ("etdrk4", "rk4") for n in (*STEPS, FINE)}


def orders(errors):
    return np.log2(np.array(errors[:-1]) / np.array(errors[1:]))


def drift(eq, y):
    """What the budgets miss, of a run from `random_state` to T_END."""
    start, end = evaluate_budgets(eq, number(0.0), random_state(eq)), evaluate_budgets(eq, number(T_END), y)
    return {k: abs(float(end[k].total - start[k].total - end[k].production)) / float(end[k].scale) for k in NAMES}


def test_the_run_is_nonlinear(runs):
    """Without the products the result is another one, in every field."""
    start, end = random_state(EQ), runs["etdrk4", FINE]
    linear = EQ.linear()
    lonely = EQ.add_forced(number(0.0), number(T_END), linear.phi(linear.tables(number(T_END)), 0, start))
    for field in (lambda y: y.A, lambda y: y.momentum, lambda y: y.mu5, lambda y: y.rho.at[0, 0, 0].add(-1.0)):
        difference = combine((1.0, field(end)), (-1.0, field(lonely)))
        assert rms(EQ.box, difference) > 0.02 * rms(EQ.box, field(end))


@pytest.mark.parametrize("scheme", ["etdrk4", "rk4"])
def test_fourth_order_in_time(runs, scheme):
    other = {"etdrk4": "rk4", "rk4": "etdrk4"}[scheme]
    errors = [distance(EQ, runs[scheme, n], runs[other, FINE]) for n in STEPS]
    assert np.all(orders(errors) >= 3.8), (errors, orders(errors))


def test_the_schemes_agree(runs):
    assert distance(EQ, runs["etdrk4", FINE], runs["rk4", FINE]) < 1e-7


@pytest.mark.parametrize("scheme", ["etdrk4", "rk4"])
def test_budgets_close_to_the_order_of_the_stepper(runs, scheme):
    drifts = [drift(EQ, runs[scheme, n]) for n in STEPS]
    for name in NAMES:
        missed = [d[name] for d in drifts]
        assert np.all(orders(missed) >= 3.8), (name, missed, orders(missed))
        assert drift(EQ, runs[scheme, FINE])[name] < 1e-10


def test_the_energy_with_consistent_heat_closes_to_the_same_order():
    missed = [drift(CONSISTENT, run(CONSISTENT, random_state(CONSISTENT), T_END, n, "rk4"))["energy"] for n in STEPS]
    assert np.all(orders(missed) >= 3.8), (missed, orders(missed))


def test_what_is_conserved_stays_to_round_off(runs):
    start = random_state(EQ)
    for y in runs.values():
        for i in range(3):
            assert abs(complex(y.momentum[i][0, 0, 0] - start.momentum[i][0, 0, 0])) < 1e-15
        b = EQ.box.curl(y.A)
        for field in (y.A, b):
            assert rms(EQ.box, EQ.box.divergence(field)) < 1e-14 * rms(EQ.box, b)
        assert max(abs(complex(f[0, 0, 0])) for f in b) == 0


def low_modes(where, field):
    """Modes |k_i| <= 2 as one array, whatever the grid."""
    index = np.array([0, 1, 2, -2, -1])
    return np.asarray(field)[np.ix_(index, index, [0])]


def advanced(n, steps=6, dt=0.05):
    """A classical RK4 run of the whole right-hand side in a 2-D box; the low modes of all fields."""
    eq = equation((n, n, 1), **NONLINEAR)
    t, y = 0.0, random_state(eq)
    for _ in range(steps):
        k1 = tendency(eq, number(t), y)
        k2 = tendency(eq, number(t + dt / 2), combine((1.0, y), (dt / 2, k1)))
        k3 = tendency(eq, number(t + dt / 2), combine((1.0, y), (dt / 2, k2)))
        k4 = tendency(eq, number(t + dt), combine((1.0, y), (dt, k3)))
        y, t = combine((1.0, y), (dt / 6, k1), (dt / 3, k2), (dt / 3, k3), (dt / 6, k4)), t + dt
    return [np.stack([low_modes(eq.box, f) for f in fields]) for fields in (y.A, y.momentum, (y.rho,), (y.mu5,))]


def test_space_converges_exponentially():
    exact = advanced(60)
    grids = (8, 14, 20)
    errors = [max(np.abs(a - b).max() / np.abs(b).max() for a, b in zip(advanced(n), exact, strict=True)) for n in grids]
    kept = np.array([box((n, n, 1)).m[0] for n in grids])
    slopes = np.diff(np.log(errors)) / np.diff(kept)
    assert np.all(slopes < -0.8), (errors, slopes)  # each mode kept gains more than a factor of two
    assert errors[-1] < 1e-5, errors
