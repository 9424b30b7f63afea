"""Neutrino radiation: spectra, integrals and their errors, what is refused, profiles from files, calculations, figures."""

from __future__ import annotations

import math
import warnings
from pathlib import Path

import numpy as np
import pytest
import scipy.constants as codata
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

import kiral
from figure_checks import check_drawing
from kiral import units
from kiral.calc import calculate, load_calculation
from kiral.errors import ConfigError
from kiral.weak import FermiDirac, LinearAnswerWarning, PinchedSpectrum, TabulatedSpectrum, effective_cme, figures, solutions
from kiral.weak.bulb import as_csv, neutrino_bulb
from kiral.weak.calculations import Weak, WeakMap, WeakStar
from kiral.weak.kick import kick_of_star
from kiral.weak.retarded import GridSource, x_eff, x_eff_radial
from kiral.weak.star import star_currents
from kiral.weak.star_file import checked, read_profiles
from kiral.weak.thermal import thermal_answer

CURRENTS = ("xi_b", "xi_b_total", "kappa_b", "kappa_b_total")
PAPER = PinchedSpectrum(alpha=2.65, mean_energy=13.05)


@pytest.fixture(autouse=True)
def _far_beyond_the_linear_answer():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LinearAnswerWarning)
        yield


def occupation(q):
    return (q / 13.05) ** 2.65 * np.exp(-3.65 * q / 13.05)


def distance(one, other):
    return [abs(float(getattr(one, name) - getattr(other, name))) for name in CURRENTS]


# --- units -----------------------------------------------------------------------------------------------------------


def test_natural_units_agree_with_scipy():
    hbar, c, e = codata.hbar, codata.c, codata.e
    mev = 1e6 * e
    assert units.seconds_to_inverse_mev(1.0) == pytest.approx(mev / hbar, rel=1e-9)
    assert units.inverse_mev_to_cm(1.0) == pytest.approx(hbar * c / mev * 1e2, rel=1e-9)
    assert units.per_second_to_mev(1.0) == pytest.approx(hbar / mev, rel=1e-9)
    assert units.per_cm3_to_mev3(1.0) == pytest.approx((hbar * c / mev * 1e2) ** 3, rel=1e-8)
    assert units.g_per_cm3_to_mev4(1.0) == pytest.approx(1e-3 * c**2 / mev * units.per_cm3_to_mev3(1.0), rel=1e-12)
    assert units.charge_times_field_mev2(1e4) == pytest.approx(e * hbar * c**2 / mev**2, rel=1e-8)
    energy_density = 1 / (2 * codata.mu_0) / mev * (hbar * c / mev) ** 3  # of 1 T, in MeV⁴
    assert units.gauss_to_mev2(1e4) ** 2 / 2 == pytest.approx(energy_density, rel=1e-8)
    # ξ = e² mu5/2π² is the conductivity of a chiral chemical potential mu5.
    xi = 2 * codata.alpha / math.pi * 5.0
    assert units.chiral_wavenumber_from_conductivity(xi) == pytest.approx(units.chiral_wavenumber_from_mu5(5e6), rel=1e-8)


@given(st.floats(1e-20, 1e20))
def test_units_there_and_back(x):
    assert units.inverse_mev_to_seconds(units.seconds_to_inverse_mev(x)) == pytest.approx(x, rel=1e-14)
    assert units.mev_to_per_second(units.per_second_to_mev(x)) == pytest.approx(x, rel=1e-14)
    assert units.mev2_to_gauss(units.gauss_to_mev2(x)) == pytest.approx(x, rel=1e-14)


# --- spectra and integrals -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("shape", "power"), [("occupation", 2.65), ("number", 0.65)])
def test_normalisations_of_the_pinched_spectrum(shape, power):
    def integral(f, *weights):
        return quad(lambda q: math.prod(w(q) for w in weights) * f(q), 0, 200, epsrel=1e-11, limit=200)[0]

    one = PinchedSpectrum(2.65, 13.05, shape=shape)
    assert one.occupation(np.array([7.0])) == pytest.approx((7 / 13.05) ** power * math.exp(-3.65 * 7 / 13.05))
    dense = PinchedSpectrum(2.65, 13.05, number_density=3e31, shape=shape)
    number = integral(lambda q: float(dense.occupation(np.array([q]))[0]), lambda q: q**2)
    assert number / (2 * math.pi**2) == pytest.approx(units.per_cm3_to_mev3(3e31), rel=1e-9)
    filled = PinchedSpectrum(2.65, 13.05, mean_occupation=0.02, shape=shape)

    def f(q):
        return float(filled.occupation(np.array([q]))[0])

    assert integral(f, lambda q: q**2, f) / integral(f, lambda q: q**2) == pytest.approx(0.02, rel=1e-9)
    q = np.linspace(0.01, 30, 30001)
    assert np.max(filled.occupation(q)) == pytest.approx(filled.largest, rel=1e-6)
    mean = integral(f, lambda q: q**3) / integral(f, lambda q: q**2)
    assert mean == pytest.approx(13.05 if shape == "number" else 13.05 * 5.65 / 3.65, rel=1e-9)


