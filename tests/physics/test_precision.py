"""float32 as a choice: the state's dtype only."""

import jax
import jax.numpy as jnp
from setups import NONLINEAR, distance, equation, random_state, run


def test_a_float32_run_stays_float32_and_near_the_float64_one():
    eq = equation((8, 8, 1), **NONLINEAR)
    y = random_state(eq)
    single = jax.tree.map(lambda x: x.astype(jnp.complex64) if jnp.iscomplexobj(x) else x, y)
    for scheme in ("rk4", "etdrk4"):
        double, short = run(eq, y, 0.4, 20, scheme), run(eq, single, 0.4, 20, scheme)
        assert {x.dtype for x in jax.tree.leaves(short._replace(ledger=()))} == {jnp.dtype("complex64")}
        assert {x.dtype for x in jax.tree.leaves(short.ledger)} == {jnp.dtype("float64")}
        assert 1e-9 < distance(eq, short, double) < 1e-4
