"""Neighbouring problems: inverse cascade, growth in uniform and random mu5, chiral magnetic waves; and their figures."""

from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr
from scipy.integrate import solve_ivp
from scipy.special import jn_zeros
from setups import equation, random_modes, run

import kiral
from kiral.mhd import cascade, cascade_figures, chiral_dynamo, solutions
from kiral.mhd.chiral_wave import wave_amplitudes
from kiral.mhd.initial import cosine, state_from

# --- fits of power laws ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("origin", "exponent"), [(0.0, -2 / 3), (-0.3, 0.58), (1.7, 2 / 3)])
@pytest.mark.parametrize("spacing", [np.geomspace, np.linspace])
def test_a_power_law_is_found_with_its_origin(origin, exponent, spacing):
    t = origin + spacing(0.4, 4.0, 40)
    law, other = cascade.power_laws(t, [3.0 * (t - origin) ** exponent, 5.0 / (t - origin)])
    np.testing.assert_allclose([law.exponent, law.origin, law.amplitude], [exponent, origin, 3.0], rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(law(t), 3.0 * (t - origin) ** exponent, rtol=1e-4)
    assert abs(other.exponent + 1) < 1e-4 and law.error < 1e-3


def test_the_stated_error_covers_noise():
    rng, off = np.random.default_rng(1), []
    t = np.geomspace(0.1, 2.0, 30)
    for _ in range(30):
        noise = 0.01 * rng.normal(size=(2, t.size))
        laws = cascade.power_laws(t, np.exp(noise) * np.array([(t + 0.1) ** -0.7, (t + 0.1) ** 0.6]))
        off += [(laws[0].exponent + 0.7) / laws[0].error, (laws[1].exponent - 0.6) / laws[1].error]
    assert np.mean(np.abs(off) < 1) > 0.5
    assert np.mean(np.abs(off) < 3) > 0.98


def test_what_is_no_power_law_gets_a_large_error():
    t = np.geomspace(0.1, 2.0, 40)
    bent = cascade.power_laws(t, t**0.3 * (1 + (t / 0.5) ** 2) ** 0.3, origin=0.0)[0]  # slopes 0.3 and 0.9
    assert bent.error > 0.1


def test_too_few_or_negative_samples_are_refused():
    t = np.linspace(1.0, 2.0, 20)
    with pytest.raises(ValueError, match="at least 8 samples"):
        cascade.power_laws(t[:5], t[:5])
    with pytest.raises(ValueError, match="positive"):
        cascade.power_laws(t, 1.5 - t)


@pytest.mark.parametrize("loss", [0.0, 0.35, 1.0])
def test_the_predicted_exponents_solve_the_law_of_growth(loss):
    """dxi/dt = C v_A with 2 E xi = xi^-loss, integrated: at late times the exponents are those of the closed form."""
    growth = solve_ivp(lambda _, xi: 0.04 * np.sqrt(xi ** (-1 - loss)), (0, 1e7), [1.0], rtol=1e-10, dense_output=True)
    t = np.geomspace(1e5, 1e7, 30)
    xi = growth.sol(t)[0]
    p, q = cascade.predicted_exponents(loss)
    energy, scale = cascade.power_laws(t, [xi ** (-1 - loss) / 2, xi])
    np.testing.assert_allclose([-energy.exponent, scale.exponent], [p, q], atol=2e-3)
    assert abs(p + 2 * q - 2) < 1e-14
    assert cascade.predicted_exponents() == (2 / 3, 2 / 3)


# --- from stored numbers --------------------------------------------------------------------------------------------------


def fake_run(seed=1, *, p=0.7, q=0.6, **model):
    """A decay with known exponents from t = 0.1 on, at constant energy and scale before; spectra with a known peak."""
    t = np.r_[np.linspace(0.0, 0.1, 5), np.geomspace(0.11, 3.0, 50)]
    age = np.maximum(t, 0.1) / 0.1
    energy, scale = 1e-2 * age**-p, 1e-3 * age**q
    data = {"energy_magnetic": energy, "k_integral": 1 / scale, "magnetic_helicity": 2 * energy * scale}
    series = xr.Dataset({name: ("t", v) for name, v in data.items()}, {"t": t})
    k, at = 100.0 * np.arange(1, 22), np.array([0.2, 0.5, 0.9])
    peak = 1000.0 * (at[:, None] / 0.1) ** -q
    spectra = np.exp(-(np.log(k / peak) ** 2)) * peak / k
    spectra = xr.Dataset({"energy_spectrum": (("t", "k"), spectra, {"units": "E*/l*^2"})}, {"t": at, "k": k})
    model = {"kind": "chiral_mhd", "flow": "incompressible", "enthalpy": 4 / 3, "magnetic_diffusivity": 1e-6,
             "chiral_feedback": 0.0, "flipping_rate": 0.0, "background_field": [0.0, 0.0, 0.0],
             "source": {"kind": "none"}, "xi": 0.0} | model  # fmt: skip
    geometry = {"kind": "box", "n": [64] * 3, "k_min": [100.0] * 3, "length": None}
    units = {"temperature": 100.0, "g_energy": 106.75, "g_entropy": 106.75}
    initial = {"kind": "spectrum", "b_rms": 0.1, "mu5": 0.0, "mu": 0.0}
    config = {"seed": seed, "model": model, "geometry": geometry, "initial": initial, "units": units}
    return SimpleNamespace(config=config, series=series, spectra=spectra)


def test_a_decay_is_measured_in_its_window():
    found = cascade.decay(fake_run())
    np.testing.assert_allclose([-found.energy.exponent, found.scale.exponent, found.loss], [0.7, 0.6, 1 / 6], atol=2e-3)
    speed = 1e-3 * 0.6 / 0.1 * (found.t_to / 0.1) ** -0.4 / np.sqrt(1.5e-2 * (found.t_to / 0.1) ** -0.7)
    np.testing.assert_allclose(found.speed, speed, rtol=0.1)
    assert found.t_from > 0.1 and found.kept < 1
    k = fake_run().series["k_integral"].values[found.samples]
    assert k[0] <= 0.8 * 1000 and k[-1] >= 2.5 * 100


@pytest.mark.parametrize("change", [{"flow": "none"}, {"background_field": [0.1, 0.0, 0.0]}])
def test_no_inverse_cascade_without_flow_or_in_a_uniform_field(change):
    assert cascade.decay(fake_run(**change)) is None


def test_no_inverse_cascade_without_helicity_or_growth_of_scale():
    silent, still = fake_run(), fake_run(q=1e-3)
    silent.series["magnetic_helicity"] = 0 * silent.series["magnetic_helicity"]
    assert cascade.decay(silent) is None and cascade.decay(still) is None


def test_the_mean_over_seeds_has_the_error_of_a_mean():
    decays = [cascade.decay(fake_run(p=p, q=0.6)) for p in (0.6, 0.7, 0.8)]
    mean, error = cascade.average(decays)["energy"]
    assert abs(mean - 0.7) < 2e-3 and abs(error - 0.1 / 3**0.5) < 2e-3
    with pytest.raises(ValueError, match="at least two"):
        cascade.average(decays[:1])


def test_the_peak_is_found_between_shells():
    t, k, height = cascade.spectral_peaks(fake_run())
    np.testing.assert_allclose(k, 1000.0 * (t / 0.1) ** -0.6, rtol=1e-2)
    np.testing.assert_allclose(height, 1000.0 * (t / 0.1) ** -0.6, rtol=1e-2)


def test_the_halves_add_up_to_the_field():
    k, share = np.arange(1.0, 6.0), np.array([1.0, 0.5, 0.0, -0.5, -1.0])
    data = {"energy_spectrum": (("t", "k"), np.ones((1, 5))), "helicity_fraction": (("t", "k"), share[None])}
    _, plus, minus = chiral_dynamo.helical_halves(SimpleNamespace(spectra=xr.Dataset(data, {"t": [0.0], "k": k})))
    np.testing.assert_allclose(plus**2 + minus**2, 2 * 5)  # B² = 2 E
    np.testing.assert_allclose(plus, minus)


# --- growth in layers of mu5 ----------------------------------------------------------------------------------------------


def test_the_growth_rate_in_layers_is_that_of_the_equations():
    """mu5 = M cos z: each wave number along the layers grows at its own eigenvalue. The grid keeps k up to 2 M."""
    amplitude, t = 4.5, (8.0, 9.0)
    eq = equation((30, 1, 30), flow="none", magnetic_diffusivity=1.0)
    a = tuple(random_modes(eq.box, i, 1e-12, k_top=3) for i in range(3))
    early = run(eq, state_from(eq.box, a, cosine(eq.box, amplitude, (0, 0, 1)), flow="none"), t[0], 800)
    late = run(eq, early, t[1] - t[0], 100)
    for along in (0, 2, 3):
        old, new = (np.sqrt(sum(np.sum(np.abs(np.asarray(f)[along]) ** 2) for f in y.A)) for y in (early, late))
        expected = chiral_dynamo.layered_growth_rate(amplitude, 1.0, along=along)
        assert abs(expected.imag) < 1e-9
        np.testing.assert_allclose(np.log(new / old) / (t[1] - t[0]), expected.real, rtol=1e-5)


def test_thick_layers_grow_like_a_uniform_mu5_and_thin_ones_not_at_all():
    uniform, rate = 16.0**2 / 4, chiral_dynamo.layered_growth_rate
    np.testing.assert_allclose(rate(16.0, 1.0) / uniform, 1 - 2 / 16, atol=2e-4)  # the asymptotic form
    assert 0.94 < chiral_dynamo.fastest_growth_rate(16.0, 1.0) / uniform < 1
    assert chiral_dynamo.fastest_growth_rate(1.2, 1.0) == 0.0 < chiral_dynamo.fastest_growth_rate(1.4, 1.0)
    steady = jn_zeros(0, 1)[0]  # a field whose current is mu5 B everywhere, without mean: J0(amplitude/q) = 0
    assert rate(0.999 * steady, 1.0).real < 1e-12 < 1e-4 < rate(1.001 * steady, 1.0).real
    np.testing.assert_allclose(rate(8.0, 2.0, eta=0.3, along=3.0), 0.3 * 4 * rate(4.0, 1.0, along=1.5))  # units


# --- chiral magnetic waves ------------------------------------------------------------------------------------------------

WAVE = {"geometry.n": [12, 1, 1], "time.t_end": 2.2, "output.series.every_time": 0.1, "output.spectra": {"every_time": 1.0}}


@pytest.mark.parametrize("flow", ["none", pytest.param("incompressible", marks=pytest.mark.slow)])
def test_the_wave_of_the_case_has_the_exact_speed_and_damping(flow, tmp_path):
    found = kiral.run("chiral-magnetic-wave", WAVE | {"model.flow": flow}, out=tmp_path / "run", progress=False)
    exact = np.abs(wave_amplitudes(found.config, found.series["t"].values))
    for name, amplitude in zip(("mu5_rms", "mu_rms"), exact, strict=True):
        np.testing.assert_allclose(np.sqrt(2) * found.series[name], amplitude, rtol=0, atol=1e-7)
    assert exact[0].min() < 0.05 and exact[1].max() > 0.9  # it has turned into the other, and back
    assert max(found.drift.values()) < 1e-6
    assert found.status["step"] < 2000  # the round-off of A, which stays zero, does not set the step
    drawing = cascade_figures.chiral_wave(found)
    check_drawing(drawing)
    assert len(drawing.data["chiral_wave"]) == 4


def test_no_closed_form_where_other_waves_take_part():
    model = {"charge": {"separation": 1.0, "magnetic": 1.0, "diffusivity": 0.0}, "chiral_diffusivity": 0.0}
    base = fake_run(**model, background_field=[0.1, 0.0, 0.0]).config | {"time": {"t_start": 0.0}}
    wave = {"kind": "wave", "mean": 0.0, "amplitude": 1.0, "wave_number": 1, "direction": [1, 0, 0]}

    def amplitudes(**changes):
        parts = {"model": base["model"] | changes.pop("model", {})}
        initial = {"kind": "helical_mode", "amplitude": 0.0, "mu5": wave, "mu": 0.0} | changes
        return wave_amplitudes(base | parts | {"initial": initial}, np.zeros(1))

    np.testing.assert_allclose(amplitudes(), [[1.0], [0.0]], atol=1e-14)
    assert amplitudes(model={"flow": "none", "background_field": [0.1, 0.1, 0.0]}) is not None
    assert amplitudes(model={"background_field": [0.1, 0.1, 0.0]}) is None  # Alfvén waves
    assert amplitudes(mu5=wave | {"mean": 1.0}) is None and amplitudes(mu=0.3) is None  # the field grows
    assert amplitudes(mu=wave | {"direction": [0, 1, 0]}) is None and amplitudes(amplitude=1.0) is None


# --- figures --------------------------------------------------------------------------------------------------------------


def check_drawing(drawing):
    """Finite, inside the axes, and every axis with a unit."""
    shown = [curve for panel in drawing.data.values() for curve in panel.values()]
    assert shown and all(np.isfinite(curve).all() for curve in shown)
    drawing.figure.canvas.draw()
    for axes in drawing.figure.axes:
        assert "[" in axes.get_ylabel() and ("[" in axes.get_xlabel() or not axes.get_xlabel())
    assert drawing.title and drawing.caption.endswith(".")


def test_figures_of_a_decay():
    drawings = list(cascade_figures.draw_all(fake_run()))
    assert [d.name for d in drawings] == ["decay_laws", "envelope"]
    several = cascade_figures.decay_laws(*(fake_run(seed, p=0.6 + 0.05 * seed) for seed in (1, 2, 3)))
    for drawing in (*drawings, several):
        check_drawing(drawing)
    assert {"$-0.70\\pm0.00$", "$-2/3$"} <= set(drawings[0].data["Magnetic energy"])
    peaks = drawings[1].data["envelope"]["peaks"]
    np.testing.assert_allclose(peaks[0], 1000.0 * np.array([2.0, 5.0, 9.0]) ** -0.6, rtol=1e-2)


def test_figure_of_growth_against_strength():
    drawing = cascade_figures.growth_against_strength([(1.0, 3.0, 0.5), (2.0, 6.0, 5.0)], 1.0, 1.0)
    check_drawing(drawing)
    np.testing.assert_allclose(drawing.data["growth_against_strength"]["random, runs"][1], [0.5 * 4 / 9, 5.0 * 4 / 36])
    assert cascade_figures.growth_against_strength([], 1.0, 1.0) is None


# --- real runs ------------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_inverse_cascade_has_the_predicted_exponents(tmp_path):
    """Three seeds of a small box: within the stated error of dxi/dt ~ v_A for the measured loss of helicity."""
    changes = {"geometry.n": 48, "initial.peak": 700.0, "model.magnetic_diffusivity": 2e-6, "model.viscosity": 6e-6,
               "time.t_end": 1.2}  # fmt: skip
    decays = []
    for seed in (1, 2, 3):
        found = kiral.run("decaying-helical", changes | {"seed": seed}, out=tmp_path / f"{seed}", progress=False)
        assert found.drift["energy"] < 1e-5
        decays.append(cascade.decay(found))
        assert decays[-1].speed_spread < 0.2 * decays[-1].speed  # dxi/dt = C v_A
    for drawing in cascade_figures.draw_all(found):
        check_drawing(drawing)
    mean = cascade.average(decays)
    predicted = cascade.predicted_exponents(mean["loss"][0])
    for (value, error), expected in zip((mean["energy"], mean["scale"]), predicted, strict=True):
        assert error < 0.15
        assert abs(value - expected) < error


@pytest.mark.slow
def test_chirality_becomes_helicity_at_the_predicted_rate(tmp_path):
    """cpi-turbulence in a small box: every shell grows as it should, helicity tends to 2 mu5/lam, nothing is lost."""
    changes = {"geometry.n": 32, "initial.mu5": 9e3, "model.chiral_feedback": 3e9, "initial.amplitude": 1e-8,
               "time.t_end": 2.0, "output.series.every_time": 0.05, "output.spectra": {"every_time": 0.05}}  # fmt: skip
    found = kiral.run("cpi-turbulence", changes, out=tmp_path / "run", progress=False)
    k, rate, *_ = chiral_dynamo.shell_growth(found)
    fast = (k > 2e3) & (k < 7e3)
    np.testing.assert_allclose(rate[fast], solutions.growth_rate(k[fast], 9e3, 5e-7), rtol=0.05)
    total = 2 * 9e3 / 3e9
    assert 0.8 * total < float(found.series.magnetic_helicity[-1]) < total
    assert max(found.drift.values()) < 1e-4 and float(found.series.u_rms.max()) > 0.005
    for drawing in cascade_figures.draw_all(found):
        check_drawing(drawing)


@pytest.mark.slow
def test_both_helicities_grow_in_a_mu5_of_zero_mean(tmp_path):
    changes = {"geometry.n": 32, "time.t_end": 1.2, "initial.mu5.rms": 3500.0}
    found = kiral.run("zero-mean-mu5", changes, out=tmp_path / "run", progress=False)
    _, plus, minus = chiral_dynamo.helical_halves(found)
    assert min(plus[-1] / plus[1], minus[-1] / minus[1]) > 10
    total = found.series.helicity_total * found.config["model"]["chiral_feedback"] / 2
    assert float(np.abs(total - total[0]).max()) < 1e-9 * 3500
    assert abs(float(found.series.mu5_mean[-1])) > 1e-4  # what the two leave
    for drawing in cascade_figures.draw_all(found):
        check_drawing(drawing)
