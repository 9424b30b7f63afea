"""The model without flow: its ledger, exact limits, the 3-D equations on the same modes, and the map of Eq. (27)."""

import numpy as np
import pytest
from scipy.integrate import quad
from setups import box, equation, helical_parts, run

from kiral.errors import NumericalError
from kiral.mhd import eq27, observables
from kiral.mhd.config import RUN_A_SPACING
from kiral.mhd.cpi_formulas import crossing_time
from kiral.mhd.initial import state_from, uniform, white_noise
from kiral.mhd.mean_field import Modes, Noise, Plasma, noise_modes, peak, solve
from kiral.mhd.mean_field_calculations import Eq27Map, MeanField

DENSITY = 1e-24 * RUN_A_SPACING**3
NOISE = Noise(DENSITY, np.pi / RUN_A_SPACING)
LAMBDAS = np.array([1e8, 1.6e9, 1.6e10, 1e12])  # runs A to D of Table 2
TIMES = 1e-5 + np.concatenate([[0.0], np.geomspace(1e-4, 2.0, 300)])


def run_a(lam) -> Plasma:
    return Plasma(1e-6, lam, 1e3, 4e7, 0.05)


@pytest.fixture(scope="module")
def runs():
    """Runs A to D solved together."""
    return solve(run_a(LAMBDAS), NOISE, TIMES)


def box_modes(where, a) -> Modes:
    """Energies of the box's own modes, both helicities."""
    k = np.sqrt(np.asarray(where.k2))
    weight = np.where(np.arange(where.shape[2]) > 0, 2, 1)
    energy = {s: (weight * k**2 * np.sum(np.abs(p) ** 2, axis=0) / 2)[k > 0] for s, p in helical_parts(where, a).items()}
    return Modes(k[k > 0], energy[1], energy[-1])


def test_noise_is_that_of_the_runs():
    """Both helicities of a realisation against the spectrum of the continuum, up to half of k_max and all of it."""
    where = box((48, 48, 48), length=3.0)
    modes = box_modes(where, where.transverse(white_noise(where, 3, 0.7, 0.2)))
    noise = Noise(0.7**2 * 0.2**3, 1e6)
    for share in (0.5, 1.0):
        k_top = share * float(where.k_max)
        expected = quad(lambda k: float(noise.spectra(np.array([k]))[0][0]), 0, k_top)[0]
        for found in (modes.plus, modes.minus):
            assert found[modes.k <= k_top * (1 + 1e-12)].sum() == pytest.approx(expected, rel=0.1 if share < 1 else 0.04)


def test_helicity_and_chirality_are_conserved_up_to_source_and_washout(runs):
    """Unused in solving; the drift follows the tolerance."""
    late = TIMES > 1e-3
    assert runs.drift.shape == (TIMES.size, 4) and runs.drift[late].max() < 1e-7
    assert solve(run_a(LAMBDAS), NOISE, TIMES, 1e-6).drift[late].max() > 10 * runs.drift[late].max()
    made = 4e7 * quad(lambda t: t / 0.05 * np.exp((1 - (t / 0.05) ** 2) / 2), TIMES[0], TIMES[-1], points=[0.05])[0]
    washed = 1e3 * runs.drive[-1] / 1e-6
    # At the end no field and no mu5 are left: what was made is washed out.
    np.testing.assert_allclose(washed, made, rtol=1e-8)


def test_results_follow_the_tolerance(runs):
    fine = solve(run_a(LAMBDAS), NOISE, TIMES, 1e-11)
    for rough, good in ((runs.h, fine.h), (runs.b2, fine.b2), (runs.j_b, fine.j_b)):
        np.testing.assert_allclose(rough, good, rtol=2e-6)
    np.testing.assert_allclose(runs.mu5, fine.mu5, rtol=0, atol=4e4 * 1e-6)


def test_a_mesh_in_k_gives_what_the_closed_forms_give(runs):
    mesh = noise_modes(NOISE, 5.0)
    found = solve(run_a(LAMBDAS), mesh, TIMES)
    for mine, closed in ((found.h, runs.h), (found.b2, runs.b2), (found.j_b, runs.j_b)):
        np.testing.assert_allclose(mine[1:], closed[1:], rtol=1e-6)
    over_k = [seed.energy_over_k(runs.drive, runs.damping) for seed in (mesh, Noise(DENSITY, np.full(4, NOISE.k_max)))]
    np.testing.assert_allclose(*over_k, rtol=1e-6)


