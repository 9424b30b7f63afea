"""Constants against scipy's, unit systems against G25 Table 1, the parser, comoving powers, the two classic traps."""

import contextlib
import math
import subprocess
import sys

import pytest
import scipy.constants as codata
from hypothesis import given
from hypothesis import strategies as st

from kiral import constants as const
from kiral import units
from kiral.errors import ConfigError
from kiral.quantity import parse_quantity

POSITIVE = st.floats(1e-30, 1e30)


@pytest.fixture(scope="module")
def electroweak():
    return units.comoving_radiation(1e11)


# --- constants -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ours", "theirs", "tolerance"),
    [
        (const.SPEED_OF_LIGHT_CM_S, codata.c * 1e2, 1e-15),
        (const.PLANCK_ERG_S, codata.h * 1e7, 1e-15),
        (const.EV_ERG, codata.eV * 1e7, 1e-15),
        (const.BOLTZMANN_ERG_K, codata.k * 1e7, 1e-15),
        (const.HBAR_EV_S, codata.value("reduced Planck constant in eV s"), 1e-9),
        (const.BOLTZMANN_EV_K, codata.value("Boltzmann constant in eV/K"), 1e-9),
        (const.HBAR_C_EV_CM, codata.value("reduced Planck constant times c in MeV fm") * 1e-7, 1e-8),
        (const.FINE_STRUCTURE, codata.value("fine-structure constant"), 1e-8),
        (const.FERMI_GEV_2, codata.value("Fermi coupling constant"), 1e-6),
        (const.PARSEC_CM, codata.parsec * 1e2, 1e-14),
        (const.YEAR_S, codata.Julian_year, 1e-15),
    ],
)
def test_constants_agree_with_scipy(ours, theirs, tolerance):
    assert ours == pytest.approx(theirs, rel=tolerance)


def test_reduced_planck_mass_follows_from_newton_constant():
    """7 digits, for the CODATA 2022 value of G."""
    mass_ev = math.sqrt(codata.hbar * codata.c / (8 * math.pi * 6.67430e-11)) * codata.c**2 / codata.eV
    assert f"{mass_ev:.6e}" == "2.435323e+27" == f"{const.REDUCED_PLANCK_MASS_EV:.6e}"


def test_entropy_today_is_photons_and_cold_neutrinos():
    assert abs(const.G_ENTROPY_TODAY - (2 + 7 / 8 * 6 * 4 / 11)) < 1e-4


# --- unit systems ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("attribute", "expected"),
    [
        ("time_s", "6.01e+04"),
        ("cosmic_time_s", "2.343e-11"),
        ("length_physical_cm", "1.405e+00"),
        ("length_cm", "1.80e+15"),
        ("scale_factor", "7.80e-16"),
        ("temperature_ev", "7.80e-05"),
        ("energy_physical_ev", "1.266e+60"),
        ("energy_ev", "9.88e+44"),
        ("helicity_gauss2_mpc", "1.987e-21"),
    ],
)
def test_electroweak_units_have_the_recomputed_values(electroweak, attribute, expected):
    digits = len(expected.split("e")[0]) - 2
    assert f"{getattr(electroweak, attribute):.{digits}e}" == expected


def test_half_gauss_squared_is_its_energy_density():
    """B²/8π of 1 G by scipy: (1e-4 T)²/(2 mu0), in GeV cm⁻³."""
    si = 1e-8 / (2 * codata.mu_0) / codata.eV * 1e-6 * 1e-9
    ours = units.GAUSS_SQUARED_EV_CM3 / 2 * 1e-9
    assert ours == pytest.approx(si, rel=1e-9)
    assert f"{ours:.3f}" == "24.834"


def test_units_satisfy_the_relations_of_table_1(electroweak):
    """l*/t* = c; E* = rho* l*³ a⁴; H t_c = 1/2; independent of the order in which they are built."""
    u = electroweak
    rho = units.radiation_energy_density(1e11, 106.75)
    assert u.length_cm / u.time_s == pytest.approx(codata.c * 1e2, rel=1e-14)
    assert u.energy_ev == pytest.approx(rho * u.scale_factor**4 * u.length_cm**3, rel=1e-13)
    assert u.time_s == pytest.approx(2 * u.cosmic_time_s / u.scale_factor, rel=1e-14)
    assert u.length_physical_cm == pytest.approx(2 * codata.c * 1e2 * u.cosmic_time_s, rel=1e-14)
    assert u.temperature_ev == pytest.approx(2.7255 * codata.k / codata.eV * (3.909 / 106.75) ** (1 / 3), rel=1e-14)
    density_si = math.pi**2 / 30 * 106.75 * (1e11 * codata.eV) ** 4 / (codata.hbar * codata.c) ** 3
    assert rho == pytest.approx(density_si / codata.eV * 1e-6, rel=1e-12)
    hubble = math.sqrt(8 * math.pi * 6.67430e-11 / 3 * density_si / codata.c**2)
    assert u.cosmic_time_s == pytest.approx(1 / (2 * hubble), rel=1e-6)


