"""Emission and absorption, dρ/dt = {Γ, ρ_eq - ρ} with Γ = diag(κ)/2: every element of ρ relaxes at a rate of its own."""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from kiral.core.phi import phi_functions
from kiral.flavor.groups import GROUPS, Group
from kiral.flavor.state import State


class Relaxation(eqx.Module):
    """L of an exponential scheme: ρ_ff decays as exp(-κ_f t), ρ_fg as exp(-(κ_f + κ_g) t/2).

    rate: κ by flavor and bin (N, B) [1/t*]; equilibrium: ρ_eq diagonal in the units of trace and p (N, D, B).
    """

    flavors: int = eqx.field(static=True)
    rate: Float[Array, "N B"]
    equilibrium: Float[Array, "N D B"]

    @property
    def group(self) -> Group:
        """SU(2) or SU(3)."""
        return GROUPS[self.flavors]

    @cached_property
    def pairs(self) -> dict[int, tuple[int, int]]:
        """The two flavors that each off-diagonal component connects."""
        found = {}
        for i in self.group.off_diagonal:
            a, b = np.argwhere(np.abs(self.group.matrices[i]) > 0)[0]
            found[i] = (int(a), int(b))
        return found

    def apply(self, y: State) -> State:
        """L y, without the source."""
        return self._scaled(y, -self.rate)

    def tables(self, h: Array) -> list[Array]:
        """φ_0..φ_3 of -κ h, and of the mean rates of the off-diagonal elements."""
        stacked = jnp.stack([*self.rate, *(self.mean_rate(i) for i in self.group.off_diagonal)])
        return phi_functions(-h * stacked, 3)

    def phi(self, tables: Any, order: int, y: State) -> State:
        """φ_order(h L) y; the ledger has no part in L."""
        flavors, rest = tables[order][: self.flavors], tables[order][self.flavors :]
        scaled = self._scaled(y, flavors, dict(zip(self.group.off_diagonal, rest, strict=True)))
        return scaled._replace(kinetic=y.kinetic / math.factorial(order))

    def source(self, y: State) -> State:
        """κ_f ρ_eq,f."""
        emission = self.rate[:, None, :] * self.equilibrium
        return self._from_flavors(y, [e[..., None, None, None] for e in emission])

    def mean_rate(self, component: int) -> Float[Array, "B"]:
        """(κ_f + κ_g)/2 of an off-diagonal component."""
        a, b = self.pairs[component]
        return (self.rate[a] + self.rate[b]) / 2

    def _scaled(self, y: State, factors: Array, mean: dict[int, Array] | None = None) -> State:
        """Elements of ρ times their factors (N, B); off-diagonal ones times `mean`, by default the mean of two."""
        weights = self.group.flavor_weights
        elements = []
        for f in range(self.flavors):
            part = sum(float(weights[f, i]) * y.p[i] for i in self.group.diagonal)
            elements.append(_by_bin(factors[f], part) * (y.trace / self.flavors + part))
        new = self._from_flavors(y, elements)
        p = list(new.p)
        for i in self.group.off_diagonal:
            a, b = self.pairs[i]
            factor = (factors[a] + factors[b]) / 2 if mean is None else mean[i]
            p[i] = _by_bin(factor, y.p[i]) * y.p[i]
        return new._replace(p=tuple(p))

    def _from_flavors(self, y: State, elements: list[Array]) -> State:
        """The state with the diagonal elements ρ_ff given, nothing off the diagonal; of y's shapes and dtype."""
        dtype = y.p[0].dtype
        p = [jnp.zeros_like(c) for c in y.p]
        for i in self.group.diagonal:
            diagonal = np.real(np.diag(self.group.matrices[i]))
            p[i] = p[i] + sum(float(d) * e for d, e in zip(diagonal, elements, strict=True)).astype(dtype)
        trace = jnp.broadcast_to(sum(elements), y.trace.shape).astype(y.trace.dtype)
        return State(tuple(p), trace, jnp.zeros_like(y.kinetic))


def _by_bin(factor: Float[Array, "B"], like: Array) -> Array:
    return factor[None, :, None, None, None].astype(like.dtype)
