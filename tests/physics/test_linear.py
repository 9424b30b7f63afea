"""Linear theory: growth of helical modes, Ohmic decay, sound, viscosity and Alfvén waves, against closed forms."""

import itertools

import jax.numpy as jnp
import numpy as np
import pytest
from setups import CUBE, box, equation, helical_parts, random_state, run

from kiral.core.table import time_table
from kiral.mhd import solutions

K = np.sqrt(np.asarray(box().k2))


def measured_rates(before, after, t):
    """{helicity: rate of every mode that has such a part}, and where."""
    parts = helical_parts(box(), before), helical_parts(box(), after)
    for sign in (1, -1):
        old, new = (np.sqrt(np.sum(np.abs(p[sign]) ** 2, axis=0)) for p in parts)
        there = old > 1e-6 * old.max()
        assert there.sum() > 10  # every mode up to |k| = 2
        yield sign, there, np.log(new[there] / old[there]) / t


@pytest.mark.parametrize(("mu5", "xi"), [(2.3, 0.0), (1.5, 0.9), (-0.7, -1.1)])
def test_helical_modes_grow_at_the_predicted_rate(mu5, xi):
    eta, t = 0.4, 0.4
    eq = equation(flow="none", magnetic_diffusivity=eta, xi=xi)
    y = random_state(eq, mu5=0.0, mean_mu5=mu5)
    end = run(eq, y, t, 40)
    for sign, there, rate in measured_rates(y.A, end.A, t):
        expected = solutions.growth_rate(K[there], mu5 + xi, eta, sign)
        np.testing.assert_allclose(rate, expected, rtol=0, atol=1e-8 * eta * 2 * (2 + abs(mu5 + xi)))
        np.testing.assert_array_less(abs(rate - expected), 1e-8 * eta * K[there] * (K[there] + abs(mu5 + xi)))
    np.testing.assert_allclose(end.mu5, y.mu5, rtol=1e-15)


def test_a_table_of_xi_in_time_drives_by_its_integral():
    eta, t = 0.3, 1.0
    eq = equation(flow="none", magnetic_diffusivity=eta, xi=time_table(np.array([0.0, 1.0]), np.array([0.5, 1.7])))
    y = random_state(eq, mu5=0.0, mean_mu5=0.4)
    for sign, there, rate in measured_rates(y.A, run(eq, y, t, 80, "rk4").A, t):
        expected = solutions.growth_rate(K[there], 0.4 + 1.1, eta, sign)
        np.testing.assert_array_less(abs(rate - expected), 1e-8 * eta * K[there] * (K[there] + 1.5))


def test_ohmic_decay_is_exact_in_one_step():
    eq = equation(flow="none", magnetic_diffusivity=0.7)
    y = random_state(eq, mu5=0.0, mean_mu5=0.0)
    end = run(eq, y, 1.3, 1)
    for a, b in zip(y.A, end.A, strict=True):
        np.testing.assert_allclose(b, a * solutions.ohmic_decay(K, 0.7, 1.3), rtol=1e-13, atol=1e-18)


def fluid_wave(eq, index, momentum, rho=0.0, a=(0, 0, 0)):
    """Uniform fluid at rest plus the mode `index` with the given complex amplitudes."""
    still = random_state(eq, a=0.0, m=0.0, rho=0.0, mu5=0.0, mean_mu5=0.0)
    still = still._replace(momentum=tuple(jnp.zeros_like(still.rho) for _ in range(3)))

    def put(field, value):
        field = field.at[index].add(value)
        return field.at[-index[0], -index[1], 0].add(np.conj(value)) if index[2] == 0 else field

    return still._replace(
        A=tuple(map(put, still.A, a)), momentum=tuple(map(put, still.momentum, momentum)), rho=put(still.rho, rho)
    )


def odd_response(eq, wave, eps, t, steps, scheme):
    """(y(+eps) - y(-eps))/(2 eps): the linear response, off by eps² only."""
    plus, minus = (run(eq, wave(sign * eps), t, steps, scheme) for sign in (1, -1))
    return lambda field: (field(plus) - field(minus)) / (2 * eps)


@pytest.mark.parametrize("scheme", ["etdrk4", "rk4"])
@pytest.mark.parametrize(("nu", "branch"), [(0.05, 0), (0.05, 1), (0.9, 0), (0.9, 1)])
def test_sound_travels_and_decays_as_predicted(scheme, nu, branch):
    index, t = (1, 2, 2), 0.5
    k = 3.0
    s = solutions.sound_wave_rates(k, nu)[branch]
    assert (abs(s.imag) > 0) == (nu < 0.5)  # both the travelling and the overdamped case
    eq = equation(viscosity=nu)
    momentum = 1j * s / k * np.array(index) / k

    part = odd_response(eq, lambda e: fluid_wave(eq, index, e * momentum, e), 1e-5, t, 200, scheme)
    grown = np.exp(s * t)
    assert abs(complex(part(lambda y: y.rho[index])) - grown) < 1e-9
    for i in range(3):
        assert abs(complex(part(lambda y, i=i: y.momentum[i][index])) - grown * momentum[i]) < 1e-9
    if nu < 0.5:
        np.testing.assert_allclose(np.hypot(s.imag, s.real), k * solutions.SOUND_SPEED, rtol=1e-14)


