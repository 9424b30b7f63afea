"""The effective chiral magnetic effect of neutrino radiation against exact results and independent integrations.

Numbers without another source were computed apart from this code (adaptive quadrature, G_F = 1.1663788e-11 MeV⁻²).
Y23 = Yamamoto & Yang (2023).
"""

from __future__ import annotations

import math
import warnings

import jax
import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

import kiral
from kiral.units import inverse_mev_to_seconds, seconds_to_inverse_mev
from kiral.weak import FermiDirac, LinearAnswerWarning, PinchedSpectrum, solutions
from kiral.weak.bounded import advance, bounded_change
from kiral.weak.bulb import neutrino_bulb
from kiral.weak.collision import electrons, equilibrium_spectrum, f_w, f_w_tilde, positrons, relaxation_rate, with_potentials
from kiral.weak.composition import composition, electron_chemical_potential
from kiral.weak.currents import E_SQUARED, currents, direct_currents, near_equilibrium_currents
from kiral.weak.effective import Zone
from kiral.weak.kick import dipole, kick_of_star, kick_velocity
from kiral.weak.retarded import GridSource, x_eff, x_eff_radial
from kiral.weak.scales import chirality_for_field, field_of_helicity, helicity_density, instability_scales, magnetic_diffusivity
from kiral.weak.star import Rates, star_currents
from kiral.weak.star_file import checked
from kiral.weak.thermal import equilibrium_mu_l, thermal_answer

PAPER = PinchedSpectrum(alpha=2.65, mean_energy=13.05)


@pytest.fixture(autouse=True)
def _far_beyond_the_linear_answer():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LinearAnswerWarning)
        yield


def make_zone(density=1e10, temperature=8.6, electron_fraction=0.4, nu=PAPER, nu_bar=None) -> Zone:
    return Zone(composition(density, temperature, electron_fraction), nu, nu_bar or nu)


# --- currents --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ({}, (0.7433926161, 3.48699993, 1.797874593, -0.6330103859, 275.1963342, 639.7957464)),
        ({"temperature": 5.0}, (2.160070363, 2.027325541, 0.3060561448, 0.0989897262, 21.25351164, 34.70267773)),
        ({"density": 3e10}, (2.216939527, 3.48699993, 6.414721879, 0.2596967847, 984.7478691, 1904.837179)),
        ({"time": 0.05}, (0.7433926161, 3.48699993, 0.8989372966, -0.316505193, 137.5981671, 319.8978732)),
        (
            {"energy_current": "consistent"},
            (0.7433926161, 3.48699993, 1.797874593, -0.6330103859, 550.3926684, 1279.5914928),
        ),
    ],
)
def test_currents_agree_with_independent_integration(inputs, expected):
    found = kiral.weak.effective_cme(**{"spectrum": PAPER, "energy_current": "printed"} | inputs)
    ours = (found.mu_e, found.mu_n - found.mu_p, found.xi_b, found.xi_b_total, found.kappa_b, found.kappa_b_total)
    np.testing.assert_allclose(ours, expected, rtol=1e-6)


def test_rounded_potentials_of_the_paper_give_its_numbers():
    """mu_e = 0.79 and mu_n - mu_p = 870 - 867 put into Eq. (13)."""
    zone = make_zone()
    matter = with_potentials(zone.matter._replace(mu_e=0.79), 3.0)
    zone = zone._replace(matter=matter)
    mesh, t = zone.mesh(), seconds_to_inverse_mev(0.1)
    found, _ = currents(mesh, *(channel.drive * t for channel in zone.channels(mesh.q)), "printed")
    np.testing.assert_allclose(found, (2.179600454, -0.5478118665, 333.1038796, 742.4735921), rtol=1e-6)


def test_composition_is_neutral_and_ideal():
    matter = composition(np.array([1e8, 1e10, 1e12]), 8.6, 0.4)
    pairs = matter.mu_e * (matter.mu_e**2 + math.pi**2 * 8.6**2) / (3 * math.pi**2)
    np.testing.assert_allclose(pairs, matter.n_p, rtol=1e-12)
    n_n = 2 * (940 * 8.6 / (2 * math.pi)) ** 1.5 * np.exp((matter.mu_n - 940) / 8.6)
    np.testing.assert_allclose(n_n, matter.n_n, rtol=1e-12)
    cold = electron_chemical_potential(1e3, 1e-6)
    assert cold == pytest.approx((3 * math.pi**2 * 1e3) ** (1 / 3), rel=1e-9)


