"""What a right-hand side of a case costs on this machine: a few steps of it on a grid that is small enough to be quick."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

from kiral.config.case import RunConfig
from kiral.config.load import LoadedCase, apply_overrides, validate
from kiral.core.estimate import Range
from kiral.errors import ConfigError
from kiral.resources import Resources, resources

REPEATS, STEPS = 5, 2


def estimated(loaded: LoadedCase, devices: int = 1, measure: bool = False) -> Resources:
    """The resources of a loaded case, with the stored cost of a right-hand side or one measured now. jax only for that."""
    if devices < 1:
        raise ConfigError(f"--devices {devices}: must be at least 1")
    seconds = measured_seconds(loaded.config, loaded.directory) if measure else None
    return resources(loaded.config, devices, seconds)


def measured_seconds(config: RunConfig, directory: Path) -> tuple[Range, str]:
    """(seconds of one right-hand side on one device: best and median, what was measured), for the case's own grid.

    The stored cost says how it grows from the grid measured to the case's own. Raises ConfigError where the case cannot be
    built on the small grid, and for a subject without an estimate.
    """
    own = config.needs(1)
    if own is None:
        raise ConfigError("--measure: cases of this model.kind give no estimate of their resources yet")
    short = min(limit.narrowest for limit in own.limits) / 10
    small = validate(apply_overrides(config.as_dict(), own.small | {"time.dt": short}), f"--measure with {own.small}")
    here = small.needs(1) or own
    times = [took / (STEPS * here.evaluations) for took in _timed(small, directory)]
    growth = [a / b for a, b in zip(own.seconds, here.seconds, strict=True)]
    import jax

    where = f"{jax.devices()[0].device_kind} of this machine, {STEPS * REPEATS} steps of {here.points} points"
    return Range(min(times) * growth[0], statistics.median(times) * growth[1]), where


def _timed(config: RunConfig, directory: Path) -> list[float]:
    """Wall time of some steps, several times."""
    from kiral.api import setup_jax

    setup_jax(config.devices)
    import jax
    import jax.numpy as jnp

    from kiral.core.advance import advance, start, step_options

    problem, scheme = config.build(directory), config.time.scheme
    options = step_options(config.time.tolerance, config.time.dt or 0.0)
    carry = start(problem.equation, scheme, jnp.asarray(problem.t_start), problem.initial_state(), options)
    times = []
    for _ in range(REPEATS + 1):
        began = time.perf_counter()
        carry = jax.block_until_ready(advance(problem.equation, scheme, carry, STEPS, config.time.t_end, options))
        times.append(time.perf_counter() - began)
    return times[1:]  # the first one compiles
