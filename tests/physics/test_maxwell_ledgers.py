"""What the anomalous Maxwell equations conserve: budgets of every form of the equations, Gauss's law, dimensions, limits."""

import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
import kiral
from kiral.config.load import validate
from kiral.geometry.fft import to_grid
from kiral.maxwell import initial, single_helicity
from kiral.maxwell.plasma import Plasma
from maxwell_setups import budget_rates, problem, smooth_state, stepped, tendency

CUBE = {"n": [16, 16, 16], "length": [20.0, 18.0, 22.0]}
OUTSIDE = {"external_current": [0.01, 0.02, 0.03], "external_electric_field": [0.02, -0.01, 0.05]}
FORMS = {
    "first": {},
    "imposed": OUTSIDE,
    "hall": {"order": 2, "terms": ["hall"]},
    "second": {"order": 2} | OUTSIDE,
    "drude": {"order": 2, "current": "drude"} | OUTSIDE,
    "mean": {"anomaly": "mean"},
    "linear": {"equation_of_state": "linear"},
    "resistive": {"limit": "resistive"},
    "drifting": {"regime": "drifting", "external_current": [0.01, 0.02, 0.03]},
    "given_field": {"electric_field_off": True},
}


def consistent(form, built, seed=1):
    """A smooth state that this form of the equations allows."""
    y = smooth_state(built, seed)
    if form in ("resistive", "given_field"):
        y = y._replace(E=tuple(0 * f for f in y.E))
    if form == "resistive":
        y = y._replace(n=((y.n[0] - y.n[1]) / 2, (y.n[1] - y.n[0]) / 2))
    if form == "mean":
        box = built.equation.box
        n = tuple(initial.uniform(box, box.mean(f)) for f in y.n)
        y = initial.state_from(box, built.equation.matter, b=y.B, e=y.E, n=n)
    return y


@pytest.mark.parametrize("form", [pytest.param(f, marks=pytest.mark.slow if f == "drifting" else ()) for f in FORMS])
def test_budgets_hold_at_every_moment(form):
    """Each total changes along the right-hand side as its production says, in three dimensions, with fields from outside.

    Exact but for what products of three fields lose at the edge of the grid: 1e-12 of the free energy here.
    """
    built = problem(FORMS[form], CUBE, {"kind": "uniform", "mu5": 0.2, "background_field": [0.3, -0.2, 0.6]})
    eq = built.equation
    rates = budget_rates(eq, consistent(form, built))
    expected = {"resistive": 4, "drifting": 4, "given_field": 2}.get(form, 5)
    assert len(rates) == expected
    for name, (change, production) in rates.items():
        assert change == pytest.approx(production, abs=1e-16 if name in ("charge", "gauss") else 1e-11), name
    if form not in ("given_field",):
        assert abs(rates["field_energy"][0]) > 1e-6  # something happens
    if form in ("imposed", "second", "drude"):
        b0, e_ext = np.array([0.3, -0.2, 0.6]), np.array(OUTSIDE["external_electric_field"])
        assert rates["helicity"][1] == pytest.approx(0.3**2 / (2 * np.pi**2) * e_ext @ b0, rel=1e-12)


@pytest.mark.slow
def test_gauss_law_and_budgets_over_many_steps():
    """A step of mu5 with charges everywhere: Gauss's law to round-off after 1e4 steps, other budgets at fourth order.

    After two hundred steps `test_step_of_mu5` has looked at them.
    """
    fields = {"background_field": [0.0, 0.0, 1.0], "electric_field": [0.01, 0.0, 0.0]}
    start = {"kind": "step", "amplitude": 0.1, "width": 3.0} | fields
    built = problem(initial=start)
    eq = built.equation
    first = eq.budgets(0.0, built.initial_state())

    def drift(y):
        found = eq.budgets(0.0, y)
        return {k: abs(float((b.total - first[k].total - b.production) / b.scale)) for k, b in found.items()}

    y = stepped(eq, built.initial_state(), 100.0, 10_000)
    assert float(jnp.max(jnp.abs(eq.box.divergence(y.E)))) > 1e-4
    many, (coarse, fine) = drift(y), (drift(stepped(eq, built.initial_state(), 100.0, n)) for n in (100, 200))
    assert many["gauss"] < 1e-13
    assert many["charge"] < 1e-15
    assert max(many.values()) < 1e-11
    assert coarse["helicity"] < 1e-13  # B is all but uniform here: axial density and helicity then have the same weights
    for name in ("free_energy", "field_energy"):
        assert coarse[name] < 1e-4
        assert np.log2(coarse[name] / fine[name]) == pytest.approx(4, abs=0.7), name


