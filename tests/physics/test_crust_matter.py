"""Matter of the crust: fits against their checks and the first law, conductivity, captures, flips, and the chain to k5."""

from __future__ import annotations

from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import quad

import kiral
from kiral import constants, units
from kiral.crust.conductivity import _impurity_logarithm, _logarithms, hall_prefactor, magnetic_diffusivity, scattering
from kiral.crust.eos import energy_per_baryon, equation_of_state, first_law_mismatch, mass_density
from kiral.crust.rates import (
    capture_rate,
    chiral_wavenumber,
    chiral_wavenumber_with_feedback,
    chirality,
    feedback_strength,
    fermi_factor,
    flip_factor,
    flip_rate,
)
from kiral.errors import ConfigError

W_2018 = 1.29333236  # m_n - m_p of CODATA 2018 [MeV], with which the check values were made
BSK24 = equation_of_state("BSk24")


def test_fits_reproduce_their_check_values():
    lg_p = [float(BSK24.barotrope.log_pressure(xi)) for xi in (10.0, 12.0, 14.0, 15.0)]
    assert lg_p == pytest.approx([27.87204906, 30.10381785, 32.44575889, 35.29386189], abs=5e-9)
    assert energy_per_baryon(1e-3) == pytest.approx(0.05425625, abs=5e-9)
    assert energy_per_baryon(0.16) == pytest.approx(13.5048941, abs=5e-8)


def test_baryon_density_inverts_the_mass_density():
    n = np.geomspace(1e-9, 1.2, 200)
    assert BSK24.baryon_density(mass_density(n)) == pytest.approx(n, rel=1e-12)
    assert BSK24.density_of(BSK24.crust_core) == pytest.approx(float(mass_density(BSK24.crust_core)), rel=1e-10)


def test_first_law():
    """ln n grows by dε/(ε + P): pressure and energy are separate fits, and agree in this to 1e-3; in P itself far less well.

    The derivative of the energy's fit is off by 0.6 % of P in the middle of the outer crust, 9 % in the inner crust and 17 % at
    most: P is small against ε there, so that n hardly notices. Limits a little above what is measured.
    """
    xi = np.linspace(6.0, 15.35, 4001)
    growth = np.log(10) / (1 + np.asarray(BSK24.pressure(10**xi)) / (10**xi * constants.SPEED_OF_LIGHT_CM_S**2))
    integral = np.concatenate([[0.0], np.cumsum((growth[1:] + growth[:-1]) / 2 * np.diff(xi))])
    n = BSK24.baryon_density(10**xi)
    assert np.abs(n[0] * np.exp(integral) / n - 1).max() < 1e-3
    for low, high, median, largest in ((1e6, 4e11, 0.007, 0.16), (4e11, 1.36e14, 0.09, 0.17), (1.36e14, 2.28e15, 0.008, 0.11)):
        mismatch = np.abs(first_law_mismatch(BSK24.baryon_density(np.geomspace(low, high, 300))))
        assert np.median(mismatch) < median and mismatch.max() < largest


@pytest.mark.parametrize(("name", "densest"), [("BSk24", 2.28e15), ("SLy4", 2.857e15)])
def test_matter_is_stable_and_causal_up_to_the_heaviest_star(name, densest):
    squared = equation_of_state(name).sound_speed_squared(np.geomspace(1.1e6, densest, 400))
    assert np.all(squared > 0) and np.all(squared < 1)


def test_composition_is_neutral_and_continuous_where_it_should_be():
    n = np.geomspace(6e-6, 0.0807, 400)
    found = BSK24.composed(mass_density(n), n)
    assert found.electron_density == pytest.approx(found.charge_number * found.ion_density, rel=1e-14)
    assert found.ion_density * found.cell_mass_number == pytest.approx(n * 1e39, rel=1e-14)
    assert np.all(found.mass_number <= found.cell_mass_number * (1 + 1e-12)) and np.all(found.mass_number >= 60)
    either = BSK24.composed(mass_density(np.array([0.999, 1.001]) * BSK24.drip), np.array([0.999, 1.001]) * BSK24.drip)
    for values, close in ((either.nuclear_size, 0.04), (either.electron_density, 0.03), (either.cell_mass_number, 0.08)):
        assert values[0] == pytest.approx(values[1], rel=close)


CHECKS = [  # ρ, Z, A, T, σ: points, no impurities
    (1e10, 34, 84, 1e8, 2.73834e22),
    (1e10, 34, 84, 1e9, 4.82205e21),
    (1e11, 28, 80, 1e9, 1.70963e22),
    (4e11, 38, 122, 1e9, 2.94978e22),
]