def test_without_feedback_modes_grow_as_the_integral_of_their_rate():
    eta, gamma5, amplitude, t_phi, mu5, k = 0.3, 2.0, 5.0, 0.7, 0.4, np.array([0.5, 1.5, 3.0])
    seed = Modes(k, np.array([1.0, 2.0, 3.0]), np.array([2.0, 0.0, 1.0]))
    t = np.array([0.1, 1.0, 2.5])
    found = solve(Plasma(eta, 0.0, gamma5, amplitude, t_phi, mu5), seed, t)

    def s5(s):
        return amplitude * s / t_phi * np.exp((1 - (s / t_phi) ** 2) / 2)

    for i in (1, 2):
        span = t[i] - t[0]
        drive = mu5 * (1 - np.exp(-gamma5 * span)) / gamma5
        drive += quad(lambda s, i=i: s5(s) * (1 - np.exp(-gamma5 * (t[i] - s))) / gamma5, t[0], t[i])[0]
        plus, minus = (e * np.exp(2 * eta * k * (sign * drive - k * span)) for sign, e in ((1, seed.plus), (-1, seed.minus)))
        assert found.h[i] == pytest.approx(2 * np.sum((plus - minus) / k), rel=1e-7)
        assert found.b2[i] == pytest.approx(2 * np.sum(plus + minus), rel=1e-7)
        assert found.j_b[i] == pytest.approx(2 * np.sum((plus - minus) * k), rel=1e-7)


def test_without_source_and_washout_all_chirality_becomes_helicity():
    eta, lam, mu5 = 1e-6, 1.6e10, 2e4
    t = np.concatenate([[0.0], np.geomspace(1e-3, 1e2, 100)])
    found = solve(Plasma(eta, lam, 0.0, mu5=mu5), Noise(DENSITY, 1e6), t, 1e-10)
    np.testing.assert_allclose(found.h + 2 / lam * found.mu5, 2 / lam * mu5, rtol=2e-6)
    assert 0.97 < found.h[-1] / (2 * mu5 / lam) < 1
    late = t > 1.0  # the field stays force-free while its scale grows as t^1/2, but for a logarithm
    np.testing.assert_allclose(found.j_b[late] / found.b2[late], found.mu5[late], rtol=0.1)
    assert -0.5 < np.polyfit(np.log(t[late]), np.log(found.mu5[late]), 1)[0] < -0.45


def test_against_the_equations_in_space():
    """On the box's own modes, without flow. What differs is mu5 uneven in space, in proportion to 1/D5."""
    eta, lam, gamma5, amplitude, t_phi, mu5 = 0.3, 2.0, 1.5, 9.0, 1.0, 0.2
    times, differences, uneven = np.linspace(0.0, 4.0, 5), {}, {}
    for d5 in (200.0, 2000.0):
        eq = equation(flow="none", magnetic_diffusivity=eta, chiral_diffusivity=d5, chiral_feedback=lam,
                      flipping_rate=gamma5, source=(amplitude, t_phi))  # fmt: skip
        y = state_from(eq.box, white_noise(eq.box, 3, 1.5, 0.5), uniform(eq.box, mu5), flow="none")
        model = solve(Plasma(eta, lam, gamma5, amplitude, t_phi, mu5), box_modes(eq.box, y.A), times, 1e-11)
        assert lam * eta * model.b2.max() / gamma5 > 0.8  # the feedback is no correction
        differences[d5], uneven[d5] = [], []
        for i in range(4):
            y = run(eq, y, times[i + 1], 100, t=times[i])
            names = ("mu5_mean", "magnetic_helicity", "current_helicity")
            found = np.array([float(getattr(observables, name)(eq, times[i + 1], y)) for name in names])
            differences[d5].append(found / [f[i + 1] for f in (model.mu5, model.h, model.j_b)] - 1)
            uneven[d5].append(np.sqrt(max(float(observables.mu5_rms(eq, 0.0, y)) ** 2 / found[0] ** 2 - 1, 0.0)))
    loose, tight = np.array(differences[200.0]), np.array(differences[2000.0])
    assert 5e-4 < max(uneven[200.0]) < 2e-3 and max(uneven[2000.0]) < 2e-4
    assert 1e-4 < np.abs(loose).max() < max(uneven[200.0]) and np.abs(tight).max() < max(uneven[2000.0])
    np.testing.assert_allclose(tight - (loose - tight) / 9, 0.0, atol=2e-6)  # extrapolated to a uniform mu5


def test_growth_without_limit_is_refused():
    with pytest.raises(NumericalError, match="feedback"):
        solve(Plasma(1e-6, 0.0, 1e3, 4e8, 0.05), NOISE, TIMES)


