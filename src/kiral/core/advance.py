"""The compiled part of the run loop: adaptive steps, throw-away side steps for output, fixed steps for gradients.

Every function here takes the equation as an argument, with its coefficients as arrays: a run with other coefficients,
seed or end time reuses the compiled code. Step numbers and stop times are traced, so how a run is cut into chunks changes
neither the compiled code nor a single bit of the result.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float, Int

from kiral.core import processes
from kiral.core.equation import Budget, Equation, PyTree, Rate
from kiral.core.integrators import SCHEMES, Step
from kiral.core.layout import constrain, place

SAFETY = 0.9
GROW, SHRINK = 1.5, 0.2
RUNGS_PER_OCTAVE = 16
RUNG = 2 ** (1 / RUNGS_PER_OCTAVE)
MAX_REJECTIONS = 40
_FIRST_STEP_SHRINK = 1e-2
UNLIMITED = 2**62


class StepOptions(NamedTuple):
    """Numbers of the step control, all traced: relative error per step, fixed step (0: adaptive), largest step."""

    tolerance: Float[Array, ""]
    dt_fixed: Float[Array, ""]
    dt_max: Float[Array, ""]


def step_options(tolerance: float, dt_fixed: float = 0.0, dt_max: float = np.inf) -> StepOptions:
    """Step options as arrays."""
    return StepOptions(*(jnp.asarray(v, jnp.float64) for v in (tolerance, dt_fixed, dt_max)))


class Carry(NamedTuple):
    """All that the next step depends on.

    tables, tables_h: the scheme's tables and the step size they are for, kept from step to step (see `to_save`).
    dt: the step to try next; slope: first stage at (t, y); limiter: what set dt, an index into `limiter_names`;
    rejections: rejected attempts in a row; failed: the last attempt was not finite (y is still the last good state).
    """

    t: Float[Array, ""]
    dt: Float[Array, ""]
    step: Int[Array, ""]
    rejected: Int[Array, ""]
    y: PyTree
    slope: PyTree
    rates: dict[str, Rate]
    error: Float[Array, ""]
    limiter: Int[Array, ""]
    rejections: Int[Array, ""]
    failed: Array
    tables: PyTree
    tables_h: Float[Array, ""]


def to_save(carry: Carry) -> Carry:
    """What a checkpoint needs: everything but the tables, which the next step makes again from the step size."""
    return carry._replace(tables=(), tables_h=())


@eqx.filter_jit
def restored(equation: Equation, scheme: str, saved: Carry) -> Carry:
    """A carry from what `to_save` kept. The next step is bit-identical: it makes its tables by the same compiled code."""
    carry = saved._replace(tables=_empty_tables(equation, scheme), tables_h=jnp.asarray(-1.0, jnp.float64))
    return constrain(carry, equation.layout)


def _empty_tables(equation: Equation, scheme: str) -> PyTree:
    shapes = jax.eval_shape(SCHEMES[scheme].tables, equation, jnp.zeros(()))
    return jax.tree.map(lambda s: jnp.zeros(s.shape, s.dtype), shapes)


def limiter_names(carry: Carry) -> tuple[str, ...]:
    """Names of what can limit the step, in the order of `Carry.limiter`."""
    return (*sorted(carry.rates), "error", "growth", "largest step", "fixed step")


@eqx.filter_jit
def start(equation: Equation, scheme: str, t: Float[Array, ""], y: PyTree, options: StepOptions) -> Carry:
    """The carry at the initial time; the first step is a small part of what the rates allow, and grows from there."""
    slope, rates = SCHEMES[scheme].slope(equation, t, y)
    bound, limiter = _rate_bound(rates)
    adaptive = jnp.minimum(_FIRST_STEP_SHRINK * bound, options.dt_max)
    fixed = options.dt_fixed > 0
    names = len(rates)
    carry = Carry(
        t=jnp.asarray(t, jnp.float64),
        dt=jnp.where(fixed, options.dt_fixed, _rung(adaptive)),
        step=jnp.zeros((), jnp.int64),
        rejected=jnp.zeros((), jnp.int64),
        y=y,
        slope=slope,
        rates=rates,
        error=jnp.ones((), jnp.float64),
        limiter=jnp.where(fixed, names + 3, limiter),
        rejections=jnp.zeros((), jnp.int64),
        failed=jnp.zeros((), bool),
        tables=_empty_tables(equation, scheme),
        tables_h=jnp.asarray(-1.0, jnp.float64),
    )
    return constrain(carry, equation.layout)


@eqx.filter_jit
def moved(equation: Equation, scheme: str, before: Carry, y: PyTree, options: StepOptions) -> Carry:
    """The carry that goes on from `before` (its scalars) with the state y of the same moment on another grid.

    The step is kept, but for what the rates of the new grid do not allow.
    """
    new = start(equation, scheme, before.t, y, options)
    allowed = jnp.minimum(before.dt, _rung(_rate_bound(new.rates)[0]))
    return new._replace(
        dt=jnp.where(options.dt_fixed > 0, before.dt, allowed),
        step=before.step,
        rejected=before.rejected,
        error=before.error,
        limiter=before.limiter,
        rejections=before.rejections,
    )


def _cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


# XLA's order of operations on CPUs: with several cores independent transforms run at once; one core works on what it has
# just made, so that it is still in its cache. The results are the same.
_ORDER = "CONCURRENCY_OPTIMIZED" if _cores() > 1 else "MEMORY_OPTIMIZED"
SCHEDULE = {"xla_cpu_scheduler_type": f"CPU_SCHEDULER_TYPE_{_ORDER}"}


@partial(eqx.filter_jit, donate="all-except-first", compiler_options=SCHEDULE)
def _advance(constant, carry: Carry, n: Array, t_stop: Array, clip: Array) -> Carry:
    return drive(constant, carry, n, t_stop, clip)


def drive(constant, carry: Carry, n: Array, t_stop: Array, clip: Array, axis: str | None = None) -> Carry:
    """Both drivers in one loop. clip: shorten the last step to end at t_stop; else stop before passing it.

    constant: (equation, scheme, options). axis: the mapped axis inside `jax.vmap`; its members make new tables together.
    """
    equation, scheme, options = constant

    def going(state):
        attempts, c = state
        return (attempts < n) & ~c.failed & jnp.where(clip, c.t < t_stop, c.t + c.dt <= t_stop)

    def attempt(state):
        attempts, c = state
        last = clip & (c.t + c.dt >= t_stop)
        h = jnp.where(last, t_stop - c.t, c.dt)
        reuse = h == c.tables_h
        if axis is not None:  # one answer for all keeps the choice a branch: mapped, both branches would run every step
            reuse = lax.pmin(reuse | ~going(state), axis)
        new = _attempt(equation, scheme, c, h, options, reuse)
        arrived = last & (new.step > c.step)
        return attempts + 1, new._replace(t=jnp.where(arrived, t_stop, new.t))

    return lax.while_loop(going, attempt, (jnp.zeros((), jnp.int64), carry))[1]


def advance(equation: Equation, scheme: str, carry: Carry, n: int, t_stop: float, options: StepOptions) -> Carry:
    """Up to n attempted steps; stops before a step that would pass t_stop. The carry given is consumed (donated)."""
    return _drive(equation, scheme, carry, n, t_stop, options, clip=False)


def sample(equation: Equation, scheme: str, carry: Carry, t: float, options: StepOptions) -> tuple[Array, PyTree]:
    """The state at exactly t ≥ carry.t by throw-away steps of the same scheme; the carry goes on as if nothing happened."""
    end = _drive(equation, scheme, jax.tree.map(jnp.copy, carry), UNLIMITED, t, options, clip=True)
    return end.t, end.y


def _drive(equation, scheme, carry, n, t_stop, options, *, clip) -> Carry:
    # A strong type for each number, so that all calls share one compilation.
    numbers = (jnp.asarray(n, jnp.int64), jnp.asarray(t_stop, jnp.float64), jnp.asarray(clip))
    constant = (equation, scheme, place(options, equation.layout))
    return together(_advance, constant, carry, *place(numbers, equation.layout))


def _attempt(equation: Equation, scheme: str, c: Carry, h: Array, options: StepOptions, reuse: Array) -> Carry:
    """Try one step of size h: take it if its error is below the tolerance, and choose the next step size.

    reuse: the carry's tables are those of h.
    """
    method = SCHEMES[scheme]
    tables = lax.cond(reuse, lambda: c.tables, lambda: method.tables(equation, h))
    trial: Step = method.step(equation, tables, c.t, c.y, c.slope, h)
    error = equation.error_norm(trial.error, trial.y) / options.tolerance
    fixed = options.dt_fixed > 0
    finite = jnp.isfinite(error)
    accept = finite & (fixed | (error <= 1))
    y, slope, rates = jax.tree.map(
        partial(jnp.where, accept), (trial.y, trial.slope, trial.rates), (c.y, c.slope, c.rates)
    )
    dt, limiter = _next_step(rates, error, c.error, h, accept, method.error_order, options)
    rejections = jnp.where(accept, 0, c.rejections + 1)
    new = Carry(
        t=jnp.where(accept, c.t + h, c.t),
        dt=jnp.where(fixed, options.dt_fixed, dt),
        step=c.step + accept,
        rejected=c.rejected + ~accept,
        y=y,
        slope=slope,
        rates=rates,
        error=jnp.where(accept, jnp.maximum(error, 1e-4), c.error),
        limiter=jnp.where(fixed, len(rates) + 3, limiter),
        rejections=rejections,
        failed=(fixed & ~finite) | (rejections > MAX_REJECTIONS),
        tables=tables,
        tables_h=h,
    )
    return constrain(new, equation.layout)


def _next_step(rates, error, error_before, h, accept, order, options) -> tuple[Array, Array]:
    """PI control (Hairer, Nørsett & Wanner, Sec. II.4, with β = 0.4/order), bounded by the rates and by growth."""
    safe = jnp.where(jnp.isfinite(error), jnp.maximum(error, 1e-10), 1e10)
    proportional = SAFETY * safe ** (-0.7 / order) * error_before ** (0.4 / order)
    factor = jnp.where(accept, proportional, jnp.minimum(SAFETY * safe ** (-1.0 / order), 0.5))
    by_error = h * jnp.maximum(factor, SHRINK)
    by_rate, which = _rate_bound(rates)
    n = len(rates)
    bounds = jnp.stack([by_rate, by_error, GROW * h, options.dt_max])
    index = jnp.stack([which, *(jnp.asarray(n + i, which.dtype) for i in range(3))])
    smallest = jnp.argmin(bounds)
    target = bounds[smallest]
    # Keep the step while it is near its target: its tables are then used again.
    keep = accept & (target >= 0.98 * h) & (target < 1.05 * RUNG * h)
    return jnp.where(keep, h, _rung(target)), index[smallest]


def _rung(h: Array) -> Array:
    """The largest step of the ladder 2^(i/16) that is not above h."""
    return 2 ** (jnp.floor(RUNGS_PER_OCTAVE * jnp.log2(h)) / RUNGS_PER_OCTAVE)


def _rate_bound(rates: dict[str, Rate]) -> tuple[Array, Array]:
    """(largest step that all rates allow, index of the one that sets it, in sorted order of names)."""
    if not rates:
        return jnp.asarray(jnp.inf), jnp.zeros((), jnp.int64)
    bounds = jnp.stack([_bound(rates[name]) for name in sorted(rates)])
    return jnp.min(bounds), jnp.argmin(bounds)


def _bound(rate: Rate) -> Array:
    value = jnp.asarray(rate.rate, jnp.float64)
    return jnp.where(value > 0, rate.limit / jnp.where(value > 0, value, 1), jnp.inf)


_ready: set[Any] = set()


def together(function: Callable, *arguments: Any) -> Any:
    """Call a compiled function on all processes of a run: collectives between them do not wait for a compiler or a disk."""
    if processes.number() == 1:
        return function(*arguments)
    leaves, structure = jax.tree.flatten(arguments)
    kind = (function, structure, tuple((x.shape, str(x.dtype)) if eqx.is_array(x) else x for x in leaves))
    if kind not in _ready:
        function.lower(*arguments).compile()
        _ready.add(kind)
    processes.meet()
    return function(*arguments)


@eqx.filter_jit
def evaluate(observables: tuple, equation: Equation, t: Array, y: PyTree) -> dict[str, Array]:
    """All observables at one time, compiled into one function (shared parts are computed once)."""
    return {o.name: o.function(equation, t, y) for o in observables}


@eqx.filter_jit
def evaluate_budgets(equation: Equation, t: Array, y: PyTree) -> dict[str, Budget]:
    """All budgets at one time."""
    return equation.budgets(t, y)


@eqx.filter_jit
def trial(equation: Equation, scheme: str, carry: Carry) -> PyTree:
    """The state that the next attempt would give, taken or not: to name the field that stops being finite."""
    method = SCHEMES[scheme]
    tables = method.tables(equation, carry.dt)
    return method.step(equation, tables, carry.t, carry.y, carry.slope, carry.dt).y


def integrate(
    equation: Equation, scheme: str, t: Float[Array, ""], y: PyTree, dt: Float[Array, ""], n: int, *, checkpoints: bool = True
) -> PyTree:
    """n fixed steps (n static) by `lax.scan`: the driver for reverse-mode gradients through a run.

    checkpoints=True recomputes each step in the backward pass, so that memory grows by one state a step, not by all stages.
    """
    method = SCHEMES[scheme]
    tables = method.tables(equation, dt)

    def body(carry, i):
        y, slope = carry
        result = method.step(equation, tables, t + i * dt, y, slope, dt)
        return (result.y, result.slope), None

    one = jax.checkpoint(body) if checkpoints else body
    slope = method.slope(equation, t, y)[0]
    return lax.scan(one, (y, slope), jnp.arange(n, dtype=jnp.float64))[0][0]
