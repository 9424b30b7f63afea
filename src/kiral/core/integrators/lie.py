"""A Lie-group scheme: the state is turned, never added to, so that what rotations keep is kept to round-off.

Runge-Kutta-Munthe-Kaas with the classical tableau (Munthe-Kaas 1999, Appl. Numer. Math. 29, 115; Hairer, Lubich & Wanner,
Geometric Numerical Integration, Sec. IV.8): y = exp(u) y0, u' = dexp⁻¹_u(w(t, y)) solved by RK4 from u = 0, dexp⁻¹ to the
second commutator. Every stage is a rotation of the step's start state. The numbers that are merely integrated along (the
ledger) get the same RK4. Error estimate: the last stage's slope, carried to the new state, against the slope there, in the
last one's place, as in `exponential.py`. A stage goes over the state in blocks of its leading axis, each read and written
once, so that on a CPU what belongs to one block stays in cache.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol, runtime_checkable

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array

from kiral.core.equation import PyTree, Rate
from kiral.core.integrators.base import Step, combine

WEIGHTS = (1 / 6, 1 / 3, 1 / 3, 1 / 6)


@runtime_checkable
class LieEquation(Protocol):
    """What an equation gives the scheme. "Turned" is the part of the state that is rotated, with a common leading axis."""

    def blocks(self) -> int:
        """In how many blocks of the leading axis a stage goes over the state."""
        ...

    def along_axis(self, t: Array) -> PyTree:
        """Data of the leading axis at time t, which come in blocks too."""
        ...

    def split(self, y: PyTree) -> tuple[PyTree, PyTree, PyTree]:
        """(turned part, integrated numbers, what is constant)."""
        ...

    def join(self, turned: PyTree, numbers: PyTree, constant: PyTree) -> PyTree:
        """The state again."""
        ...

    def gather(self, turned: PyTree, data: PyTree) -> PyTree:
        """A block's share of the sums over the leading axis that the field is made of."""
        ...

    def field(self, t: Array, gathered: PyTree) -> tuple[PyTree, PyTree, dict[str, Rate]]:
        """(field, tendency of the integrated numbers, rates) from the sums."""
        ...

    def generator(self, field: PyTree, data: PyTree) -> PyTree:
        """Generators of the rotations of a block."""
        ...

    def turn(self, u: PyTree, turned: PyTree) -> PyTree:
        """exp(u) turned."""
        ...

    def differential(self, u: PyTree, k: PyTree) -> PyTree:
        """dexp_u(k), to the second commutator."""
        ...

    def inverse_differential(self, u: PyTree, w: PyTree) -> PyTree:
        """dexp⁻¹_u(w), to the second commutator."""
        ...

    def measure(self, error: PyTree, turned: PyTree, data: PyTree) -> PyTree:
        """A block's share of the sums over the leading axis that `error_norm` takes; `error` is in the algebra."""
        ...


class Slope(NamedTuple):
    """First stage: generators of all rotations, tendency of the integrated numbers."""

    generator: PyTree
    numbers: PyTree


class Measured(NamedTuple):
    """The error of a step as `error_norm` gets it: the sums of `measure`."""

    sums: PyTree


class LieScheme(NamedTuple):
    """What `core.advance` needs of a scheme."""

    name: str
    error_order: int
    slope: Callable[..., Any]
    tables: Callable[..., Any]
    step: Callable[..., Step]


def over_blocks(count: int, function: Callable, *arrays: PyTree) -> tuple[PyTree, PyTree]:
    """Σ and stacked results of function(*blocks) → (summand, result) over `count` blocks of the leading axis."""
    if count == 1:
        return function(*arrays)
    cut = jax.tree.map(lambda x: x.reshape(count, -1, *x.shape[1:]), arrays)
    shapes = jax.eval_shape(function, *jax.tree.map(lambda x: x[0], cut))[0]
    zero = jax.tree.map(lambda s: jnp.zeros(s.shape, s.dtype), shapes)

    def body(total, blocks):
        part, result = function(*blocks)
        return jax.tree.map(jnp.add, total, part), result

    total, results = lax.scan(body, zero, cut)
    return total, jax.tree.map(lambda x: x.reshape(-1, *x.shape[2:]), results)


