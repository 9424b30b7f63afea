"""Sources of chirality S5(t) [1/(l* t*)] that a run can have."""

from __future__ import annotations

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from kiral.core.table import TimeTable


class NoSource(eqx.Module):
    """S5 = 0."""

    def __call__(self, t: Float[Array, ""]) -> Float[Array, ""]:
        return jnp.zeros((), jnp.float64)


class ConstantSource(eqx.Module):
    """S5 = amplitude."""

    amplitude: Float[Array, ""]

    def __call__(self, t: Float[Array, ""]) -> Float[Array, ""]:
        return self.amplitude


class DecaySource(eqx.Module):
    """S5 = amplitude (t/t_phi) exp(-(t² - t_phi²)/(2 t_phi²)): decay of heavy particles, G25 Eq. (9)."""

    amplitude: Float[Array, ""]
    t_phi: Float[Array, ""]

    def __call__(self, t: Float[Array, ""]) -> Float[Array, ""]:
        x = t / self.t_phi
        return self.amplitude * x * jnp.exp((1 - x**2) / 2)


Source = NoSource | ConstantSource | DecaySource | TimeTable
