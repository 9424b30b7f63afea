"""The exact budgets of the anomalous Maxwell equations. `eq` is an AnomalousMaxwell, `y` its state; all are means over the box.

    charge          ⟨n₊ + n₋⟩ = const
    helicity        ⟨n₊ - n₋⟩ + e²/(4π²c²) H = const + pumped,    H = ⟨A·b⟩ + 2⟨A⟩·B0, dH/dt = -2c ⟨E·B⟩  (b = B - B0 = ∇×A)
    free_energy     F = ⟨E² + B²⟩/8π + Σ⟨f(mu_l)⟩,  dF/dt = -Σ⟨sigma_l E_l²⟩ + supplied: chiral currents and anomaly cancel
    field_energy    ⟨E² + B²⟩/8π, changed by -⟨(e j + j_ext)·E⟩ alone: Poynting's theorem in a periodic box
    gauss           ∇·E - 4π e n, the largest value on the grid
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import jax.numpy as jnp
from jaxtyping import Array, Float

from kiral.core.equation import Budget
from kiral.core.table import at_time
from kiral.geometry.box import Modes, VectorGrid, dot
from kiral.geometry.fft import to_grid
from kiral.maxwell import local
from kiral.maxwell.linear import gauss_residual
from kiral.maxwell.local import Local
from kiral.maxwell.state import GridFields, Ledger, State

if TYPE_CHECKING:
    from kiral.maxwell.equations import AnomalousMaxwell

_MEAN_FLOOR = 1e-10  # means below this, relative to the rms, are round-off of the mean of something that is zero on average


def fluctuation_squared(eq: AnomalousMaxwell, y: State) -> Float[Array, ""]:
    """⟨|B - B0|²⟩."""
    return eq.box.mean_dot(y.B, y.B) - sum(eq.box.mean(b) ** 2 for b in y.B)


def vector_potential(eq: AnomalousMaxwell, y: State) -> tuple[Modes, Modes, Modes]:
    """A of b = B - B0 = ∇×A with ∇·A = 0 and no mean."""
    over = jnp.where(eq.box.k2 > 0, 1 / jnp.where(eq.box.k2 > 0, eq.box.k2, 1.0), 0.0)
    return tuple(over * f for f in eq.box.curl(y.B))


def magnetic_helicity(eq: AnomalousMaxwell, y: State) -> Float[Array, ""]:
    """⟨A·b⟩ + 2⟨A⟩·B0, the mean of A from the start of the run on: dH/dt = -2c ⟨E·B⟩ with a uniform field B0 too."""
    mean = sum(a * eq.box.mean(b) for a, b in zip(y.ledger.vector_potential, y.B, strict=True))
    return eq.box.mean_dot(vector_potential(eq, y), y.B) + 2 * mean


def per_helicity(eq: AnomalousMaxwell) -> Float[Array, ""]:
    """e²/(4π²c²): axial density that a unit of helicity is worth."""
    return eq.matter.charge**2 / (4 * jnp.pi**2 * eq.matter.c**2)


def field_energy(eq: AnomalousMaxwell, t, y: State) -> Float[Array, ""]:
    """⟨E² + B²⟩/8π."""
    e = eq.electric_field(t, y)
    return (eq.box.mean_dot(e, e) + eq.box.mean_dot(y.B, y.B)) / (8 * jnp.pi)


def free_energy(eq: AnomalousMaxwell, t, y: State) -> Float[Array, ""]:
    """F; the part of the plasma is that above mu = 0. With Drude currents also tau e² Σ J_l²/(2 sigma_l0), their inertia."""
    found = field_energy(eq, t, y) + plasma_energy(eq, y)
    return found if y.current is None else found + eq.matter.tau / 2 * _drude_heat(eq, y)


def plasma_energy(eq: AnomalousMaxwell, y: State) -> Float[Array, ""]:
    """Σ⟨∫mu_l dn_l⟩."""
    return sum(jnp.mean(eq.matter.chiral_energy(mu)) for mu in eq.potentials(y))


def _drude_heat(eq: AnomalousMaxwell, y: State) -> Float[Array, ""]:
    """e² Σ⟨J_l²⟩/sigma_l0."""
    squares = (eq.box.mean_dot(j, j) / s for j, s in zip(y.current, eq.sigma, strict=True))
    return eq.matter.charge**2 * sum(squares)


def second_order_means(eq: AnomalousMaxwell, g: GridFields, here: Local, rate: VectorGrid | None) -> dict[str, Array]:
    """With terms of second order: the heat, and what magnetization and electric relaxation (rate: ∂t E) add to F reversibly.

    The Hall current does no work. -e Σ⟨J_l·E_l⟩ of the magnetization and +tau Σ⟨sigma_l ∂t E·E_l⟩ have no definite sign.
    """
    if not eq.terms:
        return {}
    supplied = jnp.zeros(())
    for i in (0, 1):
        if "magnetization" in eq.terms:
            supplied = supplied - eq.matter.charge * jnp.mean(dot(local.magnetization(eq, i, g, here), here.force[i]))
        if rate is not None:
            supplied = supplied + eq.matter.tau * jnp.mean(here.sigma[i] * dot(rate, here.force[i]))
    if eq.drude:
        return {"supplied": supplied}
    heat = sum(jnp.mean(s * dot(f, f)) for s, f in zip(here.sigma, here.force, strict=True))
    return {"supplied": supplied, "heat": heat}


def productions(eq: AnomalousMaxwell, t, y: State, back: dict[str, tuple[Modes, ...]], means: dict[str, Array]) -> Ledger:
    """Rates of what the ledger sums up. back: products as modes; means: of products on the grid."""
    box, e = eq.box, eq.matter.charge
    supplied, pumped, work = means.get("supplied", jnp.zeros(())), jnp.zeros(()), means["work"]
    if eq.drude:
        heat, gained, done = _drude(eq, y, back)
        supplied, work = supplied + gained, work + done
    elif eq.terms:
        heat = means["heat"]
    else:
        heat = _first_order_heat(eq, y, back, means["heat"])
    if not eq.drude and not eq.relaxes:
        work = work + _linear_work(eq, y)
    mean_e = jnp.stack([box.mean(f) for f in y.E])
    if eq.external_current is not None:
        driven = sum(at_time(j, t) * f for j, f in zip(eq.external_current, mean_e, strict=True))
        supplied, work = supplied - driven, work + driven
    if eq.external_field is not None:
        outside = jnp.stack([at_time(f, t) for f in eq.external_field])
        supplied = supplied + e * jnp.sum(outside * _mean_current(eq, t, y, back))
        pumped = 2 * e * eq.matter.topological * sum(f * box.mean(b) for f, b in zip(outside, y.B, strict=True))
    return Ledger(heat, work, supplied, pumped, -eq.matter.c * mean_e)


def _first_order_heat(eq: AnomalousMaxwell, y: State, back: dict[str, tuple[Modes, ...]], squared: Array) -> Array:
    """Σ⟨sigma_l E_l²⟩ = Σ⟨sigma_l E² - 2 e D E·∇n_l + D ∇n_l·∇mu_l⟩, as sigma_l E_l/e = (sigma_l/e) E - D ∇n_l."""
    box, d = eq.box, eq.matter.diffusion
    spread = sum(box.mean_product(f, box.k2 * mu) for f, mu in zip(y.n, back["mu"], strict=True))
    return squared - 2 * eq.matter.charge * d * box.mean_dot(y.E, box.gradient(y.n[0] + y.n[1])) + d * spread


def _linear_work(eq: AnomalousMaxwell, y: State) -> Array:
    """e⟨j·E⟩ of the currents in `linear`."""
    box, m = eq.box, eq.matter
    spread = m.charge * m.diffusion * box.mean_dot(y.E, box.gradient(y.n[0] + y.n[1]))
    return jnp.sum(eq.sigma) * box.mean_dot(y.E, y.E) - spread


def _drude(eq: AnomalousMaxwell, y: State, back: dict[str, tuple[Modes, ...]]) -> tuple[Array, Array, Array]:
    """(heat, what else changes F, work) of Drude currents: heat e² Σ⟨J_l²⟩/sigma_l0.

    d/dt of F gets Σ⟨∇mu_l·J_l - e J_l·E⟩, and their inertia e² Σ⟨J_l·(S_l - J_l)⟩/sigma_l0 with S_l = (sigma_l/e) E_l: in a
    uniform plasma all but the heat cancels.
    """
    box, m = eq.box, eq.matter
    gained, work = jnp.zeros(()), jnp.zeros(())
    for i, name in enumerate(("plus_drive", "minus_drive")):
        j, s0 = y.current[i], eq.sigma[i]
        diffusion = box.gradient(y.n[i])
        source = tuple(f + s0 / m.charge * e - m.diffusion * g for f, e, g in zip(back[name], y.E, diffusion, strict=True))
        done = m.charge * box.mean_dot(j, y.E)
        gained = gained + m.charge**2 / s0 * box.mean_dot(j, source) - box.mean_product(back["mu"][i], box.divergence(j)) - done
        work = work + done
    return _drude_heat(eq, y), gained, work


def _mean_current(eq: AnomalousMaxwell, t, y: State, back: dict[str, tuple[Modes, ...]]) -> Array:
    """⟨Σ j_l⟩, a vector; without Drude currents."""
    box, m = eq.box, eq.matter
    if eq.relaxes:
        rate = jnp.stack([box.mean(f) for f in back["electric"]])
        outside = 0.0 if eq.external_current is None else jnp.stack([at_time(j, t) for j in eq.external_current])
        return -rate / (4 * jnp.pi * m.charge) - outside / m.charge
    found = jnp.stack([box.mean(f) for f in back["current"]])
    if eq.drude:  # what the field from outside does on Drude currents is in their source
        return found
    return found + jnp.sum(eq.sigma) / m.charge * jnp.stack([box.mean(f) for f in y.E])


def budgets(eq: AnomalousMaxwell, t, y: State) -> dict[str, Budget]:
    """The budgets of the module's head."""
    ledger = y.ledger
    energy, fields = free_energy(eq, t, y), field_energy(eq, t, y)
    return {
        "charge": charge(eq, y),
        "helicity": helicity(eq, y),
        "free_energy": Budget(energy, ledger.supplied - ledger.joule, energy + ledger.joule + jnp.abs(ledger.supplied)),
        "field_energy": Budget(fields, -ledger.work, fields + jnp.abs(ledger.work)),
        "gauss": gauss(eq, y),
    }


