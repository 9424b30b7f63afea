"""The exact budgets of chiral MHD: totals, and what makes or takes them. `eq` is a ChiralMHD, `y` its state."""

from __future__ import annotations

from typing import TYPE_CHECKING

import jax.numpy as jnp
from jaxtyping import Array, Float

from kiral.core.equation import Budget
from kiral.core.table import at_time
from kiral.geometry.box import Grid, Modes, dot
from kiral.mhd.state import GridFields, State

if TYPE_CHECKING:
    from kiral.mhd.equations import ChiralMHD

_MEAN_FLOOR = 1e-10  # means below this, relative to the rms, are round-off of the mean of something that is zero on average
_ENERGY_FLOOR = 1e-14  # energies below this, relative to B0²: ⟨mu5 J·B0⟩ rounds off at eps B0 b, so no drift is measured there


def mean_b_squared(eq: ChiralMHD, y: State) -> Float[Array, ""]:
    """⟨|∇×A|²⟩: the uniform field left out."""
    return eq.box.mean_dot(y.A, tuple(eq.box.k2 * a for a in y.A))


def magnetic_helicity(eq: ChiralMHD, y: State) -> Float[Array, ""]:
    """⟨A·b⟩ + 2⟨A⟩·B0 with b = ∇×A: the helicity that obeys dh/dt = -2⟨E·B⟩ with a uniform field B0 too."""
    mean = sum(eq.box.mean(a) * b for a, b in zip(y.A, eq.background_field, strict=True))
    return eq.box.mean_dot(y.A, eq.box.curl(y.A)) + 2 * mean


def energy_on_grid(eq: ChiralMHD, t, g: GridFields, mu_eff: Grid, xi) -> Float[Array, ""]:
    """The means over products on the grid in the energy of `productions`, over the points given."""
    eta = at_time(eq.magnetic_diffusivity, t)
    if eq.compressible and eq.heating == "consistent":
        energy = -eta * _mean(xi * (dot(g.j, g.b) - mu_eff * dot(g.b, g.b)))
    else:
        energy = eta * _mean(mu_eff * dot(g.j, g.b))
        if not (eq.compressible and eq.heating == "paper"):
            energy = energy - eta * _mean(dot(g.j, g.j))
    if g.force is not None:
        energy = energy + _mean(dot(g.u, g.force))
    if eq.corrected:
        energy = energy + _mean(2 / 3 * dot(g.u, g.grad_rho))
    return energy


def productions(eq: ChiralMHD, t, y: State, energy, back, force) -> tuple[Array, Array]:
    """(energy, momentum): what changes them besides exchange within the budgets [E* l*⁻³ t*⁻¹, E* l*⁻⁴].

    energy: the mean of `energy_on_grid`. Magnetic energy and flow: ⟨eta mu5_eff J·B⟩ is what the chiral current does, the
    work of the force ⟨u·f⟩ comes on top. With the paper's heating nothing else; with none -⟨eta J²⟩ is lost, in an
    incompressible flow -nu ⟨∇m:∇u⟩ as well. The form of Roper Pol & Midiri has s = (2/3) u·∇rho in the energy and s u in
    the momentum.
    """
    momentum = jnp.zeros(3, jnp.float64)
    if eq.compressible and eq.heating == "consistent":
        energy = energy + chiral_production(eq, t, y, back["flux"])
    if eq.moves and not eq.compressible:
        energy = energy - eq.viscosity / eq.enthalpy * _mean_gradient_squared(eq, y.momentum)
        if force is not None:
            energy = energy + eq.box.mean_dot(y.momentum, force) / eq.enthalpy
    if eq.corrected:
        momentum = jnp.stack([eq.box.mean(f) for f in back["lift"]])
    return energy, momentum


def chiral_production(eq: ChiralMHD, t, y: State, flux: tuple[Modes, ...]) -> Array:
    """The same where the heat is consistent and the chiral energy mu5²/(2 lam) is part of the budget. `flux`: of mu5.

    From (7): d⟨rho + B²/2⟩/dt = ⟨Q - eta J² + eta mu5_eff J·B⟩ = -⟨mu5_eff E·B⟩; the chiral energy gains ⟨mu5 E·B⟩, so
    that only -⟨xi E·B⟩ is left, which `energy_on_grid` has, and ⟨-gamma5 mu5² + S5 mu5 - D5 |∇mu5|² - mu5 ∇·flux⟩/lam.
    """
    box = eq.box
    mu5_squared, gradient_squared = box.mean_product(y.mu5, y.mu5), box.mean_product(y.mu5, box.k2 * y.mu5)
    chiral = (
        eq.source(t) * box.mean(y.mu5)
        - at_time(eq.flipping_rate, t) * mu5_squared
        - eq.chiral_diffusivity * gradient_squared
        - box.mean_product(y.mu5, box.divergence(flux))
    )
    return chiral / eq.chiral_feedback


def budgets(eq: ChiralMHD, y: State) -> dict[str, Budget]:
    """helicity_chirality (G25 Eq. 22 times lam/2, valid for lam = 0 too) [1/l*], energy, momentum with flow, charge with mu."""
    box, ledger = eq.box, y.ledger
    helicity = eq.chiral_feedback / 2 * magnetic_helicity(eq, y)
    chirality = box.mean(y.mu5)
    supplied = ledger.source - ledger.washout
    round_off = _MEAN_FLOOR * jnp.sqrt(box.mean_product(y.mu5, y.mu5))
    scale = jnp.abs(helicity) + jnp.abs(chirality) + jnp.abs(supplied) + round_off
    found = {"helicity_chirality": Budget(helicity + chirality, supplied, scale), "energy": _energy(eq, y)}
    if eq.moves:
        momentum = jnp.stack([box.mean(m) for m in y.momentum])
        size = jnp.sqrt(box.mean_dot(y.momentum, y.momentum))
        found["momentum"] = Budget(momentum, ledger.momentum, jnp.full(3, size))
    if eq.charge is not None:
        mean = box.mean(y.mu)
        found["charge"] = Budget(mean, jnp.zeros(()), jnp.sqrt(box.mean_product(y.mu, y.mu)))
    return found


def _energy(eq: ChiralMHD, y: State) -> Budget:
    """⟨b²/2⟩, with flow ⟨rho⟩ or ⟨m²/2w⟩; with the consistent heat also the chiral energy ⟨mu5²⟩/(2 lam)."""
    total = mean_b_squared(eq, y) / 2
    if eq.compressible:
        total = total + eq.box.mean(y.rho)
        if eq.heating == "consistent":
            total = total + eq.box.mean_product(y.mu5, y.mu5) / (2 * eq.chiral_feedback)
    elif eq.moves:
        total = total + eq.box.mean_dot(y.momentum, y.momentum) / (2 * eq.enthalpy)
    floor = _ENERGY_FLOOR * dot(eq.background_field, eq.background_field)
    return Budget(total, y.ledger.energy, total + jnp.abs(y.ledger.energy) + floor)


def _mean_gradient_squared(eq: ChiralMHD, v: tuple[Modes, ...]) -> Float[Array, ""]:
    return eq.box.mean_dot(v, tuple(eq.box.k2 * f for f in v))


def _mean(f: Grid) -> Float[Array, ""]:
    return jnp.mean(f, dtype=jnp.float64)
