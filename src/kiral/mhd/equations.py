"""Chiral MHD in a periodic box. Reference G25: Gurgenidze et al. (2025).

Code units: comoving, conformal time, c = 1, Heaviside-Lorentz (B²/2 is an energy density); lengths l*, times t*,
energies E*. mu5 is the rescaled chiral chemical potential 2 α mu5/(π ħ c) [1/l*]. B = B0 + ∇×A with a uniform B0.

    E        = -u×B - eta (mu5_eff B - J),   J = ∇×B,   ∂t A = -E (its transverse part),   mu5_eff = mu5 + xi   (7a)
    ∂t mu5   = -∇·(mu5 u + C5 mu B) + D5 ∇²mu5 + lam E·B - gamma5 mu5 + S5(t)                                   (7b)
    ∂t mu    = -∇·(mu u + Cmu mu5 B) + Dmu ∇²mu                          (only where mu is coupled; see `charge`)
  relativistic flow, p = rho/3, m = (4/3) rho u:
    ∂t m     = ∇·[-m u + B B - I B²/2 + (8/3) rho nu S] - ∇rho/3 + f + s u                                      (7c)
    ∂t rho   = -∇·m + Q - J·(u×B) + u·f + s                                                                     (7d)
  incompressible flow, m = w u with a constant enthalpy density w:
    ∂t m     = P ∇·[-m u + B B] + nu ∇²m + f,         P: projection on ∇·m = 0

(7c, 7d) are the paper's equations in conservative form: multiply its (7c) by 4/3 and add (4/3) u times its (7d). Since
(3/4) of the Lorentz force becomes J×B = ∇·(BB - I B²/2), the momentum ⟨m⟩ is kept to round-off for every heating Q:
eta J² ("paper"), eta |J - mu5_eff B|² ("consistent": what the current J_Ohm dissipates), 0 ("none").
s = 0 in the form of Brandenburg et al. (1996); s = (2/3) u·∇rho in that of Roper Pol & Midiri (2025), G25 footnote 2.
The viscous stress is split, (8/3) rho S(u) = 2 S(m) - (8/3) [u ∇rho]: 2 nu ∇·S(m) is linear and treated exactly.

Transforms in one right-hand side, inverse + forward: 7 + 4 without flow; 14 + 14 relativistic (14 + 17 with s); 10 + 12
incompressible. mu adds 1 + 3 (without flow 1 + 6), a force 3 + 0 in the relativistic flow.
"""

from __future__ import annotations

from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from kiral.core.equation import Budget, Equation, Rate, rate_limit
from kiral.core.layout import Layout
from kiral.core.quadrature import forced_response
from kiral.core.table import TimeTable, at_time, steady_part, varying_part
from kiral.devices import box_layout
from kiral.geometry.box import Box, Grid, Modes, VectorModes, cross, dot
from kiral.geometry.fft import through_grid
from kiral.mhd import ledgers
from kiral.mhd.forcing import HelicalForcing
from kiral.mhd.limits import DAMPING_LIMIT, EXACT_LIMIT, WAVE_LIMIT
from kiral.mhd.linear import ChiralMHDLinear, Washout
from kiral.mhd.source import Source
from kiral.mhd.state import NO_FLOW, RELATIVISTIC, GridFields, State, empty_ledger

__all__ = ["ChargeCoupling", "ChiralMHD", "State"]

_RHO_FLOOR = 1e-10  # flows weaker than this (relative to rho) are round-off of rho: the step control ignores them
_FIELD_FLOOR = 1e-10  # fields weaker than this (relative to B0) are round-off of what B0 induces
_MU5_FLOOR = 1e-3  # mu5 below this fraction of the box's smallest wave number has no effect on any mode


class ChargeCoupling(eqx.Module):
    """The electric chemical potential mu, rescaled as mu5: chiral separation and chiral magnetic effect [l*^5/2 t*⁻¹ E*^-1/2].

    Schober et al. (2024, arXiv:2404.07845); waves of frequency √(C5 Cmu) k·B0: chiral magnetic waves (Kharzeev & Yee 2011).
    """

    separation: Float[Array, ""]
    magnetic: Float[Array, ""]
    diffusivity: Float[Array, ""]


