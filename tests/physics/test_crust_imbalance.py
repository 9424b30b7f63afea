"""The imbalance of a crust: its equation, what drives it, its energies, and what is left of the instability."""

import math
from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import cumulative_trapezoid, quad, solve_ivp

import kiral
from kiral.config.load import load_case
from kiral.config.table import TableConfig
from kiral.constants import SPEED_OF_LIGHT_CM_S, YEAR_S
from kiral.crust import imbalance as im
from kiral.crust.coefficients import of_matter
from kiral.crust.imbalance_calculations import CrustImbalance
from kiral.crust.imbalance_config import Compression, SpinDown
from kiral.crust.induction import Induction
from kiral.crust.linear_build import cached_star
from kiral.crust.rates import capture_rate
from kiral.errors import ConfigError

CRAB = SpinDown(period=0.0334, period_derivative=4.2e-13, braking_index=2.5)
MAGNETAR = SpinDown(period=2e-3, dipole=1e15)


@pytest.fixture(scope="module")
def star():
    return cached_star(1.4, "BSk24", 1e10)


@pytest.fixture(scope="module")
def matter(star):
    return im.imbalance_matter(star)


def stepped(x, source, rate, times):
    """x at the end, with s and k functions of time."""
    for a, b in pairwise(times):
        driven = quad(source, a, b)[0]
        x = im.advanced(np.array(x), driven, (source(a), source(b)), (rate(a), rate(b)), b - a)
    return float(x)


# --- the equation ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("k", [1e-3, 1.0, 1e4, 1e15])
@pytest.mark.parametrize("x", [-8.0, -0.3, 1e-12, 0.02, 5.0])
def test_one_step_is_the_exact_solution(k, x):
    for share in (1e-14, 0.3):
        for h in (1e-9 / k, 0.1 / k, 3.0 / k, 1e14 / k):
            s = share * k
            exact = im.constant_solution(h, x, s, k)
            found = im.advanced(np.array(x), s * h, (s, s), (k, k), h)
            assert found == pytest.approx(exact, rel=1e-12, abs=3e-16 * abs(x))


def test_a_changing_source_against_scipy_to_second_order():
    source, rate = lambda t: 0.4 * math.exp(-t), lambda t: 2 / (1 + 0.3 * t)
    exact = solve_ivp(lambda t, x: source(t) + rate(t) * math.expm1(-x[0]), (0, 4), [2.5], rtol=1e-11, atol=1e-13).y[0, -1]
    errors = [abs(stepped(2.5, source, rate, np.linspace(0, 4, n + 1)) - exact) for n in (8, 16, 32)]
    assert errors[0] < 0.02
    assert 3.6 < errors[0] / errors[1] < 4.5 and 3.6 < errors[1] / errors[2] < 4.5


def test_a_stiff_step_ends_in_balance_however_long_it_is():
    source, rate = lambda t: 1.0 / (1 + t) ** 2, lambda t: 1e13 / (1 + t)
    found = stepped(0.01, source, rate, [0.0, 1e-3, 50.0])
    assert found == pytest.approx(source(50.0) / rate(50.0), rel=1e-6)
    assert im.quasi_steady(source(50.0), rate(50.0)) == pytest.approx(found, rel=1e-6)


def test_closed_channels_leave_what_compression_made():
    x = im.advanced(np.array([0.0, 3.0]), 1200.0, (400.0, 400.0), (0.0, 0.0), 3.0)
    assert x == pytest.approx([1200.0, 1203.0])
    assert im.quasi_steady(2.0, np.array([0.0, 1.0, 4.0])) == pytest.approx([np.inf, np.inf, math.log(2)])
    slow = im.advanced(np.array(0.0), 1200.0, (400.0, 400.0), (1.0, 1.0), 3.0)  # e^1200: 1 + v would overflow
    assert slow == pytest.approx(1200 - 3.0, abs=3e-3)
    decays = im.advanced(np.array(0.0), -4e4, (-400.0, -400.0), (1e-15, 1e-15), 100.0)  # until e^-x captures balance s
    assert decays == pytest.approx(-math.log(400 / 1e-15), rel=1e-12)


