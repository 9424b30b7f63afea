"""Case files: what they resolve to, and one clear message for every kind of mistake."""

import json
import math
import tomllib

import numpy as np
import pytest
from pydantic import ValidationError

from kiral.config.describe import config_table
from kiral.config.load import (
    apply_overrides,
    case_names,
    case_sizes,
    load_case,
    parse_override,
    parse_overrides,
    parse_value,
    read_toml,
    validate,
)
from kiral.config.table import TableConfig
from kiral.core.folder import config_hash, differing_keys
from kiral.errors import ConfigError

CASE = """
[model]
kind = "chiral_mhd"
magnetic_diffusivity = 1e-3
viscosity = 1e-3
chiral_diffusivity = 1e-3
chiral_feedback = 10
[geometry]
n = [8, 8, 1]
length = 6.0
[initial]
kind = "helical_mode"
amplitude = 1e-3
[time]
t_end = 1
"""


@pytest.fixture
def case_file(tmp_path):
    path = tmp_path / "small.toml"
    path.write_text(CASE)
    return path


def message(case, overrides):
    with pytest.raises(ConfigError) as caught:
        load_case(case, overrides)
    return str(caught.value)


def test_cases_of_kiral_are_valid_and_resolve():
    assert case_names() == [
        "bipolar", "chiral-magnetic-wave", "chiral-relaxation", "cmw-pulse", "cpi", "cpi-maxwell", "cpi-turbulence",
        "crust-cmi-3d", "crust-cmi-axisymmetric", "crust-decay",
        "crust-hall", "crust-linear", "crust-magnetothermal", "decaying-helical", "energy-resolved", "fast-flavor-1d",
        "fast-flavor-3d",
        "inverse-cascade-inhomogeneous", "kinetic-anomaly", "kinetic-cmw", "kinetic-ohm", "msw", "mu5-step", "sourced-cpi",
        "supernova-cpi", "supernova-cpi-flow", "two-beam", "zero-mean-mu5",
    ]  # fmt: skip
    config = load_case("sourced-cpi").config
    assert (config.model.source.kind, config.geometry.n, config.time.t_end) == ("decay", (48, 48, 48), 0.15)
    assert config.initial.reference_spacing == 2 * math.pi / (500 * 256)
    assert config.units.temperature == 100.0
    assert all("# cost:" in load_case(name).text and load_case(name).config.title for name in case_names())


def test_sizes_of_a_case_apply_before_overrides():
    for name in case_names():
        assert all(load_case(name, size=size).config for size in case_sizes(name))
    paper = load_case("crust-cmi-3d", {"geometry.m_max": 2}, size="paper").config
    assert (paper.geometry.l_max, paper.geometry.m_max, paper.geometry.n_r) == (60, 2, 160)
    with pytest.raises(ConfigError, match="--size big: no such size; allowed: ci, laptop, paper"):
        load_case("crust-cmi-3d", size="big")
    with pytest.raises(ConfigError, match="has no sections"):
        load_case("cpi", size="ci")


def test_defaults_are_filled_in_and_the_config_is_frozen(case_file):
    config = load_case(case_file).config
    assert (config.seed, config.model.heating, config.model.source.kind, config.time.scheme) == (
        1,
        "paper",
        "none",
        "rk4",
    )
    assert config.geometry.lengths == (6.0, 6.0, 6.0)
    assert config.geometry.wave_numbers_min[0] == pytest.approx(2 * math.pi / 6)
    with pytest.raises(ValidationError):
        config.seed = 2


def test_resolved_config_survives_json_with_the_same_hash(case_file):
    for name in (*case_names(), case_file):
        config = load_case(name).config
        again = validate(json.loads(json.dumps(config.as_dict())))
        assert again == config
        assert again.config_hash() == config.config_hash() == config_hash(config.as_dict())


def test_hash_depends_on_values_not_on_how_they_are_written(case_file):
    base = load_case(case_file).config.config_hash()
    assert load_case(case_file, {"time.t_end": 1.0, "geometry.length": [6, 6, 6]}).config.config_hash() == base
    assert load_case(case_file, {"time.t_end": 2}).config.config_hash() != base


