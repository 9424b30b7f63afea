"""Linear response and waves of the kinetic equation against published roots, conservation laws, closed forms and each other.

Reference roots were computed apart from this code, from the dispersion relation with 30 digits.
"""

from __future__ import annotations

import math

import jax
import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq

from figure_checks import check_drawing
from kiral.api import setup_jax
from kiral.calc import calculate, load_calculation
from kiral.errors import ConfigError
from kiral.kinetic import dispersion_roots, drag, equilibrium, linear_response
from kiral.kinetic.dispersion import Waves, closed_roots
from kiral.kinetic.homogeneous import Plasma, Resolution, evolve
from kiral.kinetic.response import moments

setup_jax()
PLAIN = {"temperature": 1.0, "tau": 2.0, "charge": 0.3}
OTHER = {"temperature": 1.3, "mu": 0.4, "tau": 2.1, "charge": 0.8, "c": 1.7}


def field(speed, charge=0.3):
    """B of the chiral magnetic wave's speed at T = c = 1, mu = 0."""
    return speed * 2 * math.pi**2 / (3 * charge)


# --- waves -----------------------------------------------------------------------------------------------------------

HELD = {0.1: -0.0016551632766608 - 0.0025098971999812j, 0.5: -0.041986036592282 - 0.013806467529491j,
        1.0: -0.17595362502629 - 0.037483870774507j}  # fmt: skip
SLOW = {0.1: -0.005503207590984, 0.5: -0.04694107452418, 1.0: -0.1865595527516}
STRONG = {0.1: -0.1172404498018 - 0.2248389363516j, 0.5: -0.138577867116 - 0.2574595129404j,
          1.0: -0.2019418503679 - 0.3522031067217j}  # fmt: skip
PLASMA = {0.1: -0.25132453148181 - 0.25298882205651j, 0.5: -0.28208592624776 - 0.29295744672367j,
          1.0: -0.3666831327933 - 0.41780289876892j}  # fmt: skip


@pytest.mark.parametrize("x", [0.1, 0.5, 1.0])
def test_roots_have_the_published_values(x):
    k = x / 2
    diffusion = (x / math.tan(x) - 1) / 2
    assert dispersion_roots(k, field="held", **PLAIN) == pytest.approx([diffusion], rel=1e-12)
    pair = [HELD[x], HELD[x].conjugate()]
    assert dispersion_roots(k, field="held", magnetic_field=field(0.05), **PLAIN) == pytest.approx(pair, rel=1e-12)
    assert dispersion_roots(k, magnetic_field=field(0.05), **PLAIN)[0] == pytest.approx(SLOW[x], rel=1e-12)
    pair = [STRONG[x], STRONG[x].conjugate()]
    assert dispersion_roots(k, magnetic_field=field(0.3), **PLAIN)[:2] == pytest.approx(pair, rel=1e-11)
    assert dispersion_roots(k, **PLAIN) == pytest.approx([diffusion, PLASMA[x], PLASMA[x].conjugate()], rel=1e-12)


def test_eigenvalues_of_the_ordinates_agree_with_the_dispersion_function():
    """80 directions, no scalar function: the roots to 1e-11; fewer converge exponentially."""
    waves = Waves(Plasma(1.0, 0.0, 0.0, 2.0, 0.3), magnetic_field=field(0.05))
    errors = {n: abs(waves.eigenvalues(0.5, n)[0] / SLOW[1.0] - 1) for n in (4, 8, 12, 80)}
    assert errors[80] < 1e-11
    assert errors[12] < 1e-2 * errors[8] < 1e-4 * errors[4]


@pytest.mark.parametrize(
    "waves",
    [Waves(Plasma(1.3, 0.4, 0.0, 2.1, 0.8, 1.7), magnetic_field=2.0),
     Waves(Plasma(1.3, 0.4, 0.3, 2.1, 0.8, 1.7), "longitudinal", "held", 2.0),
     Waves(Plasma(1.0, 0.2, 0.9, 2.0, 1.0), "right_handed"), Waves(Plasma(1.0, 0.2, 0.9, 2.0, 1.0), "left_handed")],
)  # fmt: skip
@pytest.mark.parametrize("x", [0.3, 1.2, 3.0])
def test_contour_integral_counts_the_same_waves(waves, x):
    k = x / (waves.plasma.c * waves.plasma.tau)
    roots = waves.roots(k)
    assert len(roots) == waves.count(k)
    if x == 0.3:  # the matrix alone, c ≠ 1
        assert waves.eigenvalues(k, 48)[: len(roots)] == pytest.approx(roots, rel=1e-9)
    size = np.abs(waves.function(1j * np.abs(roots) + 1 / waves.plasma.tau, k))
    assert np.all(np.abs(waves.function(roots, k)) < 1e-12 * size)