@pytest.mark.parametrize("electron_fraction", [0.1, 0.4, 0.5])
@pytest.mark.parametrize(("energy_current", "c"), [("consistent", 4), ("printed", 8)])
def test_kappa_without_electron_potential_is_exact(electron_fraction, energy_current, c):
    zone = make_zone(electron_fraction=electron_fraction)
    zone = zone._replace(matter=zone.matter._replace(mu_e=0.0))
    mesh, t = zone.mesh(), seconds_to_inverse_mev(0.1)
    found, _ = currents(mesh, *(channel.drive * t for channel in zone.channels(mesh.q)), energy_current)
    inputs = {"time": t, "n": zone.matter.n_p + zone.matter.n_n, "temperature": 8.6, "alpha": 2.65, "mean_energy": 13.05}
    exact = solutions.kappa_total_without_potential(**inputs, energy_current=energy_current)
    assert found.kappa_b_total == pytest.approx(exact, rel=1e-12)
    k = (1 + 3 * 1.27**2) * 1.1663787e-11**2 / math.pi
    bracket = 7 * math.pi**4 * 8.6**4 / 120 - 13.05**4 * 3.65**-6.65 * math.gamma(6.65)
    assert exact == pytest.approx(t / (c * math.pi**2) * k * inputs["n"] * bracket, rel=1e-12)
    # There, and only there, the sign of xi_tot is that of mu_p - mu_n.
    assert np.sign(np.round(found.xi_b_total, 9)) == np.sign(electron_fraction - 0.5)


def test_collision_terms_vanish_in_beta_equilibrium():
    matter = composition(3e11, 6.0, 0.2)
    q = np.geomspace(0.1, 150, 60)
    nu = equilibrium_spectrum(matter)
    nu_bar = FermiDirac(nu.temperature, -nu.chemical_potential)
    for channel in (electrons(q, matter, nu), positrons(q, matter, nu_bar)):
        assert np.all(np.abs(channel.drive) <= 1e-13 * channel.rate)
    assert np.abs(f_w(q, matter, nu_bar)).max() > 1e6 * np.abs(f_w(q, matter, nu)).max()


def test_collision_term_is_equation_13():
    matter = composition(1e10, 8.6, 0.4)
    q = np.linspace(1.0, 100.0, 25)
    f, nu = 1 / (np.exp((q - matter.mu_e) / 8.6) + 1), PAPER.occupation(q)
    k = (1 + 3 * 1.27**2) * 1.1663787e-11**2 / math.pi
    x = (matter.mu_n - matter.mu_p) / 8.6
    bracket = f * (1 - nu) / (1 - math.exp(x)) + (1 - f) * nu / (1 - math.exp(-x))
    np.testing.assert_allclose(f_w(q, matter, PAPER), q**3 * k * (matter.n_p - matter.n_n) * bracket, rtol=1e-11)
    assert (f_w(q, matter, PAPER) > 0).all() and (f_w_tilde(q, matter, PAPER) > 0).all()
    same = with_potentials(matter, matter.mu_n - matter.mu_p)
    np.testing.assert_allclose([same.n_p, same.n_n], [matter.n_p, matter.n_n], rtol=1e-12)


def test_collision_term_relaxes_neutrinos_to_equilibrium():
    """F_W = -(q/τ_W) (f_nu - f_nu,eq), for any f_nu: the opposite sign of Eq. (23)."""
    matter = composition(1e10, 8.6, 0.4)
    q = np.linspace(1.0, 100.0, 25)
    difference = PAPER.occupation(q) - equilibrium_spectrum(matter).occupation(q)
    np.testing.assert_allclose(f_w(q, matter, PAPER), -q * relaxation_rate(q, matter) * difference, rtol=1e-10)


