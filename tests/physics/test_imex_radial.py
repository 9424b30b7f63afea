"""A banded radial problem through the implicit-explicit path and the same drivers: the contract a shell will use.

∂t u = (1/r) ∂r(r ∂r u) - u³ on r in [1, 2], finite volumes, no flux at the ends, one tridiagonal solve a stage.
Its budget: Σ u V changes by -∫Σ u³ V dt alone, to round-off in space, because the fluxes telescope.
"""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest
from jax.lax.linalg import tridiagonal_solve

from kiral.core.advance import advance, evaluate_budgets, sample, start, step_options
from kiral.core.equation import Budget, Equation
from kiral.core.integrators import step

CELLS = 32
EDGES = np.linspace(1, 2, CELLS + 1)
VOLUME = jnp.asarray(np.diff(EDGES**2) / 2)
# flux[i] = EDGES[i] (u[i] - u[i-1])/dr; the matrix of -div flux/volume, as its three diagonals
COUPLING = np.r_[0, EDGES[1:-1] / np.diff(EDGES)[0], 0]
LOWER, UPPER = jnp.asarray(COUPLING[:-1]) / VOLUME, jnp.asarray(COUPLING[1:]) / VOLUME


class Diffusion(eqx.Module):
    """L of the state (u, burnt): the ledger is not touched."""

    def apply(self, y):
        u = y[0]
        return LOWER * (jnp.roll(u, 1) - u) + UPPER * (jnp.roll(u, -1) - u), jnp.zeros_like(y[1])

    def tables(self, h):
        return -h * LOWER, 1 + h * (LOWER + UPPER), -h * UPPER

    def solve(self, tables, r):
        return tridiagonal_solve(*tables, r[0][:, None])[:, 0], r[1]


class Radial(Equation):
    reaction: jnp.ndarray

    def evaluate(self, t, y):
        burn = self.reaction * y[0] ** 3
        return (-burn, jnp.sum(burn * VOLUME)), {}

    def linear(self):
        return Diffusion()

    def error_norm(self, error, y):
        return jnp.max(jnp.abs(error[0])) / jnp.max(jnp.abs(y[0]))

    def budgets(self, t, y):
        content = jnp.sum(y[0] * VOLUME)
        return {"content": Budget(content, -y[1], content + y[1])}


EQUATION = Radial(jnp.asarray(2.0))
START = (1 + 0.5 * jnp.cos(np.pi * jnp.asarray(EDGES[:-1] + EDGES[1:]) / 2), jnp.zeros(()))


def run(dt, tolerance=1e-6, t_end=0.2):
    options = step_options(tolerance, dt, dt_max=0.05)
    carry = start(EQUATION, "ark4", jnp.zeros(()), START, options)
    carry = advance(EQUATION, "ark4", carry, 10**6, t_end, options)
    return sample(EQUATION, "ark4", carry, t_end, options)[1], carry


def test_fourth_order_though_diffusion_is_stiff():
    """h |λ| is about 4·32²·0.2/steps = 50 to 400 here: an explicit method would need 500 steps."""
    exact = run(0.2 / 512)[0][0]
    errors = [float(jnp.max(jnp.abs(run(0.2 / n)[0][0] - exact))) for n in (8, 16, 32)]
    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    assert np.all(orders > 3.5) and orders[-1] > 3.8, (errors, orders)


def test_one_huge_step_is_stable():
    """L-stability, R(z) = O(1/z): with h |λ| = 1e5 for the slowest mode the solution goes to its mean, it does not ring."""
    y, _ = step(Radial(jnp.asarray(0.0)), jnp.zeros(()), START, jnp.asarray(1e4), scheme="ark4")
    mean = jnp.sum(START[0] * VOLUME) / jnp.sum(VOLUME)
    assert float(jnp.max(jnp.abs(y[0] - mean))) < 1e-3 * float(jnp.max(jnp.abs(START[0] - mean)))


@pytest.mark.parametrize("dt", [0.0, 0.025])
def test_the_budget_closes_to_round_off(dt):
    """Adaptive or fixed, accepted steps or a side step: the ledger is integrated with the weights of the field."""
    y, carry = run(dt)
    before = evaluate_budgets(EQUATION, jnp.zeros(()), START)["content"]
    for state in (y, carry.y):
        after = evaluate_budgets(EQUATION, jnp.zeros(()), state)["content"]
        assert abs(float(after.total - before.total - after.production)) < 1e-14
    assert float(y[1]) > 0.1
