"""Functions of the heat content at every radius of a grid, as Chebyshev series: cheap on all points, in every stage.

At each node, T in [low, high] corresponds to a heat content per volume u(T) = ∫ C dT (0 at T = 0; below `low` C ~ T is
taken). Series in ln u, scaled to [-1, 1] by node, give ln T and the logarithm of any positive function of T there. What they
say is T(u), and u(T) its inverse. Beyond the ends the arguments are cut off: functions stay what they are at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

FINE = 1200
"""Temperatures at which the heat content is integrated."""
TINY = 1e-300
NEWTON = 8
DEGREE = 16


class HeatTables(eqx.Module):
    """Series (coefficients, nodes). low, high: range of T [K]; bottom, top: ln u there, (nodes,); slope: d ln T/d ln u."""

    low: Float[Array, ""]
    high: Float[Array, ""]
    bottom: Float[Array, "nodes"]
    top: Float[Array, "nodes"]
    series: dict[str, Float[Array, "coefficients nodes"]]
    slope: Float[Array, "fewer nodes"]

    def place(self, content: Float[Array, "... nodes"]) -> Float[Array, "... nodes"]:
        """Where a heat content lies between the ends: -1 to 1."""
        logarithm = jnp.log(jnp.maximum(content, TINY))
        return jnp.clip((2 * logarithm - self.bottom - self.top) / (self.top - self.bottom), -1.0, 1.0)

    def value(self, name: str, place: Float[Array, "... nodes"]) -> Float[Array, "... nodes"]:
        """A function of T by its name, "temperature" [K] among them, at the places of `place`."""
        return jnp.exp(clenshaw(self.series[name], place))

    def capacity(self, place: Float[Array, "... nodes"]) -> Float[Array, "... nodes"]:
        """C = du/dT there [u/K]."""
        return jnp.exp(self.logarithm(place)) / (self.value("temperature", place) * clenshaw(self.slope, place))

    def logarithm(self, place: Float[Array, "... nodes"]) -> Float[Array, "... nodes"]:
        """ln u there."""
        return (self.bottom + self.top + (self.top - self.bottom) * place) / 2

    def content(self, temperature: Float[Array, "... nodes"]) -> Float[Array, "... nodes"]:
        """u of T [K] at every node: Newton's method for the inverse of T(u), monotone."""
        wanted = jnp.log(jnp.clip(temperature, self.low, self.high))
        span = (self.top - self.bottom) / 2
        place = jnp.clip(2 * (wanted - jnp.log(self.low)) / jnp.log(self.high / self.low) - 1 + 0 * span, -1.0, 1.0)

        def closer(_, place):
            there = clenshaw(self.series["temperature"], place)
            return jnp.clip(place + (wanted - there) / (clenshaw(self.slope, place) * span), -1.0, 1.0)

        return jnp.exp(self.logarithm(jax.lax.fori_loop(0, NEWTON, closer, place)))

    def at_node(self, i: int) -> HeatTables:
        """Tables of one node alone."""
        one = slice(i, i + 1)
        series = {name: c[:, one] for name, c in self.series.items()}
        return HeatTables(self.low, self.high, self.bottom[one], self.top[one], series, self.slope[:, one])


def clenshaw(coefficients: Array, x: Array) -> Array:
    """Σ c_k T_k(x); coefficients (k, nodes), x (..., nodes)."""
    after, value = jnp.zeros_like(x), jnp.zeros_like(x)
    for c in reversed(range(1, coefficients.shape[0])):
        after, value = value, coefficients[c] + 2 * x * value - after
    return coefficients[0] + x * value - after


def make_tables(
    capacity: Callable[[np.ndarray], Any],
    functions: Mapping[str, Callable[[np.ndarray], Any]],
    *,
    low: float,
    high: float,
    degree: int = DEGREE,
) -> HeatTables:
    """Tables of a heat capacity C(T) and of positive functions of T.

    capacity, functions: of T [K] with shape (nodes,) or (1,), giving (nodes,). low, high: range of T. degree: of the series.
    """
    fine = np.geomspace(low, high, FINE)
    c = np.stack([np.asarray(capacity(np.full(1, t))) for t in fine])  # (fine, nodes)
    content = _cumulative(np.log(fine), c * fine[:, None]) + c[0] * low / 2
    places = np.cos(np.pi * (np.arange(degree + 1) + 0.5) / (degree + 1))
    logs = np.log(content)
    bottom, top = logs[0], logs[-1]
    wanted = (bottom + top + places[:, None] * (top - bottom)) / 2  # (degree + 1, nodes)
    temperature = np.exp(np.stack([_interpolate(logs[:, i], np.log(fine), wanted[:, i]) for i in range(logs.shape[1])], axis=1))
    found = {name: np.stack([np.broadcast_to(f(t), t.shape) for t in temperature]) for name, f in functions.items()}
    series = {name: _series(np.log(values)) for name, values in (found | {"temperature": temperature}).items()}
    slope = np.polynomial.chebyshev.chebder(series["temperature"], axis=0) * 2 / (top - bottom)
    ends = (jnp.asarray(x, jnp.float64) for x in (low, high, bottom, top))
    return HeatTables(*ends, {name: jnp.asarray(values) for name, values in series.items()}, jnp.asarray(slope))


def _cumulative(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    from scipy.interpolate import CubicSpline

    whole = CubicSpline(x, y, axis=0).antiderivative()
    return whole(x) - whole(x[0])


def _interpolate(x: np.ndarray, y: np.ndarray, at: np.ndarray) -> np.ndarray:
    from scipy.interpolate import CubicSpline

    return CubicSpline(x, y)(np.clip(at, x[0], x[-1]))


def _series(values: np.ndarray) -> np.ndarray:
    """Coefficients (degree + 1, nodes) of the polynomial through values at the Chebyshev points, cos from 1 downwards."""
    n = values.shape[0]
    angle = np.pi * (np.arange(n) + 0.5) / n
    found = 2 / n * np.cos(np.arange(n)[:, None] * angle) @ values
    found[0] /= 2
    return found
