"""`kiral calc stability`, and the chain from a flavor run to the neutrinos of a star."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import xarray

from figure_checks import check_drawing
from kiral import flavor
from kiral.calc import calculate, load_calculation
from kiral.errors import ConfigError
from kiral.export import export_neutrinos
from kiral.flavor import distributions
from kiral.flavor.outcome import conversion, outcome, survival
from kiral.units import per_cm3_to_mev3
from kiral.weak.bulb import neutrino_bulb
from kiral.weak.converted import HeavySpectrum, converted_profiles, read_outcome
from kiral.weak.spectra import PinchedSpectrum
from kiral.weak.star import star_currents
from kiral.weak.star_file import checked

# --- kiral calc stability --------------------------------------------------------------------------------------------


def test_calculation_of_the_standard_family(tmp_path):
    given = {"points": 3}
    result = calculate("stability", given, tmp_path / "s")
    data = result.data
    assert float(data["growth_rate"]) == pytest.approx(0.0436833864, abs=1e-9)
    assert float(data["k_star"]) == pytest.approx(0.16405418, abs=1e-8)
    assert float(np.nanmax(data["growth"])) <= float(data["growth_rate"])
    assert all({"units", "long_name"} <= set(variable.attrs) for variable in data.variables.values())
    check_drawing(load_calculation("stability", given).figures(data)[0])
    assert calculate("stability", given, tmp_path / "s").cached


def test_calculation_of_beams_has_all_modes():
    given = {"kind": "beams", "velocities": [1.0, 0.3, -1.0], "lepton_numbers": [0.6, -0.4, -0.5], "points": 12, "matter": 0.7}
    given |= {"spatial": 9}
    data = load_calculation("stability", given).compute()
    omega = flavor.dispersion([1.0, 0.3, -1.0], 1.0, [0.6, -0.4, -0.5], data["k"].values, matter=0.7)
    np.testing.assert_allclose(data["growth"].values, omega.imag)
    assert float(data["frequency_star"]) == pytest.approx(
        flavor.most_unstable([1.0, 0.3, -1.0], 1.0, [0.6, -0.4, -0.5]).omega.real - 0.7
    )
    drawings = load_calculation("stability", given).figures(data)
    assert len(drawings) == 4
    for drawing in drawings:
        check_drawing(drawing)


def test_calculation_from_moments_in_cgs():
    """Emu's fiducial: equal densities, flux factors ±1/3, linear in v; here with maximum-entropy angles against beams."""
    given = {
        "kind": "distributions",
        "nu": [{"kind": "exponential", "density": 1.0, "flux_factor": 1 / 3}],
        "nubar": [{"kind": "exponential", "density": 1.0, "flux_factor": -1 / 3}],
        "units": {"kind": "neutrinos", "density": 4.891290819e32},
        "points": 3,
        "k_range": [-1.0, 0.0],
    }
    data = load_calculation("stability", given).compute()
    v, w = distributions.gauss_legendre(24)
    g = distributions.exponential(v, 1 / 3) - distributions.exponential(v, -1 / 3)
    assert float(data["growth_rate"]) == pytest.approx(flavor.most_unstable(v, w, g).omega.imag, abs=1e-9)
    mu = 6.495e10 / 0.6896290310
    assert float(data["growth_rate_per_s"]) == pytest.approx(mu * float(data["growth_rate"]), rel=1e-4)


def test_calculation_of_slow_modes():
    given = {"kind": "gaussian", "sigma_nu": 1.0, "sigma_nubar": 0.8, "vacuum": 0.4, "k_range": [0.0, 0.2], "points": 3}
    data = load_calculation("stability", given | {"energies": {"values": [1.0, 2.0], "nu": [0.6, 0.4]}}).compute()
    assert float(data["growth_rate"]) >= float(np.nanmax(data["growth"])) - 1e-12
    assert "band_low" not in data