@pytest.mark.parametrize(("density", "z", "a", "t", "sigma"), CHECKS)
def test_conductivity_against_an_independent_code(density, z, a, t, sigma):
    """Its constants are rounded to some 3e-5."""
    found = kiral.crust.electron_conductivity(density=density, temperature=t, charge_number=z, mass_number=a)
    assert float(found) == pytest.approx(sigma, rel=4e-5)


@pytest.mark.parametrize("s", [1e-5, 3e-3, 0.3])
@pytest.mark.parametrize(("w", "w1"), [(0.03, 0.0), (20.0, 3.0), (3e4, 0.5)])
def test_coulomb_logarithms_by_adaptive_quadrature(s, w, w1):
    v = 0.98

    def integral(weight):
        def inner(t):
            return 0.5 * t * weight(t) / (t + s) ** 2 * np.exp(-w1 * t) * -np.expm1(-w * t)

        edges = [0.0, *sorted({min(x, 0.5) for x in (s, 1 / w, 10 * s, 10 / w)}), 1.0]
        return sum(quad(inner, a, b, epsabs=0, epsrel=1e-12)[0] for a, b in pairwise(edges) if b > a)

    momentum, flip = _logarithms(np, *(np.array(x) for x in (s, w, w1, v)))
    assert float(momentum) == pytest.approx(integral(lambda t: 1 - v**2 * t), rel=1e-10)
    assert float(flip) == pytest.approx(integral(lambda t: 1.0), rel=1e-10)
    if w > 1e4:  # w → ∞, w1 = 0 in closed form
        limit = _logarithms(np, np.array(s), np.array(1e12), np.array(0.0), np.array(v))[0]
        assert float(_impurity_logarithm(np, np.array(s), v)) == pytest.approx(float(limit), rel=1e-8)


def test_impurities_add_to_the_collision_rate_and_win_in_the_cold():
    """Matthiessen's rule: 1/σ is linear in Q; at 1e6 K phonons are frozen out and σ does not depend on T."""
    arguments = (1e13, 1e7, 40.0, 167.0)
    resist = [1 / kiral.crust.electron_conductivity(*arguments, ion_density=8e33, impurity=q) for q in (0.0, 1.0, 3.0)]
    assert resist[2] - resist[0] == pytest.approx(3 * (resist[1] - resist[0]), rel=1e-12)
    cold, colder = (
        kiral.crust.electron_conductivity(None, t, 40.0, 167.0, ion_density=8e33, impurity=10.0) for t in (1e5, 5e4)
    )
    assert cold == pytest.approx(colder, rel=1e-3)


def test_size_of_nuclei_lets_electrons_pass():
    point, real = (scattering(None, 1e9, 40.0, 167.0, 8e33, x) for x in (0.0, 0.2))
    assert 1.4 < real.conductivity / point.conductivity < 2.0
    for wrong in ({"temperature": -1.0}, {"nuclear_size": 1.0}, {"impurity": -1.0}, {"charge_number": 0.0}):
        given = {"density": 1e12, "temperature": 1e9, "charge_number": 40.0, "mass_number": 120.0} | wrong
        with pytest.raises(ConfigError, match=next(iter(wrong))):
            kiral.crust.electron_conductivity(**given)


def test_conductivity_can_be_compiled_and_differentiated():
    def sigma(log_t, xp):
        return kiral.crust.electron_conductivity(1e11, xp.exp(log_t), 28.0, 80.0)

    x, h = np.log(1e9), 1e-4
    value, slope = jax.jit(jax.value_and_grad(lambda y: sigma(y, jnp)))(x)
    assert float(value) == pytest.approx(float(sigma(x, np)), rel=1e-12)
    assert float(slope) == pytest.approx(float(sigma(x + h, np) - sigma(x - h, np)) / (2 * h), rel=1e-6)


@pytest.mark.parametrize("t", [1e9, 1e10, 1e11])
def test_fermi_factor_at_any_temperature(t):
    kt, w = constants.BOLTZMANN_EV_K * t * 1e-6, 1.3

    def integrand(energy):
        return energy**2 * (energy - w) ** 2 / (1 + np.exp(min((energy - 25) / kt, 700.0)))

    edges = [w, max(25 - 40 * kt, w), 25, 25 + 60 * kt]
    direct = sum(quad(integrand, a, b, epsabs=0, epsrel=1e-12)[0] for a, b in pairwise(edges) if b > a)
    assert float(fermi_factor(25.0, t, w)) == pytest.approx(direct, rel=1e-10)


