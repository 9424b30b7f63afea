"""Spectra sum to their totals and respect realisability, in three, two and one dimensions."""

import jax.numpy as jnp
import numpy as np
import pytest
from setups import equation, number, random_state

from kiral.core.advance import evaluate
from kiral.mhd.initial import helical_mode, spectrum, state_from, uniform
from kiral.mhd.observables import observables

GRIDS = [(12, 12, 12), (16, 12, 1), (24, 1, 1)]


def values(eq, y) -> dict[str, np.ndarray]:
    wanted = tuple(o for o in observables(flow=eq.flow, feedback=True) if len(o.dims) < 2)
    return {name: np.asarray(v) for name, v in evaluate(wanted, eq, number(0.1), y).items()}


@pytest.mark.parametrize("n", GRIDS)
def test_spectra_sum_to_totals(n):
    eq = equation(n, chiral_feedback=2.0, flipping_rate=1.0)
    y = random_state(eq, mu5=0.4 if n[2] > 1 else 0.3)
    v = values(eq, y)
    dk = float(eq.box.k_unit)
    assert dk * v["energy_spectrum"].sum() == pytest.approx(v["energy_magnetic"], rel=1e-13)
    assert v["energy_magnetic"] == pytest.approx(v["b_rms"] ** 2 / 2, rel=1e-13)
    scale = v["energy_magnetic"] / dk
    assert dk * v["helicity_spectrum"].sum() == pytest.approx(v["magnetic_helicity"], abs=1e-13 * scale)
    assert dk * v["mu5_spectrum"].sum() == pytest.approx(v["mu5_rms"] ** 2 - v["mu5_mean"] ** 2, rel=1e-12)
    # u = (3/4) m/rho is not band-limited: its spectrum holds the resolved part only, here all but 1e-3
    kinetic, resolved = v["u_rms"] ** 2 / 2, dk * v["kinetic_spectrum"].sum() + _mean_flow(eq, y)
    assert 0.99 * kinetic < resolved <= kinetic * (1 + 1e-12)
    assert np.all(np.abs(v["helicity_fraction"]) <= 1 + 1e-12)


def _mean_flow(eq, y) -> float:
    from kiral.mhd.observables import field_u

    return float(jnp.sum(jnp.mean(field_u(eq, number(0.0), y), axis=(1, 2, 3)) ** 2)) / 2


@pytest.mark.parametrize("n", GRIDS)
@pytest.mark.parametrize("sign", [1, -1])
def test_a_maximally_helical_field_has_fraction_one_in_every_shell(n, sign):
    """Every mode is weighted with its own |k|: with the shell's centre this would exceed 1 by up to half a bin."""
    eq = equation(n, flow="none", chiral_feedback=1.0)
    a = spectrum(eq.box, 3, 0.5, peak=2.0, slope_low=1.0, slope_high=-1.0, helicity=float(sign))
    v = values(eq, state_from(eq.box, a, uniform(eq.box, 0.0), flow="none"))
    np.testing.assert_allclose(v["helicity_fraction"][v["energy_spectrum"] > 0], sign, rtol=1e-12)
    assert np.all(np.abs(v["helicity_fraction"]) <= 1 + 1e-12)


def test_integral_wave_number_of_one_mode_is_its_wave_number():
    eq = equation((12, 12, 12), flow="none", chiral_feedback=1.0)
    a = helical_mode(eq.box, 0.3, (1, -2, 2), -1)
    v = values(eq, state_from(eq.box, a, uniform(eq.box, 0.0), flow="none"))
    assert v["k_integral"] == pytest.approx(3.0, rel=1e-13)
    assert np.flatnonzero(v["energy_spectrum"]).tolist() == [2]  # the shell k = 3
    assert v["magnetic_helicity"] == pytest.approx(-(0.3**2) / 3, rel=1e-13)
    assert v["current_helicity"] == pytest.approx(-3 * 0.3**2, rel=1e-13)