def test_direct_integration_of_21_and_22():
    """Equal to (27), twice (29); 2/3 of both when δf is continued as a function of |q|."""
    zone, t = make_zone(), seconds_to_inverse_mev(0.1)
    edges = [*range(1, 40, 3), *range(40, 500, 20)]

    def delta_f(q):
        return electrons(q, zone.matter, zone.nu).drive * t

    linear = kiral.weak.effective_cme(spectrum=PAPER, energy_current="printed")
    xi, kappa = direct_currents(delta_f, edges)
    assert xi == pytest.approx(linear.xi_b, rel=1e-9) and kappa == pytest.approx(2 * linear.kappa_b, rel=1e-9)
    xi_q, kappa_q = direct_currents(delta_f, edges, "q")
    assert xi_q == pytest.approx(2 / 3 * xi, rel=1e-12) and kappa_q == pytest.approx(2 / 3 * kappa, rel=1e-12)


def test_consistent_energy_current_is_that_of_equilibrium():
    """A thermal right-handed chirality, all of it as an excess: ξ = e² mu/4π², κ = mu²/8π² + T²/24."""
    zone, mu = make_zone(), 5.0
    mesh = zone.mesh()
    f, f_bar = (1 / (np.exp((mesh.q - sign * mu) / 8.6) + 1) for sign in (1, -1))
    found, _ = currents(mesh, -f, -f_bar)
    assert found.kappa_b_total == pytest.approx(solutions.equilibrium_kappa(8.6, mu), rel=1e-12)
    assert found.kappa_b_total == pytest.approx(mu**2 / (8 * math.pi**2) + 8.6**2 / 24, rel=1e-12)
    assert found.xi_b_total == pytest.approx(E_SQUARED * mu / (4 * math.pi**2), rel=1e-12)
    xi, kappa = near_equilibrium_currents(mesh, f)
    assert (xi, kappa) == (pytest.approx(found.xi_b), pytest.approx(found.kappa_b))


# --- the Pauli bound -------------------------------------------------------------------------------------------------


def test_bounded_currents_agree_with_independent_integration():
    times = np.array([1e-4, 1e-3, 1e-2, 0.1, 1e6])
    found = kiral.weak.effective_cme(spectrum=PAPER, time=times)
    np.testing.assert_allclose(found.bounded.xi_b, [0.001364, 0.005317, 0.009666, 0.01193, 0.01316], rtol=4e-4)
    assert found.bounded.xi_b.max() < solutions.pauli_limits_xi(8.6, found.mu_e) < 0.01474
    assert (found.bounded.max_delta_f < 1).all()


def test_linear_answer_leaves_the_possible_when_told():
    found = kiral.weak.effective_cme(spectrum=PAPER)
    assert found.max_delta_f_electrons == pytest.approx(22.4366, rel=1e-5)
    assert 0.1 / found.max_delta_f_electrons == pytest.approx(4.457e-3, rel=2e-4)
    assert found.impossible_from == pytest.approx(3.185e-3, rel=2e-4)
    at_limit = kiral.weak.effective_cme(spectrum=PAPER, time=found.valid_until)
    assert at_limit.max_delta_f == pytest.approx(0.1, rel=1e-12)


def test_bounded_answer_becomes_linear_with_the_first_power_of_time():
    times = np.array([1e-8, 1e-7, 1e-6])
    found = kiral.weak.effective_cme(spectrum=PAPER, time=times)
    for name in ("xi_b", "xi_b_total", "kappa_b", "kappa_b_total"):
        off = np.abs(getattr(found.bounded, name) / getattr(found, name) - 1)
        assert off[0] < 1e-3
        np.testing.assert_allclose(off[1:] / off[:-1], 10, rtol=0.05)


def test_blocked_relaxation_is_exact_in_time():
    """Against an adaptive integration of the equations for left- and right-handed electrons."""
    drive, rate, refilling, flipping = -0.7, 2.0, 0.3, 1.5

    def equations(_, y):
        left, right = y
        exchange = flipping / 2 * (right - left)
        return [drive - (rate + refilling) * left + exchange, -refilling * right - exchange]

    for t in (0.1, 1.0, 8.0):
        numeric = solve_ivp(equations, (0, t), [0.0, 0.0], rtol=1e-11, atol=1e-13).y[:, -1]
        one = bounded_change(np.array(drive), rate, t, refilling, flipping)
        np.testing.assert_allclose(one, numeric, rtol=1e-8)
        half = bounded_change(np.array(drive), rate, t / 2, refilling, flipping)
        np.testing.assert_allclose(advance(*half, drive, rate, t / 2, refilling, flipping), one, rtol=1e-12)
    fast = bounded_change(np.array(drive), rate, 1.0, 0.0, 1e15)
    assert fast[0] - fast[1] == pytest.approx((drive - rate * fast[0]) / 1e15, rel=1e-2)