def test_integrals_converge_spectrally_and_say_their_error():
    best = effective_cme(spectrum=PAPER, nodes=40)
    previous = math.inf
    for nodes in (4, 6, 8, 10):
        found = effective_cme(spectrum=PAPER, nodes=nodes)
        off = distance(found, best)
        assert all(d <= e + 1e-12 * abs(v) for d, e, v in zip(off, found.error, best, strict=False))
        assert max(o / abs(v) for o, v in zip(off, best[:4], strict=True)) < max(0.1 * previous, 1e-12)
        previous = max(o / abs(v) for o, v in zip(off, best[:4], strict=True))


@pytest.mark.parametrize("mesh", [np.geomspace(0.5, 120, 25), np.linspace(1, 100, 60), np.polynomial.laguerre.laggauss(24)[0]])
def test_tables_on_any_mesh_are_right_within_their_error(mesh):
    found, exact = effective_cme(spectrum=TabulatedSpectrum(mesh, occupation(mesh))), effective_cme(spectrum=PAPER)
    assert all(d <= e for d, e in zip(distance(found, exact), found.error, strict=True))
    assert distance(found, exact)[0] < 2e-4 * exact.xi_b


def test_tables_converge_with_the_third_order_or_better():
    exact, off = effective_cme(spectrum=PAPER), []
    for n in (12, 24, 48):
        q = np.geomspace(1, 100, n)
        off.append(distance(effective_cme(spectrum=TabulatedSpectrum(q, occupation(q))), exact)[0])
    assert off[0] > 8 * off[1] > 64 * off[2]


def test_table_makes_no_new_extremes():
    q = np.array([1.0, 2.0, 5.0, 9.0, 20.0, 30.0])
    f = np.array([0.2, 1.0, 1.0, 0.0, 0.3, 1e-4])
    dense = np.geomspace(1, 30, 4001)
    values = TabulatedSpectrum(q, f).occupation(dense)
    assert values.max() <= 1.0 and values.min() >= 0
    np.testing.assert_allclose(TabulatedSpectrum(q, f).occupation(q)[[0, 1, 2, 4, 5]], f[[0, 1, 2, 4, 5]], rtol=1e-12)


def test_functions_and_fermi_dirac_are_spectra():
    exact = effective_cme(spectrum=PAPER)
    assert distance(effective_cme(spectrum=occupation), exact)[0] < 1e-10
    thermal = FermiDirac(4.0, -2.0, amplitude=0.3)
    by_hand = effective_cme(spectrum=lambda q: 0.3 / (np.exp((q + 2) / 4) + 1))
    assert distance(effective_cme(spectrum=thermal), by_hand)[0] < 1e-10


def test_maps_are_many_single_answers():
    rho, temperature = np.array([[1e9], [1e11]]), np.array([3.0, 8.0, 12.0])
    found = effective_cme(rho, temperature, 0.3, PAPER, time=1e-3)
    assert found.xi_b.shape == found.bounded.max_delta_f.shape == (2, 3)
    one = effective_cme(1e11, 8.0, 0.3, PAPER, time=1e-3)
    assert found.xi_b[1, 1] == pytest.approx(one.xi_b, rel=1e-12)
    assert found.bounded.kappa_b_total[1, 1] == pytest.approx(one.bounded.kappa_b_total, rel=1e-12)


