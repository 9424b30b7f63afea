"""Small runs of chiral kinetic theory for the tests, advanced without files. Equal sizes share their compilation."""

import jax.numpy as jnp
import numpy as np

from kiral.config.load import validate
from kiral.core.advance import advance, evaluate, evaluate_budgets, sample, start, step_options

SMALL = {"elements": 8, "nodes": 6, "l_max": 5}


def problem(model, initial=None, geometry=None):
    """The built problem of a case with these sections."""
    values = {"model": {"kind": "chiral_kinetic"} | model, "initial": initial or {}, "geometry": geometry or SMALL}
    return validate(values | {"time": {"t_end": 1.0}}).build(".")


def follow(made, times, *, tolerance=1e-8, dt=0.0):
    """States at the times, by accepted steps; each is a side step that ends there."""
    options, found = step_options(tolerance, dt), []
    carry = start(made.equation, "ark4", jnp.asarray(0.0), made.initial_state(), options)
    for t in times:
        carry = advance(made.equation, "ark4", carry, 10**9, t, options)
        found.append(sample(made.equation, "ark4", carry, t, options)[1])
    return found


def values(made, t, y, *names):
    """Observables as floats, by name; which ones decides what is compiled."""
    chosen = tuple(o for o in made.observables if o.name in names)
    found = evaluate(chosen, made.equation, jnp.asarray(float(t)), y)
    return [np.asarray(found[name]) for name in names]


def drifts(made, t, y):
    """|change - production| over scale of every budget since the start."""
    before = evaluate_budgets(made.equation, jnp.asarray(0.0), made.initial_state())
    after = evaluate_budgets(made.equation, jnp.asarray(float(t)), y)
    return {
        name: float(np.max(np.abs(b.total - before[name].total - b.production)) / np.max(np.abs(b.scale)))
        for name, b in after.items()
    }
