"""The folder of Dehman & Pons (2024): its own integrals, evolution and energies against independent ones."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
import xarray
from scipy import linalg
from scipy.integrate import quad, solve_ivp
from scipy.interpolate import CubicSpline

from kiral.papers.claims import load_claims
from kiral.papers.context import Context
from kiral.papers.dehmanpons2024 import common, values_energy, values_linear, values_nonlinear
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


def test_runs_of_every_size_are_valid_and_axisymmetric_but_for_one():
    for size in paper_sizes(common.KEY):
        runs = load_runs(common.KEY, size).runs
        assert {name for name, run in runs.items() if run.case.config.geometry.m_max} == ({"round"} if size != "ci" else set())
        assert {"crust", "flat"} <= set(runs)


class Logistic(Context):
    """A context whose run has an energy that grows as e' = γ e (1 - e/E), with B² = e, from e_0 = E/1000."""

    gamma, top = 0.3, 1e30

    def __init__(self):
        pass

    def run(self, name):
        t = np.linspace(0, 60, 241)
        energy = self.top / (1 + 999 * np.exp(-self.gamma * t))
        rate = self.gamma * (1 - energy / self.top)
        parts = {"b_mean": np.sqrt(energy), "growth_rate": rate, "energy_toroidal": 0.75 * energy}
        series = xarray.Dataset({key: ("t", value) for key, value in parts.items()}, {"t": t})
        l = np.arange(5)
        found = np.where(l > 0, energy[:, None] * 2.0**-l, 0.0)
        return SimpleNamespace(series=series, spectra=xarray.Dataset({"energy_l": (("t", "l"), found)}, {"t": t, "l": l}))


def test_measures_of_a_run_on_logistic_growth():
    context = Logistic()
    half = math.log(999 / (1 / 0.5005 - 1)) / 0.3  # growth is half of the first rate, 0.999 γ, where e/E = 1 - 0.4995
    when, field, rate = values_nonlinear.halved(context, "crust")
    assert (when, field, rate) == pytest.approx((half, math.sqrt(0.5005e30), 0.2997), rel=2e-3)
    assert values_nonlinear.reached(context, "crust", 1e14) == pytest.approx(math.log(999 / 99) / 0.3, rel=1e-4)
    assert math.isnan(values_nonlinear.reached(context, "crust", 2e15))
    assert values_nonlinear.at(context, "crust", "energy_toroidal", half) == pytest.approx(0.75 * 0.5005e30, rel=2e-3)
    assert math.isnan(values_nonlinear.at(context, "crust", "b_mean", 61.0))
    assert values_nonlinear.share(context, "crust", 10.0) == pytest.approx(8 / 15)
    assert values_nonlinear.even_share(context, "crust", 10.0) == pytest.approx(5 / 15)


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
    """The field at the end against the sum of all eigenmodes; the time against steps two and a half times longer."""
    run, operator = common.evolution(1.0), common.induction(1.0)
    keep = np.flatnonzero(np.concatenate(operator.masks()))
    rates, vectors = linalg.eig(common._matrix(operator))
    seed = np.concatenate(common.seed_field(delta_mu=1.0), axis=-1)[0][keep]
    field = (vectors @ (np.exp(rates * run.t[-1]) * linalg.solve(vectors, seed.astype(complex)))).real
    assert common._rows(operator, keep, [run.t[-1]], [field])[1, 0] == pytest.approx(run.b_mean[-1], rel=1e-5)
    monkeypatch.setattr(common, "E_FOLDINGS", 0.5)
    monkeypatch.setattr(common, "_exponential", common._exponential.__wrapped__)
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