@settings(max_examples=40, deadline=None)
@given(
    density=st.floats(1e6, 1e13),
    temperature=st.floats(0.3, 60),
    electron_fraction=st.floats(0.001, 0.999),
    alpha=st.floats(0, 8),
    mean_energy=st.floats(2, 60),
    filled=st.floats(0, 0.1),
    time=st.floats(0, 10),
    flipping_rate=st.sampled_from([0.0, 1e3, 1e17]),
)
def test_physical_input_gives_finite_currents_within_the_caps(
    density, temperature, electron_fraction, alpha, mean_energy, filled, time, flipping_rate
):
    spectrum = PinchedSpectrum(alpha, mean_energy, mean_occupation=filled)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "nucleons are degenerate")
        found = effective_cme(density, temperature, electron_fraction, spectrum, time=time, flipping_rate=flipping_rate)
    numbers = [*found[:8], *found.bounded[:8], *found.error, *found.bounded.error]
    assert np.isfinite(numbers).all()
    assert 0 <= found.bounded.max_delta_f <= 1
    assert found.bounded.xi_b <= solutions.pauli_limits_xi(temperature, float(found.mu_e)) * (1 + 1e-9)


# --- warnings and errors ---------------------------------------------------------------------------------------------


def test_warning_names_the_time_at_which_the_linear_answer_fails():
    with pytest.warns(LinearAnswerWarning, match=r"t = 0\.0003185 s on .* t = 0\.003185 s on"):
        found = effective_cme(spectrum=PAPER)
    assert "max|delta f| = 31.4" in found.warning
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert effective_cme(spectrum=PAPER, time=1e-4).warning == ""
    with pytest.warns(UserWarning, match="nucleons are degenerate"):
        effective_cme(density=1e14, time=1e-9)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: effective_cme(electron_fraction=1.2), "electron_fraction: 1.2 given; allowed: finite numbers > 0 and < 1"),
        (lambda: effective_cme(electron_fraction=0.0), "electron_fraction"),
        (lambda: effective_cme(temperature=0.0), "temperature: 0.0 given; allowed: finite numbers > 0"),
        (lambda: effective_cme(temperature=np.array([1.0, -2.0])), "temperature: -2.0"),
        (lambda: effective_cme(density=-1e10), "density"),
        (lambda: effective_cme(density=math.nan), "density"),
        (lambda: effective_cme(density="much"), "density: 'much' given; allowed: numbers"),
        (lambda: effective_cme(time=-1.0), "time"),
        (lambda: effective_cme(flipping_rate=-1.0), "flipping_rate"),
        (lambda: effective_cme(energy_current="both"), "allowed: consistent, printed"),
        (lambda: effective_cme(spectrum=3.0), "allowed: PinchedSpectrum"),
        (lambda: effective_cme(spectrum=lambda q: -0.1 * np.ones_like(q)), "the occupation is -0.1 at"),
        (lambda: effective_cme(spectrum=lambda q: 1.5 + 0 * q), "the occupation is 1.5 at"),
        (lambda: effective_cme(spectrum=lambda q: np.nan * q), "the occupation is nan"),
        (lambda: PinchedSpectrum(-0.5, 10.0), "spectrum.alpha"),
        (lambda: PinchedSpectrum(1.5, 10.0, shape="number"), "spectrum.alpha: 1.5 given; allowed: finite numbers >= 2"),
        (lambda: PinchedSpectrum(2.5, 0.0), "spectrum.mean_energy"),
        (lambda: PinchedSpectrum(2.5, 10.0, number_density=1e36), r"reaches .*; allowed: up to 1 \(Pauli\)"),
        (lambda: PinchedSpectrum(2.5, 10.0, number_density=1e30, mean_occupation=0.1), "not both"),
        (lambda: PinchedSpectrum(2.5, 10.0, shape="flux"), "allowed: occupation, number"),
        (lambda: FermiDirac(-1.0), "spectrum.temperature"),
        (lambda: TabulatedSpectrum([1, 2, 2, 4], [0.1] * 4), "must increase; 2 MeV follows 2 MeV"),
        (lambda: TabulatedSpectrum([0, 1, 2, 3], [0.1] * 4), "spectrum.energies: 0.0"),
        (lambda: TabulatedSpectrum([1, 2, 3, 4], [0.1, 0.2, -0.1, 0]), "spectrum.occupation: -0.1"),
        (lambda: TabulatedSpectrum([1, 2, 3, 4], [0.1, 0.2, 1.1, 0]), "spectrum.occupation: 1.1"),
        (lambda: TabulatedSpectrum([1, 2, 3], [0.1] * 3), "n >= 4"),
        (lambda: x_eff(lambda x, t: x, (0, 0, 0), 1.0, (0.0, 0, 0)), "not all 0"),
        (lambda: x_eff_radial(lambda r, t: r, 0.0, 1.0), "radius"),
        (lambda: GridSource(np.zeros((2, 2)), 1.0), "source: values of shape"),
        (lambda: kick_of_star([2.0, 1.0], [1.0, 1.0], 1e14, 1e33), "radius must increase"),
        (lambda: thermal_answer(Weak().zone(), [2.0, 1.0]), "times: must increase"),
    ],
)
def test_wrong_input_is_refused_with_one_message(call, message):
    with pytest.raises(ConfigError, match=message):
        call()


