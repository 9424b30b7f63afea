"""Closed forms of chiral kinetic theory: units, printed forms, grids, gradients, refusals, and `kiral calc currents`."""

from __future__ import annotations

import ast
import math
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kiral
from figure_checks import check_drawing
from kinetic_setups import D1
from kiral.api import setup_jax
from kiral.calc import calculate, load_calculation
from kiral.errors import ConfigError
from kiral.kinetic import drag, equilibrium, printed
from kiral.kinetic import drift as drift_module

setup_jax()

# --- units, grids, gradients, errors ---------------------------------------------------------------------------------

MAGNITUDE = st.floats(-1, 1).map(lambda x: 10.0**x)
VALUE = st.floats(-1, 1).filter(lambda x: abs(x) > 1e-3)
VECTOR = st.tuples(VALUE, VALUE, VALUE).map(np.array)


@settings(max_examples=40, deadline=None)
@given(time=MAGNITUDE, length=MAGNITUDE, unit=MAGNITUDE, mu=VALUE, mu5=VALUE, t=MAGNITUDE, tau=MAGNITUDE, c=MAGNITUDE,
       vectors=st.lists(VECTOR, min_size=6, max_size=6))  # fmt: skip
def test_units_change_nothing(time, length, unit, mu, mu5, t, tau, c, vectors):
    """Other units of time, length and charge (ħ = 1) rescale every term alike: 1/(length² time)."""
    energy, field = 1 / time, 1 / (time * length * unit)
    scales = (field, field, energy / length, energy / length, field / time, field / time)
    names = ("electric_field", "magnetic_field", "grad_mu", "grad_mu5", "dt_electric_field", "dt_magnetic_field")
    plain = {"temperature": t, "mu": mu, "mu5": mu5, "tau": tau, "charge": 0.8, "c": c}
    other = {"temperature": t * energy, "mu": mu * energy, "mu5": mu5 * energy, "tau": tau * time, "charge": 0.8 * unit,
             "c": c * length / time}  # fmt: skip
    one = plain | dict(zip(names, vectors, strict=True))
    two = other | {name: scale * v for name, scale, v in zip(names, scales, vectors, strict=True)}
    current = 1 / (length**2 * time)
    a, b = kiral.kinetic.currents(**one), kiral.kinetic.currents(**two)
    same_terms(a, b, current)
    one["electric_field"] = 0.4 * one["electric_field"] * np.linalg.norm(vectors[1]) / np.linalg.norm(vectors[0])
    two["electric_field"] = one["electric_field"] * field
    a, b = kiral.kinetic.drifting_currents(**one), kiral.kinetic.drifting_currents(**two)
    same_terms((*a.electric_terms, *a.axial_terms), (*b.electric_terms, *b.axial_terms), current)


def same_terms(one, two, scale):
    """Equal but for the scale; cross products of almost parallel vectors have the rounding of what cancels."""
    size = max(np.abs(term).max() for term in one)
    for x, y in zip(one, two, strict=True):
        np.testing.assert_allclose(y, x * scale, rtol=1e-11, atol=1e-13 * scale * size)


def test_printed_forms_are_not_covariant_but_the_corrected_are():
    """The stray factors e and the sign of (30) show without any kinetic equation."""
    strong = D1 | {"charge": 0.3 * 5, **{name: np.asarray(D1[name]) / 5 for name in ("electric_field", "magnetic_field")}}
    weak, other = kiral.kinetic.currents(**D1), kiral.kinetic.currents(**strong)
    np.testing.assert_allclose(other.axial, weak.axial, rtol=1e-12)
    for form in (printed.axial, printed.electric, printed.chiral_diffusion, printed.chiral_separation_analogues):
        a, b = form(weak, D1["charge"]), form(other, strong["charge"])
        assert np.abs(a - b).max() > 1e-3 * np.abs(a).max()
    assert printed.g2(0.01) * 0.01**3 == pytest.approx(10, rel=1e-3)


