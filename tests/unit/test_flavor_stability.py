"""Linear stability of flavor: every root against an independent way to it, and the published numbers."""

from __future__ import annotations

import itertools
from decimal import Decimal, getcontext

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.polynomial import polynomial
from scipy.integrate import quad, solve_ivp
from scipy.special import expit

from kiral import flavor
from kiral.errors import ConfigError
from kiral.flavor import AngularDistribution, closures, distributions, linear, stability
from kiral.flavor.species import energy_continuum, energy_modes, interaction_rate, vacuum_frequency

V8, W8 = distributions.gauss_legendre(8)


def crossed(asymmetry):
    return lambda v: distributions.gaussian(v, 0.6) - asymmetry * distributions.gaussian(v, 0.5)


STANDARD = AngularDistribution.from_function(crossed(0.9))


def sorted_roots(values):
    return np.array(sorted(np.asarray(values).ravel(), key=lambda z: (round(z.imag, 7), z.real)))


# --- discrete beams --------------------------------------------------------------------------------------------------


def multiplied_out(v, g, k):
    """Coefficients of the dispersion relation multiplied out, that of ωᴺ being 1: single and pair terms (g: with weights)."""
    shift, wave = np.sum(g), k + np.sum(g * v)
    factors = [np.array([shift - wave * x, 1.0]) for x in v]

    def without(*left_out):
        kept = [f for i, f in enumerate(factors) if i not in left_out]
        return np.array([1.0]) if not kept else polynomial.polymul(kept[0], _product(kept[1:]))

    total = without()
    for i in range(v.size):
        total = polynomial.polysub(total, g[i] * (1 - v[i] ** 2) * without(i))
    for i, j in itertools.combinations(range(v.size), 2):
        total = polynomial.polysub(total, g[i] * g[j] * (v[i] - v[j]) ** 2 * without(i, j))
    return total


def _product(factors):
    result = np.array([1.0])
    for factor in factors:
        result = polynomial.polymul(result, factor)
    return result


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 6), st.integers(0, 2**32 - 1))
def test_all_frequencies_of_beams_are_the_roots_of_the_polynomial(n, seed):
    generator = np.random.default_rng(seed)
    v = np.sort(generator.uniform(-1, 1, n))
    weight, g, k = generator.uniform(0.1, 1, n), generator.normal(size=n), generator.normal()
    found = flavor.dispersion(v, weight, g, k)
    assert found.shape == (n,)
    # Coefficients, not roots: those of a polynomial are ill-conditioned where they crowd.
    # Frequencies have the round-off of the matrix, whose norm is at most |k| + 4 Σ w |g|.
    norm = abs(k) + 4 * np.sum(np.abs(weight * g))
    size = polynomial.polyfromroots(np.full(n, -norm))
    difference = polynomial.polyfromroots(found) - multiplied_out(v, weight * g, k)
    assert np.all(np.abs(difference) < 1e-13 * size)
    assert np.all(np.diff(found.imag) <= 0)


@pytest.mark.parametrize(("plus", "minus"), [(0.5, -0.5), (0.3, -0.7)])
def test_two_beams_follow_their_formula(plus, minus):
    middle, half = minus - plus, 2 * np.sqrt(-plus * minus)
    k = np.linspace(middle - 2 * half, middle + 2 * half, 23)
    omega = flavor.dispersion([1.0, -1.0], [1.0, 1.0], [plus, minus], k)
    expected = np.sqrt(half**2 - (k - middle) ** 2 + 0j)
    np.testing.assert_allclose(omega.imag[:, 0], expected.real, atol=1e-7)
    grows = expected.real > 0
    np.testing.assert_allclose(omega[grows, 0], -minus - plus + 1j * expected[grows].real, atol=1e-12)
    (band,) = flavor.growth_bands([1.0, -1.0], [1.0, 1.0], [plus, minus])
    assert band == pytest.approx((middle - half, middle + half, 1), abs=1e-12)
    peak = flavor.most_unstable([1.0, -1.0], [1.0, 1.0], [plus, minus])
    assert peak.k == pytest.approx(middle, abs=1e-10)
    assert peak.omega == pytest.approx(-minus - plus + 1j * half, abs=1e-12)


