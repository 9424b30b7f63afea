"""The homogeneous chiral kinetic equation on a grid of momenta: operators, moments, and the chemical potential of the grid.

f = F + g with F to every order in E and B and g linear in the Berry curvature Ω = λ p̂/2p². In units of T/c for momentum and
τ for time, with a = c e τ E/T, b = c e τ B/T, w = ħ e c B/T², charge sign s = ±1, chirality λ = ±1, h = p² F, k = p² g:

    ∂_t h + L h = -(h - h_eq),     L h = s { ∂_p[(a·p̂) h] + [(a·∇_S) - 2 a·p̂ - b·(p̂ × ∇_S)] h/p }
    ∂_t k + L k = -k + λ S h,      S h = (s/2) { (w·p̂)[(a·p̂) ∂_p + (a·∇_S - b·(p̂ × ∇_S))/p] - (a·w) ∂_p } h/p²

(∇_S = p ∇_p on the sphere.) They are G16 (12) divided by 1 + e B·Ω/c, to first order in Ω; p² times the source is regular
at p = 0. G16 = Gorbar et al. 2016. Number: n_λ = Σ_s s ∫ d³p/(2π)³ [F + g + λ (w·p̂/2p²) F]; h_eq has the chemical potential
for which the sums over this grid give the same number, so that collisions conserve it to round-off.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse as sp
from scipy.sparse.linalg import SuperLU, splu
from scipy.special import expit

from kiral.errors import NumericalError
from kiral.kinetic.equilibrium import chemical_potential
from kiral.kinetic.phase_space import Angles, Radius, angles, divided, geometric_edges, radius

CHIRALITY = np.array([1.0, -1.0])
CHARGE = np.array([1.0, -1.0])  # particles, antiparticles
_SPHERE = np.sqrt(4 * np.pi)  # ∫ Y_00 dΩ
_STATES = _SPHERE / (2 * np.pi) ** 3


@dataclass(frozen=True)
class Resolution:
    """Size of the momentum grid.

    elements, nodes – elements in |p|, of growing size, and Gauss nodes in each. l_max – highest spherical harmonic; None is
    11 where E and B have one axis, else 5 (the cost of an oblique field grows as l_max⁶). first_element – size of the first
    element in units of T/c; None is a fifth of c e E τ/T within [1e-5, 0.5]. Where |mu_λ| > 8 T the elements
    about the Fermi surface are divided until none is longer than 4 T.
    Errors of the Ohm current at c e E τ/T = 0.3, (elements, nodes, l_max): (8, 6, 3) 5e-5, (8, 8, 5) 3e-6, (12, 8, 11) 5e-8.
    """

    elements: int = 12
    nodes: int = 8
    l_max: int | None = None
    first_element: float | None = None


class Grid:
    """Momenta |p| (n_p,) [T/c] × harmonics (n_lm,); functions of momentum are (…, species 2, chirality 2, n_p, n_lm)."""

    def __init__(self, resolution: Resolution, *, axisymmetric: bool, force: float, turning: float, potential: float) -> None:
        l_max = resolution.l_max if resolution.l_max is not None else (11 if axisymmetric else 5)
        first = resolution.first_element or 0.2 * float(np.clip(force or turning, 5e-5, 2.5))
        # what is driven reaches e^-45: 45 T, or 45 times the momentum gained in one relaxation time
        last = 45.0 * max(1.0, force) + potential
        self.angles: Angles = angles(l_max, axisymmetric)
        edges = geometric_edges(first, last, resolution.elements)
        if potential > 8.0:
            edges = divided(edges, potential - 30.0, potential + 30.0, 4.0)
        self.radius: Radius = radius(edges, resolution.nodes)
        self.shape = (self.radius.p.size, self.angles.size)

    def equilibrium(self, potentials: np.ndarray) -> np.ndarray:
        """h_eq (2, 2, n_p, n_lm) for mu_λ/T (2,)."""
        h = np.zeros((2, 2, *self.shape))
        h[..., 0] = _SPHERE * self.radius.p**2 * expit(CHARGE[:, None, None] * potentials[None, :, None] - self.radius.p)
        return h

    def number(self, h: np.ndarray) -> np.ndarray:
        """Net number (2,) of each chirality, Σ_s s ∫ d³p/(2π)³, without the phase-space factor."""
        return _STATES * np.einsum("s,sxp,p->x", CHARGE, h[..., 0], self.radius.weights)

    def potentials(self, number: np.ndarray) -> np.ndarray:
        """mu_λ/T (2,) for which the sums over this grid of the Fermi functions give the numbers: Newton, to round-off."""
        mu = np.asarray(chemical_potential(1.0, number))
        measure = _SPHERE * _STATES * self.radius.weights * self.radius.p**2
        step = mu
        for _ in range(50):
            up, down = expit(mu[:, None] - self.radius.p), expit(-mu[:, None] - self.radius.p)
            step = ((up - down) @ measure - number) / ((up * (1 - up) + down * (1 - down)) @ measure)
            mu = mu - step
            if np.all(np.abs(step) <= 4e-16 * (1 + np.abs(mu))):
                return mu
        if np.all(np.abs(step) <= 1e-13 * (1 + np.abs(mu))):
            return mu
        raise NumericalError(f"no chemical potential for the number densities {number} T³/c³ on this momentum grid")


@dataclass(frozen=True)
class Fields:
    """Reduced fields (3,): force a = c e τ E/T, turning b = c e τ B/T, berry w = e c B/T², electric a/w·w = e c E/T²."""

    force: np.ndarray
    turning: np.ndarray
    berry: np.ndarray
    electric: np.ndarray

    @property
    def planar(self) -> bool:
        """Whether no field has a y component: then a half turn about y reverses them all."""
        return not (self.force[1] or self.turning[1])

    def same(self, other: Fields) -> bool:
        """Whether nothing has changed."""
        return np.array_equal(self.force, other.force) and np.array_equal(self.turning, other.turning)


class Operator:
    """L, S and the moments in given fields. One factorisation serves four functions: two species of two chiralities.

    Antiparticles feel the reversed fields; with planar fields they are kept in the frame turned by half about y, where
    they feel those of the particles (and opposite Berry curvature). `functions` below are in that form.
    """

    def __init__(self, grid: Grid, fields: Fields) -> None:
        self.grid, self.fields = grid, fields
        turned = grid.angles.turned() if fields.planar else np.ones(grid.angles.size)
        self.signs = np.array([np.ones(grid.angles.size), turned])[:, None, None, :]
        particles = self._matrices(1.0)
        other = (particles[0], -particles[1]) if fields.planar else self._matrices(-1.0)
        self.transport, self.source_of = (particles[0], other[0]), (particles[1], other[1])
        self._factors: dict[tuple[float, float], list[SuperLU]] = {}

    def _matrices(self, s: float) -> tuple[sp.csr_array, sp.csr_array]:
        """L and S of one sign of charge, for λ = 1."""
        lm, r, a, b, w = self.grid.angles, self.grid.radius, self.fields.force, self.fields.turning, self.fields.berry
        advection, inverse = _along(a, lm.direction), 1 / r.p
        turn = _along(a, lm.gradient) - 2 * advection - _along(b, lm.rotation)
        transport = (
            s * _kron(r.mean_flux, advection) + _kron(r.upwind, _absolute(advection)) + s * _kron(np.diag(inverse), turn)
        )
        outward = np.einsum("i,j,ijab->ab", w, a, lm.direction_twice) - (a @ w) * np.eye(lm.size)
        around = np.einsum("i,j,ijab->ab", w, a, lm.direction_gradient) - _along(w, lm.direction) @ _along(b, lm.rotation)
        source = _kron(r.derivative * inverse**2, outward) + _kron(np.diag(inverse**3), around)
        return sp.csr_array(transport), sp.csr_array(s / 2 * source)

    def solve(self, functions: np.ndarray, diagonal: float, factor: float) -> np.ndarray:
        """(diagonal + factor L)⁻¹ of functions (2, 2, n_p, n_lm); the factorisation is kept for the next call."""
        if (diagonal, factor) not in self._factors:
            matrices = self.transport[:1] if self.fields.planar else self.transport
            unit = sp.eye_array(self.grid.radius.p.size * self.grid.angles.size)
            self._factors[diagonal, factor] = [
                splu((diagonal * unit + factor * m).tocsc(), permc_spec="NATURAL") for m in matrices
            ]
        factors = self._factors[diagonal, factor]
        columns = functions.reshape(2, 2, -1)
        return np.array([factors[min(s, len(factors) - 1)].solve(columns[s].T).T for s in range(2)]).reshape(functions.shape)

    def source(self, h: np.ndarray) -> np.ndarray:
        """λ S h."""
        columns = h.reshape(2, 2, -1)
        made = np.array([(self.source_of[s] @ columns[s].T).T for s in range(2)]).reshape(h.shape)
        return CHIRALITY[:, None, None] * made

    def number(self, h: np.ndarray, k: np.ndarray) -> np.ndarray:
        """Net number (2,) [T³/c³] of each chirality, phase-space factor included."""
        return self.grid.number(h + k) + CHIRALITY * self._weigh(h)

    def production(self, h: np.ndarray) -> np.ndarray:
        """dn_λ/dt (2,) [T³/c³ per τ] in constant fields: the chiral anomaly as this grid has it, zero for E ⊥ B."""
        return CHIRALITY * np.einsum("s,sxj,sj->x", CHARGE, h.reshape(2, 2, -1), self._gain)

    @cached_property
    def _gain(self) -> np.ndarray:
        """Rows (species, functions): number from the source less what transport takes from the phase-space factor."""
        lm, r = self.grid.angles, self.grid.radius
        plain = np.kron(_STATES * r.weights, np.eye(lm.size)[0])
        factor = np.kron(self._inverse_square / 2, self.fields.berry @ lm.direction[:, 0])
        turned = np.tile(self.signs[:, 0, 0], r.p.size)
        return np.array([self.source_of[s].T @ plain - self.transport[s].T @ (turned[s] * factor) for s in range(2)])

    def _weigh(self, h: np.ndarray) -> np.ndarray:
        """Σ_s s ∫ (w·p̂/2p²) F: what the phase-space factor adds to the number of λ = 1."""
        return self.fields.berry @ np.einsum("s,ixs->ix", CHARGE, self.vector(h, -2) / 2)

    def vector(self, h: np.ndarray, power: int = 0) -> np.ndarray:
        """∫ d³p/(2π)³ p̂ |p|^power F: (3, chirality, species)."""
        weights = _STATES * self.grid.radius.weights * self.grid.radius.p**power
        return np.einsum("iab,sxpb,p->ixs", self.grid.angles.direction[:, :1], self.signs * h, weights, optimize=True)

    @cached_property
    def _inverse_square(self) -> np.ndarray:
        return _STATES * self.grid.radius.weights / self.grid.radius.p**2

    def currents(self, h: np.ndarray, k: np.ndarray) -> np.ndarray:
        """Number currents (4, 3, chirality) [T³/c²]: ∫ v F, ∫ v g, (e/c) B ∫ (v·Ω) F, e E × ∫ Ω F. G16 (9)."""
        net = lambda v: np.einsum("s,ixs->ix", CHARGE, v)  # noqa: E731
        occupied = np.einsum("s,sxp,p->x", CHARGE, h[..., 0], self._inverse_square) / 2
        magnetic = CHIRALITY * self.fields.berry[:, None] * occupied
        hall = CHIRALITY * np.cross(self.fields.electric, net(self.vector(h, -2)) / 2, axisb=0).T
        return np.array([net(self.vector(h)), net(self.vector(k)), magnetic, hall])

    def in_frame(self, functions: np.ndarray) -> np.ndarray:
        """Functions (2, 2, n_p, n_lm) with antiparticles turned back, or forth."""
        return self.signs * functions


def _along(vector: np.ndarray, matrices: np.ndarray) -> np.ndarray:
    return np.einsum("i,iab->ab", vector, matrices)


def _absolute(symmetric: np.ndarray) -> np.ndarray:
    """|A| of a symmetric matrix, exact zeros kept."""
    values, vectors = np.linalg.eigh(symmetric)
    made = (vectors * np.abs(values)) @ vectors.T
    made[np.abs(made) < 1e-14 * np.max(np.abs(values), initial=1e-300)] = 0.0
    return made


def _kron(radial: np.ndarray, angular: np.ndarray) -> sp.csr_array:
    return sp.csr_array(sp.kron(sp.csr_array(radial), sp.csr_array(angular), format="csr"))
