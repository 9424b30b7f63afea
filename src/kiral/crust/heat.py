"""Heat of a crust: conduction along and across the field, sources, the core below and the envelope above.

    N ∂t u + div(N² F) = N² (Q_J - Q_ν),   N F = -κ/(1 + h²) [∇Ť + h (h·∇Ť) + h × ∇Ť],   Ť = N T,   h = ω_B τ b,

N = e^ν, u(T) the heat content per volume, du = C dT: what is evolved, at the points of the angular grid, so that content is
what came in less what went out to round-off. The term h × ∇T (Righi and Leduc) does no work. Angular derivatives are those of
the harmonics that the grid has room for, divergences their transposes; radius: spectral elements in weak form. The innermost
node has the core's temperature; what flows in there is what that takes.

Stiff is conduction along the radius, with a conductivity that differs from angle to angle, and the envelope's flux: both, with
neutrino losses, are linear in δu at each angle by itself (`HeatOperator`, block tridiagonal along the radius). What is left,
derivatives along the sphere, is slow.

Units: km, yr, G, K; u in G² = erg/cm³; energies in G² km³ = 1e15 erg; at infinity where N is not 1.
"""

from __future__ import annotations

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from kiral.constants import YEAR_S
from kiral.core import block_tridiagonal
from kiral.core.equation import Rate, rate_limit
from kiral.core.table import TimeTable, at_time
from kiral.crust.heat_matter import bremsstrahlung, envelope_flux, plasmon_decay
from kiral.crust.heat_tables import HeatTables
from kiral.crust.rates import CM_PER_KM
from kiral.geometry.shell import Shell, lobatto
from kiral.geometry.sphere import Sphere

ACROSS_LIMIT, OBLIQUE_LIMIT = 2.5, 0.05
"""Largest step times the rates of conduction along the sphere, and of that which an oblique field couples to the radius. The
second is measured, in dipoles with ω_B τ = 30 and 1000, implicit rates times step 1e3 to 3e4: 0.05 is stable, 0.10 is not."""
Vector = tuple[Array, Array, Array]


class HeatLedger(NamedTuple):
    """Time integrals of powers: heat of currents, neutrinos, from the core, through the envelope."""

    joule: Float[Array, ""]
    neutrinos: Float[Array, ""]
    core: Float[Array, ""]
    photons: Float[Array, ""]


class Surface(eqx.Module):
    """The envelope. gravity [cm/s²] at the star's surface; area: (r N)² there over that at the outer boundary."""

    gravity: Float[Array, ""]
    area: Float[Array, ""]

    def flux(self, temperature: Array) -> Array:
        """Through the outer boundary whose temperature [K] this is [G² km/yr]."""
        return self.area * YEAR_S / CM_PER_KM * envelope_flux(temperature, self.gravity)


class Neutrinos(eqx.Module):
    """What the losses depend on beside T. density [g/cm³], electron_density [1/cm³]: (nodes,)."""

    density: Float[Array, "nodes"]
    electron_density: Float[Array, "nodes"]

    def losses(self, temperature: Array) -> Array:
        """Q_ν [G²/yr]."""
        return YEAR_S * (bremsstrahlung(self.density, temperature) + plasmon_decay(self.electron_density, temperature))


