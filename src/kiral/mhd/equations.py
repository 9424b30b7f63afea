"""Chiral MHD in a periodic box, relativistic fluid (p = rho/3) or no flow. Reference G25: Gurgenidze et al. (2025).

Code units: comoving, conformal time, c = 1, Heaviside-Lorentz (B²/2 is an energy density); lengths l*, times t*,
energies E*. mu5 is the rescaled chiral chemical potential 2 α mu5/(π ħ c) [1/l*].

    E        = -u×B - eta (mu5_eff B - J),   J = ∇×B,   ∂t A = -E (its transverse part),   mu5_eff = mu5 + xi   (7a)
    ∂t mu5   = -∇·(mu5 u) + D5 ∇²mu5 + lam E·B - gamma5 mu5 + S5(t)                                             (7b)
    ∂t m     = ∇·[-m u + B B - I B²/2 + (8/3) rho nu S] - ∇rho/3,      m = (4/3) rho u                          (7c)
    ∂t rho   = -∇·m + Q - J·(u×B)                                                                               (7d)

(7c, 7d) are the paper's equations in conservative form: multiply its (7c) by 4/3 and add (4/3) u times its (7d). Since
(3/4) of the Lorentz force becomes J×B = ∇·(BB - I B²/2), the momentum ⟨m⟩ is kept to round-off for every heating Q:
eta J² ("paper"), eta |J - mu5_eff B|² ("consistent": what the current J_Ohm dissipates), 0 ("none").
The viscous stress is split, (8/3) rho S(u) = 2 S(m) - (8/3) [u ∇rho]: 2 nu ∇·S(m) is linear and treated exactly.
One right-hand side takes 14 inverse and 14 forward transforms (7 and 4 without flow).
"""

from __future__ import annotations

from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from kiral.core.equation import Budget, Equation, Rate, rate_limit
from kiral.core.quadrature import forced_response
from kiral.core.table import TimeTable, at_time
from kiral.geometry.box import Box, Grid, Modes, VectorGrid, VectorModes, cross, dot
from kiral.geometry.fft import to_grid, to_modes
from kiral.mhd.linear import DAMPING_LIMIT, EXACT_LIMIT, WAVE_LIMIT, ChiralMHDLinear, Washout
from kiral.mhd.source import Source

_RHO_FLOOR = 1e-10  # flows weaker than this (relative to rho) are round-off of rho: the step control ignores them
_MU5_FLOOR = 1e-3  # mu5 below this fraction of the box's smallest wave number has no effect on any mode


class Ledger(NamedTuple):
    """Time integrals carried along with the fields (float64): gamma5⟨mu5⟩, S5, and the energy production."""

    washout: Float[Array, ""]
    source: Float[Array, ""]
    energy: Float[Array, ""]


class State(NamedTuple):
    """Fields as modes: vector potential (transverse), momentum m = (4/3) rho u, rho (None, None without flow), mu5."""

    A: VectorModes
    momentum: VectorModes | None
    rho: Modes | None
    mu5: Modes
    ledger: Ledger


class GridFields(NamedTuple):
    """The same point by point, with what the products need."""

    b: VectorGrid
    j: VectorGrid
    mu5: Grid
    momentum: VectorGrid | None = None
    u: VectorGrid | None = None
    rho: Grid | None = None
    grad_rho: VectorGrid | None = None


