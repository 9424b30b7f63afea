"""Small runs of chiral kinetic theory for the tests, advanced without files. Equal sizes share their compilation."""

import jax.numpy as jnp

from kiral.config.load import validate
from kiral.core.advance import advance, sample, start, step_options

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