def test_flips_and_refilling_only_diminish_the_current():
    free = kiral.weak.effective_cme(spectrum=PAPER, time=1e-3).bounded.xi_b
    for rates in ({"flipping_rate": 1e4}, {"refilling_rate": 1e4}):
        held = kiral.weak.effective_cme(spectrum=PAPER, time=1e-3, **rates).bounded.xi_b
        assert 0 < held < 0.5 * free
    flipped = kiral.weak.effective_cme(spectrum=PAPER, time=1e-7, flipping_rate=1e12)
    assert flipped.bounded.xi_b == pytest.approx(flipped.xi_b / (1e-7 * 1e12), rel=1e-3)  # production over the rate of flips


def test_thermal_limit_starts_with_the_captured_number_and_ends_in_balance():
    zone = make_zone()
    times = np.array([1e-9, 1e-3, 10.0])
    found = thermal_answer(zone, times)
    mesh = zone.mesh()
    captured = [mesh.integral(mesh.q**2 * c.drive)[0] / (2 * math.pi**2) for c in zone.channels(mesh.q)]
    mu = float(zone.matter.mu_e)
    susceptibility = (3 * mu**2 + (math.pi * 8.6) ** 2) / (6 * math.pi**2)
    slope = -E_SQUARED / (4 * math.pi**2) * (captured[0] - captured[1]) / susceptibility
    assert found.xi_b_total[0] == pytest.approx(slope * seconds_to_inverse_mev(1e-9), rel=1e-5)
    end = equilibrium_mu_l(zone)
    assert found.mu_l[-1] == pytest.approx(end, rel=1e-7)
    assert found.xi_b_total[-1] == pytest.approx(E_SQUARED / (4 * math.pi**2) * (mu - end), rel=1e-6)
    flipped = thermal_answer(zone, [1e-6], 1e12).xi_b_total[0]
    assert flipped == pytest.approx(found.xi_b_total[0] / 1e-9 / 1e12, rel=0.02)


# --- inhomogeneous sources -------------------------------------------------------------------------------------------


def gaussian(x, t):
    return np.exp(-(x**2).sum(-1))


@pytest.mark.parametrize(
    ("radius", "time", "along", "across"), [(0.5, 1.0, 0.54411190, 0.50317636), (2.0, 10.0, 0.18817474, 0.03944062)]
)
def test_path_of_a_gaussian_source(radius, time, along, across):
    found = x_eff_radial(lambda r, t: np.exp(-(r**2)), radius, time)
    np.testing.assert_allclose((found.radial, found.tangential), (along, across), atol=6e-9)
    assert max(found.error_radial, found.error_tangential) < 1e-9


def test_path_in_three_dimensions():
    assert x_eff(gaussian, (0, 0, 0.5), 1.0, (0, 0, 2.0))[0] == pytest.approx(0.54411190, abs=6e-9)
    assert x_eff(gaussian, (0, 0.5, 0), 1.0, (1, 0, 0))[0] == pytest.approx(0.50317636, abs=6e-9)


@pytest.mark.parametrize("along", [True, False])
def test_path_of_a_wave(along):
    k, x, t = 2.0, 0.4, 3.0
    field = (1.0, 0, 0) if along else (0, 0, 1.0)
    value, error = x_eff(lambda p, _: np.cos(k * p[..., 0]), (x, 0, 0), t, field)
    assert value == pytest.approx(solutions.x_eff_of_wave(k, x, t, along), abs=max(1e-10, error))