def test_bands_of_beams_hold_all_growth():
    g = crossed(1.0)(V8)
    bands = flavor.growth_bands(V8, W8, g)
    k = np.linspace(-1.5, 1.5, 601)
    growing = np.sum(flavor.dispersion(V8, W8, g, k).imag > 1e-6, axis=1)
    clear = np.array([min(abs(x - e) for b in bands for e in b[:2]) > 1e-6 for x in k])
    inside = sum(b.modes * ((k > b.low) & (k < b.high)) for b in bands)
    np.testing.assert_array_equal(growing[clear], inside[clear])
    peak = flavor.most_unstable(V8, W8, g)
    fine = peak.k + np.linspace(-1e-3, 1e-3, 21)
    growth = flavor.dispersion(V8, W8, g, fine)[:, 0].imag
    assert np.argmax(growth) == 10
    assert peak.omega.imag >= max(growth.max(), flavor.dispersion(V8, W8, g, k)[:, 0].imag.max())


def test_scan_of_all_k_agrees_with_the_bands():
    """On the sphere the axial modes of a symmetric set are among all modes; that search knows no bands."""
    directions, weight = distributions.sphere(4, 4)
    g = np.array([1.0, 0.3, -0.5, -1.1])
    v, w = distributions.gauss_legendre(4)
    axial = flavor.most_unstable(v, w, g)
    everything = flavor.most_unstable(directions, weight, np.repeat(g, 4))
    k = np.linspace(-4, 4, 321)
    highest = flavor.dispersion(directions, weight, np.repeat(g, 4), k)[:, 0].imag.max()
    assert everything.omega.imag >= max(highest, axial.omega.imag) - 1e-12
    assert everything.omega.imag == pytest.approx(highest, rel=1e-3)


def test_without_opposite_signs_all_is_stable():
    assert np.isnan(flavor.most_unstable(V8, W8, np.exp(V8)).k)
    assert flavor.growth_bands(V8, W8, np.exp(V8)) == ()
    assert stability.continuous_growth_bands(AngularDistribution.from_function(np.exp)) == ()
    assert np.isnan(flavor.continuous_most_unstable(AngularDistribution.from_function(np.exp)).k)


def test_directions_and_wave_vector_turn_together():
    generator = np.random.default_rng(5)
    v = generator.normal(size=(7, 3))
    v /= np.linalg.norm(v, axis=1)[:, None]
    g, k = generator.normal(size=7), generator.normal(size=3)
    turn, _ = np.linalg.qr(generator.normal(size=(3, 3)))
    one, other = flavor.dispersion(v, 1.0, g, k), flavor.dispersion(v @ turn.T, 1.0, g, turn @ k)
    np.testing.assert_allclose(sorted_roots(one), sorted_roots(other), atol=1e-10)
    metric = np.diag([1.0, -1, -1, -1])
    for omega in one[one.imag > 1e-6]:
        tensor = flavor.polarization_tensor(v, 1.0, g, omega, k)
        assert abs(np.linalg.det(np.eye(4) - tensor @ metric)) < 1e-9


def test_modes_that_break_axial_symmetry():
    v, w = distributions.gauss_legendre(6)
    g = crossed(1.0)(v)
    directions, weight = distributions.sphere(6, 8)
    k = 0.01
    every = flavor.dispersion(directions, weight, np.repeat(g, 8), k)
    axial = flavor.dispersion(v, w, g, k)
    pole = np.sum(w * g) - (k + np.sum(w * g * v)) * v  # Π (ω + pole) + ½ Σ w g (1 - v²) Π' = 0
    numerator = _product([np.array([p, 1.0]) for p in pole])
    for i in range(6):
        rest = _product([np.array([p, 1.0]) for j, p in enumerate(pole) if j != i])
        numerator = polynomial.polyadd(numerator, 0.5 * w[i] * g[i] * (1 - v[i] ** 2) * rest)
    breaking = polynomial.polyroots(numerator)
    assert (breaking.imag > 1e-3).any()
    for root, times in [(r, 1) for r in axial] + [(r, 2) for r in breaking]:
        assert np.sum(np.abs(every - root) < 1e-6) >= times


def test_complex_wave_numbers_give_back_their_frequency():
    v, g = np.array([0.9, 0.2, 0.0, -0.7]), np.array([-2.3, -0.2, -1.2, -0.7])
    weight, omega = np.array([0.5, 0.3, 0.7, 0.5]), 0.3
    found = flavor.spatial_branches(v, weight, g, omega)
    assert found.shape == (3,)
    assert (np.abs(found.imag) > 0.1).any()
    base = linear.beams(v, weight, g)
    for k in found:
        matrix = base.coupling + np.diag(k * v + base.diagonal)
        assert np.abs(np.linalg.eigvals(matrix) - omega).min() < 1e-12


