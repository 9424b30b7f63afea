"""Hand-off to primordial magnetism: conventions of spectra, bounds, the field today of a scenario. No jax, no simulation."""

from __future__ import annotations

import json
import math
from itertools import permutations, product
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr
from scipy.optimize import brentq, minimize_scalar

import kiral
from kiral.calc import calculate
from kiral.errors import ConfigError, RunFolderError
from kiral.export import export_relic
from kiral.mhd.bounds import bound, load_bounds
from kiral.mhd.relic import relic_spectra, relic_track, units_of
from kiral.mhd.relic_figures import draw_relic_fields, relic_panel
from kiral.mhd.relic_scenario import source_efoldings, thermal_energy_per_log_k, today_of
from kiral.report import style

K_MIN = 2500.0
SPEED = 5e-9  # G per Mpc: Banerjee & Jedamzik (2004), abstract, 5e-12 G per kpc


def make_config() -> dict:
    """config.json of a case like run A of G25."""
    return {
        "title": "a run",
        "model": {
            "kind": "chiral_mhd", "magnetic_diffusivity": 1e-6, "chiral_feedback": 1e8, "flipping_rate": 1e3,
            "source": {"kind": "decay", "amplitude": 4e7, "t_phi": 0.05},
        },
        "geometry": {"n": [256] * 3, "k_min": [500.0] * 3, "length": None},
        "initial": {"mu5": 0.0},
        "time": {"t_start": 1e-5},
        "units": {"temperature": 100.0, "g_energy": 106.75, "g_entropy": 106.75},
    }  # fmt: skip


def make_run(config: dict | None = None) -> SimpleNamespace:
    """A fully helical field at one wave number in each of three samples: h = B²/k."""
    t, k, b = np.array([0.01, 0.1, 0.2]), np.array([4.0, 2.0, 1.0]) * K_MIN, np.array([1e-6, 0.3, 0.2])
    shells = K_MIN * np.arange(1, 6)
    energy = np.where(shells == k[:, None], b[:, None] ** 2 / 2 / K_MIN, 0.0)
    series = {"b_rms": b, "magnetic_helicity": b**2 / k, "k_integral": k}
    spectra = {"energy_spectrum": energy, "helicity_spectrum": 2 / shells * energy,
               "helicity_fraction": np.where(energy > 0, 1.0, 0.0)}  # fmt: skip
    return SimpleNamespace(
        config=config or make_config(),
        provenance={"config_hash": "00ff"},
        path=Path("somewhere"),
        series=xr.Dataset({name: ("t", v) for name, v in series.items()}, {"t": t}),
        spectra=xr.Dataset({name: (("t", "k"), v) for name, v in spectra.items()}, {"t": t, "k": shells}),
    )


def write_run(path: Path, run: SimpleNamespace, t: float = 0.2) -> Path:
    path.mkdir(exist_ok=True)
    state = {"status": "finished", "t": t}
    for name, value in (("config", run.config), ("provenance", run.provenance), ("status", state)):
        (path / f"{name}.json").write_text(json.dumps(value))
    run.series.to_zarr(path / "series.zarr", group="scalars", consolidated=False, zarr_format=3, mode="w")
    return path


# --- spectra ---------------------------------------------------------------------------------------------------------


