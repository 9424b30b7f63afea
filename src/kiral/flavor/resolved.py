"""Flavor kinetics resolved in momentum: Eq. (16) of Fiorillo, Raffelt & Sigl (2024), F24, with its energy conserved.

Along z, with p_perp fixed, z and q = p_z are canonical, energy = sqrt(q² + p_perp²), v = d energy/dq. With
ρ = (P⁰ + P·σ)/2 and a∘b = {a, b}/2,

    ∂t ρ = -i[Ω, ρ] + J(ε, ρ),      J(ε, ρ) = ∂z ε ∘ ∂q ρ - ∂q ε ∘ ∂z ρ,      ε = energy + Ω,
    Ω(q, z) = mu Σ_q' (1 - v v') [ρ' + Tr ρ'] = A(z) - v(q) B(z).

ε = δE/δρ with E = K + U = Σ energy P⁰ + ½ Σ Tr ρ Ω, and ∫∫ Tr ε J(ε, ρ) = 0 for any ρ: E is conserved at every order of
mu/energy. J of the interaction is discretised as the mean of its three forms (Arakawa 1966, for matrices),

    J = [∂z Ω ∘ ∂q ρ - ∂q Ω ∘ ∂z ρ] + ∂q[∂z Ω ∘ ρ] - ∂z[∂q Ω ∘ ρ] + ∂z[Ω ∘ ∂q ρ] - ∂q[Ω ∘ ∂z ρ], over 3,

with skew Fourier derivatives in z and q. Because Tr a(b∘c) is symmetric in a, b, c, the sums over the grid then conserve
number, energy, momentum and Σ Tr ρ² to round-off, whatever the resolution in z; in q the spectrum must vanish at the ends of
its range (see `edge_content`). What is left is the error of the time stepping. Units: F24's, ħ = c = 1.
"""

from __future__ import annotations

from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float

from kiral.core.equation import Budget, Equation, Rate, rate_limit
from kiral.core.phi import phi_functions

FULL, FORCE, NONE = "full", "force", "none"
"""All of Eq. (16); without its second term ½{∇p Ω, ∇r ρ}; neither of the two, which is Eq. (1) for every momentum."""

WAVE_LIMIT = 2.5  # of RK4 on the imaginary axis, where its limit is 2.83
EXACT_LIMIT = 25.0  # for what is exact in the step
Values = Float[Array, "4 groups q z"]


class State(NamedTuple):
    """P⁰, P^x, P^y, P^z of every group of neutrinos and momentum q, per dq and dz, as modes in z."""

    modes: Complex[Array, "4 groups q half"]


class Advection(eqx.Module):
    """L = -i k v(q), exact in exponential schemes."""

    rate: Complex[Array, "groups q half"]

    def apply(self, y: State) -> State:
        """L y."""
        return State(self.rate.astype(y.modes.dtype) * y.modes)

    def tables(self, h: Float[Array, ""]) -> list[Array]:
        """φ_0..φ_3 of h L."""
        return phi_functions(h * self.rate, 3)

    def phi(self, tables: list[Array], order: int, y: State) -> State:
        """φ_order(h L) y."""
        return State(tables[order].astype(y.modes.dtype) * y.modes)