@pytest.mark.parametrize("given", [{"magnetic_field": 0.8}, {"wave": "left_handed", "mu5": 0.6}])
def test_units_change_nothing(given):
    """Other units of time and length; with ħ = 1 and Maxwell's equations they are those of charge too, (energy length)^1/2."""
    time, length = 3.0, 0.7
    energy, unit = 1 / time, math.sqrt(length / time)
    b = energy / (length * unit)
    scales = {"temperature": energy, "mu": energy, "mu5": energy, "tau": time, "charge": unit, "c": length / time,
              "magnetic_field": b}  # fmt: skip
    other = {name: value * scales[name] if name in scales else value for name, value in (OTHER | given).items()}
    one, two = dispersion_roots(0.2, **OTHER, **given), dispersion_roots(0.2 / length, **other)
    assert two * time == pytest.approx(one, rel=1e-11)


def test_diffusion_ends_at_a_quarter_turn():
    """s τ = x cot x - 1 reaches the continuum at x = π/2; nothing is found beyond."""
    roots = dispersion_roots(np.array([0.75, 0.80]), field="held", **PLAIN)
    assert 2 * roots[0, 0].real == pytest.approx(1.5 / math.tan(1.5) - 1, rel=1e-11)
    assert np.isnan(roots[0, 1])


def test_long_waves_relax_both_currents():
    """k → 0 with B: s² + (s Γ + v² k_D²)/(1 + sτ) = 0, the Ohmic and the chiral magnetic current relaxing alike."""
    waves = Waves(Plasma(1.0, 0.0, 0.0, 2.0, 0.3), magnetic_field=field(0.2))
    v2k2 = 0.2**2 * 4 * math.pi * 0.3**2 / 3  # chi = T²/3
    cubic = np.roots([2.0, 1.0, waves.relaxation, v2k2])
    for root in waves.roots(1e-4):
        assert np.abs(cubic - root).min() < 1e-6 * abs(root)
    assert len(waves.roots(1e-4)) == 3


def test_closed_sets_have_the_published_roots():
    """5.1 and 5.2 of the reference values: first order with B = 1, and the growth of a helical field."""
    waves = Waves(Plasma(1.0, 0.0, 0.0, 2.0, 0.3), magnetic_field=1.0)
    for k, pair in ((0.05, (-0.004845852966, -0.249814892655)), (1.0, (-0.678625520898, -0.906035224723))):
        assert closed_roots(waves, k)["first_order"].real == pytest.approx(pair, rel=1e-10)
    helical = Waves(Plasma(1.0, 0.0, 0.3, 2.0, 0.3), "right_handed")
    growing, decaying = (2.85750036604, 2.85804272762, 2.85913074773), (-3.5807943050, -3.57481309328, -3.57822460801)
    for part, values in ((0.5, growing), (1.25, decaying)):
        closed = closed_roots(helical, part * helical.chiral_wave_number)
        found = [1e4 * closed[n][0].real for n in ("first_order", "second_order", "drude")]
        assert found == pytest.approx(values, rel=1e-9)


@pytest.mark.parametrize(("wave", "slow_order"), [("right_handed", 4), ("longitudinal", 2)])
def test_closed_sets_are_the_limit_of_small_k(wave, slow_order):
    """The second-order set is closer than the first in a helical field, and each error falls as its order says."""
    plasma = Plasma(1.0, 0.0, 0.9 if wave == "right_handed" else 0.0, 0.5, 0.3)
    waves, errors = Waves(plasma, wave), []
    for k in (0.02, 0.01):
        exact, closed = waves.roots(k)[0], closed_roots(waves, k)
        errors.append([abs(closed[n][0] - exact) for n in ("first_order", "second_order")])
    if wave == "right_handed":
        assert errors[1][1] < 0.1 * errors[1][0]
    assert errors[0][1] / errors[1][1] > 0.8 * 2**slow_order


