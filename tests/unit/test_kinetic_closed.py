"""Closed forms of chiral kinetic theory: reference values, autodiff and quadrature of the kinetic equation, units, grids."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import kiral
from kinetic_setups import D1, D1_RATES, D1_SECOND
from kiral.api import setup_jax
from kiral.kinetic import drag, drifting, equilibrium, integrals, printed, transport
from kiral.kinetic import drift as drift_module
from kiral.papers.gorbar2016 import direct

setup_jax()
CLOSE = {"rtol": 1e-12, "atol": 0.0}

# 13-digit values at the reference set D1, from an independent evaluation in 30 digits.
D1_CURRENTS = {  # terms of (50), summed over chiralities and weighted with chirality
    "magnetic": ((3.799544386588e-05, -3.039635509270e-05, 7.599088773175e-05),
                 (1.519817754635e-04, -1.215854203708e-04, 3.039635509270e-04)),
    "ohmic diffusion": ((1.350949115231e-06, 1.795340116276e-03, -2.253631789151e-03),
                        (2.250929890921e-04, -8.895643634465e-04, -4.636954693365e-04)),
    "electric_relaxation": ((-1.350557934553e-04, 2.701115869105e-04, -6.752789672763e-05),
                            (-8.105694691387e-07, 1.621138938277e-06, -4.052847345694e-07)),
    "hall hall_diffusion": ((2.269594513588e-06, -4.458132080263e-06, -2.918050088899e-06),
                            (-3.080163982727e-06, -2.634350774701e-06, 4.863416814832e-07)),
    "magnetization anomalous_hall": ((-1.266514795529e-06, -6.585876936752e-07, -7.599088773175e-07),
                                     (1.823781305562e-06, -1.215854203708e-06, 2.026423672847e-07)),
    "total": ((-9.470632075609e-05, 2.029938628320e-03, -2.248846757113e-03),
              (3.750078124093e-04, -1.013378849857e-03, -1.594482190953e-04)),
}  # fmt: skip
DRIFT = {  # beta: g0, g1, g2, gL, (atanh(beta)/beta - 1)/beta²
    1e-6: (6.66666666667467e-01, 5.33333333334476e-07, 2.28571428572140e-18, 6.66666666669067e-01, 3.33333333333533e-01),
    1e-3: (6.66667466667524e-01, 5.33334476192254e-04, 2.28572139683994e-09, 6.66669066670952e-01, 3.33333533333476e-01),
    0.1: (6.74753279025429e-01, 5.44942137929114e-02, 2.35830493634014e-03, 6.91101543163303e-01, 3.35347731075581e-01),
    0.5: (9.38884178660895e-01, 4.92602013048581e-01, 6.97483761917588e-01, 1.67778719823377e00, 3.94449154672439e-01),
}


def vector(*values):
    return np.array(values)


def close_vectors(found, expected, rtol=1e-12):
    """Components within rtol of the vector's size: small components carry the rounding of the large ones."""
    np.testing.assert_allclose(found, expected, rtol=0, atol=rtol * np.abs(expected).max())


# --- reference values ------------------------------------------------------------------------------------------------


def test_reference_currents():
    found = kiral.kinetic.currents(**D1, **D1_RATES)
    for names, (j, j5) in D1_CURRENTS.items():
        right, left = (sum(getattr(side, name) for name in names.split()) for side in (found.right, found.left))
        close_vectors(right + left, vector(*j))
        close_vectors(right - left, vector(*j5))
    close_vectors(found.electric, vector(*D1_CURRENTS["total"][0]))
    close_vectors(found.axial, vector(*D1_CURRENTS["total"][1]))
    assert sum(found.electric_terms.values()) == pytest.approx(found.electric) and len(found.axial_terms) == 9


def test_reference_coefficients_and_rates():
    t, mu, mu5, tau, e = (D1[name] for name in ("temperature", "mu", "mu5", "tau", "charge"))
    n, n5 = kiral.kinetic.densities(t, mu, mu5)
    chi, cross = equilibrium.susceptibilities(t, mu, mu5)
    sigma = equilibrium.conductivity(t, mu, mu5, tau, e)
    rates = kiral.kinetic.chemical_potential_rates(**D1, **D1_SECOND)
    found = [n, n5, chi, cross, sigma, 1 - equilibrium.permittivity(t, mu, mu5, tau, e), *rates]
    expected = [6.69875170815341e-02, 1.68735307499364e-02, 3.37639483638133e-01, 2.02642367284676e-03,
                2.02583690182880e-02, 5.09148346252516e-01, -1.19584770362049e-03, 5.39817659829859e-04]  # fmt: skip
    np.testing.assert_allclose(found, expected, **CLOSE)
    assert equilibrium.relaxation_time(t, mu, mu5, sigma, e) == pytest.approx(tau, rel=1e-14)


