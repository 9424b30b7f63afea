"""The linear part of chiral MHD, exact for exponential schemes.

A:          -eta k² A
momentum:   -nu (k² m + k (k·m)/3) - i k rho/3      } longitudinal momentum and energy density are sound waves:
rho:        -i k·m                                  } one 2×2 block per mode; incompressible: -nu k² m alone
mu:         -Dmu k² mu
mu5:        -(D5 k² + gamma5) mu5                   } the mean of mu5 and what washout has taken are one 2×2 block,
washout:    +gamma5 ⟨mu5⟩                           } so that chirality is neither lost nor made by the stepper
"""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from kiral.core.equation import Rate, rate_limit
from kiral.core.phi import pair_functions, phi_functions
from kiral.geometry.box import Box
from kiral.mhd.limits import DAMPING_LIMIT, WAVE_LIMIT
from kiral.mhd.state import INCOMPRESSIBLE, NO_FLOW, RELATIVISTIC

if TYPE_CHECKING:
    from kiral.mhd.state import State


class PhiTables(NamedTuple):
    """φ-functions of one step size, indexed by order: factors of A, mu5, washout, transverse momentum, mu; sound (c0, c1)."""

    a: list[Array]
    mu5: list[Array]
    washout: list[Array]
    transverse: list[Array] | None
    sound: list[tuple[Array, Array]] | None
    mu: list[Array] | None


class ChiralMHDLinear(eqx.Module):
    """L for given coefficients; see the module's head."""

    box: Box
    magnetic_diffusivity: Float[Array, ""]
    viscosity: Float[Array, ""]
    chiral_diffusivity: Float[Array, ""]
    flipping_rate: Float[Array, ""]
    charge_diffusivity: Float[Array, ""] | None
    flow: str = eqx.field(static=True)

    def apply(self, y: State) -> State:
        """L y."""
        k2 = self.box.k2.astype(y.mu5.real.dtype)
        mean_mu5 = self.box.mean(y.mu5)
        rate = (self.chiral_diffusivity * self.box.k2 + self.flipping_rate).astype(k2.dtype)
        eta = self.magnetic_diffusivity.astype(k2.dtype)
        tendency = y._replace(
            A=tuple(-eta * k2 * a for a in y.A),
            mu5=-rate * y.mu5,
            ledger=y.ledger._replace(
                washout=self.flipping_rate * mean_mu5,
                source=jnp.zeros_like(y.ledger.source),
                energy=jnp.zeros_like(y.ledger.energy),
                momentum=jnp.zeros_like(y.ledger.momentum),
            ),
            mu=None if y.mu is None else -(self.charge_diffusivity * self.box.k2).astype(k2.dtype) * y.mu,
        )
        if self.flow == NO_FLOW:
            return tendency
        k, nu = self._k(k2.dtype), self.viscosity.astype(k2.dtype)
        if self.flow == INCOMPRESSIBLE:
            return tendency._replace(momentum=tuple(-nu * k2 * m for m in y.momentum))
        along = k[0] * y.momentum[0] + k[1] * y.momentum[1] + k[2] * y.momentum[2]
        momentum = tuple(
            -nu * (k2 * m + ki * along / 3) - 1j * ki * y.rho / 3 for ki, m in zip(k, y.momentum, strict=True)
        )
        return tendency._replace(momentum=momentum, rho=-1j * along)

    def tables(self, h: Float[Array, ""]) -> PhiTables:
        """φ_0..φ_3 of h L for every mode (real arrays)."""
        k2 = self.box.k2
        return PhiTables(
            a=phi_functions(-h * self.magnetic_diffusivity * k2, 3),
            mu5=phi_functions(-h * (self.chiral_diffusivity * k2 + self.flipping_rate), 3),
            washout=phi_functions(-h * self.flipping_rate, 3),
            transverse=phi_functions(-h * self.viscosity * k2, 3) if self.flow != NO_FLOW else None,
            sound=_sound_wave_functions(h, k2, self.viscosity) if self.flow == RELATIVISTIC else None,
            mu=None if self.charge_diffusivity is None else phi_functions(-h * self.charge_diffusivity * k2, 3),
        )

    def phi(self, tables: PhiTables, order: int, y: State) -> State:
        """φ_order(h L) y."""
        plain, washout = 1 / math.factorial(order), tables.washout[order]
        result = y._replace(
            A=tuple(_times(tables.a[order], order, a) for a in y.A),
            mu5=_times(tables.mu5[order], order, y.mu5),
            ledger=y.ledger._replace(
                washout=plain * y.ledger.washout + (plain - washout) * self.box.mean(y.mu5),
                source=plain * y.ledger.source,
                energy=plain * y.ledger.energy,
                momentum=plain * y.ledger.momentum,
            ),
            mu=None if y.mu is None else _times(tables.mu[order], order, y.mu),
        )
        if self.flow == NO_FLOW:
            return result
        still = partial(_times, tables.transverse[order], order)
        if self.flow == INCOMPRESSIBLE:
            return result._replace(momentum=tuple(still(m) for m in y.momentum))
        momentum, rho = self._apply_waves(still, *tables.sound[order], order, y.momentum, y.rho)
        return result._replace(momentum=momentum, rho=rho)

    def _apply_waves(self, still, c0, c1, order, momentum, rho):
        """`still`: of transverse momentum; (c0 + c1 M) on the pair p = k·m/|k|, rho, with M their 2×2 block."""
        real = rho.real.dtype
        c1 = c1.astype(real)
        k2 = self.box.k2.astype(real)
        k = self._k(real)
        k_abs = jnp.sqrt(k2)
        inverse = 1 / jnp.where(k_abs > 0, k_abs, 1)
        p = (k[0] * momentum[0] + k[1] * momentum[1] + k[2] * momentum[2]) * inverse
        damping = (4 / 3) * self.viscosity.astype(real) * k2
        new_p = _times(c0, order, p) - c1 * damping * p - 1j * c1 * k_abs / 3 * rho
        new_rho = _times(c0, order, rho) - 1j * c1 * k_abs * p
        change = (new_p - still(p)) * inverse
        return tuple(still(m) + ki * change for ki, m in zip(k, momentum, strict=True)), new_rho

    def _k(self, dtype):
        return tuple(k.astype(dtype) for k in self.box.k)

    def rates(self) -> dict[str, Rate]:
        """Rates that limit a scheme which treats L, but for washout, explicitly."""
        k2 = self.box.k_max**2
        rates = {
            "resistivity": rate_limit(self.magnetic_diffusivity * k2, DAMPING_LIMIT),
            "chiral diffusion": rate_limit(self.chiral_diffusivity * k2, DAMPING_LIMIT),
        }
        if self.charge_diffusivity is not None:
            rates["charge diffusion"] = rate_limit(self.charge_diffusivity * k2, DAMPING_LIMIT)
        if self.flow != NO_FLOW:
            rates["viscosity"] = rate_limit((4 / 3) * self.viscosity * k2, DAMPING_LIMIT)
        if self.flow == RELATIVISTIC:
            rates["sound"] = rate_limit(self.box.k_max / math.sqrt(3), WAVE_LIMIT)
        return rates


