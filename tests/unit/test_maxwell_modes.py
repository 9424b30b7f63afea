"""Linear modes and exact solutions of the anomalous Maxwell equations: published digits, and currents from kinetic theory."""

import numpy as np
import pytest

from kiral.errors import ConfigError
from kiral.kinetic.drag import chirality_currents
from kiral.kinetic.drifting import drifting_currents
from kiral.maxwell import dispersion, single_helicity, solutions
from kiral.maxwell.calculations import CmwDispersion, MaxwellGrowth
from kiral.maxwell.dispersion import DRUDE, FIRST, SECOND, VARIANTS, Terms
from kiral.maxwell.plasma import CHIRALITIES, Plasma, critical_tau, ill_posed_wavenumber

WAVE = Plasma(tau=2.0, charge=0.3)
CHIRAL = Plasma(tau=2.0, charge=0.3, mu5=0.3)
STRONG = Plasma(tau=0.5, charge=1.0, mu5=1.0)
K_STRONG = 1 / np.pi
ANY = Plasma(temperature=1.3, tau=0.7, charge=0.8, c=1.7, mu=0.3, mu5=-0.4)
"""Nothing is 1, so that wrong powers show."""
K, B = np.array([0.3, -0.5, 0.2]), np.array([0.7, 0.4, -1.1])

# growth at k_mu/4, /2, 3/4, 5/4: the five variants in the order of VARIANTS; digits as computed with 30 digits elsewhere
GROWTH = {
    0.25: (2.14549704538e-4, 2.14371723444e-4, 2.14330915967e-4, 2.14422700241e-4, 2.14463520746e-4),
    0.5: (2.86066272718e-4, 2.85750036604e-4, 2.85641327373e-4, 2.85804272762e-4, 2.85913074773e-4),
    0.75: (2.14549704538e-4, 2.14371723444e-4, 2.14249347565e-4, 2.14341027085e-4, 2.14463520746e-4),
    1.25: (-3.57582840897e-4, -3.5807943050e-4, -3.577373602e-4, -3.57481309328e-4, -3.57822460801e-4),
}


@pytest.mark.parametrize("share", GROWTH)
def test_chiral_instability_of_the_five_variants(share):
    k = share * CHIRAL.chiral_wavenumber
    found = [float(dispersion.cpi_growth(CHIRAL, k, 1, terms)) for terms in VARIANTS.values()]
    np.testing.assert_allclose(found, GROWTH[share], rtol=2e-10)
    assert dispersion.fastest_growth(CHIRAL) == pytest.approx(GROWTH[0.5][1], rel=1e-11)
    # Any direction, and the matrix of all unknowns.
    vector = k * np.array([0.48, -0.6, 0.64])
    for rate, terms in zip(found, VARIANTS.values(), strict=True):
        matrix = dispersion.resistive_matrix if terms is None else dispersion.linear_matrix
        rates = np.linalg.eigvals(matrix(CHIRAL, vector, np.zeros(3), *(() if terms is None else (terms,))))
        assert np.abs(rates - rate).min() < 1e-13


def test_wave_with_dynamical_field():
    expected = {
        0.05: (-0.004845852966, -0.249814892655),
        0.3: (-0.063923995168, -0.307403417119),
        1.0: (-0.678625520898, -0.906035224723),
    }
    assert WAVE.wave_speed(1.0) == pytest.approx(0.0455945326391, rel=1e-12)
    assert WAVE.wave_speed(1.0) ** 2 / WAVE.diffusion == pytest.approx(0.0031182921, rel=1e-8)
    assert dispersion.propagation_field(WAVE) / WAVE.tau == pytest.approx(2.24, abs=5e-3)
    assert dispersion.propagation_field(Plasma(tau=2.0, charge=0.7)) == pytest.approx(dispersion.propagation_field(WAVE))
    for k, rates in expected.items():
        np.testing.assert_allclose(dispersion.longitudinal_roots(WAVE, k, 1.0), rates, atol=1e-12)
        # whatever the current: the same roots from the matrix of all unknowns, B and k in another direction
        direction = np.array([0.48, -0.6, 0.64])
        for terms in (FIRST, Terms(relaxation=True), DRUDE):
            matrix = dispersion.linear_matrix(WAVE, k * direction, 5.0 * direction, terms)
            for root in dispersion.longitudinal_roots(WAVE, k, 5.0, terms):
                assert np.abs(np.linalg.eigvals(matrix) - root).min() < 1e-14
    assert abs(dispersion.longitudinal_roots(WAVE, 1e-4, 5.0)[0].imag) > 0.04  # above the field: a gap