@pytest.mark.parametrize("beta", DRIFT)
def test_reference_drift_functions(beta):
    found = (*kiral.kinetic.drift_functions(beta), drift_module.perpendicular_function(beta))
    np.testing.assert_allclose(found, DRIFT[beta], rtol=3e-15)


@pytest.mark.parametrize("beta", [0.05, 0.3, 0.499999, 0.5, 0.7, 0.9, 0.97])
def test_drift_functions_are_their_integrals(beta):
    xi, w = np.polynomial.legendre.leggauss(120)
    b = 1 - beta * xi
    exact = [w @ ((1 - xi**2) / b**3) / 2, w @ (xi * (1 - xi**2) / b**4) / 2, w @ (xi * (5 * xi**2 - 3) / b**4) / 2,
             w @ (xi**2 / b**3)]  # fmt: skip
    rounding = 2e-12 if beta >= 0.3 else 1e-11  # of the quadrature: the sums of g2 = O(beta³) cancel
    np.testing.assert_allclose(kiral.kinetic.drift_functions(beta), exact, rtol=rounding)


def test_drift_functions_close_to_one():
    """Leading terms at 1 - beta = 1e-9: g0 → 1/(1-β²), gL → 2/(1-β²)², both with relative corrections below 1e-7."""
    beta = 1 - 1e-9
    rest = (1 - beta) * (1 + beta)
    found = kiral.kinetic.drift_functions(beta)
    assert found.g0 * rest == pytest.approx(1, rel=1e-7) and found.gL * rest**2 == pytest.approx(2, rel=1e-7)
    assert found.g1 * rest**2 == pytest.approx(2 / 3, rel=1e-7) and found.g2 * rest**3 == pytest.approx(8 / 3, rel=1e-7)


# --- Fermi integrals -------------------------------------------------------------------------------------------------


def fermi_by_quadrature(power, x, occupation):
    """∫ u^power occupation(u - x) du over panels that the poles at x ± iπ leave converged."""
    y, w = np.polynomial.legendre.leggauss(20)
    ends = np.arange(0.0, max(x, 0) + 48, 4.0)
    u = (ends[:, None] + 2 * (y + 1)).ravel()
    return np.tile(2 * w, len(ends)) @ (u**power * occupation(u - x))


@pytest.mark.parametrize("x", [-30.0, -4.5, -1.2, -0.9, 0.0, 0.9, 1.2000001, 4.5, 60.0, 800.0])
@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_table_integrals(n, x):
    t, c = 1.3, 1.7
    occupation = lambda z: np.exp(-np.logaddexp(0, z))  # noqa: E731
    d = lambda z: occupation(z) * occupation(-z)  # noqa: E731
    scale = (t / c) ** (n + 1) / (2 * math.pi**2)
    found = integrals.occupation_integral(n, x * t, t, c)
    np.testing.assert_allclose(found, scale * fermi_by_quadrature(n, x, occupation), rtol=5e-14)
    np.testing.assert_allclose(integrals.derivative_integral(n, x * t, t, c), scale * fermi_by_quadrature(n, x, d), rtol=2e-13)
    if n == 2:
        exact = fermi_by_quadrature(2, x, lambda z: d(z) * np.tanh(z / 2))  # 1 - 2f = tanh
        np.testing.assert_allclose(integrals.slope_integral(x * t, t, c), scale * exact, rtol=5e-13)


@pytest.mark.parametrize("s", [0, 1, 2, 3, 4])
def test_reflections(s):
    """(86)-(90), from the integrals on either side and from the printed polynomials, also far out."""
    x = np.array([-800.0, -3.0, -0.4, 0.0, 0.4, 3.0, 800.0])
    polynomials = [1 + 0 * x, x, x**2 / 2 + math.pi**2 / 6, x**3 / 6 + math.pi**2 * x / 6,
                   x**4 / 24 + math.pi**2 * x**2 / 12 + 7 * math.pi**4 / 360]  # fmt: skip
    np.testing.assert_allclose(integrals.reflection(s, x), polynomials[s], rtol=1e-15)
    both = integrals.fermi_integral(s, x) + (-1) ** s * integrals.fermi_integral(s, -x)
    np.testing.assert_allclose(both, polynomials[s], rtol=1e-14, atol=1e-15)