# --- what drives it ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [1.0, 2.5, 3.0, 5.0])
def test_spin_obeys_its_torque_law(n):
    t = np.array([0.0, 300.0, 3e4])
    step = 1e-4 * (1 + t)
    squared, rate = im.spin(t, 0.0334, 4.2e-13, n)
    slope = (im.spin(t + step, 0.0334, 4.2e-13, n)[0] - im.spin(t - step, 0.0334, 4.2e-13, n)[0]) / (2 * step)
    assert rate == pytest.approx(slope, rel=1e-6)
    torque = rate / squared ** ((n + 1) / 2)  # dΩ/dt Ω^-n, but for a factor
    assert torque == pytest.approx(np.full(3, torque[0]), rel=1e-12)
    assert rate[0] == pytest.approx(-2 * squared[0] * 4.2e-13 * YEAR_S / 0.0334, rel=1e-12)


def test_braking_index_one_is_the_limit():
    near, limit = im.spin(2e3, 0.0334, 4.2e-13, 1 + 1e-6), im.spin(2e3, 0.0334, 4.2e-13, 1.0)
    assert near == pytest.approx(limit, rel=1e-4)


def test_dipole_brakes_by_its_radiation():
    # B = 6.4e19 G (P dP/dt)^(1/2) at the pole for 1e45 g cm² and 10 km (e.g. Lorimer & Kramer 2005, Eq. 3.15, at the equator).
    assert im.dipole_period_derivative(1.0, 6.4e19 * math.sqrt(1e-15), 10.0, 1e45) == pytest.approx(1e-15, rel=0.01)
    period, field, radius, inertia = 2e-3, 1e15, 12.6, 1.7e45
    derivative = im.dipole_period_derivative(period, field, radius, inertia)
    omega = 2 * math.pi / period
    lost = inertia * omega * (2 * math.pi * derivative / period**2)
    moment = field * (1e5 * radius) ** 3 / 2
    assert lost == pytest.approx(2 * moment**2 * omega**4 / (3 * SPEED_OF_LIGHT_CM_S**3), rel=1e-12)


def test_compression_against_hydrostatic_equilibrium(star, matter):
    """Weight of the shells above each mass with and without a centrifugal force, and the density of the EOS under it."""
    fine = star.at_radius(np.linspace(star.core_radius_km, star.outer_radius_km, 4001))
    r, rho, lapse, stretch, before = (fine[k].values for k in ("r", "density", "lapse", "stretch", "pressure"))
    omega_squared = (2 * math.pi / 5e-3) ** 2
    lifted = 2 / 3 * omega_squared / lapse**2 * 1e5 * r * rho * stretch
    lost = 1e5 * (np.trapezoid(lifted, r) - cumulative_trapezoid(lifted, r, initial=0))
    deep = slice(0, 3600, 300)
    xi = np.log10(rho[deep])
    for _ in range(20):  # density at the smaller pressure, by Newton's method
        error = np.log(star.eos.pressure(10**xi) / (before - lost)[deep])
        xi = xi - error * 1e-5 / np.log(star.eos.pressure(10 ** (xi + 1e-5)) / star.eos.pressure(10**xi))
    change = np.log(star.eos.baryon_density(10**xi) / star.eos.baryon_density(rho[deep])) / omega_squared
    assert change == pytest.approx(np.interp(r[deep], star.crust["r"].values, matter.response), rel=0.1)