BAD = [
    ({"geometry.nn": 3}, ["geometry.nn", "unknown key", "did you mean 'n'", "k_min, length"]),
    ({"mdel.xi": 3}, ["mdel", "did you mean 'model'"]),
    ({"model.kind": "chiral_mdh"}, ["model.kind", "chiral_mdh", "did you mean 'chiral_mhd'"]),
    ({"model.kind": 3}, ["model.kind", "3", "chiral_mhd"]),
    ({"model": {}}, ["model.kind", "missing"]),
    ({"model": 1}, ["model", "missing", "chiral_mhd"]),
    ({"model.source.kind": "decy"}, ["model.source.kind", "did you mean 'decay'", "constant"]),
    ({"model.source": {"kind": "decay", "amplitude": 1}}, ["model.source.t_phi", "missing"]),
    ({"model.source": {"kind": "constant", "amplitude": 1, "t_phi": 1}}, ["model.source.t_phi", "kind = 'decay' only"]),
    ({"model.source": {"amplitude": 1}}, ["model.source.kind", "missing", "decay"]),
    ({"model.heating": "papr"}, ["model.heating", "did you mean 'paper'", "consistent"]),
    ({"model.heating": "consistent", "model.chiral_feedback": 0}, ["model", "chiral_feedback > 0"]),
    ({"model.viscosity": -1.0}, ["model.viscosity", ">= 0", "-1.0"]),
    ({"model.viscosity": True}, ["model.viscosity", "must be a number", "boolean"]),
    ({"model.viscosity": "1e-6"}, ["model.viscosity", "must be a number", "a text"]),
    ({"model.viscosity": float("nan")}, ["model.viscosity", "finite"]),
    ({"model.viscosity": float("inf")}, ["model.viscosity", "finite"]),
    ({"model.viscosity": 10**400}, ["model.viscosity", "must be a number"]),
    ({"model.xi": "fast"}, ["model.xi", "must be a number", "'fast'"]),
    ({"model.xi": {"t": [0, 1]}}, ["model.xi", "needs `value`"]),
    ({"model.xi": {"t": [0, 1], "value": [1]}}, ["model.xi", "same length", "2 and 1"]),
    ({"model.xi": {"t": [0, 0], "value": [1, 2]}}, ["model.xi", "times must increase", "row 2"]),
    ({"model.xi": {"t": [0, "x"], "value": [1, 2]}}, ["model.xi.t[1]", "must be a number"]),
    ({"model.xi": {"t": [0, 0.5], "value": [1, 2]}}, ["model.xi", "covers t = 0 to 0.5", "0 to 1"]),
    ({"model.xi": {"t": [0, 1], "value": [1, 2], "interpolation": "cubic"}}, ["model.xi", "at least 4"]),
    ({"model.xi": {"t": [0, 1], "file": "x.csv"}}, ["model.xi", "exactly one of t, file"]),
    ({"model.xi": {"file": "none.csv"}}, ["model.xi.file", "no such file", "none.csv"]),
    ({"model.magnetic_diffusivity": {"t": [0, 1], "value": [1, -2]}}, ["model.magnetic_diffusivity", ">= 0", "-2"]),
    ({"model.flipping_rate": {"t": [0, 0.5], "value": [1, 2]}}, ["model.flipping_rate", "covers t = 0 to 0.5"]),
    ({"model.flow": "solid"}, ["model.flow", "solid", "incompressible"]),
    ({"model.form": "roperpol2025", "model.flow": "none"}, ["model", "roperpol2025", 'flow = "relativistic"']),
    ({"model.forcing": {"amplitude": 1, "wave_number": 2}, "model.flow": "none"}, ["model", "forcing needs a flow"]),
    ({"model.forcing": {"amplitude": 1, "wave_number": 2, "helicity": 3}}, ["model.forcing.helicity", "<= 1", "3"]),
    ({"model.forcing": {"amplitude": 1}}, ["model.forcing.wave_number", "missing"]),
    ({"model.background_field": 1.0}, ["model.background_field", "list of three"]),
    ({"model.background_field": [0, 0, "x"]}, ["model.background_field[2]", "must be a number"]),
    ({"model.charge": {"separation": 1, "magnetic": 1}}, ["model.charge.diffusivity", "missing"]),
    ({"initial.mu": 1.0}, ["initial.mu", "model.charge"]),
    ({"initial.mu5": {"kind": "randm", "rms": 1, "peak": 2}}, ["initial.mu5.kind", "did you mean 'random'", "wave"]),
    ({"initial.mu5": {"kind": "random", "rms": 1}}, ["initial.mu5.peak", "missing"]),
    ({"initial.mu5": {"kind": "wave", "amplitude": 1, "wave_number": 9}}, ["initial.mu5.wave_number", "2/3 rule"]),
    ({"initial.mu5": {"kind": "wave", "amplitude": 1, "direction": [0, 0, 0]}}, ["initial.mu5.direction", "differ from 0"]),
    ({"geometry.n": 3}, ["geometry.n", "at least 4"]),
    ({"geometry.n": 8.0}, ["geometry.n", "whole number", "8.0"]),
    ({"geometry.n": [8, 8]}, ["geometry.n", "list of three"]),
    ({"geometry.n": 1}, ["geometry.n", "not all three"]),
    ({"geometry": {"n": 8}}, ["geometry", "exactly one of k_min, length", "none"]),
    ({"geometry": {"n": 8, "k_min": 1, "length": 1}}, ["geometry", "exactly one of", "given: k_min, length"]),
    ({"geometry.length": [1, 1, -1]}, ["geometry.length[2]", "> 0", "-1"]),
    ({"initial.kind": "noise"}, ["initial.kind", "white_noise"]),
    ({"initial.direction": [0, 0, 0]}, ["initial.direction", "differ from 0"]),
    ({"initial.direction": [0, 0, 1]}, ["initial.direction", "along z"]),
    ({"initial.wave_number": 3}, ["initial.wave_number", "2/3 rule", "|k| = 3", "k_max = 2"]),
    ({"initial.helicity": 2}, ["initial.helicity", "2", "1, -1"]),
    ({"initial.helicity": True}, ["initial.helicity", "a boolean", "1, -1"]),
    ({"initial": {"kind": "file", "path": "no.npz"}}, ["initial.path", "no such file"]),
    ({"initial": 3}, ["initial", "table of keys"]),
    ({"time": {}}, ["time.t_end", "missing"]),
    ({"time.t_end": 0}, ["time", "t_end must be greater than t_start", "t_end = 0"]),
    ({"time.scheme": "rk5"}, ["time.scheme", "did you mean 'rk4'", "etdrk4"]),
    ({"time.tolerance": 0}, ["time.tolerance", "> 0"]),
    ({"time.wall_limit": "10 parsecs"}, ["time.wall_limit", "10 min", "10 parsecs"]),
    ({"output.series": {}}, ["output.series", "exactly one of every_time"]),
    ({"output.series": {"every_steps": 1.5}}, ["output.series.every_steps", "whole number"]),
    ({"output.spectra": {"at": [2, 1]}}, ["output.spectra.at", "increase"]),
    ({"output.checkpoint.keep": 0}, ["output.checkpoint.keep", ">= 1"]),
    ({"devices.precision": "float16"}, ["devices.precision", "float32"]),
    ({"units.temperature": "100 km"}, ["units.temperature", "100 km", "GeV"]),
    ({"units.g_energy": 0.1}, ["units", "g_energy"]),
    ({"seed": -1}, ["seed", ">= 0"]),
    ({"time.t_end.x": 1}, ["time.t_end.x", "is a value, not a section"]),
]