def test_many_parameter_sets_at_once_are_those_one_by_one(runs):
    together = peak(runs, 1e-6)
    for i in (0, 3):
        alone = peak(solve(run_a(LAMBDAS[i]), NOISE, TIMES), 1e-6)
        np.testing.assert_allclose((alone.h, alone.t), (together.h[i], together.t[i]), rtol=1e-6)


def test_the_peak_lies_between_samples(runs):
    fine = solve(run_a(LAMBDAS), NOISE, 1e-5 + np.concatenate([[0.0], np.geomspace(1e-4, 2.0, 2400)]))
    found, exact = peak(runs, 1e-6), np.abs(fine.h).max(axis=0)
    np.testing.assert_allclose(found.h, exact, rtol=5e-4)
    np.testing.assert_allclose(found.t, fine.t[np.abs(fine.h).argmax(axis=0)], rtol=5e-3)
    mirrored = peak(solve(Plasma(1e-6, LAMBDAS, 1e3, -4e7, 0.05), NOISE, TIMES), 1e-6)
    np.testing.assert_allclose(mirrored.h, found.h, rtol=1e-6)


def test_three_numbers_decide():
    """The ratio to Eq. (27) in other units of length, time and energy, and for lam times 50 at a seed 50 times weaker."""
    numbers = eq27.groups(run_a(1e8), DENSITY)
    coefficients = {"amplitude": 4e7, "t_phi": 0.05, "flipping_rate": 1e3}
    onset = crossing_time(**coefficients, magnetic_diffusivity=1e-6) / 0.05
    assert (numbers.washout, numbers.onset) == pytest.approx((50, onset))
    first = eq27.ratio_at_peak(run_a(1e8), DENSITY, 1e-5)
    plasma, density = eq27.plasma_from(numbers, eta=3e-4, lam=50.0, t_phi=2.0)
    second = eq27.ratio_at_peak(plasma, density, 1e-5 * 2.0 / 0.05)
    np.testing.assert_allclose(second[:3], first[:3], rtol=1e-5)
    third = eq27.ratio_at_peak(run_a(50e8), DENSITY / 50, 1e-5)
    np.testing.assert_allclose(third[:3], first[:3], rtol=1e-5)


def test_limits_of_the_ratio():
    """Weak field: in proportion to lam, with the exponent of `growth_exponent`. Strong: below 2 washout², and near it."""
    onset, washout = 0.36, 2e3
    plasma, density = eq27.plasma_from(eq27.Groups(washout, onset, 1e-24), eta=1.0, lam=1.0, t_phi=1.0)
    lams = Plasma(1.0, np.array([1.0, 10.0]), plasma.gamma5, plasma.amplitude, 1.0)
    found = eq27.ratio_at_peak(lams, density, 1e-4, 1e-7)
    assert max(found.cme_ratio) < 1e-3 and found.ratio[1] / found.ratio[0] == pytest.approx(10.0, rel=1e-3)
    weak = solve(Plasma(1.0, 0.0, washout, plasma.amplitude, 1.0), Noise(density, 1e4), np.linspace(1e-4, 4.0, 400))
    exponent = weak.drive[1:] ** 2 / (2 * weak.damping[1:])
    assert exponent.max() == pytest.approx(eq27.growth_exponent(onset), rel=5e-3)
    strong = eq27.ratio_at_peak(*eq27.plasma_from(eq27.Groups(20.0, 0.05, 1e-10), eta=1.0, lam=1.0, t_phi=1.0), 1e-4, 1e-6)
    assert 0.8 < strong.ratio / eq27.largest_ratio(20.0) < 1


def test_the_calculations_say_the_same():
    data = MeanField(points=300).compute()
    run = MeanField(points=300, k_min=2500.0).compute()
    plane = Eq27Map(points=3, x_range=(1e8, 1e10), y_range=(4e7, 8e7)).compute()
    assert float(data["ratio_27"]) == pytest.approx(float(plane["ratio"].sel(chiral_feedback=1e8, amplitude=4e7)), rel=2e-3)
    assert float(data["ratio_27"]) == pytest.approx(float(data["helicity_max"]) / 1.319e-5, rel=1e-3)
    assert float(run["helicity_max"]) < 1.001 * float(data["helicity_max"]) and float(run["k_integral"].min()) > 2500
    pure = Eq27Map(plane="washout-onset", points=3, x_range=(25.0, 100.0), y_range=(0.2, 0.6)).compute()
    assert np.all(np.diff(pure["ratio"], axis=0) < 0) and np.all(pure["ratio"] > 0)
    for dataset in (data, plane, pure):
        assert float(dataset["drift_max" if "drift_max" in dataset else "drift"].max()) < 1e-7
        assert all({"units", "long_name"} <= set(v.attrs) for v in dataset.variables.values())
