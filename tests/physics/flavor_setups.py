"""Small runs of flavor kinetics for the tests, advanced without files."""

import jax.numpy as jnp

from kiral.config.load import validate
from kiral.core.advance import advance, sample, start, step_options

TWO_BEAMS = {
    "kind": "flavor_beams",
    "beams": [{"velocity": 1.0, "nu": [0.5, 0.0]}, {"velocity": -1.0, "nu": [0.0, 0.5]}],
}
FAST = {"kind": "flavor_angles", "n_angles": 32, "sigma_nu": 0.6, "sigma_nubar": 0.5, "asymmetry": 0.9}
FLAVOR_STATES = {"kind": "flavor_states"}


def problem(model, initial=None, *, n=1, length=1.0, scheme="lie4", **sections):
    """The built problem of a case with these sections."""
    values = {"model": model, "geometry": {"n": n, "length": length}, "initial": initial or FLAVOR_STATES}
    return validate(values | {"time": {"t_end": 1.0, "scheme": scheme}} | sections).build(".")


def follow(made, times, *, scheme="lie4", tolerance=1e-9, dt=0.0):
    """States at the times, by accepted steps; the last one is a side step that ends there. `dt`: fixed steps."""
    options, found = step_options(tolerance, dt), []
    carry = start(made.equation, scheme, jnp.asarray(0.0), made.initial_state(), options)
    for t in times:
        carry = advance(made.equation, scheme, carry, 10**9, t, options)
        found.append(sample(made.equation, scheme, carry, t, options)[1])
    return found
