"""The products of `kiral.crust.emhd` on the grid: Hall term, k5 with the anomaly's feedback, and what they make of E.

Feedback: k5 = (k5w + b B·curl NB/N)/(1 + b B²), and only then the cap (Dehman & Pons 2024; n5 quasi-steady), or n5 with an equation of
its own, ∂t k5 = N n5_rate [k5w - k5 + b (B·curl NB/N - k5 B²)]. Local observers' E is that of the equation over N.

In weak form Σ curl(NB)·E of the Hall term is 0 to round-off, so that it conserves energy in space; Hall drift makes no helicity
either. At the perfect conductor tangential E is 0: that determines the toroidal part of curl NB at this one node, which f does
not, and makes E·B = 0 and k5 what it is without feedback there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array

from kiral.crust.emhd_state import Chirality, State
from kiral.crust.induction import Induction
from kiral.crust.rates import chiral_wavenumber_with_feedback
from kiral.geometry.shell import Shell
from kiral.geometry.spherical_field import Components, from_grid, to_grid

if TYPE_CHECKING:
    from kiral.crust.emhd import ShellEMHD

SHORTEST = 2.4
"""Largest wave number of the elements times the smallest spacing of points: from 2.32 to 2.45 for orders 2 to 16."""
Vector = tuple[Array, Array, Array]


class Products(NamedTuple):
    """What products give. electric: modes of E beside Ohm's law with k5(r), None for none; fastest: rate of the Hall term;
    work: of the chiral current, None where that of k5(r) is all; balance: rates of chirality (captured, flipped, cut);
    k5_source: tendency of an evolved k5 over its rate, the relaxation -k5 left out; largest: of b B² there.
    """

    electric: Components | None
    fastest: Array
    work: Array | None = None
    balance: tuple[Array, Array, Array] | None = None
    k5_source: Array | None = None
    largest: Array | None = None


def products(eq: ShellEMHD, op: Induction, y: State, field: Components, current: Components) -> Products:
    """All products of one state; field, current: modes of B and of curl NB."""
    if not (eq.hall or eq.reacting):
        return Products(None, jnp.zeros(()))
    c = op.coefficients
    b, j = to_grid(eq.sphere, field), to_grid(eq.sphere, current)
    electric, fastest, found = tuple(jnp.zeros_like(x) for x in b), jnp.zeros(()), {}
    if eq.hall:
        h = eq.shell.local(c.hall)
        electric = tuple(h * x for x in cross(j, b))
        whistler = jnp.max(jnp.abs(c.hall) * shortest(eq.shell) * _reach(eq, b))
        fastest = jnp.maximum(whistler, _wall_rate(eq, op, b))
    if eq.reacting:
        extra, found = _reaction(eq, op, y, b, j)
        electric = tuple(map(jnp.add, electric, extra))
    modes = from_grid(eq.sphere, *electric)
    return Products(modes._replace(toroidal=modes.toroidal.at[..., 0, 0].set(0.0)), fastest, **found)


def _reaction(eq: ShellEMHD, op: Induction, y: State, b: Vector, j: Vector) -> tuple[Vector, dict]:
    """(what the change of k5 by feedback adds to E, the entries of `Products` that belong to it)."""
    sh, c = eq.shell, op.coefficients
    weak, lapse, eta, strength = (sh.local(x) for x in (c.k5_weak, c.lapse, c.eta, eq.feedback))
    k5 = wave_number(eq, op, y, b, j)
    electric = tuple(-eta * (k5 - sh.local(c.k5)) * lapse * x for x in b)
    product, chiral = eq.sphere.grid_product, k5 * lapse
    density = sum(product(chiral * x, eta * (z - chiral * x)) for x, z in zip(b, j, strict=True))
    found = {"work": -sh.integral(density * sh.local(sh.r) ** 2) / (4 * jnp.pi)}

    def volume(x: Array) -> Array:
        return sh.integral(product(x, jnp.ones_like(k5)) * sh.local(sh.r) ** 2)

    square, along = _squares(b, j, lapse)
    missing = strength * (along - k5 * square)  # b E·B/eta
    present = k5 if eq.n5_rate is None else y.matter.k5
    capacity = lapse * jnp.where(strength > 0, eta / jnp.where(strength > 0, strength, 1.0), 0.0)
    captured, flipped = (2 * volume(capacity * x) for x in (weak, present))
    if eq.n5_rate is None:
        cut = 2 * volume(capacity * (weak - k5 + missing))
    else:
        cut, found["k5_source"] = jnp.zeros(()), weak + missing
        found["largest"] = jnp.max(lapse * strength * square)
    return electric, found | {"balance": (captured, flipped, cut)}


def chirality_rates(balance: tuple[Array, Array, Array], anomaly: Array) -> Chirality:
    """Rates of the ledger's chirality; anomaly: -2 ∫E·B."""
    captured, flipped, cut = balance
    return Chirality(captured, flipped, anomaly, cut)


def wave_number(eq: ShellEMHD, op: Induction, y: State, b: Vector, j: Vector) -> Array:
    """k5 on the grid, of B and curl NB there: (theta, phi, elements, order + 1)."""
    sh, c = eq.shell, op.coefficients
    if eq.n5_rate is not None:
        found = jnp.clip(y.matter.k5, -eq.k5_max, eq.k5_max)
    else:
        square, along = _squares(b, j, sh.local(c.lapse))
        found = chiral_wavenumber_with_feedback(sh.local(c.k5_weak), sh.local(eq.feedback), square, along, eq.k5_max)
    return found.at[..., 0, 0].set(c.k5[0])


def _squares(b: Vector, j: Vector, lapse: Array) -> tuple[Array, Array]:
    """(B², B·curl NB/N)."""
    return sum(x * x for x in b), sum(x * z for x, z in zip(b, j, strict=True)) / lapse


def shortest(shell: Shell) -> Array:
    """Largest radial wave number at the nodes."""
    gap = jnp.diff(shell.r) * shell.stretch[1:]
    return SHORTEST / jnp.minimum(jnp.append(gap, gap[-1]), jnp.append(gap[0], gap))


def _reach(eq: ShellEMHD, b: Vector) -> Array:
    """Largest |B·k| at each node."""
    sh, l = eq.shell, eq.sphere.l_max
    radial, tangential = jnp.abs(b[0]), jnp.sqrt(b[1] ** 2 + b[2] ** 2)
    largest = jax.tree.map(lambda x: jnp.max(x, axis=(0, 1)), (radial, tangential))
    radial, tangential = (sh.projected(x) for x in largest)
    return radial * shortest(sh) + tangential * jnp.sqrt(l * (l + 1.0)) / sh.r


def _wall_rate(eq: ShellEMHD, op: Induction, b: Vector) -> Array:
    """Damping by the current that the Hall term drives at the conductor: (hall B)² l(l+1)/(r² eta)."""
    c, l, r = op.coefficients, eq.sphere.l_max, eq.shell.r[0]
    square = jnp.max((b[1] ** 2 + b[2] ** 2)[..., 0, 0])
    eta = c.eta[0]
    return jnp.where(eta > 0, c.hall[0] ** 2 * square * l * (l + 1) / (r**2 * jnp.where(eta > 0, eta, 1.0)), 0.0)


def cross(a: Vector, b: Vector) -> Vector:
    """a × b."""
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]