@pytest.mark.slow
@pytest.mark.parametrize("form", ["first", "second", "drude"])
def test_one_dimension_is_three_dimensions_of_the_same(form):
    """Right-hand side of fields that vary along z alone: on a line, and in a cube of the same length."""
    model = {k: v for k, v in FORMS[form].items() if not k.startswith("external")}
    start = {"kind": "uniform", "mu5": 0.2}
    line = problem(model, {"n": [1, 1, 16], "length": 20.0}, start)
    cube = problem(model, {"n": [8, 8, 16], "length": [5.0, 5.0, 20.0]}, start)
    y = smooth_state(line)
    deep = jax.tree.map(lambda f: jnp.zeros(cube.equation.box.shape, complex).at[0, 0].set(f[0, 0]) if f.ndim == 3 else f, y)
    short, long = tendency(line.equation, y), tendency(cube.equation, deep)
    kept = cube.equation.box.m[0] * 2 * np.pi / 5.0 > line.equation.box.m[2] * 2 * np.pi / 20.0
    assert kept  # the cube's sphere of modes holds those of the line
    for a, b in zip(jax.tree.leaves(short), jax.tree.leaves(long), strict=True):
        a, b = np.asarray(a), np.asarray(b)
        if b.ndim == 3:
            assert np.abs(b).max() == pytest.approx(np.abs(b[0, 0]).max(), abs=1e-16)
            b = b[:1, :1]
        np.testing.assert_allclose(b, a, atol=1e-15 * max(1.0, np.abs(a).max()))


@pytest.mark.slow
def test_resistive_limit_is_chiral_mhd_without_flow():
    """The same tendencies as `mhd` with eta = c²/4π sigma, lambda = e⁴/(π³c⁴ chi), mu5 as a wave number; and the way there."""
    charge, tau, c = 0.3, 2.0, 1.7
    model = {"limit": "resistive", "equation_of_state": "linear", "light_speed": c}
    built = problem(model, CUBE, {"kind": "uniform", "mu5": 0.2})
    eq, y = built.equation, consistent("resistive", built)
    chi, sigma = 1 / (3 * c**3), float(jnp.sum(eq.sigma))
    numbers = {"magnetic_diffusivity": c**2 / (4 * np.pi * sigma), "chiral_diffusivity": c**2 * tau / 3, "viscosity": 0.0,
               "chiral_feedback": charge**4 / (np.pi**3 * c**4 * chi), "flow": "none"}  # fmt: skip
    background = [float(eq.box.mean(b)) for b in y.B]
    sections = {"model": {"kind": "chiral_mhd", "background_field": background} | numbers, "geometry": CUBE,
                "initial": {"kind": "helical_mode", "amplitude": 1.0}, "time": {"t_end": 1.0}}  # fmt: skip
    mhd = validate(sections).build(".")
    per_n5 = 2 * charge**2 / (np.pi * c**2) / chi
    over = 1 / jnp.where(eq.box.k2 > 0, eq.box.k2, 1.0)
    a = tuple(jnp.where(eq.box.k2 > 0, over * f, 0) for f in eq.box.curl(y.B))
    state = mhd.initial_state()._replace(A=a, mu5=per_n5 * (y.n[0] - y.n[1]))
    ours, theirs = tendency(eq, y), tendency(mhd.equation, state)
    for f, g in zip(ours.B, eq.box.curl(theirs.A), strict=True):
        np.testing.assert_allclose(f, g, atol=1e-14 * float(jnp.max(jnp.abs(g))))
    found = per_n5 * (ours.n[0] - ours.n[1])
    np.testing.assert_allclose(found, theirs.mu5, atol=1e-13 * float(jnp.max(jnp.abs(theirs.mu5))))


def test_mean_anomaly_keeps_densities_uniform_and_their_budget():
    """Only the mean of E·B counts, and it is that of the local equations."""
    local, mean = (problem({"anomaly": kind}, CUBE, {"kind": "uniform", "mu5": 0.2}) for kind in ("local", "mean"))
    y = consistent("mean", mean)
    apart, averaged = tendency(local.equation, y), tendency(mean.equation, y)
    for f, g in zip(apart.n, averaged.n, strict=True):
        np.testing.assert_allclose(np.asarray(g)[0, 0, 0], np.asarray(f)[0, 0, 0], rtol=1e-12)
        assert np.abs(np.asarray(f)).ravel()[1:].max() > 1e-6
        assert np.abs(np.asarray(g)).ravel()[1:].max() < 1e-18  # of the round-off in ∇·E


@pytest.mark.slow
def test_filter_drops_modes_beyond_it():
    start = {"kind": "noise", "amplitude": 1e-3, "mu5": {"kind": "random", "rms": 0.1, "correlation_length": 2.0}}
    built = problem({"order": 2, "filter": 1.0}, CUBE, start)
    box, y = built.equation.box, built.initial_state()
    beyond = np.asarray(box.k2 > 1.0)
    assert beyond[np.asarray(box.mask)].any()
    for f in jax.tree.leaves(((y.E, y.B, y.n), built.equation.evaluate(0.0, y)[0].E)):
        assert not np.abs(np.asarray(f))[beyond].any()


START = {"kind": "noise", "amplitude": 0.01, "mu5": {"kind": "random", "rms": 0.05, "correlation_length": 6.0},
         "mu": {"kind": "wave", "amplitude": 0.02, "mode": [1, 0, -1]}}  # fmt: skip


