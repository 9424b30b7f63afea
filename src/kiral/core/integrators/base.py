"""What every time-stepping scheme is made of, and the one step that runs any of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array

from kiral.core.equation import Equation, PyTree, Rate

Stage = Callable[[Any, Array, PyTree], PyTree]


class Step(NamedTuple):
    """Result of one attempted step: the new state, its slope (first stage of the next step), rates there, error estimate."""

    y: PyTree
    slope: PyTree
    rates: dict[str, Rate]
    error: PyTree


class Scheme(NamedTuple):
    """A time-stepping scheme with a first stage that is the last one of the step before.

    slope(equation, t, y): what is kept of a stage, and the rates; tables(equation, h): what depends on the step size
    alone; prepare(equation, tables, t, y, h): what the stages share. stages: functions (prepared, h, slopes) → state at
    t + nodes[i] h, slopes stacked along a leading axis, the first being the slope at t; the last stage is the new state.
    error(prepared, h, slopes): the embedded estimate, O(h^error_order). solve(prepared, state): where given, what every
    stage but the last still goes through, compiled once.
    """

    name: str
    error_order: int
    nodes: tuple[float, ...]
    slope: Callable[[Equation, Array, PyTree], tuple[PyTree, dict[str, Rate]]]
    tables: Callable[[Equation, Array], PyTree]
    prepare: Callable[[Equation, PyTree, Array, PyTree, Array], Any]
    stages: tuple[Stage, ...]
    error: Callable[[Any, Array, PyTree], PyTree]
    solve: Callable[[Any, PyTree], PyTree] | None = None

    def step(self, equation: Equation, tables: PyTree, t: Array, y: PyTree, slope: PyTree, h: Array) -> Step:
        """One step from (t, y) with the slope there and the tables of h.

        The stages are one compiled loop, not unrolled: the right-hand side is compiled once, and the state of a stage is
        written to memory before its many uses instead of being recomputed in each.
        """
        count = len(self.stages)
        prepared = self.prepare(equation, tables, t, y, h)
        slopes = jax.tree.map(lambda s: jnp.zeros((count + 1, *s.shape), s.dtype).at[0].set(s), slope)
        nodes = jnp.asarray(self.nodes)
        rates = jax.eval_shape(lambda: self.slope(equation, t, y)[1])

        def body(i, carry):
            slopes, _, _ = carry
            state = lax.switch(i, [lambda s, f=f: f(prepared, h, s) for f in self.stages], slopes)
            if self.solve is not None:
                state = lax.cond(i < count - 1, partial(self.solve, prepared), lambda y: y, state)
            new, rates = self.slope(equation, t + nodes[i] * h, state)
            return jax.tree.map(lambda s, x: s.at[i + 1].set(x), slopes, new), state, rates

        start = (slopes, y, jax.tree.map(lambda s: jnp.zeros(s.shape, s.dtype), rates))
        slopes, y_new, rates = lax.fori_loop(0, count, body, start)
        last = jax.tree.map(lambda s: s[count], slopes)
        return Step(y_new, last, rates, self.error(prepared, h, slopes))


def combine(*terms: tuple[float | Array, PyTree]) -> PyTree:
    """Σ c_i y_i over PyTrees. Coefficients take each leaf's precision, so that a float32 state stays float32."""

    def leaf(*leaves):
        total = _cast(terms[0][0], leaves[0]) * leaves[0]
        for (c, _), x in zip(terms[1:], leaves[1:], strict=True):
            total = total + _cast(c, x) * x
        return total

    return jax.tree.map(leaf, *(y for _, y in terms))


def add(a: PyTree, b: PyTree) -> PyTree:
    """a + b over PyTrees."""
    return jax.tree.map(jnp.add, a, b)


def take(slopes: PyTree, i: int) -> PyTree:
    """The i-th of stacked slopes."""
    return jax.tree.map(lambda s: s[i], slopes)


def _cast(c: float | Array, x: Array) -> Array:
    return jnp.asarray(c).astype(jnp.finfo(x.dtype).dtype)
