"""The products of `kiral.crust.emhd` on the grid: Hall term, k5 with the anomaly's feedback, and what they make of E.

Feedback: k5 = (k5w + b B·curl NB/N)/(1 + b B²), then the cap (Dehman & Pons 2024; n5 quasi-steady), or n5 with an equation
of its own, ∂t k5 = N n5_rate [k5w - k5 + b (B·curl NB/N - k5 B²)]. Local observers' E is that of the equation over N.

In weak form Σ curl(NB)·E of the Hall term is 0 to round-off, so that it conserves energy in space; Hall drift makes no helicity
either. At the perfect conductor tangential E is 0: that determines the toroidal part of curl NB at this one node, which f does
not, and makes E·B = 0 and k5 what it is without feedback there.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from kiral.crust.emhd_state import Chirality, State
from kiral.crust.induction import Induction
from kiral.crust.rates import chiral_wavenumber_with_feedback
from kiral.geometry.shell import Shell
from kiral.geometry.spherical_field import Components, Pointwise, through_grid

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


class Radial(NamedTuple):
    """Coefficients at the points of the elements. k5, k5_weak: with and without its cap; wall: 1 at the conductor, else 0."""

    hall: Array
    k5: Array
    k5_weak: Array
    lapse: Array
    eta: Array
    strength: Array
    wall: Any


def products(eq: ShellEMHD, op: Induction, y: State, field: Components, current: Components) -> Products:
    """All products of one state; field, current: modes of B and of curl NB."""
    if not (eq.hall or eq.reacting):
        return Products(None, jnp.zeros(()))
    at = _radial(eq, op)
    made = through_grid(eq.shell, eq.sphere, (field, current), partial(_at_points, eq), at, y.matter.k5)
    modes = jax.tree.map(lambda x: eq.sphere.like(x, field.radial), made.vector)
    modes = modes._replace(toroidal=modes.toroidal.at[..., 0, 0].set(0.0))
    fastest = _hall_rate(eq, op, made.largest["radial"], made.largest["tangential"]) if eq.hall else jnp.zeros(())
    return Products(modes, fastest, **(_reaction(eq, at, made) if eq.reacting else {}))


def _radial(eq: ShellEMHD, op: Induction) -> Radial:
    sh, c = eq.shell, op.coefficients
    wall = np.zeros((sh.elements, sh.order + 1))
    wall[0, 0] = 1.0
    return Radial(*(sh.local(x) for x in (c.hall, c.k5, c.k5_weak, c.lapse, c.eta, eq.feedback)), jnp.asarray(wall))


def _at_points(eq: ShellEMHD, vectors: tuple[Vector, Vector], at: Radial, evolved: Array | None) -> Pointwise:
    """E, and what is summed over the sphere, at some points. evolved: k5 where it has its own equation."""
    b, j = vectors
    electric, sums, largest, grids = [0.0] * 3, {}, {}, None
    if eq.hall:
        electric = [at.hall * x for x in cross(j, b)]
        largest = {"radial": jnp.abs(b[0]), "tangential": b[1] ** 2 + b[2] ** 2}
    if eq.reacting:
        square, along = _squares(b, j, at.lapse)
        k5 = _wave_number(eq, at, square, along, evolved)
        extra = -at.eta * at.lapse * (k5 - at.k5)
        electric = [e + extra * x for e, x in zip(electric, b, strict=True)]
        missing = along - k5 * square  # E·B/eta of local observers
        sums = {"present": k5 if evolved is None else evolved, "missing": missing, "work": k5 * missing}
        if evolved is not None:
            grids, largest["square"] = at.k5_weak + at.strength * missing, square
    return Pointwise(tuple(electric), sums, largest, grids)


def _reaction(eq: ShellEMHD, at: Radial, made: Pointwise) -> dict:
    """The entries of `Products` that belong to the change of k5 by feedback."""

    def volume(x: Array) -> Array:
        return eq.shell.integral(x * eq.shell.local(eq.shell.r) ** 2)

    found = {"work": -volume(at.eta * at.lapse**2 * made.sums["work"]) / (4 * jnp.pi)}
    capacity = at.lapse * jnp.where(at.strength > 0, at.eta / jnp.where(at.strength > 0, at.strength, 1.0), 0.0)
    weak, present, missing = 4 * jnp.pi * at.k5_weak, made.sums["present"], at.strength * made.sums["missing"]
    captured, flipped = (2 * volume(capacity * x) for x in (weak, present))
    if eq.n5_rate is None:
        cut = 2 * volume(capacity * (weak - present + missing))
    else:
        cut, found["k5_source"] = jnp.zeros(()), made.grids
        found["largest"] = jnp.max(at.lapse * at.strength * made.largest["square"])
    return found | {"balance": (captured, flipped, cut)}


def chirality_rates(balance: tuple[Array, Array, Array], anomaly: Array) -> Chirality:
    """Rates of the ledger's chirality; anomaly: -2 ∫E·B."""
    captured, flipped, cut = balance
    return Chirality(captured, flipped, anomaly, cut)