def test_field_unit_squared_is_energy_density(electroweak):
    gauss = electroweak.field_gauss
    erg_cm3 = electroweak.energy_ev * 1.602176634e-12 / electroweak.length_cm**3
    assert gauss**2 / (8 * math.pi) == pytest.approx(erg_cm3 / 2, rel=1e-12)


@pytest.mark.parametrize(
    ("key", "arguments"),
    [
        ("units.temperature", (0.0, 100.0, 100.0)),
        ("units.temperature", (math.nan, 100.0, 100.0)),
        ("units.temperature", (1e300, 100.0, 100.0)),
        ("units.g_energy", (1e11, -1.0, 100.0)),
        ("units.g_entropy", (1e11, 100.0, math.inf)),
    ],
)
def test_meaningless_units_are_refused(key, arguments):
    with pytest.raises(ConfigError, match=rf"{key}: .* allowed: "):
        units.comoving_radiation(*arguments)


# --- comoving and physical -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("quantity", "power"),
    [
        ("vector_potential", 1),
        ("magnetic_field", 2),
        ("electric_field", 2),
        ("current_density", 3),
        ("magnetic_diffusivity", -1),
        ("viscosity", -1),
        ("chiral_diffusivity", -1),
        ("mu5", 1),
        ("chiral_feedback", -2),
        ("flipping_rate", 1),
        ("energy_density", 4),
        ("source", 2),
        ("number_source", 4),
    ],
)
def test_comoving_powers(quantity, power):
    assert units.to_comoving(quantity, 3.0, 2.0) == 3.0 * 2.0**power
    assert units.to_physical(quantity, units.to_comoving(quantity, 3.0, 2.0), 2.0) == 3.0


def test_comoving_powers_balance_every_term_of_the_equations():
    """All terms of each of G25 Eqs. (7, 8) and of lam (10), S5 (9) carry one power; that fixes the source's a²."""
    p = units.COMOVING_POWERS
    per_time, per_length = -p["time"], -p["length"]
    mu5_rate = p["mu5"] + per_time
    assert p["source"] == mu5_rate == p["flipping_rate"] + p["mu5"]
    assert p["chiral_diffusivity"] + 2 * per_length + p["mu5"] == mu5_rate
    assert p["chiral_feedback"] + p["electric_field"] + p["magnetic_field"] == mu5_rate
    assert p["number_source"] == p["number_density"] + per_time
    assert p["source"] == p["number_source"] - 2 * p["temperature"]
    assert p["electric_field"] == p["vector_potential"] + per_time == p["magnetic_field"]
    assert p["magnetic_field"] == p["vector_potential"] + per_length
    assert p["magnetic_diffusivity"] + p["current_density"] == p["electric_field"]
    assert p["current_density"] == p["magnetic_field"] + per_length
    assert p["energy_density"] == 2 * p["magnetic_field"] == p["energy"] - 3 * p["length"]
    assert p["magnetic_helicity"] == p["vector_potential"] + p["magnetic_field"] == p["mu5"] - p["chiral_feedback"]
    assert p["chiral_feedback"] == p["length"] - p["energy"]
    assert p["viscosity"] == p["velocity"] + p["length"]


# --- the two classic traps -------------------------------------------------------------------------------------------


def test_gaussian_and_heaviside_lorentz_fields_have_the_same_energy():
    field = units.gaussian_to_heaviside_lorentz(3.0)
    assert field**2 / 2 == pytest.approx(3.0**2 / (8 * math.pi), rel=1e-15)
    assert units.heaviside_lorentz_to_gaussian(field) == pytest.approx(3.0, rel=1e-15)


def test_mu5_is_half_the_chirality_difference():
    assert units.mu5_from_chiralities(5.0, 1.0) == 2.0
    assert units.mu5_from_chiralities(5.0, 1.0, "left_minus_right") == -2.0
    for convention in ("right_minus_left", "left_minus_right"):
        assert units.chirality_difference_from_mu5(units.mu5_from_chiralities(5.0, 1.0, convention), convention) == 4.0


def test_chiral_wavenumber_has_the_recomputed_value():
    """2354.28471 km⁻¹ per 1e-10 MeV, and by scipy's constants."""
    per_km = units.chiral_wavenumber_from_mu5(1e-4) * 1e5
    assert f"{per_km:.5f}" == "2354.28471"
    si = 2 * codata.alpha * 1e-4 * codata.eV / (math.pi * codata.hbar * codata.c)
    assert per_km == pytest.approx(si * 1e3, rel=1e-8)