def test_nuclei_of_the_outer_crust_lose_the_electrons_that_the_mass_formula_asks_for(star, matter):
    """∫ y d ln n_b of the semi-empirical masses against the electrons per baryon of tabulated nuclides."""
    crust = star.crust
    outer = crust["baryon_density"].values < star.eos.drip
    n = crust["baryon_density"].values[outer]
    share = crust["electron_density"].values[outer] / (1e39 * n)
    gained = -np.trapezoid(matter.fewer[outer], np.log(n))
    assert gained == pytest.approx(math.log(share[-1] / share[0]), rel=0.25)  # no shells, and steps of 4 % in the table
    inner = crust["baryon_density"].values[~outer]
    whole = -np.trapezoid(matter.fewer[~outer], np.log(inner))
    share = (crust["electron_density"].values / (1e39 * crust["baryon_density"].values))[~outer]
    assert whole == pytest.approx(math.log(share[-1] / share[0]), rel=2e-3)


def test_prescribed_compression(star, matter):
    density, rate = im.compression(Compression(kind="compression", rate=2e-4), star, matter)(np.array([0.0, 10.0]))
    assert density[1] == pytest.approx(2e-3) and rate == pytest.approx(2e-4)
    table = TableConfig(t=(0.0, 10.0), value=(0.0, 1e-3))
    density, rate = im.compression(Compression(kind="compression", rate=table), star, matter)(np.array([0.0, 5.0, 10.0]))
    assert density[:, 3] == pytest.approx([0.0, 1.25e-3, 5e-3]) and rate[:, 3] == pytest.approx([0.0, 5e-4, 1e-3])


# --- energies and what is left of the instability ----------------------------------------------------------------------------


def test_compression_puts_in_what_is_stored_and_released(matter):
    """k and s alike, so that all three energies matter; the mismatch falls with the square of the step."""
    one = im.ImbalanceMatter(*(np.asarray(x)[100:101] for x in matter))
    s, k, temperature, x = 1.5, 2.0, 1e9, 0.3
    rate = s * im.MEV_K * temperature / (one.kappa * one.fewer)

    def missing(n):
        t = np.linspace(0.0, 2.0, n + 1)
        law = lambda t: (np.multiply.outer(t, rate), np.ones_like(np.multiply.outer(t, rate)) * rate)  # noqa: E731
        run = im.evolve(t, np.array([x]), one, law, np.full(n + 1, temperature), np.full((n + 1, 1), k))
        energy = im.reservoir(run.x, one, temperature, rate, k)
        stored, put_in, released = energy.stored[-1] - energy.stored[0], *(np.trapezoid(e[:, 0], t) for e in energy[1:])
        assert released > 0.1 * put_in and stored > 0.1 * put_in
        return float(abs(stored - put_in + released)[0] / put_in)

    assert missing(64) < 1e-4
    assert missing(32) / missing(64) == pytest.approx(4, rel=0.05)


@pytest.fixture(scope="module")
def magnetar():
    return CrustImbalance(imbalance=MAGNETAR, k5_max=1e9, weak_rate_factor=(1.0, 1e-3, 1e-9, 0.0), per_decade=30).compute()


def test_e_foldings_are_those_of_the_closed_forms(magnetar):
    """The burst that undoes the first δmu, then the balance, which does not depend on the captures' rate."""
    release, balance = float(magnetar["release"].max()), magnetar["balance"].values
    found = magnetar["e_foldings"].values[:, -1]
    assert found[0] == pytest.approx(release, rel=2e-3)
    assert found[1] == pytest.approx(1e-3 * release, rel=2e-3)
    late = magnetar["t"].values > 1e-6
    growth = magnetar["growth_rate"].values
    assert growth[0, late] == pytest.approx(growth[1, late], rel=1e-6)
    assert found[3] == 0 and balance.max() < 1e-20


def test_captures_follow_the_equilibrium(magnetar, star, matter):
    """Each electron too many is captured once, however slow captures are; none where channels are closed."""
    electrons = matter.electron_density * matter.volume
    expected = np.sum(electrons * matter.fewer * magnetar["compressed"].values) / electrons.sum()
    first = np.sum(electrons * 0.01 * im.MEV_K * 1e9 / matter.kappa) / electrons.sum()
    assert magnetar["captures"].values[:3, -1] == pytest.approx(expected + first, rel=2e-3)
    assert magnetar["captures"].values[3, -1] == 0