def test_printed_gradient_and_magnetization():
    """(46) against autodiff; (20) with one sign of Ω against the curl term's coefficient M of (26)."""
    p, field = np.array([0.3, -0.5, 0.8]), np.array([0.01, 0.02, -0.03])
    values = {"temperature": 1.3, "mu": 0.45, "tau": 0.6, "charge": 0.8, "c": 1.7}

    def correction(q):
        size = jnp.sqrt(q @ q)
        f = jax.nn.sigmoid((values["mu"] - values["c"] * size) / values["temperature"])
        return 0.8 * 1.7 * 0.6 * f * (1 - f) / 1.3 * (field @ q) / size

    exact = jax.grad(correction)(jnp.asarray(p))
    np.testing.assert_allclose(printed.gradient_of_correction(p, field, **values, corrected=True), exact, rtol=1e-12)
    assert np.abs(printed.gradient_of_correction(p, field, **values) - exact).max() > 1e-3 * np.abs(exact).max()
    v, mu = np.array([0.3, 0.2, 0.1]), 0.45
    wrong = printed.magnetization(v, chirality=1, temperature=1.3, mu=mu, c=1.7)
    x, rest = v @ v / 1.7**2, 1 - v @ v / 1.7**2
    right = equilibrium.slope(mu, 1.3) * drift_module.shapes(x, rest).g0 * v / (24 * math.pi**2 * 1.7**2)
    assert np.all(wrong < 0.5 * right)
    twice = printed.energy(p, field, chirality=1, charge=0.8, c=1.7) - 1.7 * np.linalg.norm(p)
    berry = p / (2 * np.linalg.norm(p) ** 3)
    assert twice == pytest.approx(-2 * 1.7 * np.linalg.norm(p) * 0.8 / 1.7 * field @ berry, rel=1e-12)


def test_grids_agree_with_points():
    """Vectors have components first; uniform inputs broadcast over the grid."""
    r = np.random.default_rng(0)
    mu, b = r.normal(size=(4, 1, 2)), r.normal(size=(3, 4, 5, 2))
    grids = D1 | {"mu": mu, "magnetic_field": b, "tau": r.uniform(1, 2, size=(5, 1))}
    found = kiral.kinetic.currents(**grids)
    slow = kiral.kinetic.drifting_currents(**grids | {"electric_field": 0.2 * np.cross(b, (0.3, 0.1, 0.2), axis=0)})
    assert found.electric.shape == slow.axial.shape == (3, 4, 5, 2)
    point = D1 | {"mu": mu[1, 0, 1], "magnetic_field": b[:, 1, 3, 1], "tau": grids["tau"][3, 0]}
    np.testing.assert_allclose(found.axial[:, 1, 3, 1], kiral.kinetic.currents(**point).axial, rtol=1e-13)
    e = 0.2 * np.cross(b[:, 1, 3, 1], (0.3, 0.1, 0.2))
    one = kiral.kinetic.drifting_currents(**point | {"electric_field": e})
    np.testing.assert_allclose(slow.axial[:, 1, 3, 1], one.axial, rtol=1e-12)


def test_gradients_are_finite_and_right():
    """At rest, at mu = 0, at |mu|/T = 800: reverse mode agrees with differences, through inversion and both regimes."""

    def total(n, e):
        mu, mu5 = kiral.kinetic.chemical_potentials(1.0, n, 0.3 * n)
        rest = {**D1, "mu": mu, "mu5": mu5, "electric_field": e}
        found, flow = kiral.kinetic.currents(**rest), kiral.kinetic.drifting_currents(**rest)
        return jnp.sum(found.electric + flow.axial)

    both = jax.jit(jax.value_and_grad(total, (0, 1)))
    for n in (0.0, 1e-8, 0.05, 800.0**3):
        for e in (jnp.zeros(3), 0.3 * jnp.array(D1["magnetic_field"]), jnp.array(D1["electric_field"])):
            assert all(bool(jnp.all(jnp.isfinite(g))) for g in both(n, e)[1])
    e, h = jnp.zeros(3), 1e-6
    along = jnp.array([1.0, -0.5, 0.3])
    difference = (both(0.05, e + h * along)[0] - both(0.05, e - h * along)[0]) / (2 * h)
    assert both(0.05, e)[1][1] @ along == pytest.approx(float(difference), rel=1e-7)


def test_transverse_current_is_regular_at_parallel_fields():
    """(33): e mu5/(6π²c) E_perp (E·B)/B² as E_perp → 0, where the printed form is 0/0."""
    b, tiny = np.array([0.0, 0.0, 1.0]), 1e-9
    values = {"temperature": 1.0, "mu": 0.0, "mu5": 0.3, "tau": 0.0, "charge": 0.8, "c": 1.7, "magnetic_field": b}
    found = kiral.kinetic.drifting_currents(**values, electric_field=(tiny, 0.0, 0.1)).electric_terms.transverse
    assert found[0] == pytest.approx(0.8 * 0.3 / (6 * math.pi**2 * 1.7) * tiny * 0.1, rel=1e-12)
    assert np.all(kiral.kinetic.drifting_currents(**values, electric_field=(0, 0, 0.1)).electric_terms.transverse == 0)


