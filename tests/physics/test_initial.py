"""Initial fields against their definitions; files and what is wrong with them."""

import numpy as np
import pytest
from setups import CUBE, box

from kiral.errors import ConfigError
from kiral.geometry.fft import to_grid
from kiral.mhd.initial import cut_shares, from_fields, helical_mode, read_fields, spectrum, state_from, uniform, white_noise

SPACING = 2 * np.pi / 40


def test_white_noise_keeps_its_density_from_grid_to_grid():
    """The same modes on any grid; per point the variance is σ² (reference spacing/spacing)³ times the share of modes kept."""
    coarse, fine = (white_noise(box((n,) * 3), 3, 2e-3, SPACING) for n in (8, 16))
    for a, b in zip(coarse, fine, strict=True):
        assert np.array_equal(np.asarray(a)[1, :2, 1], np.asarray(b)[1, :2, 1])
    where = box((48,) * 3)
    grids = to_grid(where, white_noise(where, 1, 2e-3, SPACING))
    share = (2 * float(np.sum(np.asarray(where.mask)[:, :, 1:])) + np.sum(np.asarray(where.mask)[:, :, 0]) - 1) / 48**3
    expected = (2e-3) ** 2 * (SPACING / (2 * np.pi / 48)) ** 3 * share
    for grid in grids:
        assert float(np.var(grid)) == pytest.approx(expected, rel=5 * np.sqrt(2 / (share * 48**3)))


@pytest.mark.parametrize("n", [(16, 1, 1), (12, 12, 1)])
def test_white_noise_in_fewer_dimensions(n):
    where = box(n)
    modes = white_noise(where, 2, 1.0, 0.1)
    d, volume = where.dimensions, (2 * np.pi) ** where.dimensions
    variance = np.mean([np.abs(np.asarray(m)[np.asarray(where.mask)]) ** 2 for m in modes])
    assert variance == pytest.approx(0.1**d / volume, rel=0.5)


@pytest.mark.parametrize("index", [(1, 0, 0), (0, 0, 2), (0, -1, 0), (1, 2, -2), (-1, 1, 1)])
@pytest.mark.parametrize("helicity", [1, -1])
def test_helical_mode_is_beltrami(index, helicity):
    where = box()
    a = helical_mode(where, 0.7, index, helicity)
    k = np.linalg.norm(index)
    for f, c in zip(a, where.curl(a), strict=True):
        np.testing.assert_allclose(c, helicity * k * np.asarray(f), atol=1e-15)
    b = to_grid(where, where.curl(a))
    # circular polarisation: |B| is the same everywhere
    np.testing.assert_allclose(sum(np.asarray(f) ** 2 for f in b), 0.49, rtol=1e-12)


@pytest.mark.parametrize("helicity", [-1.0, -0.3, 0.0, 0.8, 1.0])
def test_spectrum_has_the_given_field_helicity_and_slopes(helicity):
    where = box((32,) * 3)
    a = spectrum(where, 1, 0.4, peak=4.0, slope_low=4.0, slope_high=-2.0, helicity=helicity)
    b = where.curl(a)
    assert float(where.mean_dot(b, b)) == pytest.approx(0.16, rel=1e-12)
    # Σ (energy of + minus energy of -) = helicity × energy, with ⟨B·∇×B/k⟩ measuring the difference
    turned = tuple(f / np.where(np.asarray(where.k2) > 0, np.sqrt(np.asarray(where.k2)), 1) for f in where.curl(b))
    assert float(where.mean_dot(b, turned)) == pytest.approx(helicity * 0.16, abs=1e-12)
    k = np.rint(np.sqrt(np.asarray(where.k2))).astype(int)
    power = sum(np.abs(np.asarray(f)) ** 2 for f in b) * np.asarray(where.weight)
    energy = np.bincount(k.ravel(), np.broadcast_to(power, k.shape).ravel())
    assert np.log2(energy[8] / energy[4]) == pytest.approx(-2, abs=0.6)
    assert np.log2(energy[4] / energy[2]) == pytest.approx(4, abs=1.2)


def smooth_fields(n):
    rng = np.random.default_rng(0)
    x = 2 * np.pi * np.arange(n) / n
    waves = np.sin(x[:, None, None] + 0 * x[None, :, None] + 2 * x[None, None, :])
    return {
        "A": np.stack([waves, np.roll(waves, 1, 0), 0 * waves]),
        "u": 0.1 * np.stack([waves, waves, waves]),
        "lnrho": 0.01 * waves,
        "mu5": 3 + waves + 0 * rng.normal(size=waves.shape),
    }


def test_fields_from_a_file_return(tmp_path):
    fields = smooth_fields(CUBE[0])
    path = tmp_path / "start.npz"
    np.savez(path, **fields)
    where = box()
    read = read_fields(path, where)
    state = from_fields(where, read, uniform(where, 0.0), flow="relativistic")
    remarks = cut_shares(where, read, flow="relativistic")
    np.testing.assert_allclose(to_grid(where, (state.mu5,))[0], fields["mu5"], atol=1e-13)
    rho = np.exp(fields["lnrho"])
    # exp(lnrho) has harmonics beyond k_max: lnrho²/4 = 2.5e-5
    np.testing.assert_allclose(to_grid(where, (state.rho,))[0], rho, atol=5e-5)
    np.testing.assert_allclose(to_grid(where, state.momentum)[1], 4 / 3 * rho * fields["u"][1], atol=1e-3)
    assert float(np.max(np.abs(where.divergence(state.A)))) < 1e-15
    assert any(" A:" in r for r in remarks) and any("mu5" in r for r in remarks)


def test_the_power_cut_off_is_reported(tmp_path):
    """Half of the power in a mode beyond the sphere: a share of 0.5 is cut."""
    x = 2 * np.pi * np.arange(12) / 12
    wave = (np.sin(x) + np.sin(5 * x))[:, None, None] * np.ones((1, 12, 12))
    zero = 0 * wave
    remarks = cut_shares(box(), {"A": np.stack([zero, wave, zero])}, flow="none")
    assert "5.0e-01" in remarks[0]


BAD = {
    "shape": {"A": np.zeros((3, 8, 8, 8))},
    "nan": {"A": np.full((3, *CUBE), np.nan)},
    "no A": {"B": np.zeros((3, *CUBE))},
    "unknown": {"A": np.zeros((3, *CUBE)), "v": np.zeros(3)},
    "pickled": {"A": np.array([{}], dtype=object)},
    "complex": {"A": np.zeros((3, *CUBE), complex)},
}


@pytest.mark.parametrize("name", [*BAD, "text", "missing"])
def test_bad_files_give_one_message_that_names_the_key(tmp_path, name):
    path = tmp_path / "start.npz"
    if name == "text":
        path.write_text("not an archive")
    elif name != "missing":
        np.savez(path, **BAD[name])
    with pytest.raises(ConfigError, match=r"initial\.path") as error:
        read_fields(path, box())
    assert str(path) in str(error.value)


def test_state_from_defaults_to_a_fluid_at_rest():
    where = box()
    state = state_from(where, helical_mode(where, 1.0, (1, 0, 0), 1), uniform(where, 2.0), flow="relativistic")
    assert float(state.rho[0, 0, 0].real) == 1 and float(state.mu5[0, 0, 0].real) == 2
    assert all(float(np.max(np.abs(m))) == 0 for m in state.momentum)