# --- continuous angles -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("distribution", "k", "omega"),
    [
        (crossed(0.9), 0.16405418, 0.02815923 + 0.0436833864j),
        (crossed(1.0), 0.16538190, 0.0843747504j),
        (lambda v: v, -0.90769775, 0.6896290310j),
    ],
)
def test_most_unstable_modes_known(distribution, k, omega):
    peak = flavor.continuous_most_unstable(AngularDistribution.from_function(distribution))
    assert peak.k == pytest.approx(k, abs=1e-8)
    assert peak.omega.imag == pytest.approx(omega.imag, abs=1e-10)
    if omega.real:
        assert peak.omega.real == pytest.approx(omega.real, abs=1e-8)
    v, w = distributions.gauss_legendre(48)
    beams = flavor.most_unstable(v, w, distribution(v))
    assert (beams.k, beams.omega) == pytest.approx((peak.k, peak.omega), abs=1e-10)


@pytest.mark.parametrize(
    ("omega", "k"), [(0.3 + 0.05j, 0.7), (0.6 + 2e-3j, -0.8), (0.71 + 1e-2j, 0.7), (0.2 + 0.1j, 0.0), (1.0, 0.3 + 0.9j)]
)
def test_integrals_against_adaptive_quadrature(omega, k):
    values, squares = STANDARD.integrals(omega, k)
    for n in range(4):
        for found, power in ((values[n], 1), (squares[n], 2)):
            for part in (np.real, np.imag):

                def integrand(v, part=part, n=n, power=power):
                    return part(crossed(0.9)(v) * v**n / (omega - k * v) ** power)

                exact, _ = quad(integrand, -1, 1, epsabs=1e-11, epsrel=1e-11, limit=400, points=[-0.75, 0.75])
                assert part(found) == pytest.approx(exact, rel=1e-9, abs=1e-9)


def test_integrals_on_the_cut_are_principal_values():
    u, g = 0.2, crossed(0.9)
    principal = -quad(g, -1, 1, weight="cauchy", wvar=u)[0]
    assert STANDARD.integrals(u + 1e-300j, 1.0)[0][0] == pytest.approx(principal - 1j * np.pi * g(u), abs=1e-13)


def test_bands_end_at_crossings_and_where_modes_meet():
    """At the crossing u_c, J by Cauchy principal values; the other edges: the pair of real modes, ω of many beams, parts."""
    bands = stability.continuous_growth_bands(STANDARD)
    (u,) = STANDARD.crossings()
    j = [-quad(lambda v, n=n: crossed(0.9)(v) * v**n, -1, 1, weight="cauchy", wvar=u)[0] for n in range(3)]
    root = np.sqrt((j[0] + j[2]) ** 2 - 4 * j[1] ** 2)
    g1 = quad(lambda v: crossed(0.9)(v) * v, -1, 1, epsabs=1e-14)[0]
    expected = sorted(0.5 * (j[0] - j[2] + sign * root) - g1 for sign in (1, -1))
    assert (bands[0].low, bands[-1].high) == pytest.approx(expected, abs=1e-9)
    for edge, side in ((bands[0].high, -1), (bands[1].low, 1)):
        near, far = (flavor.unstable_modes(STANDARD, edge + side * d)[0].imag for d in (1e-8, 4e-8))
        assert far / near == pytest.approx(2, rel=0.01)  # γ ∝ √(distance)
        assert not flavor.unstable_modes(STANDARD, edge - side * 1e-8)


def test_no_growing_mode_is_missed():
    """Winding of the determinant, by a quadrature of its own, along Im ω = h counts all modes above."""
    c = np.array([0.32, -0.49, -0.1, 0.25, -0.05, 0.2])
    given_ = AngularDistribution.from_function(lambda v: np.polynomial.legendre.legval(v, c))
    v, w = np.polynomial.legendre.leggauss(600)
    weighted = w * np.polynomial.legendre.legval(v, c) * v ** np.arange(3)[:, None]
    height, counts = 0.03, []
    line = np.tan(np.linspace(-1, 1, 1501) * 0.49999 * np.pi)
    for k in np.linspace(-1.2, 1.2, 5):
        pole = line[:, None] + 1j * height + weighted[0].sum() - (k + weighted[1].sum()) * v
        i = weighted @ (1 / pole).T
        determinant = (1 - i[0]) * (1 + i[2]) + i[1] ** 2
        turns = np.angle(determinant[1:] / determinant[:-1]).sum() / (2 * np.pi)
        found = [z for z in flavor.unstable_modes(given_, k) if z.imag > height]
        assert len(found) == round(turns)
        assert abs(turns - round(turns)) < 1e-2
        counts.append(len(found))
    assert max(counts) >= 1
    assert min(counts) == 0


