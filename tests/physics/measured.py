"""What the tests measure of small runs that are advanced without files."""

import jax.numpy as jnp
import numpy as np

from kiral.core.advance import evaluate, evaluate_budgets


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
