"""Reverse-mode derivatives through a run."""

import jax
import jax.numpy as jnp
import pytest
from setups import equation, number

from kiral.core.advance import integrate
from kiral.mhd.initial import helical_mode, state_from, uniform

STEPS, DT = 8, 0.02


def growth_rate(eta, mu5, scheme):
    """Rate of the mode k = 2 of positive helicity, from its energy before and after."""
    eq = equation((8, 1, 1), flow="none", magnetic_diffusivity=eta)
    y = state_from(eq.box, helical_mode(eq.box, 1e-3, (2, 0, 0), 1), uniform(eq.box, 0.0).at[0, 0, 0].set(mu5), flow="none")
    end = integrate(eq, scheme, number(0.0), y, number(DT), STEPS)
    before, after = (eq.box.mean_dot(s.A, s.A) for s in (y, end))
    return jnp.log(after / before) / (2 * STEPS * DT)


@pytest.mark.parametrize("scheme", ["rk4", "etdrk4"])
def test_gradient_of_a_growth_rate_is_that_of_finite_differences_and_of_theory(scheme):
    """γ = eta k (mu5 - k): dγ/d eta = k (mu5 - k), dγ/d mu5 = eta k."""
    eta, mu5 = number(0.3), number(5.0)
    rate = jax.jit(lambda a, b: growth_rate(a, b, scheme))
    gradient = jax.jit(jax.grad(lambda a, b: growth_rate(a, b, scheme), argnums=(0, 1)))(eta, mu5)
    step = 1e-4
    differences = [
        (rate(eta + step, mu5) - rate(eta - step, mu5)) / (2 * step),
        (rate(eta, mu5 + step) - rate(eta, mu5 - step)) / (2 * step),
    ]
    for exact, difference in zip(gradient, differences, strict=True):
        assert float(exact) == pytest.approx(float(difference), rel=1e-6)
    assert float(gradient[0]) == pytest.approx(2 * (5.0 - 2), rel=1e-4)
    assert float(gradient[1]) == pytest.approx(0.3 * 2, rel=1e-4)