def test_kinetic_theory_confirms_the_closed_sets():
    """The roots of kinetic theory, where c k tau and eB are small: errors fall with the next power of k."""
    from kiral.kinetic.dispersion import dispersion_roots

    matter = {"temperature": 1.0, "tau": 2.0, "charge": 0.3}
    errors = []
    for k in (0.02, 0.04):
        (held,) = dispersion_roots(k, field="held", magnetic_field=0.3, ordinates=16, **matter)[:1]
        errors.append(min(abs(held - s) for s in dispersion.given_field_roots(WAVE, k, 0.3)))
    assert np.log2(errors[1] / errors[0]) == pytest.approx(3, abs=1.1) and errors[0] < 1e-6
    slow = dispersion_roots(1e-3, magnetic_field=0.05, ordinates=16, **matter)[0].real
    assert slow == pytest.approx(dispersion.longitudinal_roots(WAVE, 1e-3, 0.05)[0].real, rel=1e-4)


@pytest.mark.parametrize("terms", [FIRST, SECOND, *(Terms(**{n: True}) for n in ("hall", "magnetization", "relaxation"))])
def test_matrix_against_the_currents_of_kinetic_theory(terms):
    """Rates of a plane wave by differences of the closed forms of the currents, which know nothing of modes."""
    plasma = ANY if not terms.relaxation else Plasma(1.3, 0.7, 0.3, 1.7, 0.3, -0.4)
    y = np.random.default_rng(3).normal(size=(2, 8))
    y = y[0] + 1j * y[1]
    rate = dispersion.linear_matrix(plasma, K, B, terms) @ y
    total = np.zeros(3, complex)
    for i, sign in enumerate(CHIRALITIES):
        current = _linearised(plasma, sign, y, rate, terms)
        total += current
        source = sign * plasma.charge**2 / (4 * np.pi**2 * plasma.c) * B @ y[:3]
        np.testing.assert_allclose(rate[6 + i], source - 1j * K @ current, rtol=1e-11)
    ampere = 1j * plasma.c * np.cross(K, y[3:6]) - 4 * np.pi * plasma.charge * total
    np.testing.assert_allclose(rate[:3], ampere, rtol=1e-11)
    np.testing.assert_allclose(rate[3:6], -1j * plasma.c * np.cross(K, y[:3]), rtol=1e-13)
    # what obeys Gauss's law goes on doing so
    y[6] = 1j * K @ y[:3] / (4 * np.pi * plasma.charge) - y[7]
    assert dispersion.gauss_residual(plasma, K, dispersion.linear_matrix(plasma, K, B, terms) @ y) < 1e-12


def _linearised(plasma, sign, y, rate, terms):
    """Amplitude of the number current of one chirality, by central differences of `chirality_currents`."""
    density = 6 if sign == 1 else 7
    shift = y[density] / plasma.susceptibility(sign)
    names = {"magnetic", "ohmic", "diffusion"}
    names |= {"hall", "hall_diffusion"} if terms.hall else set()
    names |= {"magnetization", "anomalous_hall"} if terms.magnetization else set()
    names |= {"electric_relaxation"} if terms.relaxation else set()

    def at(size, part):
        fields = {
            "mu": plasma.potential(sign) + size * part(shift), "grad_mu": size * part(1j * K * shift),
            "electric_field": size * part(y[:3]), "magnetic_field": B + size * part(y[3:6]),
            "dt_electric_field": size * part(rate[:3]), "dt_magnetic_field": size * part(rate[3:6]),
        }  # fmt: skip
        found = chirality_currents(
            chirality=sign, temperature=plasma.temperature, tau=plasma.tau, charge=plasma.charge, c=plasma.c, **fields
        )
        return sum(value for name, value in found._asdict().items() if name in names)

    return derivative(at)


def derivative(at):
    """d/dh at h = 0 of at(h, real part) + i at(h, imaginary part), exact for currents of up to third order in h."""
    h = 1e-4
    real, imaginary = (
        (8 * (at(h, part) - at(-h, part)) - (at(2 * h, part) - at(-2 * h, part))) / (12 * h) for part in (np.real, np.imag)
    )
    return real + 1j * imaginary