@pytest.mark.slow
def test_initial_states():
    """Sizes, divergence, Gauss's law."""
    built = problem({}, {"n": CUBE["n"], "length": 24.0}, START)
    y, box = built.initial_state(), built.equation.box
    assert float(box.mean_dot(y.B, y.B)) == pytest.approx(1e-4, rel=1e-12)
    assert float(jnp.max(jnp.abs(box.divergence(y.B)))) < 1e-15
    assert float(built.equation.budgets(0.0, y)["gauss"].total) < 1e-15
    plus, minus = (np.asarray(f) for f in built.equation.potentials(y))
    mu5, mu = (plus - minus) / 2, (plus + minus) / 2
    assert np.sqrt(np.mean(mu5**2)) == pytest.approx(0.05, rel=1e-3)
    assert mu5.mean() == pytest.approx(0, abs=1e-5)
    assert np.ptp(mu) == pytest.approx(0.04, rel=0.02)


@pytest.mark.slow
def test_finer_grids_have_the_same_large_scales():
    coarse, fine = (problem({}, {"n": n, "length": 24.0}, START) for n in (12, 16))
    y, z = coarse.initial_state(), fine.initial_state()
    small = tuple(slice(0, 3) for _ in range(3))
    ours, finer = (np.asarray(s.n[0] - s.n[1]) for s in (y, z))
    np.testing.assert_allclose(finer[small], ours[small], atol=2e-3 * np.abs(ours).max())


@pytest.mark.slow
def test_correlation_of_a_random_potential():
    """exp(-r²/2l²) over r = 2 and 4 points, in a plane of many correlation lengths, mean of 12 seeds."""
    box = problem({}, {"n": [60, 60, 1], "length": [60.0, 60.0, 1.0]}).equation.box
    fields = [np.asarray(to_grid(box, (initial.random_scalar(box, seed, "mu5", 0.05, 3.0),))[0]) for seed in range(12)]
    assert np.mean(np.square(fields)) == pytest.approx(0.05**2, rel=1e-12)
    for r in (2, 4):
        found = np.mean([f * np.roll(f, r, axis) for f in fields for axis in (0, 1)]) / 0.05**2
        assert found == pytest.approx(np.exp(-((r / 3.0) ** 2) / 2), abs=0.05)


@pytest.mark.slow
def test_a_run_writes_series_and_snapshots(tmp_path):
    """Names and values, of a case that comes with the package, on the grid of the runs above."""
    short = {"time.t_end": 12.0, "time.dt": 0.05, "output.series": {"every_time": 4.0}, "output.snapshots": {"at": [8.0]},
             "output.spectra": {"at": [8.0]}, "geometry.n": [1, 1, 64]}  # fmt: skip
    found = kiral.run("cpi-maxwell", short, out=tmp_path / "run", progress=False)
    names = ["b_rms", "e_rms", "mu5_mean", "magnetic_helicity", "axial_charge", "free_energy", "joule_heat"]
    assert not set(names) - set(found.series.data_vars)
    assert found.series["t"].values.tolist() == [0.0, 4.0, 8.0, 12.0]
    assert set(found.snapshots.data_vars) == {"E", "B", "mu", "mu5"}
    assert found.snapshots["E"].dims == ("t", "component", "x", "y", "z")
    exact = single_helicity.solve(Plasma(tau=0.5, charge=1.0, mu5=1.0), 1 / np.pi, [4.0, 8.0, 12.0], magnetic_field=1e-4)
    np.testing.assert_allclose(found.series["b_rms"].values[1:], exact.magnetic, rtol=1e-9)
    np.testing.assert_allclose(found.series["e_rms"].values[1:], np.abs(exact.electric), rtol=1e-8)
    np.testing.assert_allclose(found.series["axial_charge"].values[1:], exact.axial_density, rtol=1e-12)
    np.testing.assert_allclose(found.snapshots["mu5"].values[0], exact.mu5[1], rtol=1e-11)
    z, size = found.snapshots["z"].values, exact.magnetic[1]
    np.testing.assert_allclose(found.snapshots["B"].values[0, 0, 0, 0], size * np.cos(z / np.pi), atol=1e-9 * size)
    np.testing.assert_allclose(found.snapshots["B"].values[0, 1, 0, 0], -size * np.sin(z / np.pi), atol=1e-9 * size)
    helicity = found.series["magnetic_helicity"].values
    np.testing.assert_allclose(helicity[1:], np.pi * exact.magnetic**2, rtol=1e-9)
    assert np.ptp((found.series["free_energy"] + found.series["joule_heat"]).values) < 1e-14


@pytest.mark.slow
def test_snapshot_grids_are_those_of_the_state():
    """mu5 on the grid is what the densities say."""
    built = problem(initial={"kind": "pulse", "amplitude": 0.1, "width": 6.0})
    y = built.initial_state()
    plus, minus = (np.asarray(f) for f in built.equation.potentials(y))
    z = np.arange(64) * 80.0 / 64
    np.testing.assert_allclose((plus - minus)[0, 0] / 2, 0.1 * np.exp(-(((z - 40) / 6) ** 2) / 2), atol=1e-8)
    np.testing.assert_allclose(np.asarray(to_grid(built.equation.box, y.E)), 0, atol=1e-12)