class ResolvedFlavor(Equation):
    """Eq. (16) in one dimension; see the module's head. Groups differ in range of q and in p_perp.

    interaction: mu = √2 G_F in the units of the case. momenta: q of every group, evenly spaced, one period of the grid without
    its end. reference and number: mean energy and number of every group at the start, from which K is counted, so that it is
    not lost in the round-off of a large number.
    """

    interaction: Float[Array, ""]
    length: Float[Array, ""]
    momenta: Float[Array, "groups q"]
    transverse: Float[Array, "groups"]
    reference: Float[Array, "groups"]
    number: Float[Array, "groups"]
    n: int = eqx.field(static=True)
    gradients: str = eqx.field(static=True, default=FULL)

    @property
    def spacing(self) -> Float[Array, "groups 1"]:
        """dq."""
        return self.momenta[:, 1:2] - self.momenta[:, 0:1]

    @property
    def energy(self) -> Float[Array, "groups q"]:
        """sqrt(q² + p_perp²)."""
        return jnp.sqrt(self.momenta**2 + self.transverse[:, None] ** 2)

    @property
    def velocity(self) -> Float[Array, "groups q"]:
        """v = d energy/dq."""
        return self.momenta / self.energy

    @property
    def curvature(self) -> Float[Array, "groups q"]:
        """dv/dq: 0 for beams along z."""
        return self.transverse[:, None] ** 2 / self.energy**3

    @property
    def wave_numbers(self) -> Float[Array, "half"]:
        """k, with 0 for the Nyquist mode so that the derivative is skew."""
        k = 2 * jnp.pi / self.length * jnp.arange(self.n // 2 + 1)
        return k.at[-1].set(0.0) if self.n % 2 == 0 else k

    def linear(self) -> Advection:
        """Free motion with v(q)."""
        return Advection(-1j * self.velocity[:, :, None] * self.wave_numbers)

    def linear_rates(self) -> dict[str, Rate]:
        """Advection, for explicit schemes."""
        rate = jnp.max(self.wave_numbers) * jnp.max(jnp.abs(self.velocity))
        return {"advection": rate_limit(rate, WAVE_LIMIT)}

    def to_grid(self, modes: Array) -> Array:
        """Values at the points z."""
        return jnp.fft.irfft(modes, n=self.n, axis=-1, norm="forward")

    def to_modes(self, values: Array) -> Array:
        """Modes of values at the points z."""
        return jnp.fft.rfft(values, axis=-1, norm="forward")

    def derivative_z(self, modes: Array) -> Array:
        """∂z of modes, as modes."""
        return (1j * self.wave_numbers).astype(modes.dtype) * modes

    def derivative_q(self, values: Values) -> Values:
        """∂q of values."""
        matrix = jnp.asarray(fourier_derivative(values.shape[2]), values.dtype)
        scale = (2 * jnp.pi / (values.shape[2] * self.spacing)).astype(values.dtype)
        return scale[:, :, None] * jnp.einsum("pq,cgqz->cgpz", matrix, values)

    def moments(self, values: Values) -> Float[Array, "2 4 z"]:
        """Σ ∫ dq (1, v) P."""
        weights = jnp.stack([self.spacing * jnp.ones_like(self.velocity), self.spacing * self.velocity])
        return jnp.einsum("mgq,cgqz->mcz", weights.astype(values.dtype), values)

    def refraction(self, moments: Float[Array, "2 4 z"]) -> Values:
        """Ω or, with the moments' derivative, ∂z Ω: components (Ω⁰, Ω^x, Ω^y, Ω^z) of Ω = Ω⁰ + Ω·σ."""
        fields = self._fields(moments)
        velocity = self.velocity[:, :, None].astype(moments.dtype)
        return fields[0][:, None, None] - velocity * fields[1][:, None, None]

    def _fields(self, moments: Float[Array, "2 4 z"]) -> Float[Array, "2 4 z"]:
        """A and B: ρ' + Tr ρ' is 3/2 P⁰' + P'·σ/2."""
        factors = self.interaction * jnp.asarray([1.5, 0.5, 0.5, 0.5])
        return factors.astype(moments.dtype)[:, None] * moments

    def evaluate(self, t, y: State) -> tuple[State, dict[str, Rate]]:
        """Rotation of P and J of the interaction."""
        values = self.to_grid(y.modes)
        moments = self.moments(values)
        omega = self.refraction(moments)
        rotation = jnp.concatenate([jnp.zeros_like(values[:1]), 2 * _cross(omega[1:], values[1:])])
        rates = {"rotation": rate_limit(2 * _largest(omega[1:]), WAVE_LIMIT)}
        rates |= {"streaming": rate_limit(jnp.max(self.wave_numbers) * jnp.max(jnp.abs(self.velocity)), EXACT_LIMIT)}
        if self.gradients == NONE:
            return State(self.to_modes(rotation)), rates
        slope = self.refraction(self.to_grid(self.derivative_z(self.to_modes(moments))))
        by_q = self.derivative_q(values)
        if self.gradients == FULL:
            there, flux_z = self._bracket(y.modes, values, by_q, omega, slope, self._drift(moments))
            tendency = self.to_modes(rotation + there) + self.derivative_z(self.to_modes(flux_z))
        else:
            tendency = self.to_modes(rotation + _jordan(slope, by_q))
        largest_s = jnp.pi / jnp.min(self.spacing)
        force = largest_s * (jnp.max(jnp.abs(slope[0])) + _largest(slope[1:]))
        return State(tendency), rates | {"force": rate_limit(force, WAVE_LIMIT)}

    def _drift(self, moments: Float[Array, "2 4 z"]) -> Values:
        """∂q Ω = -v'(q) B(z)."""
        return -self.curvature[:, :, None].astype(moments.dtype) * self._fields(moments)[1][:, None, None]

    def _bracket(self, modes: Array, values: Values, by_q: Values, omega: Values, slope: Values, drift: Values):
        """(a, b) of J(Ω, ρ) = a + ∂z b, the mean of the three forms."""
        by_z = self.to_grid(self.derivative_z(modes))
        flux_q = _jordan(slope, values) - _jordan(omega, by_z)
        flux_z = _jordan(omega, by_q) - _jordan(drift, values)
        advective = _jordan(slope, by_q) - _jordan(drift, by_z)
        return (advective + self.derivative_q(flux_q)) / 3, flux_z / 3

    def error_norm(self, error: State, y: State) -> Float[Array, ""]:
        """Largest error over the largest value, both at points of the grid."""
        largest = jnp.max(jnp.abs(self.to_grid(y.modes)))
        return (jnp.max(jnp.abs(self.to_grid(error.modes))) / largest).astype(jnp.float64)

    def budgets(self, t, y: State) -> dict[str, Budget]:
        """Number, K + U, momentum along z, ∫Σ(P⁰² + P²): all conserved by the full equation."""
        values, zero = self.to_grid(y.modes).astype(jnp.float64), jnp.zeros(())
        kinetic, energies = kinetic_energy(self, values), interaction_energies(self, values)
        number = total_number(self, values)
        excess = jnp.sum(self.spacing[:, :, None] * (self.momenta - self.momentum_reference)[:, :, None] * values[0])
        momentum = excess * self.length / self.n
        size = jnp.max(self.spacing) * jnp.sqrt(jnp.asarray(values.shape[2], jnp.float64)) * number
        purity = jnp.sum(self.spacing[:, :, None] * values**2) * self.length / self.n
        return {
            "number": Budget(number, zero, number),
            "energy": Budget(kinetic + sum(energies), zero, jnp.abs(kinetic) + sum(map(jnp.abs, energies))),
            "momentum": Budget(momentum, zero, jnp.abs(momentum) + size),
            "purity": Budget(purity, zero, purity),
        }

    @property
    def momentum_reference(self) -> Float[Array, "groups 1"]:
        """Middle of every range of q."""
        return jnp.mean(self.momenta, axis=1, keepdims=True)


def fourier_derivative(n: int) -> np.ndarray:
    """Matrix of the derivative of a function of period 2π at n even points; skew, the Nyquist mode's derivative is 0."""
    k = np.fft.fftfreq(n, 1 / n)
    if n % 2 == 0:
        k[n // 2] = 0.0
    return np.fft.ifft(1j * k[:, None] * np.fft.fft(np.eye(n), axis=0), axis=0).real


def total_number(eq: ResolvedFlavor, values: Values) -> Float[Array, ""]:
    """∫dz Σ P⁰."""
    return jnp.sum(eq.spacing[:, :, None] * values[0]) * eq.length / eq.n


def kinetic_energy(eq: ResolvedFlavor, values: Values) -> Float[Array, ""]:
    """K = ∫dz Σ energy P⁰, minus that at the start."""
    counted = eq.spacing * (eq.energy - eq.reference[:, None])
    numbers = jnp.sum(eq.spacing[:, :, None] * values[0], axis=(1, 2)) * eq.length / eq.n
    lost = jnp.sum(eq.reference * (numbers - eq.number))
    return jnp.sum(counted[:, :, None] * values[0]) * eq.length / eq.n + lost


def interaction_energies(eq: ResolvedFlavor, values: Values) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """(U_osc, U_nonosc) = (mu/4) ∫dz (P_0² - P_1²) and (3 mu/4) ∫dz of the same of P⁰ (F24, Eqs. 3, 5)."""
    squares = eq.moments(values) ** 2
    difference = jnp.sum(squares[0] - squares[1], axis=1) * eq.interaction * eq.length / (4 * eq.n)
    return jnp.sum(difference[1:]), 3 * difference[0]


def edge_content(eq: ResolvedFlavor, values: Values) -> Float[Array, ""]:
    """Largest |P| in the outermost tenth at either end of the ranges of q, over the largest of all."""
    width = max(1, values.shape[2] // 20)
    ends = jnp.concatenate([values[:, :, :width], values[:, :, -width:]], axis=2)
    return jnp.max(jnp.abs(ends)) / jnp.max(jnp.abs(values))


def _jordan(a: Values, b: Values) -> Values:
    """½{a, b} of a = a⁰ + a·σ and b, as components."""
    return jnp.concatenate([jnp.sum(a * b, axis=0)[None], a[:1] * b[1:] + b[:1] * a[1:]])


def _cross(a: Array, b: Array) -> Array:
    return jnp.stack([a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]])


def _largest(vector: Array) -> Float[Array, ""]:
    return jnp.sqrt(jnp.max(jnp.sum(vector**2, axis=0)))
