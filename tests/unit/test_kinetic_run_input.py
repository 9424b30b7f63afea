"""Case files of chiral kinetic theory: what is refused, with what advice, and what theory expects of the named cases."""

from __future__ import annotations

import subprocess
import sys

import pytest

from kiral.config.load import load_case
from kiral.errors import ConfigError
from kiral.kinetic.run_build import momentum_grid

OHM, WAVE = "kinetic-ohm", "kinetic-cmw"
TABLE = {"t": [0.0, 5.0], "value": [1.0, 2.0]}


@pytest.mark.parametrize(
    ("case", "overrides", "message"),
    [
        (OHM, {"initial.mu5_waves": [[1, 0.1, 0.0]]}, "geometry.n"),
        (OHM, {"geometry.n": 7}, "even"),
        (OHM, {"geometry.first_element": 50.0}, "below 45"),
        (OHM, {"model.ampere": "without_mean"}, "no current but its mean"),
        (OHM, {"model.ampere": "full", "model.magnetic_field": [0.1, 0.0, 0.0]}, "parallel"),
        (OHM, {"model.electric_profile": TABLE}, "electric_profile"),
        (OHM, {"model.tau": 0.0}, "model.tau"),
        (OHM, {"devices.precision": "float32"}, "float64"),
        (OHM, {"time.scheme": "rk4"}, "ark4"),
        (WAVE, {"model.electric_field": [0.1, 0.0, 0.0]}, "along z"),
        (WAVE, {"model.magnetic_field": [1.0, 0.0, 1.0]}, "parallel"),
        (WAVE, {"initial.mu_waves": [[8, 0.1, 0.0]]}, "more than 16 points"),
    ],
)
def test_refused_with_the_key(case, overrides, message):
    with pytest.raises(ConfigError, match=message):
        load_case(case, overrides)


@pytest.mark.parametrize(
    ("case", "known"),
    [
        (OHM, {"force": 0.3, "exact_current": 2 * 1.750839368378e-02, "ohm_current": 0.3 * 2 * 0.05977727154}),
        ("kinetic-anomaly", {"anomaly_factor": 0.953189316740, "berry": 0.01}),
        (WAVE, {"root_1_rate": -0.0025704229, "root_1_frequency": 0.0049071148}),
    ],
)
def test_estimates_of_the_cases(case, known):
    flat = load_case(case).config.estimates()["flat"]
    assert {name: flat[name] for name in known} == pytest.approx(known, rel=1e-7)


def test_no_wave_is_promised_where_the_plasma_itself_drains():
    """mu5 and B with dynamic E."""
    assert not [name for name in load_case(WAVE, {"initial.mu5": 0.1}).config.estimates()["flat"] if name.startswith("root")]


def test_grid_follows_the_largest_field_in_time(tmp_path):
    """First element a fifth of the momentum gained in tau, by the largest value of the table; half of T/c for waves."""
    config = load_case(OHM, {"model.electric_profile": {"t": [0.0, 20.0], "value": [-2.0, 1.0]}}).config
    assert momentum_grid(config, tmp_path).radius.edges[1] == pytest.approx(0.2 * 0.6)
    assert momentum_grid(load_case(WAVE).config, tmp_path).radius.edges[1] == pytest.approx(0.5)


def test_estimates_start_without_jax():
    code = f"import kiral.cli; kiral.cli.main(['estimate', '{WAVE}', '--json'])\nimport sys\nsys.exit('jax' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, capture_output=True).returncode == 0