class ChiralMHD(Equation):
    """The equations in the module's head with their coefficients (0-d arrays, code units) as attributes."""

    box: Box
    magnetic_diffusivity: Float[Array, ""] | TimeTable
    viscosity: Float[Array, ""]
    chiral_diffusivity: Float[Array, ""]
    chiral_feedback: Float[Array, ""]
    flipping_rate: Float[Array, ""] | TimeTable
    xi: Float[Array, ""] | TimeTable
    xi_shape: Grid | None
    background_field: Float[Array, "3"]
    enthalpy: Float[Array, ""]
    source: Source
    charge: ChargeCoupling | None
    forcing: HelicalForcing | None
    heating: str = eqx.field(static=True)
    flow: str = eqx.field(static=True)
    form: str = eqx.field(static=True)

    @property
    def layout(self) -> Layout | None:
        """How fields lie on the devices of the box."""
        return box_layout(self.box)

    @property
    def moves(self) -> bool:
        """Is there a flow?"""
        return self.flow != NO_FLOW

    @property
    def compressible(self) -> bool:
        """Is rho an unknown?"""
        return self.flow == RELATIVISTIC

    @property
    def corrected(self) -> bool:
        """Does s = (2/3) u·∇rho stand in (7c, 7d)?"""
        return self.compressible and self.form == "roperpol2025"

    def linear(self) -> ChiralMHDLinear:
        """Resistivity, viscosity, diffusion, washout and sound waves; what is a table in time is not in it."""
        return ChiralMHDLinear(
            self.box,
            steady_part(self.magnetic_diffusivity),
            self.viscosity,
            self.chiral_diffusivity,
            steady_part(self.flipping_rate),
            None if self.charge is None else self.charge.diffusivity,
            self.flow,
        )

    def linear_rates(self) -> dict[str, Rate]:
        """Rates that limit explicit schemes."""
        return self.linear().rates()

    def relaxation(self) -> Washout:
        """Washout alone, which explicit schemes treat exactly too."""
        return Washout(self.box, steady_part(self.flipping_rate))

    def add_forcing(self, t, tendency: State) -> State:
        """The source on the mean of mu5 and on its ledger."""
        return self._add_source(tendency, self.source(t), jnp.zeros(()), self.source(t))

    def add_forced(self, t, h, y: State) -> State:
        """What the source adds in h, with washout acting meanwhile: exact, and booked exactly."""
        gained, supplied = forced_response(self.source, t, h, steady_part(self.flipping_rate))
        return self._add_source(y, gained, supplied - gained, supplied)

    def _add_source(self, y: State, gained, washed_out, supplied) -> State:
        ledger = y.ledger._replace(washout=y.ledger.washout + washed_out, source=y.ledger.source + supplied)
        return y._replace(mu5=self.box.add_mean(y.mu5, gained), ledger=ledger)

    def evaluate(self, t, y: State) -> tuple[State, dict[str, Rate]]:
        """Products on the grid, back to modes; and the rates that limit the step."""
        force = None if self.forcing is None else _cast(self.forcing(t, self.box), y.mu5.dtype)

        def on_grid(fields: GridFields, xi_shape):
            g, xi = self.with_velocity(fields), self.external_conductivity(t, xi_shape).astype(fields.mu5.dtype)
            mu_eff = g.mu5 + xi
            summary = self._step_rates(t, g, mu_eff), ledgers.energy_on_grid(self, t, g, mu_eff, xi)
            return self.products(t, g, mu_eff), summary

        back, (rates, energy) = through_grid(self.box, self.factors(y, force), on_grid, self.xi_shape)
        tendency = self._assemble(t, back, y, force)
        energy, momentum = ledgers.productions(self, t, y, jnp.mean(energy), back, force)
        tendency = tendency._replace(ledger=tendency.ledger._replace(energy=energy, momentum=momentum))
        return tendency, jax.tree.map(partial(jnp.max, axis=0), rates)

    def external_conductivity(self, t, shape: Grid | None) -> Float[Array, ""] | Grid:
        """xi at time t: a number, or a field on the grid where it has a shape in space."""
        xi = at_time(self.xi, t)
        return xi if shape is None else xi * shape

    def factors(self, y: State, force: VectorModes | None = None) -> GridFields:
        """Modes of all fields that the right-hand side multiplies."""
        box, dtype = self.box, y.mu5.dtype
        b = _cast(box.curl(y.A), dtype)
        return GridFields(
            b=tuple(box.add_mean(f, self.background_field[i]) for i, f in enumerate(b)),
            j=_cast(tuple(box.k2 * a for a in y.A), dtype),
            mu5=y.mu5,
            momentum=y.momentum,
            rho=y.rho,
            grad_rho=_cast(box.gradient(y.rho), dtype) if self.compressible else None,
            force=force if self.compressible else None,
            mu=y.mu,
        )

    def with_velocity(self, g: GridFields) -> GridFields:
        """The same on the grid, with u = m/w."""
        if not self.moves:
            return g
        inertia = 4 / 3 * g.rho if self.compressible else self.enthalpy.astype(g.mu5.dtype)
        return g._replace(u=tuple(m / inertia for m in g.momentum))

    def products(self, t, g: GridFields, mu_eff: Grid) -> dict[str, tuple[Grid, ...]]:
        """Everything that is transformed back, by name, each a tuple of fields."""
        eta = at_time(self.magnetic_diffusivity, t).astype(g.mu5.dtype)
        b2, j_dot_b = dot(g.b, g.b), dot(g.j, g.b)
        e_dot_b = -eta * (mu_eff * b2 - j_dot_b)  # u×B·B = 0
        emf = tuple(eta * mu_eff * b for b in g.b)
        found = {"anomaly": (self.chiral_feedback.astype(g.mu5.dtype) * e_dot_b,)}
        if self.moves:
            u_cross_b = cross(g.u, g.b)
            emf = tuple(e + v for e, v in zip(emf, u_cross_b, strict=True))
            found["stress"] = self.momentum_flux(g, b2) if self.compressible else self.incompressible_flux(g)
        if self.compressible:
            gained = self.heat(g, mu_eff, eta) - dot(g.j, u_cross_b)
            if g.force is not None:
                gained = gained + dot(g.u, g.force)
            if self.corrected:
                lift = 2 / 3 * dot(g.u, g.grad_rho)
                gained = gained + lift
                found["lift"] = tuple(lift * v for v in g.u)
            found["gained"] = (gained,)
        return {"emf": emf} | found | self.scalar_fluxes(g)

    def scalar_fluxes(self, g: GridFields) -> dict[str, tuple[Grid, ...]]:
        """Fluxes of mu5 and mu: advection, and along B what the other one drives."""
        fluxes = {}
        if self.moves:
            fluxes["flux"] = tuple(g.mu5 * v for v in g.u)
        if self.charge is None:
            return fluxes
        separated = self.charge.separation.astype(g.mu5.dtype) * g.mu
        driven = self.charge.magnetic.astype(g.mu5.dtype) * g.mu5
        still = (jnp.zeros_like(g.mu5),) * 3
        fluxes["flux"] = tuple(f + separated * b for f, b in zip(fluxes.get("flux", still), g.b, strict=True))
        fluxes["charge_flux"] = tuple(g.mu * v + driven * b for v, b in zip(g.u or still, g.b, strict=True))
        return fluxes

    def momentum_flux(self, g: GridFields, b2: Grid) -> tuple[Grid, ...]:
        """-m u + B B - I B²/2 - (8/3) nu [u ∇rho] with [..] symmetric and traceless: xx, yy, zz, xy, xz, yz (G25 7c)."""
        nu = (8 / 3) * self.viscosity.astype(g.rho.dtype)
        trace = b2 / 2 - nu * dot(g.u, g.grad_rho) / 3

        def component(i, j):
            drag = nu * (g.u[i] * g.grad_rho[j] + g.u[j] * g.grad_rho[i]) / 2
            return g.b[i] * g.b[j] - g.momentum[i] * g.u[j] - drag - (trace if i == j else 0)

        return tuple(component(i, j) for i, j in ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2)))

    def incompressible_flux(self, g: GridFields) -> tuple[Grid, ...]:
        """-m u + B B without its zz part, which pressure balances on all of the diagonal: xx, yy, xy, xz, yz."""

        def component(i, j):
            return g.b[i] * g.b[j] - g.momentum[i] * g.u[j]

        zz = component(2, 2)
        return (component(0, 0) - zz, component(1, 1) - zz, component(0, 1), component(0, 2), component(1, 2))

    def heat(self, g: GridFields, mu_eff: Grid, eta) -> Grid:
        """Q: eta J² as printed in G25 (7d), or what the Ohmic current dissipates, or none."""
        if self.heating == "paper":
            return eta * dot(g.j, g.j)
        if self.heating == "consistent":
            ohmic = tuple(j - mu_eff * b for j, b in zip(g.j, g.b, strict=True))
            return eta * dot(ohmic, ohmic)
        return jnp.zeros_like(g.mu5)

    def _assemble(self, t, back: dict[str, tuple[Modes, ...]], y: State, force) -> State:
        """Tendencies from the transformed products, and from coefficients that change in time."""
        box, dtype = self.box, y.mu5.dtype
        a, mu5, ledger = box.transverse(back["emf"]), back["anomaly"][0], empty_ledger()
        if "flux" in back:
            mu5 = mu5 - box.divergence(back["flux"])
        if (eta := varying_part(self.magnetic_diffusivity, t)) is not None:
            a = tuple(rate - eta * box.k2 * f for rate, f in zip(a, y.A, strict=True))
        if (gamma5 := varying_part(self.flipping_rate, t)) is not None:
            mu5 = mu5 - gamma5 * y.mu5
            ledger = ledger._replace(washout=gamma5 * box.mean(y.mu5))
        mu = None if self.charge is None else -box.divergence(back["charge_flux"]).astype(dtype)
        momentum, rho = self._fluid_tendency(back, force)
        return State(_cast(a, dtype), momentum and _cast(momentum, dtype), rho, mu5.astype(dtype), ledger, mu)

    def _fluid_tendency(self, back: dict[str, tuple[Modes, ...]], force) -> tuple[VectorModes | None, Modes | None]:
        """(∂t m, ∂t rho) without the linear part; None for what is not an unknown."""
        if not self.moves:
            return None, None
        box = self.box
        if self.compressible:
            xx, yy, zz, xy, xz, yz = back["stress"]
        else:
            (xx, yy, xy, xz, yz), zz = back["stress"], jnp.zeros_like(back["stress"][0])
        momentum = tuple(box.divergence(row) for row in ((xx, xy, xz), (xy, yy, yz), (xz, yz, zz)))
        if force is not None:
            momentum = tuple(m + f for m, f in zip(momentum, force, strict=True))
        if "lift" in back:
            momentum = tuple(m + f for m, f in zip(momentum, back["lift"], strict=True))
        return (momentum, back["gained"][0]) if self.compressible else (box.transverse(momentum), None)

    def _step_rates(self, t, g: GridFields, mu_eff: Grid) -> dict[str, Rate]:
        """Rates that explicit products limit: chiral magnetic current, its feedback on mu5, Alfvén waves with the flow.

        Resistivity and sound are exact; their wide limits give the first step its size and hold a box without field.
        """
        k_max, eta, b2 = self.box.k_max, at_time(self.magnetic_diffusivity, t), dot(g.b, g.b)
        in_tables = isinstance(self.magnetic_diffusivity, TimeTable)
        rates = {
            "resistivity": rate_limit(eta * k_max**2, DAMPING_LIMIT if in_tables else EXACT_LIMIT),
            "chiral magnetic effect": rate_limit(eta * k_max * _max(jnp.abs(mu_eff)), DAMPING_LIMIT),
            "chiral feedback": rate_limit(self.chiral_feedback * eta * _max(b2), DAMPING_LIMIT),
        }
        if (gamma5 := varying_part(self.flipping_rate, t)) is not None:
            rates["washout"] = rate_limit(jnp.abs(gamma5), DAMPING_LIMIT)
        if self.charge is not None:
            speed = jnp.sqrt(jnp.abs(self.charge.separation * self.charge.magnetic) * _max(b2))
            rates["chiral magnetic waves"] = rate_limit(k_max * speed, WAVE_LIMIT)
        if self.forcing is not None:
            rates["force"] = rate_limit(1 / self.forcing.correlation_time, 1.0)
        if self.moves:
            inertia = 4 / 3 * g.rho if self.compressible else self.enthalpy.astype(b2.dtype)
            speed = jnp.sqrt(dot(g.u, g.u)) + jnp.sqrt(b2 / inertia)
            rates["Alfvén waves"] = rate_limit(k_max * _max(speed), WAVE_LIMIT)
        if self.compressible:
            rates["sound"] = rate_limit(k_max / 3**0.5, EXACT_LIMIT)
        return rates

    def error_norm(self, error: State, y: State) -> Float[Array, ""]:
        """Largest relative error of the magnetic field, of mu5 with mu, and of momentum with rho (root mean squares)."""
        box, b0 = self.box, dot(self.background_field, self.background_field)
        b2 = ledgers.mean_b_squared(self, y)
        ratios = [ledgers.mean_b_squared(self, error) / (b2 + _FIELD_FLOOR**2 * b0 + 1e-300)]
        chirality, chirality_error = (box.mean_product(s.mu5, s.mu5) for s in (y, error))
        if self.charge is not None:
            chirality = chirality + box.mean_product(y.mu, y.mu)
            chirality_error = chirality_error + box.mean_product(error.mu, error.mu)
        ratios.append(chirality_error / (chirality + (_MU5_FLOOR * box.k_unit) ** 2))
        if self.moves:
            missed, scale = box.mean_dot(error.momentum, error.momentum), box.mean_dot(y.momentum, y.momentum)
            inertia = self.enthalpy
            if self.compressible:
                inertia = box.mean(y.rho)
                missed = missed + box.mean_product(error.rho, error.rho) / 3
                scale = scale + jnp.abs(box.mean_product(y.rho, y.rho) - inertia**2) / 3
            ratios.append(missed / (scale + b2 * (b2 / 4 + b0) + (_RHO_FLOOR * inertia) ** 2))
        return jnp.sqrt(jnp.max(jnp.stack(ratios)))

    def budgets(self, t, y: State) -> dict[str, Budget]:
        """helicity_chirality (G25 Eq. 22 times lam/2, valid for lam = 0 too) [1/l*], energy, momentum, charge (⟨mu⟩)."""
        return ledgers.budgets(self, y)


def _cast(fields: tuple[Array, ...], dtype) -> tuple[Array, ...]:
    return tuple(f.astype(dtype) for f in fields)


def _max(f: Grid) -> Float[Array, ""]:
    return jnp.max(f).astype(jnp.float64)
