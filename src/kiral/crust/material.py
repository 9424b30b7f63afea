"""Coefficients of the induction equation over time: constant, or those of a crust whose temperature is prescribed.

A material is a module that gives the coefficients at a time and a state of the matter (what of it a run evolves, see
`kiral.crust.emhd_state.Matter`; the two here have none). `constant`: is the operator the same at all times?
"""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from kiral.core.equation import Rate
from kiral.core.table import TimeTable
from kiral.crust.coefficients import CrustMatter, ShellCoefficients, of_matter


class Material(eqx.Module):
    """What all have in common: coefficients that change, and nothing of their own that limits the step."""

    @property
    def constant(self) -> bool:
        """Is the operator the same at all times?"""
        return False

    def rates(self, t: Float[Array, ""]) -> dict[str, Rate]:
        """Rates that limit the step beside those of the equation."""
        return {}


class Steady(Material):
    """Coefficients that do not change."""

    coefficients: ShellCoefficients

    @property
    def constant(self) -> bool:
        """Is the operator the same at all times?"""
        return True

    def __call__(self, t: Float[Array, ""], matter: Any = None) -> ShellCoefficients:
        """Coefficients at time t."""
        return self.coefficients


class PowerLaw(eqx.Module):
    """T = initial [K] until `begin` [yr], then initial (t/begin)^-exponent."""

    initial: Float[Array, ""]
    begin: Float[Array, ""]
    exponent: Float[Array, ""]

    def __call__(self, t: Float[Array, ""]) -> Float[Array, ""]:
        """Temperature at time t."""
        return self.initial * jnp.maximum(t / self.begin, 1.0) ** -self.exponent


def power_law(initial: float, begin: float, exponent: float) -> PowerLaw:
    """A PowerLaw of numbers."""
    return PowerLaw(*(jnp.asarray(x, jnp.float64) for x in (initial, begin, exponent)))


class Cooling(Material):
    """Coefficients of a crust whose temperature [K], the same everywhere, is a function of time [yr]. See `of_matter`."""

    matter: CrustMatter
    temperature: TimeTable | PowerLaw
    delta_mu: Float[Array, ""]
    options: dict[str, Float[Array, ""]]

    def __call__(self, t: Float[Array, ""], matter: Any = None) -> ShellCoefficients:
        """Coefficients at time t."""
        return of_matter(self.matter, self.temperature(t), self.delta_mu, **self.options)
