"""The homogeneous phase-space solver against exact solutions of the kinetic equation, conservation and its own convergence.

Reference numbers were computed apart from this code; the correction to the chiral magnetic current by integrating along the
characteristics of F and of its adjoint (adaptive in p, angle and time).
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad, simpson
from scipy.special import expit

from figure_checks import check_drawing
from kiral.calc import calculate, load_calculation
from kiral.errors import ConfigError
from kiral.kinetic import currents, exact
from kiral.kinetic.homogeneous import Resolution, evolve, steady_state
from kiral.kinetic.phase_space import angles, radius, real_harmonics

UNIT = {"temperature": 1.0, "mu": 0.5, "tau": 1.0, "charge": 1.0}
OTHER = {"temperature": 1.3, "mu": 0.4, "mu5": 0.15, "tau": 2.1, "charge": 0.8, "c": 1.7}
X, Y, Z = np.eye(3)
COARSE = Resolution(8, 6, 3)


# --- exact results ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "value"),
    [(1, 5.094019224929e-02), (0.3, 1.750839368378e-02), (0.1, 5.959040705616e-03), (0.03, 1.792783862583e-03),
     (0.01, 5.977526098990e-04)],
)  # fmt: skip
def test_exact_ohm_current(field, value):
    assert exact.ohm_current(electric_field=field, mu_l=0.5) == pytest.approx(value, rel=5e-13)
    assert exact.ohm_current(electric_field=-field, mu_l=-0.5) == pytest.approx(-value, rel=5e-13)


def test_exact_ohm_current_has_both_limits():
    """(X/18π²) e E τ for weak fields; for strong ones all move at c, the number of particles and antiparticles times c."""
    weak = (3 * 0.25 + np.pi**2) / (18 * np.pi**2)
    assert exact.ohm_current(electric_field=1e-6, mu_l=0.5) == pytest.approx(weak * 1e-6, rel=1e-10)
    both = quad(lambda p: p**2 * (expit(0.5 - p) + expit(-0.5 - p)), 0, 60)[0] / (2 * np.pi**2)
    assert exact.ohm_current(electric_field=1e6, mu_l=0.5) == pytest.approx(both, rel=1e-5)


@pytest.mark.parametrize(
    ("field", "along", "across"),
    [(0.3, 5.8549315552e-02, -2.4612266470e-03), (0.1, 5.9620273246e-02, -8.4119951057e-04),
     (0.03, 5.9762405007e-02, -2.5321273826e-04)],
)  # fmt: skip
def test_exact_hall_current(field, along, across):
    j = exact.hall_current(electric_field=X, magnetic_field=field * Z, mu_l=0.5)
    assert j[:2] == pytest.approx([along, across], rel=5e-11)
    assert j[2] == 0.0


@pytest.mark.parametrize(
    ("mu", "field", "value"),
    [(0.5, 0.1, 0.953189316740), (0.5, 0.01, 0.995300118442), (0, 0.1, 0.950245198500), (0, 0.01, 0.995000249950),
     (2, 0.1, 0.978925304396)],
)  # fmt: skip
def test_exact_anomaly_factor(mu, field, value):
    assert exact.anomaly_factor(electric_field=field, mu_l=mu) == pytest.approx(value, abs=6e-13)


def test_exact_anomaly_factor_in_extreme_fields():
    """1 for E → 0; for c e E τ ≫ mu, T, ∫ (f + f̄) over momentum divided by c e E τ."""
    assert exact.anomaly_factor(electric_field=0.0, mu_l=30.0) == pytest.approx(1.0, abs=1e-14)
    strong = quad(lambda x: np.exp(-x / 1e4) * (expit(3 - x) + expit(-3 - x)), 0, 60)[0] / 1e4
    assert exact.anomaly_factor(electric_field=1e4, mu_l=3.0) == pytest.approx(strong, rel=1e-9)


# --- the grid --------------------------------------------------------------------------------------------------------


def test_angular_matrices_are_those_of_the_operators():
    """Against finite differences of the harmonics; rotations close exactly, also at the highest degree."""
    lm, p, step = angles(5), np.array([0.3, -0.7, 0.4]), 1e-5
    size = np.linalg.norm(p)

    def value(q):
        return real_harmonics(lm.degree, lm.order, q / np.linalg.norm(q))

    gradient = np.array([(value(p + step * e) - value(p - step * e)) / (2 * step) * size for e in np.eye(3)])
    inner = lm.degree < 5
    assert np.einsum("iab,a->ib", lm.gradient, value(p))[:, inner] == pytest.approx(gradient[:, inner], abs=1e-8)
    around = np.cross(p / size, gradient, axisb=0).T
    assert np.einsum("iab,a->ib", lm.rotation, value(p)) == pytest.approx(around, abs=1e-8)
    assert lm.rotation[0] @ lm.rotation[1] - lm.rotation[1] @ lm.rotation[0] == pytest.approx(-lm.rotation[2], abs=1e-12)


@pytest.mark.parametrize("nodes", [2, 3, 4])
def test_elements_converge_at_their_order(nodes):
    """h + dh/dp = rhs with an exact solution: order = nodes, but for the last element, whose end is closed."""

    def error(elements):
        grid = radius(np.linspace(0, np.pi, elements + 1), nodes)
        h = np.sin(grid.p) ** 2
        made = np.linalg.solve(np.eye(grid.p.size) + grid.mean_flux + grid.upwind, h + np.sin(2 * grid.p))
        return np.sqrt((grid.weights * (made - h) ** 2)[:-nodes].sum())

    assert np.log2(error(20) / error(40)) == pytest.approx(nodes, abs=0.1)


# --- steady states ---------------------------------------------------------------------------------------------------


def ohm_error(field, resolution):
    j = steady_state(**UNIT, electric_field=field * Y, resolution=resolution).electric
    return abs(j[1] / (2 * exact.ohm_current(electric_field=field, mu_l=0.5)) - 1)


@pytest.mark.parametrize(
    ("size", "bound"), [((6, 4, 1), 1.1e-2), ((8, 6, 3), 6e-5), ((8, 8, 5), 4e-6), ((12, 8, 7), 6e-7), ((12, 8, 11), 5e-8)]
)
def test_ohm_current_to_every_order_in_the_field(size, bound):
    assert ohm_error(0.3, Resolution(*size)) < bound


def test_ohm_current_in_weaker_and_stronger_fields():
    assert ohm_error(0.1, Resolution()) < 2e-9
    assert ohm_error(3.0, Resolution(16, 8, 21)) < 5e-6
    assert ohm_error(10.0, Resolution(24, 8, 21)) < 2e-4


@pytest.mark.parametrize("mu", [5.0, 20.0, 100.0])
def test_degenerate_plasma_is_resolved(mu):
    """Density and Ohm current at mu ≫ T: the elements follow the Fermi surface."""
    made = steady_state(**(UNIT | {"mu": mu}), electric_field=0.1 * Y)
    assert made.density == pytest.approx(mu * (mu**2 + np.pi**2) / (6 * np.pi**2), rel=2e-9)
    assert made.vlasov[1, 0] == pytest.approx(exact.ohm_current(electric_field=0.1, mu_l=mu), rel=1e-8)


def test_converges_in_nodes_and_harmonics():
    nodes = [ohm_error(0.3, Resolution(12, n, 15)) for n in (2, 3, 4, 5)]
    assert all(finer < coarser / 10 for coarser, finer in pairwise(nodes))
    # f_eq has a cusp at p = 0, which the force smooths: algebraic, sixth order in l_max + 1
    harmonics = [ohm_error(1.0, Resolution(16, 8, l_max)) for l_max in (5, 11, 23)]
    orders = np.log2(np.array(harmonics[:-1]) / harmonics[1:])
    assert orders == pytest.approx(6, abs=0.3)


@pytest.mark.parametrize("field", [0.3, 0.1, 0.03, 3.0])
def test_hall_current_to_every_order_in_the_magnetic_field(field):
    weak = 1e-5 * (X + 0.5 * Z)
    made = steady_state(
        **UNIT, electric_field=weak, magnetic_field=field * Z, resolution=Resolution(12, 10, 2, min(0.2 * field, 0.2))
    )
    expected = exact.hall_current(electric_field=weak, magnetic_field=field * Z, mu_l=0.5)
    assert made.vlasov[:, 0] == pytest.approx(expected, rel=1e-8)


def test_distribution_follows_the_characteristics():
    """F(p) pointwise against ∫ e^{-u} f_eq(|p - e E τ u|) du, both species, in several directions.

    Slowest along E at small p, where F keeps the cusp of f_eq: second order in l_max.
    """
    field = 0.3
    made = steady_state(**UNIT, electric_field=field * Z, resolution=Resolution(12, 8, 23)).distribution
    for cosine in (1.0, 0.3, -0.6):
        f = made.occupation(np.array([[np.sqrt(1 - cosine**2)], [0.0], [cosine]]))[:, 0, :, 0]
        for s, sign in enumerate((1, -1)):
            for i, bound in ((40, 5e-4), (55, 6e-5), (70, 3e-6)):
                p = made.momentum[i]

                def integrand(u, p=p, sign=sign, cosine=cosine):
                    back = np.hypot(p * np.sqrt(1 - cosine**2), p * cosine - sign * field * u)
                    return np.exp(-u) * expit(sign * 0.5 - back)

                turn = max(sign * p * cosine / field, 0.01)
                expected = quad(integrand, 0, 45, points=[turn], limit=200, epsabs=1e-13)[0]
                assert f[s, i] == pytest.approx(expected, rel=bound)


# --- Berry curvature -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("field", "mu", "bound"), [(0.1, 0.5, 3e-4), (0.1, 2.0, 3e-4), (0.01, 0.5, 4e-5), (1e-3, 0.5, 1e-5)])
def test_anomaly_of_the_driven_state(field, mu, bound):
    made = steady_state(
        temperature=1.0, mu=mu, tau=1.0, charge=1.0, electric_field=field * X, magnetic_field=1e-3 * X,
        resolution=Resolution(14, 8, 11),
    )  # fmt: skip
    collisionless = field * 1e-3 / (4 * np.pi**2)
    factor = exact.anomaly_factor(electric_field=field, mu_l=mu)
    assert made.production == pytest.approx([factor * collisionless, -factor * collisionless], rel=bound)
    equilibrium = mu * (mu**2 + np.pi**2) / (6 * np.pi**2)
    assert made.density - equilibrium == pytest.approx(made.production, rel=1e-6, abs=1e-9)  # τ = 1: the bath takes it up


def test_chiral_magnetic_current_of_the_driven_state():
    """(1 - 1.27915398e-4) e mu B/4π²c at c e E τ = T/10, mu = T/2, E ∥ B."""
    made = steady_state(**UNIT, electric_field=0.1 * Z, magnetic_field=1e-3 * Z, resolution=Resolution(14, 8, 15))
    j = made.berry + made.chiral_magnetic + made.anomalous_hall
    assert j[2, 0] / (0.5e-3 / (4 * np.pi**2)) - 1 == pytest.approx(-1.27915398e-4, rel=1e-5)
    assert j[2, 1] == pytest.approx(-j[2, 0], rel=1e-12)


def test_weak_fields_give_the_closed_forms():
    """All terms of second order, both currents, oblique fields, c and e not 1; the difference is of third order."""

    def difference(size):
        fields = {"electric_field": size * np.array([0.3, -0.2, 0.5]), "magnetic_field": size * np.array([0.1, 0.6, -0.4])}
        made = steady_state(**OTHER, **fields, resolution=Resolution(12, 8, 3))
        closed = currents(**OTHER, **fields)
        scale = np.linalg.norm(closed.electric)
        return np.linalg.norm(made.electric - closed.electric) / scale, np.linalg.norm(made.axial - closed.axial) / scale

    coarse, fine = difference(3e-2), difference(3e-3)
    assert max(fine) < 2e-5
    assert fine[0] < coarse[0] / 80 and fine[1] < coarse[1] / 80


def test_units_do_not_matter():
    """Energies × 2.3, lengths × 0.6, charges × 1.9 with ħ = 1: times × 1/2.3, c × 0.6·2.3, fields × energy/(length charge)."""
    energy, length, unit = 2.3, 0.6, 1.9
    fields = {"electric_field": np.array([0.03, -0.02, 0.05]), "magnetic_field": np.array([0.01, 0.06, -0.04])}
    here = steady_state(**OTHER, **fields, resolution=COARSE)
    scales = {"temperature": energy, "mu": energy, "mu5": energy, "tau": 1 / energy, "charge": unit, "c": length * energy}
    there = steady_state(
        **{name: value * scales[name] for name, value in OTHER.items()},
        **{name: value * energy / (length * unit) for name, value in fields.items()},
        resolution=COARSE,
    )
    for name in ("vlasov", "berry", "chiral_magnetic", "anomalous_hall"):
        expected = getattr(here, name) * energy / length**2
        assert getattr(there, name) == pytest.approx(expected, rel=1e-9, abs=1e-13 * np.abs(expected).max())
    assert there.density == pytest.approx(here.density / length**3, rel=1e-12)
    assert there.production == pytest.approx(here.production * energy / length**3, rel=1e-9)


def test_directions_do_not_matter():
    """Fields turned in space turn the currents; also where antiparticles need a factorisation of their own."""
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0]
    turn = turn * np.linalg.det(turn)
    electric, magnetic = np.array([0.1, 0.05, -0.03]), np.array([-0.2, 0.1, 0.3])
    here = steady_state(**UNIT, mu5=0.2, electric_field=electric, magnetic_field=magnetic, resolution=COARSE)
    there = steady_state(**UNIT, mu5=0.2, electric_field=turn @ electric, magnetic_field=turn @ magnetic, resolution=COARSE)
    assert there.current == pytest.approx(np.einsum("ij,jx->ix", turn, here.current), abs=1e-12)
    # the same constant fields, and at t = 0 one out of their plane: the frame of the evolution is not planar
    spans = np.array([0.0, 0.0, 1.0])

    def first_out_of_plane(t):
        return electric if t > 0 else electric + 0.02 * spans

    made = evolve(
        **UNIT, electric_field=first_out_of_plane, magnetic_field=np.array([-0.2, 0.1, 0.06]), t_end=0.5, steps=2,
        resolution=Resolution(5, 5, 2, 0.1),
    )  # fmt: skip
    plain = evolve(
        **UNIT, electric_field=electric, magnetic_field=np.array([-0.2, 0.1, 0.06]), t_end=0.5, steps=2,
        resolution=Resolution(5, 5, 2, 0.1),
    )  # fmt: skip
    assert made.electric[:, -1] == pytest.approx(plain.electric[:, -1], abs=1e-12)


# --- time ------------------------------------------------------------------------------------------------------------


def test_transient_converges_at_fourth_order_to_the_exact_one():
    expected = 2 * exact.ohm_transient(time=1.0, electric_field=0.5, mu_l=0.5)

    def error(steps):
        made = evolve(**UNIT, electric_field=0.5 * Y, t_end=1.0, steps=steps, resolution=Resolution(12, 8, 9))
        return abs(made.electric[1, -1] / expected - 1)

    errors = [error(steps) for steps in (1, 2, 4)]
    assert np.log2(errors[0] / errors[1]) == pytest.approx(4, abs=0.3)
    assert np.log2(errors[1] / errors[2]) == pytest.approx(4, abs=0.3)


def test_oscillating_field_drives_the_drude_current():
    """Linear response of a homogeneous plasma in relaxation-time approximation: τ dj/dt + j = σ E(t)/e exactly."""
    size, omega = 1e-6, 1.3
    made = evolve(
        **UNIT, electric_field=lambda t: size * np.cos(omega * t) * Y, t_end=3.0, steps=12, resolution=Resolution(10, 6, 1, 0.2)
    )
    t, sigma = made.time, 2 * (0.75 + np.pi**2) / (18 * np.pi**2)
    drude = (np.cos(omega * t) + omega * np.sin(omega * t) - np.exp(-t)) / (1 + omega**2)
    assert made.electric[1] == pytest.approx(sigma * size * drude, abs=2e-5 * sigma * size)


def test_relaxes_to_the_steady_state_and_keeps_its_charge():
    """E ⊥ B, oblique to the axes: no anomaly. Collisions conserve the number of each chirality to round-off."""
    fields = {"electric_field": 0.5 * np.array([0.6, 0.8, 0.0]), "magnetic_field": 0.1 * np.array([-0.8, 0.6, 1.0])}
    made = evolve(**UNIT, mu5=0.2, **fields, t_end=36.0, steps=24, resolution=Resolution(6, 6, 2))
    steady = steady_state(**UNIT, mu5=0.2, **fields, resolution=Resolution(6, 6, 2))
    assert np.abs(made.density / made.density[:, :1] - 1).max() < 1e-12
    assert made.current[..., -1] == pytest.approx(steady.current, abs=1e-14)
    assert steady.production == pytest.approx([0, 0], abs=1e-15)


def occupied_at_zero(t):
    """F + F̄ at p = 0 a time t after c e E τ = T/10 was switched on, mu_λ = T/5: along the characteristics."""

    def both(u):
        return expit(0.2 - 0.1 * u) + expit(-0.2 - 0.1 * u)

    return quad(lambda u: np.exp(-u) * both(u), 0, t)[0] + np.exp(-t) * both(t)


def test_density_follows_the_anomaly():
    """E ∥ B: axial charge is made at the rate `production`; mu_λ follows it, total charge is kept where mu = 0."""
    made = evolve(
        temperature=1.0, mu=0.0, mu5=0.2, tau=1.0, charge=1.0, electric_field=0.1 * Y, magnetic_field=0.1 * Y, t_end=8.0,
        steps=32, resolution=Resolution(12, 8, 9),
    )  # fmt: skip
    gained = made.density[:, -1] - made.density[:, 0]
    # the sampled rate is rough by 1e-4 early on, while the cusp of f_eq runs through the elements
    assert gained == pytest.approx(simpson(made.production, x=made.time), rel=5e-5)
    assert gained[0] == pytest.approx(0.01 / (4 * np.pi**2) * quad(occupied_at_zero, 0, 8)[0], rel=5e-4)
    assert np.abs(made.density.sum(axis=0)).max() < 1e-15
    factor = exact.anomaly_factor(electric_field=0.1, mu_l=made.mu[0, -1])
    assert made.production[0, -1] == pytest.approx(factor * 0.01 / (4 * np.pi**2), rel=1e-3)
    # the chemical potential is that of the density; the closed cubic agrees as well as the grid integrates
    mu = made.mu[:, -1]
    assert mu * (mu**2 + np.pi**2) / (6 * np.pi**2) == pytest.approx(made.density[:, -1], rel=1e-8)


@pytest.mark.parametrize(
    ("call", "change", "message"),
    [
        (steady_state, {"tau": 0.0}, "tau"),
        (steady_state, {"electric_field": [1.0, 2.0]}, "electric_field"),
        (steady_state, {"electric_field": lambda t: X}, "electric_field"),
        (steady_state, {"resolution": Resolution(nodes=0)}, "resolution.nodes"),
        (evolve, {"t_end": 1.0, "steps": 0}, "steps"),
    ],
)
def test_says_what_is_wrong(call, change, message):
    with pytest.raises(ConfigError, match=message):
        call(**(UNIT | change))


# --- kiral calc ------------------------------------------------------------------------------------------------------

SMALL = {"points": 4, "steps": 8, "elements": 12, "l_max": 11, "field_to": 1.0}


def test_calculation_of_the_ohmic_current(tmp_path):
    """The stored result agrees with the exact one, in another system of units; f_0 and f_1 give density and current."""
    given = SMALL | {"temperature": 1.3, "c": 1.7, "tau": 0.8, "mu5": 0.3, "time_end": 2.0}
    data = calculate("kinetic-ohm", given, tmp_path / "ohm").data
    np.testing.assert_allclose(data["current"], data["exact_current"], rtol=5e-6)
    np.testing.assert_allclose(data["history"], data["exact_history"], rtol=1e-4, atol=1e-12)
    assert float(data["current"][0] / data["ohm_current"][0]) == pytest.approx(1, abs=1e-4)
    assert float(data["current"][-1] / data["ohm_current"][-1]) < 0.9
    for drawing in load_calculation("kinetic-ohm", given).figures(data):
        check_drawing(drawing)


def test_calculation_of_the_anomaly(tmp_path):
    given = SMALL | {"temperature": 1.3, "c": 1.7, "tau": 0.8, "mu5": 0.3, "time_end": 2.0}
    data = calculate("kinetic-anomaly", given, tmp_path / "anomaly").data
    np.testing.assert_allclose(data["factor"], data["exact_factor"], rtol=5e-3)
    assert float(data["error"][0]) < 5e-5
    gained = data["axial_gain"] / data["collisionless_gain"]
    assert 0.5 < float(gained[-1]) < float(gained[1]) < 1
    for drawing in load_calculation("kinetic-anomaly", given).figures(data):
        check_drawing(drawing)


def test_calculation_refuses_an_empty_range():
    with pytest.raises(ConfigError, match="field_to"):
        load_calculation("kinetic-ohm", {"field_from": 1.0, "field_to": 0.5})
