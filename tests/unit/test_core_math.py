"""φ-functions, forced response and tables against closed forms and matrix exponentials."""

import math
from fractions import Fraction

import jax.numpy as jnp
import numpy as np
import pytest
from scipy.linalg import expm

from kiral.api import setup_jax
from kiral.core.phi import phi_functions
from kiral.core.quadrature import forced_response
from kiral.core.table import at_time, time_table
from kiral.mhd.linear import _sound_wave_functions

setup_jax()


def phi_exact(order: int, z: float) -> float:
    """Taylor series in exact rationals: Σ z^j/(j + order)!."""
    x, total, term = Fraction(z), Fraction(0), Fraction(1)
    for j in range(40 + 6 * math.ceil(abs(z))):
        total += term / math.factorial(j + order)
        term *= x
    return float(total)


@pytest.mark.parametrize("z", [0.0, -1e-12, -1e-6, -1e-3, -0.1, -0.999, -1.0, -1.001, -3.0, -30.0])
def test_phi_functions_of_real_arguments(z):
    for order, value in enumerate(phi_functions(jnp.asarray(z), 4)):
        assert float(value) == pytest.approx(phi_exact(order, z), rel=1e-13)


@pytest.mark.parametrize("z", [0.3j, -0.2 + 0.9j, -0.7 + 0.8j, 5j, -2 + 7j])
def test_phi_functions_of_complex_arguments(z):
    """Against the exponential of the augmented 2×2-block matrix, whose corner holds φ (Sidje 1998)."""
    block = np.array([[z.real, -z.imag], [z.imag, z.real]])
    values = phi_functions(jnp.asarray(z), 3)
    for order in range(4):
        exact = augmented_phi(block, order)[:, 0]
        np.testing.assert_allclose([values[order].real, values[order].imag], exact, atol=2e-14)


def augmented_phi(matrix: np.ndarray, order: int) -> np.ndarray:
    """φ_order of a 2×2 matrix from one matrix exponential."""
    if order == 0:
        return expm(matrix)
    large = np.zeros((2 * (order + 1),) * 2)
    large[:2, :2] = matrix
    for i in range(order):
        large[2 * i : 2 * i + 2, 2 * i + 2 : 2 * i + 4] = np.eye(2)
    return expm(large)[:2, -2:]


CRITICAL = math.sqrt(3) / 2  # nu k at which d²/4 = k²/3


@pytest.mark.parametrize("damping", [0.0, 0.3, CRITICAL * (1 - 1e-9), CRITICAL, CRITICAL * (1 + 1e-13), CRITICAL * 1.01, 3.0])
@pytest.mark.parametrize("k", [0.0, 1e-3, 1.0, 8.0])
def test_sound_wave_block_through_critical_damping(k, damping):
    """c0 + c1 M = φ(h M) for M = [[-d, k/3], [-k, 0]] (real after turning rho by i), d = 4 nu k²/3, nu = damping/k."""
    h, nu = 0.6, damping / k if k else 0.0
    m = np.array([[-4 / 3 * nu * k**2, k / 3], [-k, 0.0]])
    for order, (c0, c1) in enumerate(_sound_wave_functions(jnp.asarray(h), jnp.asarray(k**2), jnp.asarray(nu))):
        np.testing.assert_allclose(float(c0) * np.eye(2) + float(c1) * m, augmented_phi(h * m, order), atol=2e-10)


@pytest.mark.parametrize("rate", [0.0, 1e-8, 1.0, 1e3, 1e5])
def test_forced_response_to_a_cubic_is_exact(rate):
    """∫₀ʰ e^{-r(h-s)} s^j ds = j! h^{j+1} φ_{j+1}(-r h)."""
    h, t = 0.1, 2.0
    times = jnp.asarray(t), jnp.asarray(h)
    response, total = forced_response(lambda s: 1 + 2 * (s - t) - 5 * (s - t) ** 3, *times, jnp.asarray(rate))
    phi = [float(p) for p in phi_functions(jnp.asarray(-rate * h), 4)]
    assert float(response) == pytest.approx(h * phi[1] + 2 * h**2 * phi[2] - 30 * h**4 * phi[4], rel=1e-13)
    assert float(total) == pytest.approx(h + h**2 - 5 * h**4 / 4, rel=1e-14)


def test_tables_in_time():
    t = np.array([0.0, 1.0, 3.0, 4.0, 6.0])
    linear = time_table(t, 2 * t + 1)
    cubic = time_table(t, t**3 - t, "cubic")
    for x in (0.0, 0.4, 1.0, 2.9, 5.5, 6.0):
        assert float(at_time(linear, jnp.asarray(x))) == pytest.approx(2 * x + 1, rel=1e-15)
        assert float(at_time(cubic, jnp.asarray(x))) == pytest.approx(x**3 - x, abs=1e-12)
    assert float(at_time(jnp.asarray(3.0), jnp.asarray(0.0))) == 3.0