class CrustHeat(eqx.Module):
    """The heat equation. tables: "temperature" [K], "conductivity" [G² km²/(yr K)], "gyration" [1/G] of u.

    sphere: harmonics of the grid; core: temperature at the innermost node [K]; surface, neutrinos: None for none.
    magnetic: do fields turn conduction (`Conduction.gyration`).
    """

    shell: Shell
    sphere: Sphere
    lapse: Float[Array, "nodes"]
    tables: HeatTables
    core: Float[Array, ""] | TimeTable
    surface: Surface | None
    neutrinos: Neutrinos | None
    magnetic: bool = eqx.field(static=True)

    # --- measures ----------------------------------------------------------------------------------------------------

    @property
    def mass(self) -> Float[Array, "nodes"]:
        """Weights N r² of ∫ N u dV along the radius."""
        return self.shell.weights * self.shell.r**2 * self.lapse

    def over_sphere(self, x: Float[Array, "theta phi ..."]) -> Float[Array, "..."]:
        """∫ x dΩ."""
        return self.sphere.grid_product(x, jnp.ones_like(x))

    def content(self, u: Float[Array, "theta phi nodes"]) -> Float[Array, ""]:
        """∫ N u dV."""
        return jnp.sum(self.mass * self.over_sphere(u))

    def temperature(self, u: Float[Array, "theta phi nodes"]) -> Float[Array, "theta phi nodes"]:
        """T [K]."""
        return self.tables.value("temperature", self.tables.place(u))

    def error(self, wrong: Array, u: Array) -> Float[Array, ""]:
        """Root mean square of an error of u over u."""
        share = (wrong / u) ** 2
        return jnp.sqrt(jnp.sum(self.mass * self.over_sphere(share)) / jnp.sum(4 * jnp.pi * self.mass))

    def isothermal(self, t: Float[Array, ""]) -> Float[Array, "theta phi nodes"]:
        """u of the core's temperature everywhere, redshifted: N T uniform."""
        temperature = at_time(self.core, t) * self.lapse[0] / self.lapse
        return jnp.broadcast_to(self.tables.content(temperature), (self.sphere.n_theta, self.sphere.n_phi, self.shell.nodes))

    # --- tendency ----------------------------------------------------------------------------------------------------

    def tendency(
        self, t: Float[Array, ""], u: Array, b: Vector | None = None, joule: Array | None = None
    ) -> tuple[Array, HeatLedger, dict[str, Rate]]:
        """(∂t u, powers, rates that limit the step).

        Args: b: field (theta, phi, elements, order + 1). joule: N² Q_J at the same points [G²/yr]. Neither where None.
        """
        place = self.tables.place(u)
        temperature = self.tables.value("temperature", place)
        flow, rates = self._conduction(temperature, place, b)
        weights = self.shell.weights * self.shell.r**2
        heated = jnp.zeros_like(u)
        if joule is not None:
            heated = self.shell.gathered(self.shell.local_weights * self.shell.local(self.shell.r) ** 2 * joule)
        lost = weights * self.lapse**2 * self.neutrinos.losses(temperature) if self.neutrinos is not None else jnp.zeros_like(u)
        out = jnp.zeros_like(u)
        if self.surface is not None:
            edge = (self.shell.r[-1] * self.lapse[-1]) ** 2
            out = out.at[..., -1].set(edge * self.surface.flux(temperature[..., -1]))
        gain = flow + heated - lost - out
        inner = jax.jvp(self._core_content, (t,), (jnp.ones_like(t),))[1]
        from_core = self.mass[0] * inner - gain[..., 0]
        tendency = (gain / self.mass).at[..., 0].set(inner)
        powers = (jnp.sum(self.over_sphere(x)) for x in (heated, lost, from_core, out))
        return tendency, HeatLedger(*powers), rates

    def _core_content(self, t: Array) -> Array:
        """u at the innermost node."""
        return self.tables.at_node(0).content(at_time(self.core, t)[None])[0]

    def _conduction(self, temperature: Array, place: Array, b: Vector | None) -> tuple[Array, dict[str, Rate]]:
        """(-div(N² F) integrated over every node, rates)."""
        sh, redshifted = self.shell, self.lapse * temperature
        modes = self.sphere.analysis(redshifted)
        along = self.sphere.vector_synthesis(modes, jnp.zeros_like(modes))
        slope = (sh.derivative(redshifted), *(sh.local(x / sh.r) for x in along))
        kappa = sh.local(self.lapse * self.tables.value("conductivity", place))
        turning = self._turning(place, b)
        flow = _conducted(kappa, turning, slope)
        r = sh.local(sh.r)
        radial = sh.derivative_transposed(r**2 * flow[0])
        tangential = (sh.gathered(sh.local_weights * r * x) for x in flow[1:])
        across = self.sphere.synthesis(self.sphere.vector_projection(*tangential)[0])
        capacity = sh.local(self.tables.capacity(place))
        return -radial - across, self._rates(kappa / capacity, turning)

    def _turning(self, place: Array, b: Vector | None) -> Vector | None:
        """h = ω_B τ b."""
        if b is None or not self.magnetic:
            return None
        gyration = self.shell.local(self.tables.value("gyration", place))
        return tuple(gyration * x for x in b)

    def _rates(self, diffusivity: Array, turning: Vector | None) -> dict[str, Rate]:
        level = self.sphere.l_max * (self.sphere.l_max + 1) / self.shell.local(self.shell.r) ** 2
        if turning is None:
            return {"conduction": rate_limit(jnp.max(diffusivity * level), ACROSS_LIMIT)}
        radial, tangential = turning[0] ** 2, turning[1] ** 2 + turning[2] ** 2
        across = diffusivity * level / (1 + radial + tangential)
        oblique = jnp.max(across * radial * tangential / (1 + radial)) / OBLIQUE_LIMIT
        return {"conduction": rate_limit(jnp.maximum(jnp.max(across * (1 + tangential)) / ACROSS_LIMIT, oblique), 1.0)}

    # --- linear part -------------------------------------------------------------------------------------------------

    def linear_at(self, u: Array, b: Vector | None = None) -> HeatOperator:
        """What is stiff at this state and field."""
        sh, place = self.shell, self.tables.place(u)
        capacity, temperature = self.tables.capacity(place), self.tables.value("temperature", place)
        kappa = sh.local(self.lapse * self.tables.value("conductivity", place))
        turning = self._turning(place, b)
        if turning is not None:
            kappa = kappa * (1 + turning[0] ** 2) / (1 + sum(x * x for x in turning))
        decay = jnp.zeros_like(u)
        if self.neutrinos is not None:
            losses = jax.jvp(self.neutrinos.losses, (temperature,), (jnp.ones_like(temperature),))[1]
            decay = self.lapse * losses / capacity
        if self.surface is not None:
            steep = jax.jvp(self.surface.flux, (temperature[..., -1],), (jnp.ones_like(temperature[..., -1]),))[1]
            edge = (sh.r[-1] * self.lapse[-1]) ** 2 / self.mass[-1]
            decay = decay.at[..., -1].add(edge * steep / capacity[..., -1])
        return HeatOperator(sh, self.mass, kappa * sh.local(sh.r) ** 2, self.lapse / capacity, decay)


