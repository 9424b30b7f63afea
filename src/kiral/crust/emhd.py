"""Electron magnetohydrodynamics in a spherical shell with the chiral current: Ohm, Hall drift, feedback of the anomaly.

    ∂t B = -curl E,   E = eta (curl NB - k5 NB) + hall curl(NB) × B,   B of the functions f, g (kiral.geometry.spherical_field).

Ohm's law with k5(r) is linear, each degree by itself (kiral.crust.induction), and implicit. The Hall term and what feedback
makes of k5 are products: formed on a grid for products in angle, at the points of the elements in radius, and explicit.
Feedback: k5 = (k5w + b B·curl NB)/(1 + b B²), then the cap (Dehman & Pons 2024; n5 quasi-steady). m_max = 0 is axisymmetric.

In weak form Σ curl(NB)·E of the Hall term is 0 to round-off, so that it conserves energy in space; Hall drift makes no helicity
either. At the perfect conductor tangential E is 0: that determines the toroidal part of curl NB at this one node (with k5 as
it is without feedback), which f does not.

A state's f and g are complex, (l, m, nodes), l = 0..l_max, 0 where l = 0 or m > l. Any consistent units.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float

from kiral.core.equation import Budget, Equation, Rate, rate_limit
from kiral.crust import banded
from kiral.crust.induction import Induction
from kiral.crust.rates import chiral_wavenumber_with_feedback
from kiral.geometry.shell import Shell
from kiral.geometry.sphere import Sphere
from kiral.geometry.spherical_field import Components, curl_functions, field_components, from_grid, to_grid

HALL_LIMIT = 3.5
"""Largest step times the fastest rate of the Hall term: "ark4" is stable to 4.0 on the imaginary, to 4.2 on the real axis."""
SHORTEST = 2.4
"""Largest wave number of the elements times the smallest spacing of points: from 2.32 to 2.45 for orders 2 to 16."""
GROWTH_LIMIT = 1.0
"""Largest step times eta k5²/4 and times the slowest decay: so that a step has a bound; accuracy is the error estimate's."""


class Ledger(NamedTuple):
    """Time integrals: Joule heat, work of the chiral current, what the relative helicity changed by."""

    joule: Float[Array, ""]
    work: Float[Array, ""]
    linkage: Float[Array, ""]


class State(NamedTuple):
    """Poloidal and toroidal functions of all modes, and the ledger."""

    f: Complex[Array, "l m nodes"]
    g: Complex[Array, "l m nodes"]
    ledger: Ledger


class OhmOperator(eqx.Module):
    """The linear part. tables(h): factors of 1 - h A, by degree, shared by all orders m."""

    induction: Induction

    def apply(self, y: State) -> State:
        """A y; the ledger is not touched."""
        return State(*self.induction.tendency(y.f, y.g), jax.tree.map(jnp.zeros_like, y.ledger))

    def tables(self, h: Float[Array, ""]) -> banded.Factors:
        """Factors of 1 - h A by degree."""
        operator = self.induction
        return banded.factorise(banded.blocks_of(operator.shell, operator.degrees.shape[0], operator.tendency), h)

    def solve(self, tables: banded.Factors, r: State) -> State:
        """(1 - h A)⁻¹ r."""
        parts = (jnp.stack([x.real, x.imag], axis=1) for x in (r.f, r.g))
        f, g = banded.solve(tables, self.induction.shell, *parts)
        return State(f[:, 0] + 1j * f[:, 1], g[:, 0] + 1j * g[:, 1], r.ledger)


