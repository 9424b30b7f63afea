"""Ohm's law with the chiral current in a shell, per degree l, with its energy and helicity in balance to round-off in space.

The field of degree l is two functions of radius, f (poloidal) and g (toroidal), L = l(l+1), Y orthonormal:

    B = L f/r² Y r̂ + (f_ℓ/r) ∇Y + (g/r) ∇Y × r̂,      N B in the same form has the curl of toroidal function
    j = N L f/r² - (N f_ℓ)_ℓ,                            d/dℓ = e^-λ d/dr, N = e^ν (both 1 in flat space).

The electric field (times c) of curl(N B) - k5 N B and the equations are

    e_t = eta (j - k5 N g),   e_s = eta ((N g)_ℓ - k5 N f_ℓ),   e_r = eta (L/r²) N (g - k5 f),
    ∂t f = -e_t,              ∂t g = (e_s)_ℓ - e_r.

In flat space: ∂t f = eta (f'' - L f/r² + k5 g), ∂t g = (eta (g' - k5 f'))' - eta L/r² (g - k5 f). Inside a perfect conductor:
f = 0 and, as natural boundary of the weak form, e_s = 0 (g' = k5 f'); "centre": regular at r = 0. Outside vacuum: g = 0, and
f goes over into a potential field, again a natural boundary. Weak forms of SBP operators make each balance exact for any
k5(r), eta(r):

    dE/dt = work - joule,  E with the field outside;   dH/dt = -2 ∫e·B + flux,  H = 2L ∫ f g dℓ  (relative helicity).

Derived from ∂t B = -curl E; flat: Dehman & Pons (2024), Eqs. (4), (5). Arrays are (l, ..., nodes), l first: all m at once.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import equinox as eqx
import numpy as np

from kiral.crust.coefficients import ShellCoefficients
from kiral.geometry.shell import Shell, potential_slope

Array = Any
Inner = Literal["conductor", "centre"]


class ElectricField(NamedTuple):
    """c E of one field: e_t, e_r (l, ..., nodes) and e_s (l, ..., elements, order + 1), see the module's head."""

    t: Array
    s: Array
    r: Array


class Productions(NamedTuple):
    """What changes energy and helicity, (l, ...): see `Induction.productions`."""

    joule: Array
    work: Array
    poynting: Array
    linkage: Array
    helicity_flux: Array


