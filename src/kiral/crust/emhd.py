"""Electron magnetohydrodynamics in a spherical shell with the chiral current: Ohm, Hall drift, feedback of the anomaly.

    ∂t B = -curl E,   E = eta (curl NB - k5 NB) + hall curl(NB) × B,   B of the functions f, g (kiral.geometry.spherical_field).

Ohm's law with k5(r) is linear, each degree by itself (kiral.crust.induction), and implicit. The Hall term and what feedback
makes of k5 are products: formed on a grid for products in angle, at the points of the elements in radius, and explicit
(kiral.crust.emhd_products). m_max = 0 is axisymmetric. Coefficients that do not change in time: scheme "ark4", `evaluate` is
what the linear part leaves; those of a material that changes, or matter that is evolved: "ark4_refreshed", `whole`.

A filter, where asked for, damps degree l at a rate of its own, linear and with its loss in the ledger.

A state's f and g are (l, m, nodes), l = 0..l_max, 0 where l = 0 or m > l. Any consistent units.
"""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from kiral.core.equation import Budget, Equation, Rate, rate_limit
from kiral.crust import banded
from kiral.crust.emhd_products import Products, chirality_rates, products
from kiral.crust.emhd_state import Chirality, Ledger, Matter, State
from kiral.crust.induction import Induction
from kiral.crust.material import Steady
from kiral.geometry.shell import Shell
from kiral.geometry.sphere import Sphere
from kiral.geometry.spherical_field import Components, curl_functions, field_components, outer_circulation

HALL_LIMIT = 3.5
"""Largest step times the fastest rate of the Hall term: "ark4" is stable to 4.0 on the imaginary, to 4.2 on the real axis."""
GROWTH_LIMIT = 1.0
"""Largest step times eta k5²/4 and times the slowest decay: so that a step has a bound; accuracy is the error estimate's."""


class OhmOperator(eqx.Module):
    """The linear part. tables(h): factors of 1 - h A, by degree, shared by all orders m.

    damping: (l,) of the filter, None for none; relaxation: rates at which matter relaxes, each shaped like what it acts on.
    """

    induction: Induction
    damping: Array | None
    relaxation: Matter

    def tendency(self, f: Array, g: Array) -> tuple[Array, Array]:
        """A (f, g)."""
        f_t, g_t = self.induction.tendency(f, g)
        if self.damping is None:
            return f_t, g_t
        rate = self.induction.over_degrees(self.damping, f)
        return f_t - rate * f, g_t - rate * g

    def apply(self, y: State) -> State:
        """A y; the ledger is not touched."""
        matter = jax.tree.map(lambda rate, x: -rate * x, self.relaxation, y.matter)
        f, g = (_joined(x, y.f) for x in self.tendency(_split(y.f), _split(y.g)))
        return State(f, g, matter, jax.tree.map(jnp.zeros_like, y.ledger))

    def tables(self, h: Float[Array, ""]) -> tuple[banded.Factors, Matter]:
        """Factors of 1 - h A by degree; 1 + h times the rates of relaxation."""
        operator = self.induction
        factors = banded.factorise(banded.blocks_of(operator.shell, operator.degrees.shape[0], self.tendency), h)
        return factors, jax.tree.map(lambda rate: 1 + h * rate, self.relaxation)

    def solve(self, tables: tuple[banded.Factors, Matter], r: State) -> State:
        """(1 - h A)⁻¹ r."""
        factors, over = tables
        matter = jax.tree.map(lambda x, y: y / x, over, r.matter)
        f, g = (_joined(x, r.f) for x in banded.solve(factors, self.induction.shell, _split(r.f), _split(r.g)))
        return State(f, g, matter, r.ledger)


def _split(x: Array) -> Array:
    """Real and imaginary parts side by side along m; real arrays as they are."""
    return jnp.concatenate([x.real, x.imag], axis=1) if jnp.iscomplexobj(x) else x


def _joined(columns: Array, like: Array) -> Array:
    """The inverse of `_split` for what was like that."""
    m = like.shape[1]
    return columns[:, :m] + 1j * columns[:, m:] if jnp.iscomplexobj(like) else columns