def test_many_beams_come_to_the_continuous_modes():
    v, w = distributions.gauss_legendre(80)
    for k in (0.1, 0.25):
        modes = flavor.unstable_modes(STANDARD, k)
        beams = flavor.dispersion(v, w, STANDARD(v), k)
        fast = beams[beams.imag > 0.02]  # slower ones may be of the discretisation alone
        np.testing.assert_allclose(fast, modes, atol=1e-9)
    (k,) = flavor.spatial_modes(STANDARD, 0.021)
    branches = flavor.spatial_branches(v, w, STANDARD(v), 0.021)
    assert np.abs(branches - k).min() < 1e-9
    breaking = flavor.unstable_modes(STANDARD, -0.0623, branch="breaking")
    directions, weight = distributions.sphere(24, 4)
    everything = flavor.dispersion(directions, weight, STANDARD(directions[:, 2]), -0.0623)
    assert np.abs(everything - breaking[0]).min() < 2e-3 * abs(breaking[0].imag)


def test_tables_and_jumps():
    table = AngularDistribution.from_table([-1, -0.2, 0.5, 1], [-1.0, -0.3, 0.2, 1.0])
    smooth = AngularDistribution.from_function(lambda v: np.interp(v, [-1, -0.2, 0.5, 1], [-1.0, -0.3, 0.2, 1.0]))
    np.testing.assert_allclose(smooth.integrals(0.3 + 0.1j, 0.6)[0], table.integrals(0.3 + 0.1j, 0.6)[0], rtol=1e-11)
    step = AngularDistribution.from_function(lambda v: np.where(v > 0.3, 1.0, -1.0), breaks=[0.3])
    omega, k = 0.4 + 0.2j, 1.3
    exact = (-np.log((omega - k * 1) / (omega - k * 0.3)) + np.log((omega - k * 0.3) / (omega + k))) / k
    assert step.integrals(omega, k)[0][0] == pytest.approx(exact, rel=1e-13)
    assert step.crossings() == pytest.approx([0.3])
    beam = AngularDistribution.from_function(lambda v: distributions.exponential(v, 1 - 1e-7))
    assert beam.moments[:2] == pytest.approx([1.0, 1 - 1e-7], rel=1e-8)


# --- vacuum term, collisions, flavors --------------------------------------------------------------------------------


def test_homogeneous_instability_with_a_vacuum_term():
    """Neutrinos along +z, antineutrinos along -z, √2 G_F n = w/2, e-like state heavier: growth w, 1122.740/s at 50 MeV."""
    hbar, ev = 1.05457266e-27, 1.60218e-12
    rate = 7.39e-5 / (2 * 50e6) * ev / hbar
    omega = flavor.dispersion([1.0, -1.0], [1.0, 1.0], [rate / 2, -rate / 2], 0.0, vacuum=[rate, -rate])
    assert omega[0].imag == pytest.approx(1122.740, rel=1e-6)
    normal = flavor.dispersion([1.0, -1.0], [1.0, 1.0], [rate / 2, -rate / 2], 0.0, vacuum=[-rate, rate])
    assert np.abs(normal.imag).max() < 1e-6 * rate
    ours = vacuum_frequency(50.0, 7.39e-5, np.radians(1e-6), "inverted")
    assert ours == pytest.approx(rate, rel=2e-6)  # other values of the constants
    assert interaction_rate(2.915427e24) == pytest.approx(ours / 2, rel=1e-5)


def test_massless_instability_at_finite_k():
    k = 2 * np.pi
    mu = interaction_rate(4.891291e32) / 2.99792458e10
    assert mu == pytest.approx(k / 2, rel=1e-5)
    omega = flavor.dispersion([1.0, -1.0], [1.0, 1.0], [k / 2, -k / 2], -k)
    assert omega[0].imag * 2.99792458e10 == pytest.approx(1.883652e11, rel=1e-6)


