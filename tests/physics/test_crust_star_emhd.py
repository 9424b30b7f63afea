"""Electron MHD in a star's crust: against the linear code, n5 of its own against quasi-steady, filter, budgets."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import kiral
from kiral.core.advance import advance, sample, start, step_options
from kiral.crust.coefficients import uniform
from kiral.crust.emhd import make_equation
from kiral.crust.emhd_state import Matter, initial_state
from kiral.crust.induction import make_induction
from kiral.errors import ConfigError
from kiral.geometry.shell import element_edges, make_shell
from kiral.geometry.sphere import make_sphere

jax.config.update("jax_enable_x64", True)
NO_FILES = {"output.spectra": None, "output.snapshots": None}
COARSE = {"geometry.n_r": 48, "geometry.order": 4, "geometry.finer": 3.0, "time.t_end": 20.0} | NO_FILES
COOLING = {"model.temperature": {"t": [0.0, 40.0], "value": [1e9, 6e8]}, "time.scheme": "ark4_refreshed"}
EVERY = {"output.series": {"every_time": 10.0}}


def test_a_weak_field_evolves_as_in_the_linear_code(tmp_path):
    """Two codes for one equation where products do not matter: complex against real, metric and cooling included."""
    given = COARSE | EVERY | COOLING | {"time.dt": 1.0, "initial.b_mean": 1e3}
    run = kiral.run("crust-cmi-axisymmetric", given | {"geometry.l_max": 2}, out=tmp_path / "a", progress=False)
    linear = kiral.run("crust-linear", given, out=tmp_path / "b", progress=False)
    for name in ("energy_poloidal", "energy_toroidal", "energy_outside", "b_mean", "surface_dipole", "joule_heat", "helicity"):
        assert np.allclose(run.series[name], linear.series[name], rtol=1e-9, atol=0), name
    drifts = [float(abs(run.series[name]).max()) for name in run.series if name.startswith("drift_")]
    assert len(drifts) == 5 and max(drifts) < 1e-7


def shell(sphere, **coefficients):
    radial = make_shell(element_edges(0.5, 1.0, 2), 4)
    return make_induction(radial, uniform(radial.r, **coefficients), sphere.degrees)


def evolved(equation, y, end, steps, scheme="ark4"):
    options = step_options(1e-6, end / steps)
    carry = start(equation, scheme, jnp.zeros(()), y, options)
    carry = advance(equation, scheme, carry, 10**6, end, options)
    return sample(equation, scheme, carry, end, options)[1]


def smooth(induction, sphere):
    r = induction.shell.r
    f, g = (np.zeros((sphere.l_max + 1, 1, r.size)) for _ in range(2))
    f[1, 0], g[1, 0], g[2, 0] = (r - 0.5) * (2 - r), 3 * (1 - r), 2 * (1 - r) * (r - 0.3)
    return f, g


def test_n5_with_its_own_equation_tends_to_the_quasi_steady_one_as_one_over_its_rate():
    """Helicity and chirality together close whatever the rate."""
    sphere = make_sphere(3, 0)
    induction = shell(sphere, eta=1.0, k5=6.0, hall=0.5)
    fields = smooth(induction, sphere)
    steady = make_equation(induction, sphere, hall=True, feedback=0.1)
    y = evolved(steady, initial_state(*fields, reacting=True), 0.05, 256)
    assert float(jnp.abs(y.ledger.chirality.anomaly)) > 1e-2
    apart = []
    for rate in (1e3, 2e3):
        slow = make_equation(induction, sphere, hall=True, feedback=0.1, n5_rate=rate)
        weak = slow.shell.local(slow.induction.coefficients.k5)
        matter = Matter(jnp.broadcast_to(weak, (sphere.n_theta, 1, *weak.shape)))
        z = evolved(slow, initial_state(*fields, matter=matter, reacting=True), 0.05, 256)
        apart.append(float(sum(jnp.sum(e) for e in slow.energies(z._replace(f=z.f - y.f, g=z.g - y.g)))) ** 0.5)
        first = initial_state(*fields, matter=matter, reacting=True)
        for name, budget in slow.budgets(jnp.zeros(()), z).items():
            before = slow.budgets(jnp.zeros(()), first)[name]
            assert abs(float(budget.total - before.total - budget.production)) < 1e-5 * float(budget.scale), name
    assert apart[0] / apart[1] == pytest.approx(2.0, rel=0.1)


def test_a_filter_damps_each_degree_at_its_rate_and_its_loss_is_in_the_budget():
    sphere = make_sphere(3, 0)
    induction = shell(sphere, eta=0.0)
    fields = smooth(induction, sphere)
    equation = make_equation(induction, sphere, hall=False, damping=[0.0, 0.5, 1.0, 2.0])
    first = initial_state(*fields)
    y = evolved(equation, first, 0.3, 16)
    assert np.allclose(y.g[2], fields[1][2] * np.exp(-0.3), rtol=1e-6)
    assert np.allclose(y.f[1], fields[0][1] * np.exp(-0.15), rtol=1e-6)
    for name, budget in equation.budgets(jnp.zeros(()), y).items():
        before = equation.budgets(jnp.zeros(()), first)[name]
        assert abs(float(budget.total - before.total - budget.production)) < 1e-7 * float(budget.scale), name
    lost = sum(float(jnp.sum(e)) for e in equation.energies(first)) - sum(float(jnp.sum(e)) for e in equation.energies(y))
    assert float(y.ledger.filtered) == pytest.approx(lost, rel=1e-6) and float(y.ledger.joule) == 0.0


def test_what_does_not_fit_is_refused():
    for given, words in (
        ({"model.delta_mu": 0.0}, "needs delta_mu"),
        ({"model.chiral": False}, "remove delta_mu"),
        ({"model.feedback": False, "model.n5_rate": 1.0}, "feedback = true"),
        ({"model.temperature": COOLING["model.temperature"]}, "ark4_refreshed"),
        ({"geometry.m_max": 99}, "at most l_max"),
        ({"initial.degree": 99}, "initial.degree"),
        ({"initial.noise": 0.1, "initial.noise_degree": 99}, "noise_degree"),
        ({"model.filter": {"rate": -1.0}}, "model.filter.rate"),
    ):
        with pytest.raises(ConfigError, match=words):
            kiral.load_case("crust-cmi-axisymmetric", given)