class HeatOperator(eqx.Module):
    """L δu = -(1/mass) K (N δu/C) - decay δu along the radius at every angle, K the stiffness of r² N κ; 0 at the core."""

    shell: Shell
    mass: Float[Array, "nodes"]
    stiffness: Float[Array, "theta phi elements points"]
    per_content: Float[Array, "theta phi nodes"]
    decay: Float[Array, "theta phi nodes"]

    def apply(self, u: Array) -> Array:
        """L u."""
        flow = self.stiffness * self.shell.derivative(self.per_content * u)
        found = -self.shell.derivative_transposed(flow) / self.mass - self.decay * u
        return found.at[..., 0].set(0.0)

    def tables(self, h: Float[Array, ""]) -> block_tridiagonal.Factors:
        """Factors of 1 - h L, angles in a row: (angles, blocks, order, order)."""
        lower, diagonal, upper = (x.reshape(-1, *x.shape[2:]) for x in self._blocks(h))
        return jax.vmap(block_tridiagonal.factorise)(lower, diagonal, upper)

    def solve(self, tables: block_tridiagonal.Factors, r: Array) -> Array:
        """(1 - h L)⁻¹ r."""
        p, count = self.shell.order, self.shell.elements + 1
        padded = jnp.pad(r, ((0, 0), (0, 0), (0, p - 1))).reshape(-1, count, p, 1)
        found = jax.vmap(block_tridiagonal.solve)(tables, padded)
        return found.reshape(*r.shape[:2], count * p)[..., : r.shape[-1]]

    def _blocks(self, h: Array) -> tuple[Array, Array, Array]:
        """(lower, diagonal, upper) of 1 - h L: block e has the nodes e·order to (e + 1)·order - 1, the last one and padding."""
        sh, p = self.shell, self.shell.order
        _, weights, slope = lobatto(p)
        per_length = self.stiffness * weights / (sh.half_widths * sh.local(sh.stretch))
        element = jnp.einsum("...q,qa,qb->...ab", per_length, slope, slope)  # (theta, phi, elements, p + 1, p + 1)
        row = h / self.mass.at[0].set(jnp.inf)
        element = element * sh.local(row)[..., :, None] * sh.local(self.per_content)[..., None, :]
        shape = (*element.shape[:2], sh.elements + 1, p, p)
        diagonal = jnp.zeros(shape).at[..., :-1, :, :].set(element[..., :p, :p]).at[..., 1:, 0, 0].add(element[..., p, p])
        upper = jnp.zeros(shape).at[..., :-1, :, 0].set(element[..., :p, p])
        lower = jnp.zeros(shape).at[..., 1:, 0, :].set(element[..., p, :p])
        own = jnp.pad(1 + h * self.decay.at[..., 0].set(0.0), ((0, 0), (0, 0), (0, p - 1)), constant_values=1.0)
        return lower, diagonal + own.reshape(*shape[:-1])[..., None] * jnp.eye(p), upper


def _conducted(kappa: Array, h: Vector | None, slope: Vector) -> Vector:
    """κ/(1 + h²) [slope + h (h·slope) + h × slope]."""
    if h is None:
        return tuple(kappa * x for x in slope)
    along, factor = sum(a * x for a, x in zip(h, slope, strict=True)), kappa / (1 + sum(a * a for a in h))
    turned = (h[1] * slope[2] - h[2] * slope[1], h[2] * slope[0] - h[0] * slope[2], h[0] * slope[1] - h[1] * slope[0])
    return tuple(factor * (x + a * along + y) for x, a, y in zip(slope, h, turned, strict=True))