def test_calculation_of_a_table(tmp_path):
    (tmp_path / "g.csv").write_text("v,g\n-1,-1\n0,0.0\n1,1\n")
    data = load_calculation("stability", {"kind": "file", "file": str(tmp_path / "g.csv"), "points": 3}).compute()
    assert float(data["growth_rate"]) == pytest.approx(0.6896290310, abs=1e-9)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"kind": "beams"}, "needs velocities"),
        ({"kind": "beams", "velocities": [1.0], "lepton_numbers": [1.0, 2.0]}, "same length"),
        ({"velocities": [1.0]}, "goes with kind = 'beams'"),
        ({"vacuum": 1.0}, "k_range"),
        ({"kind": "file", "file": "no.csv", "vacuum": 1.0, "k_range": [0.0, 1.0]}, "apart"),
        ({"k_range": [1.0, 0.0]}, "larger"),
        ({"asymetry": 0.9}, "asymmetry"),
    ],
)
def test_wrong_input_of_the_calculation_is_named(given, words):
    with pytest.raises(ConfigError, match=words):
        load_calculation("stability", given)


# --- the outcome of a run --------------------------------------------------------------------------------------------


def synthetic_run(tmp_path: Path, heavy: float = 0.0, kind: str = "flavor_angles") -> SimpleNamespace:
    """A run whose survival probabilities are 1 for v < 0.6 and 1/3 beyond at the last time, as a run folder shows it."""
    v, _ = distributions.gauss_legendre(8)
    nu = [{"kind": "exponential", "density": 1.0, "flux_factor": 0.3}, {"kind": "isotropic", "density": heavy}]
    bar = [{"kind": "exponential", "density": 0.8, "flux_factor": 0.5}, {"kind": "isotropic", "density": heavy}]
    probability = np.where(v > 0.6, 1 / 3, 1.0)
    spectra, x = {}, np.full(8, heavy / 2)
    for name, density, flux in (("nue", 1.0, 0.3), ("nuebar", 0.8, 0.5)):
        e = density * distributions.exponential(v, flux)
        spectra[f"{name}_v"] = (("t", "direction"), np.stack([e, probability * e + (1 - probability) * x]))
    config = {"model": {"kind": kind, "n_angles": 8, "nu": nu, "nubar": bar}, "units": {"kind": "natural"}}
    data = xarray.Dataset(spectra, {"t": [0.0, 10.0]})
    return SimpleNamespace(config=config, spectra=data, provenance={}, path=tmp_path / "run")


@pytest.mark.parametrize("heavy", [0.0, 0.5])
def test_outcome_gives_back_the_survival_probabilities(tmp_path, heavy):
    found = outcome(synthetic_run(tmp_path, heavy))
    v, w = distributions.gauss_legendre(8)
    np.testing.assert_allclose(found["survival_nue"], np.where(v > 0.6, 1 / 3, 1.0), rtol=1e-12)
    np.testing.assert_allclose(found["velocity"], v)
    electron = distributions.exponential(v, 0.3)
    after = np.sum(w * np.where(v > 0.6, electron / 3 + heavy / 3, electron))  # heavy/2 per dv, times 2/3
    assert float(found["kept_nue"]) + heavy * float(found["gained_nue"]) == pytest.approx(after, rel=1e-12)
    before = outcome(synthetic_run(tmp_path, heavy), since=0.0)  # the mean of both times
    assert float(before["kept_nue"]) == pytest.approx((1 + float(found["kept_nue"])) / 2)


def test_survival_without_meaning_is_one():
    np.testing.assert_array_equal(survival(np.array([0.3, 0.2]), np.array([0.3, 0.0]), np.array([0.3, 0.4])), [1.0, 0.5])
    assert conversion(np.ones(2), np.ones(2), np.zeros(2), np.ones(2)) == (1.0, 0.0)