def test_energies_close_over_the_whole_crust(magnetar):
    gained = magnetar["stored"] - magnetar["stored"][:, 0]
    missing = np.abs(gained - magnetar["put_in"] + magnetar["released"]).max("t")
    scale = (magnetar["stored"] + magnetar["released"] + np.abs(magnetar["put_in"])).max("t")
    assert float((missing / scale).max()) < 2e-3
    assert np.all(magnetar["drawn"] <= 1e-3 * magnetar["released"] + 1e-300)


def test_free_protons_undo_it_within_microseconds(magnetar):
    lifetime = magnetar["lifetime"].values * YEAR_S
    assert 1e-8 < lifetime[0] < 1e-6
    assert magnetar["e_foldings"].values.max() < 1e-9


def test_slower_captures_next_to_equilibrium():
    free = CrustImbalance(imbalance=CRAB)
    near = CrustImbalance(imbalance=CRAB, captures="near_equilibrium")
    share = near.crust().captures / free.crust().captures
    layer = free.layer(free.crust())
    assert 1e-8 < share[layer] < 1e-6


# --- runs --------------------------------------------------------------------------------------------------------------------

RISING = {"kind": "compression", "rate": {"t": [0.0, 20.0], "value": [0.0, 1e-3]}}
NO_FILES = {"output.spectra": None, "output.snapshots": None}
SMALL = {
    "model.imbalance": RISING,
    "model.hall": False,
    "model.feedback": False,
    "geometry.n_r": 32,
    "geometry.order": 4,
    "geometry.finer": 1.0,
    "geometry.l_max": 1,
    "time.scheme": "ark4_refreshed",
    "time.tolerance": 1e-7,
    "time.t_end": 20.0,
    "output.series": {"every_time": 5.0},
} | NO_FILES


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return kiral.run("crust-cmi-axisymmetric", SMALL, out=tmp_path_factory.mktemp("run") / "whole", progress=False)


def balanced(equation, rate):
    """Closed form of k5 while captures keep up: K y (d ln n_b/dt)/N, of the chain of rates at full captures."""
    m = equation.material.matter
    star_matter = im.imbalance_matter(cached_star(1.4, "BSk24", 1e10), np.asarray(m.r))
    captures = capture_rate(np.asarray(m.mu_e), 1e9)
    full = of_matter(m, 1e9, np.inf, k5_max=np.inf)
    return full, np.asarray(full.k5) / (YEAR_S * captures) * star_matter.fewer * rate / np.asarray(m.lapse)


def test_a_run_winds_up_the_field_that_the_balance_predicts(run):
    """No Hall term, no feedback: the toroidal field is the time integral of what k5(r, t) makes of the dipole; k5 ~ t."""
    problem = kiral.build("crust-cmi-axisymmetric", SMALL)
    equation, y = problem.equation, problem.initial_state()
    c, k5 = balanced(equation, 5e-5 * 10.0)
    now = equation.material(jnp.asarray(10.0)).k5
    assert np.asarray(now) == pytest.approx(k5, rel=1e-6)
    y, old = jax.tree.map(np.asarray, (y, equation.induction))
    wound = Induction(old.shell, jax.tree.map(np.asarray, c)._replace(k5=k5), old.degrees, old.outside, old.inner)
    g = wound.tendency(y.f, y.g)[1] * 5.0  # ∫ t/10 dt until t = 10
    expected = 1e15 * sum(float(np.sum(e)) for e in wound.energies(0 * y.f, g))
    assert float(run.series["energy_toroidal"][2]) == pytest.approx(expected, rel=0.02)
    ratio = run.series["energy_toroidal"].values[4] / run.series["energy_toroidal"].values[2]
    assert ratio == pytest.approx(16, rel=0.02)