def test_slow_modes_of_continuous_angles_and_energies():
    v, w = distributions.gauss_legendre(24)
    energies, shares = np.array([1.0, 2.0]), np.array([0.6, 0.4])
    nu, bar = (AngularDistribution.from_function(lambda v, s=s: distributions.gaussian(v, s)) for s in (1.0, 0.8))
    vacuum = 0.4 / energies
    modes = energy_modes(v, w, shares[:, None] * nu(v), 0.7 * shares[:, None] * bar(v), vacuum=vacuum, damping=0.01)
    beams = flavor.dispersion(**modes, k=0.1, matter=0.3)
    assert beams.shape == (96,)
    continuum = energy_continuum(
        nu, bar.scaled(0.7), shares=shares, shares_bar=shares, vacuum=vacuum, matter=0.3, damping=0.01
    )  # fmt: skip
    found = flavor.unstable_modes(continuum, 0.1)
    assert found
    assert found[0].imag > 0.05
    assert np.abs(beams - found[0]).min() < 1e-8


def test_matter_shifts_frequencies_only():
    g = crossed(1.0)(V8)
    plain, dense = (flavor.dispersion(V8, W8, g, 0.2, matter=m) for m in (0.0, 1.7))
    np.testing.assert_allclose(dense, plain - 1.7, atol=1e-12)


@pytest.mark.parametrize("isotropic", [True, False])
def test_collisional_modes_are_those_of_all_angles(isotropic):
    numbers = {"density": 1.0, "density_bar": 0.9, "damping": 1e-2, "damping_bar": 3e-3}
    pair = flavor.collisional_eigenvalues(**numbers, isotropic=isotropic)
    v, w = distributions.gauss_legendre(4)
    modes = energy_modes(v, w, np.full((1, 4), 0.5), np.full((1, 4), 0.45), damping=1e-2, damping_bar=3e-3)
    every = flavor.dispersion(**modes, k=0.0)
    for root in pair:
        assert np.abs(every - root).min() < 1e-12
    assert pair[0].imag > 0


def test_collisional_growth_of_the_full_equations():
    """dP/dt = D × P - Γ P_T, nonlinear, from a seed of 1e-7."""
    damping, damping_bar, size, size_bar = 2e-2, 5e-3, 1.0, 0.8

    def slope(_, y):
        p, q = y[:3], y[3:]
        d = p - q
        return np.r_[np.cross(d, p) - damping * p * (1, 1, 0), np.cross(d, q) - damping_bar * q * (1, 1, 0)]

    start = np.r_[1e-7, 0, size, 1e-7, 0, size_bar]
    run = solve_ivp(slope, (0, 120), start, method="DOP853", rtol=1e-11, atol=1e-18, t_eval=[60, 120])
    growth = np.log(np.hypot(*run.y[:2, 1]) / np.hypot(*run.y[:2, 0])) / 60
    omega = flavor.collisional_eigenvalues(density=size, density_bar=size_bar, damping=damping, damping_bar=damping_bar)
    assert growth == pytest.approx(omega[0].imag, rel=1e-4)


def test_three_flavors_part_into_pairs():
    """Against the Jacobian of dρ/dt = -i[H, ρ] of two beams, k = 0, with all 36 real unknowns."""
    v, diagonal = np.array([0.8, -0.6]), np.array([[0.9, 0.3, 0.5], [0.2, 0.7, 0.4]])  # (beam, flavor)
    rho = np.stack([np.diag(row) for row in diagonal]).astype(complex)
    kernel = 1 - np.outer(v, v)

    def slope(r):
        h = np.einsum("ab,bij->aij", kernel, r)
        return -1j * (h @ r - r @ h)

    basis = np.eye(36).reshape(36, 2, 18)
    columns = []
    for one in basis:
        step = (one[:, :9] + 1j * one[:, 9:]).reshape(2, 3, 3)
        change = (slope(rho + 1e-3 * step) - slope(rho - 1e-3 * step)) / 2e-3  # exact: the equation is quadratic
        columns.append(np.concatenate([change.real.reshape(2, 9), change.imag.reshape(2, 9)], axis=1).ravel())
    rates = np.linalg.eigvals(np.array(columns).T)
    pairs = flavor.pair_lepton_numbers(diagonal.T, np.zeros((3, 2)))
    assert set(pairs) == {"e-mu", "e-tau", "mu-tau"}
    grown = []
    for g in pairs.values():
        for omega in flavor.dispersion(v, 1.0, g, 0.0):
            assert np.abs(rates - (-1j * omega)).min() < 1e-7
            grown.append(omega.imag)
    assert rates.real.max() == pytest.approx(max(grown), abs=1e-7)


# --- distributions and closures --------------------------------------------------------------------------------------