def test_derivatives_of_fermi_integrals():
    """dφ_s/dx = φ_(s-1), by jax, at 0, where branches meet, and at |x| = 800."""
    x = jnp.array([-800.0, -1.2, -0.3, 0.0, 0.3, 1.2, 800.0])
    for s in (1, 2, 4):
        slope = jax.jit(jax.vmap(jax.grad(lambda y, s=s: integrals.fermi_integral(s, y))))(x)
        np.testing.assert_allclose(slope, integrals.fermi_integral(s - 1, x), rtol=3e-14)
    curvature = jax.jit(jax.vmap(jax.grad(jax.grad(integrals.expit))))(x)
    np.testing.assert_allclose(curvature, integrals.expit(x) * integrals.expit(-x) * np.tanh(-x / 2), rtol=1e-13, atol=1e-300)


@pytest.mark.parametrize("ratio", [0.0, 1e-14, 1e-3, 1.0, 45.0, 800.0, 1e6])
def test_chemical_potentials_from_densities(ratio):
    t, c = 1.3, 1.7
    n, n5 = kiral.kinetic.densities(t, ratio * t, -0.3 * ratio * t, c)
    np.testing.assert_allclose(kiral.kinetic.chemical_potentials(t, n, n5, c), (ratio * t, -0.3 * ratio * t), rtol=1e-15)


def test_thermodynamics():
    """n = dP/dmu, chi = dn/dmu, and n⁰ from the table integrals of particles and antiparticles."""
    t, mu, c = 1.3, 0.9, 1.7
    n = equilibrium.density(t, mu, c)
    assert jax.grad(equilibrium.pressure, 1)(t, mu, c) == pytest.approx(n, rel=1e-14)
    assert jax.grad(equilibrium.density, 1)(t, mu, c) == pytest.approx(equilibrium.susceptibility(t, mu, c), rel=1e-14)
    both = integrals.occupation_integral(2, mu, t, c) - integrals.occupation_integral(2, -mu, t, c)
    assert n == pytest.approx(both, rel=1e-14)
    energy = c * (integrals.occupation_integral(3, mu, t, c) + integrals.occupation_integral(3, -mu, t, c))
    assert 3 * equilibrium.pressure(t, mu, c) == pytest.approx(energy, rel=1e-14)


# --- the kinetic equation itself -------------------------------------------------------------------------------------


def local_plasma(seed, chirality, with_drag):
    """A local state with c, e, T other than 1, curl E = -∂t B/c, div B = 0."""
    r = np.random.default_rng(seed)
    c, size = 1.7, 0.1
    dt_b, hessian = size * r.normal(size=3), r.normal(size=(3, 3))
    symmetric, grad_b = r.normal(size=(3, 3)), r.normal(size=(3, 3))
    curl_e = -dt_b / c
    spin = np.einsum("ijk,k->ij", LEVI_CIVITA, curl_e) / 2
    b = r.normal(size=3)
    e = size * r.normal(size=3)
    if not with_drag:  # a drift well below c
        e = np.cross(b, r.normal(size=3)) * 0.25 + 0.1 * b
    return direct.Plasma(
        temperature=1.3, mu=0.45, tau=0.6, charge=0.8, c=c, chirality=chirality, e=e, b=b, grad_mu=size * r.normal(size=3),
        dt_mu=0.07, hessian_mu=size * (hessian + hessian.T), grad_e=spin + size * (symmetric + symmetric.T),
        grad_b=size * (grad_b - np.trace(grad_b) / 3 * np.eye(3)), dt_e=size * r.normal(size=3), dt_b=dt_b,
    )  # fmt: skip


LEVI_CIVITA = np.zeros((3, 3, 3))
LEVI_CIVITA[[0, 1, 2], [1, 2, 0], [2, 0, 1]] = 1
LEVI_CIVITA[[0, 2, 1], [2, 1, 0], [1, 0, 2]] = -1


def inputs(p, *names):
    values = {"temperature": p.temperature, "mu": p.mu, "tau": p.tau, "charge": p.charge, "c": p.c, "electric_field": p.e,
              "magnetic_field": p.b, "grad_mu": p.grad_mu, "dt_electric_field": p.dt_e, "dt_magnetic_field": p.dt_b,
              "grad_electric_field": p.grad_e, "grad_magnetic_field": p.grad_b, "dt_mu": p.dt_mu,
              "laplacian_mu": np.trace(p.hessian_mu), "div_electric_field": np.trace(p.grad_e)}  # fmt: skip
    return {name: values[name] for name in names}


BASIC = ("temperature", "mu", "tau", "charge", "c", "electric_field", "magnetic_field", "grad_mu")
RATES = ("dt_electric_field", "dt_magnetic_field")
SECOND = ("laplacian_mu", "div_electric_field")