class ChiralMHD(Equation):
    """The equations in the module's head with their coefficients (0-d arrays, code units) as attributes."""

    box: Box
    magnetic_diffusivity: Float[Array, ""]
    viscosity: Float[Array, ""]
    chiral_diffusivity: Float[Array, ""]
    chiral_feedback: Float[Array, ""]
    flipping_rate: Float[Array, ""]
    xi: Float[Array, ""] | TimeTable
    source: Source
    heating: str = eqx.field(static=True)
    flow: bool = eqx.field(static=True)

    def linear(self) -> ChiralMHDLinear:
        """Resistivity, viscosity, diffusion, washout and sound waves."""
        return ChiralMHDLinear(
            self.box,
            self.magnetic_diffusivity,
            self.viscosity,
            self.chiral_diffusivity,
            self.flipping_rate,
            self.flow,
        )

    def linear_rates(self) -> dict[str, Rate]:
        """Rates that limit explicit schemes."""
        return self.linear().rates()

    def relaxation(self) -> Washout:
        """Washout alone, which explicit schemes treat exactly too."""
        return Washout(self.flipping_rate)

    def add_forcing(self, t, tendency: State) -> State:
        """The source on the mean of mu5 and on its ledger."""
        return self._add_source(tendency, self.source(t), jnp.zeros(()), self.source(t))

    def add_forced(self, t, h, y: State) -> State:
        """What the source adds in h, with washout acting meanwhile: exact, and booked exactly."""
        gained, supplied = forced_response(self.source, t, h, self.flipping_rate)
        return self._add_source(y, gained, supplied - gained, supplied)

    def _add_source(self, y: State, gained, washed_out, supplied) -> State:
        ledger = y.ledger._replace(washout=y.ledger.washout + washed_out, source=y.ledger.source + supplied)
        return y._replace(mu5=y.mu5.at[0, 0, 0].add(gained.astype(y.mu5.dtype)), ledger=ledger)

    def evaluate(self, t, y: State) -> tuple[State, dict[str, Rate]]:
        """Products on the grid, back to modes; and the rates that limit the step."""
        g = self.grid_fields(y)
        real = g.mu5.dtype
        eta, xi = self.magnetic_diffusivity.astype(real), at_time(self.xi, t).astype(real)
        mu_eff, j_dot_b, b2 = g.mu5 + xi, dot(g.j, g.b), dot(g.b, g.b)
        e_dot_b = -eta * (mu_eff * b2 - j_dot_b)  # u×B·B = 0
        emf = tuple(eta * mu_eff * b for b in g.b)
        if self.flow:
            u_cross_b = cross(g.u, g.b)
            emf = tuple(e + v for e, v in zip(emf, u_cross_b, strict=True))
            stress = self.momentum_flux(g, b2)
            gained = self.heat(g, mu_eff) - dot(g.j, u_cross_b)
            flux = tuple(g.mu5 * v for v in g.u)
            back = to_modes(self.box, (*emf, self.chiral_feedback.astype(real) * e_dot_b, *flux, *stress, gained))
        else:
            back = to_modes(self.box, (*emf, self.chiral_feedback.astype(real) * e_dot_b))
        energy = self.energy_production(t, y, g, mu_eff, back[4:7])
        tendency = self._assemble(back, y)._replace(ledger=Ledger(jnp.zeros(()), jnp.zeros(()), energy))
        return tendency, self._step_rates(g, mu_eff, b2)

    def grid_fields(self, y: State) -> GridFields:
        """All fields that the right-hand side multiplies, on the grid."""
        box = self.box
        b = _cast(box.curl(y.A), y.mu5.dtype)
        j = _cast(tuple(box.k2 * a for a in y.A), y.mu5.dtype)
        if not self.flow:
            grid = to_grid(box, (*b, *j, y.mu5))
            return GridFields(grid[0:3], grid[3:6], grid[6])
        grad_rho = _cast(box.gradient(y.rho), y.mu5.dtype)
        grid = to_grid(box, (*b, *j, y.mu5, *y.momentum, y.rho, *grad_rho))
        momentum, rho = grid[7:10], grid[10]
        u = tuple(0.75 * m / rho for m in momentum)
        return GridFields(grid[0:3], grid[3:6], grid[6], momentum, u, rho, grid[11:14])

    def momentum_flux(self, g: GridFields, b2: Grid) -> tuple[Grid, ...]:
        """-m u + B B - I B²/2 - (8/3) nu [u ∇rho] with [..] symmetric and traceless: xx, yy, zz, xy, xz, yz (G25 7c)."""
        nu = (8 / 3) * self.viscosity.astype(g.rho.dtype)
        trace = b2 / 2 - nu * dot(g.u, g.grad_rho) / 3

        def component(i, j):
            drag = nu * (g.u[i] * g.grad_rho[j] + g.u[j] * g.grad_rho[i]) / 2
            return g.b[i] * g.b[j] - g.momentum[i] * g.u[j] - drag - (trace if i == j else 0)

        return tuple(component(i, j) for i, j in ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2)))

    def heat(self, g: GridFields, mu_eff: Grid) -> Grid:
        """Q: eta J² as printed in G25 (7d), or what the Ohmic current dissipates, or none."""
        eta = self.magnetic_diffusivity.astype(g.mu5.dtype)
        if self.heating == "paper":
            return eta * dot(g.j, g.j)
        if self.heating == "consistent":
            ohmic = tuple(j - mu_eff * b for j, b in zip(g.j, g.b, strict=True))
            return eta * dot(ohmic, ohmic)
        return jnp.zeros_like(g.mu5)

    def _assemble(self, back: tuple[Modes, ...], y: State) -> State:
        """Tendencies from the transformed products."""
        box, dtype = self.box, y.mu5.dtype
        a = _cast(box.transverse(back[0:3]), dtype)
        if not self.flow:
            return State(a, None, None, back[3], y.ledger)
        mu5 = (back[3] - box.divergence(back[4:7])).astype(dtype)
        xx, yy, zz, xy, xz, yz = back[7:13]
        momentum = tuple(box.divergence(row) for row in ((xx, xy, xz), (xy, yy, yz), (xz, yz, zz)))
        return State(a, _cast(momentum, dtype), back[13], mu5, y.ledger)

    def energy_production(self, t, y: State, g: GridFields, mu_eff: Grid, flux: tuple[Modes, ...]) -> Float[Array, ""]:
        """What changes the energy of `budgets` besides exchange within it [E* l*⁻³ t*⁻¹]. `flux` is mu5 u.

        From (7): d⟨rho + B²/2⟩/dt = ⟨Q - eta J² + eta mu5_eff J·B⟩. With the consistent heat this is -⟨mu5_eff E·B⟩; the
        chiral energy mu5²/(2 lam) gains ⟨mu5 E·B⟩, so that only -⟨xi E·B⟩ is left, and
        ⟨-gamma5 mu5² + S5 mu5 - D5 |∇mu5|² - mu5 ∇·(mu5 u)⟩/lam. Without flow there is no heat: d⟨B²/2⟩/dt alone.
        """
        eta, box = self.magnetic_diffusivity, self.box
        work = eta * _mean(mu_eff * dot(g.j, g.b))
        if self.flow and self.heating == "paper":
            return work
        if not self.flow or self.heating == "none":
            return work - eta * _mean(dot(g.j, g.j))
        e_dot_b = eta * (_mean(dot(g.j, g.b)) - _mean(mu_eff * dot(g.b, g.b)))
        mu5_squared, gradient_squared = box.mean_product(y.mu5, y.mu5), box.mean_product(y.mu5, box.k2 * y.mu5)
        chiral = (
            self.source(t) * y.mu5[0, 0, 0].real
            - self.flipping_rate * mu5_squared
            - self.chiral_diffusivity * gradient_squared
            - box.mean_product(y.mu5, box.divergence(flux))
        )
        return chiral / self.chiral_feedback - at_time(self.xi, t) * e_dot_b

    def _step_rates(self, g: GridFields, mu_eff: Grid, b2: Grid) -> dict[str, Rate]:
        """Rates that explicit products limit: chiral magnetic current, its feedback on mu5, Alfvén waves with the flow.

        Resistivity and sound are exact; their wide limits give the first step its size and hold a box without field.
        """
        k_max, eta = self.box.k_max, self.magnetic_diffusivity
        rates = {
            "resistivity": rate_limit(eta * k_max**2, EXACT_LIMIT),
            "chiral magnetic effect": rate_limit(eta * k_max * _max(jnp.abs(mu_eff)), DAMPING_LIMIT),
            "chiral feedback": rate_limit(self.chiral_feedback * eta * _max(b2), DAMPING_LIMIT),
        }
        if self.flow:
            speed = jnp.sqrt(dot(g.u, g.u)) + jnp.sqrt(0.75 * b2 / g.rho)
            rates["Alfvén waves"] = rate_limit(k_max * _max(speed), WAVE_LIMIT)
            rates["sound"] = rate_limit(k_max / 3**0.5, EXACT_LIMIT)
        return rates

    def error_norm(self, error: State, y: State) -> Float[Array, ""]:
        """Largest relative error of the magnetic field, of mu5 and of momentum with energy density (root mean squares)."""
        box = self.box

        def magnetic(a):
            return box.mean_dot(a, tuple(box.k2 * x for x in a))

        b2 = magnetic(y.A)
        mu5_scale = box.mean_product(y.mu5, y.mu5) + (_MU5_FLOOR * box.k_unit) ** 2
        ratios = [magnetic(error.A) / (b2 + 1e-300), box.mean_product(error.mu5, error.mu5) / mu5_scale]
        if self.flow:
            rho_error, rho_mean = box.mean_product(error.rho, error.rho), y.rho[0, 0, 0].real.astype(jnp.float64)
            fluctuation = box.mean_product(y.rho, y.rho) - rho_mean**2
            momentum2 = box.mean_dot(y.momentum, y.momentum)
            scale = momentum2 + jnp.abs(fluctuation) / 3 + b2**2 / 4 + (_RHO_FLOOR * rho_mean) ** 2
            ratios.append((box.mean_dot(error.momentum, error.momentum) + rho_error / 3) / scale)
        return jnp.sqrt(jnp.max(jnp.stack(ratios)))

    def budgets(self, t, y: State) -> dict[str, Budget]:
        """helicity_chirality (G25 Eq. 22 times lam/2, valid for lam = 0 too) [1/l*], energy, and with flow momentum."""
        box, ledger = self.box, y.ledger
        helicity = self.chiral_feedback / 2 * box.mean_dot(y.A, box.curl(y.A))
        chirality = y.mu5[0, 0, 0].real.astype(jnp.float64)
        supplied = ledger.source - ledger.washout
        budgets = {
            "helicity_chirality": Budget(
                helicity + chirality, supplied, jnp.abs(helicity) + jnp.abs(chirality) + jnp.abs(supplied)
            ),
            "energy": self._energy_budget(y),
        }
        if self.flow:
            momentum = jnp.stack([m[0, 0, 0].real for m in y.momentum]).astype(jnp.float64)
            scale = jnp.sqrt(box.mean_dot(y.momentum, y.momentum))
            budgets["momentum"] = Budget(momentum, jnp.zeros(3), jnp.full(3, scale))
        return budgets

    def _energy_budget(self, y: State) -> Budget:
        """⟨rho + B²/2⟩; with the consistent heat also the chiral energy ⟨mu5²⟩/(2 lam)."""
        box = self.box
        total = box.mean_dot(y.A, tuple(box.k2 * a for a in y.A)) / 2
        if self.flow:
            total = total + y.rho[0, 0, 0].real
            if self.heating == "consistent":
                total = total + box.mean_product(y.mu5, y.mu5) / (2 * self.chiral_feedback)
        return Budget(total, y.ledger.energy, total + jnp.abs(y.ledger.energy))


def _cast(fields: tuple[Array, ...], dtype) -> tuple[Array, ...]:
    return tuple(f.astype(dtype) for f in fields)


def _mean(f: Grid) -> Float[Array, ""]:
    return jnp.mean(f, dtype=jnp.float64)


def _max(f: Grid) -> Float[Array, ""]:
    return jnp.max(f).astype(jnp.float64)