@pytest.mark.parametrize("moment", ["charge", "energy"])
def test_path_by_its_first_form(moment):
    """⟨∫ ds [g - c s b·∇g]⟩ (energy: half the second term), with the gradient, of a source that moves and fades."""
    point, t, velocity = np.array([0.3, -0.2, 0.6]), 1.4, np.array([0.4, 0.1, -0.3])

    def source(x, when):
        return np.exp(-((x - velocity * np.asarray(when)[..., None]) ** 2).sum(-1) - 0.5 * when)

    c, w = np.polynomial.legendre.leggauss(24)
    s, w_s = (np.polynomial.legendre.leggauss(40)[0] + 1) / 2 * t, np.polynomial.legendre.leggauss(40)[1] / 2 * t
    phi = 2 * np.pi * np.arange(24) / 24
    ring = np.sqrt(1 - c**2)[:, None]
    n = np.stack(np.broadcast_arrays(ring * np.cos(phi), ring * np.sin(phi), c[:, None]), -1)  # B along z
    x = point - n[:, :, None, :] * s[:, None]
    g = source(x, t - s)
    slope = -2 * (x[..., 2] - velocity[2] * (t - s)) * g
    part = 1.0 if moment == "charge" else 0.5
    expected = (w / 2) @ ((g - part * c[:, None, None] * s * slope) @ w_s).mean(axis=1)
    assert x_eff(source, point, t, moment=moment)[0] == pytest.approx(expected, rel=1e-9)


def test_path_of_a_homogeneous_source_is_its_integral_in_time():
    value, _ = x_eff(lambda x, t: np.cos(t) * np.ones(x.shape[:-1]), (0, 0, 0), 2.0)
    assert value == pytest.approx(math.sin(2.0), rel=1e-10)


def test_path_on_a_grid():
    axis = np.linspace(-4, 4, 33)
    grid = gaussian(np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), -1), 0)
    options = {"nodes": (16, 16, 48)}
    steady = GridSource(grid, axis[1] - axis[0], -4.0)
    assert x_eff(steady, (0, 0, 0.5), 1.0, **options)[0] == pytest.approx(0.54411190, rel=3e-4)
    growing = GridSource(np.stack([0 * grid, grid]), axis[1] - axis[0], -4.0, times=[0.0, 1.0])
    expected, _ = x_eff(lambda x, t: np.clip(t, 0, 1) * gaussian(x, t), (0, 0, 0.5), 1.0, **options)
    assert x_eff(growing, (0, 0, 0.5), 1.0, **options)[0] == pytest.approx(expected, rel=3e-4)


# --- what follows ----------------------------------------------------------------------------------------------------


def test_sign_of_the_current_changes_where_it_should():
    """Not at mu_n = mu_p (Ye = 0.5): the electrons' own potential moves it to Ye = 0.4578."""
    root = brentq(lambda ye: float(kiral.weak.effective_cme(electron_fraction=ye, spectrum=PAPER).xi_b_total), 0.4, 0.499)
    assert root == pytest.approx(0.4578, abs=5e-5)


def test_kick_velocity():
    assert kick_velocity(780, 5.2e14) == pytest.approx(1.0, abs=0.01)
    assert kick_velocity(780, 1e16) == pytest.approx(19, abs=0.5)
    e_b = 1.602176634e-19 * 1e11 * 1.054571817e-34 * 299792458**2 / 1.602176634e-19**2 * 1e-12  # 1e15 G in MeV², SI
    assert kick_velocity(780, 1e15) == pytest.approx(780 * e_b / (94 * 197.3269804**3) * 299792.458, rel=1e-8)


def test_kick_of_a_star_is_the_integral_over_its_volume():
    radius, kappa, mass = np.array([1e6, 3e6, 1e7]), np.array([5.0, 5.0, 5.0]), 2.8e33
    volume_fm3 = 4 / 3 * math.pi * (1e7**3 - 1e6**3) * 1e39
    momentum = 5.0 * 5.915714e-15 * 1e14 * volume_fm3 / 197.3269804**3  # MeV
    expected = -momentum / (mass * 5.609588604e26) * 299792.458
    assert kick_of_star(radius, kappa, 1e14, mass) == pytest.approx(expected, rel=1e-6)
    inside = kick_of_star([1e5, 1e6], [5.0, 5.0], 1e14, mass)
    with_dipole = kick_of_star([1e5, 1e6, 1e7], [5.0, 5.0, 5.0], dipole(1e14, 1e6), mass)
    assert with_dipole == pytest.approx(inside, rel=1e-12)  # nothing from where the field is that of a dipole