@pytest.mark.parametrize("chirality", [1, -1])
def test_second_order_from_the_kinetic_equation(chirality):
    """(49) and (50), and so (41), (42): c, e, T ≠ 1, for any ∂t mu."""
    p = local_plasma(3, chirality, with_drag=True)
    found = direct.with_drag(p)
    n, j = found.density, found.current
    closed = drag.chirality_currents(chirality=chirality, **inputs(p, *BASIC, *RATES))
    assert drag.chirality_density(chirality=chirality, **inputs(p, *BASIC, *SECOND, "dt_mu")) == pytest.approx(n, rel=2e-13)
    close_vectors(closed.total, j, 2e-13)
    sizes = [np.abs(term).max() / np.abs(j).max() for term in closed]
    assert min(sizes) > 1e-4, "every term is seen by the comparison"


@pytest.mark.parametrize(("chirality", "beta"), [(1, 0.2), (-1, 0.55), (1, 0.9)])
def test_drifting_current_from_the_kinetic_equation(chirality, beta):
    """(20)-(27) with the corrected (27), at three speeds of the drift, for any ∂t mu."""
    p = local_plasma(5, chirality, with_drag=False)
    across = np.cross(p.b, (0.3, -0.2, 0.6))
    p = p._replace(e=beta * np.linalg.norm(p.b) * across / np.linalg.norm(across) + 0.1 * p.b)
    j = direct.drifting(p, cosines=44).current
    mu5 = 0.2
    other = {"mu": p.mu - chirality * mu5, "mu5": mu5, "grad_mu": p.grad_mu, "grad_mu5": np.zeros(3), "dt_mu5": 0.0}
    names = (*BASIC, *RATES, "grad_electric_field", "grad_magnetic_field", "dt_mu")
    found = kiral.kinetic.drifting_currents(**inputs(p, *names) | other)
    terms = found.right if chirality == 1 else found.left
    close_vectors(terms.total, j, 1e-12)
    assert min(np.abs(term).max() / np.abs(j).max() for term in terms) > 1e-5, "every term is seen by the comparison"
    flow = drift_module.drift(p.e, p.b, p.c, p.grad_e, p.grad_b, p.dt_e, p.dt_b)
    parallel = p.b * (p.e @ p.b) / (p.b @ p.b)
    as_printed = printed.dissipative_current(flow, temperature=p.temperature, mu=p.mu, tau=p.tau, charge=p.charge, c=p.c,
                                             parallel_field=parallel, grad_mu=p.grad_mu)  # fmt: skip
    ours = terms.ohmic + terms.diffusion + terms.viscous + terms.relaxation
    assert np.abs(as_printed - ours).max() > 0.05 * np.abs(ours).max()


def test_drift_velocity_derivatives():
    p = local_plasma(5, 1, with_drag=False)
    flow = drift_module.drift(p.e, p.b, p.c, p.grad_e, p.grad_b, p.dt_e, p.dt_b)
    dt, dx = jax.jit(jax.jacfwd(p.drift_at, (0, 1)))(0.0, jnp.zeros(3))
    np.testing.assert_allclose(flow.gradient, dx.T, rtol=1e-12)
    np.testing.assert_allclose(flow.dt, dt, rtol=1e-12)
    assert flow.rest + flow.beta2 == pytest.approx(1, rel=1e-14)


def divergence_of(function):
    return float(jnp.trace(jax.jit(jax.jacfwd(function))(jnp.zeros(3))))


@pytest.mark.parametrize("chirality", [1, -1])
def test_rates_close_the_continuity_equation(chirality):
    """∂t n⁰ + ∇·j = λ e² E·B/(4π²c) with j of first order, the divergence by autodiff; and then n_λ = n⁰."""
    p = local_plasma(7, chirality, with_drag=True)
    rate = drag.chirality_rate(chirality=chirality, **inputs(p, *BASIC, *SECOND))

    def current(x):
        at_x = {"mu": p.mu_at(0.0, x), "grad_mu": p.grad_mu + p.hessian_mu @ x, "electric_field": p.e_at(0.0, x),
                "magnetic_field": p.b_at(0.0, x)}  # fmt: skip
        terms = drag.chirality_currents(chirality=chirality, **inputs(p, *BASIC) | at_x)
        return terms.magnetic + terms.ohmic + terms.diffusion

    lost = divergence_of(current)
    gained = chirality * drag.anomaly(p.e, p.b, p.charge, p.c) / 2
    assert equilibrium.susceptibility(p.temperature, p.mu, p.c) * rate == pytest.approx(gained - lost, rel=1e-12)
    n = drag.chirality_density(chirality=chirality, dt_mu=rate, **inputs(p, *BASIC, *SECOND))
    assert n == pytest.approx(equilibrium.density(p.temperature, p.mu, p.c), rel=1e-14)