def test_what_a_run_records_of_its_imbalance(run):
    series = run.series
    assert float(series["delta_mu"][0]) == pytest.approx(0.01) and float(series["delta_mu"][-1]) < 1e-15
    missing = series["imbalance_stored"] - series["imbalance_stored"][0] - series["imbalance_put_in"]
    assert np.abs(missing + series["imbalance_released"]).max() < 1e-3 * float(series["imbalance_stored"][0])
    assert float(np.abs(series["chiral_work"]).max()) < 1e-20 * float(series["imbalance_released"][-1])


def test_estimate_says_how_fast_captures_undo_it():
    loaded = load_case(
        "crust-cmi-axisymmetric", {name: SMALL[name] for name in ("model.imbalance", "time.scheme", "time.t_end")} | NO_FILES
    )
    flat = loaded.config.estimates()["flat"]
    found = CrustImbalance(imbalance=CRAB)
    crust = found.crust()
    expected = np.interp(flat["growth_radius"], crust.matter.r, 1 / found.relaxation(crust, 1.0))
    assert flat["relaxation"] == pytest.approx(expected, rel=1e-3)


def test_a_run_that_goes_on_gives_the_same_bits(run, tmp_path):
    part = kiral.run("crust-cmi-axisymmetric", SMALL | {"time.t_end": 10.0}, out=tmp_path / "part", progress=False)
    rest = kiral.resume(part.path, {"time.t_end": 20.0}, progress=False)
    for name in ("energy_toroidal", "energy_poloidal", "imbalance_released", "k5_largest"):
        assert np.array_equal(rest.series[name], run.series[name]), name


def test_a_cooling_crust_keeps_its_imbalance_where_channels_are_closed():
    """δmu stays while kT falls: δmu/kT rises by the ratio of the temperatures."""
    cooling = {"t": [0.0, 20.0], "value": [1e9, 5e8]}
    given = {
        "model.temperature": cooling,
        "model.weak_rate_factor": 0.0,
        "model.imbalance.rate": 0.0,
        "model.imbalance.kind": "compression",
    }
    rest = {key: value for key, value in SMALL.items() if key != "model.imbalance"}
    history = kiral.build("crust-cmi-axisymmetric", rest | given).equation.material.history
    for t in (0.0, 7.0, 20.0):  # rows 3.7 % apart: a cubic is wrong by 3/128 h^4 of the fourth derivative, 3e-6 at the end
        assert np.asarray(history.at(history.x, jnp.asarray(t))) == pytest.approx(0.01 / (1 - t / 40), rel=3e-6)


# --- input -------------------------------------------------------------------------------------------------------------------


def test_what_is_refused(star, matter):
    with pytest.raises(ValueError, match="exactly one of period_derivative, dipole"):
        SpinDown(period=1.0)
    with pytest.raises(ValueError, match="exactly one of"):
        SpinDown(period=1.0, period_derivative=1e-13, dipole=1e12)
    with pytest.raises(ValueError):
        SpinDown(period=1.0, dipole=1e12, braking_index=0.5)
    with pytest.raises(ConfigError, match="breaks up"):
        im.rotation(SpinDown(period=5e-4, dipole=1e15), star)
    with pytest.raises(ConfigError, match="did not rotate yet"):
        im.check_compressed(im.compression(MAGNETAR, star, matter), -1.0, 1.0)
    with pytest.raises(ConfigError, match=r"ln\(density\) would change by 10"):
        CrustImbalance(imbalance=Compression(kind="compression", rate=1e-2)).compute()
    file = TableConfig(file="rate.csv")
    with pytest.raises(ValueError, match="a file belongs to a case"):
        CrustImbalance(imbalance=Compression(kind="compression", rate=file))
    for given, text in (
        ({"model.imbalance": RISING}, "ark4_refreshed"),
        ({"model.imbalance": RISING, "model.chiral": False, "model.feedback": False}, "imbalance drives the chiral current"),
        ({"model.imbalance": {"kind": "spin_down", "period": 1.0}, "time.scheme": "ark4_refreshed"}, "exactly one of"),
    ):
        with pytest.raises(ConfigError, match=text):
            kiral.build("crust-cmi-axisymmetric", given)
