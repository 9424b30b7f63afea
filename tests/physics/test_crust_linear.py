"""The linear induction equation in a shell: exact modes, orders, balances, time stepping, and growth in a star's crust."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.linalg import expm
from scipy.optimize import brentq
from scipy.special import spherical_jn, spherical_yn

import kiral
from kiral.core.advance import advance, sample, start, step_options
from kiral.crust import config as cfg
from kiral.crust import decay_modes, growth_rates
from kiral.crust.coefficients import ShellCoefficients, uniform
from kiral.crust.induction import make_induction
from kiral.crust.linear import initial_state, make_equation
from kiral.crust.linear_build import seed
from kiral.crust.linear_calculations import CrustGrowth
from kiral.crust.material import Steady
from kiral.crust.modes import coupled_modes, fastest_modes, ohmic_modes
from kiral.errors import ConfigError
from kiral.geometry.shell import element_edges, make_shell
from kiral.geometry.sphere import make_sphere
from kiral.geometry.spherical_field import curl_functions, field_components, from_grid, to_grid

jax.config.update("jax_enable_x64", True)


def shell(inner=0.5, elements=5, order=8, stretch=None):
    return make_shell(element_edges(inner, 1.0, elements), order, stretch)


# --- exact modes -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("inner", "degree"), [(0.5, 1), (0.5, 2), (0.9, 1)])
def test_poloidal_decay_modes_against_bessel_functions(inner, degree):
    """Roots of j_{l-1}(k) y_l(k r_i) = y_{l-1}(k) j_l(k r_i)."""

    def condition(k):
        below, here = degree - 1, degree
        return spherical_jn(below, k) * spherical_yn(here, k * inner) - spherical_yn(below, k) * spherical_jn(here, k * inner)

    found = decay_modes(inner=inner, degree=degree, count=3)
    exact = [brentq(condition, k * (1 - 1e-4), k * (1 + 1e-4), xtol=1e-13) for k in found]
    assert np.allclose(found, exact, rtol=1e-10)
    assert len({round(k, 6) for k in exact}) == 3


def test_known_wave_numbers():
    """Independent values, and none skipped: the lowest ones."""
    assert decay_modes()[:2] == pytest.approx([4.05751567622, 9.82636087887], abs=2e-10)
    assert decay_modes(degree=2)[0] == pytest.approx(5.05283555048, abs=2e-10)
    assert decay_modes(kind="toroidal")[:2] == pytest.approx([3.8654965715, 9.64491637433], abs=2e-10)
    assert decay_modes(inner=0.9)[0] == pytest.approx(16.3850515464, abs=2e-10)
    assert decay_modes(inner=0.9, kind="toroidal")[0] == pytest.approx(15.7815451279, abs=2e-10)


def test_growth_rates_of_a_uniform_shell_come_in_complex_pairs():
    fast = growth_rates(inner=0.5, degree=1, k5=20.0, elements=6, order=8, count=2)
    exact = 68.7275706952 + 13.212138231j
    assert sorted(fast, key=np.imag) == pytest.approx([exact.conjugate(), exact], abs=1e-8)
    thin = growth_rates(inner=0.9, degree=1, k5=100.0, elements=6, order=8, count=1)[0]
    assert thin.real == pytest.approx(1678.18922381, rel=1e-8) and abs(thin.imag) == pytest.approx(380.768140559, rel=1e-8)


def test_full_sphere_is_the_alpha_squared_dynamo():
    """Critical k5 R: the first zeros of j_1 and j_2; one growth rate."""
    for degree, critical in ((1, 4.4934094579091), (2, 5.7634591968945)):
        assert abs(growth_rates(0.0, degree, critical, elements=4, order=10, count=1)[0]) < 1e-8
    assert growth_rates(0.0, 1, 10.0, elements=4, order=10, count=1)[0] == pytest.approx(22.5148744318, rel=1e-10)


@pytest.mark.parametrize(("order", "elements", "wanted"), [(1, 64, 1.95), (2, 24, 3.9), (3, 12, 5.8), (4, 9, 7.5)])
def test_eigenvalues_converge_with_twice_the_order(order, elements, wanted):
    """Order 8 and more from degree 4 on; linear elements are second order."""
    exact = 68.7275706952 + 13.2121382310j
    found = (growth_rates(0.5, 1, 20.0, elements=n, order=order, count=2) for n in (elements, 2 * elements))
    errors = [np.abs(rates - exact).min() for rates in found]
    assert np.log2(errors[0] / errors[1]) > wanted, errors


def test_shift_and_inversion_finds_the_same_modes():
    sh = shell(elements=8)
    induction = make_induction(sh, uniform(sh.r, k5=30 * np.exp(-(((sh.r - 0.8) / 0.1) ** 2))), [2])
    dense, sparse = coupled_modes(induction, count=3), fastest_modes(induction, count=3)
    assert np.allclose(sorted(dense.rates, key=np.imag), sorted(sparse.rates, key=np.imag), rtol=1e-9)


def test_early_toroidal_growth():
    """E_tor/(E_pol t²) → 16.93371515 for k5 = sin²(π(r - r_i)/(1 - r_i)), the slowest poloidal mode, outside included."""
    sh = shell()
    seed = ohmic_modes(make_induction(sh, uniform(sh.r), [1])).f
    induction = make_induction(sh, uniform(sh.r, k5=np.sin(np.pi * (sh.r - 0.5) / 0.5) ** 2), [1])
    poloidal, _, outside = induction.energies(seed, 0 * seed)
    _, toroidal, _ = induction.energies(seed, induction.tendency(seed, 0 * seed)[1])
    assert toroidal[0] / (poloidal + outside)[0] == pytest.approx(16.93371515, abs=1e-8)


def test_wrong_arguments_are_explained():
    for call in (lambda: decay_modes(kind="both"), lambda: decay_modes(inner=1.5), lambda: growth_rates(0.5, 0, 1.0)):
        with pytest.raises(ConfigError, match=r"must be|allowed|whole number"):
            call()


# --- balances --------------------------------------------------------------------------------------------------------


def curved(degrees=(1, 2, 5), elements=4, order=6):
    """An operator with a metric and arbitrary coefficients, uneven elements."""
    edges = element_edges(0.6, 1.0, elements, centre=0.8, width=0.05, finer=3.0)
    sh = make_shell(edges, order, lambda r: 1 / np.sqrt(1 - 0.3 / r))
    r = sh.r
    c = ShellCoefficients(r, 1 + 5 * r**4, 30 * np.cos(7 * r), 0 * r, np.sqrt(1 - 0.3 / r), sh.stretch, 0 * r)
    return make_induction(sh, c, degrees, compactness=0.3)


def test_energy_and_helicity_balance_to_round_off():
    """For fields that are not smooth: d/dt of a quadratic form is [Q(y + ẏ) - Q(y - ẏ)]/2."""
    operator, rng = curved(), np.random.default_rng(0)
    f, g = (mask * rng.normal(size=(3, operator.shell.nodes)) for mask in operator.masks())
    slopes = operator.tendency(f, g)
    scale = 1 / np.abs(slopes[0]).max()

    def rate(form):
        ends = (form(f + sign * scale * slopes[0], g + sign * scale * slopes[1]) for sign in (1, -1))
        return (next(ends) - next(ends)) / (2 * scale)

    made = operator.productions(f, g)
    assert np.allclose(rate(lambda f, g: sum(operator.energies(f, g))), made.work - made.joule, rtol=1e-10)
    assert np.allclose(rate(lambda f, g: operator.energies(f, g)[2]), made.poynting, rtol=1e-9)
    turnover = np.abs(made.linkage) + np.abs(made.helicity_flux)
    assert np.all(np.abs(rate(operator.helicity) - made.linkage - made.helicity_flux) < 1e-9 * turnover)
    assert np.all(made.joule > 0) and np.all(np.abs(made.work) > 0)


def test_a_current_free_field_of_a_curved_space_carries_no_current():
    """f ~ r² [ln(1 - x) + x + x²/2], x = r_s/r: the static dipole outside a mass, taken inside the shell too."""
    operator = curved(degrees=[1], elements=8, order=8)
    x = 0.3 / operator.shell.r
    dipole = operator.shell.r**2 * (np.log(1 - x) + x + x**2 / 2)
    current = operator.toroidal_current(dipole[None])[0, 1:]
    assert np.abs(current).max() < 1e-7 * np.abs(2 * dipole / operator.shell.r**2).max()


def test_a_field_on_the_grid_has_its_energy_and_what_is_across_it_does_no_work():
    """Three-dimensional fields of random modes: ∫B² by both ways, and dE/dt = 0 for E = (curl B) × B, to round-off.

    This is what makes a Hall term conserve energy: products are formed at the points at which the curl is a transpose.
    """
    sphere, sh = make_sphere(4, 4), shell(elements=2, order=5)
    operator = make_induction(sh, uniform(sh.r), sphere.degrees)
    rng = np.random.default_rng(5)
    shape = (5, 5, sh.nodes)
    f, g = (mask * (rng.normal(size=shape) + 1j * rng.normal(size=shape)) for mask in operator.masks())
    triangle = sphere.mask[:, :, None] * (sphere.degrees > 0)[:, None, None]
    f, g = (np.where(sphere.orders[:, None] == 0, x.real, x) * triangle for x in (f, g))
    current = operator.toroidal_current(f)
    current[..., 0] = 0.0

    @jax.jit
    def across(f, g, current):
        b = to_grid(sphere, field_components(sh, sphere, f, g))
        j = to_grid(sphere, field_components(sh, sphere, g, current))
        e = [j[1] * b[2] - j[2] * b[1], j[2] * b[0] - j[0] * b[2], j[0] * b[1] - j[1] * b[0]]
        square = sum(sphere.grid_product(c, c) for c in b)
        return square, curl_functions(sh, from_grid(sphere, *e))

    square, (turned_f, turned_g) = across(f, g, current)
    weight = np.where(sphere.orders == 0, 1.0, 2.0)
    poloidal, toroidal, _ = operator.energies(f, g)
    whole = sh.integral(np.asarray(square) * sh.local(sh.r) ** 2) / (8 * np.pi)
    assert np.sum(weight * (poloidal + toroidal)) == pytest.approx(float(whole), rel=1e-12)
    free_f, free_g = operator.masks()
    level = weight * (sphere.degrees * (sphere.degrees + 1))[:, None]
    gained = level[..., None] * sh.weights * (
        (operator.toroidal_current(f).conj() * free_f * turned_f).real + (g.conj() * free_g * turned_g).real
    )
    assert abs(gained.sum()) < 1e-12 * np.abs(gained).sum()


# --- time stepping ---------------------------------------------------------------------------------------------------


class Fading(Steady):
    """Diffusivity that falls as exp(-t/T): A(t) commutes with itself, so that the solution is known."""

    time: jax.Array

    @property
    def constant(self):
        return False

    def __call__(self, t):
        return self.coefficients._replace(eta=self.coefficients.eta * jnp.exp(-t / self.time))


def test_blocks_solve_what_the_dense_matrix_does():
    induction = curved()
    equation = make_equation(induction)
    rng = np.random.default_rng(2)
    f, g = (jnp.asarray(mask * rng.normal(size=(3, equation.shell.nodes))) for mask in induction.masks())
    h, operator = jnp.asarray(0.03), equation.linear()
    found = jax.jit(lambda op, y: op.solve(op.tables(h), y))(operator, initial_state(f, g))
    dense = np.eye(2 * equation.shell.nodes) - 0.03 * induction.matrices()
    exact = np.linalg.solve(dense, np.concatenate([f, g], axis=1)[..., None])[..., 0]
    assert np.allclose(np.concatenate([found.f, found.g], axis=1), exact, rtol=1e-9, atol=1e-10 * np.abs(exact).max())


def test_fourth_order_in_time_and_the_ledger_with_it():
    """Against the matrix exponential, with a diffusivity that falls by a third: the operator is frozen anew in every step."""
    sh = shell(elements=2, order=6)
    induction = make_induction(sh, uniform(sh.r, k5=12 * np.sin(np.pi * (sh.r - 0.5) / 0.5) ** 2), [1])
    f, end, fade, scheme = ohmic_modes(induction).f, 0.04, 0.1, "ark4_refreshed"
    material = Fading(ShellCoefficients(*map(jnp.asarray, induction.coefficients)), jnp.asarray(fade))
    equation, first = make_equation(induction, material), initial_state(f, 0 * f)
    exact = expm(induction.matrices()[0] * fade * (1 - np.exp(-end / fade))) @ np.concatenate([f[0], 0 * f[0]])
    errors, drifts = [], []
    for steps in (8, 16, 32):
        options = step_options(1e-6, end / steps)
        carry = start(equation, scheme, jnp.zeros(()), first, options)
        y = sample(equation, scheme, advance(equation, scheme, carry, 10**6, end, options), end, options)[1]
        errors.append(np.abs(np.concatenate([y.f[0], y.g[0]]) - exact).max())
        energy = sum(sum(induction.energies(np.asarray(s.f), np.asarray(s.g)))[0] * sign for s, sign in ((y, 1), (first, -1)))
        drifts.append(abs(energy - float((y.ledger.work - y.ledger.joule)[0])))
    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    assert orders[-1] > 3.7, (errors, orders)
    assert np.log2(drifts[-2] / drifts[-1]) > 3.5, drifts


# --- a star's crust --------------------------------------------------------------------------------------------------


N_R = 96


def test_growth_and_amplification_in_the_crust_of_a_star():
    """Against values of an independent code: 0.154/yr, energy 0.303/yr, 76.4 yr from 3e12 to 1e15 G (1.4 Msun, BSk24, GR).

    The second-order method of the paper on its 40 points finds 40 % of that rate.
    """
    found = CrustGrowth(n_r=N_R, degrees=(1, 40), modes=2)
    data = found.compute()
    assert np.allclose(data["growth_rate"][:, 0], 0.154, atol=0.002)
    assert float(data["energy_rate"]) == pytest.approx(0.303, abs=0.004)
    assert float(data["amplification_time"]) == pytest.approx(76.4, rel=0.02)
    coarse = fastest_modes(found.induction(1e-2, [1], n_r=40, order=1, finer=1.0), 0, 1).rates[0].real
    assert coarse / float(data["growth_rate"][0, 0]) == pytest.approx(0.40, abs=0.02)


def test_a_run_keeps_its_ledgers(tmp_path):
    given = {"geometry.n_r": N_R, "time.t_end": 20.0, "output.snapshots": {"at": [20.0]}}
    run = kiral.run("crust-linear", given, out=tmp_path / "run", progress=False)
    series = run.series
    assert all(float(abs(series[f"drift_{name}"]).max()) < 1e-5 for name in ("energy", "crust_energy", "helicity"))
    assert float(series["b_mean"][0]) == pytest.approx(3e12, rel=1e-12)
    assert run.snapshots["f"].shape[1:] == (1, N_R + 1)
    toroidal = series["energy_toroidal"].values
    assert np.polyfit(np.log(series["t"].values[3:10]), np.log(toroidal[3:10]), 1)[0] == pytest.approx(2.0, abs=0.1)


def test_shares_of_the_seed():
    """Mean squares by degree; one of share 0 is empty."""
    operator = curved(degrees=[1, 2, 3])
    parts = cfg.DecayMode(b_mean=3e12, shares=(0.9, 0.0, 0.1))
    squares = operator.mean_squares(*seed(operator, parts, cfg.RadialGrid(l_max=3)))
    assert np.allclose(squares, 9e24 * np.array([0.9, 0.0, 0.1]), rtol=1e-12)


def test_a_temperature_in_time_needs_the_scheme_for_it():
    table = {"t": [0.0, 100.0], "value": [1e9, 5e8]}
    with pytest.raises(ConfigError, match="ark4_refreshed"):
        kiral.load_case("crust-linear", {"model.temperature": table})
    config = kiral.load_case("crust-linear", {"model.temperature": table, "time.scheme": "ark4_refreshed"}).config
    assert "model.temperature" in config.tables()
    with pytest.raises(ConfigError, match="multiple of order"):
        kiral.load_case("crust-linear", {"geometry.n_r": 163})