class Induction(eqx.Module):
    """The operator for some degrees. coefficients: at the nodes; degrees: (l,); outside: (l,), -f_ℓ/f at the outer boundary."""

    shell: Shell
    coefficients: ShellCoefficients
    degrees: Array
    outside: Array
    inner: Inner = eqx.field(static=True, default="conductor")

    def over_degrees(self, values: Array, like: Array) -> Array:
        """(l,) → (l, 1, ..., 1) with as many axes as `like` (l, ..., nodes)."""
        return values.reshape(values.shape[0], *(1,) * (like.ndim - 1))

    @property
    def angular(self) -> Array:
        """1/r², 0 at the centre, where every product that it stands in vanishes."""
        r = self.shell.r
        if self.inner == "centre":
            xp = r.__array_namespace__()
            return xp.where(r > 0, 1 / xp.where(r > 0, r, 1.0) ** 2, 0.0)
        return 1 / r**2

    def masks(self) -> tuple[np.ndarray, np.ndarray]:
        """(f, g): 1 at the nodes where the function is unknown, 0 where a boundary makes it vanish."""
        f, g = np.ones(self.shell.nodes), np.ones(self.shell.nodes)
        f[0], g[-1] = 0.0, 0.0
        g[0] = 0.0 if self.inner == "centre" else 1.0
        return f, g

    def toroidal_current(self, f: Array) -> Array:
        """j of curl(N B) at the nodes, the outer boundary included. At the inner one f alone does not give it (`electric`)."""
        return self._stiffness(f) / self.shell.weights

    def _stiffness(self, f: Array) -> Array:
        """K f, with f·K f = ∫ N (f_ℓ² + L f²/r²) dℓ + N f²·outside: 8π/L times the poloidal energy, that outside included."""
        sh, lapse = self.shell, self.coefficients.lapse
        level = self.over_degrees(self.degrees * (self.degrees + 1), f)
        bulk = sh.derivative_transposed(sh.local(lapse) * sh.derivative(f)) + sh.weights * lapse * level * self.angular * f
        last = np.zeros(sh.nodes)
        last[-1] = 1.0
        return bulk + last * (lapse[-1] * self.over_degrees(self.outside, f) * f)

    def electric(self, f: Array, g: Array) -> ElectricField:
        """c E of (f, g). At a perfect conductor e_t = 0, which there determines j."""
        sh, c = self.shell, self.coefficients
        level = self.over_degrees(self.degrees * (self.degrees + 1), f)
        free, _ = self.masks()
        ng = c.lapse * g
        e_t = free * (c.eta * (self.toroidal_current(f) - c.k5 * ng))
        e_s = sh.local(c.eta) * (sh.derivative(ng) - sh.local(c.k5 * c.lapse) * sh.derivative(f))
        e_r = c.eta * c.lapse * level * self.angular * (g - c.k5 * f)
        return ElectricField(e_t, e_s, e_r)

    def tendency(self, f: Array, g: Array) -> tuple[Array, Array]:
        """(∂t f, ∂t g)."""
        free_f, free_g = self.masks()
        e = self.electric(free_f * f, free_g * g)
        return self.from_electric(e)

    def from_electric(self, e: ElectricField) -> tuple[Array, Array]:
        """(∂t f, ∂t g) of any electric field of this form."""
        free_f, free_g = self.masks()
        return -free_f * e.t, -free_g * self._circulation(e) / self.shell.weights

    def _circulation(self, e: ElectricField) -> Array:
        """∫ (φ_ℓ e_s + φ e_r) dℓ for the function φ of every node."""
        return self.shell.derivative_transposed(e.s) + self.shell.weights * e.r

    def matrices(self) -> Array:
        """The operator on (f, g), all nodes of f, then of g: (l, 2 nodes, 2 nodes); rows and columns of boundaries are 0."""
        xp = self.shell.r.__array_namespace__()
        n = self.shell.nodes
        one = xp.broadcast_to(xp.eye(n), (self.degrees.shape[0], n, n))
        columns = [xp.concatenate(self.tendency(f, g), axis=-1) for f, g in ((one, 0 * one), (0 * one, one))]
        return xp.concatenate(columns, axis=1).swapaxes(1, 2)

    def energies(self, f: Array, g: Array) -> tuple[Array, Array, Array]:
        """(poloidal and toroidal energy within the shell, energy outside) of every degree, (l, ...) [B² length³]."""
        sh, lapse = self.shell, self.coefficients.lapse
        level = self.over_degrees(self.degrees * (self.degrees + 1), f)[..., 0]
        outside = self.over_degrees(self.outside, f)[..., 0] * lapse[-1] * abs(f[..., -1]) ** 2
        bulk = sh.integral(sh.local(lapse) * abs(sh.derivative(f)) ** 2)
        bulk = bulk + level * sh.nodal_integral(lapse * self.angular * abs(f) ** 2)
        factor = level / (8 * np.pi)
        return factor * bulk, factor * sh.nodal_integral(lapse * abs(g) ** 2), factor * outside

    def mean_squares(self, f: Array, g: Array) -> Array:
        """⟨B²⟩ over the proper volume of the shell as local observers measure it, by degree: (l, ...) [B²]."""
        sh = self.shell
        level = self.over_degrees(self.degrees * (self.degrees + 1), f)[..., 0]
        across = abs(g) ** 2 + level[..., None] * self.angular * abs(f) ** 2
        bulk = sh.integral(abs(sh.derivative(f)) ** 2) + sh.nodal_integral(across)
        return level * bulk / (4 * np.pi * sh.nodal_integral(sh.r**2))

    def helicity(self, f: Array, g: Array) -> Array:
        """Relative helicity 2L ∫ f g dℓ of every degree, (l, ...) [B² length⁴]; real f and g (or real parts of f* g)."""
        level = self.over_degrees(self.degrees * (self.degrees + 1), f)[..., 0]
        return 2 * level * self.shell.nodal_integral((f.conj() * g).real)

    def productions(self, f: Array, g: Array) -> Productions:
        """Rates of change, (l, ...), of real (f, g).

        joule: heat (1/4π)∫ eta |curl NB - k5 NB|²; work: of the chiral current, -(1/4π)∫ k5 N B·e; poynting: energy that leaves
        through the outer boundary; linkage: -2∫ e·B, what the helicity changes by; helicity_flux: inwards through the boundary.
        """
        sh, c = self.shell, self.coefficients
        e = self.electric(f, g)
        level = self.over_degrees(self.degrees * (self.degrees + 1), f)[..., 0]
        slope, ng = sh.derivative(f), c.lapse * g
        chiral = c.k5 * c.lapse
        free, _ = self.masks()
        joule = sh.nodal_integral(free * e.t * (self.toroidal_current(f) - chiral * g) + e.r * c.lapse * (g - c.k5 * f))
        joule = joule + sh.integral(e.s * (sh.derivative(ng) - sh.local(chiral) * slope))
        work = -sh.nodal_integral(chiral * (e.t * g + e.r * f)) - sh.integral(sh.local(chiral) * e.s * slope)
        outflow = -self.over_degrees(self.outside, f)[..., 0] * c.lapse[-1] * f[..., -1] * e.t[..., -1]
        linkage = -2 * (sh.nodal_integral(e.t * g + e.r * f) + sh.integral(e.s * slope))
        flux = 2 * f[..., -1] * self._circulation(e)[..., -1]
        energy = level / (4 * np.pi)
        return Productions(energy * joule, energy * work, energy * outflow, level * linkage, level * flux)


def make_induction(
    shell: Shell, coefficients: ShellCoefficients, degrees: Array, *, inner: Inner = "conductor", compactness: float = 0.0
) -> Induction:
    """The operator as numpy arrays. degrees: (l,); compactness: r_s/R at the outer boundary, 0 in flat space."""
    degrees = np.atleast_1d(np.asarray(degrees, float))
    outside = potential_slope(degrees, float(shell.r[-1]), compactness) / float(shell.stretch[-1])
    return Induction(shell, coefficients, degrees, outside, inner)