def test_power_spectra_are_those_of_the_definition():
    """P_B and P_aB from the spectra against <B_i B_j*> of a random field whose modes all have |k| = 3 k_min."""
    triples = {p for triple in ((1, 2, 2), (3, 0, 0)) for p in permutations(triple)}
    signed = {tuple(s * n for s, n in zip(signs, p, strict=True)) for p in triples for signs in product((1, -1), repeat=3)}
    n = np.array(sorted(signed)) / 3.0
    rng = np.random.default_rng(1)
    half = rng.normal(size=(len(n), 3)) + 1j * rng.normal(size=(len(n), 3))
    half -= (half * n).sum(-1)[:, None] * n
    b = half + 0.6j * np.cross(n, half)  # more of one helicity; B(-k) = B(k)* does not matter for averages over modes
    volume, k = (2 * math.pi / K_MIN) ** 3, 3 * K_MIN
    p_b = volume * np.mean((abs(b) ** 2).sum(-1)) / 2
    p_ab = volume * np.mean((0.5j * (n * np.cross(b, b.conj())).sum(-1)).real)
    a = 1j * np.cross(n, b) / k  # A = i k×B/k²
    energy, helicity = (abs(b) ** 2).sum() / 2, (a * b.conj()).sum().real
    run = make_run()
    shape = (1, 5)
    run.spectra = xr.Dataset(
        {
            "energy_spectrum": (("t", "k"), np.zeros(shape)),
            "helicity_spectrum": (("t", "k"), np.zeros(shape)),
            "helicity_fraction": (("t", "k"), np.zeros(shape)),
        },
        {"t": [0.1], "k": K_MIN * np.arange(1, 6)},
    )
    run.spectra["energy_spectrum"][0, 2], run.spectra["helicity_spectrum"][0, 2] = energy / K_MIN, helicity / K_MIN
    found = relic_spectra(run).isel(t=0, k=2)
    expected_modes = 4 * math.pi * 3**2  # of a shell of width 1 in the continuum
    assert p_ab / p_b == pytest.approx(2 * 0.6 / (1 + 0.6**2), rel=0.2)  # the field is helical, and of the right sign
    assert float(found["power_b"]) == pytest.approx(p_b * len(n) / expected_modes, rel=1e-12)
    assert float(found["power_ab"]) == pytest.approx(p_ab * len(n) / expected_modes, rel=1e-12)


def test_spectra_sum_to_what_the_run_stored():
    run = make_run()
    data = relic_spectra(run)
    for name, series in (("rho_b", run.series["b_rms"] ** 2 / 2), ("helicity", run.series["magnetic_helicity"])):
        np.testing.assert_allclose((data[name] * data["dlnk"]).sum("k"), series, rtol=1e-13)
        np.testing.assert_allclose(data[f"{name}_total"], series, rtol=1e-13)
    track = relic_track(run)
    np.testing.assert_allclose(data["b_rms"], track["b_rms"], rtol=1e-13)
    np.testing.assert_allclose(data["lambda_b"], track["lambda_b"], rtol=1e-13)
    assert (abs(data["power_ab"]) <= data["power_b"] * (1 + 1e-12)).all()


def test_gauss_and_mpc_are_one_system():
    """A fully helical field has B² λ_B = 2π h: in G and Mpc it ties the units of field, length and helicity together."""
    track = relic_track(make_run())
    np.testing.assert_allclose(track["b_rms"] ** 2 * track["lambda_b"], 2 * np.pi * track["helicity"], rtol=1e-12)
    np.testing.assert_allclose(track["helicity_fraction"], 1.0, rtol=1e-12)
    data = relic_spectra(make_run())
    power = data["power_b_gauss2_mpc3"] * data["k_mpc"] ** 3 / np.pi**2
    np.testing.assert_allclose(power, data["b_gauss"] ** 2, rtol=1e-12)


def test_comoving_gauss_of_the_radiation_of_the_epoch():
    """Ω_B = 1 at T*, diluted to today: from a T⁴ of the photons today, and entropy, without kiral's units."""
    photons = 7.565733e-15 * 2.7255**4  # erg/cm³
    expected = math.sqrt(8 * math.pi * photons * 106.75 / 2 * (3.909 / 106.75) ** (4 / 3))
    assert math.sqrt(2) * units_of(make_config()).field_gauss == pytest.approx(expected, rel=1e-5)


def test_table_is_the_dataset(tmp_path):
    run = make_run()
    path = export_relic(run, tmp_path / "spectra.csv")
    lines = path.read_text().splitlines()
    comments, rest = [x for x in lines if x.startswith("#")], [x for x in lines if not x.startswith("#")]
    assert any("delta_ij" in x for x in comments) and "# config_hash: 00ff" in comments
    table = dict(zip(rest[0].split(","), np.loadtxt(rest[1:], delimiter=",").T, strict=True))
    data = relic_spectra(run)
    for name in ("rho_b", "b_gauss", "power_ab_gauss2_mpc3", "k_mpc", "k_over_hubble"):
        column = table[f"{name} [{data[name].attrs['units']}]"]
        np.testing.assert_array_equal(column.reshape(3, 5), np.broadcast_to(data[name], (3, 5)))
    np.testing.assert_array_equal(np.unique(table["t [t*]"]), run.series["t"])