def test_drifting_matrix_against_the_currents_of_kinetic_theory():
    y = np.random.default_rng(4).normal(size=(2, 8))
    y = y[0] + 1j * y[1]
    rate = dispersion.drifting_matrix(ANY, K, B) @ y
    shift = [y[6] / ANY.susceptibility(1), y[7] / ANY.susceptibility(-1)]
    mu, mu5 = (shift[0] + shift[1]) / 2, (shift[0] - shift[1]) / 2

    def at(size, part):
        fields = {
            "mu": ANY.mu + size * part(mu), "mu5": ANY.mu5 + size * part(mu5), "grad_mu": size * part(1j * K * mu),
            "grad_mu5": size * part(1j * K * mu5), "electric_field": size * part(y[:3]),
            "magnetic_field": B + size * part(y[3:6]), "dt_electric_field": size * part(rate[:3]),
            "dt_magnetic_field": size * part(rate[3:6]), "grad_electric_field": size * part(1j * np.outer(K, y[:3])),
            "grad_magnetic_field": size * part(1j * np.outer(K, y[3:6])),
        }  # fmt: skip
        found = drifting_currents(temperature=ANY.temperature, tau=ANY.tau, charge=ANY.charge, c=ANY.c, **fields)
        return np.stack([found.right.total, found.left.total])

    right, left = derivative(at)
    ampere = 1j * ANY.c * np.cross(K, y[3:6]) - 4 * np.pi * ANY.charge * (right + left)
    np.testing.assert_allclose(rate[:3], ampere, rtol=1e-7)
    source = ANY.charge**2 / (4 * np.pi**2 * ANY.c) * B @ y[:3]
    np.testing.assert_allclose(rate[6:], [source - 1j * K @ right, -source - 1j * K @ left], rtol=1e-7)


def test_drude_current_tends_to_electric_relaxation_and_resistive_limit():
    """Drude's current to first order in s tau is the relaxation term; the resistive limit is off by (c k_mu/4π sigma)²/4."""
    k = np.array([0.02, 0.04]) * CHIRAL.chiral_wavenumber
    ohm, relaxing, drude = (dispersion.cpi_growth(CHIRAL, k, 1, t) for t in (FIRST, Terms(relaxation=True), DRUDE))
    for other, order in ((ohm, 1), (drude, 2)):
        relative = np.abs(relaxing / other - 1)
        assert np.log(relative[1] / relative[0]) / np.log(ohm[1] / ohm[0]) == pytest.approx(order, abs=0.05)
    exact = float(dispersion.cpi_growth(CHIRAL, CHIRAL.chiral_wavenumber / 2, 1, FIRST))
    limit = float(dispersion.cpi_growth(CHIRAL, CHIRAL.chiral_wavenumber / 2, 1, None))
    assert limit / exact - 1 == pytest.approx((CHIRAL.chiral_wavenumber / CHIRAL.ohmic_rate) ** 2 / 4, rel=5e-3)


def test_thresholds():
    assert critical_tau(1.0, 1.0) == pytest.approx(0.846284, abs=5e-7)
    edge = critical_tau(1.3, 0.8, 1.7, 0.3, -0.4)
    assert Plasma(1.3, edge, 0.8, 1.7, 0.3, -0.4).permittivity == pytest.approx(0, abs=1e-12)
    assert ill_posed_wavenumber(CHIRAL) == pytest.approx(22.53245422, abs=5e-9)
    assert ill_posed_wavenumber(Plasma(tau=2.0, charge=0.3, mu5=1.0)) == pytest.approx(8.57973627, abs=5e-9)
    for drude in (False, True):
        edge = ill_posed_wavenumber(CHIRAL, drude=drude)
        below, above = dispersion.cpi_growth(CHIRAL, np.array([0.99, 1.01]) * edge, -1, Terms(magnetization=True, drude=drude))
        assert below < 0 < above
    with pytest.raises(ConfigError, match="must be positive"):
        dispersion.linear_matrix(Plasma(tau=3.0), K, B, SECOND)


def test_pulse():
    z, zero = np.array([0.0, 2.0, 5.0, 10.0]), {"field": 1.0, "amplitude": 0.01, "width": 5.0}
    found = solutions.dynamic_field_pulse(WAVE, z, 20.0, **zero)
    mu5 = [6.596646191528e-03, 6.347450929214e-03, 5.185601049071e-03, 2.518984486746e-03]
    electric = [-1.512729083002e-03, -1.455514800378e-03, -1.188797243307e-03, -5.769616687445e-04]
    np.testing.assert_allclose(found.mu5, mu5, rtol=1e-12)
    np.testing.assert_allclose(found.mu, [0, 4.465760914511e-05, 9.118576857793e-05, 8.851109979370e-05], atol=2e-17)
    np.testing.assert_allclose(found.electric, electric, rtol=1e-12)
    # a long box knows no images; E held at zero is what is left of it without charge
    boxed = solutions.dynamic_field_pulse(WAVE, z, 20.0, length=300.0, **zero)
    np.testing.assert_allclose(boxed.mu5, found.mu5, rtol=1e-12)
    neutral = Plasma(temperature=1.0, tau=2.0, charge=1e-6)
    free = solutions.dynamic_field_pulse(neutral, z, 20.0, field=3e5, amplitude=0.01, width=5.0)
    mu5, mu = solutions.given_field_pulse(neutral, z, 20.0, field=3e5, amplitude=0.01, width=5.0)
    np.testing.assert_allclose(free.mu5, mu5, rtol=1e-9)
    np.testing.assert_allclose(free.mu, mu, rtol=1e-9)