def wave_number(eq: ShellEMHD, op: Induction, y: State, b: Vector, j: Vector) -> Array:
    """k5 on the grid, of B and curl NB there: (theta, phi, elements, order + 1)."""
    at = _radial(eq, op)
    return _wave_number(eq, at, *_squares(b, j, at.lapse), y.matter.k5)


def _wave_number(eq: ShellEMHD, at: Radial, square: Array, along: Array, evolved: Array | None) -> Array:
    """k5 at points where B² and B·curl NB/N are these."""
    if evolved is not None:
        found = jnp.clip(evolved, -eq.k5_max, eq.k5_max)
    else:
        found = chiral_wavenumber_with_feedback(at.k5_weak, at.strength, square, along, eq.k5_max)
    return jnp.where(at.wall > 0, at.k5, found)


def _squares(b: Vector, j: Vector, lapse: Array) -> tuple[Array, Array]:
    """(B², B·curl NB/N)."""
    return sum(x * x for x in b), sum(x * z for x, z in zip(b, j, strict=True)) / lapse


def shortest(shell: Shell) -> Array:
    """Largest radial wave number at the nodes."""
    gap = jnp.diff(shell.r) * shell.stretch[1:]
    return SHORTEST / jnp.minimum(jnp.append(gap, gap[-1]), jnp.append(gap[0], gap))


def hall_rate(eq: ShellEMHD, op: Induction, b: Vector) -> Array:
    """Fastest rate of the Hall term, of B on the grid."""
    return _hall_rate(eq, op, *(jnp.max(x, axis=(0, 1)) for x in (jnp.abs(b[0]), b[1] ** 2 + b[2] ** 2)))


def _hall_rate(eq: ShellEMHD, op: Induction, radial: Array, tangential: Array) -> Array:
    """The same of the largest |B_r| and B_t² at each radius, (elements, order + 1): whistlers, and the wall."""
    sh, c, level = eq.shell, op.coefficients, eq.sphere.l_max * (eq.sphere.l_max + 1.0)
    reach = sh.projected(radial) * shortest(sh) + sh.projected(jnp.sqrt(tangential)) * jnp.sqrt(level) / sh.r
    return jnp.maximum(jnp.max(jnp.abs(c.hall) * shortest(sh) * reach), _wall_rate(eq, op, tangential[0, 0]))


def _wall_rate(eq: ShellEMHD, op: Induction, square: Array) -> Array:
    """Damping by the current that the Hall term drives at the conductor, where B² is at most `square`: (hall B)² L/(r² eta)."""
    c, l, r = op.coefficients, eq.sphere.l_max, eq.shell.r[0]
    eta = c.eta[0]
    return jnp.where(eta > 0, c.hall[0] ** 2 * square * l * (l + 1) / (r**2 * jnp.where(eta > 0, eta, 1.0)), 0.0)


def cross(a: Vector, b: Vector) -> Vector:
    """a × b."""
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]