def test_run_without_spectra_or_with_uniform_field_is_refused(tmp_path):
    bare = make_run()
    bare.spectra = xr.Dataset()
    with pytest.raises(RunFolderError, match=r"no magnetic spectra.*output\.spectra"):
        export_relic(bare, tmp_path / "x.csv")
    uniform = make_config()
    uniform["model"]["background_field"] = [0.0, 0.0, 0.1]
    with pytest.raises(RunFolderError, match="background_field"):
        relic_track(make_run(uniform))
    assert relic_panel(make_run(uniform)) is None


# --- bounds ----------------------------------------------------------------------------------------------------------


def test_bounds_are_cited():
    for found in load_bounds():
        assert found.arxiv and found.source and found.assumes and found.read and 1995 <= found.year <= 2030
    assert len({found.name for found in load_bounds()}) == len(load_bounds())
    with pytest.raises(ConfigError, match="magic2022"):
        bound("magic")


def test_blazar_bound_has_its_break():
    """MAGIC: B > 1.8e-17 G above 0.2 Mpc, B √λ constant below: (8.05e-18 G)² Mpc, a fifth of what G25 Sec. IV quotes."""
    field = bound("magic2022").field(np.array([1e-6, 0.1999, 0.2001, 50.0, np.nan, -1.0]))
    np.testing.assert_allclose(field[:4], [1.8e-17 * math.sqrt(2e5), 1.8e-17, 1.8e-17, 1.8e-17], rtol=1e-3)
    assert np.isnan(field[4:]).all()
    assert field[0] ** 2 * 1e-6 == pytest.approx(1.8e-17**2 / 5, rel=1e-12)


def test_bound_ends_where_it_says():
    assert np.isnan(bound("planck2015").field(0.5)) and bound("planck2015").field(2.0) == pytest.approx(4.4e-9)


# --- the field today -------------------------------------------------------------------------------------------------


def test_fiducial_scenario_gives_the_paper_s_numbers():
    found = kiral.relic_field()
    root = {name: math.sqrt(float(found[name])) for name in ("helicity", "helicity_fiducial", "helicity_limit")}
    assert root["helicity"] == root["helicity_fiducial"] == pytest.approx(3.80e-21, rel=1e-3)  # G25 (38), printed 3.8e-21
    assert root["helicity_limit"] == pytest.approx(1.068e-18, rel=1e-3)  # (15b), printed 1.06e-18
    per_kt = math.sqrt(float(found["helicity"] / found["mu5_over_kt"]))
    assert per_kt == pytest.approx(1.533e-19, rel=1e-3)  # (30), printed 1.5e-19
    assert float(found["helicity_of_peak"] / found["helicity_limit"]) == pytest.approx(float(found["mu5_over_kt"]), rel=1e-9)
    # Γ5 t_phi = 40 washings-out while the source lasts: (27) over all of the source's chirality is 1/(2 t_phi² Γ5²).
    share = float(found["helicity"] / found["helicity_without_washout"])
    assert share == pytest.approx(0.5 / (0.05 * float(found["gamma5"])) ** 2, rel=1e-9)


def test_run_a_of_the_paper():
    rates = {"magnetic_diffusivity": 1e-6, "chiral_feedback": 1e8, "flipping_rate": 1e3}
    found = kiral.relic_field(**rates, asymmetry=1e-5 * 4e7 / 1.62461e13)
    assert float(found["amplitude"]) == pytest.approx(4e7, rel=1e-4)
    assert float(found["helicity_root"]) == pytest.approx(1.62e-13, rel=2e-3)  # printed 1.6e-13