class ShellEMHD(Equation):
    """The equation.

    induction: the operator with the coefficients at the start, whose metric holds at all times; material: coefficients over
    time. feedback: b [1/B²] at the nodes; k5_max: the cap; damping: (l,) of the filter or None; n5_rate: rate at which n5
    relaxes where it has its own equation, else None. hall, reacting: are these terms there.
    """

    induction: Induction
    sphere: Sphere
    material: Any
    feedback: Float[Array, "nodes"]
    k5_max: Float[Array, ""]
    damping: Array | None
    n5_rate: Array | None
    hall: bool = eqx.field(static=True)
    reacting: bool = eqx.field(static=True)

    @property
    def shell(self) -> Shell:
        """The radial grid."""
        return self.induction.shell

    @property
    def constant(self) -> bool:
        """Is the linear part the same at all times?"""
        return self.material.constant

    def operator(self, t: Float[Array, ""], matter: Matter) -> Induction:
        """Ohm's law with k5(r) at time t."""
        if self.constant:
            return self.induction
        i = self.induction
        return Induction(i.shell, self.material(t, matter), i.degrees, i.outside, i.inner)

    # --- tendencies --------------------------------------------------------------------------------------------------

    def evaluate(self, t: Float[Array, ""], y: State) -> tuple[State, dict[str, Rate]]:
        """What `linear` leaves, and the rates that limit the step."""
        tendency, rates, _ = self._tendency(t, y)
        return tendency, rates

    def whole(self, t: Float[Array, ""], y: State) -> tuple[State, dict[str, Rate]]:
        """The whole tendency, and the rates that limit the step."""
        tendency, rates, operator = self._tendency(t, y)
        return jax.tree.map(jnp.add, tendency, self._linear(operator).apply(y)), rates

    def _tendency(self, t: Array, y: State) -> tuple[State, dict[str, Rate], Induction]:
        op, given, (free_f, free_g) = self.operator(t, y.matter), y.f, self.induction.masks()
        # Real arithmetic is several times faster, and on what `OhmOperator.apply` works on, compiled code does it once.
        y = y._replace(f=free_f * self.sphere.split(y.f), g=free_g * self.sphere.split(y.g))
        ohm = self.ohmic(op, y)
        field, current = self.components(op, y)
        found = products(self, op, y, field, current)
        electric, f, g = ohm, jnp.zeros_like(y.f), jnp.zeros_like(y.g)
        if found.electric is not None:
            f, g = self._turned(found.electric)
            electric = jax.tree.map(jnp.add, ohm, found.electric)
        matter = self._matter(op, y, found)
        ledger = self._productions(op, y, (field, current), ohm, electric, (f, g), found)
        f, g = (self.sphere.like(x, given) for x in (f, g))
        return State(f, g, matter, ledger), self._rates(op, found) | self.material.rates(t), op

    def _matter(self, op: Induction, y: State, found: Products) -> Matter:
        """What relaxation leaves of the matter's tendency."""
        still = jax.tree.map(jnp.zeros_like, y.matter)
        if self.n5_rate is None:
            return still
        lapse = self.shell.local(op.coefficients.lapse)
        return still._replace(k5=self.n5_rate * lapse * found.k5_source)

    def ohmic(self, op: Induction, y: State) -> Components:
        """E of Ohm's law with k5(r)."""
        e, sh = op.electric(y.f, y.g), self.shell
        r = sh.local(sh.r)
        return Components(sh.local(e.r), e.s / r, sh.local(e.t) / r)

    def components(self, op: Induction, y: State) -> tuple[Components, Components]:
        """Modes of B and of curl NB."""
        sh, lapse = self.shell, self.induction.coefficients.lapse
        field = field_components(sh, self.sphere, y.f, y.g)
        current = field_components(sh, self.sphere, lapse * y.g, self.induction.toroidal_current(y.f))
        wall = self._wall_current(op, y, field, current)
        return field, current._replace(toroidal=current.toroidal.at[..., 0, 0].set(wall))

    def _wall_current(self, op: Induction, y: State, field: Components, current: Components) -> Array:
        """Toroidal part of curl NB at the conductor, (l, m): what makes that of E vanish, eta (j - k5 N g)/r + Hall term = 0.

        B_r = 0 there, so that the Hall term does not depend on it. Without diffusivity nothing determines it: 0.
        """
        c, r = op.coefficients, self.shell.r[0]
        eta = c.eta[0]
        found = c.k5[0] * c.lapse[0] * y.g[..., 0] / r
        if self.hall:
            spheroidal, toroidal, radial = (x[..., 0, 0] for x in (field.spheroidal, field.toroidal, current.radial))
            (theta, phi), j_r = self.sphere.vector_synthesis(spheroidal, toroidal), self.sphere.synthesis(radial)
            made = self.sphere.like(self.sphere.vector_analysis(-j_r * phi, j_r * theta)[1], y.g)
            found = found - c.hall[0] / jnp.where(eta > 0, eta, 1.0) * made
        return jnp.where(eta > 0, found, 0.0)

    def _turned(self, electric: Components) -> tuple[Array, Array]:
        """-curl E as (f, g), 0 where boundaries want it."""
        f, g = curl_functions(self.shell, electric)
        keep = self.sphere.over_columns(self.sphere.mask * (self.sphere.degrees > 0)[:, None], f)[..., None]
        free_f, free_g = self.induction.masks()
        return -keep * free_f * f, -keep * free_g * g

    # --- rates -------------------------------------------------------------------------------------------------------

    def _rates(self, op: Induction, found: Products) -> dict[str, Rate]:
        c = op.coefficients
        thickness = self.shell.nodal_integral(jnp.ones_like(self.shell.r))
        rates = {
            "growth": rate_limit(jnp.max(c.lapse * c.eta * c.k5**2) / 4, GROWTH_LIMIT),
            "decay": rate_limit(jnp.max(c.eta) * (jnp.pi / thickness) ** 2, GROWTH_LIMIT),
        }
        if self.hall:
            rates["hall"] = rate_limit(found.fastest, HALL_LIMIT)
        if found.largest is not None:  # what relaxation with the anomaly leaves explicit
            rates["n5"] = rate_limit(self.n5_rate * found.largest, HALL_LIMIT)
        return rates

    def linear(self) -> OhmOperator:
        """Ohm's law with k5(r) as it is at the start."""
        return self._linear(self.induction)

    def linear_at(self, t: Float[Array, ""], y: State) -> OhmOperator:
        """Ohm's law with k5(r) at time t."""
        return self._linear(self.operator(t, y.matter))

    def _linear(self, op: Induction) -> OhmOperator:
        matter = Matter()
        if self.n5_rate is not None:
            matter = matter._replace(k5=self.n5_rate * self.shell.local(op.coefficients.lapse))
        return OhmOperator(op, self.damping, matter)

    # --- what is measured --------------------------------------------------------------------------------------------

    def inner(self, a: Components, b: Components) -> Array:
        """∫ a·b dV within the shell."""
        level = jnp.asarray(self.sphere.degrees * (self.sphere.degrees + 1.0))[:, None, None, None]
        product = self.sphere.mode_product
        density = product(a.radial, b.radial) + product(level * a.spheroidal, b.spheroidal)
        density = density + product(level * a.toroidal, b.toroidal)
        return self.shell.integral(density * self.shell.local(self.shell.r) ** 2)

    def _productions(
        self,
        op: Induction,
        y: State,
        fields: tuple[Components, Components],
        ohm: Components,
        electric: Components,
        turned: tuple[Array, Array],
        found: Products,
    ) -> Ledger:
        """Rates of the ledger. Heat is what the field loses, work added: products beyond l_max count as heat."""
        (field, current), work = fields, found.work
        if work is None:
            c = op.coefficients
            chiral = self.shell.local(c.k5 * c.lapse)
            work = -self.inner(jax.tree.map(lambda x: chiral * x, field), ohm) / (4 * jnp.pi)
        loss = self.inner(current, electric) / (4 * jnp.pi)
        circulation = outer_circulation(self.shell, electric)
        level = jnp.asarray(self.sphere.degrees * (self.sphere.degrees + 1.0))[:, None]
        along = -2 * self.inner(field, electric)
        linkage = along + 2 * self.sphere.mode_product(level * y.f[..., -1], circulation)
        f_t = turned[0][..., -1] - self.shell.r[-1] * ohm.toroidal[..., -1, -1]
        filtered = linkage_lost = lost_outside = jnp.zeros(())
        if self.damping is not None:
            poloidal, toroidal, outside = self.energies(y)
            filtered = 2 * jnp.sum(self.damping * (poloidal + toroidal + outside))
            lost_outside = 2 * jnp.sum(self.damping * outside)
            linkage_lost = 2 * jnp.sum(self.damping * self.helicity(y))
        edge = self.induction.outside[:, None] * op.coefficients.lapse[-1] / (4 * jnp.pi)
        outward = self.sphere.mode_product(level * edge * y.f[..., -1], f_t) - lost_outside
        chirality = None if found.balance is None else chirality_rates(found.balance, along)
        flux = self._flux_rate(electric, circulation) - self._flux_filtered(y)
        return Ledger(loss + work, work, outward, filtered, linkage - linkage_lost, flux, chirality)

    def _ends(self) -> Array:
        """(l,): Y_l0 at the north pole minus that at the south pole."""
        l = self.sphere.degrees
        return jnp.asarray(np.sqrt((2 * l + 1) / (4 * np.pi)) * (1 - (-1.0) ** l))

    def _flux_rate(self, electric: Components, circulation: Array) -> Array:
        """-∮ E·dl around half a meridional plane: along the axis and the outer boundary; E vanishes along the conductor."""
        along = self.shell.integral(electric.radial[:, 0].real)
        return -jnp.sum(self._ends() * (along - circulation[:, 0].real))

    def _flux_filtered(self, y: State) -> Array:
        if self.damping is None:
            return jnp.zeros(())
        return jnp.sum(self._ends() * self.damping * self.shell.nodal_integral(y.g[:, 0].real))

    def toroidal_flux(self, y: State) -> Array:
        """∫ B_φ dS through half a meridional plane."""
        return jnp.sum(self._ends() * self.shell.nodal_integral(y.g[:, 0].real))

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

    def chirality(self, t: Array, y: State) -> Array:
        """∫ n5 dV in units of helicity where n5 is evolved, else 0: quasi-steady, it is 1/Γf of what passes."""
        if self.n5_rate is None:
            return jnp.zeros(())
        sh, c = self.shell, self.operator(t, y.matter).coefficients
        capacity = jnp.where(self.feedback > 0, c.eta / jnp.where(self.feedback > 0, self.feedback, 1.0), 0.0)
        density = self.sphere.grid_product(y.matter.k5, jnp.ones_like(y.matter.k5)) / self.n5_rate
        return 2 * sh.integral(sh.local(capacity * sh.r**2) * density)

    def error_norm(self, error: State, y: State) -> Float[Array, ""]:
        """Root of the error's energy over the field's."""
        wrong, there = (sum(jnp.sum(e) for e in self.energies(s)) for s in (error, y))
        return jnp.sqrt(wrong / jnp.where(there > 0, there, 1.0))

    def budgets(self, t: Float[Array, ""], y: State) -> dict[str, Budget]:
        """Energy with that outside and within the shell, relative helicity, toroidal flux; chirality where it reacts."""
        poloidal, toroidal, outside = (jnp.sum(e) for e in self.energies(y))
        inside, made = poloidal + toroidal, y.ledger
        helicity = jnp.sum(self.helicity(y))
        turnover = made.joule + jnp.abs(made.work) + made.filtered
        # |H| of the two circular polarisations apart, and the flux of the mean field: scales that do not vanish by symmetry.
        scale = jnp.sqrt(poloidal * toroidal) * 8 * jnp.pi * self.shell.r[-1]
        thickness = self.shell.nodal_integral(jnp.ones_like(self.shell.r))
        through = jnp.sqrt(8 * jnp.pi * toroidal * thickness)
        gained = made.work - made.joule - made.filtered
        found = {
            "energy": Budget(inside + outside, gained, inside + outside + turnover),
            "crust_energy": Budget(inside, gained - made.outward, inside + turnover + jnp.abs(made.outward)),
            "helicity": Budget(helicity, made.linkage, scale + jnp.abs(helicity) + jnp.abs(made.linkage)),
            "toroidal_flux": Budget(self.toroidal_flux(y), made.flux, through + jnp.abs(made.flux)),
        }
        return found if made.chirality is None else found | {"chirality": self._chirality_budget(t, y, made.chirality)}

    def _chirality_budget(self, t: Array, y: State, made: Chirality) -> Budget:
        whole = self.chirality(t, y)
        gained = made.captured - made.flipped - made.anomaly - made.cut
        return Budget(whole, gained, jnp.abs(whole) + sum(jnp.abs(x) for x in made))


def make_equation(
    induction: Induction,
    sphere: Sphere,
    *,
    hall: bool,
    feedback: Any = None,
    k5_max: float = np.inf,
    material: Any = None,
    damping: Any = None,
    n5_rate: float | None = None,
) -> ShellEMHD:
    """The equation of an operator of numpy arrays, for all degrees 0..l_max of `sphere`.

    Args: feedback: b, a number or one per node, None for none. material: coefficients over time, those of `induction` where not
        given. damping: (l_max + 1,) rates of the filter. n5_rate: where n5 has its own equation.
    """
    compiled = jax.tree.map(lambda x: jnp.asarray(x, jnp.float64), induction)
    b = jnp.broadcast_to(jnp.asarray(0.0 if feedback is None else feedback, jnp.float64), compiled.shell.r.shape)
    rates, slow = (None if x is None else jnp.asarray(x, jnp.float64) for x in (damping, n5_rate))
    material = Steady(compiled.coefficients) if material is None else material
    cap = jnp.asarray(k5_max, jnp.float64)
    return ShellEMHD(compiled, sphere, material, b, cap, rates, slow, hall, feedback is not None)