def test_outcome_refuses_what_it_cannot_read(tmp_path):
    with pytest.raises(ConfigError, match="flavor_angles"):
        outcome(synthetic_run(tmp_path, kind="chiral_mhd"))
    with pytest.raises(ConfigError, match="end at 10"):
        outcome(synthetic_run(tmp_path), since=11.0)
    run = synthetic_run(tmp_path)
    run.config["model"]["nu"] += [{"kind": "isotropic", "density": 0.3}]
    with pytest.raises(ConfigError, match="differently"):
        outcome(run)
    (tmp_path / "a.nc").write_text("text")
    for path, words in ((tmp_path / "no.nc", "no such file"), (tmp_path / "a.nc", "NetCDF")):
        with pytest.raises(ConfigError, match=words):
            read_outcome(path)


# --- into a star -----------------------------------------------------------------------------------------------------

HEAVY = HeavySpectrum(0.9, 18.0, 2.3)


def numbers(q, f):
    """∫ q² f dq/2π² [1/cm³], on Simpson's rule in ln q."""
    from scipy.integrate import simpson

    return simpson(q**3 * f, x=np.log(q), axis=-1) / (2 * np.pi**2 * per_cm3_to_mev3(1.0))


def test_converted_star_from_file_to_currents(tmp_path):
    path = export_neutrinos(synthetic_run(tmp_path, 0.5), tmp_path / "o.nc")
    given = {"outcome": str(path), "from_radius": 6e6, "heavy_density": 0.9, "heavy_mean_energy": 18.0}
    result = calculate("weak-converted", given, tmp_path / "c")
    profiles, data, shares = checked(neutrino_bulb()), result.data, read_outcome(path)
    q, beyond = data["energy"].values, data["radius"].values >= 6e6
    for end, name in (("", "nue"), ("bar", "nuebar")):
        n = profiles["number_density" + ("_bar" if end else "")].values
        kept, gained = float(shares[f"kept_{name}"]), float(shares[f"gained_{name}"])
        expected = np.where(beyond, kept + 0.9 * gained, 1.0) * n
        np.testing.assert_allclose(numbers(q, data[f"f_nu{end}"].values), expected, rtol=2e-6)
    (drawing,) = load_calculation("weak-converted", given).figures(data)
    check_drawing(drawing)
    star = calculate("weak-star", {"file": str(result.path / "result.zarr")}, tmp_path / "star").data
    plain = star_currents(profiles)
    ratio = star["xi_b_total"].values[-1] / plain["xi_b_total"].values[-1]
    np.testing.assert_allclose(ratio[~beyond], 1, rtol=1e-6)
    assert np.abs(ratio[beyond] - 1).max() > 1e-3


def test_full_conversion_makes_the_heavy_spectrum():
    profiles = checked(neutrino_bulb(radii=3, times=2))
    values = (("kept", 0.0), ("gained", 1.0))
    shares = xarray.Dataset({f"{part}_{name}": value for part, value in values for name in ("nue", "nuebar")})
    data = converted_profiles(profiles, shares, HEAVY, from_radius=0.0)
    q = data["energy"].values
    expected = PinchedSpectrum(2.3, 18.0, number_density=0.9 * profiles["number_density"].values, shape="number").occupation(q)
    np.testing.assert_allclose(data["f_nu"], expected, rtol=1e-6)


def test_shares_by_energy_are_interpolated():
    profiles = checked(neutrino_bulb(radii=3, times=2))
    energy, values = np.array([5.0, 20.0]), (("kept", [1.0, 0.5]), ("gained", [0.0, 0.5]))
    shares = {f"{part}_{name}": ("energy", value) for part, value in values for name in ("nue", "nuebar")}
    shares = xarray.Dataset(shares, {"energy": energy})
    data = converted_profiles(profiles, shares, HEAVY._replace(density_ratio=0.0), from_radius=0.0)
    ratio = (data["f_nu"] / data["f_nu_before"]).values[0, 0]
    np.testing.assert_allclose(ratio, np.interp(data["energy"], energy, [1.0, 0.5]), rtol=1e-12)