def test_field_ends_on_the_line_of_the_eddies():
    h = 2.89e-5 * 1.9872e-21  # G25 (35): run A*
    found = kiral.relic_field(helicity=h)
    field, length = float(found["field_today"]), float(found["length_today"])
    assert math.sqrt(h) == pytest.approx(2.4e-13, rel=0.01)
    assert length == pytest.approx((2 * math.pi * h / SPEED**2) ** (1 / 3), rel=1e-9)
    assert field == pytest.approx(SPEED * length, rel=1e-9)
    assert float(found["ratio_magic2022"]) == pytest.approx(field / (1.8e-17 * math.sqrt(0.2 / length)), rel=1e-9)
    assert "ratio_planck2015" not in found  # a bound on 1 Mpc and more says nothing here
    negative = kiral.relic_field(helicity=-h)
    assert float(negative["field_today"]) == field and float(negative["helicity"]) == -h


def test_slow_eddies_stay():
    assert today_of(1e-30, 1e-12, 1.0) == (1e-12, 1.0, False)
    field, length, cascades = today_of(1e-40, 1e-9, 1e-3)  # hardly helical: it falls on the line where it is
    assert cascades and length == 1e-3 and field == pytest.approx(SPEED * 1e-3)


def test_temperature_and_lifetime():
    """At fixed m_phi, asymmetry and t_phi/t*, (27) grows as T*³; a lifetime says the same as t_phi."""
    cold, hot = kiral.relic_field(), kiral.relic_field(temperature="1 TeV")
    assert float(hot["helicity"] / cold["helicity"]) == pytest.approx(1e3, rel=1e-9)
    again = kiral.relic_field(lifetime=float(cold["lifetime"]))
    assert float(again["t_phi"]) == pytest.approx(0.05, rel=1e-12)
    assert float(again["field_today"]) == pytest.approx(float(cold["field_today"]), rel=1e-12)


def test_conditions_say_what_does_not_hold():
    found = kiral.relic_field()
    holds = {str(name): bool(found[name]) for name in found if str(name).endswith("_holds")}
    assert holds["mu5_over_kt_holds"] and holds["feedback_ratio_holds"] and holds["onset_before_peak_holds"]
    assert not holds["temperature_over_mass_holds"] and float(found["temperature_over_mass"]) == pytest.approx(20)
    strong = kiral.relic_field(asymmetry=1e-2)
    assert not bool(strong["mu5_over_kt_holds"]) and bool(strong["growth_from_noise_holds"])


def test_growth_of_the_fastest_mode():
    """Largest integral of eta k (mu5 - k) while it is positive, by its antiderivative -√e exp(-s²/2) and root finding."""

    def efoldings(kappa):
        def excess(s):
            return s * math.exp((1 - s**2) / 2) - kappa

        low, high = brentq(excess, 0, 1), brentq(excess, 1, 10)
        return kappa * (math.sqrt(math.e) * (math.exp(-(low**2) / 2) - math.exp(-(high**2) / 2)) - kappa * (high - low))

    best = minimize_scalar(lambda kappa: -efoldings(kappa), bounds=(0.1, 0.9), method="bounded")
    found = source_efoldings(magnetic_diffusivity=2.0, mu5_max=3.0, t_phi=0.5)
    assert found == pytest.approx(-best.fun * 2.0 * 9.0 * 0.5, rel=1e-4)


def test_thermal_noise():
    """In cgs: one k_B T of magnetic energy per wave vector, density of wave vectors 4π k³/(2π)³ per log k."""
    units = units_of(make_config())
    k, temperature = 1e10 / units.length_cm, units.temperature_ev
    expected = temperature * 4 * math.pi * k**3 / (2 * math.pi) ** 3  # eV/cm³
    assert thermal_energy_per_log_k(units, 1e10) * units.energy_ev / units.length_cm**3 == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"helicity": 1e-40, "mass": 3.0}, "remove mass, or helicity"),
        ({"run": "x", "temperature": 50.0}, "remove units, or run"),
        ({"t_phi": 1.0, "lifetime": 1.0}, "t_phi or lifetime"),
        ({"asymmetry": 0.0}, "asymmetry must differ from 0"),
        ({"helicity": 0.0}, "helicity must differ from 0"),
        ({"mass": "3 G"}, "mass.*magnetic field.*GeV"),
        ({"t_phi": 1e200}, "t_phi = 1e\\+200"),
        ({"temperature": "1 K"}, "temperature"),
    ],
)
def test_mistakes_are_told(given, message):
    with pytest.raises(ConfigError, match=message):
        kiral.relic_field(**given)


