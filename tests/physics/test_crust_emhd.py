"""Electron MHD in a shell: Hall drift and feedback against exact coefficients, balances, symmetries and linear modes."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import kiral
from kiral.core.advance import advance, sample, start, step_options
from kiral.crust import shell_config as cfg
from kiral.crust.coefficients import uniform
from kiral.crust.emhd import make_equation
from kiral.crust.emhd_build import first_field
from kiral.crust.emhd_products import products
from kiral.crust.emhd_state import Matter, State, initial_state
from kiral.crust.induction import make_induction
from kiral.crust.modes import coupled_modes
from kiral.errors import ConfigError
from kiral.geometry.shell import element_edges, make_shell
from kiral.geometry.sphere import make_sphere
from kiral.geometry.spherical_field import Components, to_grid

jax.config.update("jax_enable_x64", True)
SPHERE = make_sphere(4, 4)


def operator(sphere=SPHERE, *, eta=0.0, k5=0.0, hall=1.0, elements=2, order=6, curved=False):
    shell = make_shell(element_edges(0.5, 1.0, elements), order, (lambda r: 1 + 0.3 * r) if curved else None)
    c = uniform(shell.r, eta=eta, k5=k5, hall=hall)._replace(stretch=shell.stretch)
    if curved:
        c = c._replace(lapse=0.8 + 0.1 * shell.r, hall=hall / shell.r**2)
    return make_induction(shell, c, sphere.degrees)


def random_state(induction, sphere=SPHERE, seed=1):
    """Random at every node: nothing is smooth."""
    rng = np.random.default_rng(seed)
    shape = (sphere.l_max + 1, sphere.m_max + 1, induction.shell.nodes)
    inside = (sphere.mask * (sphere.degrees > 0)[:, None])[..., None]
    values = (inside * mask * (rng.normal(size=shape) + 1j * rng.normal(size=shape)) for mask in induction.masks())
    return initial_state(*(np.where(sphere.orders[:, None] == 0, x.real, x) for x in values))


def bare(f, g):
    return State(f, g, Matter(), None)


def of_products(equation, y):
    """(modes of E from products, those of B and curl NB)."""
    op = equation.induction
    field, current = equation.components(op, y)
    return products(equation, op, y, field, current).electric, field, current


@jax.jit
def measured(equation, y):
    """(work of products on the current over the product of their norms; rates of energy and helicity; the ledger's)."""
    made, _, current = of_products(equation, y)
    norm = jnp.sqrt(equation.inner(current, current) * equation.inner(made, made))
    tendency, _ = equation.evaluate(jnp.zeros(()), y)
    linear = equation.linear().apply(y)
    direction = (tendency.f + linear.f, tendency.g + linear.g)
    energy = jax.jvp(lambda f, g: sum(jnp.sum(e) for e in equation.energies(bare(f, g))), (y.f, y.g), direction)
    helicity = jax.jvp(lambda f, g: jnp.sum(equation.helicity(bare(f, g))), (y.f, y.g), direction)
    return equation.inner(current, made) / norm, energy[1], helicity[1], tendency.ledger


def test_hall_drift_does_no_work_on_any_field():
    """<curl NB, E> = 0 to round-off, with a metric and a Hall coefficient of r; helicity only leaves through the surface."""
    induction = operator(curved=True)
    work, energy, helicity, ledger = measured(make_equation(induction, SPHERE, hall=True), random_state(induction))
    assert abs(float(work)) < 1e-13
    assert float(helicity) == pytest.approx(float(ledger.linkage), rel=1e-10)
    assert abs(float(energy)) < 1e-12 * abs(float(ledger.linkage))


def test_at_the_conductor_the_electric_field_vanishes_and_energy_is_heat_and_work():
    """Toroidal part of eta (curl NB - k5 NB) + hall curl NB × B at the inner node, from values on the grid."""
    induction = operator(eta=0.3, k5=3.0, curved=True)
    equation, y = make_equation(induction, SPHERE, hall=True), random_state(induction)
    _, energy, _, ledger = measured(equation, y)
    assert float(energy) == pytest.approx(float(ledger.work - ledger.joule), rel=1e-11)
    parts = equation.components(equation.induction, y)
    field, current = (to_grid(SPHERE, Components(*(x[..., :1, :1] for x in part))) for part in parts)
    c = induction.coefficients
    ohm = [c.eta[0] * (j - c.k5[0] * c.lapse[0] * b) for j, b in zip(current, field, strict=True)]
    hall = c.hall[0] * jnp.cross(jnp.stack(current, axis=-1), jnp.stack(field, axis=-1))
    parts = [SPHERE.vector_analysis(*pair)[1] for pair in ((ohm[1], ohm[2]), (hall[..., 1], hall[..., 2]))]
    assert np.abs(parts[0] + parts[1]).max() < 1e-12 * np.abs(parts[1]).max()


def test_feedback_balances_and_makes_the_electric_field_perpendicular_where_it_is_strong():
    """b B² → ∞ without a source: ∫ E·B → 0; energy is heat and work for any b."""
    induction = operator(eta=1.0, k5=3.0, hall=0.0, curved=True)
    _, energy, helicity, ledger = measured(make_equation(induction, SPHERE, hall=False, feedback=0.7), random_state(induction))
    assert float(energy) == pytest.approx(float(ledger.work - ledger.joule), rel=1e-11)
    assert float(helicity) == pytest.approx(float(ledger.linkage), rel=1e-10)
    free = operator(eta=1.0, hall=0.0, order=10)  # what is left comes from g' = 0 at the conductor, to the elements' order
    smooth = initial_state(*first_field(free, SPHERE, cfg.RandomField(kind="random", degree=2), 3))

    @jax.jit
    def along(equation, y):
        ohm, (made, field, _) = equation.ohmic(equation.induction, y), of_products(equation, y)
        whole = jax.tree.map(jnp.add, ohm, made)
        return equation.inner(field, ohm), equation.inner(field, whole)

    without, strong = along(make_equation(free, SPHERE, hall=False, feedback=1e12), smooth)
    assert abs(float(strong)) < 1e-8 * abs(float(without))


def test_feedback_makes_no_even_degrees_of_odd_ones_and_hall_drift_does():
    """Axisymmetric fields of odd degrees change sign when turned over, as the equation without Hall drift does with B."""
    induction = operator(eta=1.0, k5=3.0)
    y = initial_state(*first_field(induction, SPHERE, cfg.TiltedDipole(kind="dipole"), 1))
    y = y._replace(g=y.f[..., ::-1] * (induction.shell.r - 1))
    go = jax.jit(lambda eq, y: eq.evaluate(jnp.zeros(()), y)[0])
    even = {}
    for hall, feedback in ((False, 0.7), (True, None)):
        found = go(make_equation(induction, SPHERE, hall=hall, feedback=feedback), y)
        size = np.abs(found.f).max(axis=(1, 2)) + np.abs(found.g).max(axis=(1, 2))
        even[hall] = size[2::2].max() / size.max()
        if not hall:
            assert size[3] > 1e-3 * size[1]
    assert even[False] < 1e-13 and even[True] > 0.5


def test_two_dipoles_make_a_quadrupole():
    """Unnormalised P_l, D = f'' - 2f/r²: ∂t g2 = 2/3 [f (h D/r²)' + g (h g/r²)'], ∂t f2 = -(2h/3r²)(f g' - g f'), no more."""
    sphere = make_sphere(3, 0)
    shell = make_shell(element_edges(0.5, 1.0, 3), 12)
    induction = make_induction(shell, uniform(shell.r, eta=0.0)._replace(hall=1 / shell.r), sphere.degrees)
    polynomial = np.polynomial.Polynomial
    # f = 0 inside and f' + f = 0 outside, g = 0 outside: boundaries add nothing at the inner nodes.
    f = polynomial.fromroots([0.5, 1 + 0.5 / 1.5])
    g = polynomial.fromroots([1.0, 0.2])
    one, two = np.sqrt(3 / (4 * np.pi)), np.sqrt(5 / (4 * np.pi))
    r = shell.r
    fields = np.zeros((2, 4, 1, shell.nodes))
    fields[:, 1, 0] = f(r) / one, g(r) / one
    equation = make_equation(induction, sphere, hall=True)
    found = jax.jit(lambda eq, y: eq.evaluate(jnp.zeros(()), y)[0])(equation, initial_state(*fields))
    # (h (f'' - 2f/r²)/r²)' and (h g/r²)' with h = 1/r
    current = (f.deriv(3)(r) / r**3 - 3 * f.deriv(2)(r) / r**4) - 2 * (f.deriv()(r) / r**5 - 5 * f(r) / r**6)
    swept = g.deriv()(r) / r**3 - 3 * g(r) / r**4
    toroidal = 2 / 3 * (f(r) * current + g(r) * swept) / two
    poloidal = -2 / (3 * r**3) * (f(r) * g.deriv()(r) - g(r) * f.deriv()(r)) / two
    inner = slice(1, -1)
    assert np.allclose(found.f[2, 0, inner], poloidal[inner], rtol=0, atol=1e-10 * np.abs(poloidal).max())
    assert np.allclose(found.g[2, 0, inner], toroidal[inner], rtol=0, atol=1e-8 * np.abs(toroidal).max())
    for l in (1, 3):
        assert float(np.abs(found.f[l, :, inner]).max() + np.abs(found.g[l, :, inner]).max()) < 1e-9


def test_order_zero_of_the_three_dimensional_equation_is_the_axisymmetric_one():
    flat = make_sphere(4, 0)
    y = random_state(operator(flat), flat)
    deep = initial_state(*(jnp.pad(x, ((0, 0), (0, 4), (0, 0))) for x in (y.f, y.g)))
    go = jax.jit(lambda eq, y: eq.evaluate(jnp.zeros(()), y)[0])
    a = go(make_equation(operator(flat, k5=2.0, eta=1.0), flat, hall=True, feedback=0.3), y)
    b = go(make_equation(operator(k5=2.0, eta=1.0), SPHERE, hall=True, feedback=0.3), deep)
    # a rational k5 is sampled on both grids' same colatitudes
    for one, other in ((a.f, b.f), (a.g, b.g)):
        assert np.allclose(one[:, 0], other[:, 0], rtol=0, atol=1e-12 * np.abs(one).max())
        assert np.abs(other[:, 1:]).max() < 1e-12 * np.abs(one).max()


# --- in time ---------------------------------------------------------------------------------------------------------


def evolved(equation, y, end, steps):
    options = step_options(1e-6, end / steps)
    carry = start(equation, "ark4", jnp.zeros(()), y, options)
    return sample(equation, "ark4", advance(equation, "ark4", carry, 10**6, end, options), end, options)[1]


def test_energy_drift_of_hall_drift_alone_falls_with_the_order_of_the_step():
    induction = operator()
    equation = make_equation(induction, SPHERE, hall=True)
    y = initial_state(*first_field(induction, SPHERE, cfg.RandomField(kind="random", degree=2), 5))
    energy = jax.jit(lambda eq, y: sum(jnp.sum(e) for e in eq.energies(y)))
    before = float(energy(equation, y))
    drifts = [abs(float(energy(equation, evolved(equation, y, 0.01, n))) / before - 1) for n in (32, 64, 128)]
    assert drifts[0] < 1e-4
    assert np.all(np.log2(np.array(drifts[:-1]) / drifts[1:]) > 3.8), drifts


def test_a_tilted_field_evolves_as_the_untilted_one():
    induction = operator(eta=0.05)
    equation = make_equation(induction, SPHERE, hall=True)
    energies = []
    for tilt in (0.0, 67.0):
        f, _ = first_field(induction, SPHERE, cfg.TiltedDipole(kind="dipole", tilt=tilt), 1)
        y = evolved(equation, initial_state(f, f * (1 - induction.shell.r) * 3), 0.01, 32)
        energies.append(np.array(jax.jit(lambda eq, y: eq.energies(y))(equation, y)))
    assert energies[0][1, 2] > 1e-4 * energies[0].max()  # a quadrupole has formed
    assert np.allclose(*energies, rtol=0, atol=1e-13 * np.max(energies))


def test_unstable_modes_of_any_order_grow_at_their_rate():
    """(l, m) = (3, 2), complex rate, and (2, 1), a field so weak that products do not matter."""
    induction = operator(eta=1.0, k5=20.0)
    equation = make_equation(induction, SPHERE, hall=True)
    f, g = np.zeros((2, 5, 5, induction.shell.nodes), complex)
    rates = {}
    for l, m in ((3, 2), (2, 1)):
        mode = coupled_modes(induction, l, 1)
        f[l, m], g[l, m], rates[l, m] = 1e-12 * mode.f[0], 1e-12 * mode.g[0], mode.rates[0]
    y = evolved(equation, initial_state(f, g), 0.01, 32)
    for (l, m), rate in rates.items():
        assert abs(rate.imag) > 1 and rate.real > 10
        assert np.allclose(y.f[l, m], f[l, m] * np.exp(0.01 * rate), rtol=0, atol=1e-6 * np.abs(f[l, m]).max())


# --- runs ------------------------------------------------------------------------------------------------------------


def test_a_run_keeps_its_ledgers_and_goes_on_with_the_same_bits_when_it_was_stopped(tmp_path):
    small = {"geometry.n_r": 8, "geometry.l_max": 4, "time.t_end": 0.01, "output.snapshots": {"at": [0.01]}}
    given = small | {"model.chiral": True, "model.k5": 4.0, "model.feedback": True, "geometry.m_max": 1, "output.spectra": None}
    run = kiral.run("crust-hall", given, out=tmp_path / "run", progress=False)
    series = run.series
    assert all(float(abs(series[f"drift_{name}"]).max()) < 1e-6 for name in ("energy", "helicity"))
    assert float(series["b_mean"][0]) == pytest.approx(1.0, rel=1e-12)
    assert run.snapshots["f"].shape[1:] == (2, 5, 2, 9)
    on = {"time.t_end": 0.02, "output.snapshots": {"at": [0.02]}}
    whole = kiral.run("crust-hall", given | on, out=tmp_path / "whole", progress=False)
    parts = kiral.resume(run.path, on, progress=False)
    for name in ("energy_toroidal", "helicity", "joule_heat", "chiral_work", "drift_energy"):
        np.testing.assert_array_equal(whole.series[name], parts.series[name])
    for name in ("f", "g"):
        np.testing.assert_array_equal(whole.snapshots[name][-1], parts.snapshots[name][-1])


def test_what_does_not_fit_is_refused():
    for given, words in (
        ({"model.k5": 3.0}, "chiral = false"),
        ({"model.feedback": True}, "chiral = true"),
        ({"geometry.n_r": 30}, "multiple of order"),
        ({"geometry.m_max": 99}, "at most l_max"),
        ({"model.chiral": True, "model.k5": {"r": [0.6, 1.0], "value": [1.0, 2.0]}}, "from r = 0.5 to 1"),
        ({"initial": {"kind": "dipole", "tilt": 20.0}}, "m_max of 1"),
        ({"initial": {"kind": "decay_mode", "order": 1}}, "initial.order"),
        ({"devices.precision": "float32"}, "float64"),
    ):
        with pytest.raises(ConfigError, match=words):
            kiral.load_case("crust-hall", given)