def test_instability_grows_at_the_rate_of_its_dispersion_relation():
    xi, sigma = -0.6, 1000.0
    found = instability_scales(xi, sigma)
    k5, eta = xi / 1.973269804e-11, magnetic_diffusivity(sigma)
    k = np.linspace(0.4, 0.6, 201) * abs(k5)
    rates = eta * k * (abs(k5) - k)
    assert rates.max() == pytest.approx(found.growth_rate, rel=1e-9)
    assert abs(found.wave_number) == pytest.approx(k[np.argmax(rates)], rel=1e-3) and found.wave_number < 0
    assert found.growth_time_s == pytest.approx(4 * sigma / xi**2 * inverse_mev_to_seconds(1.0), rel=1e-9)
    assert field_of_helicity(helicity_density(1e14, 1e9), 1e9) == pytest.approx(1e14)
    n5 = chirality_for_field(1e14, 1e9)
    assert n5 == pytest.approx(7.2973525643e-3 / math.pi * helicity_density(1e14, 1e9))


def test_gradients_go_through_all_of_it():
    def xi(temperature, alpha):
        spectrum = PinchedSpectrum(alpha=alpha, mean_energy=13.05)
        found = kiral.weak.effective_cme(temperature=temperature, spectrum=spectrum, time=1e-3, flipping_rate=200.0)
        return found.bounded.xi_b_total

    gradient = jax.jit(jax.grad(xi, argnums=(0, 1)))(8.6, 2.65)
    h = 1e-4
    np.testing.assert_allclose(gradient[0], (xi(8.6 + h, 2.65) - xi(8.6 - h, 2.65)) / (2 * h), rtol=1e-5)
    np.testing.assert_allclose(gradient[1], (xi(8.6, 2.65 + h) - xi(8.6, 2.65 - h)) / (2 * h), rtol=1e-5)


# --- stars -----------------------------------------------------------------------------------------------------------


def test_steady_star_is_many_zones():
    data = checked(neutrino_bulb(radii=3).isel(time=0, drop=True))
    times = [1e-5, 3e-3]
    found = star_currents(data, times, rates=Rates(10.0, 50.0))
    for i, t in enumerate(times):
        for k in range(3):
            zone = {name: float(data[name][0, k]) for name in data}
            spectra = [
                PinchedSpectrum(zone[f"alpha{e}"], zone[f"mean_energy{e}"], zone[f"number_density{e}"], shape="number")
                for e in ("", "_bar")
            ]
            matter = {name: zone[name] for name in ("density", "temperature", "electron_fraction")}
            one = kiral.weak.effective_cme(
                **matter, spectrum=spectra[0], antineutrino_spectrum=spectra[1], time=t, refilling_rate=10.0, flipping_rate=50.0
            )
            for name in ("xi_b", "xi_b_total", "kappa_b", "kappa_b_total", "max_delta_f"):
                assert float(found[name][i, k]) == pytest.approx(float(getattr(one, name)), rel=1e-9)
                assert float(found[f"{name}_bounded"][i, k]) == pytest.approx(float(getattr(one.bounded, name)), rel=1e-9)


def test_star_in_time_converges_with_the_second_order():
    """Neutrinos that fade: the same end from more and more times of the profiles."""
    ends = [star_currents(checked(neutrino_bulb(radii=2, times=n, decay_s=0.05))).isel(time=-1) for n in (21, 41, 81)]
    for name in ("xi_b_total", "xi_b_total_bounded"):
        a, b, c = (end[name].values for end in ends)
        assert np.all(((a - b) / (b - c) > 3) & ((a - b) / (b - c) < 5))


def test_straight_flight_in_a_large_star_is_the_local_answer():
    """While c t is short against everything, electrons feel a homogeneous source."""
    data = checked(neutrino_bulb(radii=7).isel(time=0, drop=True))
    found = star_currents(data, [1e-7], flight=True)
    inner = slice(2, 6)
    for way in ("radial", "tangential"):
        ratio = found[f"xi_b_total_flight_{way}"] / found["xi_b_total"]
        np.testing.assert_allclose(ratio.values[0, inner], 1, atol=2e-3)
