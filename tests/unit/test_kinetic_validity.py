"""The validity map: its table against solutions computed anew and exact ones, look-up, warnings, and warnings of runs."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest

from figure_checks import check_drawing
from kiral.calc import load_calculation
from kiral.config.load import load_case
from kiral.errors import ConfigError
from kiral.kinetic import exact, validity
from kiral.kinetic.homogeneous import Resolution
from kiral.kinetic.validity_study import across, effective_temperature, parallel, table_text
from kiral.mhd import validity as mhd

PLASMA = {"temperature": 1.3, "tau": 2.1, "charge": 0.8, "c": 1.7}


# --- the table -------------------------------------------------------------------------------------------------------


def test_table_is_what_the_solver_gives():
    """Two points of the plane and one of E ∥ B, computed anew with a coarser grid."""
    table = validity.table()
    for i, j in ((3, 3), (2, 5)):
        error = across(table["electric"][i], table["magnetic"][j], 0.5, Resolution(8, 6, 4))
        assert [table[n][i, j] for n in ("current", "ohmic", "hall")] == pytest.approx(error, rel=0.03)
    error = parallel(table["parallel"][8], 0.5, 0.1, Resolution(10, 8, 11))
    found = [table[n][8] for n in ("ohmic_parallel", "chiral_magnetic", "anomaly")]
    assert found == pytest.approx(error, rel=0.02)


def test_table_agrees_with_exact_results():
    """Quadratures without a grid: Ohm's current and the anomaly in E ∥ B, the current along E in weak E across B."""
    table, scale = validity.table(), effective_temperature(1.0, 0.5)
    for x, ohmic, anomaly in zip(*(table[n][4:11] for n in ("parallel", "ohmic_parallel", "anomaly")), strict=True):
        given = [{"electric_field": x * scale, "mu_l": mu} for mu in (0.6, 0.4)]
        slope = [(3 * one["mu_l"] ** 2 + math.pi**2) / (18 * math.pi**2) * x * scale for one in given]
        assert ohmic == pytest.approx(max(s / exact.ohm_current(**g) - 1 for s, g in zip(slope, given, strict=True)), rel=5e-3)
        assert anomaly == pytest.approx(max(1 / exact.anomaly_factor(**one) - 1 for one in given), rel=1e-2)
    electric, weak = np.array([1.0, 0, 0]), (math.pi**2 + 0.75) / (18 * math.pi**2)
    for b, ohmic in zip(table["magnetic"][4:], table["ohmic"][0, 4:], strict=True):
        j = exact.hall_current(electric_field=electric, magnetic_field=np.array([0, 0, b * scale]), mu_l=0.5)
        assert ohmic == pytest.approx(weak / j[0] - 1, rel=1e-2)
    x = table["wave"]
    assert table["diffusion"] == pytest.approx(np.abs(x**2 / 3 / (1 - x / np.tan(x)) - 1), rel=1e-3)
    assert table["ohmic_frequency"] == pytest.approx(table["frequency"] ** 2, rel=1e-3)


def test_table_has_converged_and_says_where_it_comes_from():
    table = validity.table()["provenance"]
    before, after = np.array(table["repeated"]), np.array(table["repeated_finer"])
    assert len(before) == 10 and table["points"] >= 100
    assert np.abs(after / before - 1).max() < 0.03
    assert "kiral calc kinetic-validity" in table["command"]


# --- look-up ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("mu", "angle"), [(4.0, math.pi / 2), (0.0, math.pi / 2), (0.5, math.pi / 4)])
def test_lookup_is_within_its_error_elsewhere(mu, angle):
    """Other mu, oblique E: the current's error within a factor of 1.5."""
    for a, b in ((0.3, 0.03), (0.05, 0.5), (0.4, 0.4)):
        expected = float(validity.from_parameters(electric=a, magnetic=b).errors["ohmic"])
        assert 1 / 1.5 < across(a, b, mu, Resolution(8, 6, 4), angle)[0] / expected < 1.5


