"""Coarser grids at late times: what a cut changes, how the ledgers stay closed, and that no chunk or resume shows."""

import dataclasses

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest
from setups import equation, helical_force, number, random_modes, random_state, rms

import kiral
from kiral.api import loop_settings
from kiral.core.folder import RunFolder, open_run
from kiral.core.loop import run_loop
from kiral.errors import ConfigError
from kiral.geometry.regrid import regrid
from kiral.mhd.coarsen import spectral_grids
from kiral.mhd.config import Coarsen

TAIL = 1e-7
CASE = {
    "model.flow": "none", "model.magnetic_diffusivity": 0.1, "model.chiral_diffusivity": 0.05, "model.chiral_feedback": 0.5,
    "model.source": {"kind": "constant", "amplitude": 1.0}, "geometry.n": [24, 24, 1], "geometry.k_min": 1.0,
    "initial.peak": 2.0, "time.t_end": 6.0, "time.tolerance": 1e-6, "output.series": {"every_steps": 1},
    "output.spectra": {"at": [1.0, 4.5, 6.0]}, "output.snapshots": {"at": [4.5]},
}  # fmt: skip
"""A field decays, and its small scales first; a source drives mu5, until small scales are unstable: 24 -> 16 -> 24 points."""
COARSEN = {"geometry.coarsen": {"tail": TAIL, "n_min": 12}}
FIXED = {"time.dt": 0.05}


@pytest.fixture(scope="module")
def fixed(tmp_path_factory):
    """The case with equal steps, without coarser grids and with."""
    place = tmp_path_factory.mktemp("fixed")
    return [kiral.run("decaying-helical", CASE | FIXED | more, out=place / str(i), progress=False)
            for i, more in enumerate(({}, COARSEN))]  # fmt: skip


def test_the_grid_follows_the_spectra_and_results_change_by_the_order_of_the_tail(fixed):
    full, run = fixed
    points = run.series["grid_points"].values
    assert [int(p) for p, before in zip(points, [0, *points], strict=False) if p != before] == [24, 16, 24]
    assert "grid_points" not in full.series
    for name in ("energy_magnetic", "magnetic_helicity", "mu5_mean", "k_integral"):
        a, b = full.series[name].values, run.series[name].values
        assert 0 < np.max(np.abs(a - b)[1:] / np.abs(a[1:])) < 10 * TAIL, name


def test_files_are_those_of_the_full_grid(fixed):
    full, run = fixed
    assert run.snapshots["b"].shape == full.snapshots["b"].shape
    np.testing.assert_allclose(run.snapshots["b"], full.snapshots["b"], atol=1e-3 * float(np.abs(full.snapshots["b"]).max()))
    spectrum, other = (r.spectra["energy_spectrum"].sel(t=4.5, method="nearest") for r in fixed)
    assert spectrum["k"].values.tolist() == other["k"].values.tolist() == [1, 2, 3, 4, 5, 6, 7]
    assert float(other[-1]) == 0.0 < float(spectrum[-1])  # beyond the coarse grid's sphere, |k| <= 5
    np.testing.assert_allclose(other[:4], spectrum[:4], rtol=1e-6)


def test_what_was_cut_is_booked_and_closes_the_ledgers(fixed):
    """Until the cut both runs are the same to the bit: their difference there is what was dropped."""
    full, run = (r.series for r in fixed)
    cut = int(np.argmax(run["grid_points"].values < 24))
    np.testing.assert_array_equal(full["energy_magnetic"][:cut], run["energy_magnetic"][:cut])
    for name, missing in {
        "energy_magnetic": full["energy_magnetic"] - run["energy_magnetic"],
        "magnetic_helicity": full["magnetic_helicity"] - run["magnetic_helicity"],
        "mu5_squared": full["mu5_rms"] ** 2 - run["mu5_rms"] ** 2,
        "energy": full["total_energy"] - run["total_energy"],
        "helicity_chirality": full["total_helicity_chirality"] - run["total_helicity_chirality"],
    }.items():
        lost = run[f"lost_{name}"].values
        assert lost[cut - 1] == 0 != lost[cut]
        np.testing.assert_array_equal(lost[cut:], lost[cut])  # back on the finer grid nothing more is lost
        size = {"mu5_squared": 1.0, "helicity_chirality": 1.0}.get(name, 1e-2)
        assert float(missing[cut]) == pytest.approx(lost[cut], rel=1e-5, abs=1e-14 * size)
    for name in ("energy", "helicity_chirality"):
        a, b = full[f"drift_{name}"].values, run[f"drift_{name}"].values
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-14)
        booked = run[f"lost_{name}"].values[cut] / run[f"scale_{name}"].values[cut]
        assert abs(b[cut] - b[cut - 1]) < abs(booked) / 3 or abs(booked) < 1e-13


