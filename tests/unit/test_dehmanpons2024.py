"""The folder of Dehman & Pons (2024): its own integrals, evolution and energies against independent ones."""

import math

import numpy as np
import pytest
from scipy import linalg
from scipy.integrate import quad, solve_ivp
from scipy.interpolate import CubicSpline

from kiral.papers.claims import load_claims
from kiral.papers.context import Context
from kiral.papers.dehmanpons2024 import common, values_energy, values_linear
from kiral.papers.dehmanpons2024.figures import FIGURES
from kiral.papers.dehmanpons2024.values import VALUES
from kiral.papers.reproduce import load_paper
from kiral.papers.runs import load_runs, paper_sizes

CLAIMS = load_claims(common.KEY)


def test_every_value_and_figure_has_a_claim_and_the_other_way_round():
    assert {claim.value for claim in CLAIMS} == set(VALUES)
    assert {claim.figure for claim in CLAIMS} - {None} == set(FIGURES)
    assert next(iter(FIGURES)) == "fig1"
    load_paper(common.KEY, "ci")


def test_every_numbered_equation_is_there():
    text = " ".join(claim.where for claim in CLAIMS)
    assert [n for n in range(1, 13) if f"({n})" not in text] == []


def test_simulations_come_with_the_second_half():
    assert paper_sizes(common.KEY) == ["ci"] and load_runs(common.KEY, "ci").runs == {}


@pytest.mark.parametrize("xi", [0.0, 1.0])
def test_captures_at_the_threshold_of_equilibrium(xi):
    """∫ E² (E - w)² f dE by quadrature, w = mu_e - ξ kT, over that with w = m_n - m_p."""
    mu, kt = 40.0, common.KT_MEV

    def integral(w):
        return quad(lambda e: e**2 * (e - w) ** 2 / (1 + math.exp((e - mu) / kt)), w, mu + 45 * kt, points=[mu], limit=200)[0]

    expected = integral(mu - xi * kt) / integral(1.29333251)
    assert common.blocked(xi)(np.array([mu]))[0] == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("xi", [0.01, 1.0, 4.0])
def test_decays_over_captures(xi):
    """Both rates by quadrature over the energy of the neutrino that leaves, in units of kT, mu_e far above."""

    def rate(shift):
        return quad(lambda x: x**2 / (1 + math.exp(x - shift)), 0, 60)[0]

    assert common.decay_over_capture(xi) == pytest.approx(rate(-xi) / rate(xi), rel=1e-9)


def test_pade_step_is_of_third_order():
    rng = np.random.default_rng(3)
    z, y = rng.normal(size=(6, 6)), rng.normal(size=6)
    errors = [np.abs(common._pade(h * z)(y) - linalg.expm(h * z) @ y).max() for h in (0.02, 0.01)]
    assert math.log2(errors[0] / errors[1]) == pytest.approx(4, abs=0.15)  # of one step
    stiff = common._pade(np.diag([-1e9, -2.0]))(np.ones(2))
    assert abs(stiff[0]) < 1e-8 and stiff[1] == pytest.approx((1 - 2 / 3) / (1 + 4 / 3 + 4 / 6), rel=1e-12)


def test_evolution_is_that_of_the_eigenmodes(monkeypatch):
    """The field at the end against the sum of all eigenmodes; the time against steps three times longer."""
    run, operator = common.evolution(1.0), common.induction(1.0)
    keep = np.flatnonzero(np.concatenate(operator.masks()))
    rates, vectors = linalg.eig(common._matrix(operator, keep))
    seed = np.concatenate(common.seed_field(operator), axis=-1)[0][keep]
    field = (vectors @ (np.exp(rates * run.t[-1]) * linalg.solve(vectors, seed.astype(complex)))).real
    assert common._row(operator, keep, run.t[-1], field)[1] == pytest.approx(run.b_mean[-1], rel=1e-5)
    monkeypatch.setattr(common, "E_FOLDINGS", 0.5)
    assert common.evolution.__wrapped__(1.0).time == pytest.approx(run.time, rel=1e-3)


def test_cooling_with_no_exponent_is_isothermal(monkeypatch):
    monkeypatch.setattr(common, "COOLING", (10.0, 0.0))
    warm = common.evolution(1.0)
    assert common.evolution.__wrapped__(1.0, cooling=True).time == pytest.approx(warm.time, rel=2e-3)


def test_energies_of_the_star():
    """Binding against (0.60 ± 0.05) β/(1 - β/2) of Lattimer & Prakash, inertia against slow rotation (Hartle 1967)."""
    star = common.star()
    beta = 1.476625 * star.mass / star.radius_km
    rest = star.mass * 1.98841e33 * 2.99792458e10**2
    assert values_energy.binding_energy() == pytest.approx(0.6 * beta / (1 - 0.5 * beta) * rest, rel=0.05 / 0.6)
    assert values_energy.rotational_energy(1.0) == pytest.approx(2 * math.pi**2 * inertia(star), rel=0.05)
    assert values_energy.contraction_energy(2.0) == pytest.approx(2 * beta * rest / (1e3 * star.radius_km), rel=1e-4)


def inertia(star):
    """J/Ω [g cm²] from (r⁴ j ω')' + 4 r³ j' ω = 0, ω the rotation relative to dragged frames, j = e^-(ν + λ)."""
    profile = star.profile.isel(r=slice(1, None))
    r = profile["r"].values
    j = CubicSpline(r, 1 / (profile["lapse"] * profile["stretch"]).values)

    def slope(x, y):
        return [y[1] / (x**4 * j(x)), -4 * x**3 * j(x, 1) * y[0]]

    omega, moved = solve_ivp(slope, (r[0], r[-1]), [1.0, 0.0], rtol=1e-8, atol=1e-12, first_step=1e-4).y[:, -1]
    angular = moved / 6  # G J/c³ [km²], as j = 1 outside
    km3 = angular / (omega + 2 * angular / r[-1] ** 3)
    return km3 * 1e15 * 2.99792458e10**2 / 6.6743e-8


def test_magnetic_energy_of_the_crust():
    """B²/8π times the volume of a shell of the mean stretch."""
    star = common.star()
    shell = 4 * math.pi / 3 * (star.outer_radius_km**3 - star.core_radius_km**3) * 1e15 * float(star.crust["stretch"].mean())
    assert values_energy.magnetic_energy(1e15) == pytest.approx(1e30 / (8 * math.pi) * shell, rel=1e-3)


def test_statements_notice_what_they_are_about(monkeypatch, tmp_path):
    """More cells, a weaker field to reach, less energy to transfer: the words change."""
    context = Context(load_runs(common.KEY, "ci"), tmp_path, False)
    monkeypatch.setattr(values_linear, "CELLS", 320)
    assert values_linear.resolved(context).value == "printed"
    monkeypatch.setattr(values_linear, "STRONG", 1e10)
    assert values_linear.surface(context).value == "printed"
    monkeypatch.setattr(values_energy, "TRANSFERRED", 1e48)
    assert values_energy.one_metre(context).value == "printed"
    assert values_energy.transferred(context).value is False