def gathered(equation: LieEquation, t: Array, turned: PyTree) -> PyTree:
    """The sums over the leading axis at time t."""

    def part(r, data):
        return equation.gather(r, data), ()

    return over_blocks(equation.blocks(), part, turned, equation.along_axis(t))[0]


def generators(equation: LieEquation, t: Array, field: PyTree) -> PyTree:
    """Generators of all rotations at time t."""

    def part(data):
        return (), equation.generator(field, data)

    return over_blocks(equation.blocks(), part, equation.along_axis(t))[1]


def _slope(equation: LieEquation, t, y: PyTree) -> tuple[Slope, dict[str, Rate]]:
    turned, _, _ = equation.split(y)
    field, numbers, rates = equation.field(t, gathered(equation, t, turned))
    return Slope(generators(equation, t, field), numbers), rates


def _step(equation: LieEquation, unit: Array, t: Array, y: PyTree, slope: Slope, h: Array) -> Step:
    start, numbers, constant = equation.split(y)
    half, full = equation.along_axis(t + h / 2), equation.along_axis(t + h)
    blocks = equation.blocks()

    def second(r, w, half):
        return equation.gather(equation.turn(_times(h / 2, w), r), half), ()

    def third(field, r, w, half):
        k = _once(equation.inverse_differential(_times(h / 2, w), equation.generator(field, half)), unit)
        return equation.gather(equation.turn(_times(h / 2, k), r), half), k

    def fourth(field, r, w, k, half, full):
        total = combine((1.0, w), (2.0, k))
        k = _once(equation.inverse_differential(_times(h / 2, k), equation.generator(field, half)), unit)
        new = equation.turn(_times(h, k), r)
        return equation.gather(new, full), (k, combine((1.0, total), (2.0, k)))

    def last(field, r, k, total, full):
        k = _once(equation.inverse_differential(_times(h, k), equation.generator(field, full)), unit)
        u = _once(combine((h / 6, total), (h / 6, k)), unit)
        new = equation.turn(u, r)
        return equation.gather(new, full), (new, equation.differential(u, k))

    def close(field, new, carried, full):
        w = equation.generator(field, full)
        return equation.measure(combine((h / 6, carried), (-h / 6, w)), new, full), w

    def potential(time, sums):
        field, rate, rates = equation.field(time, sums)
        return field, (*slopes, rate), rates

    slopes: tuple = (slope.numbers,)
    w = slope.generator
    sums, _ = over_blocks(blocks, second, start, w, half)
    field, slopes, _ = potential(t + h / 2, sums)
    sums, k = over_blocks(blocks, _given(third, field), start, w, half)
    field, slopes, _ = potential(t + h / 2, sums)
    sums, (k, total) = over_blocks(blocks, _given(fourth, field), start, w, k, half, full)
    field, slopes, _ = potential(t + h, sums)
    sums, (new, carried) = over_blocks(blocks, _given(last, field), start, k, total, full)
    field, (*slopes, rate), rates = potential(t + h, sums)
    measured, w = over_blocks(blocks, _given(close, field), new, carried, full)
    numbers = combine((1.0, numbers), *((h * b, s) for b, s in zip(WEIGHTS, slopes, strict=True)))
    return Step(equation.join(new, numbers, constant), Slope(w, rate), rates, Measured(measured))


def _once(x: PyTree, unit: Array) -> PyTree:
    """x over a traced 1: XLA computes what ends in a division once, and else on CPUs anew for every use."""
    return jax.tree.map(lambda a: a / unit.astype(a.dtype), x)


def _times(factor: float | Array, x: PyTree) -> PyTree:
    return combine((factor, x))


def _given(function: Callable, field: PyTree) -> Callable:
    return lambda *blocks: function(field, *blocks)


LIE4 = LieScheme("lie4", 4, _slope, lambda equation, h: jnp.ones(()), _step)