# --- profiles --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def bulb():
    return neutrino_bulb(radii=4, times=3)


def test_formats_and_units_of_profiles_make_no_difference(tmp_path, bulb):
    (tmp_path / "bulb.csv").write_text(as_csv(bulb))
    other = bulb.assign_coords(radius=("radius", bulb["radius"].values / 1e5, {"units": "km"}))
    other = other.assign_coords(time=("time", 1e3 * other["time"].values, {"units": "ms"}))
    kelvin = codata.e * 1e6 / codata.k
    other["temperature"] = other["temperature"].transpose("radius", "time") * kelvin
    other["temperature"].attrs["units"] = "K"
    other["number_density"].attrs["units"] = "cm^-3"
    other.to_netcdf(tmp_path / "bulb.nc", engine="h5netcdf")
    bulb.to_zarr(tmp_path / "bulb.zarr", zarr_format=3, consolidated=False)
    expected = star_currents(checked(bulb))
    for name in ("bulb.csv", "bulb.nc", "bulb.zarr"):
        found = star_currents(read_profiles(tmp_path / name))
        np.testing.assert_allclose(found["xi_b_total"], expected["xi_b_total"], rtol=1e-5, atol=1e-9)
        np.testing.assert_allclose(found["radius"], expected["radius"], rtol=1e-6)


def test_tabulated_occupations_of_a_star(tmp_path, bulb):
    """f_nu on a mesh of energies, in a CSV file, against the moments that it was made of."""
    q, steady = np.geomspace(1, 90, 30), bulb.isel(time=0, drop=True)
    spectra = {"f_nu": "", "f_nubar": "_bar"}
    header = ["radius", "energy", "density", "temperature", "electron_fraction", *spectra]
    rows = [",".join(header)]
    for k, r in enumerate(steady["radius"].values):
        zone = {name: float(steady[name][k]) for name in steady}
        moments = [[zone[f"{name}{end}"] for name in ("alpha", "mean_energy", "number_density")] for end in spectra.values()]
        f = [PinchedSpectrum(*three, shape="number").occupation(q) for three in moments]
        for i, energy in enumerate(q):
            cells = (r, energy, *(zone[name] for name in header[2:5]), f[0][i], f[1][i])
            rows.append(",".join(f"{float(cell):.12g}" for cell in cells))
    (tmp_path / "table.csv").write_text("\n".join(rows))
    found = star_currents(read_profiles(tmp_path / "table.csv"), [1e-3])
    expected = star_currents(checked(steady), [1e-3])
    for name in ("xi_b", "kappa_b_total", "xi_b_bounded"):
        np.testing.assert_allclose(found[name], expected[name], rtol=2e-3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.drop_vars("alpha"), "alpha missing; needed: density"),
        (lambda d: d.drop_vars("alpha_bar"), "alpha_bar missing"),
        (lambda d: d.rename(density="rho"), "unknown variable 'rho'"),
        (lambda d: d.isel(radius=slice(None, None, -1)), "radius must increase"),
        (lambda d: d.where(d.radius > d.radius[0]), "not finite"),
        (lambda d: d.assign(temperature=d.temperature.assign_attrs(units="furlong")), "units of temperature: unknown unit"),
        (lambda d: d.expand_dims(angle=2), "has the dimensions"),
    ],
)
def test_wrong_profiles_are_refused(bulb, change, message):
    with pytest.raises(ConfigError, match=message):
        checked(change(bulb), "file")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("radius,densty\n1,2\n", "unknown column 'densty'.*did you mean 'density'"),
        ("time,density\n1,2\n", "no column 'radius'"),
        ("radius,density\n1,2\n3\n", "row 2 has 1 cells"),
        ("radius,density\n1,2\n1,3\n", "do not fill the grid"),
        ("radius,density\n1,abc\n", "cannot be read"),
        ("", "no column 'radius'"),
    ],
)
def test_wrong_csv_files_are_refused(tmp_path, text, message):
    (tmp_path / "x.csv").write_text(text)
    with pytest.raises(ConfigError, match=message):
        read_profiles(tmp_path / "x.csv")
    with pytest.raises(ConfigError, match="no such file"):
        read_profiles(tmp_path / "y.nc")


