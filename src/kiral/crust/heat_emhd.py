"""Electron magnetohydrodynamics in a crust whose temperature evolves: `ShellEMHD` with eta and k5 that depend on the angle.

E = eta (curl NB - k5 NB) + hall curl(NB) × B with eta and the captures' k5 of the local temperature. Implicit is the part with
eta0(r), the largest of each sphere, and k50(r), the mean; the rest are products. The heat of the currents, (eta/4π)
|curl NB - k5 NB|² at the points of the grid, is exactly what the field's ledger calls Joule heat.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from kiral.core.equation import Budget, Rate, rate_limit
from kiral.crust.coefficients import ShellCoefficients
from kiral.crust.emhd import OhmOperator, ShellEMHD
from kiral.crust.emhd_products import Products, Vector, cross, hall_rate, shortest
from kiral.crust.emhd_state import Matter, State
from kiral.crust.heat import CrustHeat, HeatOperator
from kiral.crust.induction import Induction
from kiral.crust.material import Material
from kiral.crust.rates import chiral_wavenumber_with_feedback
from kiral.geometry.spherical_field import from_grid, to_grid

CONTRAST_LIMIT = 8.0
"""Largest step times (eta0 - eta) k²: "ark4" is stable up to 9 whatever the implicit part, where 0 <= eta <= eta0."""


class Local(NamedTuple):
    """On the grid, (theta, phi, nodes): magnetic diffusivity, k5 of captures before its cap."""

    eta: Array
    weak: Array


class Thermal(Material):
    """Coefficients of a crust that conducts heat. metric: coefficients whose eta and k5 are not read.

    drive: 1 - e^(-δmu/kT), 0 without captures; k5_max: the cap.
    """

    heat: CrustHeat
    metric: ShellCoefficients
    drive: Float[Array, ""]
    k5_max: Float[Array, ""]

    def local(self, u: Float[Array, "theta phi nodes"]) -> Local:
        """At every point, of the heat content."""
        tables = self.heat.tables
        place = tables.place(u)
        weak = jnp.zeros_like(u)
        if "captures" in tables.series:
            weak = self.drive * tables.value("captures", place)
        return Local(tables.value("diffusivity", place), weak)

    def __call__(self, t: Float[Array, ""], matter: Any = None) -> ShellCoefficients:
        """Coefficients of radius: the largest eta of each sphere and the mean k5."""
        found = self.local(matter.heat)
        capped = jnp.clip(found.weak, -self.k5_max, self.k5_max)
        means = (self.heat.over_sphere(x) / (4 * jnp.pi) for x in (capped, found.weak))
        return self.metric._replace(eta=jnp.max(found.eta, axis=(0, 1)), **dict(zip(("k5", "k5_weak"), means, strict=True)))


class ThermalOperator(eqx.Module):
    """Ohm's law and conduction along the radius; neither feels the other within a step."""

    ohm: OhmOperator
    heat: HeatOperator

    def apply(self, y: State) -> State:
        """L y."""
        return _with_heat(self.ohm.apply(y), self.heat.apply(y.matter.heat))

    def tables(self, h: Float[Array, ""]) -> Any:
        """Factors of 1 - h L."""
        return self.ohm.tables(h), self.heat.tables(h)

    def solve(self, tables: Any, r: State) -> State:
        """(1 - h L)⁻¹ r."""
        return _with_heat(self.ohm.solve(tables[0], r), self.heat.solve(tables[1], r.matter.heat))


