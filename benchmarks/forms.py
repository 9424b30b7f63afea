"""Cost of one right-hand side of every form of chiral MHD, per grid point: prints a table.

    taskset -c 0 python benchmarks/forms.py       # on one core

The case cpi at 48³ with other choices; best of twelve evaluations of the compiled right-hand side.
"""

import time

import equinox as eqx
import jax
import jax.numpy as jnp

import kiral

POINTS = 48
CHARGE = {"separation": 1.0, "magnetic": 1.0, "diffusivity": 1e-6}
FORCE = {"amplitude": 1e-3, "wave_number": 1e4}
FORMS = {
    "relativistic, 1996": {},
    "relativistic, 2025": {"model.form": "roperpol2025"},
    "relativistic with a force": {"model.forcing": FORCE},
    "relativistic with mu": {"model.charge": CHARGE},
    "incompressible": {"model.flow": "incompressible"},
    "incompressible with a force": {"model.flow": "incompressible", "model.forcing": FORCE},
    "no flow": {"model.flow": "none"},
    "no flow with mu": {"model.flow": "none", "model.charge": CHARGE},
}


def nanoseconds(overrides: dict) -> float:
    """Best time per grid point."""
    problem = kiral.build("cpi", {"geometry.n": POINTS, "model.heating": "paper"} | overrides)
    equation, state = problem.equation, problem.initial_state()
    evaluate = eqx.filter_jit(lambda equation, y: equation.evaluate(jnp.asarray(0.1), y)[0])
    jax.block_until_ready(evaluate(equation, state))
    best = float("inf")
    for _ in range(12):
        began = time.perf_counter()
        jax.block_until_ready(evaluate(equation, state))
        best = min(best, time.perf_counter() - began)
    return best / POINTS**3 * 1e9


if __name__ == "__main__":
    for name, overrides in FORMS.items():
        print(f"{name:30s} {nanoseconds(overrides):6.0f} ns per point")