# --- response --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ratio", [1e-9, 1e-3, 0.3, 0.9, 1.1, 3.0, 50.0])
def test_moments_match_quadrature(ratio):
    q, kappa = 0.7 - 0.4j, 0.8 * ratio
    found = moments(q, kappa)
    for n, value in enumerate(found):
        power, order = (n, 1) if n < 3 else (n - 3, 2)
        integrand = lambda xi, n=power, m=order: xi**n / (q + 1j * kappa * xi) ** m / 2  # noqa: E731
        expected = quad(integrand, -1, 1, epsabs=1e-13, limit=400, complex_func=True)[0]
        assert abs(complex(value) - expected) < 1e-12 * abs(q) ** -order


def test_response_has_the_closed_limits():
    sigma = equilibrium.conductivity(1.3, 0.4, 0.0, 2.1, 0.8, 1.7)
    chi = equilibrium.susceptibilities(1.3, 0.4, 0.0, 1.7).diagonal
    omega, k = np.array([0.0, 0.3, 5.0]), np.array([0.01, 0.4, 7.0])
    uniform = linear_response(0.0, omega, **OTHER)
    np.testing.assert_allclose(uniform.conductivity, sigma / (1 - 2.1j * omega), rtol=1e-13)
    np.testing.assert_allclose(uniform.transverse_conductivity, uniform.conductivity, rtol=1e-13)
    hall = 0.8**2 * 2.1**2 * 0.4 / (3 * math.pi**2)
    np.testing.assert_allclose(uniform.hall, hall / (1 - 2.1j * omega) ** 2, rtol=1e-13)
    chiral = OTHER | {"mu5": 0.2}
    static = linear_response(k, 0.0, **chiral)
    both = equilibrium.susceptibilities(1.3, 0.4, 0.2, 1.7)
    np.testing.assert_allclose(static.density, both.diagonal, rtol=1e-12)
    np.testing.assert_allclose(static.axial_density, both.cross, rtol=1e-12)
    np.testing.assert_allclose(static.chiral_magnetic, 0.8 * 0.2 / (2 * math.pi**2 * 1.7), rtol=1e-13)
    fast = linear_response(0.0, 1e6, **chiral).chiral_magnetic
    assert fast == pytest.approx(2 / 3 * static.chiral_magnetic[0], rel=1e-5)
    # static screening with B: no charge current, chiral separation with dmu = -eΦ along B
    still = linear_response(k, 0.0, magnetic_field=0.6, **OTHER)
    np.testing.assert_allclose(still.density, chi, rtol=1e-12)
    np.testing.assert_allclose(k * np.abs(still.conductivity), 0, atol=1e-14 * sigma)  # rounding over k
    separation = 0.8 * 0.6 / (2 * math.pi**2 * 1.7) / (1j * k)  # j5 for -eΦ = 1, that is eE = ik
    np.testing.assert_allclose(still.axial_conductivity / 0.8**2, separation, rtol=1e-12)


def test_response_to_second_order_is_that_of_the_closed_forms():
    """Magnetization and relaxation terms of (67) from the expansion in k and omega: differences fall as the next order."""
    p = {"temperature": 1.3, "mu": 0.4, "mu5": 0.2, "tau": 2.1, "charge": 0.8, "c": 1.7}
    sigma = equilibrium.conductivity(1.3, 0.4, 0.2, 2.1, 0.8, 1.7)
    static = 0.8 * 0.2 / (2 * math.pi**2 * 1.7)
    for omega in (1e-3, 1e-4):
        s = -1j * omega
        found = linear_response(omega, omega, **p)
        assert abs(found.transverse_conductivity / (sigma * (1 - s * 2.1)) - 1) < 20 * omega**2
        # anomalous part: curl(e tau mu5 E/6π²) and s B = -c curl E, so j/B = static (1 - s tau/3)
        assert abs(found.chiral_magnetic / (static * (1 - s * 2.1 / 3)) - 1) < 20 * omega**2