@pytest.mark.parametrize(
    ("function", "change", "message"),
    [
        ("currents", {"temperature": 0.0}, "temperature"),
        ("currents", {"tau": -1.0}, "tau"),
        ("currents", {"electric_field": (1.0, 2.0)}, "electric_field"),
        ("currents", {"mu": float("nan")}, "mu"),
        ("currents", {"mu": "hot"}, "mu"),
        ("drifting_currents", {"electric_field": (1.0, 2.0, 0.0)}, "electric_field"),
        ("drifting_currents", {"magnetic_field": (0.0, 0.0, 0.0)}, "electric_field"),
    ],
)
def test_wrong_input_is_named(function, change, message):
    with pytest.raises(ConfigError, match=message):
        getattr(kiral.kinetic, function)(**D1 | change)


def test_wrong_scalars_are_named():
    with pytest.raises(ConfigError, match="beta"):
        kiral.kinetic.drift_functions(1.0)
    with pytest.raises(ConfigError, match="chirality"):
        drag.chirality_currents(chirality=0, temperature=1.0, mu=0.0, tau=1.0, charge=1.0)


def test_only_the_reproduction_may_use_the_printed_forms():
    source = Path(kiral.__file__).parent
    users = []
    for path in source.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom):
                names = {f"{node.module}.{alias.name}" for alias in node.names} | {str(node.module)}
            else:
                names = {alias.name for alias in node.names} if isinstance(node, ast.Import) else set()
            if "kiral.kinetic.printed" in names:
                users.append(path.relative_to(source).parts)
    assert all(user[:2] == ("papers", "gorbar2016") for user in users), users


# --- the calculation -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("regime", ["drag", "drifting"])
def test_calculation(regime, tmp_path):
    """Terms sum to the totals, at the given fields and on the curves; the figure shows them; a second call reads them."""
    given = {"regime": regime, "points": 11, "dt_magnetic_field": (0.001, 0.0, 0.002)}
    gradient = ((0.001, 0.0, 0.002), (0.0, 0.001, 0.0), (0.0, -0.003, 0.001))
    given |= {"grad_electric_field": gradient}
    result = calculate("currents", given, tmp_path / "one")
    data = result.data
    names = list(data.data_vars)[list(data.data_vars).index("chiral_magnetic" if regime == "drag" else "hall") :]
    names = [n for n in names if data[n].dims == ("component",)]
    half = names.index("electric") // 2
    np.testing.assert_allclose(sum(data[n] for n in names[:half]), data.electric, rtol=1e-12)
    np.testing.assert_allclose(sum(data[n] for n in names[half : 2 * half]), data.axial, rtol=1e-12)
    if regime == "drag":  # the middle of the curve is the given state
        assert float(data.factor[5]) == pytest.approx(1) and data.attrs["warning"] == ""
        assert float(data.electric_size[5]) == pytest.approx(np.linalg.norm(data.electric), rel=1e-12)
    (drawing,) = load_calculation("currents", given).figures(data)
    check_drawing(drawing)
    assert calculate("currents", given, tmp_path / "one").cached
    assert all(v.attrs["units"] and v.attrs["long_name"] for v in data.data_vars.values())


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"regime": "drifting", "electric_field": [1.0, 0.0, 0.0]}, "E_perp"),
        ({"regime": "drifting", "magnetic_field": [0.0, 0.0, 0.0]}, "E_perp"),
        ({"grad_magnetic_field": [[0.0, 1.0, 0.0], [0.0] * 3, [0.0] * 3]}, "drifting"),
        ({"regime": "drifting", "laplacian_mu": 1.0}, "laplacian_mu"),
        ({"temperature": 0.0}, "temperature"),
        ({"electric_field": [1.0]}, "electric_field"),
    ],
)
def test_calculation_refuses(given, message):
    with pytest.raises(ConfigError, match=message):
        load_calculation("currents", given)


def test_calculation_warns_where_the_expansion_ends(tmp_path):
    data = calculate("currents", {"tau": 200.0, "points": 2}, tmp_path / "one").data
    assert "c e E tau/T" in data.attrs["warning"] and "e B c tau/T" in data.attrs["warning"]