def test_chiral_wavenumber_does_not_depend_on_the_sign_convention():
    k5 = units.chiral_wavenumber_from_chiralities(5.0, 1.0)
    for convention in ("right_minus_left", "left_minus_right"):
        mu5 = units.mu5_from_chiralities(5.0, 1.0, convention)
        assert units.chiral_wavenumber_from_mu5(mu5, convention) == pytest.approx(k5, rel=1e-15)
        assert units.mu5_from_chiral_wavenumber(k5, convention) == pytest.approx(mu5, rel=1e-15)
    assert k5 > 0


# --- parser ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "unit", "expected"),
    [
        ("1e14 G", "G", 1e14),
        ("1e10T", "G", 1e14),
        ("100 GeV", "eV", 1e11),
        ("100 GeV", "GeV", 100.0),
        ("0.1 TeV", "MeV", 1e5),
        ("1 K", "eV", 8.617333262e-5),
        ("1 erg", "eV", 6.241509074e11),
        ("10 min", "s", 600.0),
        ("2 h", "s", 7200.0),
        ("90 s", "s", 90.0),
        ("1500ms", "s", 1.5),
        ("1 Myr", "kyr", 1e3),
        ("1 yr", "s", 31557600.0),
        ("1 kpc", "pc", 1e3),
        ("1 Mpc", "cm", 3.0856775814913674e24),
        ("-2 km", "m", -2e3),
        ("3 kg", "g", 3e3),
        ("5 1/m", "1/km", 5e3),
        ("5 m^-1", "1/km", 5e3),
        ("3 m^2/s", "cm^2/s", 3e4),
        ("1 erg/cm/cm/cm", "erg / cm^3", 1.0),
        (".5", "s", 0.5),
        ("  7.e2 ", "s", 700.0),
        (3, "s", 3.0),
        (2.5, "G", 2.5),
    ],
)
def test_quantities_are_parsed(text, unit, expected):
    assert parse_quantity(text, unit) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("value", "unit", "message"),
    [
        ("5 parsec", "s", r"a\.b: unknown unit 'parsec'; allowed: a number \(in s\) or .* ms, s, min, h, yr, kyr, Myr"),
        (
            "5 gev",
            "eV",
            r"a\.b: unknown unit 'gev' \(did you mean 'GeV'\?\); allowed: .* eV, keV, MeV, GeV, TeV, erg, K",
        ),
        ("5 mins", "s", r"unknown unit 'mins' \(did you mean 'min'\?\)"),
        ("5 s", "eV", r"a\.b: 's' in '5 s' is a time; allowed: .* TeV"),
        ("5 G", "eV", r"'G' in '5 G' is a magnetic field; allowed"),
        ("5 km", "1/km", r"'km' in '5 km' is a length; allowed: .* 1/cm, 1/m, 1/km"),
        ("5 km/s", "cm^2/s", r"'km/s' in '5 km/s' is of another dimension; allowed: .* such as cm\^2/s"),
        ("five s", "s", r"'five s' does not begin with a number; allowed"),
        ("", "s", "'' does not begin with a number"),
        ("1 1//s", "1/s", "unknown unit ''"),
        ("1 s^x", "s", r"unknown unit 's\^x'"),
        ("nan", "s", "does not begin with a number"),
        ("1e999 s", "s", "is not finite"),
        ("1e308 TeV", "eV", "is not finite"),
        (10**400, "s", "is not finite"),
        (math.inf, "s", "inf is not finite"),
        (True, "s", "True given; allowed"),
        (None, "s", "None given; allowed"),
        (["1 s"], "s", "given; allowed"),
    ],
)
def test_wrong_quantities_get_one_clear_message(value, unit, message):
    with pytest.raises(ConfigError, match=message) as caught:
        parse_quantity(value, unit, "a.b")
    assert str(caught.value).startswith("a.b: ") and "\n" not in str(caught.value)


@given(POSITIVE, st.sampled_from(["eV", "keV", "MeV", "GeV", "TeV", "erg", "K"]))
def test_quantity_round_trip(number, unit):
    there = parse_quantity(f"{number!r} {unit}", "eV")
    back = parse_quantity(f"{there!r} eV", unit)
    assert back == pytest.approx(number, rel=1e-14)


@given(st.text(max_size=12), st.sampled_from(["G", "s", "1/km", "cm^2/s"]))
def test_any_text_is_a_number_or_a_config_error(text, unit):
    with contextlib.suppress(ConfigError):
        assert math.isfinite(parse_quantity(text, unit))


def test_units_and_estimates_import_no_jax():
    code = "import sys, kiral.units, kiral.mhd.estimates; sys.exit(any(m.split('.')[0] == 'jax' for m in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