@pytest.mark.parametrize("mu5", [0.0, 0.3])
def test_response_conserves_charge_and_makes_axial_charge_by_the_anomaly(mu5):
    k, omega, b = 0.4, 0.3 + 0.05j, 0.6
    found = linear_response(k, omega, magnetic_field=b, mu5=mu5, **OTHER)
    s, e, c = -1j * omega, 0.8, 1.7
    density, axial = (e * 1j / k * n for n in (found.density, found.axial_density))  # dn for E = 1: -Φ = E/(ik)... e Φ
    flow, axial_flow = found.conductivity / e, found.axial_conductivity / e
    made = 2 * drag.anomaly((0, 0, 1.0), (0, 0, b), e, c) / 2
    scale = abs(s * axial)
    assert abs(-s * density + 1j * k * flow) < 1e-12 * scale
    assert abs(-s * axial + 1j * k * axial_flow - made) < 1e-12 * scale


def test_uniform_response_is_that_of_the_phase_space_solver():
    """A field that grows at a rate s, weak: the current after many τ is conductivity(s) E, from f(p) itself."""
    s, p = 0.7, {"temperature": 1.3, "mu": 0.4, "tau": 2.1, "charge": 0.8, "c": 1.7}
    end = 12.0
    history = evolve(**p, electric_field=lambda t: (0, 0, 1e-5 * math.exp(s * (t - end))), t_end=end, steps=24,
                     resolution=Resolution(8, 6, 1, first_element=0.5))  # fmt: skip
    expected = linear_response(0.0, 1j * s, **p).conductivity.real / 0.8 * 1e-5
    assert history.electric[2, -1] == pytest.approx(expected, rel=2e-5)


def test_response_is_traced_and_differentiated():
    """jit and grad agree with numpy and finite differences."""

    def real(k, omega):
        return linear_response(k, omega, magnetic_field=0.6, **OTHER).conductivity.real

    value, slope = jax.jit(jax.value_and_grad(real))(0.5, 0.3)
    assert value == pytest.approx(real(0.5, 0.3), rel=1e-12)
    assert slope == pytest.approx((real(0.5 + 1e-5, 0.3) - real(0.5 - 1e-5, 0.3)) / 2e-5, rel=1e-7)


# --- errors and the calculation --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "message"),
    [({"k": 0.0}, "k: 0"), ({"tau": 0.0}, "tau"), ({"wave": "sideways"}, "wave"), ({"field": "free"}, "field"),
     ({"mu5": 0.1, "magnetic_field": 1.0}, "mu5"), ({"wave": "right_handed", "magnetic_field": 1.0}, "wave"),
     ({"ordinates": 2}, "ordinates")],
)  # fmt: skip
def test_refused(given, message):
    with pytest.raises(ConfigError, match=message):
        dispersion_roots(**({"k": 0.3} | PLAIN | given))


def test_response_refuses_frequencies_in_the_continuum():
    with pytest.raises(ConfigError, match="omega"):
        linear_response(0.3, -1.0j, **PLAIN)


def test_calculation(tmp_path):
    given = {"magnetic_field": field(0.05), "points": 4, "k_from": 0.1, "k_to": 1.0}
    data = calculate("kinetic-dispersion", given, tmp_path / "one").data
    assert float(data.rate_exact[0, -1]) == pytest.approx(2 * SLOW[1.0], rel=1e-12)
    assert np.all(np.isfinite(data.rate_exact).sum("root_exact") == data.waves)
    first = closed_roots(load_calculation("kinetic-dispersion", given).waves(), 0.05)["first_order"][0]
    assert float(data.error_first_order[0]) == pytest.approx(abs(first / SLOW[0.1] - 1), rel=1e-6)
    (drawing,) = load_calculation("kinetic-dispersion", given).figures(data)
    check_drawing(drawing)
    with pytest.raises(ConfigError, match="k_to"):
        load_calculation("kinetic-dispersion", {"k_from": 3.0})


def test_slow_wave_of_held_field_by_bisection():
    """x cot x - 1 by an independent root search on arctan(x/(1 + sτ)) = x, the printed dispersion relation."""
    root = brentq(lambda s: math.atan(0.8 / (1 + 2 * s)) - 0.8, -0.49, -1e-3, xtol=1e-15)
    assert dispersion_roots(0.4, field="held", **PLAIN)[0].real == pytest.approx(root, rel=1e-12)