def test_fermi_factor_values():
    assert float(fermi_factor(25.0, 1e9, W_2018)) == pytest.approx(1709938.20549, abs=5e-6)
    m, w = 25.0, W_2018
    assert float(fermi_factor(m, 1e4, w)) == pytest.approx(m**5 / 5 - w * m**4 / 2 + w**2 * m**3 / 3 - w**5 / 30, rel=1e-10)


def test_chain_from_delta_mu_to_k5():
    found = chirality(40.0, 1e23, 1e9, 0.01, threshold=W_2018)
    assert float(found.capture_rate) == pytest.approx(357577.73, abs=5e-3)
    assert float(found.flip_rate) == pytest.approx(1.4854321e15, rel=3e-8)
    assert float(found.fraction) == pytest.approx(2.3952343e-12, rel=4e-8)
    assert float(found.mu5) == pytest.approx(3.1936457e-11, rel=4e-8)
    assert float(found.k5) == pytest.approx(751.87512, abs=1e-5)
    assert float(found.wavelength) == pytest.approx(2 * np.pi / 751.87512, rel=1e-7)
    assert float(chirality(40.0, 1e23, 1e9, -0.01).k5) < 0 and np.isnan(chirality(40.0, 1e23, 1e9, 0.0).wavelength)
    assert chiral_wavenumber(1e-10) == pytest.approx(2354.28471, abs=5e-6)
    assert chiral_wavenumber(1e-10) == pytest.approx(1e5 * units.chiral_wavenumber_from_mu5(1e-4), rel=1e-12)
    assert capture_rate(40.0, 1e9) == pytest.approx(float(found.capture_rate), rel=1e-6)


def test_flip_rate_is_the_collision_rate_of_heavier_electrons():
    """(m_e c²/mu_e)² ν with ν = ω_p²/(4πσ) is that of the conductivity's own ν: n_e e²/(m* σ), for v → 1."""
    found = scattering(None, 1e9, 40.0, 167.0, 8e33, 0.2)
    mass = constants.ELECTRON_MASS_EV * 1e-6
    mu = mass * np.sqrt(1 + found.relativity**2)
    assert flip_rate(found.conductivity) == pytest.approx((mass / mu) ** 2 * found.collision_rate, rel=5e-4)
    assert flip_rate(1.0) == pytest.approx(1.4854321e38, rel=3e-8)
    for t, z, n in ((1e8, 40.0, 8e33), (1e9, 34.0, 7e31), (1e10, 40.0, 8e33)):
        found = scattering(None, t, z, 2.5 * z, n, 0.1)
        assert 1.0 < flip_factor(found.flip_logarithm, found.logarithm) < 2.0


def test_feedback_of_the_anomaly():
    """The closed form solves n5 Γf = n_e Γw + C5 E·B with E = (eta/c)(∇×B - k5 B): by fixed numbers in cgs."""
    mu_e, sigma, b, b_curl_b, weak = 40.0, 1e23, 3e14, 2.0e31, 700.0
    eta, flip = magnetic_diffusivity(sigma), flip_rate(sigma)
    strength = feedback_strength(mu_e, eta, flip)
    mass = constants.ELECTRON_MASS_EV * 1e-6
    assert strength * b**2 == pytest.approx(0.75 * (b / 4.414005e13) ** 2 * (mass / mu_e) ** 2, rel=2e-6)
    k5 = chiral_wavenumber_with_feedback(weak, strength, b**2, b_curl_b)
    hbar_c = constants.HBAR_C_EV_CM * constants.EV_ERG
    mu_erg = mu_e * 1e6 * constants.EV_ERG
    n_e = (mu_erg / hbar_c) ** 3 / (3 * np.pi**2)
    c5 = constants.FINE_STRUCTURE / (2 * np.pi**2) / (constants.HBAR_EV_S * constants.EV_ERG)  # (e²/2π²ħ²c), Gaussian
    e_dot_b = eta / constants.SPEED_OF_LIGHT_CM_S * (b_curl_b - k5 * b**2) * 1e-5  # k5 in 1/km
    source = c5 * e_dot_b / flip
    assert chiral_wavenumber(mu_e / 3 * source / n_e) + weak == pytest.approx(k5, rel=1e-4)
    assert chiral_wavenumber_with_feedback(-7e3, strength, b**2, b_curl_b, 600.0) == -600.0


def test_units_of_the_induction_equation():
    assert hall_prefactor(1e35) == pytest.approx(4.96683511e-17, rel=3e-9)
    eta = magnetic_diffusivity(1e23)
    assert eta == pytest.approx(constants.SPEED_OF_LIGHT_CM_S**2 / (4e23 * np.pi), rel=1e-15)