def test_single_helicity():
    found = single_helicity.solve(STRONG, K_STRONG, [30, 60, 90, 200], magnetic_field=1e-4)
    b, e = (
        [1.841512590655e-03, 3.727023319513e-02, 7.090855607788e-01],
        [-5.800246823881e-04, -1.173544834949e-02, -1.962083701749e-01],
    )
    np.testing.assert_allclose(found.magnetic[:3], b, rtol=2e-11)
    np.testing.assert_allclose(found.electric[:3], e, rtol=2e-11)
    np.testing.assert_allclose(found.mu5, [0.999999380968, 0.999745672818, 0.905948535059, 0.5], atol=1e-12)
    end = solutions.saturation(STRONG, K_STRONG, magnetic_field=1e-4)
    assert end.mu5 == pytest.approx(0.5) and found.magnetic[-1] == pytest.approx(end.magnetic_field, rel=1e-12)


@pytest.mark.parametrize("terms", VARIANTS.values(), ids=VARIANTS)
def test_single_helicity_grows_and_saturates_in_every_variant(terms):
    """Growth by the dispersion relation while weak, the same end whatever the current, and the conserved total."""
    found = single_helicity.solve(STRONG, K_STRONG, [20, 30, 300], magnetic_field=1e-9, terms=terms)
    rate = float(dispersion.cpi_growth(STRONG, K_STRONG, 1, terms))
    assert np.log(found.magnetic[1] / found.magnetic[0]) / 10 == pytest.approx(rate, rel=1e-6)
    assert found.magnetic[-1] == pytest.approx(solutions.saturation(STRONG, K_STRONG).magnetic_field, rel=1e-9)
    total = single_helicity.helicity_total(STRONG, K_STRONG, found)
    np.testing.assert_allclose(total, total[0], rtol=1e-12)
    with pytest.raises(ConfigError, match="grows where"):
        solutions.saturation(STRONG, -K_STRONG)


def test_homogeneous_relaxation():
    found = solutions.linear_relaxation(WAVE, [1, 10, 100], field=1.0, mu5=0.1)
    e, mu5 = (
        [-5.06562837202869e-03, -2.07029721211471e-02, -1.70524668850614e-02],
        [9.99639031933004e-02, 9.80324567051550e-02, 7.38606087304392e-02],
    )
    np.testing.assert_allclose(found.electric, e, rtol=1e-13)
    np.testing.assert_allclose(found.mu5, mu5, rtol=1e-13)
    # the full equation of state: the same for small mu5, and mu + mu5 carry conserved charge
    weak = Plasma(tau=2.0, charge=0.3, mu5=1e-4)
    full = solutions.relaxation(weak, [10.0], field=1.0)
    assert full.mu5[0] == pytest.approx(1e-3 * mu5[1], rel=1e-7) and full.mu[0] == pytest.approx(0, abs=1e-18)
    dense = Plasma(tau=2.0, charge=0.3, mu=0.7, mu5=0.4)
    after = solutions.relaxation(dense, [100.0], field=1.0)
    end = Plasma(tau=2.0, charge=0.3, mu=float(after.mu[0]), mu5=float(after.mu5[0]))
    assert sum(map(end.density, CHIRALITIES)) == pytest.approx(sum(map(dense.density, CHIRALITIES)), rel=1e-11)
    # a slow change: Drude and electric relaxation are a correction of second order in Γ tau
    plain, eps, drude = (solutions.relaxation(weak, [300.0], field=1.0, terms=t).mu5[0]
                         for t in (FIRST, Terms(relaxation=True), DRUDE))  # fmt: skip
    assert abs(eps - drude) < 0.1 * abs(plain - drude) and abs(plain / drude - 1) < 0.02


def test_calculators():
    growth = MaxwellGrowth(mu5=-0.3, points=3).compute()
    assert float(growth["growth_ohm"].sel(helicity=-1)[1]) > 0 > float(growth["growth_ohm"].sel(helicity=1)[1])
    assert (
        "growth_second_order" in growth and "growth_second_order" not in MaxwellGrowth(charge=0.6, tau=3.0, points=2).compute()
    )
    assert MaxwellGrowth(points=3).figures(growth)[0].data
    waves = CmwDispersion(points=5, kinetic_points=2, k_min=0.01, k_max=0.3)
    data = waves.compute()
    assert data.attrs["regime"] == "overdamped" and waves.figures(data)[0].data
    assert float(data["kinetic_rate"][0, 0]) == pytest.approx(float(data["dynamic_rate"][0, 0]), rel=0.02)
    assert data["kinetic_given_field_rate"][0, 0] == pytest.approx(-WAVE.diffusion * 1e-4, rel=1e-2)