def rows(path):
    run = open_run(path)
    data = {"series": run.series, "spectra": run.spectra, "snapshots": run.snapshots.load()}
    return {f"{kind}.{name}": values.values.tobytes() for kind, d in data.items() for name, values in d.variables.items()}


def final_state(path):
    newest = max((path / "checkpoints").iterdir())
    return {p.name: p.read_bytes() for p in newest.glob("*.npy")}


def test_neither_chunks_nor_resumes_change_a_bit(tmp_path):
    """Adaptive steps: straight through; step by step to the coarse grid, from there to the fine one, and on."""
    straight = kiral.run("decaying-helical", CASE | COARSEN, out=tmp_path / "straight", progress=False)
    assert sorted(set(straight.series["grid_points"].values.tolist())) == [16, 24]
    case = kiral.load_case("decaying-helical", CASE | COARSEN)
    for i, t_end in enumerate((4.2, 5.1, 6.0)):
        config = case.config.model_copy(update={"time": case.config.time.model_copy(update={"t_end": t_end})})
        settings = dataclasses.replace(loop_settings(config, np.inf), chunk_seconds=0.0)
        again = (tmp_path / "again", config.as_dict())
        with RunFolder.open(*again, ["time.t_end"]) if i else RunFolder.create(again[0], "", again[1]) as folder:
            run_loop(config.build(), folder, settings, resume=bool(i))
    assert rows(tmp_path / "again") == rows(tmp_path / "straight")
    assert final_state(tmp_path / "again") == final_state(tmp_path / "straight")


# ---- the parts


EVERYTHING = {"chiral_feedback": 2.0, "charge": (0.7, 0.4, 0.05), "magnetic_diffusivity": 0.1}


@pytest.mark.parametrize("flow", ["relativistic", "incompressible"])
def test_losses_are_what_the_totals_lose(flow):
    """Relative to the totals on the two grids themselves, and to the kinetic energy by the observable."""
    from kiral.mhd.observables import energy_kinetic

    heating = "consistent" if flow == "relativistic" else "paper"
    eq = equation(**EVERYTHING, flow=flow, heating=heating, background_field=[0.3, -0.2, 0.4])
    grids = spectral_grids(Coarsen(n_min=6), eq)
    assert grids.points == [12, 8]
    y = random_state(eq, k_top=3, rho=1e-4)
    y = y._replace(A=tuple(f.at[0, 0, 0].set(0.1) for f in y.A))
    cut = grids.regrid(y, 0, 1)
    assert rms(eq.box, y.mu5) > rms(grids.equations[1].box, cut.mu5)
    lost = grids.losses(number(0.0), y, 0, 1)
    before, after = (e.budgets(number(0.0), s) for e, s in zip(grids.equations, (y, cut), strict=True))
    for name in before:
        gap = np.ravel(before[name].total - after[name].total)
        np.testing.assert_allclose(gap, lost.get(name, 0.0), rtol=1e-10, atol=1e-15, err_msg=name)
    assert min(map(float, (lost["energy"], lost["energy_magnetic"], lost["mu5_squared"], lost["mu_squared"]))) > 0
    kinetic = energy_kinetic(eq, 0.0, y) - energy_kinetic(grids.equations[1], 0.0, cut)
    assert float(kinetic) == pytest.approx(float(lost["energy_kinetic"]), rel=1e-3)