@pytest.mark.parametrize(("overrides", "expected"), BAD, ids=lambda v: "-".join(v) if isinstance(v, dict) else "")
def test_mistakes_give_one_message_with_key_and_remedy(case_file, overrides, expected):
    text = message(case_file, overrides)
    assert all(part in text for part in expected), text
    assert "pydantic" not in text and "input" not in text.lower()


def test_all_problems_are_listed_at_once(case_file):
    text = message(case_file, {"model.viscosity": -1, "geometry.nn": 3, "time.scheme": "x"})
    assert text.startswith(f"{case_file}: 3 problems")
    assert all(key in text for key in ("model.viscosity", "geometry.nn", "time.scheme"))


def test_one_wrong_value_for_three_directions_is_one_problem(case_file):
    assert (
        message(case_file, {"geometry.n": 8.5})
        == f"{case_file}: geometry.n: must be a whole number, got 8.5 (a number)"
    )


def test_missing_files_and_bad_toml_are_named(tmp_path, case_file):
    assert "did you mean 'sourced-cpi'" in message("sourced-cp", {})
    assert "did you mean 'small.toml'" in message(tmp_path / "smal.toml", {})
    assert "is a folder" in message(tmp_path, {})
    case_file.write_text("[model]\nkind = \n")
    text = message(case_file, {})
    assert "small.toml" in text and "not valid TOML" in text and "line 2" in text
    case_file.write_bytes(b"title = '\xff'")
    assert "UTF-8" in message(case_file, {})