# --- a run -----------------------------------------------------------------------------------------------------------


def test_field_today_of_a_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = make_run()
    write_run(tmp_path / "run", run)
    units = units_of(run.config)
    h = 0.2**2 / K_MIN * units.helicity_gauss2_mpc
    first = calculate("relic", {"run": "run"})
    assert not first.cached and first.flat()["cascades"] is True
    assert first.flat()["helicity"] == pytest.approx(h, rel=1e-12)
    assert first.flat()["length_today"] == pytest.approx((2 * math.pi * h / SPEED**2) ** (1 / 3), rel=1e-9)
    assert math.sqrt(first.flat()["helicity_estimate"]) == pytest.approx(1.62e-13, rel=1e-3)
    assert first.flat()["nonhelical_part_holds"] is True
    assert calculate("relic", {"run": "run"}).cached
    run.series["magnetic_helicity"][-1] /= 2
    write_run(tmp_path / "run", run, t=0.3)  # went on since: not the stored answer
    again = calculate("relic", {"run": "run"})
    assert not again.cached and again.flat()["helicity"] == pytest.approx(h / 2, rel=1e-12)
    assert again.flat()["nonhelical_part"] == pytest.approx(0.5)


def test_helicity_that_still_changes_is_told(tmp_path):
    run = make_run()
    t = np.linspace(0.1, 1.0, 50)
    h = 1e-5 * t**0.7
    run.series = xr.Dataset(
        {"b_rms": ("t", np.sqrt(h * K_MIN)), "magnetic_helicity": ("t", h), "k_integral": ("t", np.full(50, K_MIN))}, {"t": t}
    )
    found = kiral.relic_field(run=write_run(tmp_path / "run", run))
    assert float(found["helicity_drift"]) == pytest.approx(0.7, rel=1e-6) and not bool(found["helicity_drift_holds"])


def test_figure_of_a_run_ends_where_its_field_is_today(tmp_path):
    run = make_run()
    drawing = style.draw("relic", "Relic", "", (relic_panel(run),))
    curves, axes = drawing.data["relic"], drawing.figure.axes[0]
    found = kiral.relic_field(run=write_run(tmp_path / "run", run))
    np.testing.assert_allclose(curves["run until today"][:, -1], [found["length_today"], found["field_today"]], rtol=1e-12)
    np.testing.assert_allclose(curves["end of the run"][:, 0], [found["length_start"], found["field_start"]], rtol=1e-12)
    fiducial = kiral.relic_field()
    np.testing.assert_allclose(
        curves["fiducial values, Eq. 38"][:, -1], [fiducial["length_today"], fiducial["field_today"]], rtol=1e-12
    )
    assert {bound(name).label for name in ("magic2022", "jedamzik2019", "kawasaki2012", "eddies")} <= set(curves)
    length, field = curves["MAGIC 2022"]
    np.testing.assert_allclose(field, 1.8e-17 * np.maximum(1, (length / 0.2) ** -0.5), rtol=1e-12)
    for (x, y), limits in ((points, (axes.get_xlim(), axes.get_ylim())) for points in curves.values()):
        assert np.isfinite(x).all() and limits[0][0] <= x.min() and x.max() <= limits[0][1]
        assert np.isfinite(y).all() and limits[1][0] <= y.min() and y.max() <= limits[1][1]
    assert "[Mpc" in axes.get_xlabel() and "[G" in axes.get_ylabel()


def test_figure_of_scenarios():
    found = {"fiducial": kiral.relic_field(), "one helicity": kiral.relic_field(helicity=1e-30)}
    drawing = draw_relic_fields(found)
    assert drawing.data["relic"]["one helicity"].shape == (2, 1) and drawing.data["relic"]["fiducial"].shape == (2, 2)
    with pytest.raises(ValueError, match="6 scenarios"):
        draw_relic_fields(dict.fromkeys("abcdef", found["fiducial"]))