@pytest.mark.parametrize("scheme", ["etdrk4", "rk4"])
def test_shear_flow_decays_by_viscosity(scheme):
    eq = equation(viscosity=0.2)
    momentum = np.cross([1, 2, 2], [0.3, 0.1, -0.7]) + 0j
    part = odd_response(eq, lambda e: fluid_wave(eq, (1, 2, 2), e * momentum), 1e-5, 0.5, 400, scheme)
    for i in range(3):
        np.testing.assert_allclose(complex(part(lambda y, i=i: y.momentum[i][1, 2, 2])), momentum[i] * np.exp(-0.9), rtol=1e-9)


FLAT = (12, 1, 12)


def magnetised(b0, **values):
    return equation(FLAT, background_field=b0, **values)


@pytest.mark.parametrize(("eta", "nu", "branch"), list(itertools.product([0.0, 0.08], [0.0, 0.03], [0, 1])))
def test_alfven_waves_travel_and_decay_as_predicted(eta, nu, branch):
    """Wave number oblique to B0, displacement along k × B0."""
    b0, index, t = np.array([0.5, 0.3, -0.4]), (1, 0, 2), 1.0
    k = np.array(index, float)
    eq = magnetised(b0, magnetic_diffusivity=eta, viscosity=nu)
    k_abs = np.linalg.norm(k)
    s = solutions.alfven_wave_rates(k_abs, k @ b0 / np.linalg.norm(b0), np.linalg.norm(b0), eta=eta, nu=nu)[branch]
    along = np.cross(k, b0)
    b_over_u = 1j * (k @ b0) / (s + eta * k_abs**2)
    a = 1j * np.cross(k, b_over_u * along) / k_abs**2  # ∇×A = B

    part = odd_response(eq, lambda e: fluid_wave(eq, index, e * 4 / 3 * along, 0.0, e * a), 1e-5, t, 40, "rk4")
    for i in range(3):
        scale = np.linalg.norm(along)
        got = complex(part(lambda y, i=i: y.momentum[i][index]))
        assert abs(got - np.exp(s * t) * 4 / 3 * along[i]) < 1e-8 * scale
        assert abs(complex(part(lambda y, i=i: y.A[i][index])) - np.exp(s * t) * a[i]) < 1e-8 * scale


def test_compressional_waves_across_the_field_have_the_fast_speed():
    b0, index, t = 0.6, (2, 0, 0), 1.0
    eq = magnetised([0.0, 0.0, b0])
    s = -1j * 2 * solutions.fast_speed(b0)
    u, rho, b_z = 1.0, 4 / 3 * 2j / -s, b0 * 2j / -s  # s rho = -(4/3) i k u and s b = -B0 i k u
    a = (0.0, b_z / 2j, 0.0)

    def wave(e):
        return fluid_wave(eq, index, (e * 4 / 3 * u, 0, 0), e * rho, tuple(e * x for x in a))

    part = odd_response(eq, wave, 1e-5, t, 80, "rk4")
    np.testing.assert_allclose(complex(part(lambda y: y.rho[index])), rho * np.exp(s * t), rtol=1e-8)
    np.testing.assert_allclose(complex(part(lambda y: y.A[1][index])), a[1] * np.exp(s * t), rtol=1e-8)
    np.testing.assert_allclose(complex(part(lambda y: y.momentum[0][index])), 4 / 3 * np.exp(s * t), rtol=1e-8)


@pytest.mark.parametrize("handedness", [1, -1])
def test_a_circular_alfven_wave_of_any_amplitude_returns_after_a_period(handedness):
    """An exact nonlinear solution: |B| is uniform. Its amplitude is that of the uniform field here."""
    b0 = 0.8
    eq = magnetised([0.0, 0.0, b0])
    k, speed = 2, solutions.alfven_speed(b0)
    b = 0.4 * np.array([1, handedness * 1j, 0])
    a = tuple(1j * np.cross([0, 0, k], b) / k**2)
    y = fluid_wave(eq, (0, 0, k), tuple(-b * speed / b0 * 4 / 3), 0.0, a)
    end = run(eq, y, 2 * np.pi / (k * speed), 400, "rk4")
    for field, value in ((end.A, a), (end.momentum, -b * speed / b0 * 4 / 3)):
        for i in range(3):
            assert abs(complex(field[i][0, 0, k]) - value[i]) < 1e-8
    np.testing.assert_allclose(float(end.rho[0, 0, 0].real), 1.0, rtol=1e-14)
    assert float(jnp.max(jnp.abs(end.rho.at[0, 0, 0].set(0.0)))) < 1e-12


def test_helicity_signs_of_the_setup():
    """The numpy decomposition that this file trusts: a known Beltrami field is all of one sign."""
    modes = np.zeros((3, *box(CUBE).shape), complex)
    modes[:, 0, 0, 2] = np.array([1, 1j, 0]) / 2  # B ~ (cos 2z, -sin 2z, 0): ∇×B = 2 B
    parts = helical_parts(box(CUBE), modes)
    assert np.allclose(parts[1], modes) and np.allclose(parts[-1], 0)
