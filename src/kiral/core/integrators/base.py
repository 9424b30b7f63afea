"""What every time-stepping scheme offers: one pure step with an embedded error estimate."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array

from kiral.core.equation import Equation, PyTree, Rate


class Step(NamedTuple):
    """Result of one attempted step: the new state, its slope (first stage of the next step), rates there, error estimate."""

    y: PyTree
    slope: PyTree
    rates: dict[str, Rate]
    error: PyTree


class Scheme(NamedTuple):
    """A family member. `slope(equation, t, y)` gives the first stage; `step(equation, t, y, slope, h)` a `Step`.

    error_order is the order of h in the error estimate: error = O(h^error_order).
    """

    name: str
    error_order: int
    slope: Callable[[Equation, Array, PyTree], tuple[PyTree, dict[str, Rate]]]
    step: Callable[[Equation, Array, PyTree, PyTree, Array], Step]


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


def _cast(c: float | Array, x: Array) -> Array:
    return jnp.asarray(c).astype(jnp.finfo(x.dtype).dtype)
