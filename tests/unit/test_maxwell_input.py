"""What the case file of the anomalous Maxwell equations refuses, in words, and what it decides by itself."""

import math
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
from kiral.api import setup_jax
from kiral.config.load import load_case, validate
from kiral.errors import ConfigError
from kiral.kinetic import validity
from maxwell_setups import case, problem

setup_jax()


def refused(*parts, model=None, geometry=None, initial=None, build=False, sections=None):
    with pytest.raises(ConfigError) as caught:
        found = case(model, geometry, initial) if sections is None else validate(sections)
        if build:
            found.build(".")
    for part in parts:
        assert part in str(caught.value), (part, str(caught.value))


def test_negative_permittivity_is_refused_with_number_threshold_and_alternative():
    """At e = T = c = 1 the threshold is tau = 3/(2√π) = 0.846284."""
    model = {"charge": 1.0, "relaxation_time": 0.85, "order": 2, "current": "ohm"}
    refused("model.relaxation_time = 0.85", f"{1 - (0.85 / 0.8462843753) ** 2:.6g}", "< 0.846284", '"drude"', model=model)
    case(model | {"relaxation_time": 0.84})
    case(model | {"terms": ["hall", "magnetization"]})
    case(model | {"current": "drude"})
    # the same where only the largest local conductivity is beyond it
    step = {"kind": "step", "amplitude": 0.3, "width": 5.0}
    refused("1 - 4 pi sigma tau", model=model | {"relaxation_time": 0.84}, initial=step, build=True)


@pytest.mark.parametrize(("tau", "drude"), [(0.75, False), (0.76, True), (3.0, True)])
def test_drude_current_is_the_default_where_fields_relax_within_tau(tau, drude):
    """1 - 4π sigma tau = 0.2 at e = T = c = 1: tau = √0.8 · 0.846284 = 0.75694; it is said aloud."""
    built = problem({"charge": 1.0, "relaxation_time": tau})
    assert built.equation.drude is drude
    assert any("drude" in remark for remark in built.notes["remarks"]) is drude
    assert not problem({"charge": 1.0, "relaxation_time": tau, "current": "ohm"}).equation.drude


def test_waves_beyond_the_ill_posed_wave_number_are_refused_or_filtered():
    """k* = (2π²/3)(T²/(c mu5)) Q = 8.5797 at mu5 = 1, e = .3, tau = 2."""
    model, start = {"order": 2, "current": "ohm"}, {"kind": "uniform", "mu5": 1.0}
    fine = {"n": [1, 1, 64], "length": 10.0}
    refused("k* = 8.57974", "k_max = 13.1947", "model.filter", model=model, geometry=fine, initial=start, build=True)
    built = problem(model | {"filter": 8.0}, fine, start)
    assert any("model.filter = 8" in remark and "8.58" in remark for remark in built.notes["remarks"])
    problem(model | {"terms": ["hall"]}, fine, start)
    problem(model, {"n": [1, 1, 32], "length": 10.0}, start)


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ({"terms": ["hall"]}, ("order = 2",)),
        ({"order": 2, "terms": ["electric_relaxation"], "current": "drude"}, ("electric_relaxation", "drude")),
        ({"limit": "resistive", "order": 2}, ("resistive", "order = 1")),
        ({"regime": "drifting", "current": "drude"}, ("drifting", "ohm")),
        ({"regime": "drifting", "limit": "resistive"}, ("exclude",)),
        ({"electric_field_off": True, "external_electric_field": [0, 0, 1.0]}, ("external_electric_field",)),
        ({"relaxation_time": 0.0}, ("relaxation_time = 0",)),
        ({"charge": -1.0}, ("model.charge",)),
        ({"order": 3}, ("model.order",)),
        ({"order": True}, ("allowed: 1, 2",)),
        ({"external_current": [1.0, 2.0]}, ("model.external_current", "list of three")),
        ({"external_current": [0, 0, {"t": [0.0, 0.5], "value": [1.0, 1.0]}]}, ()),
    ],
)
def test_choices_that_do_not_go_together(model, words):
    if words:
        refused(*words, model=model)
    else:
        assert list(case(model).tables()) == ["model.external_current.z"]


@pytest.mark.parametrize(
    ("start", "words"),
    [
        ({"kind": "helical_mode", "amplitude": 1.0, "mode": 40}, ("initial.mode", "k_max")),
        ({"kind": "helical_mode", "amplitude": 1.0, "mode": [1, 0, 0]}, ("varies along x",)),
        ({"kind": "helical_mode", "amplitude": 1.0, "mode": [0, 0, 0]}, ("differ from 0",)),
        ({"kind": "helical_mode", "amplitude": 1.0, "mode": [1, 2]}, ("list of three",)),
        ({"kind": "step", "amplitude": 1.0, "width": 1.0, "axis": "x"}, ("initial.axis", "one grid point")),
        ({"kind": "noise", "amplitude": 1.0, "k_range": [50.0, 60.0]}, ("initial.k_range", "holds no mode")),
        ({"kind": "uniform", "mu5": {"kind": "wave", "amplitude": 1.0, "mode": [0, 3, 0]}}, ("initial.mu5.mode", "along y")),
        ({"kind": "uniform", "mu5": {"kind": "random", "rms": 1.0}}, ("correlation_length",)),
        ({"kind": "pulse", "amplitude": 0.1, "width": 0.0}, ("initial.width",)),
        ({"kind": "puls"}, ("initial.kind", "pulse")),
        ({"kind": "file", "path": "none.npz"}, ("initial.path",)),
    ],
)
def test_initial_states_that_cannot_be(start, words):
    refused(*words, initial=start, build=True)