class Washout(eqx.Module):
    """The washout of mu5 alone: -gamma5 on every mode, with what it took from the mean."""

    box: Box
    flipping_rate: Float[Array, ""]

    def apply(self, y: State) -> State:
        """-gamma5 mu5, and its booking."""
        zero = jax.tree.map(jnp.zeros_like, y)
        rate = self.flipping_rate
        mean = self.box.mean(y.mu5)
        return zero._replace(mu5=-rate.astype(y.mu5.real.dtype) * y.mu5, ledger=zero.ledger._replace(washout=rate * mean))

    def tables(self, h: Float[Array, ""]) -> list[Array]:
        """φ_0..φ_3 of -gamma5 h."""
        return phi_functions(-h * self.flipping_rate, 3)

    def phi(self, tables: list[Array], order: int, y: State) -> State:
        """φ_order(h L) y."""
        plain = 1 / math.factorial(order)
        result = jax.tree.map(lambda x: x * plain, y)
        mean = self.box.mean(y.mu5)
        ledger = result.ledger._replace(washout=result.ledger.washout + (plain - tables[order]) * mean)
        return result._replace(mu5=_times(tables[order], order, y.mu5), ledger=ledger)


def _times(factor: Array, order: int, f: Array) -> Array:
    """φ_order times modes f. A factor exp(z) near 1, rounded to float32, errs alike in each step; exp(z) - 1 hardly does."""
    real = f.real.dtype
    if order or real != jnp.float32:
        return factor.astype(real) * f
    near = factor > 0.5
    return jnp.where(near, f, 0) + jnp.where(near, factor - 1, factor).astype(real) * f


def _sound_wave_functions(h, k2, viscosity):
    """For each order: (c0, c1) with φ_order(h M) = c0 + c1 M, M = [[-d, -i k/3], [-i k, 0]], d = 4 nu k²/3.

    M has the eigenvalues c ± r with c = -d/2, r² = d²/4 - k²/3.
    """
    centre = -(2 / 3) * viscosity * k2
    return pair_functions(h, centre, centre**2 - k2 / 3)