def charge(eq: AnomalousMaxwell, y: State) -> Budget:
    """⟨n₊ + n₋⟩."""
    box = eq.box
    size = jnp.sqrt(sum(box.mean_product(f, f) for f in y.n))
    return Budget(box.mean(y.n[0] + y.n[1]), jnp.zeros((), jnp.float64), size)


def helicity(eq: AnomalousMaxwell, y: State) -> Budget:
    """Axial density, and the helicity that it can become."""
    box = eq.box
    size = jnp.sqrt(sum(box.mean_product(f, f) for f in y.n))
    axial, linked = box.mean(y.n[0]) - box.mean(y.n[1]), per_helicity(eq) * magnetic_helicity(eq, y)
    return Budget(axial + linked, y.ledger.pumped, jnp.abs(axial) + jnp.abs(linked) + _MEAN_FLOOR * size)


def gauss(eq: AnomalousMaxwell, y: State) -> Budget:
    """Gauss's law: total is the largest |∇·E - 4π e n| on the grid, the scale the largest |4π e n| and k_unit E_rms."""
    box, number = eq.box, y.n[0] + y.n[1]
    source = 4 * jnp.pi * eq.matter.charge * number
    left, held = to_grid(box, (gauss_residual(box, eq.matter.charge, y.E, number), source))
    scale = jnp.max(jnp.abs(held)) + box.k_unit * jnp.sqrt(box.mean_dot(y.E, y.E))
    return Budget(jnp.max(jnp.abs(left)), jnp.zeros((), jnp.float64), scale)