class ThermalEMHD(ShellEMHD):
    """The equation; its material is `Thermal`. heated: do currents heat the crust."""

    heated: bool = eqx.field(static=True, kw_only=True)

    @property
    def heat(self) -> CrustHeat:
        """The heat equation."""
        return self.material.heat

    def _tendency(self, t: Array, y: State) -> tuple[State, dict[str, Rate], Induction]:
        op = self.operator(t, y.matter)
        ohm, (field, current) = self.ohmic(op, y), self.components(op, y)
        b, j = to_grid(self.sphere, field), to_grid(self.sphere, current)
        found, joule, contrast = self._products(op, y, b, j)
        f, g = self._turned(found.electric)
        electric = jax.tree.map(jnp.add, ohm, found.electric)
        ledger = self._productions(op, y, (field, current), ohm, electric, (f, g), found)
        heat, powers, rates = self.heat.tendency(t, y.matter.heat, b, joule if self.heated else None)
        matter = y.matter._replace(heat=heat)
        rates = self._rates(op, found) | rates | {"diffusion": rate_limit(contrast, CONTRAST_LIMIT)}
        return State(f, g, matter, ledger._replace(heat=powers)), rates, op

    def _products(self, op: Induction, y: State, b: Vector, j: Vector) -> tuple[Products, Array, Array]:
        """(products, heat (eta/4π)|curl NB - k5 NB|² on the grid, fastest rate of what eta leaves explicit)."""
        sh, c, local = self.shell, op.coefficients, self.material.local(y.matter.heat)
        eta, weak, lapse = sh.local(local.eta), sh.local(local.weak), sh.local(c.lapse)
        k5, balance = self._wave_number(eta, weak, b, j)
        driven = tuple(z - k5 * lapse * x for x, z in zip(b, j, strict=True))  # curl NB - k5 NB
        whole = tuple(eta * d for d in driven)
        electric = tuple(e - sh.local(c.eta) * (z - sh.local(c.k5) * lapse * x) for e, x, z in zip(whole, b, j, strict=True))
        fastest = jnp.zeros(())
        if self.hall:
            electric = tuple(e + sh.local(c.hall) * x for e, x in zip(electric, cross(j, b), strict=True))
            fastest = hall_rate(self, op, b)
        joule = sum(e * d for e, d in zip(whole, driven, strict=True)) / (4 * jnp.pi)
        work = -self._volume(k5 * lapse * sum(e * x for e, x in zip(whole, b, strict=True))) / (4 * jnp.pi)
        modes = from_grid(self.sphere, *electric)
        modes = modes._replace(toroidal=modes.toroidal.at[..., 0, 0].set(0.0))
        contrast = jnp.max((c.eta - jnp.min(local.eta, axis=(0, 1))) * c.lapse * shortest(sh) ** 2)
        return Products(modes, fastest, work, balance), joule, contrast

    def _wave_number(self, eta: Array, weak: Array, b: Vector, j: Vector) -> tuple[Array, Any]:
        """(k5 with feedback, rates of chirality (captured, flipped, cut))."""
        sh, capped = self.shell, jnp.clip(weak, -self.k5_max, self.k5_max)
        if not self.reacting:
            return capped, None
        lapse, strength = sh.local(self.induction.coefficients.lapse), sh.local(self.feedback)
        square, along = sum(x * x for x in b), sum(x * z for x, z in zip(b, j, strict=True)) / lapse
        k5 = chiral_wavenumber_with_feedback(weak, strength, square, along, self.k5_max)
        k5 = k5.at[..., 0, 0].set(capped[..., 0, 0])
        capacity = lapse * eta / jnp.where(strength > 0, strength, jnp.inf)
        missing = strength * (along - k5 * square)
        return k5, tuple(2 * self._volume(capacity * x) for x in (weak, k5, weak - k5 + missing))

    def _volume(self, x: Array) -> Array:
        """∫ x dV of values at the points."""
        sh = self.shell
        return sh.integral(self.heat.over_sphere(x) * sh.local(sh.r) ** 2)

    def _linear(self, op: Induction) -> OhmOperator:
        ohm = super()._linear(op)
        return OhmOperator(ohm.induction, ohm.damping, ohm.relaxation._replace(heat=jnp.zeros(())))

    def linear_at(self, t: Float[Array, ""], y: State) -> ThermalOperator:
        """Ohm's law with eta0(r) and k50(r), conduction along the radius: at this state."""
        op, b = self.operator(t, y.matter), None
        if self.heat.magnetic:
            b = to_grid(self.sphere, self.components(op, y)[0])
        return ThermalOperator(self._linear(op), self.heat.linear_at(y.matter.heat, b))

    def error_norm(self, error: State, y: State) -> Float[Array, ""]:
        """The larger of the field's and the heat's."""
        return jnp.maximum(super().error_norm(error, y), self.heat.error(error.matter.heat, y.matter.heat))

    def budgets(self, t: Float[Array, ""], y: State) -> dict[str, Budget]:
        """Those of the field, and heat."""
        content, made = self.heat.content(y.matter.heat), y.ledger.heat
        gained = made.joule - made.neutrinos + made.core - made.photons
        scale = content + sum(jnp.abs(x) for x in made)
        return super().budgets(t, y) | {"heat": Budget(content, gained, scale)}


def first_heat(equation: ThermalEMHD, t: float) -> Matter:
    """Matter at the start: a crust as warm as the core, redshifted."""
    return Matter(heat=equation.heat.isothermal(jnp.asarray(t, jnp.float64)))


def _with_heat(y: State, heat: Array) -> State:
    return y._replace(matter=y.matter._replace(heat=heat))