def test_fields_from_a_file(tmp_path):
    """B, E, mu, mu5 on the grid; shapes and names are checked; E along k follows from the charge."""
    z = np.arange(64) / 64 * 2 * np.pi
    shape = (3, 1, 1, 64)
    b = np.zeros(shape)
    b[0, 0, 0], b[1, 0, 0] = 0.1 * np.cos(z), -0.1 * np.sin(z)
    path = tmp_path / "start.npz"
    np.savez(path, B=b, mu5=0.05 * np.cos(z)[None, None], mu=0.01 * np.sin(z)[None, None])
    start = {"kind": "file", "path": str(path), "background_field": [0.0, 0.0, 1.0]}
    built = problem(initial=start)
    y = built.initial_state()
    assert complex(y.B[0][0, 0, 1]) == pytest.approx(0.05, abs=1e-15)
    assert complex(y.B[2][0, 0, 0]) == 1.0
    assert float(built.equation.budgets(0.0, y)["gauss"].total) < 1e-16
    assert float(abs(y.E[2]).max()) > 1e-3
    wrong = [({"A": b}, "allowed"), ({"B": b[..., ::2]}, "geometry.n"), ({"mu": b[0] * np.nan}, "finite")]
    for bad, word in wrong:
        np.savez(path, **bad)
        refused(word, initial=start, build=True)


def test_drifting_plasma_needs_a_magnetic_field_above_the_electric_one():
    refused("|E_perp| < |B|", model={"regime": "drifting"}, build=True,
            initial={"kind": "uniform", "background_field": [0, 0, 1.0], "electric_field": [1.1, 0.0, 0.0]})  # fmt: skip


def test_estimates_of_a_case():
    flat = load_case("cpi-maxwell").config.estimates()["flat"]
    sigma = 0.5 * (np.pi**2 + 3) / (9 * np.pi**2)
    assert flat["sigma"] == pytest.approx(sigma, rel=1e-14)
    assert flat["k_mu"] == pytest.approx(2 / np.pi, rel=1e-14)
    gamma, drive = 4 * np.pi * sigma, 1 / np.pi**2
    assert flat["growth"] == pytest.approx((math.sqrt(gamma**2 + 4 * drive) - gamma) / 2, rel=1e-12)
    assert flat["mu5_end"] == pytest.approx(0.5, rel=1e-12)


def test_single_precision_is_refused():
    model = {"kind": "anomalous_maxwell", "charge": 1.0, "relaxation_time": 0.1}
    sections = {"model": model, "geometry": {"n": 8, "length": 1.0},
                "time": {"t_end": 1.0}, "devices": {"precision": "float32"}}  # fmt: skip
    refused("devices.precision", "float64", sections=sections)


def test_runs_warn_where_their_currents_leave_the_expansion():
    """Of the kinetic equation's own solutions: at 1.01 times a limit a term is off by the level named, at 0.99 it is not."""
    model = {"charge": 0.3, "relaxation_time": 2.0, "temperature": 1.5, "light_speed": 1.25}
    built = problem(model)
    force, length = 0.3 * 1.25 * 2.0 / 1.5, 1.25 * 2.0
    size = {"e_max": ("electric", force), "b_max": ("magnetic", force), "k_integral": ("gradient", length)}
    seen = set()
    for monitor in built.monitors:
        if "kinetic equation" not in monitor.message:
            continue
        parameter, per_unit = size[monitor.series]
        level = 0.01 if "more than 1 %" in monitor.message else 0.1
        terms = [name for name in validity.TERMS if name != "hall"]
        around = []
        for factor in (0.99, 1.01):
            at = {"electric": 1e-9, "magnetic": 1e-9, parameter: factor * monitor.limit * per_unit}
            errors = validity.from_parameters(**at).errors
            around.append(max(float(errors[name]) for name in terms))
        assert around[0] < level < around[1]
        seen.add((parameter, level))
    assert seen == {(p, level) for p in ("electric", "magnetic", "gradient") for level in (0.01, 0.1)}
    drifts = {"kind": "uniform", "background_field": [0.0, 0.0, 1.0]}
    assert all("kinetic equation" not in m.message for m in problem(model | {"regime": "drifting"}, initial=drifts).monitors)
