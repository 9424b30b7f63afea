"""Neutrino radiation feeding chiral MHD: units, the cases' numbers against `kiral.weak`, and saturation by the anomaly."""

import warnings

import numpy as np
import pytest

from kiral.calc import load_calculation
from kiral.config.load import load_case
from kiral.constants import FINE_STRUCTURE, HBAR_C_EV_CM
from kiral.units import chiral_wavenumber_from_conductivity, matter_units
from kiral.weak import scales
from kiral.weak.composition import composition
from kiral.weak.effective import effective_cme
from kiral.weak.field import axial_density, feedback_mev, grown_field, largest_helicity

MATTER = composition(1e10, 8.6, 0.4)


def bounded(times):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return effective_cme(time=np.asarray(times)).bounded.xi_b_total


@pytest.mark.parametrize("name", ["supernova-cpi", "supernova-cpi-flow"])
def test_the_cases_hold_the_numbers_of_the_matter(name):
    config = load_case(name).config
    units, model = config.units.system(), config.model
    diffusivity = scales.magnetic_diffusivity(scales.pair_plasma_conductivity(8.6)) * units.time_s / units.length_cm**2
    scaled = 100 if name.endswith("flow") else 1
    assert model.magnetic_diffusivity == pytest.approx(scaled * diffusivity, rel=2e-3)
    feedback = feedback_mev(MATTER) * 1e-12 * HBAR_C_EV_CM * units.energy_ev / units.length_cm
    assert model.chiral_feedback == pytest.approx(feedback, rel=1e-3)


def test_xi_of_the_cases_is_the_bounded_answer():
    config = load_case("supernova-cpi").config
    units, table = config.units.system(), config.model.xi
    expected = chiral_wavenumber_from_conductivity(bounded(np.array(table.t) * units.time_s)) * units.length_cm
    np.testing.assert_allclose(table.value, expected, rtol=1e-5, atol=1e-12)
    flow = load_case("supernova-cpi-flow").config
    at_1_ms = chiral_wavenumber_from_conductivity(bounded([1e-3])[0]) * flow.units.system().length_cm
    assert flow.model.xi == pytest.approx(at_1_ms, rel=1e-4)


def test_units_of_matter():
    """B²/2 in code units is B²/8π in G against rho c², and λ that of G25 (10) where mu_e = 0."""
    units = matter_units(1e-5, 1e10, 8.6e6)
    speed_of_light = units.length_cm / units.time_s
    assert speed_of_light == pytest.approx(2.99792458e10)
    assert units.field_gauss**2 / (8 * np.pi) == pytest.approx(0.5 * 1e10 * speed_of_light**2, rel=1e-9)
    neutral = MATTER._replace(mu_e=0.0)
    assert feedback_mev(neutral) == pytest.approx(12 * FINE_STRUCTURE**2 / (np.pi * 8.6) ** 2, rel=1e-9)


def test_helicity_at_most_is_what_the_mhd_ledger_says():
    """Growth ends at mu5 = -xi: h = (2/λ)|xi|, in MeV³, for small xi; and n5 is that of two Fermi seas."""
    xi = 1e-6
    assert largest_helicity(xi, MATTER) == pytest.approx(2 * xi / feedback_mev(MATTER), rel=1e-6)
    mu5, q = 3.0, np.linspace(0.0, 400.0, 400001)

    def sea(mu):  # particles less antiparticles of one chirality
        x = np.clip(np.stack([q - mu, q + mu]) / MATTER.temperature, None, 600)
        return np.trapezoid(q**2 * (1 / (np.exp(x[0]) + 1) - 1 / (np.exp(x[1]) + 1)), q) / (2 * np.pi**2)

    expected = sea(MATTER.mu_e + mu5) - sea(MATTER.mu_e - mu5)
    assert axial_density(mu5, MATTER) == pytest.approx(expected, rel=1e-8)


def test_the_verdict_on_magnetars():
    """Growth is fast without flips and slower than the age of the Universe with them; 1 km scales stay far below 1e16 G."""
    found = load_calculation("weak-field", {"time": 3e-6}).compute()
    growth, kilometre = found["growth_time"].values, found["field_at_length"].values
    assert np.all(growth[:3] < 1e-8) and growth[3] > 1e14
    assert np.all(kilometre < 1e10)
    assert float(found["flips_per_growth_time"][1]) > 1e9
    one = grown_field(found["xi_b_total"].values[1], MATTER, 1e5)
    assert one.field == pytest.approx(float(found["field"][1]))


def test_an_instability_with_xi_saturates_at_the_ledgers_helicity():
    """A small box, no flow: |h| → (2/λ)(|xi| - k of the field), with negative helicity for negative xi."""
    from setups import box, equation, number, random_state, run

    lam, xi, eta = 2.0, -3.5, 0.2
    eq = equation((14, 1, 1), flow="none", magnetic_diffusivity=eta, chiral_feedback=lam, chiral_diffusivity=5.0, xi=xi)
    y = random_state(eq, a=1e-3, mu5=0.0, mean_mu5=0.0)
    end = run(eq, y, 60.0, 3000, "rk4")
    helicity = float(box((14, 1, 1)).mean_dot(end.A, eq.box.curl(end.A)))
    k = np.sqrt(float(eq.box.mean_dot(end.A, tuple(eq.box.k2**2 * a for a in end.A)))
                / float(eq.box.mean_dot(end.A, tuple(eq.box.k2 * a for a in end.A))))  # fmt: skip
    assert helicity == pytest.approx(-2 / lam * (abs(xi) - k), rel=1e-3)
    assert float(number(end.mu5[0, 0, 0].real)) == pytest.approx(abs(xi) - k, rel=1e-3)