def test_overrides_are_read_as_toml_and_bare_words_as_text():
    assert parse_override("model.source.amplitude=4e7") == ("model.source.amplitude", 4e7)
    assert parse_override("model.heating = none") == ("model.heating", "none")
    assert parse_value("[8, 1, 1]") == [8, 1, 1]
    assert parse_value("{ at = [1.0] }") == {"at": [1.0]}
    assert parse_value("true") is True
    assert parse_value("1\nx = 2") == "1\nx = 2"
    for wrong in ("model.viscosity", "=3", "a..b=3"):
        with pytest.raises(ConfigError, match="KEY=VALUE"):
            parse_override(wrong)
    with pytest.raises(ConfigError, match="twice"):
        parse_overrides(["seed=1", "seed=2"])


def test_override_of_a_kind_keeps_only_keys_that_mean_the_same():
    source = load_case("sourced-cpi", {"model.source.kind": "constant"}).config.model.source
    assert (source.kind, source.amplitude) == ("constant", 4e7)
    assert load_case("sourced-cpi", {"model.source.kind": "none"}).config.model.source.kind == "none"
    assert "initial.amplitude: is missing" in message("sourced-cpi", {"initial.kind": "helical_mode"})


def test_override_of_an_exclusive_key_replaces_the_other():
    config = load_case("sourced-cpi", {"geometry.length": 1.0, "output.series.every_steps": 3}).config
    assert config.geometry.k_min is None
    assert config.output.series.every_time is None
    assert "exactly one" in message("sourced-cpi", {"geometry.length": 1.0, "geometry.k_min": 1.0})


def test_overrides_take_numpy_values_and_leave_the_given_values_alone(case_file):
    config = load_case(case_file, {"geometry.n": np.array([16, 4, 1]), "time.t_end": np.float64(3)}).config
    assert (config.geometry.n, config.time.t_end) == ((16, 4, 1), 3.0)
    values = read_toml(case_file)[1]
    apply_overrides(values, {"model.viscosity": 5, "output.series": {"every_steps": 1}})
    assert values == tomllib.loads(CASE)


def test_durations_are_seconds_or_texts(case_file):
    for text, seconds in (("90 s", 90.0), ("10 min", 600.0), ("2h", 7200.0), (5, 5.0)):
        assert load_case(case_file, {"time.wall_limit": text}).config.time.wall_limit == seconds


def test_table_file_is_read_relative_to_the_case(case_file):
    (case_file.parent / "s5.csv").write_text("# a comment\nt, s5, other\n0, 1, x\n0.5, 2, y\n1.0, 3, z\n")
    table = {"file": "s5.csv", "columns": ["t", "s5"]}
    loaded = load_case(case_file, {"model.source": {"kind": "table", "table": table}})
    (config,) = loaded.config.tables().values()
    t, value = config.load(loaded.directory)
    np.testing.assert_array_equal(t, [0, 0.5, 1])
    np.testing.assert_array_equal(value, [1, 2, 3])
    assert len(config.checksum(loaded.directory)) == 64
    assert loaded.config.files() == {"model.source.table.file": "s5.csv"}
    other = {"file": "s5.csv", "columns": ["t", "other"]}
    assert "line 3" in message(case_file, {"model.xi": other})
    missing = message(case_file, {"model.xi": {"file": "s5.csv", "columns": ["t", "s6"]}})
    assert "columns t, s6" in missing and "t, s5, other" in missing


def test_table_of_numbers_loads_without_a_file():
    t, value = TableConfig(t=(0, 1), value=(2, 3)).load(".")
    assert t.dtype == value.dtype == np.float64


def test_overrides_change_only_what_they_say():
    a = load_case("sourced-cpi").config.as_dict()
    b = load_case("sourced-cpi", {"geometry.n": 64, "model.source.kind": "constant"}).config.as_dict()
    assert sorted(differing_keys(a, b)) == ["geometry.n", "model.source.kind", "model.source.t_phi"]


def test_config_table_describes_every_key_once():
    rows = config_table()
    by_key = {row.key: row for row in rows}
    assert by_key["model.magnetic_diffusivity"].unit == "l*^2/t*"
    assert by_key["model.source.kind"].type == "none, constant, decay, table"
    assert by_key["geometry.n"].type == "whole number, or three"
    assert by_key["time.t_end"].default == "required"
    assert all(row.description for row in rows)
    assert len({(row.key, row.kind) for row in rows}) == len(rows)