def test_star_refuses_what_makes_no_sense(bulb):
    with pytest.raises(ConfigError, match="profiles have their own"):
        star_currents(checked(bulb), [0.1])
    with pytest.raises(ConfigError, match="increasing"):
        star_currents(checked(bulb.isel(time=0, drop=True)), [0.2, 0.1])


def test_example_in_the_documentation_is_what_the_code_makes():
    example = Path(__file__).parents[2] / "docs" / "weak" / "neutrino-bulb.csv"
    lines = [line for line in example.read_text().splitlines(keepends=True) if not line.startswith("#")]
    assert "".join(lines) == as_csv(neutrino_bulb())


# --- calculations and figures ----------------------------------------------------------------------------------------


def test_calculation_in_one_zone(tmp_path):
    data = calculate("weak", {"density": 2e10, "points": 4, "energies": 40}, tmp_path / "calc").data
    found = effective_cme(density=2e10, spectrum=PAPER)
    for name in (*CURRENTS, "max_delta_f", "mu_e"):
        assert float(data[name]) == pytest.approx(float(getattr(found, name)), rel=1e-12)
    assert data["xi_b_bounded_of_t"].values[-1] == pytest.approx(float(found.bounded.xi_b), rel=1e-12)
    assert "max|delta f|" in data.attrs["warning"]
    assert all(values.attrs["units"] and values.attrs["long_name"] for values in data.variables.values())


def test_antineutrinos_of_their_own():
    given = Weak(mean_energy_bar=16.0, number_density_bar=1e31)
    found = effective_cme(spectrum=PAPER, antineutrino_spectrum=PinchedSpectrum(2.65, 16.0, number_density=1e31))
    assert given.answer().xi_b_total == pytest.approx(float(found.xi_b_total), rel=1e-12)
    assert found.xi_b == pytest.approx(float(effective_cme(spectrum=PAPER).xi_b), rel=1e-12)


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        ("weak", {"electron_fraction": 1.2}, "electron_fraction: must be < 1, got 1.2"),
        ("weak", {"temperature": 0.0}, "temperature: must be > 0"),
        ("weak", {"alpha": 1.0, "shape": "number"}, "spectrum.alpha: 1.0 given"),
        ("weak-map", {"x": "density", "y": "density"}, "must differ"),
        ("weak-star", {"file": "missing.nc"}, "no such file of profiles"),
    ],
)
def test_calculations_refuse_wrong_input(tmp_path, monkeypatch, name, given, message):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=message):
        calculate(name, given)
    assert not list(tmp_path.iterdir())


def test_star_calculation_knows_the_content_of_its_file(tmp_path, bulb):
    path = tmp_path / "bulb.csv"
    path.write_text(as_csv(bulb))
    before = load_calculation("weak-star", {"file": str(path)})
    checksum = before.depends_on()
    path.write_text(as_csv(bulb * 1.01))
    assert before.depends_on() != checksum
    kick = WeakStar(file=str(path), field=2e13).compute()["kick"] / WeakStar(file=str(path), field=1e13).compute()["kick"]
    assert float(kick[-1]) == pytest.approx(2.0)


def test_figures_of_a_zone():
    zone = Weak(points=20, energies=60).compute()
    drawing = figures.occupations(zone)
    for shown in (drawing, figures.conductivities(zone)):
        check_drawing(shown)
    for particles, end in (("electrons", ""), ("positrons", "_bar")):
        f = np.asarray(zone[f"occupation{end}"])
        for label, (q, change) in drawing.data[f"{particles}, Pauli-bounded"].items():
            if "limit" not in label:
                thermal = np.interp(q, zone["energy"], f)
                assert np.all((change >= -thermal - 1e-12) & (change <= 1 - thermal))


def test_sign_map():
    plane = WeakMap(points=8, temperature=9.0, x_range=(0.3, 0.6)).compute()
    drawing = figures.sign_map(plane)
    check_drawing(drawing)
    for name, title in (("xi_b_total", "linear"), ("xi_b_total_bounded", "Pauli-bounded")):
        np.testing.assert_array_equal(drawing.data[title]["z"], plane[name])


@pytest.mark.slow
def test_other_figures():
    plane = WeakMap(x="density", y="temperature", points=8).compute()
    for drawing in (
        figures.collision_terms(Weak(points=5).compute()),
        figures.plane_maps(plane),
        figures.star_profiles(WeakStar(flight=True).compute()),
    ):
        check_drawing(drawing)


def test_kiral_weak_needs_no_import_of_its_own():
    assert kiral.weak.effective_cme is effective_cme