class ShellEMHD(Equation):
    """The equation. feedback: b [1/B²]; k5_max: the cap; hall, reacting: are these terms there."""

    induction: Induction
    sphere: Sphere
    feedback: Float[Array, ""]
    k5_max: Float[Array, ""]
    hall: bool = eqx.field(static=True)
    reacting: bool = eqx.field(static=True)

    @property
    def shell(self) -> Shell:
        """The radial grid."""
        return self.induction.shell

    # --- tendencies --------------------------------------------------------------------------------------------------

    def evaluate(self, t: Float[Array, ""], y: State) -> tuple[State, dict[str, Rate]]:
        """What `linear` leaves, and the rates that limit the step."""
        ohm = self._ohmic(y)
        if self.hall or self.reacting:
            products, fastest, work = self._products(y)
            f, g = self._turned(products)
            electric = jax.tree.map(jnp.add, ohm, products)
        else:
            f, g, electric, fastest, work = jnp.zeros_like(y.f), jnp.zeros_like(y.g), ohm, jnp.zeros(()), None
        return State(f, g, self._productions(y, ohm, electric, work)), self._rates(fastest)

    def _ohmic(self, y: State) -> Components:
        """E of Ohm's law with k5(r)."""
        e, sh = self.induction.electric(y.f, y.g), self.shell
        r = sh.local(sh.r)
        return Components(sh.local(e.r), e.s / r, sh.local(e.t) / r)

    def _products(self, y: State) -> tuple[Components, Array, Array | None]:
        """(modes of the rest of E, fastest rate of the Hall term, work of the chiral current where there is feedback)."""
        sh, c = self.shell, self.induction.coefficients
        field, current = self.components(y)
        b, j = to_grid(self.sphere, field), to_grid(self.sphere, current)
        electric, fastest, work = tuple(jnp.zeros_like(x) for x in b), jnp.zeros(()), None
        if self.hall:
            h = sh.local(c.hall)
            electric = tuple(h * x for x in _cross(j, b))
            whistler = jnp.max(jnp.abs(c.hall) * self._shortest() * self._reach(b))
            fastest = jnp.maximum(whistler, self._wall_rate(b))
        if self.reacting:
            k5, lapse, eta = self.k5(b, j), sh.local(c.lapse), sh.local(c.eta)
            electric = tuple(e - eta * (k5 - sh.local(c.k5)) * lapse * x for e, x in zip(electric, b, strict=True))
            product, chiral = self.sphere.grid_product, k5 * lapse
            density = sum(product(chiral * x, eta * (z - chiral * x)) for x, z in zip(b, j, strict=True))
            work = -sh.integral(density * sh.local(sh.r) ** 2) / (4 * jnp.pi)
        modes = from_grid(self.sphere, *electric)
        return modes._replace(toroidal=self._off_wall(modes.toroidal)), fastest, work

    def components(self, y: State) -> tuple[Components, Components]:
        """Modes of B and of curl NB."""
        sh, c = self.shell, self.induction.coefficients
        field = field_components(sh, self.sphere, y.f, y.g)
        current = field_components(sh, self.sphere, c.lapse * y.g, self.induction.toroidal_current(y.f))
        return field, current._replace(toroidal=current.toroidal.at[..., 0, 0].set(self._wall_current(y, field, current)))

    def _wall_current(self, y: State, field: Components, current: Components) -> Array:
        """Toroidal part of curl NB at the conductor, (l, m): what makes that of E vanish, eta (j - k5 N g)/r + Hall term = 0.

        B_r = 0 there, so that the Hall term does not depend on it. Without diffusivity nothing determines it: 0.
        """
        c, r = self.induction.coefficients, self.shell.r[0]
        eta = c.eta[0]
        found = c.k5[0] * c.lapse[0] * y.g[..., 0] / r
        if self.hall:
            spheroidal, toroidal, radial = (x[..., 0, 0] for x in (field.spheroidal, field.toroidal, current.radial))
            (theta, phi), j_r = self.sphere.vector_synthesis(spheroidal, toroidal), self.sphere.synthesis(radial)
            found = found - c.hall[0] / jnp.where(eta > 0, eta, 1.0) * self.sphere.vector_analysis(-j_r * phi, j_r * theta)[1]
        return jnp.where(eta > 0, found, 0.0)

    def k5(self, b: tuple[Array, ...], j: tuple[Array, ...]) -> Array:
        """k5 on the grid, of B and curl NB there: (theta, phi, elements, order + 1)."""
        sh, c = self.shell, self.induction.coefficients
        square, along = sum(x * x for x in b), sum(x * z for x, z in zip(b, j, strict=True))
        along = along / sh.local(c.lapse)  # local observers' E is that of the equation over N
        return chiral_wavenumber_with_feedback(sh.local(c.k5), self.feedback, square, along, self.k5_max)

    def _turned(self, electric: Components) -> tuple[Array, Array]:
        """-curl E as (f, g), 0 where boundaries want it."""
        keep = jnp.asarray(self.sphere.mask * (self.sphere.degrees > 0)[:, None])[..., None]
        f, g = curl_functions(self.shell, electric)
        free_f, free_g = self.induction.masks()
        return -keep * free_f * f, -keep * free_g * g

    def _off_wall(self, local: Array) -> Array:
        return local.at[..., 0, 0].set(0.0)

    # --- rates -------------------------------------------------------------------------------------------------------

    def _shortest(self) -> Array:
        """Largest radial wave number at the nodes."""
        gap = jnp.diff(self.shell.r) * self.shell.stretch[1:]
        return SHORTEST / jnp.minimum(jnp.append(gap, gap[-1]), jnp.append(gap[0], gap))

    def _reach(self, b: tuple[Array, ...]) -> Array:
        """Largest |B·k| at each node."""
        sh, l = self.shell, self.sphere.l_max
        radial, tangential = jnp.abs(b[0]), jnp.sqrt(b[1] ** 2 + b[2] ** 2)
        largest = jax.tree.map(lambda x: jnp.max(x, axis=(0, 1)), (radial, tangential))
        radial, tangential = (sh.projected(x) for x in largest)
        return radial * self._shortest() + tangential * jnp.sqrt(l * (l + 1.0)) / sh.r

    def _wall_rate(self, b: tuple[Array, ...]) -> Array:
        """Damping by the current that the Hall term drives at the conductor: (hall B)² l(l+1)/(r² eta)."""
        c, l, r = self.induction.coefficients, self.sphere.l_max, self.shell.r[0]
        square = jnp.max((b[1] ** 2 + b[2] ** 2)[..., 0, 0])
        eta = c.eta[0]
        return jnp.where(eta > 0, c.hall[0] ** 2 * square * l * (l + 1) / (r**2 * jnp.where(eta > 0, eta, 1.0)), 0.0)

    def _rates(self, fastest: Array) -> dict[str, Rate]:
        c = self.induction.coefficients
        thickness = self.shell.nodal_integral(jnp.ones_like(self.shell.r))
        rates = {
            "growth": rate_limit(jnp.max(c.lapse * c.eta * c.k5**2) / 4, GROWTH_LIMIT),
            "decay": rate_limit(jnp.max(c.eta) * (jnp.pi / thickness) ** 2, GROWTH_LIMIT),
        }
        return rates | {"hall": rate_limit(fastest, HALL_LIMIT)} if self.hall else rates

    def linear(self) -> OhmOperator:
        """Ohm's law with k5(r)."""
        return OhmOperator(self.induction)

    # --- what is measured --------------------------------------------------------------------------------------------

    def inner(self, a: Components, b: Components) -> Array:
        """∫ a·b dV within the shell."""
        level = jnp.asarray(self.sphere.degrees * (self.sphere.degrees + 1.0))[:, None, None, None]
        product = self.sphere.mode_product
        density = product(a.radial, b.radial) + product(level * a.spheroidal, b.spheroidal)
        density = density + product(level * a.toroidal, b.toroidal)
        return self.shell.integral(density * self.shell.local(self.shell.r) ** 2)

    def _productions(self, y: State, ohm: Components, electric: Components, work: Array | None) -> Ledger:
        """Rates of the ledger. Heat is what the field loses, work added: products beyond l_max count as heat."""
        field, current = self.components(y)
        if work is None:
            c = self.induction.coefficients
            chiral = self.shell.local(c.k5 * c.lapse)
            work = -self.inner(jax.tree.map(lambda x: chiral * x, field), ohm) / (4 * jnp.pi)
        loss = self.inner(current, electric) / (4 * jnp.pi)
        circulation = curl_functions(self.shell, electric)[1][..., -1] * self.shell.weights[-1]
        level = jnp.asarray(self.sphere.degrees * (self.sphere.degrees + 1.0))[:, None]
        flux = 2 * self.sphere.mode_product(level * y.f[..., -1], circulation)
        return Ledger(loss + work, work, flux - 2 * self.inner(field, electric))

    def by_degree(self, values: Array) -> Array:
        """Sum over all orders of (l, m) quadratic quantities: (l,)."""
        return values[:, 0] + 2 * jnp.sum(values[:, 1:], axis=1)

    def energies(self, y: State) -> tuple[Array, Array, Array]:
        """(poloidal, toroidal, outside) by degree, (l_max + 1,)."""
        poloidal, toroidal, outside = self.induction.energies(y.f, y.g)
        return self.by_degree(poloidal), self.by_degree(toroidal), self.by_degree(outside)

    def helicity(self, y: State) -> Array:
        """Relative helicity by degree."""
        return self.by_degree(self.induction.helicity(y.f, y.g))

    def error_norm(self, error: State, y: State) -> Float[Array, ""]:
        """Root of the error's energy over the field's."""
        wrong, there = (sum(jnp.sum(e) for e in self.energies(s)) for s in (error, y))
        return jnp.sqrt(wrong / jnp.where(there > 0, there, 1.0))

    def budgets(self, t: Float[Array, ""], y: State) -> dict[str, Budget]:
        """Energy with that outside; relative helicity."""
        energy = jnp.sum(jnp.stack(self.energies(y)))
        helicity, made = jnp.sum(self.helicity(y)), y.ledger
        # |H| of the two circular polarisations apart: a scale that does not vanish where H does.
        scale = jnp.sqrt(jnp.sum(self.energies(y)[0]) * jnp.sum(self.energies(y)[1])) * 8 * jnp.pi * self.shell.r[-1]
        return {
            "energy": Budget(energy, made.work - made.joule, energy + made.joule + jnp.abs(made.work)),
            "helicity": Budget(helicity, made.linkage, scale + jnp.abs(helicity) + jnp.abs(made.linkage)),
        }


def initial_state(f: Any, g: Any) -> State:
    """A state with an empty ledger. f, g: (l, m, nodes)."""
    zero = jnp.zeros(())
    return State(jnp.asarray(f, jnp.complex128), jnp.asarray(g, jnp.complex128), Ledger(zero, zero, zero))


def make_equation(
    induction: Induction, sphere: Sphere, *, hall: bool, feedback: float | None = None, k5_max: float = np.inf
) -> ShellEMHD:
    """The equation of an operator of numpy arrays, for all degrees 0..l_max of `sphere`; feedback: b, None for none."""
    compiled = jax.tree.map(lambda x: jnp.asarray(x, jnp.float64), induction)
    b, cap = (jnp.asarray(x, jnp.float64) for x in (feedback or 0.0, k5_max))
    return ShellEMHD(compiled, sphere, b, cap, hall, feedback is not None)


def _cross(a: tuple[Array, ...], b: tuple[Array, ...]) -> tuple[Array, Array, Array]:
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]