def test_drifting_rates_close_the_continuity_equation():
    """(35): ∂t n⁰ + ∇·(n⁰ v) = 0 for both densities, by autodiff."""
    p, mu5, grad5 = local_plasma(5, 1, with_drag=False), 0.2, np.array([0.03, -0.05, 0.02])
    names = ("temperature", "mu", "charge", "c", "electric_field", "magnetic_field", "grad_mu", *RATES, "grad_electric_field",
             "grad_magnetic_field")  # fmt: skip
    rates = kiral.kinetic.drifting_rates(**inputs(p, *names), mu5=mu5, grad_mu5=grad5, anomaly=False)

    def density(t, x):
        mu, five = p.mu + rates.dmu_dt * t + p.grad_mu @ x, mu5 + rates.dmu5_dt * t + grad5 @ x
        return jnp.stack(drifting.drifting_densities(temperature=p.temperature, mu=mu, mu5=five, c=p.c,
                                                     electric_field=p.e_at(t, x), magnetic_field=p.b_at(t, x)))  # fmt: skip

    @jax.jit
    def balance(t, x):
        change = jax.jacfwd(density)(t, x)
        outflow = jax.jacfwd(lambda y: density(t, y)[:, None] * p.drift_at(t, y))(x)
        return change, jnp.trace(outflow, axis1=1, axis2=2)

    change, outflow = balance(0.0, jnp.zeros(3))
    np.testing.assert_allclose(change, -outflow, rtol=1e-12)


def test_coupled_equations_hold_on_the_rates_and_the_printed_one_lacks_the_anomaly():
    rates = kiral.kinetic.chemical_potential_rates(**D1, **D1_SECOND)
    values = D1 | D1_SECOND | rates._asdict()
    scale = 3 * math.pi**2 * max(abs(r) for r in rates)
    assert max(abs(r) for r in drag.coupled_residuals(**values)) < 1e-15 * scale
    missing = 1.5 * 0.3**2 * np.dot(D1["electric_field"], D1["magnetic_field"])
    found = printed.coupled_equations(**values)
    assert found.number == pytest.approx(0, abs=1e-15 * scale) and found.axial == pytest.approx(missing, rel=1e-10)


def test_high_temperature_limit():
    """Coefficients agree to order (mu/T)², the rates too."""
    errors = []
    for scale in (0.1, 0.01):
        small = D1 | {name: scale * np.asarray(D1[name]) for name in ("mu", "mu5")}
        full, high = (make(**small, dt_electric_field=D1_RATES["dt_electric_field"])
                      for make in (kiral.kinetic.currents, transport.high_temperature_currents))  # fmt: skip
        errors.append(max(np.abs(getattr(full, name) / getattr(high, name) - 1).max() for name in high._fields))
    assert errors[0] / errors[1] == pytest.approx(100, rel=1e-6)
    both = {name: D1[name] for name in D1 if name not in ("mu", "mu5")} | D1_SECOND
    zero = kiral.kinetic.chemical_potential_rates(**both, mu=0.0, mu5=0.0)
    np.testing.assert_allclose(transport.high_temperature_rates(**both), zero, rtol=1e-13)
    exact = transport.high_temperature_densities(**both, mu=0.02, mu5=0.01, dt_mu=zero.dmu_dt, dt_mu5=zero.dmu5_dt)
    np.testing.assert_allclose(exact, (0.02 / 3, 0.01 / 3), rtol=1e-13)


def test_wave_speed_is_that_of_the_linear_rates():
    """G16 (65), (66): the rates of a plane wave without E have the eigenvalues ∓ i v k - D k²."""
    t, e, b, tau, k, c = 1.3, 0.8, 0.4, 0.6, 0.05, 1.7
    rates = [transport.high_temperature_rates(temperature=t, tau=tau, charge=e, c=c, magnetic_field=(0, 0, b), **change)
             for change in ({"laplacian_mu": -k**2}, {"grad_mu": (0, 0, k)})]  # fmt: skip
    assert rates[0].dmu_dt == pytest.approx(-equilibrium.diffusion_constant(tau, c) * k**2, rel=1e-14)
    assert rates[1].dmu5_dt == pytest.approx(-equilibrium.wave_speed(t, b, e, c) * k, rel=1e-14)