def test_lookup_knows_units_limits_and_edges():
    one = validity.expected_errors(**PLASMA, mu=0.4, mu5=0.1, electric_field=0.02, magnetic_field=0.03, wave_number=0.04)
    scale = math.sqrt(1.3**2 + 3 * 0.3**2 / math.pi**2)
    assert float(one.parameters["electric"]) == pytest.approx(1.7 * 0.8 * 2.1 * 0.02 / scale)
    assert float(one.parameters["quantum"]) == pytest.approx(1.7 * 0.8 * 0.03 / scale**2)
    assert one.grade == "10 %" and one.worst[0] == "anomaly"
    nothing = validity.expected_errors(**PLASMA)
    assert nothing.grade == "1 %" and nothing.worst[1] == 0
    grid = validity.expected_errors(**PLASMA, electric_field=np.array([[1e-3], [30.0]]), wave_number=np.array([0.0, 0.1, 0.2]))
    assert grid.errors["ohmic"].shape == (2, 3) and np.all(np.isinf(grid.errors["ohmic"][1])) and grid.grade == "outside"
    assert np.all(np.diff(grid.errors["ohmic"][0]) > 0)
    # x²/5 across k, (3.6/X)(ceEτ)²: leading terms
    assert validity.largest("ohmic", "gradient", 1e-3) == pytest.approx(math.sqrt(5e-3), rel=0.01)
    assert validity.largest("diffusion", "frequency") == math.inf
    with pytest.raises(ConfigError, match="parameter"):
        validity.largest("ohmic", "size")
    with pytest.raises(ConfigError, match="tau"):
        validity.expected_errors(temperature=1.0, tau=0.0, charge=0.3)


def test_warnings_name_number_meaning_and_remedy():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        validity.warn(validity.from_parameters(electric=0.01, magnetic=0.01, gradient=0.01))
    found = validity.from_parameters(gradient=0.5, quantum=0.4)
    with pytest.warns(validity.ValidityWarning) as caught:
        validity.warn(found)
    first, second = (str(w.message) for w in caught)
    assert "c k tau = 0.5" in first and "Ohmic current by about 4.7 %" in first and "kinetic equation" in first
    assert "c e B/T^2 = 0.4" in second and "lower B" in second
    assert validity.messages(found, 0.1, ("diffusion",))[0].startswith("c e B/T^2")


# --- runs and the calculation ----------------------------------------------------------------------------------------


def test_runs_warn_of_their_wave_number_and_field():
    """tau implied by eta: eta = 9/(4πα T²τ) in natural units; b = ceBτ/T at the limit; nothing without a tau."""
    run = load_case("cpi").config
    units = run.units.system()
    tau = mhd.relaxation_time(run.model, units, 0.0)
    hbar_c, alpha = 1.973269804e-5, 1 / 137.035999  # eV cm
    eta = run.model.magnetic_diffusivity * units.length_cm / hbar_c  # 1/eV
    natural = 9 / (4 * math.pi * alpha * units.temperature_ev**2 * eta)
    assert tau * units.length_cm / hbar_c == pytest.approx(natural, rel=1e-6)
    (only,) = mhd.monitors(run.model, units, 0.0, k_max=1e4)  # such a large eta means no mean free path at all
    field = only.limit * units.field_gauss * 1.9535e-2 * math.sqrt(4 * math.pi * alpha)  # e B [eV²], 1 G = 1.9535e-2 eV²
    assert field * natural / units.temperature_ev == pytest.approx(validity.largest("ohmic", "magnetic"), rel=1e-3)
    given = run.model.model_copy(update={"relaxation_time": 1e-4})
    gradient, magnetic = mhd.monitors(given, units, 0.0, k_max=1e4)
    assert "c k tau = 1" in gradient.message and gradient.limit == 0.0 and "model.relaxation_time" in gradient.message
    assert magnetic.limit == pytest.approx(only.limit * tau / 1e-4)
    matter = load_case("supernova-cpi").config
    assert mhd.monitors(matter.model, matter.units.system(), 0.0, k_max=1e4) == []


def test_calculation(tmp_path):
    """A small study: arrays of the sizes asked for, no NaN, figures, and a table that reads back."""
    calculation = load_calculation("kinetic-validity", {"points": 4, "line": 6, "elements": 6, "nodes": 4, "l_max": 2})
    data = calculation.compute()
    assert data["hall"].shape == (4, 4) and data["anomaly"].shape == (6,)
    assert all(np.all(np.isfinite(v)) for v in data.data_vars.values())
    for drawing in calculation.figures(data):
        check_drawing(drawing)
    calculation.write_table(tmp_path / "table.toml", data)
    text = (tmp_path / "table.toml").read_text()
    assert text == table_text(data, calculation.model_dump(mode="json")) and "l_max=2" in text
