"""A coefficient as a number or as a table in time, evaluated inside compiled code."""

from __future__ import annotations

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float


class TimeTable(eqx.Module):
    """Piecewise polynomial in time: on [t_i, t_{i+1}] the value is Σ_j c[j, i] (t - t_i)^(degree - j).

    Outside its range it would extrapolate; the configuration refuses tables that do not cover the run.
    """

    t: Float[Array, "points"]
    coefficients: Float[Array, "order intervals"]

    def __call__(self, t: Float[Array, ""]) -> Float[Array, ""]:
        """Value at time t."""
        i = jnp.clip(jnp.searchsorted(self.t, t, side="right") - 1, 0, self.t.shape[0] - 2)
        return jnp.polyval(self.coefficients[:, i], t - self.t[i])


def time_table(t: np.ndarray, value: np.ndarray, interpolation: str = "linear") -> TimeTable:
    """Table through the points (t, value), t increasing; "linear" or "cubic" (not-a-knot spline)."""
    t, value = np.asarray(t, float), np.asarray(value, float)
    if interpolation == "linear":
        coefficients = np.stack([np.diff(value) / np.diff(t), value[:-1]])
    else:
        from scipy.interpolate import CubicSpline

        coefficients = CubicSpline(t, value).c
    return TimeTable(jnp.asarray(t), jnp.asarray(coefficients))


def at_time(coefficient: Float[Array, ""] | TimeTable, t: Float[Array, ""]) -> Float[Array, ""]:
    """The coefficient's value at time t, whichever it is."""
    return coefficient(t) if isinstance(coefficient, TimeTable) else coefficient


def steady_part(coefficient: Float[Array, ""] | TimeTable) -> Float[Array, ""]:
    """What a linear operator frozen over a step may hold of a coefficient: all of a number, nothing of a table."""
    return jnp.zeros((), jnp.float64) if isinstance(coefficient, TimeTable) else coefficient


def varying_part(coefficient: Float[Array, ""] | TimeTable, t: Float[Array, ""]) -> Float[Array, ""] | None:
    """The rest at time t: a table's value; None for a number."""
    return coefficient(t) if isinstance(coefficient, TimeTable) else None