def test_a_state_with_unstable_modes_does_not_fit():
    """Modes with k < |mu5 + xi| grow, however weak they are: they must be on the grid."""
    eq = equation((24, 24, 1), flow="none", xi=1.5)
    grids = spectral_grids(Coarsen(n_min=12), eq)  # k_max 7 and 5
    for mean, fits, outgrown in ((0.0, True, False), (2.9, True, False), (3.1, False, False), (-6.4, False, False),
                                 (3.6, False, True)):  # fmt: skip
        y = random_state(eq, a=0.1, mu5=0.0, mean_mu5=mean)
        assert grids.fits(number(0.0), y, 0, 1) == fits, mean
        assert grids.outgrown(number(0.0), grids.regrid(y, 0, 1), 1) == outgrown, mean


def test_a_state_with_a_tail_does_not_fit():
    eq = equation((24, 24, 1), flow="none")
    grids = spectral_grids(Coarsen(n_min=12, tail=1e-6), eq)
    y = random_state(eq, a=1.0, mean_mu5=0.0)
    for share, fits, outgrown in ((0.5e-6, True, False), (2e-6, False, False), (12e-6, False, True)):
        wave = random_modes(eq.box, 1, 1.0).at[:].set(0).at[5, 0, 0].set(1.0).at[-5, 0, 0].set(1.0)  # in A_y: b = 5 √2
        b = rms(eq.box, eq.box.curl(y.A))
        z = y._replace(A=(y.A[0], y.A[1] + wave * np.sqrt(share / 50) * b, y.A[2]))
        assert grids.fits(number(0.0), z, 0, 1) == fits, share
        assert grids.outgrown(number(0.0), grids.regrid(z, 0, 1), 1) == outgrown, share


def test_inputs_follow_the_grid_or_end_the_ladder():
    eq = equation((24, 24, 1))  # coarser: 16 and 10 points, 0.9 k_max = 4.5 and 2.7
    forced = dataclasses.replace(eq, forcing=helical_force(eq.box, wave_number=3.0))
    grids = spectral_grids(Coarsen(n_min=6), forced)
    assert grids.points == [24, 16]
    force = eqx.filter_jit(lambda e: e.forcing(number(0.3), e.box))
    fine, coarse = (force(e) for e in grids.equations)
    for f, g in zip(fine, coarse, strict=True):
        np.testing.assert_array_equal(regrid(forced.box, grids.equations[1].box, f), g)
        np.testing.assert_array_equal(regrid(grids.equations[1].box, forced.box, g), f)
    grids = spectral_grids(Coarsen(n_min=6), dataclasses.replace(eq, xi_shape=wave(24, 2)))
    assert grids.points == [24, 16, 10]
    for e, n in zip(grids.equations, grids.points, strict=True):
        np.testing.assert_allclose(e.xi_shape, wave(n, 2), atol=1e-13)


def wave(n, k):
    """cos(k x) on n × n points."""
    return jnp.asarray(np.cos(k * np.arange(n) * 2 * np.pi / n)[:, None, None] * np.ones((n, n, 1)))


def test_a_ladder_without_steps_is_refused():
    eq = equation((24, 24, 1))
    with pytest.raises(ConfigError, match=r"geometry\.coarsen\.n_min = 20: the next coarser grid than 24 has 16; lower n_min"):
        spectral_grids(Coarsen(n_min=20), eq)
    forced = dataclasses.replace(eq, forcing=helical_force(eq.box, wave_number=5.0))
    with pytest.raises(ConfigError, match=r"16 points and does not hold model\.forcing\.wave_number"):
        spectral_grids(Coarsen(), forced)
    with pytest.raises(ConfigError, match=r"does not hold model\.xi\.path"):
        spectral_grids(Coarsen(), dataclasses.replace(eq, xi_shape=wave(24, 5)))
    for wrong in ({"tail": 0.1}, {"n_min": 4}, {"every_steps": 0}):
        with pytest.raises(ConfigError, match=r"geometry\.coarsen\."):
            kiral.load_case("decaying-helical", {"geometry.coarsen": wrong})
