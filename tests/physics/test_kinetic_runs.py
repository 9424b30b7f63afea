"""Runs of the chiral kinetic equation against exact results, the direct solver of steady states, and linear theory."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.sparse as sp
from kinetic_runs import SMALL, follow, problem
from measured import drifts, values
from scipy.sparse.linalg import spsolve

from figure_checks import check_drawing
from kiral.api import resume, run
from kiral.kinetic import exact
from kiral.kinetic.dispersion import dispersion_roots
from kiral.kinetic.homogeneous import Resolution, evolve, steady_state
from kiral.kinetic.momentum_space import Strength, momentum_space
from kiral.kinetic.vlasov import Fields, Grid, Operator
from kiral.report.subjects import subject

NAMES = ("current_z", "axial_current_z", "mu", "mu5", "number", "axial_number", "anomaly_rate", "anomaly_factor")


def driven(electric, magnetic=1e-9, mu=0.5, mu5=0.0):
    """E ∥ B: a tiny B where none is meant, so that all such runs record the same."""
    fields = {"electric_field": [0.0, 0.0, electric], "magnetic_field": [0.0, 0.0, magnetic]}
    return problem(fields, {"mu": mu, "mu5": mu5})


# --- the operators ---------------------------------------------------------------------------------------------------


def test_operators_are_those_of_the_direct_solver():
    """L, S, the anomaly and both solves in oblique fields, against the sparse matrices; a negative a turns the upwind side."""
    grid = Grid(Resolution(3, 3, 2), axisymmetric=False, force=0.3, turning=0.4, potential=1.0)
    e, b = np.array([0.0, 0.0, 1.0]), np.array([0.6, 0.0, 0.8])
    space = momentum_space(grid, e, b, e)
    a, turning, w, theta = -0.3, 0.4, 0.2, 0.7
    direct = Operator(grid, Fields(a * e, turning * b, w * b, a * e))
    f = Strength(*(jnp.asarray(x) for x in (a, abs(a), turning, w)))
    y = np.random.default_rng(1).normal(size=(*grid.shape, 2, 2, 1))
    flat = y.reshape(-1, 4)

    @jax.jit
    def found(y):
        factors = space.factorise(jnp.asarray(theta), f)
        row = y[:, :, 0, 0, 0]
        return (space.transport(y, f), space.source(y, f), space.solve(factors, y), space.production(y, f),
                space.solve_transposed(factors, row))  # fmt: skip

    transport, source, solved, production, transposed = (np.asarray(x) for x in found(y))
    matrix = direct.transport[0]
    whole = (1 + theta) * sp.eye_array(matrix.shape[0]) + theta * matrix
    close = {"rtol": 1e-11, "atol": 1e-11}
    np.testing.assert_allclose(transport.reshape(flat.shape), matrix @ flat, **close)
    np.testing.assert_allclose(source.reshape(flat.shape), direct.source_of[0] @ flat, rtol=1e-11, atol=1e-9)
    np.testing.assert_allclose(solved.reshape(flat.shape), spsolve(whole.tocsc(), flat), **close)
    np.testing.assert_allclose(transposed.ravel(), spsolve(whole.T.tocsc(), flat[:, 0]), **close)
    order = np.moveaxis(y[..., 0], (0, 1), (2, 3))  # species, chirality, p, lm
    np.testing.assert_allclose(production[:, 0], direct.production(order), rtol=1e-10, atol=1e-10)


# --- homogeneous -----------------------------------------------------------------------------------------------------


def test_current_after_switching_on_and_its_steady_state():
    made = driven(0.3)
    early, late = follow(made, (1.0, 16.0), tolerance=1e-7)
    j, _, mu, _, number, *_ = values(made, 1.0, early, *NAMES)
    assert j == pytest.approx(2 * exact.ohm_transient(time=1.0, electric_field=0.3, mu_l=0.5), rel=3e-7)
    grid = Resolution(8, 6, 5)
    direct = steady_state(temperature=1.0, mu=0.5, tau=1.0, charge=1.0, electric_field=[0, 0, 0.3], resolution=grid)
    end = values(made, 16.0, late, *NAMES)[0]
    assert end == pytest.approx(float(direct.current[2].sum()), rel=2e-7)  # the same grid, by one solve; exp(-16) is left
    assert end == pytest.approx(2 * 1.750839368378e-02, rel=4e-6)  # exact; this grid errs by 3.2e-6, in the direct solve too
    assert mu == pytest.approx(0.5, abs=1e-13) and number == pytest.approx(0.5 * (0.25 + np.pi**2) / (3 * np.pi**2), rel=1e-6)
    assert max(drifts(made, 16.0, late).values()) < 1e-13


def test_anomaly_and_its_ledgers():
    """The exact factor, the other solver, number to round-off; energy as far as the grid resolves g."""
    made = driven(0.1, 0.05, mu5=0.1)
    (y,) = follow(made, (6.0,), tolerance=1e-7)
    j, j5, mu, mu5, number, axial, rate, factor = values(made, 6.0, y, *NAMES)
    known = [exact.anomaly_factor(electric_field=0.1, mu_l=float(x)) for x in (mu + mu5, mu - mu5)]
    assert factor == pytest.approx(np.mean(known), rel=2.5e-3)  # l_max = 5; 3e-4 at 11
    plasma = {"temperature": 1.0, "mu": 0.5, "mu5": 0.1, "tau": 1.0, "charge": 1.0}
    fields = {"electric_field": (0, 0, 0.1), "magnetic_field": (0, 0, 0.05)}
    other = evolve(**plasma, **fields, t_end=6.0, steps=120, resolution=Resolution(8, 6, 5))
    assert other.electric[2, -1] == pytest.approx(j, rel=1e-6) and other.axial[2, -1] == pytest.approx(j5, rel=2e-5)
    density = other.density[:, -1]
    assert (density.sum(), density[0] - density[1]) == (pytest.approx(number, rel=1e-8), pytest.approx(axial, rel=1e-6))
    assert other.production[0, -1] - other.production[1, -1] == pytest.approx(rate, rel=1e-5)
    found = drifts(made, 6.0, y)
    assert found["number"] < 1e-14 and found["charge"] < 1e-14 and found["energy"] < 1e-6


def test_order_in_time():
    """Steps well below τ: order 4 of the current."""
    made = driven(0.02, 0.05)
    fine, *coarse = (values(made, 4.0, follow(made, (4.0,), dt=h)[0], *NAMES)[0] for h in (0.1, 0.8, 0.4))
    one, two = (abs(x - fine) for x in coarse)
    assert np.log2(one / two) == pytest.approx(4.0, abs=0.6)


@pytest.mark.slow
def test_oblique_fields_that_change_in_time():
    """Tables of E and B at an angle, c ≠ 1: currents and densities of the other solver, with functions of time."""
    t = np.linspace(0.0, 2.0, 81)
    plasma = {"temperature": 1.3, "tau": 2.1, "charge": 0.8, "c": 1.7}
    e, b = np.array([0.05, 0.02, -0.1]), np.array([0.2, -0.1, 0.15])
    tables = {
        name: {"t": t.tolist(), "value": value.tolist(), "interpolation": "cubic"}
        for name, value in (("electric_profile", np.cos(2 * t)), ("magnetic_profile", 1 + 0.3 * np.sin(t)))
    }
    fields = {"electric_field": e.tolist(), "magnetic_field": b.tolist()}
    made = problem(plasma | fields | tables, {"mu": 0.4, "mu5": 0.15}, {"elements": 6, "nodes": 4, "l_max": 3})
    (y,) = follow(made, (2.0,), tolerance=1e-7)
    names = [f"{kind}_{x}" for kind in ("current", "axial_current") for x in "xyz"]
    found = np.array(values(made, 2.0, y, *names, "number", "axial_number"))
    turning = {"electric_field": lambda t: np.cos(2 * t) * e, "magnetic_field": lambda t: (1 + 0.3 * np.sin(t)) * b}
    other = evolve(**plasma, **turning, mu=0.4, mu5=0.15, t_end=2.0, steps=160, resolution=Resolution(6, 4, 3))
    density = other.density[:, -1]
    np.testing.assert_allclose(found[:3], other.electric[:, -1], rtol=1e-5, atol=1e-8)
    np.testing.assert_allclose(found[3:6], other.axial[:, -1], rtol=1e-3, atol=1e-7)
    np.testing.assert_allclose(found[6:], [density.sum(), density[0] - density[1]], rtol=1e-6)
    assert max(drifts(made, 2.0, y).values()) < 1e-6


# --- along z ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ampere", ["full", pytest.param("none", marks=pytest.mark.slow)])
def test_chiral_magnetic_wave_has_the_kinetic_root(ampere):
    """ckτ = 0.5, v = 0.05 c: with its own field it is overdamped, without it travels. Gauss, and every number."""
    k, strength, amplitude = 0.25, 0.05 * 2 * np.pi**2 / 0.9, 1e-4
    model = {"magnetic_field": [0.0, 0.0, strength], "tau": 2.0, "charge": 0.3, "ampere": ampere}
    waves = {"mu5_waves": [[1, amplitude, 0.0]], "mu_waves": [[1, amplitude if ampere == "none" else 0.0, 0.0]]}
    made = problem(model, waves, {"n": 8, "length": 2 * np.pi / k, "elements": 6, "nodes": 6, "l_max": 6})
    states = follow(made, (60.0, 64.0), tolerance=1e-10)
    size = [np.dot([1, 1j], values(made, 60.0, y, "mu5_wave_re", "mu5_wave_im")) for y in states]
    roots = dispersion_roots(
        k, field="held" if ampere == "none" else "dynamic", temperature=1.0, tau=2.0, charge=0.3, magnetic_field=strength
    )
    published = {"none": -0.041986036592282 - 0.013806467529491j, "full": -0.04694107452418}[ampere]
    assert np.abs(roots - published).min() < 1e-12
    assert abs(np.log(size[1] / size[0]) / 4 - published) < 4e-6 * abs(published)
    found = drifts(made, 64.0, states[1])
    assert found["number"] < 1e-15 and found["charge"] < 1e-15 and found["energy"] < 1e-9
    if ampere == "full":
        (residual,) = values(made, 64.0, states[1], "gauss_residual")
        assert residual < 1e-5


# --- through the machinery -------------------------------------------------------------------------------------------


def test_resumed_run_has_the_same_bits_and_draws_its_figures(tmp_path):
    small = {f"geometry.{name}": value for name, value in SMALL.items()} | {"output.series.every_time": 0.1}
    small |= {"output.snapshots.at": [0.2], "model.magnetic_field": [0.0, 0.0, 0.01], "time.tolerance": 1e-5}
    whole = run("kinetic-anomaly", small | {"time.t_end": 0.4}, out=tmp_path / "whole", progress=False)
    run("kinetic-anomaly", small | {"time.t_end": 0.2}, out=tmp_path / "parts", progress=False)
    parts = resume(tmp_path / "parts", {"time.t_end": 0.4}, progress=False)
    for name in ("current_z", "axial_number", "anomaly_factor", "heat"):
        np.testing.assert_array_equal(whole.series[name][-1], parts.series[name][-1])
    about = subject(whole.config)
    drawings = {drawing.name: drawing for drawing in (*about.draw_all(whole), about.overview(whole))}
    assert {"current", "anomaly", "axial_number", "energy", "harmonics", "numerics", "overview"} <= set(drawings)
    check_drawing(drawings["harmonics"])
    (row,) = about.estimates(whole)
    assert row[0] == "anomaly factor A" and 0.9 < float(row[4]) < 1.1
    assert about.equations(whole.config) and about.conventions