def test_inverse_langevin_to_round_off():
    getcontext().prec = 50
    flux = np.r_[1e-9, 0.017, 0.3, 0.95, 0.9999, 1 - 1e-9, 1 - 1e-14]
    for f, b in zip(flux, closures.inverse_langevin(flux), strict=True):
        x = Decimal(float(b))
        e = (2 * min(x, Decimal(400))).exp()
        excess = (e + 1) / (e - 1) - 1 / x - Decimal(float(f))
        assert abs(float(excess / (1 / x**2 - 4 * e / (e - 1) ** 2) / x)) < 3e-13
        assert closures.inverse_langevin(-f) == -b


@pytest.mark.parametrize("flux", [0.0, 0.2, -0.5, 0.85])
def test_closures_have_the_moments_asked_for(flux):
    v, w = distributions.gauss_legendre(120)
    families = [distributions.exponential(v, flux), distributions.levermore(v, flux), distributions.fermi(v, flux, 0.12)]
    for g in families:
        assert (w @ g, w @ (v * g)) == pytest.approx((1.0, flux), abs=1e-11)
    assert w @ (v**2 * families[0]) == pytest.approx(closures.minerbo_eddington(flux), abs=1e-11)
    assert w @ (v**2 * families[1]) == pytest.approx(closures.levermore_eddington(flux), abs=1e-11)
    assert (2 * 0.12 * families[2]).max() < 1


def test_fermi_closure_where_the_cone_is_nearly_full():
    for occupation, flux in ((0.3, 0.699), (0.5, -0.4995), (1e-3, 0.99)):
        alpha, beta = closures.fermi_parameters(flux, occupation)
        for power, moment in ((0, 1.0), (1, flux)):

            def integrand(v, power=power, alpha=alpha, beta=beta, occupation=occupation):
                return v**power * expit(alpha + beta * v) / (2 * occupation)

            found, _ = quad(integrand, -1, 1, points=[-alpha / beta], epsabs=1e-11, limit=200)
            assert found == pytest.approx(moment, abs=1e-9)
    with pytest.raises(ConfigError, match="Pauli"):
        closures.fermi_parameters(0.8, 0.3)


def test_sphere_integrates_harmonics():
    directions, weight = distributions.sphere(5, 9)
    np.testing.assert_allclose(np.linalg.norm(directions, axis=1), 1, atol=1e-15)
    x, _, z = directions.T
    averages = [np.sum(weight * f) for f in (1 + 0 * x, x**2, x**4, x**2 * z**2, x * z**3)]
    assert averages == pytest.approx([2, 2 / 3, 2 / 5, 2 / 15, 0], abs=1e-14)
    v, w = distributions.midpoint(400)
    assert np.sum(w * np.exp(v)) == pytest.approx(2 * np.sinh(1), rel=1e-5)


# --- what is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: flavor.dispersion([0.1, 0.2], [1.0], [1.0, 2.0], 0.0), "weights"),
        (lambda: flavor.dispersion([0.1, 2.0], 1.0, 1.0, 0.0), "speed of light"),
        (lambda: flavor.dispersion([0.1, np.nan], 1.0, 1.0, 0.0), "finite"),
        (lambda: flavor.dispersion([[0.1, 0.2]], 1.0, 1.0, 0.0), "directions"),
        (lambda: flavor.dispersion([0.1], 1.0, 1.0, 0.0, damping=-1.0), "damping"),
        (lambda: flavor.most_unstable([1.0, -1.0], 1.0, [1.0, -1.0], vacuum=[1.0, -1.0]), "k_range"),
        (lambda: flavor.spatial_branches([0.0], 1.0, 1.0, 0.3), "moves"),
        (lambda: flavor.spatial_modes(STANDARD, -STANDARD.moments[0]), "resonate"),
        (lambda: distributions.exponential(0.0, 1.0), "flux_factor"),
        (lambda: distributions.table([-1.0, 1.0], [-0.5, 1.0], [1.0, 2.0]), "needed"),
        (lambda: AngularDistribution.from_table([0.0, -1.0], [1.0, 2.0]), "increase"),
        (lambda: AngularDistribution.from_function(lambda v: v / 0.0 * 0), "finite"),
        (lambda: flavor.pair_lepton_numbers([1.0, 2.0], [1.0, 2.0]), "occupation"),
    ],
)
def test_wrong_input_is_named(call, words):
    with np.errstate(all="ignore"), pytest.raises(ConfigError, match=words):
        call()
